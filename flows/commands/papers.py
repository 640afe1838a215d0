"""import: listings from files."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from flows.commands import opening, screen
from newsletter.errors import SourceError

if TYPE_CHECKING:
    from newsletter.database import Database


def register(app: typer.Typer) -> None:
    """Put the command in its place."""
    app.command("import", rich_help_panel="Upkeep")(import_)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files.", show_default=False)],
    day: Annotated[
        datetime | None,
        typer.Option(
            formats=opening.DAY_FORMATS,
            help="The day of files that do not say it themselves; all they hold is news then.",
        ),
    ] = None,
) -> None:
    """Store listings from files as if they had been fetched; papers not listed before wait for the next edition.

    Understood by what they hold: Hugging Face JSON and pages, arXiv feeds and API answers, text copied from the papers
    page. Text dumps and saved searches hold papers of any age: without `--day` only recent ones are news. A file that
    cannot be read is named and the others go on; the command then ends with status 1.

    Example: `paperboy import listings/*.json`. Changes the listings and papers in the database.
    """
    chosen = day.date() if day else None
    rows: list[tuple[screen.Cell, ...]] = []
    entries = new = bad = 0
    with opening.database(opening.settings()) as database, screen.working("reading") as echo:
        for place, file in enumerate(files, start=1):
            if place % 25 == 0:
                echo(f"read {place - 1} of {len(files)} files")
            try:
                found = _import(database, file, chosen)
            except SourceError as error:
                bad += 1
                rows.append((file.name, Text("not read", "red"), "", "", "", "", str(error)))
                continue
            for row, listed, fresh in found:
                rows.append((file.name, *row))
                entries, new = entries + listed, new + fresh
    screen.table(("file", "format", "listing", "day", "entries", "new", ""), rows)
    screen.say(
        f"{screen.count(len(files) - bad, 'file')} read: {screen.count(entries, 'entry', 'entries')}, {new:,} new."
        + (f" {screen.count(bad, 'file')} could not be read." if bad else "")
    )
    if bad:
        raise typer.Exit(1)


def _import(database: "Database", file: Path, day: date | None) -> list[tuple[tuple[screen.Cell, ...], int, int]]:
    """One file; for each listing in it a row, its entries and how many of them are new."""
    from newsletter.sources import parse_file
    from newsletter.steps import store

    listings = parse_file(file, captured_at=opening.now(), day=day)
    found = store(database, listings)
    return [
        (
            (
                one.listing.source,
                one.listing.name,
                str(one.listing.day),
                len(one.listing.entries),
                one.new,
                one.note,
            ),
            len(one.listing.entries),
            one.new,
        )
        for one in found.listed
    ]
