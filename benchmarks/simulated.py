"""Short profiles that a reader of the replay could have written, drawn from their history alone.

* keywords: distinct phrases of one to three words as they stand in the titles of the history, ranked by (papers of the
  history that hold the phrase in title or abstract) x (idf of the phrase in the past of the stream). A phrase neither
  begins nor ends with a function word or a word of title writing ("approach", "towards"), and holds no other one.
  That is a person who knows well what they work on; who writes carelessly finds less.
* seeds: papers of the history, evenly spaced in time, from the oldest to the latest: somebody asked for examples of
  what they work on names old and new ones. `latest` and `random` are the other two ways that were thought of.
* text: "I work on A, B and C." of phrases of two to four words, found as the keywords are, in at most 25 words.

The tokeniser is Paperboy's; the statistics are counted here, so that readers stay the same when the ranking changes.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.replayed import Reader, Stream
from newsletter.models import Interest, InterestKind, Paper, Profile
from newsletter.relevance.words import STOP_WORDS, fold, surfaces

LONGEST_TEXT = 25  # words

_TITLE_WRITING = """
    advance advancing analysis application approach based beyond bridging case challenge comparative comparison
    comprehensive effective efficient empirical enabling enhanced enhancing evaluating evaluation exploring framework
    general generic guide improved improving insight introducing investigating lesson leveraging method methodology
    need new novel overview perspective preliminary rethinking revisiting review robust scalable simple study survey
    system technique toolkit towards understanding unified unifying use using way
"""
_EMPTY = STOP_WORDS | frozenset(fold(word) for word in _TITLE_WRITING.split())

Phrase = tuple[str, ...]
"""Folded words in a row."""


class Writer:
    """What readers would write of themselves, for all of them at once: the past is counted a single time."""

    def __init__(self, stream: Stream, readers: Sequence[Reader], past: Sequence[Paper]) -> None:
        """Count in `past`, papers listed before any episode, the phrases of the readers' titles."""
        self._stream = stream
        self._written = {
            reader.name: _phrases(stream.papers[key].title for key in reader.history) for reader in readers
        }
        asked = {phrase for written in self._written.values() for phrase in written}
        self._past = len(past)
        self._held: Counter[Phrase] = Counter()
        for paper in past:
            self._held.update(_held(paper, asked))

    def keywords(self, reader: Reader, number: int, sizes: Iterable[int] = (1, 2, 3)) -> list[str]:
        """The reader's phrases of these numbers of words, as their titles write them, the most telling first."""
        allowed = set(sizes)
        written = {phrase: text for phrase, text in self._written[reader.name].items() if len(phrase) in allowed}
        own: Counter[Phrase] = Counter()
        for key in reader.history:
            own.update(_held(self._stream.papers[key], written))
        chosen: list[Phrase] = []
        for phrase in sorted(written, key=lambda one: (-own[one] * self._idf(one), one)):
            if len(chosen) == number:
                break
            if not any(_within(phrase, other) or _within(other, phrase) for other in chosen):
                chosen.append(phrase)
        return [written[phrase] for phrase in chosen]

    def text(self, reader: Reader) -> str:
        """A sentence of the reader's own; empty where no title holds a phrase of two words."""
        parts: list[str] = []
        for phrase in self.keywords(reader, 12, (2, 3, 4)):
            if len(" ".join(_sentence([*parts, phrase])).split()) > LONGEST_TEXT:
                break
            parts.append(phrase)
        return " ".join(_sentence(parts)) if parts else ""

    def _idf(self, phrase: Phrase) -> float:
        return math.log((self._past + 1) / (self._held[phrase] + 0.5))


def seeds(reader: Reader, number: int, way: str = "evenly") -> list[str]:
    """So many papers of the history, all where there are fewer: `evenly` spaced in time, the `latest`, or `random`."""
    history = reader.history
    if number >= len(history):
        return list(history)
    if way == "latest":
        return list(history[-number:])
    if way == "random":
        return random.Random(f"{reader.name} {number}").sample(history, number)
    last = len(history) - 1
    return [history[last if number == 1 else round(at * last / (number - 1))] for at in range(number)]


def profile_of(kind: InterestKind, values: Iterable[str]) -> Profile:
    """A profile of interests of one kind, without anything but the ranking in mind."""
    return Profile(tuple(Interest(kind, value) for value in values if value))


def _phrases(titles: Iterable[str], longest: int = 4) -> dict[Phrase, str]:
    """The phrases of titles, and how they were first written; none reaches over punctuation or a line of its own."""
    found: dict[Phrase, str] = {}
    for title in titles:
        for piece in _pieces(title):
            written = surfaces(piece)
            folded = [fold(word) for word in written]
            for size in range(1, longest + 1):
                for at in range(len(folded) - size + 1):
                    phrase = tuple(folded[at : at + size])
                    if _tells(phrase[0]) and _tells(phrase[-1]):
                        found.setdefault(phrase, " ".join(written[at : at + size]))
    return found


def _pieces(title: str) -> list[str]:
    for mark in ":;,?!()[]":
        title = title.replace(mark, "\n")
    return title.split("\n")


def _tells(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and word not in _EMPTY


def _held(paper: Paper, asked: Mapping[Phrase, str] | set[Phrase]) -> set[Phrase]:
    """The asked phrases that a paper's title or abstract holds."""
    found: set[Phrase] = set()
    for passage in (paper.title, paper.abstract):
        words = tuple(fold(word) for word in surfaces(passage))
        for size in range(1, 5):
            found.update(words[at : at + size] for at in range(len(words) - size + 1))
    return {phrase for phrase in found if phrase in asked}


def _within(short: Phrase, long: Phrase) -> bool:
    return f" {' '.join(short)} " in f" {' '.join(long)} "


def _sentence(parts: Sequence[str]) -> list[str]:
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return ["I", "work", "on", f"{listed}."]
