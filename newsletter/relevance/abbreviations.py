"""Short and long forms that texts define themselves: `mixture of experts (MoE)`, `MoE (mixture of experts)`."""

import re
from collections.abc import Iterator

from newsletter.relevance.words import plain

_BRACKETS = re.compile(r"\(\s*([^()]{2,80}?)\s*\)")
_SHORT = re.compile(r"(?=.*[A-Z])[^\W_](?:[^\W_]|[-&/](?=[^\W_])){1,9}")
_BEFORE = re.compile(r"([^\s()]+)\s*$")
_SENTENCE = re.compile(r"[.;:!?]\s")
_WORDS = re.compile(r"[\s-]+")


def abbreviations(text: str) -> Iterator[tuple[str, str]]:
    """Every (short form, long form) that a text defines in brackets, as written; a plural `s` of the short is dropped.

    After Schwartz and Hearst, A simple algorithm for identifying abbreviation definitions in biomedical text (2003).
    """
    if "(" not in text:
        return
    text = plain(text)
    for found in _BRACKETS.finditer(text):
        before = _SENTENCE.split(text[max(0, found.start() - 120) : found.start()])[-1].rstrip()
        inside = found[1].strip("\"'\u201c\u201d")
        if _SHORT.fullmatch(inside):
            long = _long(_singular(inside), before)
        else:
            last = _BEFORE.search(before)
            inside, outer = (last[1].strip("\"'\u201c\u201d"), inside) if last else ("", "")
            long = _long(_singular(inside), outer) if _SHORT.fullmatch(inside) else None
            long = long if long == outer else None
        if long is not None:
            yield _singular(inside), long


def _singular(short: str) -> str:
    return short[:-1] if short.endswith("s") and short[:-1].isupper() and len(short) > 2 else short


def _long(short: str, before: str) -> str | None:
    """The words that end `before` and hold the letters of `short` in order, the first of them where a word begins."""
    at = len(before)
    for place in range(len(short) - 1, -1, -1):
        letter = short[place].lower()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (before[at].lower() != letter or (place == 0 and at > 0 and before[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    at = before.rfind(" ", 0, at + 1) + 1
    long = before[at:].strip("\"'\u201c\u201d,")
    words = _WORDS.split(long)
    most = min(len(short) + 5, 2 * len(short))
    if not 2 <= len(words) <= most or len(long) < len(short) or short.lower() in (word.lower() for word in words):
        return None
    return long
