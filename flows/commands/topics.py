"""topics: the named topics of the roster, and what each would have brought."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from flows.commands import opening, screen
from newsletter.errors import PaperboyError
from newsletter.models import Edition, Interest, InterestKind, Profile

if TYPE_CHECKING:
    from newsletter.database import Database
    from newsletter.relevance.matching import Match, Window
    from newsletter.settings import Settings
    from subscribers.models import NamedTopic

topics = typer.Typer(no_args_is_help=True, help="The topics that readers may follow, as the roster declares them.")

_WEEK = timedelta(days=7)
_ALL = 10_000  # matches asked for: every one of a week, to count what each interest did


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    app.add_typer(topics, name="topics", rich_help_panel="Readers and topics")


@topics.command("list")
def list_topics() -> None:
    """List the named topics with what each is made of and how many readers follow it.

    Example: `paperboy topics list`. Changes nothing; topics are declared in the roster.
    """
    from subscribers import queries, service

    with opening.database(opening.settings()) as database, database.begin() as tx:
        known = service.named_topics(tx)
        readers = [each.subscriber for each in queries.not_unsubscribed(tx).values()]
    if not known:
        screen.say("There is no named topic; declare some in the roster and run `paperboy roster apply`.")
        return
    screen.table(
        ("name", "label", "readers", "made of"),
        [(one.name, one.label, sum(one.name in each.topics for each in readers), _made_of(one)) for one in known],
    )


def _made_of(topic: "NamedTopic") -> str:
    wants = topic.wants
    parts = (
        ("keyword", len(wants.keywords)),
        ("author", len(wants.authors)),
        ("seed paper", len(wants.seeds)),
        ("muted phrase", len(wants.mute)),
    )
    said = [", ".join(wants.categories)] if wants.categories else []
    said += [screen.count(number, word) for word, number in parts if number]
    said += ["free text"] if wants.text else []
    return ", ".join(said)


@topics.command("try")
def try_(
    name: Annotated[str, typer.Argument(help="The topic, as `paperboy topics list` calls it.", show_default=False)],
    limit: Annotated[int, typer.Option(min=1, help="How many papers to show.")] = 20,
) -> None:
    """Show what the last seven days' editions would have brought for a topic, and which terms did it.

    Each paper has its score and the parts that sum to it. One whose score without popularity stays below the floor
    would not have been mailed, and is shown dimmed. The roster is read as it is now, so you may edit a topic and try it
    before you apply it.

    Example: `paperboy topics try efficient-inference`. Changes nothing.
    """
    settings = opening.settings()
    with opening.database(settings) as database:
        topic = _topic(database, settings, name)
        week = _week(database)
        window = _window(database, settings, week, topic)
    matches = window.explain(Profile(topic.interests()), _ALL)
    passing = [match for match in matches if match.passes]
    days = f"{week[0].day:%d %B} to {week[-1].day:%d %B %Y}" if len(week) > 1 else f"{week[0].day:%d %B %Y}"
    papers = sum(len(edition.papers) for edition in week)
    screen.say(f"{topic.label}: {len(passing)} of {screen.count(papers, 'paper')} of {days}", "bold")
    _show(matches[:limit])
    if len(matches) > limit:
        screen.say(f"and {len(matches) - limit} more; `--limit` shows them")
    _what_did_it(passing)
    _what_did_nothing(window, topic)


def _topic(database: "Database", settings: "Settings", name: str) -> "NamedTopic":
    """The topic as the roster declares it now, else as the database knows it."""
    from flows.commands import people
    from newsletter.errors import RosterError
    from subscribers import service

    try:
        declared = {topic.name: topic for topic in people.read(settings).topics}
    except RosterError:
        declared = {}  # `roster check` says what is wrong with it
    if name in declared:
        return declared[name]
    with database.begin() as tx:
        return service.known_topic(tx, name)


def _week(database: "Database") -> tuple[Edition, ...]:
    from newsletter.queries import editions as queries

    with database.begin() as tx:
        newest = queries.latest(tx)
        if newest is None:
            raise PaperboyError("topics: there is no edition to try it on yet; `paperboy run` makes the first")
        found = queries.since(tx, newest.day - _WEEK + timedelta(days=1))
    return tuple(edition for edition in found if edition.sample == newest.sample)


def _window(database: "Database", settings: "Settings", week: Sequence[Edition], topic: "NamedTopic") -> "Window":
    from newsletter.queries import editions as queries
    from newsletter.relevance.matching import Window
    from newsletter.steps.background import background

    newest = week[-1]
    fitted = background(database, settings.cache_dir, day=newest.day, sample=newest.sample)
    with database.begin() as tx:
        seeds = queries.papers_by_arxiv_id(tx, topic.wants.seeds)
    return Window(week, fitted, seeds)


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


def _what_did_nothing(window: "Window", topic: "NamedTopic") -> None:
    idle = [one for one in topic.interests() if one.kind is not InterestKind.MUTE and not _answered(window, one)]
    if idle:
        screen.heading("Answered by no paper")
        for interest in idle:
            screen.say(f"  {interest.kind}: {interest.value}")


def _answered(window: "Window", interest: Interest) -> bool:
    return bool(window.explain(Profile((interest,)), 1))
