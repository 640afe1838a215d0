"""topics trends: which topics and phrases rise or fall, week by week."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from flows.commands import opening, screen
from newsletter.errors import PaperboyError

if TYPE_CHECKING:
    from newsletter.relevance.trends import PhraseTrend, TopicTrend, Trends

_BARS = "▂▃▅▇"


def trends(
    weeks: Annotated[int, typer.Option(min=3, max=104, help="How many weeks; the last third is recent.")] = 12,
    limit: Annotated[int, typer.Option(min=1, help="How many topics to show.")] = 20,
) -> None:
    """Show what share of the papers each topic had, week by week, and which topics and phrases rise or fall.

    A week is seven days, the last one ends with the newest edition. `rises` and `falls` compare the recent third with
    the weeks before, and stand only where chance is no likely reason.

    Example: `paperboy topics trends --weeks 12`. Changes nothing.
    """
    from newsletter.steps.trends import trends_of

    with opening.database(opening.settings()) as database:
        found = trends_of(database, weeks=weeks)
    if found is None:
        raise PaperboyError("topics: there is no edition yet; `paperboy run` makes the first")
    days = f"{found.since:%d %B %Y} to {found.until:%d %B %Y}"
    screen.say(f"{screen.count(sum(found.papers), 'paper')}, {days}", "bold")
    _show_topics(found, limit)
    compared = f"the last {screen.count(found.recent, 'week')} against the {weeks - found.recent} before"
    _show_phrases(f"Rising phrases: {compared}", found.rising)
    _show_phrases(f"Falling phrases: {compared}", found.falling)
    if not all((sum(found.papers[: -found.recent]), sum(found.papers[-found.recent :]))):
        screen.say(f"Nothing rises or falls yet: that takes editions of more than {found.recent} weeks.")


def _show_topics(found: "Trends", limit: int) -> None:
    rows: list[tuple[screen.Cell, ...]] = [
        (sum(topic.papers), f"{_recent_share(topic, found):.1%}", sparkline(topic.shares, found.papers), *_named(topic))
        for topic in found.topics[:limit]
    ]
    if rows:
        screen.table(("papers", "recent", "by week", "", "topic"), rows)
    if len(found.topics) > limit:
        screen.say(f"and {len(found.topics) - limit} more; `--limit` shows them")


def _named(topic: "TopicTrend") -> tuple[screen.Cell, screen.Cell]:
    trend = "rises" if topic.rises else "falls" if topic.falls else ""
    label = Text(screen.plain(topic.label), "bold" if topic.kind == "named" else "")
    return Text(trend, "green" if topic.rises else "red"), label


def _recent_share(topic: "TopicTrend", found: "Trends") -> float:
    return sum(topic.papers[-found.recent :]) / max(1, sum(found.papers[-found.recent :]))


def sparkline(shares: Sequence[float], papers: Sequence[int]) -> str:
    """A bar for each week against the highest; a low line for a week without it, a dot for one without papers."""
    highest = max(shares, default=0.0)
    bars = []
    for share, number in zip(shares, papers, strict=True):
        if not number or not share:
            bars.append("▁" if number else "·")
        else:
            bars.append(_BARS[math.ceil(round(share / highest * len(_BARS), 9)) - 1])
    return "".join(bars)


def _show_phrases(heading: str, phrases: "Sequence[PhraseTrend]") -> None:
    if phrases:
        screen.heading(heading)
        rows = [(f"{one.change:+.1f}", one.recent, one.before, one.phrase) for one in phrases]
        screen.table(("sure", "recent", "before", "phrase"), rows)
