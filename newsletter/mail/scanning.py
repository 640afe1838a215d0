"""What reading LaTeX needs, whether in text or in formulas: braces, blanks, raised and lowered signs."""

import re


class Unsure(Exception):
    """This construct cannot be converted surely."""


def argument(text: str, at: int) -> tuple[str, int]:
    """What stands between the braces that open at `at`, and the place after them."""
    while text[at : at + 1] == " ":
        at += 1
    if text[at : at + 1] != "{":
        raise Unsure
    level, place = 0, at
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            place += 1
        elif sign == "{":
            level += 1
        elif sign == "}":
            level -= 1
            if not level:
                return text[at + 1 : place], place + 1
        place += 1
    raise Unsure


def end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where a pattern that may be empty ends."""
    found = pattern.match(text, at)
    return found.end() if found else at


def swallow(text: str, at: int, after: int) -> int:
    r"""TeX takes the blanks after a command away; they stay where one stands before it too: `3 \times 4`."""
    if text.startswith("{}", after):
        return after + 2
    if at and not text[at - 1].isspace():
        while text[after : after + 1].isspace():
            after += 1
    return after


def script(inner: str, table: dict[str, str], sign: str) -> str:
    """Raised or lowered signs where Unicode has them all, else (and for words) in one line: `x_train`, `2^(n/2)`."""
    word = len(inner) > 2 and inner.isalpha()
    if not word and all(letter in table for letter in inner):
        return "".join(table[letter] for letter in inner)
    if any(letter in "^_{}" for letter in inner):
        raise Unsure
    return f"{sign}{inner}" if inner.isalnum() else f"{sign}({inner})"


def bracketed(inner: str) -> str:
    """In brackets, unless it is one word or sign."""
    return inner if inner.isalnum() or len(inner) == 1 else f"({inner})"
