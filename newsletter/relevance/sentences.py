"""The sentences of scientific text: abbreviations, initials, numbers, addresses and formulas do not end one."""

# ruff: noqa: RUF001 — typographic quotes and full-width stops are the very subject here

import re

Span = tuple[int, int]
"""Where a sentence stands in its text: start and end, without the blanks around it."""

_OPENER = (
    r"(?:We|Our|In|This|These|Those|The|It|Its|They|To|However|Moreover|Furthermore|Finally|Here|There|Then|Thus|By|For"
    r"|With|While|When|Such|Experiments?|Experimental|Extensive|Results?|Code|Unlike|Despite|Although|Additionally"
    r"|Specifically|Recent|Recently|Existing|Current|Previous|Most|Many|Inspired|Motivated|Based|First|Second|On|As|At"
    r"|An?|Through|Using|Yet|But|Project)\b"
)
# A stop with what closes behind it and a blank; the full-width stops need no blank. The last part is a stop whose blank
# was lost ("our method.We show"): only words that begin sentences count there, or addresses would be cut.
_STOP = re.compile(
    r"[.!?…]{1,9}[\"'”’»)\]]{0,4}(?=\s)|[。！？．｡]{1,9}[」』”’）]{0,4}|[؟۔।](?=\s)"
    rf"|(?<=[a-z)\]][a-z)\]])\.(?={_OPENER}[ ,'’])"
)
_LAST_WORD = re.compile(r"[^\s(\[{“‘\"'«]*$")
_NEXT_WORD = re.compile(r"[\s\"'“‘(\[«$]*([^\s]*)")
_NEVER = re.compile(
    r"(?:e\.?g|i\.?e|cf|vs|approx|ca|resp|viz|w\.?r\.?t|a\.?k\.?a|figs|eqs|eqn|secs|refs)|(?-i:Dr|Prof|Mrs?|Ms|St)",
    re.IGNORECASE,
)
"""Words whose full stop never ends a sentence."""

_REFERS = re.compile(
    r"(?:fig|eq|sec|sect|tab|ref|no|nos|vol|pp?|ch|chap|app|eds?|def|thm|prop|lem|cor|alg)", re.IGNORECASE
)
"""Words whose full stop does not end a sentence before a number or a letter that names a part."""

_PART = re.compile(r"[(\[]?(?:[\dIVX]|[A-Z][.,;:)]|[A-Z]$)")
_SELDOM = re.compile(
    r"(?:al|etc|inc|ltd|corp|dept|univ|jr|sr|s\.?t|a\.m|p\.m|min|max|avg|std|[^\W\d_](?:\.[^\W\d_])+)|(?-i:[A-Z])",
    re.IGNORECASE,
)
"""Words whose full stop ends a sentence only where the next word often begins one."""

_OPENS = re.compile(_OPENER)
_ITEM = re.compile(r"\s*\(?\b(?:\d{1,2}|[ivx]{1,4}|[a-f])\)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:\(?\d{1,2}|\(?[ivx]{1,4}|[a-e])", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:background|introduction|motivation|context|objectives?|aims?|purpose|goals?|methods?|methodology|approach|design"
    r"|materials and methods|results?|findings|conclusions?|discussion|significance|contributions?|summary|abstract"
    r"|implications|limitations|data|setting)[.:]?",
    re.IGNORECASE,
)


def sentences(text: str) -> list[Span]:
    """The spans of the sentences of a text, in order; every letter that is no blank is in exactly one of them."""
    found: list[Span] = []
    start = 0
    for stop in _STOP.finditer(text):
        if _ends(text, stop, start):
            start = _add(text, start, stop.end(), found)
    if text[start:].strip():
        _add(text, start, len(text), found)
    return found


def _add(text: str, start: int, end: int, found: list[Span]) -> int:
    """Note a sentence; a heading such as "Methods." belongs to the sentence after it, so it waits."""
    said = text[start:end]
    bare = said.strip()
    if end < len(text) and (_LABEL.fullmatch(bare) or not any(map(str.isalnum, bare))):
        return start
    lead = len(said) - len(said.lstrip())
    found.append((start + lead, start + lead + len(bare)))
    return end


def _ends(text: str, stop: re.Match[str], start: int) -> bool:
    """Whether a sentence that began at `start` ends with this stop."""
    follows = _NEXT_WORD.match(text, stop.end())
    after = follows[1] if follows else ""
    if stop[0][0] not in ".!?…":
        return True
    if _goes_on(after) or (_ITEM.match(text, stop.end()) and _ITEM.search(text, start, stop.start())):
        return False  # a list goes on with its next item, if it was begun within the sentence
    # What closes behind a stop shows that it was the sentence's own, unless it is a full stop in brackets.
    if stop[0][0] != "." or (len(stop[0]) > 1 and stop[0][-1] in '"”»'):
        return True
    last = _LAST_WORD.search(text, max(start, stop.start() - 24), stop.start())
    word = last[0] if last else ""
    if _NEVER.fullmatch(word) or (_REFERS.fullmatch(word) and _PART.match(after)):
        return False
    if _SELDOM.fullmatch(word):
        return bool(_OPENS.match(after))
    return not (_NUMBERED.fullmatch(word) and _begins_item(text[start : stop.start()], word))


def _begins_item(said: str, number: str) -> bool:
    """Whether the number stands at the beginning or after a colon, a comma or a semicolon: "1. First, we"."""
    before = said[: -len(number)].rstrip()
    return not before or before[-1] in ":;,"


def _goes_on(word: str) -> bool:
    """Whether a sentence cannot begin with this word: it begins small, and is no name such as nuScenes or vLLM."""
    return word[:1].islower() and not any(letter.isupper() or letter.isdigit() for letter in word.split("-", 1)[0])
