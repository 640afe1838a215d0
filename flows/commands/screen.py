"""What the terminal shows: sentences, tables and progress, on a terminal and where there is none."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsletter.errors import RosterError
from subscribers.wording import escaped

Cell = str | int | Text
"""What stands in a table: strangers' words are shown as they are, never read as markup."""

_WIDE = 250  # columns where nobody watches: a log or a pipe wraps its own lines


def out() -> Console:
    """Standard output as it is now."""
    return _console(stderr=False)


def _console(*, stderr: bool) -> Console:
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=_WIDE)
    return made


def say(line: str = "", style: str | None = None) -> None:
    """One line on standard output, wrapped by nobody but the terminal."""
    out().print(Text(plain(line), style or ""), soft_wrap=True)


def heading(line: str) -> None:
    """A line that begins a part, with an empty line before it."""
    say()
    say(line, "bold")


def complain(error: Exception) -> None:
    """An expected error on standard error: its one sentence, and for a roster each mistake on a line of its own."""
    console = _console(stderr=True)
    console.print(Text("error: ", "bold red") + Text(plain(str(error))), soft_wrap=True)
    if isinstance(error, RosterError):
        for mistake in error.mistakes:
            console.print(Text(f"  {plain(mistake)}"), soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Rows under headings; a column of numbers stands to the right."""
    found = [[_cell(cell) for cell in row] for row in rows]
    made = Table(box=None, show_header=any(columns), pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    numbers = [bool(found) and all(_is_number(row[place]) for row in found) for place in range(len(columns))]
    for place, name in enumerate(columns):
        last = place == len(columns) - 1
        made.add_column(
            name,
            justify="right" if numbers[place] else "left",
            no_wrap=not last,
            overflow="fold" if last else "ellipsis",
        )
    for row in found:
        made.add_row(*row)
    print_trimmed(made)


def print_trimmed(made: Table) -> None:
    """A table; where nobody watches, without the spaces that fill its last column."""
    console = out()
    if console.is_terminal:
        console.print(made)
        return
    buffer = io.StringIO()
    Console(file=buffer, highlight=False, markup=False, emoji=False, width=_WIDE).print(made)
    for line in buffer.getvalue().splitlines():
        console.print(Text(line.rstrip()), soft_wrap=True)


def _cell(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(plain(str(cell)))


def _is_number(cell: Text) -> bool:
    return cell.plain.replace(".", "", 1).removeprefix("-").isdecimal()


def plain(text: str) -> str:
    """Text on one line that cannot drive a terminal or turn a line around."""
    return escaped(" ".join(text.splitlines()))


@contextmanager
def working(first: str) -> Iterator[Callable[[str], None]]:
    """Progress for a long step: a spinner with the newest sentence on a terminal, a line each where there is none.

    Gives the function that takes the next sentence.
    """
    console = out()
    if not console.is_terminal:
        say(first)
        yield say
        return
    with console.status(Text(first)) as status:
        yield lambda sentence: status.update(Text(plain(sentence)))


def count(number: int, one: str, many: str = "") -> str:
    """`1 paper`, `2 papers`, `no paper`."""
    if number == 0:
        return f"no {one}"
    return f"{number:,} {one if number == 1 else many or one + 's'}"
