"""Example papers as people give them: an arXiv id, a link, or a pasted title and abstract."""

import re
import unicodedata

from newsletter.identity import normalise_id
from subscribers.wording import is_unsafe, quoted

LONGEST = 5000
"""Characters of a pasted title and abstract: the longest abstract arXiv takes has 1,920."""

_LEAST = 3  # words of a title: two are a keyword, or a slip
# Four digits after the dot until the end of 2014, five since: `2401.1077` has lost one.
_NEW = r"(?:(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5})"
_OLD = r"[a-z-]+(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ID = rf"(?:{_NEW}|{_OLD})(?:v[1-9]\d*)?"
_NAMED = re.compile(
    rf"(?:https?://(?:www\.)?(?:arxiv\.org/(?:abs|pdf|html)|huggingface\.co/papers)/|arxiv:\s*)?(?P<id>{_ID})(?:\.pdf)?",
    re.IGNORECASE | re.ASCII,
)
_BEFORE_TITLE = re.compile(
    rf"\[?(?:arxiv:\s*)?(?P<id>{_ID})\]?[\s:,]+(?P<rest>.*)", re.IGNORECASE | re.ASCII | re.DOTALL
)
"""`[2401.10774] Medusa: Simple …`: how a browser calls arXiv's page, and the stamp on the first page of a PDF."""

_LIKE_AN_ID = re.compile(r"\[?(?:https?://|www\.|arxiv\b|[\doli]{3,}[.,:][\doli]{3,})", re.IGNORECASE)
"""How an id or a link begins, right or wrong: `24O1.10774` with a letter is one that was mistyped."""

_MENTIONED = re.compile(
    rf"(?:arxiv\.org/(?:abs|pdf|html)/|huggingface\.co/papers/|\barxiv[:.]\s*)(?P<id>{_ID})(?!\d)",
    re.IGNORECASE | re.ASCII,
)
"""An id said to be arXiv's, anywhere in a text: `arXiv preprint arXiv:2401.10774`, `doi:10.48550/arXiv.2401.10774`."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W\d_]{2,}")  # scripts without spaces count by letter
_BLANK = re.compile(r"\n[^\S\n]*\n")
_CAPTION = re.compile(r"^(?:title|abstract)\s*[:\u2014-]\s*", re.IGNORECASE)


def read(text: str) -> str:
    """An arXiv id without version, or a title with the abstract after an empty line.

    The title ends at the first empty line, else at the first line break. Pasted after its id, it is the id.

    Raises:
        ValueError: it is no id, and too short to be a title; or it looks like an id and is none.

    """
    text = unicodedata.normalize("NFC", "\n".join(text.split("\r\n"))).strip()
    found = _NAMED.fullmatch(text)
    if found is None and (before := _BEFORE_TITLE.fullmatch(text)) is not None:
        found = before if len(_WORD.findall(before["rest"])) >= _LEAST and not _holds_id(before["rest"]) else None
    known = normalise_id(found["id"]) if found else None
    if known is not None:
        return known[0]
    if _LIKE_AN_ID.match(text):
        raise ValueError(f'{quoted(_line(text))} is no arXiv id; write for example "2401.10774", in quotes')
    return _pasted(text)


def named(text: str) -> str | None:
    """The arXiv id without version of a text that is nothing but an id or a link; None for any other."""
    found = _NAMED.fullmatch(text.strip())
    known = normalise_id(found["id"]) if found else None
    return known[0] if known else None


def mentioned(text: str) -> tuple[str, ...]:
    """The arXiv ids without version that a text says to be arXiv's, in their order, each once."""
    found = (normalise_id(each["id"]) for each in _MENTIONED.finditer(text))
    return tuple(dict.fromkeys(known[0] for known in found if known))


def _holds_id(text: str) -> bool:
    return re.search(_ID, text, re.IGNORECASE | re.ASCII) is not None


def _pasted(text: str) -> str:
    title, abstract = (*_BLANK.split(text, maxsplit=1), "")[:2]
    if not abstract:
        title, _, abstract = text.partition("\n")
    title, abstract = _CAPTION.sub("", _line(title)), _CAPTION.sub("", _line(abstract))
    for char in title + abstract:
        if is_unsafe(char):
            name = unicodedata.name(char, "control character").lower()
            raise ValueError(f"{quoted(title)} holds U+{ord(char):04X} ({name}), which no line may; remove it")
    if len(_WORD.findall(title)) < _LEAST:
        raise ValueError(
            f'{quoted(title)} is no arXiv id; write for example "2401.10774", in quotes, '
            f"or paste a title of {_LEAST} words or more"
        )
    return f"{title}\n\n{abstract}" if abstract else title


def _line(text: str) -> str:
    return " ".join(text.split())
