"""Covering: the few of many that stand best for all of a person's papers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def cover(worth: NDArray[np.float64], number: int, clash: NDArray[np.bool_] | None = None) -> list[int]:
    """At most so many rows that do not clash, in the order taken: each column is worth the best of its chosen rows.

    Facility location: `worth` is choices x papers and never below 0, `clash` choices x choices. The best is added one
    at a time, then one is exchanged for another as long as that helps; of equal choices the first is taken.
    """
    apart = np.zeros((len(worth), len(worth)), dtype=np.bool_) if clash is None else clash.copy()
    np.fill_diagonal(apart, val=True)
    chosen: list[int] = []
    while len(chosen) < number and (one := _best(worth, apart, chosen)) is not None:
        chosen.append(one)
    place = 0
    while place < len(chosen):
        kept = [*chosen[:place], *chosen[place + 1 :]]
        one = _best(worth, apart, kept)
        if one is not None and _covered(worth, [*kept, one]) > _covered(worth, chosen):
            chosen, place = [*chosen[:place], one, *chosen[place + 1 :]], 0
        else:
            place += 1
    return chosen


def _best(worth: NDArray[np.float64], apart: NDArray[np.bool_], kept: Sequence[int]) -> int | None:
    """What adds most to those kept; None where nothing is left beside them."""
    left = np.flatnonzero(~apart[:, list(kept)].any(axis=1))
    if not len(left):
        return None
    reached = worth[list(kept)].max(axis=0) if kept else np.zeros(worth.shape[1])
    totals = np.round(np.maximum(worth[left], reached).sum(axis=1), 9)
    return int(left[np.argmax(totals)])


def _covered(worth: NDArray[np.float64], chosen: Sequence[int]) -> float:
    return round(float(worth[list(chosen)].max(axis=0).sum()), 9)
