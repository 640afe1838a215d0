"""topics try: what the last days would have brought for a topic, a reader, or interests written on the spot."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from flows.commands import opening, screen, wanted

if TYPE_CHECKING:
    from newsletter.relevance.matching import Match
    from newsletter.steps.trial import Muted, Trial


def try_(
    name: wanted.Name = "",
    keyword: wanted.Keywords = None,
    seed: wanted.Seeds = None,
    text: wanted.Text = "",
    category: wanted.Categories = None,
    author: wanted.Authors = None,
    mute: wanted.Mutes = None,
    subscriber: wanted.Address = "",
    days: Annotated[int, typer.Option(min=1, max=60, help="How many days, back from the newest edition.")] = 7,
    limit: Annotated[int, typer.Option(min=1, help="How many papers to show.")] = 20,
) -> None:
    """Show what the last days' editions would have brought for a topic, a reader or some interests, and why.

    Each paper has its score and the parts that sum to it. One whose score without popularity stays below the floor
    would not have been mailed, and is shown dimmed. What is muted is listed with what mutes it. The roster is read as
    it is now, so you may edit a topic and try it before you apply it; interests given beside a topic are added to it.

    Example: `paperboy topics try efficient-inference --mute survey`, or `paperboy topics try -k "KV cache"`.
    Changes nothing.
    """
    from newsletter.steps.trial import trial

    declared = {
        "keywords": keyword, "seeds": seed, "text": text, "categories": category, "authors": author, "mute": mute,
    }  # fmt: skip
    settings = opening.settings()
    with opening.database(settings) as database:
        label, profile = wanted.profile(database, settings, declared, name=name, address=subscriber)
        found = trial(database, profile, settings, days=days)
    _head(label, found)
    _show(found.matches[:limit])
    if len(found.matches) > limit:
        screen.say(f"and {len(found.matches) - limit} more; `--limit` shows them")
    _what_did_it(found.passing if found.personal else ())
    _what_is_muted(found.muted, limit)
    if found.idle:
        screen.heading("Answered by no paper")
        for interest in found.idle:
            screen.say(f"  {interest.kind}: {screen.cut(interest.value)}")


def _head(label: str, found: "Trial") -> None:
    first, last = found.days[0], found.days[-1]
    days = f"{last:%d %B %Y}" if first == last else f"{first:%d %B} to {last:%d %B %Y}"
    screen.say(f"{label}: {len(found.passing)} of {screen.count(found.considered, 'paper')} of {days}", "bold")
    if not found.personal:
        screen.say("No interest can be looked up, so these are the most noticed papers.")


def _show(matches: "Sequence[Match]") -> None:
    rows: list[tuple[screen.Cell, screen.Cell]] = []
    for match in matches:
        parts = "  ".join(f"{part.value:.2f} {part.because}" for part in match.pick.parts)
        rows.append((f"{match.pick.score:.2f}", Text(screen.plain(match.paper.title), "" if match.passes else "dim")))
        rows.append(("", Text(screen.plain(parts), "dim")))
    if rows:
        screen.table(("score", "paper, and what its score is made of"), rows)


def _what_did_it(passing: "Sequence[Match]") -> None:
    """Each reason with the papers it helped to choose, the strongest first."""
    did: dict[tuple[str, str], list[float]] = defaultdict(list)
    for match in passing:
        for part in match.pick.parts:
            if part.kind != "popularity":
                did[part.kind, part.because].append(part.value)
    if not did:
        return
    screen.heading("What did it")
    ordered = sorted(did.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    rows = [(f"{sum(values):.2f}", len(values), kind, because) for (kind, because), values in ordered[:25]]
    screen.table(("sum", "papers", "by", "what"), rows)


def _what_is_muted(muted: "Sequence[Muted]", limit: int) -> None:
    if muted:
        screen.heading(f"Muted: {screen.count(len(muted), 'paper')} that would have come")
        rows = [(", ".join(one.value for one in gone.by), gone.match.paper.title) for gone in muted[:limit]]
        screen.table(("by", "paper"), rows)
