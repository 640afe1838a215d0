"""Authors as arXiv writes them: one string, TeX accents, affiliations in brackets that hold commas."""

import re
import unicodedata

_COMBINING = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
    "i": "i", "j": "j", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
}  # fmt: skip
_MARK = (
    # \'e  \'{e}  \'\i  \'{\i}; a letter command needs a brace, a blank or another command after it: \c{c}, \c c
    r"""\\(?:(?P<sign>['`^"~=.])\s*|(?P<word>[uvHckrdb])(?=[\s{\\])\s*)"""
    r"""(?:\{\s*\\?(?P<braced>[A-Za-z])\s*\}|\\(?P<dotless>[ij])(?![A-Za-z])\s?|(?P<bare>[A-Za-z]))"""
)
_ACCENTS = (re.compile(r"\{\s*" + _MARK + r"\s*\}"), re.compile(_MARK))  # {\'e} gives up both its braces
_LETTER = re.compile(r"\{?\\(ss|ae|AE|oe|OE|aa|AA|dh|DH|th|TH|dj|DJ|ng|NG|[oOlLij])(?![A-Za-z])(?:\{\}|\s)?\}?")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_ETCETERA = re.compile(r"\s*\bet al\.?\s*$", re.IGNORECASE)
_UNCLOSED = re.compile(r"[(\[][^,]*")
_SPACE = re.compile(r"\s+")
_OPEN, _CLOSE = "([", ")]"


def unaccent_tex(text: str) -> str:
    r"""A name with the TeX accents that arXiv declares made letters: `Erd\H{o}s` is Erdős; math stays as it is."""
    if "\\" not in text:
        return text
    for accent in _ACCENTS:
        text = accent.sub(_accented, text)
    return unicodedata.normalize("NFC", _LETTER.sub(lambda match: _LETTERS[match[1]], text))


def _accented(match: re.Match[str]) -> str:
    letter = match["braced"] or match["dotless"] or match["bare"]
    return unicodedata.normalize("NFC", letter + _COMBINING[match["sign"] or match["word"]])


def split_authors(text: str) -> tuple[str, ...]:
    """The names of one comma-joined string, without affiliations.

    Brackets hold commas of their own (`Ada Byron (Univ. of X, Y), Al Khwarizmi`); a bracket that never closes ends
    at the next comma, so that a typing error does not swallow the authors behind it.
    """
    plain = _without_brackets(_SPACE.sub(" ", unaccent_tex(text)))
    names: list[str] = []
    for part in plain.replace("; ", ", ").split(","):
        name = _ETCETERA.sub("", _SPACE.sub(" ", part).strip(" {}"))
        if not name or not any(char.isalpha() for char in name):
            continue
        if names and _SUFFIX.fullmatch(name):
            names[-1] += f" {name}"
        else:
            names.append(name[:200])
    return tuple(names)


def _without_brackets(text: str) -> str:
    kept: list[str] = []
    depth = 0
    start = 0
    for place, char in enumerate(text):
        if char in _OPEN:
            if depth == 0:
                start = place
            depth += 1
        elif char in _CLOSE and depth:
            depth -= 1
            if depth == 0:
                kept.append(" ")
        elif depth == 0:
            kept.append(char)
    if depth:
        kept.append(_UNCLOSED.sub("", text[start:]))
    return "".join(kept)
