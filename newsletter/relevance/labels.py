"""Naming: noun phrases that tell a group of papers from the rest of its day, set like section headings."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.rhetoric import BARE, BROAD, FALLBACK, NOT_LAST, NOUNS, RHETORIC
from newsletter.relevance.words import STOP_WORDS, fold, plain, tokenise

_LONGEST = 3  # words in a phrase
_TERMS = 8  # kept per topic
_LEAST = 0.15  # distinction below which a phrase says nothing
_SECOND = 0.7  # of the first phrase's distinction, for the second to join it
_HEADED = 0.6
"""A heading is held by this many times the root of a group's size, at least: 2 of 4 papers, 3 of 20, 4 of 40."""
_WIDEST = 46  # characters of a joined heading
_PIECE = re.compile(
    r"[.,;:!?()\[\]{}\"“”$|/<>=]+(?:\s|$)|[;:!?()\[\]{}\"“”$|/<>=]+|\s[-\u2013\u2014]+\s|[\u2013\u2014]"
)
_WORD = re.compile(r"[^\W_]+(?:[-\u2010'\u2019.][^\W_]+)*(?:\+\+)?")

_NAME = re.compile(r"^(?!\d[A-Z]+\b).*\d")
"""A word with a digit names a model or a benchmark that papers use; 3D does not."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a topic is called."""

    key: str
    label: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """A phrase that distinguishes a group."""

    words: str  # folded
    written: str
    score: float
    inside: float  # share of the group that holds it
    often: bool  # enough of the group holds it for a heading


@dataclass(slots=True)
class _Phrase:
    """A candidate: which papers of the group hold it, and how it is written there."""

    papers: set[int] = field(default_factory=set)
    titles: set[int] = field(default_factory=set)
    written: Counter[str] = field(default_factory=Counter)


def label_groups(
    groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], background: Background
) -> tuple[Name | None, ...]:
    """Name each group by what tells it from the other groups and the rest of the day; labels and keys are unique.

    None for a group that nothing tells from the rest: it has no topic.
    """
    held = [_phrases(papers) for papers in groups]
    day: Counter[str] = Counter()
    for phrases in (*held, _phrases(rest)):
        for words, phrase in phrases.items():
            day[words] += len(phrase.papers)
    total = sum(len(papers) for papers in groups) + len(rest)
    ranked = [
        _ranked(phrases, len(papers), day, total, background) for phrases, papers in zip(held, groups, strict=True)
    ]
    taken: set[str] = {"other"}
    names: dict[int, Name | None] = {}
    # The largest group chooses first; a later one with the same best phrase takes another.
    for number in sorted(range(len(groups)), key=lambda one: (-len(groups[one]), groups[one][0].key)):
        names[number] = _name(ranked[number], taken)
    return tuple(names[number] for number in range(len(groups)))


def _ranked(
    phrases: dict[str, _Phrase], papers: int, day: Counter[str], total: int, background: Background
) -> list[_Term]:
    """What distinguishes a group, best first, without phrases that are part of a better one."""
    scored = []
    for words, phrase in phrases.items():
        if len(phrase.papers) < min(2, papers):
            continue
        score = _distinction(words, phrase, papers, day[words], total, background)
        if score > _LEAST:
            often = len(phrase.papers) >= max(2.0, _HEADED * math.sqrt(papers))
            scored.append(_Term(words, _written(phrase), score, len(phrase.papers) / papers, often))
    scored.sort(key=lambda one: (-round(one.score, 9), one.words))
    kept: list[_Term] = []
    for term in scored:
        if not any(_overlap(term.words, other.words) for other in kept):
            kept.append(term)
        if len(kept) == _TERMS:
            break
    return kept


def _distinction(words: str, phrase: _Phrase, papers: int, in_day: int, total: int, background: Background) -> float:
    """How well a phrase stands for the group: the share that holds it, times how much rarer it is elsewhere."""
    parts = words.split()
    inside = len(phrase.papers) / (papers + 1)
    outside = (in_day - len(phrase.papers) + 0.5) / (total - papers + 1)
    pairs = parts if len(parts) == 1 else [f"{one} {two}" for one, two in pairwise(parts)]
    usual = min(background.share(pair) for pair in pairs)
    score = inside * math.log(max(inside / max(outside, usual, 1e-3), 1e-9))
    return score * (1 + len(phrase.titles) / papers) * (0.7, 1.25, 1.3)[min(len(parts), 3) - 1]


def _overlap(words: str, other: str) -> bool:
    """Whether two phrases share more than they differ."""
    one, two = set(words.split()), set(other.split())
    return one <= two or two <= one or len(one & two) >= 2


def _can_head(term: _Term) -> bool:
    """Whether a phrase may be a heading: a single word only if it is telling and much of the group holds it."""
    if term.words in BARE or not term.often:
        return False
    if any(_NAME.search(word) for word in term.written.split()):
        return False
    if " " in term.written:
        return True
    compound = (
        "-" in term.written
        and term.written.islower()
        and not term.written.endswith("ing")
        and "-of-" not in term.written
    )
    return not compound and term.words not in BROAD and len(term.words) > 2 and term.inside >= 0.5


def _name(ranked: Sequence[_Term], taken: set[str]) -> Name | None:
    """The best phrase, joined by the second where that says as much again."""
    heads = [term for term in ranked if _can_head(term)]
    heads = heads or [term for term in ranked if term.words in FALLBACK and term.inside >= 0.5]
    options: list[str] = []
    for at, term in enumerate(heads):
        first = heading(term.written)
        for other in heads[at + 1 : at + 3]:
            both = f"{first} and {heading(other.written)}"
            if other.score >= _SECOND * term.score and len(both) <= _WIDEST and not _shares(term, other):
                options.append(both)
                break
        options.append(first)
    for label in options:
        if slug(label) not in taken:
            taken.add(slug(label))
            return Name(key=slug(label), label=label, terms=tuple(term.written for term in ranked))
    return None


def _shares(one: _Term, two: _Term) -> bool:
    return bool(set(one.words.split()) & set(two.words.split()))


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


def _written(phrase: _Phrase) -> str:
    """The commonest way it is written, the plural where there is one: sections hold several."""
    most = max(phrase.written.values())

    def fitness(text: str) -> tuple[bool, int, str]:
        last = text.rsplit(maxsplit=1)[-1]
        plural = fold(last) != last.lower() and 3 * phrase.written[text] >= most
        return not plural, -phrase.written[text], text.swapcase()

    return min(phrase.written, key=fitness)


def _phrases(papers: Sequence[Paper]) -> dict[str, _Phrase]:
    found: dict[str, _Phrase] = {}
    for number, paper in enumerate(papers):
        for text, titled in ((paper.title, True), (paper.abstract, False), *((word, False) for word in paper.keywords)):
            for words, written in noun_phrases(text):
                phrase = found.setdefault(words, _Phrase())
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
