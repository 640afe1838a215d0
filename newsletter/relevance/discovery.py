"""Discovery: one paper from beyond a reader's interests, that others noticed; labelled as such."""

import hashlib
import math
from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from newsletter.models import OTHER, Paper
from newsletter.relevance.noticed import figures, noticed

_SHARE = 0.1  # of the papers, the most noticed
_FEWEST = 8  # that many where a tenth is less: readers are not all to get the same one
_CENTRAL = 1 / 3  # the third paper of a topic
_ASIDE = 0.5
"""From this share of the floor on, a score says that a paper has something to do with the interests."""


class Beyond:
    """The papers of a window that may surprise somebody, prepared once for many readers."""

    def __init__(self, papers: Sequence[Paper], topics: Sequence[str], centrality: Sequence[float]) -> None:
        """Take the window's papers, and by paper the label of its topic and how central it is there, 1 for the first.

        Where papers have figures: those noticed more than half of them, at most a tenth of the window, or eight.
        Where none has: the three most central of each topic but Other, the first one most likely.
        """
        self._topics = topics
        worth = np.array([noticed(paper) for paper in papers])
        self._counted = bool(np.any(worth > 0))
        if self._counted:
            numbers = _most_noticed(worth)
        else:
            worth = np.array(centrality)
            central = [place for place, topic in enumerate(topics) if topic != OTHER and centrality[place] >= _CENTRAL]
            numbers = np.array(central, dtype=np.intp)
        self._weights = worth[numbers]
        self.numbers: tuple[int, ...] = tuple(numbers.tolist())
        self._hashes = np.array([_hash(papers[number].key) for number in self.numbers], dtype=np.uint64)

    def discover(
        self,
        reader: str,
        day: date,
        chosen: Collection[int],
        scores: NDArray[np.float64],
        floor: float,
        barred: NDArray[np.bool_],
    ) -> int | None:
        """The number of one reader's paper on a day, or None; the better noticed a paper, the more readers get it.

        None without a digest (`chosen` is empty) or a reader's name. Never a paper that is chosen, `barred` (muted, or
        answered by an interest) or scores near the floor or above; of a topic of the digest only where there is no
        other, and with figures: what is central to a topic that the digest holds is not beyond it. The same reader
        gets the same paper however often the day's digest is cut.
        """
        if not reader or not chosen or not self.numbers:
            return None
        told = set(chosen)
        held = {self._topics[number] for number in told} - {OTHER}
        spare: int | None = None
        order: list[int] = np.argsort(self._waits(reader, day), kind="stable").tolist()
        for number in map(self.numbers.__getitem__, order):
            if number in told or barred[number] or not _aside(float(scores[number]), floor):
                continue
            if self._topics[number] not in held:
                return number
            if spare is None and self._counted:
                spare = number
        return spare

    def _waits(self, reader: str, day: date) -> NDArray[np.float64]:
        """How long each paper makes this reader wait, exponential with its weight: the first one is drawn by weight.

        A wait depends on reader, day and paper only, so one paper more or less changes nothing between the others.
        """
        mixed = self._hashes ^ np.uint64(_hash(f"{day.isoformat()} {reader}"))
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # the finaliser of splitmix64
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
        even = ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
        waits: NDArray[np.float64] = -np.log(even) / self._weights
        return waits


def clause(paper: Paper, topic: str) -> str:
    """Why the paper is there, in true words: `43 upvotes, outside what you follow`."""
    return f"{figures(paper) or f'central to {topic}'}, outside what you follow"


def _most_noticed(worth: NDArray[np.float64]) -> NDArray[np.intp]:
    """The numbers of the papers noticed more than is usual among those with figures, by number."""
    told = worth[worth > 0]
    above = np.flatnonzero(worth > (np.median(told) if len(told) > 1 else 0.0))
    most = max(_FEWEST, math.ceil(_SHARE * len(worth)))
    return np.sort(above[np.lexsort((above, -worth[above]))][:most])


def _aside(score: float, floor: float) -> bool:
    """Neither wanted nor, with a score below nothing, voted against."""
    return abs(score) < _ASIDE * floor or score == 0.0


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")
