"""Strangers' words in our sentences: what a line may not hold, how it is quoted, what was probably meant."""

import unicodedata
from collections.abc import Collection
from difflib import get_close_matches

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, lone surrogates, line and paragraph separators
_LONGEST = 80  # characters of a quoted value: enough to find it in the file


def is_unsafe(character: str) -> bool:
    """Whether it could break a header, drive a terminal or turn a line around."""
    return character in _BIDI or unicodedata.category(character) in _FORBIDDEN


def quoted(value: object) -> str:
    """`value` in quotes, cut, its unsafe characters written out."""
    text = str(value)
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f'"{escaped(cut)}"'


def escaped(text: str) -> str:
    """The same text with its unsafe characters written out by their numbers."""
    return "".join(f"\\u{ord(c):04x}" if is_unsafe(c) else c for c in text)


def nearest(word: str, known: Collection[str]) -> str:
    """`; did you mean "x"?` where something known is close to `word`, else nothing."""
    close = get_close_matches(word.casefold(), sorted(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""
