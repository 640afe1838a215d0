"""Phrases of titles and abstracts that may be a heading, and how a heading is set."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from newsletter.models import Paper
from newsletter.relevance.rhetoric import NOT_LAST, NOUNS, RHETORIC
from newsletter.relevance.words import STOP_WORDS, fold, plain, tokenise

_LONGEST = 3  # words in a phrase
_PIECE = re.compile(
    r"[.,;:!?()\[\]{}\"“”$|/<>=]+(?:\s|$)|[;:!?()\[\]{}\"“”$|/<>=]+|\s[-\u2013\u2014]+\s|[\u2013\u2014]"
)
_WORD = re.compile(r"[^\W_]+(?:[-\u2010'\u2019.][^\W_]+)*(?:\+\+)?")


@dataclass(slots=True)
class Phrase:
    """A candidate: which papers of the group hold it, and how it is written there."""

    papers: set[int] = field(default_factory=set)
    titles: set[int] = field(default_factory=set)
    written: Counter[str] = field(default_factory=Counter)


def slug(label: str) -> str:
    """A label as a key: lower case letters and digits joined by hyphens."""
    return "-".join(fold(word) for word in _WORD.findall(label.replace("'", ""))) or "topic"


def heading(written: str) -> str:
    """A phrase in Title Case; acronyms and names keep their capitals."""
    return " ".join(_capital(word, first=not number) for number, word in enumerate(written.split()))


def _capital(word: str, *, first: bool) -> str:
    if not first and word in {"of", "for", "in", "and", "to", "with", "on"}:
        return word
    pieces = word.split("-")
    return "-".join(
        piece
        if not piece.islower() or (number and piece in {"a", "and", "as", "in", "of", "the", "to"})
        else piece[0].upper() + piece[1:]
        for number, piece in enumerate(pieces)
    )


def written_as(phrase: Phrase) -> str:
    """The commonest way it is written, the plural where there is one: sections hold several."""
    most = max(phrase.written.values())

    def fitness(text: str) -> tuple[bool, int, str]:
        last = text.rsplit(maxsplit=1)[-1]
        plural = fold(last) != last.lower() and 3 * phrase.written[text] >= most
        return not plural, -phrase.written[text], text.swapcase()

    return min(phrase.written, key=fitness)


def phrases_of(papers: Sequence[Paper]) -> dict[str, Phrase]:
    """Every phrase of some papers, by its folded words; a single word only where a title holds it."""
    found: dict[str, Phrase] = {}
    for number, paper in enumerate(papers):
        for text, titled in ((paper.title, True), (paper.abstract, False), *((word, False) for word in paper.keywords)):
            for words, written in noun_phrases(text):
                phrase = found.setdefault(words, Phrase())
                phrase.papers.add(number)
                if titled:
                    phrase.titles.add(number)
                else:
                    phrase.written[written] += 2  # running text shows the case a word really has
                phrase.written[written] += 1
    return {words: phrase for words, phrase in found.items() if phrase.titles or " " in words}


def noun_phrases(text: str, longest: int = _LONGEST) -> Iterator[tuple[str, str]]:
    """Every run of words, up to the longest, that may be a noun phrase: (folded, as written)."""
    for piece in _PIECE.split(plain(text)):
        words = _WORD.findall(piece)
        folded = [_folded(word) for word in words]
        for start in range(len(words)):
            for end in range(start + 1, min(start + longest, len(words)) + 1):
                if not _inner(folded[end - 1]):
                    break
                if not _opens(folded[start]):
                    break
                if _closes(folded[end - 1]):
                    yield " ".join(folded[start:end]), " ".join(words[start:end])


@lru_cache(maxsize=1 << 16)
def _folded(word: str) -> str:
    return " ".join(tokenise(word))


def _inner(word: str) -> bool:
    if word in STOP_WORDS or word in RHETORIC or word.endswith("ly"):
        return False
    return any(len(part) > 1 for part in word.split()) or word.isdigit()


def _opens(word: str) -> bool:
    return not word[0].isdigit() or any(char.isalpha() for char in word)


def _closes(word: str) -> bool:
    if len(word) < 2 or word.replace(".", "").isdigit():
        return False
    if word in NOUNS:
        return True
    return not word.endswith(_ADJECTIVE_ENDS) and word not in NOT_LAST


_ADJECTIVE_ENDS = ("ive", "al", "ous", "able", "ible", "ful", "less", "ed", "ic", "ary", "ant", "ent", "est", "ward")
