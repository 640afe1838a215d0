"""topics suggest: terms that go with what a topic or a reader names, to be added by hand."""

import json
from itertools import groupby, islice
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, screen, wanted

if TYPE_CHECKING:
    from newsletter.steps.trial import Suggestions


def suggest(
    name: wanted.Name = "",
    keyword: wanted.Keywords = None,
    seed: wanted.Seeds = None,
    text: wanted.Text = "",
    subscriber: wanted.Address = "",
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many terms for each keyword, text or paper.")] = 5,
) -> None:
    """Show terms that go with the keywords, texts and example papers of a topic or a reader, learned from past papers.

    Short and long forms that papers define come first. `papers` counts those of the background that speak of the
    keyword and hold the term. Nothing of it counts until you add it to the roster.

    Example: `paperboy topics suggest efficient-inference`, or `paperboy topics suggest -k "mixture of experts"`.
    Changes nothing.
    """
    from newsletter.steps.trial import suggest as find

    declared = {"keywords": keyword, "seeds": seed, "text": text}
    settings = opening.settings()
    with opening.database(settings) as database, screen.working("reading the papers of the background"):
        _label, profile = wanted.profile(database, settings, declared, name=name, address=subscriber)
        found = find(database, profile.interests, settings, limit=limit)
    _show(found)


def _show(found: "Suggestions") -> None:
    from newsletter.relevance.related import ENOUGH

    for given, terms in groupby(found.terms, key=lambda one: one.to):
        screen.heading(screen.cut(given))
        rows = [(one.papers, f"{one.term} (the same)" if one.same else one.term, one.example) for one in terms]
        screen.table(("papers", "term", "for example"), rows)
    if not found.terms:
        screen.say("Nothing goes with these often enough in the papers that are known.")
    if found.papers < ENOUGH:
        screen.say()
        screen.say(f"Only {screen.count(found.papers, 'paper')} are known yet; from {ENOUGH:,} on this becomes useful.")
    if found.terms:
        best = [one.term for _given, terms in groupby(found.terms, key=lambda one: one.to) for one in islice(terms, 2)]
        words = ", ".join(json.dumps(term, ensure_ascii=False) for term in best[:6])
        screen.say()
        screen.say("None of these counts yet. Add what fits to the topic or reader in the roster, for example:")
        screen.say(f"    keywords: [{words}]")
