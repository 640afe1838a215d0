"""Cutting the background's tree of themes where a day's papers differ most, and settling the groups on the day."""

import heapq
import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["cut", "largest", "settle"]

_ROUNDS = 1  # more of them make the groups hang on single papers; none, and the themes stay those of the background
_SHARE = 0.3
_SMALL = 30
"""Papers of a day below which a single topic may hold any share of it."""


def largest(papers: int) -> int:
    """How many papers of a day one topic may hold: 30 % of them; on a small day any number."""
    return papers if papers < _SMALL else math.floor(_SHARE * papers)


def cut(
    points: NDArray[np.float64],
    leaves: NDArray[np.int64],
    tree: NDArray[np.int32],
    *,
    least: int,
    most: int,
    worth: float = 0.0,
) -> NDArray[np.int64]:
    """The group of each point, where `leaves` are their themes: the tree is opened where that explains most of the day.

    There are `least` to `most` groups as far as the themes allow; between, a split must explain a share `worth` of the
    day's squares, or open a group that is too large.
    """
    themes, papers = len(tree) + 1, len(points)
    held, sums = np.zeros(2 * themes - 1), np.zeros((2 * themes - 1, points.shape[1]))
    np.add.at(held, leaves, 1.0)
    np.add.at(sums, leaves, points)
    for merge, (one, other) in enumerate(tree, start=themes):
        held[merge] = held[one] + held[other]
        sums[merge] = sums[one] + sums[other]
    squares = papers - float(sums[-1] @ sums[-1]) / max(1, papers)

    def ranked(node: int) -> tuple[bool, float, int]:
        """What is to be opened first: what is too large, then what explains most; down to where the papers part."""
        small = held[node] <= largest(papers)
        while node >= themes:
            one, other = (int(kid) for kid in tree[node - themes])
            if held[one] and held[other]:
                apart = sums[one] / held[one] - sums[other] / held[other]
                return small, -round(float(apart @ apart * held[one] * held[other] / held[node]), 9), node
            node = one if held[one] else other
        return small, 0.0, node

    waiting, closed = [ranked(2 * themes - 2)], set[int]()
    while waiting:
        small, gain, node = heapq.heappop(waiting)
        groups = len(waiting) + len(closed) + 1
        if node < themes or groups >= most or (small and groups >= least and -gain < worth * squares):
            closed.add(node)
        else:
            for kid in tree[node - themes]:
                heapq.heappush(waiting, ranked(int(kid)))
    return _numbered(leaves, tree, closed)


def _numbered(leaves: NDArray[np.int64], tree: NDArray[np.int32], closed: set[int]) -> NDArray[np.int64]:
    """The group of each leaf's points: the closed node above it, numbered from 0 without gaps."""
    themes = len(tree) + 1
    above = np.arange(2 * themes - 1)
    for node in range(2 * themes - 2, themes - 1, -1):
        for kid in tree[node - themes]:
            if int(kid) not in closed:
                above[kid] = above[node]
    found: NDArray[np.int64] = np.unique(above[leaves], return_inverse=True)[1].astype(np.int64)
    return found


def settle(points: NDArray[np.float64], groups: NDArray[np.int64], rounds: int = _ROUNDS) -> NDArray[np.int64]:
    """Let each point go to the group whose mean it is nearest to, so many times; a full group keeps its nearest.

    Groups that lose every point are gone; the rest are numbered from 0 without gaps.
    """
    for _round in range(rounds):
        number = int(groups.max(initial=-1)) + 1
        sums = np.zeros((number, points.shape[1]))
        np.add.at(sums, groups, points)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 1e-9)
        moved = _assigned(np.round(points @ centres.T, 9), largest(len(points)))
        if (moved == groups).all():
            break
        groups = np.unique(moved, return_inverse=True)[1].astype(np.int64)
    return groups


def _assigned(nearness: NDArray[np.float64], room: int) -> NDArray[np.int64]:
    """The nearest group of each point; what a group has no room for goes, the farthest first, to its next nearest."""
    found: NDArray[np.int64] = nearness.argmax(axis=1)
    open_to = nearness.copy()
    while True:
        sizes = np.bincount(found, minlength=nearness.shape[1])
        full = int(sizes.argmax())
        open_to[:, sizes >= room] = -np.inf
        if sizes[full] <= room or not np.isfinite(open_to).any():
            return found
        members = np.flatnonzero(found == full)
        order = members[np.argsort(-nearness[members, full], kind="stable")]
        over = order[room:]
        found[over] = open_to[over].argmax(axis=1)
