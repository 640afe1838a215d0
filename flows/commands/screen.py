"""What the terminal shows: sentences, tables and progress, on a terminal and where there is none."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.text import Text

from newsletter.errors import RosterError
from subscribers.wording import escaped

Cell = str | int | Text
"""What stands in a table: strangers' words are shown as they are, never read as markup."""

_WIDE = 250  # columns where nobody watches: a log or a pipe wraps its own lines
_GAP = 2  # between columns
_NARROW = 24  # less room than this makes a column of single words
_INDENT = 4


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
    """Rows under headings; numbers stand to the right, and the last column has the room that is left.

    Where that is too little, the last cell of a row stands below it.
    """
    console = out()
    found = [[_cell(cell) for cell in row] for row in rows]
    lines = [[Text(name, "dim") for name in columns], *found] if any(columns) else found
    widths = [max((line[place].cell_len for line in lines), default=0) for place in range(len(columns) - 1)]
    to_the_right = [bool(found) and all(_is_number(row[place]) for row in found) for place in range(len(widths))]
    start = sum(widths) + _GAP * len(widths)
    room = console.width - start if console.is_terminal else _WIDE
    below = room < _NARROW and any(line[-1].cell_len > room for line in lines)
    for line in lines:
        head = Text()
        for cell, width, right in zip(line, widths, to_the_right, strict=False):
            padding = " " * (width - cell.cell_len)
            head.append_text(Text(padding) + cell if right else cell + Text(padding)).append(" " * _GAP)
        if below:
            rest = [Text(" " * _INDENT) + piece for piece in _wrapped(line[-1], console, console.width - _INDENT)]
            pieces = [head, *rest]
        else:
            first, *rest = _wrapped(line[-1], console, room) or [Text()]
            pieces = [head + first, *(Text(" " * start) + piece for piece in rest)]
        for piece in pieces:
            piece.rstrip()
            console.print(piece, soft_wrap=True)


def _wrapped(cell: Text, console: Console, width: int) -> list[Text]:
    if not cell.plain:
        return []
    return list(cell.wrap(console, width)) if console.is_terminal else [cell]


def _cell(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(plain(str(cell)))


def _is_number(cell: Text) -> bool:
    return cell.plain.replace(".", "", 1).removeprefix("-").isdecimal()


def plain(text: str) -> str:
    """Text on one line that cannot drive a terminal or turn a line around."""
    return escaped(" ".join(text.splitlines()))


def cut(text: str, longest: int = 80) -> str:
    """The beginning of a text, on one line."""
    line = plain(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


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


def when(instant: datetime) -> str:
    """An instant to the minute."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def count(number: int, one: str, many: str = "") -> str:
    """`1 paper`, `2 papers`, `no paper`."""
    if number == 0:
        return f"no {one}"
    return f"{number:,} {one if number == 1 else many or one + 's'}"
