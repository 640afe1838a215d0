"""How strongly each paper of a window answers one interest: a row of values and the words that say why."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from newsletter.identity import normalise_id
from newsletter.models import Interest, InterestKind, Paper
from newsletter.relevance.features import Background
from newsletter.relevance.rhetoric import RHETORIC
from newsletter.relevance.words import STOP_WORDS, fold, passages, surfaces, tokenise

AUTHOR = 0.5
CATEGORY, CROSS_LISTED = 0.1, 0.07
_HELD, _TELLING = 0.05, 0.05
"""What a paper is worth that holds a phrase, and how much more where that tells most: who names a phrase wants its
papers, so one mention passes the usual floor; which of them come first is better told by what they are about."""
_GROUND = 0.15  # how telling a keyword is however common
_SCATTERED, _IN_PIECES = 0.3, 0.5
"""All words of a phrase but apart, and some of its pairs, against the whole phrase."""
_K1, _B = 1.2, 0.75
_REMEMBERED = 10_000  # muted phrases whose papers are kept
_SHOWN = 3  # terms named for a free text
_USUAL = 0.2  # share of the background that holds a word which alone says nothing
_SPACED = re.compile(r"[\u0000-\u1fff]")  # letters of scripts that set blanks between words
_PUNCTUATION = re.compile(r"[\W_]+")
_SUBJECT = re.compile(r"[\s.:/]+")  # `cs CV`, `cs:CV` and `cs.*` are meant as arXiv writes them


@dataclass(frozen=True, slots=True)
class Answers:
    """The papers of the window that answer one interest."""

    numbers: NDArray[np.int64]  # places in the window, ascending
    values: NDArray[np.float64]  # above 0
    because: tuple[str, ...] = ()  # one per paper; empty for the interest itself, as each reader writes it


def person(name: str) -> str:
    """A full name folded for comparison: accents, case, dots and the order `Doe, Jane` do not count."""
    if name.count(",") == 1:
        family, given = name.split(",")
        name = f"{given} {family}"
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return _PUNCTUATION.sub(" ", plain.casefold()).strip()


class Reading:
    """The papers of a window, read once, and which of them answer an interest exactly."""

    def __init__(self, papers: Sequence[Paper], background: Background) -> None:
        self.papers = tuple(papers)
        self.background = background
        # One string of folded words a paper: a phrase is found by ` one two ` and never across passages.
        self._texts = [_readable(paper) for paper in self.papers]
        self._plain = ["\n".join(passages(paper)).casefold() for paper in self.papers]
        self._lengths = np.array([text.count(" ") for text in self._texts], dtype=np.float64)
        self._mean_length = float(self._lengths.mean()) if len(self._lengths) else 1.0
        self._holding: dict[str, list[int]] = {}
        for number, text in enumerate(self._texts):
            for word in set(text.split()):
                self._holding.setdefault(word, []).append(number)
        self._by_author: dict[str, list[int]] = {}
        for number, paper in enumerate(self.papers):
            for author in {person(author) for author in paper.authors}:
                self._by_author.setdefault(author, []).append(number)

        self._by_category: dict[str, list[tuple[int, float]]] = {}
        for number, paper in enumerate(self.papers):
            for place, category in enumerate(paper.categories):
                self._by_category.setdefault(category.casefold(), []).append((number, 0.5 if place else 1.0))
        self._muted: dict[str, NDArray[np.int64]] = {}

    def holds(self, number: int, phrase: Sequence[str]) -> bool:
        """Whether a paper holds these folded words in a row."""
        return f" {' '.join(phrase)} " in self._texts[number]

    def keyword(self, keyword: str) -> Answers:
        """Papers that hold the phrase, or failing that all its words, or some of its pairs."""
        words = tokenise(keyword)
        content = [word for word in words if word not in STOP_WORDS] or words
        if not words:
            return _NONE
        pairs = [content[at : at + 2] for at in range(len(content) - 1)] if len(content) > 2 else []
        found: dict[int, tuple[float, str]] = {}
        weight = self._weight(words)
        for number in sorted(set().union(*(self._with_all(some) for some in pairs or [content]))):
            whole = self._count(number, words)
            held = [] if whole else [pair for pair in pairs if self.holds(number, pair)]
            if whole:
                found[number] = (_HELD + _TELLING * weight * self._saturated(number, whole), "")
            elif held:
                value = sum(self._weight(pair) for pair in held) * _IN_PIECES / len(pairs)
                found[number] = (
                    _TELLING * value * self._saturated(number, 1),
                    ", ".join(" ".join(pair) for pair in held),
                )
            elif len(content) > 1 and all(self.holds(number, [word]) for word in content):
                value = _TELLING * weight * _SCATTERED * self._saturated(number, 1)
                found[number] = (value, _listed(content))
        return _answers({number: value for number, value in found.items() if value[0] > 0})

    def author(self, name: str) -> Answers:
        """Papers by a person of exactly this name."""
        found = {}
        for number in self._by_author.get(person(name), ()):
            written = next(author for author in self.papers[number].authors if person(author) == person(name))
            found[number] = (AUTHOR, written)
        return _answers(found)

    def category(self, wanted: str) -> Answers:
        """Papers in a category, primary before cross-listed."""
        held = self._in_category(wanted).items()
        values = {1.0: CATEGORY, 0.5: CROSS_LISTED}
        return _answers({number: (values[share], "") for number, share in held})

    def shared_terms(self, number: int, text: str) -> tuple[str, ...]:
        """The weightiest words and pairs of a text that a paper really holds, as the text writes them."""
        written = surfaces(text)
        folded = [fold(word) for word in written]
        spans: dict[tuple[str, ...], str] = {}
        for size in (3, 2, 1):
            for at in range(len(folded) - size + 1):
                span = tuple(folded[at : at + size])
                usual = size == 1 and self.background.share(span[0]) > _USUAL
                if not usual and all(_tells(word) for word in span) and self.holds(number, span):
                    spans.setdefault(span, " ".join(written[at : at + size]))
        ranked = sorted(spans, key=lambda span: (-self.background.specificity(span), -len(span), span))
        kept: list[tuple[str, ...]] = []
        for span in ranked:
            if not any(set(span) & set(other) for other in kept):
                kept.append(span)
        return tuple(spans[span] for span in kept[:_SHOWN])

    def muted(self, phrase: str) -> NDArray[np.int64]:
        """The papers that hold a phrase, or are in a category of that name."""
        if phrase not in self._muted:
            if len(self._muted) > _REMEMBERED:
                self._muted.clear()
            words = tokenise(phrase)
            # Function words alone would mute everything that is written.
            tells = any(word not in STOP_WORDS for word in words)
            held = {number for number in self._candidates(words[:1]) if tells and self.holds(number, words)}
            held |= {number for number, text in enumerate(self._plain) if tells and _mentions(text, phrase)}
            self._muted[phrase] = np.array(sorted(held | set(self._in_category(phrase))), dtype=np.int64)
        return self._muted[phrase]

    def _in_category(self, wanted: str) -> dict[int, float]:
        """Papers in a category: 1 where it is the primary one, else 0.5; an archive (`cs`) holds its categories."""
        folded = _subject(wanted)
        found: dict[int, float] = {}
        for category, numbers in self._by_category.items():
            archive = category.split(".")[0]
            if folded in {category, archive} or (archive.startswith(f"{folded}-") and folded in {"hep", "nucl"}):
                for number, share in numbers:
                    found[number] = max(found.get(number, 0.0), share)
        return found

    def _candidates(self, words: Sequence[str]) -> list[int]:
        """Papers that hold at least one of the words."""
        return sorted({number for word in words for number in self._holding.get(word, ())})

    def _with_all(self, words: Sequence[str]) -> set[int]:
        """Papers that hold every one of the words."""
        holding = sorted((self._holding.get(word, []) for word in set(words)), key=len)
        return set(holding[0]).intersection(*holding[1:])

    def _count(self, number: int, phrase: Sequence[str]) -> int:
        # Spaces are shared by neighbours, so that `a a a` counts its words one by one.
        return self._texts[number].count(f" {' '.join(phrase)} ")

    def _weight(self, words: Sequence[str]) -> float:
        return _GROUND + (1 - _GROUND) * self.background.specificity(words)

    def _saturated(self, number: int, count: int) -> float:
        norm = _K1 * (1 - _B + _B * float(self._lengths[number]) / self._mean_length)
        return count / (count + norm)


_NONE = Answers(np.zeros(0, dtype=np.int64), np.zeros(0))


def _answers(found: Mapping[int, tuple[float, str]]) -> Answers:
    numbers = sorted(found)
    if not numbers:
        return _NONE
    return Answers(
        np.array(numbers, dtype=np.int64),
        np.array([found[number][0] for number in numbers]),
        tuple(found[number][1] for number in numbers),
    )


def _mentions(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase as it is written, case aside: a mute must not slip through a plural's rule."""
    written = " ".join(phrase.casefold().split())
    if not written.isascii() and not _SPACED.search(written):
        return written in text  # a script without blanks between words
    at = text.find(written)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(written) : at + len(written) + 1]
        if not before.isalnum() and not after.isalnum() and after not in {"+", "#"}:  # C is not C++
            return True
        at = text.find(written, at + 1)
    return False


def _readable(paper: Paper) -> str:
    return " " + " | ".join(" ".join(tokenise(passage)) for passage in passages(paper)) + " "


def _tells(word: str) -> bool:
    return len(word) > 1 and word not in STOP_WORDS and word not in RHETORIC


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _subject(written: str) -> str:
    """A category or archive as arXiv writes it, in lower case."""
    return _SUBJECT.sub(".", written.strip().casefold()).removesuffix(".*")


def canonical(interest: Interest) -> tuple[str, str]:
    """What an interest is looked up by: the same wish written in two ways is one."""
    return _canonical(interest.kind, interest.value)


@lru_cache(maxsize=1 << 14)
def _canonical(kind: InterestKind, value: str) -> tuple[str, str]:
    if kind is InterestKind.KEYWORD:
        return kind, " ".join(tokenise(value))
    if kind is InterestKind.AUTHOR:
        return kind, person(value)
    if kind is InterestKind.SEED:
        known = normalise_id(value)
        return kind, known[0] if known else value.strip()
    if kind is InterestKind.CATEGORY:
        return kind, _subject(value)
    if kind in {InterestKind.LIKED, InterestKind.DISLIKED}:
        return kind, value
    return kind, " ".join(value.split())
