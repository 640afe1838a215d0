"""Variety: which of the papers that reach a reader's floor are told, so that one theme does not fill the digest."""

from collections.abc import Hashable, Sequence
from functools import lru_cache
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

STRENGTH = 0.25
"""How much of its worth a paper loses beside one just like it; `benchmarks/variety.py` tells what that costs."""

_ALIKE = 0.2
"""Cosine in LSA space from which papers are of one theme; three pairs in four of a reader's best are below it."""

_SAME = 255  # the byte of a paper beside itself


class Likeness:
    """How alike the papers of a window are, told row by row: only rows of papers that somebody is sent are needed."""

    def __init__(self, points: NDArray[np.float64]) -> None:
        """Take unit rows, papers x rank, as `Background.project` makes them; a row of zeros is like nothing."""
        self._points = np.ascontiguousarray(points, dtype=np.float64)
        self._rows: dict[int, bytes] = {}

    def row(self, number: int) -> bytes:
        """How like a paper each paper is: a byte each, from 0, another theme, to 255, the same words."""
        row = self._rows.get(number)
        if row is None:
            cosines = self._points @ self._points[number]
            steps = np.rint(np.clip((cosines - _ALIKE) / (1.0 - _ALIKE), 0.0, 1.0) * _SAME)
            # Bytes: read one by one they are three times as fast as an array, and a month's papers stay small.
            row = self._rows[number] = steps.astype(np.uint8).tobytes()
        return row


def choose(
    ordered: Sequence[int],
    worth: Sequence[float],
    likeness: Likeness,
    topics: Sequence[Hashable],
    most: int,
    per_topic: int,
    strength: float = STRENGTH,
) -> list[int]:
    """At most `most` of the papers, `per_topic` of one topic, best first; Other is a topic like any.

    `ordered` are paper numbers, best first, and `worth` what each of them is worth, above 0; `topics` is by paper
    number. Again and again the paper that is worth most is taken, and what is left loses up to `strength` of its worth
    for each taken paper it is like. So the best paper is always there, and a worth itself is never changed.
    Equals: by number.
    """
    if len(ordered) <= min(most, per_topic):
        return list(ordered)
    keeps = _keeps(strength)
    taken: dict[Hashable, int] = {}
    places: list[int] = []
    rows: list[bytes] = []
    # A paper only ever loses worth, so one that was not looked at yet is worth at most what it was at first: few are
    # looked at. Of those: what they were last found to be worth, and beside how many of the taken ones.
    seen: list[tuple[float, int, int, int]] = []
    unseen, papers = 0, len(ordered)
    while len(places) < most:
        while unseen < papers and (not seen or -worth[unseen] <= seen[0][0]):
            heappush(seen, (-worth[unseen], ordered[unseen], 0, unseen))
            unseen += 1
        if not seen:
            break
        value, number, beside, place = heappop(seen)
        if taken.get(topics[number], 0) >= per_topic:
            continue
        if beside < len(rows):
            kept = 1.0
            for row in rows[beside:]:
                kept *= keeps[row[number]]
            if kept < 1.0:
                heappush(seen, (round(value * kept, 12), number, len(rows), place))
                continue
        taken[topics[number]] = taken.get(topics[number], 0) + 1
        places.append(place)
        if len(places) < most:
            rows.append(likeness.row(number))
    return [ordered[place] for place in sorted(places)]


@lru_cache(maxsize=16)
def _keeps(strength: float) -> tuple[float, ...]:
    """What is kept of a worth, by the byte of likeness."""
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"variety: the strength is {strength}; it must be from 0 (none) to 1")
    return tuple(1.0 - strength * step / _SAME for step in range(_SAME + 1))
