"""editions: what was composed."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, screen
from newsletter.errors import PaperboyError
from newsletter.models import Edition

if TYPE_CHECKING:
    from newsletter.database import Transaction

editions = typer.Typer(no_args_is_help=True, help="Look at the editions: every new paper of a day, by topic.")


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    app.add_typer(editions, name="editions", rich_help_panel="What happened")


@editions.command("list")
def list_editions(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
) -> None:
    """List the newest editions with their size.

    Example: `paperboy editions list --limit 5`. Changes nothing.
    """
    from newsletter.queries import editions as queries

    with opening.database(opening.settings()) as database, database.begin() as tx:
        rows = queries.all_editions(tx, limit)
    if not rows:
        screen.say("There is no edition yet; `paperboy run` makes the first.")
        return
    screen.table(
        ("id", "day", "papers", "composed", ""),
        [
            (row.id, f"{row.day:%a %Y-%m-%d}", row.papers, screen.when(row.composed_at), _sample(row.sample))
            for row in rows
        ],
    )


@editions.command("show")
def show_edition(
    which: Annotated[str | None, typer.Argument(help="Its id or its day (YYYY-MM-DD); the newest by default.")] = None,
) -> None:
    """Show one edition: its topics, and in each the papers with their votes and links.

    Example: `paperboy editions show 2026-11-20`. Changes nothing.
    """
    with opening.database(opening.settings()) as database, database.begin() as tx:
        edition = _find(tx, which)
    _print(edition)


def _find(tx: "Transaction", which: str | None) -> Edition:
    from newsletter.queries import editions as queries

    known = {row.id: row for row in queries.all_editions(tx, 100_000)}
    if not known:
        raise PaperboyError("editions: there is none yet; `paperboy run` makes the first")
    if which is None:
        return queries.load(tx, max(known))
    if which.isdecimal() and int(which) in known:
        return queries.load(tx, int(which))
    try:
        day = date.fromisoformat(which)
    except ValueError as error:
        if which.isdecimal():
            raise _no_such(which) from error
        raise PaperboyError(f"edition ({which}): give its id, or its day as YYYY-MM-DD") from error
    of_day = [row.id for row in known.values() if row.day == day]
    if not of_day:
        raise _no_such(which)
    return queries.load(tx, max(of_day))


def _no_such(which: str) -> PaperboyError:
    return PaperboyError(f"edition ({which}): there is no such edition; `paperboy editions list` shows them")


def _print(edition: Edition) -> None:
    papers = {paper.key: paper for paper in edition.papers}
    size = f"{screen.count(len(papers), 'paper')} in {screen.count(len(edition.topics), 'topic')}"
    screen.say(f"Edition {edition.id}, {edition.day:%A %d %B %Y}: {size}", "bold")
    for remark in edition.remarks:
        screen.say(remark, "yellow")
    for topic in edition.topics:
        screen.heading(f"{topic.label} ({len(topic.paper_keys)})")
        if topic.terms:
            screen.say("  " + ", ".join(topic.terms[:8]), "dim")
        for key in topic.paper_keys:
            paper = papers[key]
            votes = f"  ({paper.upvotes} upvotes)" if paper.upvotes else ""
            where = f"  https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else ""
            screen.say(f"  - {paper.title}{votes}{where}")


def _sample(sample: bool) -> str:
    return "samples" if sample else ""
