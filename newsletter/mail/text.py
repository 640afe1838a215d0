"""Strangers' text made safe and short: cleaning, sentences, wrapping, names and numbers."""

# ruff: noqa: RUF001 — typographic quotes, dashes and full-width stops are the very subject here

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

# C0 and C1 (Gmail clips a mail that holds C1), bidi embeddings, overrides, isolates and marks, invisible characters,
# half surrogate pairs, noncharacters and tags. ZWJ and ZWNJ stay: Persian, Indic scripts and emoji need them.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BLANKS = re.compile(r"[\s\u0085\u00a0\u2028\u2029]+")
_BREAKS = re.compile(r"[ \t\n]+")
_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s+(?=[\"'“‘(\[$]*[^\s\"'“‘(\[$a-z])|[。！？]+[」』”]*")
_STOP = re.compile("[.!?…。！？]")
# Words that a full stop follows without ending the sentence; a single letter is an initial (J. Smith), letters with
# dots between are an abbreviation (U.S., w.r.t.).
_ABBREVIATION = re.compile(
    r"(?:al|et|cf|vs|etc|figs?|eqs?|secs?|tab|refs?|nos?|vol|pp|ch|approx|resp|dr|prof|mrs?|ms|st|inc|ltd|dept|univ|jr"
    r"|sr|viz|ca|eds?|min|max|avg|std|[^\W\d_](?:\.[^\W\d_])+)|(?-i:[A-Z])",
    re.IGNORECASE,
)
_NARROW = re.compile("[\x00-\u02ff\u2010-\u2027]*")  # one column each: Latin letters, dashes, quotes, dots
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/?&=%-]*)?")
WIDTH = 72
"""Columns of the text."""

_LONGEST_NAME = 80
_LONGEST_URL = 900


def clean(text: str) -> str:
    """One line without control, bidi-control or invisible characters, composed (NFC), blanks folded to one space."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = unicodedata.normalize("NFC", _UNWANTED.sub("", text))
    return _BLANKS.sub(" ", _MARKS.sub(r"\1", text)).strip()


def right_to_left(text: str) -> bool:
    """Whether it holds a letter of a script written from right to left."""
    return bool(_RIGHT_TO_LEFT.search(text))


def web_address(url: str | None) -> str | None:
    """The address if it is a plain http or https one, percent-encoded where it must be; None for anything else."""
    if url and len(url) <= _LONGEST_URL and _PLAIN_URL.fullmatch(url):
        return url  # most are, and every reader has one
    if not url or len(url) > _LONGEST_URL or re.search(r"[\x00-\x20\x7f-\xa0<>\"\\^`{|}]", url := url.strip()):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or _UNWANTED.search(url):
        return None
    return quote(url, safe="%:/?#[]@!$&'()*+,;=~-._")


def shorten(text: str, limit: int) -> str:
    """At most about `limit` characters, in whole sentences if one ends late enough, else words; `…` marks a cut."""
    if len(text) <= limit:
        return text
    end = 0
    if _STOP.search(text, 0, limit + 1):  # titles have none, mostly; this is ten times as fast
        for found in _SENTENCE_END.finditer(text, 0, limit + 1):
            if _ends_sentence(text, found):
                end = found.end()
    if end >= limit * 2 // 5:
        return text[:end].rstrip() + " …"
    cut = text.rfind(" ", limit // 2, limit)
    return text[: cut if cut > 0 else limit].rstrip(" ,;:–—-(") + "…"


def _ends_sentence(text: str, found: re.Match[str]) -> bool:
    if not found[0].startswith("."):
        return True
    word = re.search(r"[^\s(\[“\"']*$", text[max(0, found.start() - 24) : found.start()])
    return not _ABBREVIATION.fullmatch(word[0] if word else "")


def authors(names: Iterable[str]) -> tuple[str, ...]:
    """Up to six names, or the first three and the last with the number of all; names stay whole."""
    kept = [shorten(name, _LONGEST_NAME) for name in map(clean, names) if name]
    if len(kept) <= 6:
        return tuple(kept)
    return (*kept[:3], "…", f"{kept[-1]} ({number(len(kept))}\u00a0authors)")


def number(count: int) -> str:
    """Digits in groups: 12,345."""
    return f"{count:,}"


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 paper`, `1,204 papers`."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def wrap(text: str, width: int = WIDTH, indent: str = "") -> str:
    """Lines of at most `width` columns; no-break spaces hold, addresses too, other words unless too long for a line."""
    if text.isascii() and 0 < len(text) <= width - len(indent):
        return indent + " ".join(text.split())  # most of what is wrapped for one reader
    room = width - columns(indent) if indent else width
    lines = _narrow_lines(text, room) if _NARROW.fullmatch(text) else None
    if lines is None:
        lines = _lines(text, room)
    return (indent + f"\n{indent}".join(lines)).replace("\u00a0", " ") if lines else ""


def _narrow_lines(text: str, room: int) -> list[str] | None:
    """Lines of text whose letters take one column each; None where a word is longer than a line."""
    lines: list[str] = []
    loose = "  " in text or "\n" in text or "\t" in text
    rest = " ".join(_BREAKS.split(text.strip())) if loose else text.strip()
    while len(rest) > room:
        cut = rest.rfind(" ", 0, room + 1)
        if cut < 0:
            return None
        lines.append(rest[:cut])
        rest = rest[cut + 1 :]
    return [*lines, rest] if rest else lines


def _lines(text: str, room: int) -> list[str]:
    """Lines of any text, by the columns of its letters."""
    lines: list[str] = []
    line = ""
    used = 0
    for word in _BREAKS.split(text.strip()):
        for piece in _pieces(word, room):
            size = columns(piece)
            if line and used + 1 + size > room:
                lines.append(line)
                line, used = "", 0
            line = f"{line} {piece}" if line else piece
            used += size + (1 if used else 0)
    if line:
        lines.append(line)
    return lines


def columns(text: str) -> int:
    """How wide it is in a fixed-width font: Chinese, Japanese and Korean letters take two columns, marks none."""
    if _NARROW.fullmatch(text):
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _pieces(word: str, room: int) -> list[str]:
    if columns(word) <= room or word.startswith(("http://", "https://", "mailto:")):
        return [word]
    pieces = [""]
    for letter in word:
        if columns(pieces[-1] + letter) > room:
            pieces.append("")
        pieces[-1] += letter
    return pieces
