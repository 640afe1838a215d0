"""LaTeX in titles, abstracts and names to Unicode, where it can be done surely.

A construct (one command, one formula) is converted whole or stays as it was written. General converters drop what they
do not know; here an unknown command may be the name of the authors' system, so it stays.
"""

import re
import unicodedata
from collections.abc import Callable

from newsletter.mail.scanning import Unsure, argument, bracketed, end_of, script, swallow
from newsletter.mail.symbols import (
    ACCENTS,
    BLACKBOARD,
    ESCAPED,
    FONTS,
    FUNCTIONS,
    LETTERS,
    MATH_ACCENTS,
    NOTHING,
    SUBSCRIPT,
    SUPERSCRIPT,
    SYMBOLS,
)

_DEEPEST = 12
_SUSPECT = re.compile(r"[\\$~`]|--|''")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_FORMULA = re.compile(
    r"\$\$(?P<display>[^$]+)\$\$"
    r"|\$(?!\s)(?P<inline>(?:[^$\\]|\\.)+?)(?<!\s)\$"
    r"|\$\s*(?P<loose>\\(?:[^$\\]|\\.)+?)\s*\$"
    r"|\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\]"
)
_BLANKS = re.compile(r"\s*")
_EMPTY_OR_BLANKS = re.compile(r"\{\}|\s*")
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}")
_SWITCH = re.compile(r"\{\\(?:em|bf|it|sc|tt|rm|sf|sl|bfseries|itshape|scshape|ttfamily)\b\s*")
_POSSESSIVE = re.compile(r"(?:s|t|d|m|re|ve|ll)?(?![A-Za-z])")
_FINISH = re.compile(
    r"(?P<keep>https?://\S+|\$[^$\s][^$]*\$|\\[A-Za-z]+\{[^{}]*\})"
    r"|``(?P<double>[^`]{1,200}?)(?:''|\")"
    r"|(?<!\w)''(?P<upright>[^`'\"]{1,100})''(?!\w)"
    r"|(?<!\w)`(?P<single>[^`']{1,100})'(?!\w)"
    r"|(?P<em>(?<=[\w\s)])---(?=[\w\s(]))"
    r"|(?P<en>(?<=\w)--(?=\w)|(?<=\s)--(?=\s))"
    r"|(?P<tie>(?<=[A-Za-z.)\]])~(?=[A-Za-z0-9(\[]))"
)


def to_unicode(text: str) -> str:
    """The text with its LaTeX as Unicode (NFC); what is not known for sure stays as it was written."""
    if not _SUSPECT.search(text):
        return text
    return unicodedata.normalize("NFC", _FINISH.sub(_finish, _text(text, 0)))


def _finish(found: re.Match[str]) -> str:
    """Quotes, dashes and ties of running text; addresses and what stayed LaTeX are not touched."""
    if found["keep"]:
        return found[0]
    if quoted := found["double"] or found["upright"]:
        return f"\u201c{quoted}\u201d"
    if found["single"]:
        return f"\u2018{found['single']}\u2019"
    return "\u2014" if found["em"] else "\u2013" if found["en"] else " "


# ---- text ----------------------------------------------------------------------------------------------------------


def _text(text: str, depth: int) -> str:
    """Running text: formulas, commands and accents converted one by one, each or not at all."""
    if depth > _DEEPEST:
        raise Unsure
    # Where a backslash stands before a quote that ends a word, quotes were escaped by some program on the way.
    escaped_quotes = bool(re.search(r"\\[\"'](?![A-Za-z{\\])", text))
    out: list[str] = []
    at = 0
    while at < len(text):
        sign = text[at]
        piece, after = sign, at + 1
        try:
            if text.startswith(("$", "\\(", "\\["), at):
                piece, after = _formula(text, at, depth)
            elif sign == "\\":
                piece, after = _command(text, at, depth, escaped_quotes=escaped_quotes)
            elif sign == "{" and text[after : after + 1] == "\\":
                piece, after = _group(text, at, depth)
        except Unsure:
            piece, after = _verbatim(text, at)
        out.append(piece)
        at = after
    return "".join(out)


def _verbatim(text: str, at: int) -> tuple[str, int]:
    """What could not be converted: a formula whole, a command by its name, else one character."""
    found = _FORMULA.match(text, at) or _COMMAND.match(text, at)
    end = found.end() if found else min(at + 2, len(text)) if text[at] == "\\" else at + 1
    return text[at:end], end


def _formula(text: str, at: int, depth: int) -> tuple[str, int]:
    r"""A formula between dollars or \( and \); sums of money are none."""
    found = _FORMULA.match(text, at)
    if not found:
        raise Unsure
    body = str(found[found.lastgroup or 0])
    if found["inline"] and body[0].isdigit() and not re.search(r"[\\^_]", body):
        money = text[found.end() : found.end() + 1].isdigit() or _WORD.search(body)
        if money:
            # Only this dollar is no formula's; the other one may open one.
            return "$", at + 1
    return _math(body.strip(), depth + 1), found.end()


def _group(text: str, at: int, depth: int) -> tuple[str, int]:
    r"""`{\em word}` and `{\'e}`: braces that exist for the command in them."""
    body, after = argument(text, at)
    switch = _SWITCH.match(text, at)
    if switch:
        return _text(text[switch.end() : after - 1], depth + 1), after
    made = _text(body, depth + 1)
    if len(made) > 2 or "\\" in made:
        raise Unsure
    return made, after


def _command(text: str, at: int, depth: int, *, escaped_quotes: bool) -> tuple[str, int]:
    found = _COMMAND.match(text, at)
    if not found:
        return _sign(text, at, escaped_quotes=escaped_quotes)
    name, after = found[1], found.end()
    if name in _TAKING:
        return _TAKING[name](text, after, depth)
    if name in ACCENTS:
        if not re.match(r"\{|\s+[^\W\d_](?![^\W\d_])|\\[ij]\b", text[after:]):
            raise Unsure
        return _accent(text, after, ACCENTS[name])
    # TeX swallows the blank after a command, and `{}` is written to keep it.
    if name in LETTERS:
        return LETTERS[name], end_of(_EMPTY_OR_BLANKS, text, after)
    return _symbol(name), swallow(text, at, after)


def _symbol(name: str) -> str:
    if name not in SYMBOLS:
        raise Unsure
    return SYMBOLS[name]


def _sign(text: str, at: int, *, escaped_quotes: bool) -> tuple[str, int]:
    """A backslash before a sign: an escaped sign, a space, an accent, or a quote some program escaped."""
    sign, after = text[at + 1 : at + 2], at + 2
    following = text[after : after + 1]
    before = text[at - 1 : at]
    if sign in ESCAPED:
        return ESCAPED[sign], after
    if sign == "\\" and (not following or following.isspace()):
        return " ", after
    if sign in {"~", "^"} and not (following.isalpha() or following in {"{", "\\"}):
        return sign, after
    if sign in {"'", '"'} and following != "{":
        possessive = sign == "'" and before.isalpha() and _POSSESSIVE.match(text, after)
        if possessive or (escaped_quotes and not (before.isalpha() and following.isalpha())):
            return sign, after
    if sign == "." and following != "{" and following not in "ZzIEeGg":
        raise Unsure
    if sign in ACCENTS:
        return _accent(text, after, ACCENTS[sign])
    raise Unsure


def _accent(text: str, after: int, mark: str) -> tuple[str, int]:
    r"""A letter with its accent, if Unicode has the two as one character: `\'e`, `\'{e}`, `\'{\i}`, `\c c`."""
    after += len(text[after:]) - len(text[after:].lstrip())
    if text[after : after + 1] == "{":
        letter, after = argument(text, after)
    elif found := re.compile(r"\\([ij])(?![A-Za-z])\s*").match(text, after):
        letter, after = found[1], found.end()
    else:
        letter, after = text[after : after + 1], after + 1
    letter = {"\\i": "i", "\\j": "j"}.get(letter.strip(), letter)
    made = unicodedata.normalize("NFC", letter + mark)
    if len(letter) != 1 or not letter.isalpha() or len(made) != 1:
        raise Unsure
    return made, after


def _address(written: str) -> str:
    return re.sub(r"\\([_%#~&])", r"\1", written)


def _href(text: str, after: int, depth: int) -> tuple[str, int]:
    address, after = argument(text, after)
    body, after = argument(text, after)
    told = _text(body, depth + 1)
    address = _address(address)
    return (told if told.startswith("http") or address == told else f"{told} ({address})"), after


def _url(text: str, after: int, _depth: int) -> tuple[str, int]:
    address, after = argument(text, after)
    return _address(address), after


def _dressed(text: str, after: int, depth: int) -> tuple[str, int]:
    body, after = argument(text, after)
    return _text(body, depth + 1), after


def _colour(text: str, after: int, depth: int) -> tuple[str, int]:
    _, after = argument(text, after)
    body, after = argument(text, after)
    return _text(body, depth + 1), after


def _code_point(text: str, after: int, _depth: int) -> tuple[str, int]:
    body, after = argument(text, after)
    if not re.fullmatch(r"x[0-9A-Fa-f]{2,4}", body):
        raise Unsure
    return chr(int(body[1:], 16)), after


def _raised(text: str, after: int, depth: int) -> tuple[str, int]:
    body, after = argument(text, after)
    return script(_text(body, depth + 1), SUPERSCRIPT, "^"), after


def _lowered(text: str, after: int, depth: int) -> tuple[str, int]:
    body, after = argument(text, after)
    return script(_text(body, depth + 1), SUBSCRIPT, "_"), after


_TAKING: dict[str, Callable[[str, int, int], tuple[str, int]]] = {
    **dict.fromkeys(FONTS, _dressed),
    "href": _href,
    "url": _url,
    "textcolor": _colour,
    "unicode": _code_point,
    "textsuperscript": _raised,
    "textsubscript": _lowered,
}


# ---- formulas ------------------------------------------------------------------------------------------------------


def _math(body: str, depth: int) -> str:
    """A formula in one line of Unicode, or Unsure for the whole of it."""
    if depth > _DEEPEST:
        raise Unsure
    out: list[str] = []
    at = 0
    while at < len(body):
        piece, at = _atom(body, at, depth)
        out.append(piece)
    return re.sub(r"\s+", " ", "".join(out)).strip()


def _atom(body: str, at: int, depth: int) -> tuple[str, int]:
    """One sign, command, group or script, and the place after it."""
    sign = body[at]
    if sign == "\\":
        return _math_command(body, at, depth)
    if sign == "{":
        inner, after = argument(body, at)
        return _math(inner, depth + 1), after
    if sign in "^_":
        after = at + 1
        while body[after : after + 1] == " ":
            after += 1
        if after >= len(body):
            raise Unsure
        inner, after = _atom(body, after, depth + 1)
        return (script(inner, SUPERSCRIPT, "^") if sign == "^" else script(inner, SUBSCRIPT, "_")), after
    if sign in "}&#$":
        raise Unsure
    return {"-": "\u2212", "~": " ", "'": "\u2032"}.get(sign, sign), at + 1


def _math_command(body: str, at: int, depth: int) -> tuple[str, int]:
    found = _COMMAND.match(body, at)
    if not found:
        return _math_sign(body, at)
    name, after = found[1], found.end()
    if name in NOTHING:
        return "", after
    if name in FUNCTIONS:
        return _function(body, at, name)
    if name in FONTS or name in BLACKBOARD or name in MATH_ACCENTS:
        return _math_font(body, after, name, depth)
    if shape := _SHAPES.get(name):
        return shape(body, after, depth)
    known = LETTERS.get(name) or _symbol(name)
    return known, swallow(body, at, after) if at else end_of(_BLANKS, body, after)


def _math_sign(body: str, at: int) -> tuple[str, int]:
    sign = body[at + 1 : at + 2]
    if sign not in ESCAPED and sign != "|":
        raise Unsure
    return ESCAPED.get(sign, "\u2016"), at + 2


def _function(body: str, at: int, name: str) -> tuple[str, int]:
    """`log n`, with the blanks that TeX sets round a named function."""
    after = at + 1 + len(name)
    before = " " if at and (body[at - 1].isalnum() or body[at - 1] in ")}") else ""
    return before + name + (" " if body[after : after + 1].isalnum() else ""), after


def _math_argument(body: str, after: int, depth: int) -> tuple[str, int]:
    """What a command of a formula is applied to: a group, or the next sign."""
    after = end_of(_BLANKS, body, after)
    if after >= len(body):
        raise Unsure
    return _atom(body, after, depth + 1)


def _math_font(body: str, after: int, name: str, depth: int) -> tuple[str, int]:
    if name.startswith("text") or name in {"mbox", "emph"}:
        inner, after = argument(body, after)
        return _text(inner, depth + 1), after
    inner, after = _math_argument(body, after, depth)
    if name in MATH_ACCENTS:
        if len(inner) != 1 or not inner.isalnum():
            raise Unsure
        return inner + MATH_ACCENTS[name], after
    return "".join(BLACKBOARD.get(name, {}).get(letter, letter) for letter in inner), after


def _fraction(body: str, after: int, depth: int) -> tuple[str, int]:
    above, after = _math_argument(body, after, depth)
    below, after = _math_argument(body, after, depth)
    return f"{bracketed(above)}/{bracketed(below)}", after


def _root(body: str, after: int, depth: int) -> tuple[str, int]:
    inner, after = _math_argument(body, after, depth)
    return f"\u221a{bracketed(inner)}", after


_SHAPES: dict[str, Callable[[str, int, int], tuple[str, int]]] = {
    **_TAKING,
    "frac": _fraction,
    "tfrac": _fraction,
    "dfrac": _fraction,
    "sqrt": _root,
}
