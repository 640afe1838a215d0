"""Peers of the replay: arxiv-sanity-lite's recipe (MIT), the centroid of its features, and chance.

The recipe: title and abstract once, TF-IDF of 1- and 2-grams, 20,000 features, sublinear, English stop words, its token
pattern, min_df 5, max_df .3; one LinearSVC a reader (C .01, balanced), whose negatives are 3,000 background papers.
"""

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from benchmarks.replayed import Episode, Reader, Stream
from newsletter.models import Paper

NEGATIVES = 3_000


class Sanity:
    """The recipe's features, fitted on papers of the past, and its rankings of any day."""

    def __init__(self, stream: Stream, past: Sequence[Paper]) -> None:
        """Fit on `past`; ValueError where it is too small to hold a vocabulary."""
        vectorizer = TfidfVectorizer(
            stop_words="english",
            token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",
            ngram_range=(1, 2),
            max_features=20_000,
            sublinear_tf=True,
            min_df=5,
            max_df=0.3,
        )
        fitted = vectorizer.fit_transform([_text(paper) for paper in past])
        self._stream = stream
        self._rows = {paper.key: number for number, paper in enumerate(past)}
        others = [paper for key, paper in stream.papers.items() if key not in self._rows]
        self._rows |= {paper.key: len(past) + number for number, paper in enumerate(others)}
        later = vectorizer.transform([_text(paper) for paper in others]) if others else fitted[:0]
        self._vectors: csr_matrix = vstack([fitted, later]).tocsr()
        keys = sorted(paper.key for paper in past)
        self._negatives = random.Random(0).sample(keys, min(NEGATIVES, len(keys)))
        self._svms: dict[str, NDArray[np.float64]] = {}
        self._centroids: dict[str, NDArray[np.float64]] = {}

    def vectors(self, keys: Sequence[str]) -> csr_matrix:
        """Unit rows of its features, one a paper."""
        return self._vectors[[self._rows[key] for key in keys]]

    def by_centroid(self, episode: Episode) -> tuple[str, ...]:
        """The day's papers by their cosine to the mean of the history."""
        reader = episode.reader
        if reader.name not in self._centroids:
            self._centroids[reader.name] = np.asarray(self.vectors(reader.history).sum(axis=0)).ravel()
        return self._ranked(episode, self._centroids[reader.name])

    def by_svm(self, episode: Episode) -> tuple[str, ...]:
        """The day's papers by the reader's own support vector machine."""
        reader = episode.reader
        if reader.name not in self._svms:
            self._svms[reader.name] = self._svm(reader)
        return self._ranked(episode, self._svms[reader.name])

    def _svm(self, reader: Reader) -> NDArray[np.float64]:
        own = set(reader.history)
        negatives = [key for key in self._negatives if key not in own]
        if not negatives:
            return np.zeros(self._vectors.shape[1])
        machine = LinearSVC(C=0.01, class_weight="balanced", max_iter=10_000, tol=1e-6, random_state=0)
        examples = vstack([self.vectors(reader.history), self.vectors(negatives)])
        machine.fit(examples, [1] * len(reader.history) + [0] * len(negatives))
        weights: NDArray[np.float64] = machine.coef_.ravel()
        return weights

    def _ranked(self, episode: Episode, weights: NDArray[np.float64]) -> tuple[str, ...]:
        keys = self._stream.candidates(episode.day)
        return by_score(keys, self.vectors(keys) @ weights)


def by_chance(stream: Stream, episodes: Sequence[Episode]) -> dict[Episode, tuple[str, ...]]:
    """Any order, for each episode."""
    chance = np.random.default_rng(0)
    found = {}
    for episode in episodes:
        keys = stream.candidates(episode.day)
        found[episode] = by_score(keys, chance.random(len(keys)))
    return found


def by_score(keys: Sequence[str], scores: NDArray[np.float64]) -> tuple[str, ...]:
    """Best first; equal ones by key, as `keys` stand."""
    return tuple(keys[number] for number in np.lexsort((np.arange(len(keys)), -np.round(scores, 9))))


def _text(paper: Paper) -> str:
    return f"{paper.title} {paper.abstract}"
