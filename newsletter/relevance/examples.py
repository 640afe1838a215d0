"""Examples: how close the papers of a window are to what a reader showed, in words, themes, categories and links.

A profile is one mixture of examples: papers that were named or voted on, and for a few words the papers of the
background that are about them. The four views and their weights were chosen by the replay: see `docs/decisions/032`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack

from newsletter.models import InterestKind, Paper
from newsletter.relevance.features import Background, Marks, key_hash
from newsletter.relevance.rhetoric import RHETORIC
from newsletter.relevance.words import STOP_WORDS, links, tokenise

_SHOWN, _TOLD = (0.03, 0.0035, 0.0005), (0.1, 0.009, 0.006)
"""What themes, categories and links weigh beside the cosine of the words: for papers, and for a few words."""

CLOSE = 0.06
"""From this worth on a paper is called close to an example."""

NOTHING = 0.02
"""A smaller worth is none."""

_CHANCE = 0.045
"""The worth of a paper that is as close as one in twenty of the background is by chance."""

_AGAINST = 0.5  # the most that what is not wanted takes off, in cosines of its words

_FEW = 10  # papers of the background that tell half of what is usual
_RECALLED = 10  # papers of the background that stand for a keyword or a text
_SURPRISE = 0.5  # papers' worth of prior belief in the share of a category
_AT_ONCE = 1_000  # examples read at a time
_CELLS = 4_000_000  # of one table of readers x papers

_TEXT = InterestKind.TEXT
_SAYING = STOP_WORDS | RHETORIC
_BETWEEN = re.compile(r"[,;:.!?)]+(?=\s|$)|[\n(\u3001\u3002\uff0c\uff1b]|(?<=\s)(?:and|or)(?=\s)")
"""What parts one thing that a text names from the next."""

Name = tuple[str, str]
"""What an interest is looked up by: kind and canonical value."""

Mix = Sequence[tuple[int, float]]
"""A reader's examples by number, and how much each counts; below 0 for what they do not want."""


@dataclass(frozen=True, slots=True)
class _Side:
    """Examples, seen from each view."""

    words: csr_matrix  # x terms
    themes: NDArray[np.float64]  # x rank
    categories: csr_matrix  # x categories
    links: csr_matrix  # x links


class Examples:
    """The examples that readers of a window gave, and how close its papers are to each of them."""

    def __init__(self, papers: Sequence[Paper], vectors: csr_matrix, background: Background) -> None:
        """Take the window's papers and their vectors, in one order."""
        self._background = background
        self._papers = len(papers)
        sampled = background.sampled
        marks = [_marks(paper) for paper in papers]
        self._links = _numbered(link for _categories, linked in marks for link in linked)
        marks += [background.marks[number] for number in sampled]
        self._categories = _numbered(category for categories, _linked in marks for category in categories)
        targets = self._side(vstack([vectors, background.corpus[sampled]]).tocsr(), marks)
        self._words = targets.words.T.tocsr()
        self._themes, self._held, self._linked = targets.themes.T, targets.categories, targets.links
        self._shares = np.array([background.category_share(one) for one in self._categories])
        self._link_weights = np.array([background.link_weight(one) for one in self._links])
        self._numbers: dict[Name, int] = {}
        self._targets = len(marks)
        self._sampled = {key: place for place, key in enumerate(background.sampled_keys[: len(sampled)])}
        self.forget()

    def __len__(self) -> int:
        """How many examples are known."""
        return len(self._numbers)

    def number(self, name: Name) -> int:
        """The number of an example that was learned."""
        return self._numbers[name]

    def forget(self) -> None:
        """Drop all of them: numbers given before mean nothing any more."""
        self._numbers.clear()
        self._narrow = np.zeros(self._words.shape[0], dtype=np.int32)  # by term: its number among those of examples
        self._terms = 1  # 0 is a term that none holds
        self._side_of = self._side(csr_matrix((0, self._words.shape[0])), [])
        self._near = np.zeros((0, self._targets), dtype=np.float32)
        self._told = np.zeros(0)  # by example: 1 for words, 0 for a paper
        self._sampled_as = np.zeros(0, dtype=np.int64)  # by example: its place among the sampled papers, or -1

    def learn(self, papers: Mapping[Name, Paper], words: Mapping[Name, str]) -> None:
        """Take examples: papers that are shown, and words that stand for what is written about them."""
        shown = [name for name in papers if name not in self._numbers]
        told = [name for name in words if name not in self._numbers]
        sides = []
        for start in range(0, len(shown), _AT_ONCE):
            found = [papers[name] for name in shown[start : start + _AT_ONCE]]
            sides.append(self._side(self._background.vectors(found), [_marks(paper) for paper in found]))
        for start in range(0, len(told), _AT_ONCE):
            batch = told[start : start + _AT_ONCE]
            sides.append(self._recalled([_parts(words[name]) if name[0] == _TEXT else [words[name]] for name in batch]))
        if sides:
            self._add(sides)
            self._numbers |= {name: number for number, name in enumerate([*shown, *told], len(self._numbers))}
            self._told = np.concatenate([self._told, np.zeros(len(shown)), np.ones(len(told))])
            own = [self._sampled.get(key_hash(papers[name].key), -1) for name in shown]
            self._sampled_as = np.concatenate([self._sampled_as, own, np.full(len(told), -1)]).astype(np.int64)

    def worth(self, mixes: Sequence[Mix]) -> NDArray[np.float64]:
        """For each mixture what every paper of the window is worth, from 0 to 1: mixtures x papers."""
        found = np.zeros((len(mixes), self._papers))
        at_once = max(1, _CELLS // max(1, self._near.shape[1]))
        for start in range(0, len(mixes), at_once):
            found[start : start + at_once] = self._worth(mixes[start : start + at_once])
        return found

    def nearness(self, number: int, paper: int) -> float:
        """The cosine of the words of an example and a paper of the window."""
        return float(self._near[number, paper])

    # ---- learning --------------------------------------------------------------------------------------------------

    def _side(self, words: csr_matrix, marks: Sequence[Marks]) -> _Side:
        held = _table([categories for categories, _linked in marks], self._categories)
        linked = _table([linked for _categories, linked in marks], self._links)
        return _Side(words, self._background.project(words), held, linked)

    def _recalled(self, texts: Sequence[Sequence[str]]) -> _Side:
        """Each text, in its parts, as the papers of the background that are nearest to them."""
        background = self._background
        written = background.vectors([Paper(key="", title=part) for parts in texts for part in parts])
        chosen = background.recall(written, _RECALLED)
        pointers = np.cumsum([0, *map(len, texts)])
        # By words, so that a stray one tells little; a part that meets nothing leaves its share to the others.
        met = np.array([_length(part) for parts in texts for part in parts]) * (np.diff(chosen.indptr) > 0)
        whole = csr_matrix((met, np.arange(len(met)), pointers), shape=(len(texts), len(met)))
        chosen = (diags(1 / _positive(np.asarray(whole.sum(axis=1)).ravel())) @ whole @ chosen).tocsr()
        chosen.sort_indices()
        needed = np.unique(chosen.indices)
        chosen = chosen[:, needed]
        papers = self._side(background.corpus[needed], [background.marks[number] for number in needed])
        return _Side(
            (chosen @ papers.words).tocsr(),
            np.asarray(chosen @ papers.themes),
            (chosen @ papers.categories).tocsr(),
            (chosen @ papers.links).tocsr(),
        )

    def _add(self, sides: Sequence[_Side]) -> None:
        """All at once: what was known before is copied."""
        near = [(side.words @ self._words).toarray().astype(np.float32) for side in sides]
        self._near = np.vstack([self._near, *near])
        every = [self._side_of, *(replace(side, words=self._narrowed(side.words)) for side in sides)]
        words = [
            csr_matrix((one.words.data, one.words.indices, one.words.indptr), (one.words.shape[0], self._terms))
            for one in every
        ]
        self._side_of = _Side(
            vstack(words).tocsr(),
            np.vstack([side.themes for side in every if len(side.themes)]),
            vstack([side.categories for side in every]).tocsr(),
            vstack([side.links for side in every]).tocsr(),
        )

    def _narrowed(self, words: csr_matrix) -> csr_matrix:
        """The same rows over the terms that examples hold: among millions of columns a product crawls."""
        seen = np.unique(words.indices)
        new = seen[self._narrow[seen] == 0]
        self._narrow[new] = np.arange(self._terms, self._terms + len(new))
        self._terms += len(new)
        return csr_matrix((words.data, self._narrow[words.indices], words.indptr), (words.shape[0], self._terms))

    # ---- comparing -------------------------------------------------------------------------------------------------

    def _worth(self, mixes: Sequence[Mix]) -> NDArray[np.float64]:
        chosen = _weights(mixes, len(self._numbers))
        wanted, unwanted = chosen.maximum(0).tocsr(), (-chosen).maximum(0).tocsr()
        total = _positive(np.asarray(wanted.sum(axis=1)).ravel())
        told = (wanted @ self._told / total)[:, None]
        side = self._side_of
        cosines, length = self._cosines(wanted)
        raw = cosines + (_SHOWN[0] * (1 - told) + _TOLD[0] * told) * (
            _units(np.asarray(wanted @ side.themes)) @ self._themes
        )
        raw += (_SHOWN[1] * (1 - told) + _TOLD[1] * told) * np.asarray(self._held @ self._surprise(wanted).T).T
        raw += (_SHOWN[2] * (1 - told) + _TOLD[2] * told) * self._same_place(wanted)
        raw[length == 0] = 0.0
        usual = self._usual(np.where(self._own(wanted), 0.0, raw[:, self._papers :]), told[:, 0])[:, None]
        if unwanted.nnz:
            # It only takes off: what is usual is told by the wishes, so that a vote against a paper lifts no other.
            share = np.minimum(_AGAINST, np.asarray(unwanted.sum(axis=1)).ravel() / total)[:, None]
            raw -= share * self._cosines(unwanted)[0]
        times = np.maximum(raw[:, : self._papers], 0.0) / usual
        # Steep: beyond the floor closeness decides, not how many of some wide phrases a paper happens to hold.
        worth = _CHANCE * times * times * times
        # Rounded: who else is in the table must not show in anybody's last digit.
        found: NDArray[np.float64] = np.round(worth / (1 + worth), 9)
        return found

    def _own(self, wanted: csr_matrix) -> NDArray[np.bool_]:
        """Which of the sampled papers each mixture was shown: of what is usual they tell nothing."""
        known = np.flatnonzero(self._sampled_as >= 0)
        shape = (wanted.shape[1], self._targets - self._papers)
        same = csr_matrix((np.ones(len(known)), (known, self._sampled_as[known])), shape=shape)
        found: NDArray[np.bool_] = (wanted @ same).toarray() > 0
        return found

    def _cosines(self, chosen: csr_matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of the words of each mixture to those of every target, and the mixtures' lengths."""
        length = np.sqrt(_squares(chosen @ self._side_of.words))
        used = np.unique(chosen.indices)
        shape = (chosen.shape[0], len(used))
        chosen = csr_matrix((chosen.data, np.searchsorted(used, chosen.indices), chosen.indptr), shape=shape)
        found = np.asarray(chosen @ self._near[used], dtype=np.float64) / _positive(length)[:, None]
        return found, length

    def _surprise(self, wanted: csr_matrix) -> NDArray[np.float64]:
        """How much commoner each category is among the examples than in the background, as a logarithm."""
        total = _positive(np.asarray(wanted.sum(axis=1)).ravel())[:, None]
        held = (wanted @ self._side_of.categories).toarray() / total
        found: NDArray[np.float64] = np.log((held + _SURPRISE * self._shares) / ((1 + _SURPRISE) * self._shares))
        return found

    def _same_place(self, wanted: csr_matrix) -> NDArray[np.float64]:
        """Papers that link to where the examples link to."""
        common = (wanted @ self._side_of.links).tocsr()
        common = csr_matrix(
            (np.log1p(common.data) * self._link_weights[common.indices], common.indices, common.indptr),
            shape=common.shape,
        )
        found: NDArray[np.float64] = (common @ self._linked.T).toarray()
        return found

    def _usual(self, sampled: NDArray[np.float64], told: NDArray[np.float64]) -> NDArray[np.float64]:
        """What one in twenty papers of the background reaches; a few rare words meet nothing by chance."""
        least = max(self._background.chance / 4, 1e-4)
        if not sampled.shape[1]:
            return np.ones(len(sampled))
        number = sampled.shape[1]
        # Of a few papers the nearest says little of what is usual; words found what stands for them among those few.
        known = np.maximum(told, number / (number + _FEW))
        found: NDArray[np.float64] = np.maximum(known * np.quantile(sampled, 0.95, axis=1), least)
        return found


def _parts(text: str) -> list[str]:
    """What a free text names one by one: papers near to all of it at once would be near to nothing in particular."""
    return [part for part in _BETWEEN.split(text) if part.strip()] or [text]


def _length(part: str) -> float:
    """Words that tell; "I work on" has next to none, and counts only where nothing else was said."""
    return sum(word not in _SAYING for word in tokenise(part)) or 1e-9


def _marks(paper: Paper) -> Marks:
    return paper.categories, tuple(sorted(links(paper)))


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(sorted(set(names)))}


def _table(rows: Sequence[Sequence[str]], columns: Mapping[str, int]) -> csr_matrix:
    """Rows x columns with 1 where a row holds a name; names without a column are left out."""
    held = [sorted({columns[name] for name in row if name in columns}) for row in rows]
    pointers = np.cumsum([0, *map(len, held)])
    indices = np.array([number for row in held for number in row], dtype=np.int32)
    return csr_matrix((np.ones(len(indices)), indices, pointers), shape=(len(rows), len(columns)))


def _weights(mixes: Sequence[Mix], examples: int) -> csr_matrix:
    pointers = np.cumsum([0, *map(len, mixes)])
    numbers = np.array([number for mix in mixes for number, _weight in mix], dtype=np.int32)
    weights = np.array([weight for mix in mixes for _number, weight in mix], dtype=np.float64)
    return csr_matrix((weights, numbers, pointers), shape=(len(mixes), examples))


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values, with 1 in the place of 0: what nothing is divided by."""
    return np.where(values > 0, values, 1.0)


def _squares(matrix: csr_matrix) -> NDArray[np.float64]:
    """The sum of the squares of each row."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.asarray(np.bincount(rows, matrix.data * matrix.data, minlength=matrix.shape[0]), dtype=np.float64)


def _units(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: NDArray[np.float64] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-9)
    return units
