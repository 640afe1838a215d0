"""What is asked of the archive: words, phrases and fields, from any text whatever; and which words a paper is found by.

Both sides are cut into words and folded here, so that the two databases find the same papers and nothing that is typed
is ever syntax to them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.mail.latex import to_unicode
from newsletter.mail.text import clean
from newsletter.models import Paper
from newsletter.relevance.sentences import Span
from newsletter.relevance.words import STOP_WORDS, fold

FIELDS = ("title", "author", "topic", "abstract")
"""Where a word may be asked for: `author:hinton`. A topic's words are its label, and the paper's categories too."""

LONGEST = 200
"""Characters of a question that are read."""

_MOST = 12  # terms of a question
_LONGEST_WORD = 60  # letters; PostgreSQL takes two thousand bytes
_TEXT = 4_000  # characters of a stranger's text that are found by
_NAMES = 1_000  # authors
_SHORTEST_BEGINNING = 2

_ALIASES = {"category": "topic", "cat": "topic", "by": "author", "authors": "author", "topics": "topic"}
_WORD = re.compile(r"\d+(?:[.,]\d+)+[^\W_]*|[^\W_]+")
_WHOLE_SIGNS = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uac00-\ud7af]")  # scripts without blanks: each sign is a word
_TERM = re.compile(
    r'(?P<without>-(?=[\w"]))?(?:(?P<field>[^\W\d_]{2,10}):(?=\S))?(?:"(?P<phrase>[^"]*)"?|(?P<bare>[^\s"]+))'
)


@dataclass(frozen=True, slots=True)
class Term:
    """One word, or several in a row, that a paper must hold, or must not."""

    words: tuple[str, ...]  # folded; never empty
    field: str = ""  # one of FIELDS; anywhere
    without: bool = False
    beginning: bool = False  # the last word is only its beginning: `quanti*`


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was understood."""

    text: str  # cleaned, as it is shown again
    terms: tuple[Term, ...]

    @property
    def wanted(self) -> tuple[Term, ...]:
        """What a paper must hold; without any, nothing is found."""
        return tuple(term for term in self.terms if not term.without)

    @property
    def unwanted(self) -> tuple[Term, ...]:
        """What it must not hold."""
        return tuple(term for term in self.terms if term.without)


@dataclass(frozen=True, slots=True)
class Findable:
    """The words of one paper by field, folded, between blanks."""

    key: str
    title: str
    authors: str
    topics: str
    abstract: str


def asked(text: str) -> Asked:
    """Any text as a question: words, "phrases", -without, field:word, begin*; what is none of these is words, too."""
    text = clean(text[: 4 * LONGEST])[:LONGEST].strip()
    terms: list[Term] = []
    for found in _TERM.finditer(text):
        field = (found["field"] or "").casefold()
        field = _ALIASES.get(field, field)
        said = found["bare"] if found["phrase"] is None else found["phrase"]
        if field and field not in FIELDS:
            field, said = "", f"{found['field']} {said}"
        words = tuple(word for _span, word in spoken(said))
        if words:
            beginning = said.endswith("*") and len(words[-1]) >= _SHORTEST_BEGINNING
            term = Term(words, field, bool(found["without"]), beginning)
            if term not in terms:
                terms.append(term)
    return Asked(text, _telling(terms)[:_MOST])


def _telling(terms: list[Term]) -> tuple[Term, ...]:
    """Without the single function words that every paper holds, unless there is nothing else."""
    told = [term for term in terms if term.field or len(term.words) > 1 or term.words[0] not in STOP_WORDS]
    return tuple(told if any(not term.without for term in told) else terms)


def spoken(text: str) -> Iterator[tuple[Span, str]]:
    """The words of a text, folded, each with where it stands; a Chinese, Japanese or Korean sign is a word."""
    for found in _WORD.finditer(text):
        word, start = found[0], found.start()
        if _WHOLE_SIGNS.search(word):
            yield from (((start + place, start + place + 1), sign.lower()) for place, sign in enumerate(word))
        else:
            # In lower case: who asks for `sars` means SARS, whose last letter is no plural then either.
            folded = fold(word[:_LONGEST_WORD].lower())[:_LONGEST_WORD]
            yield (start, found.end()), folded


def findable(paper: Paper, topic: str) -> Findable:
    """What a paper is found by; `topic` is the label of its topic."""
    told = (topic, *paper.categories, paper.organization or "", *paper.keywords, paper.arxiv_id or "")
    return Findable(
        paper.key,
        _joined([readable(paper.title)]),
        _joined(readable(name) for name in paper.authors[:_NAMES]),
        _joined(told),
        _joined([readable(paper.abstract)]),
    )


def readable(text: str) -> str:
    """A stranger's text as it is shown: clean, and its LaTeX as Unicode."""
    return clean(to_unicode(clean(text[:_TEXT])))


def _joined(texts: Iterable[str]) -> str:
    return " ".join(word for text in texts for _span, word in spoken(text))


# ---- what is shown of an answer ------------------------------------------------------------------------------------


def marked(text: str, question: Asked, field: str) -> tuple[Span, ...]:
    """Where a text of a field holds what was asked for, in order; the spans neither touch nor overlap."""
    places = list(spoken(text))
    words = [word for _span, word in places]
    hits: set[int] = set()
    for term in question.wanted:
        if term.field in {"", field}:
            size = len(term.words)
            hits.update(
                place + more
                for place in range(len(words) - size + 1)
                if _stands(term, words[place : place + size])
                for more in range(size)
            )
    spans: list[Span] = []
    for place in sorted(hits):
        start, end = places[place][0]
        if spans and place - 1 in hits and not text[spans[-1][1] : start].strip(" -\u2010\u2011"):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)


def _stands(term: Term, words: list[str]) -> bool:
    *before, last = term.words
    return words[:-1] == before and (words[-1].startswith(last) if term.beginning else words[-1] == last)
