"""Short profiles that a reader of the replay could have written, drawn from their history alone.

What somebody gives of themselves is meant to stand for all of their work: they look at what a word brings (`paperboy
topics try`, the preview of the preferences page) and keep the words that bring papers like theirs, and asked for
examples they name those that the others are like. So words and examples are chosen by one rule, covering: of a few,
each paper of the history is worth the one that stands best for it, and the few with the highest sum are given. How
alike two papers are is told by the features of arxiv-sanity-lite, fitted on the past: a yardstick not Paperboy's own.

* keywords: phrases of one to three written words from the titles of the history. A phrase holds no function word and
  no word of title writing ("approach", "towards"), ends like a noun, is no mere piece of a longer one ("Carlo Tree"),
  and is in use: one in 5,000 papers of the past holds it, since nobody subscribes to a name they coined yesterday.
  `covering`: of the phrases of several words those that cover the history, where a phrase stands for a paper by (idf in
  the past) x (cosine of the paper to the mean of what others wrote that holds the phrase). The idf keeps the wide
  words away, whose mean is a little like everything. What is missing, and rarer and single words, by the older rule,
  `mentions`: the phrases with the most (papers of the history that hold it in title or abstract) x (idf); a single
  word must be in two of them and counts half. No phrase holds another.
* seeds: papers of the history. `covering`: the sum of each paper's best cosine to one of them is highest. The older
  rules: `evenly` spaced in time, from the oldest to the latest; the `latest`; `random`.
* text: "I work on A, B and C." of phrases of two to four words, found as the keywords are, in at most 25 words.

The rules were chosen on the readers for tuning and by what a person would do, never on those of the test; all of them
are told beside each other.

The tokeniser is Paperboy's; the statistics are counted here, so that readers stay the same when the ranking changes.
"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.covering import cover
from benchmarks.replayed import Reader, Stream
from benchmarks.sanity import Sanity
from newsletter.models import Interest, InterestKind, Paper, Profile
from newsletter.relevance.words import STOP_WORDS, fold, tokenise

LONGEST_TEXT = 25  # words
IN_USE = 5_000  # one in so many papers of the past holds a phrase

_TITLE_WRITING = """
    advance advanced advancing adaptive analysis analyzing application approach assessing automated automatic aware
    based benchmark benchmarking better beyond bridging building case challenge comparative comparison comprehensive
    deep effective efficient empirical enabling enhanced enhancing evaluating evaluation exploring fast framework
    general generic get guide guided improved improving insight introducing investigating large-scale lesson leveraging
    make method methodology need new novel overview perspective predict preliminary really rethinking revisiting review
    robust scalable simple strong study survey system task technique toolkit towards understanding unified unifying use
    using way
"""
_EMPTY = STOP_WORDS | frozenset(fold(word) for word in _TITLE_WRITING.split())
_NO_NOUN = re.compile(r"(?:ed|ive|ous|able|ible|ful|less|(?<!retriev)(?<!sign)(?<!remov)(?<!propos)al|[^p]ic)$")
_HALVES = (
    ["aware"],
    ["based"],
    ["driven"],
    ["free"],
    ["guided"],
    ["level"],
    [],
)  # of `retrieval-based`: no words of their own
_EDGES = ".,:;!?()[]{}\"'`$"
_BREAK = re.compile(r"[:;,.?!()\[\]]+(?:\s|$)|\s[(\[\-\u2013\u2014]+\s?")

Phrase = tuple[str, ...]
"""Folded words in a row."""


class Sought:
    """Phrases to be found in papers, by their first word."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._phrases = frozenset(phrases)
        self._sizes: dict[str, set[int]] = defaultdict(set)
        for phrase in self._phrases:
            self._sizes[phrase[0]].add(len(phrase))

    def held(self, paper: Paper) -> set[Phrase]:
        """Those that a paper's title or abstract holds."""
        found: set[Phrase] = set()
        for passage in (paper.title, paper.abstract):
            words = tuple(tokenise(passage))
            for at, word in enumerate(words):
                found.update(words[at : at + size] for size in self._sizes.get(word, ()))
        return found & self._phrases


class Writer:
    """What readers would write of themselves, for all of them at once: the past is counted a single time."""

    def __init__(
        self, stream: Stream, readers: Sequence[Reader], past: Sequence[Paper], yardstick: Sanity | None = None
    ) -> None:
        """Count in `past`, papers listed before any episode, the phrases of the readers' titles.

        Without a yardstick, for a past that is too small for one, a phrase stands for the papers that hold it.
        """
        self._stream = stream
        self.yardstick = yardstick
        self._keys = [paper.key for paper in past]
        self._written = {one.name: _phrases(stream.papers[key].title for key in one.history) for one in readers}
        sought = Sought(phrase for written in self._written.values() for phrase in written)
        self._past = len(past)
        self._holders: dict[Phrase, list[int]] = defaultdict(list)
        for number, paper in enumerate(past):
            for phrase in sought.held(paper):
                self._holders[phrase].append(number)
        self._held = Counter({phrase: len(numbers) for phrase, numbers in self._holders.items()})
        self._pieces = {name: self._fragments(list(written)) for name, written in self._written.items()}

    def _fragments(self, phrases: Sequence[Phrase]) -> set[Phrase]:
        """Phrases that every other time stand within a longer one of the same reader."""
        return {
            short
            for long in phrases
            for short in phrases
            if len(short) < len(long) and self._held[long] * 2 >= max(1, self._held[short]) and _within(short, long)
        }

    def _in_use(self, phrase: Phrase) -> bool:
        return self._held[phrase] * IN_USE >= self._past

    def keywords(
        self, reader: Reader, number: int, sizes: Collection[int] = (1, 2, 3), way: str = "covering"
    ) -> list[str]:
        """The reader's phrases of these numbers of words, as their titles write them, the most telling first."""
        written = {
            phrase: text
            for phrase, text in self._written[reader.name].items()
            if len(text.split()) in sizes and phrase not in self._pieces[reader.name]
        }
        sought = Sought(written)
        holding = [sought.held(self._stream.papers[key]) for key in reader.history]
        chosen = self._covering(reader, number, written, holding) if way == "covering" else []
        own = Counter(phrase for held in holding for phrase in held)

        def worth(phrase: Phrase) -> float:
            return own[phrase] * self._idf(phrase) * (1.0 if " " in written[phrase] else 0.5)

        usable = [phrase for phrase, text in written.items() if " " in text or own[phrase] > 1] or list(written)
        for phrase in sorted(usable, key=lambda one: (not self._in_use(one), -round(worth(one), 9), one)):
            if len(chosen) == number:
                break
            if not any(_within(phrase, other) or _within(other, phrase) for other in chosen):
                chosen.append(phrase)
        return [written[phrase] for phrase in chosen]

    def _covering(
        self, reader: Reader, number: int, written: Mapping[Phrase, str], holding: Sequence[Collection[Phrase]]
    ) -> list[Phrase]:
        """The phrases of several words, in use, that cover the history."""
        phrases = sorted(phrase for phrase, text in written.items() if " " in text and self._in_use(phrase))
        if not phrases:
            return []
        if self.yardstick is None:
            like = np.array([[phrase in held for held in holding] for phrase in phrases], dtype=np.float64)
        else:
            like = self._likeness(reader, phrases, self.yardstick)
        idf = np.array([self._idf(phrase) for phrase in phrases])
        clash = [[_within(one, other) or _within(other, one) for other in phrases] for one in phrases]
        return [phrases[one] for one in cover(like * idf[:, None], number, np.array(clash))]

    def _likeness(self, reader: Reader, phrases: Sequence[Phrase], yardstick: Sanity) -> NDArray[np.float64]:
        """Phrases x papers of the history: the cosine to the mean of what others wrote that holds the phrase."""
        own = set(reader.history)
        found = np.zeros((len(phrases), len(reader.history)))
        mine = yardstick.vectors(reader.history).T
        for place, phrase in enumerate(phrases):
            others = [key for number in self._holders[phrase] if (key := self._keys[number]) not in own]
            mean = csr_matrix(yardstick.vectors(others).sum(axis=0))
            length = math.sqrt(mean.multiply(mean).sum())
            found[place] = (mean @ mine).toarray()[0] / (length or 1.0)
        return found

    def text(self, reader: Reader, way: str = "covering") -> str:
        """A sentence of the reader's own; empty where no title holds a phrase of two words."""
        parts: list[str] = []
        for phrase in self.keywords(reader, 12, (2, 3, 4), way):
            if len(_sentence([*parts, phrase]).split()) > LONGEST_TEXT:
                break
            parts.append(phrase)
        return _sentence(parts) if parts else ""

    def _idf(self, phrase: Phrase) -> float:
        return math.log((self._past + 1) / (self._held[phrase] + 0.5))


def seeds(reader: Reader, number: int, way: str = "covering", yardstick: Sanity | None = None) -> list[str]:
    """So many papers of the history, oldest first, all where there are fewer; without a yardstick evenly spaced."""
    history = reader.history
    if number >= len(history):
        return list(history)
    if way == "covering" and yardstick is not None:
        own = yardstick.vectors(history)
        return [history[place] for place in sorted(cover((own @ own.T).toarray(), number))]
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
    """The phrases of titles, and how they were first written; none reaches over punctuation or cuts `text-to-image`."""
    found: dict[Phrase, str] = {}
    for title in titles:
        for piece in _BREAK.split(title):
            words = [word.strip(_EDGES) for word in piece.split()]
            for size in range(1, longest + 1):
                for at in range(len(words) - size + 1):
                    span = words[at : at + size]
                    if all(map(_tells, span)) and not _NO_NOUN.search(span[-1].lower()):
                        found.setdefault(tuple(tokenise(" ".join(span))), " ".join(span))
    return {phrase: written for phrase, written in found.items() if phrase}


def _tells(word: str) -> bool:
    folded = tokenise(word)
    return len(word) > 1 and not word.isdigit() and " ".join(folded) not in _EMPTY and folded[-1:] not in _HALVES


def _within(short: Phrase, long: Phrase) -> bool:
    return f" {' '.join(short)} " in f" {' '.join(long)} "


def _sentence(parts: Sequence[str]) -> str:
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"I work on {listed}."
