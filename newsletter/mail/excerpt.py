"""What a card shows of an abstract: its beginning, or a window around the sentence that says what is new."""

from dataclasses import dataclass

from newsletter.mail.text import shorten
from newsletter.relevance.sentences import Span, sentences

_CUT = "…"
_HELD = f"\u00a0{_CUT}"  # never alone on a line
_AROUND = 4  # for the signs of a cut on both sides


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of an abstract in three pieces; `key` is the sentence that says what is new, or empty."""

    before: str = ""
    key: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """The pieces joined."""
        return self.before + self.key + self.after

    @property
    def marked(self) -> str:
        """The pieces as plain text shows them, the key sentence between asterisks as mail has always set bold."""
        if not self.key or "*" in self.text:
            return self.text
        return f"{self.before}*{self.key}*{self.after}"


def excerpt(text: str, key: Span | None, limit: int, *, key_first: bool = False) -> Excerpt:
    """At most about `limit` characters, with the key sentence among them.

    The beginning, if the key sentence is within it; otherwise that sentence, the whole sentences after it that have
    room, then those before it. With `key_first` nothing stands before the key sentence unless all has room. One that
    is longer than `limit` stands alone and is cut.
    """
    if key is None:
        return Excerpt(before=_held(shorten(text, limit)))
    start, end = key
    beginning = shorten(text, limit)
    if beginning.startswith(text[:end]) and not (start and key_first and len(text) > limit):
        return Excerpt(text[:start], text[start:end], _held(beginning[end:]))
    if end - start > limit - _AROUND:
        said = shorten(text[start:end], limit - _AROUND)
        return Excerpt(_opened(start), _held(said), "" if said.endswith(_CUT) or not text[end:].strip() else _HELD)
    first, last = _window(text, key, limit - _AROUND, key_first=key_first)
    return Excerpt(
        _opened(first) + text[first:start],
        text[start:end],
        text[end:last] + (_HELD if text[last:].strip() else ""),
    )


def _window(text: str, key: Span, room: int, *, key_first: bool) -> Span:
    """Where the whole sentences around the key sentence begin and end that have room together."""
    first, last = key
    around = sentences(text)
    for _, end in [span for span in around if span[0] >= key[1]]:
        if end - first > room:
            break
        last = end
    for start, _ in () if key_first else reversed([span for span in around if span[1] <= key[0]]):
        if last - start > room:
            break
        first = start
    return first, last


def _opened(first: int) -> str:
    return f"{_CUT}\u00a0" if first else ""


def _held(text: str) -> str:
    return text.replace(f" {_CUT}", _HELD)
