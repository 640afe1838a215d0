"""Themes: what the rolling background is about, as a tree whose leaves are regions of the LSA space.

A day's own tree is brittle: one paper less, and its first merges fall otherwise. The background's stays for a month.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Themes", "fit_themes"]

_THEMES = 64
_SAMPLE = 2_000  # papers from which Ward finds where the themes start; all of them move the themes then
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Themes:
    """The themes of a background: where they lie, and the tree that joins them two by two."""

    scale: NDArray[np.float64]  # rank: how much of the corpus each axis tells
    centres: NDArray[np.float64]  # themes x rank, unit rows
    tree: NDArray[np.int32]  # merge `n` joins two nodes into node `themes + n`

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> "Themes":
        """Those that `fit_themes` found."""
        centres = arrays["theme_centres"].astype(np.float64)
        return cls(arrays["theme_scale"], centres, arrays["theme_tree"])

    def points(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Papers in the space of the themes, unit rows; a row of zeros stays one.

        Each axis counts for as much as it tells: left alike, the many that tell little drown those that part fields.
        """
        return _units(rows * self.scale)

    def nearest(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """The number of the theme each point belongs to, the first of equals."""
        return _nearest(points, self.centres)


def fit_themes(rows: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """Find the themes of a corpus, from its papers on the latent axes, papers x rank; arrays that `Themes.of` reads.

    A corpus of few papers has as many themes as papers; one without papers has none.
    """
    rank = rows.shape[1]
    known = rows[np.any(rows != 0.0, axis=1)]
    scale = np.sqrt((known * known).mean(axis=0)) if len(known) else np.zeros(rank)
    points = _units(known * scale)
    centres, tree = np.zeros((0, rank)), np.zeros((0, 2), np.int32)
    if len(points):
        centres, papers = _settled(points, _starts(points))
        tree = _merges(centres, papers)
    return {
        "theme_scale": scale,
        "theme_centres": centres.astype(np.float32),
        "theme_tree": tree,
    }


def _nearest(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    # Rounded: of two that are equally near the first wins on every machine.
    found: NDArray[np.int64] = np.round(points @ centres.T, 9).argmax(axis=1).astype(np.int64)
    return found


def _units(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: NDArray[np.float64] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-9)
    return units


def _starts(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centres of Ward's groups of an even sample: a start that needs no seed."""
    sample = points[:: max(1, len(points) // _SAMPLE)]
    if len(sample) <= _THEMES:
        return sample
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - late: slow to load, only a fit needs it

    cut = np.asarray(fcluster(linkage(sample, method="ward"), _THEMES, criterion="maxclust"), dtype=np.int64) - 1
    return _means(sample, cut, int(cut.max()) + 1)


def _settled(
    points: NDArray[np.float64], starts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spherical k-means from the starts: themes as unit rows, and how many papers each has."""
    themes, held = starts, _nearest(points, starts)
    for _round in range(_ROUNDS):
        means = _means(points, held, len(themes))
        themes = np.where(np.any(means != 0.0, axis=1, keepdims=True), means, themes)
        moved = _nearest(points, themes)
        if np.count_nonzero(moved != held) <= len(points) // 1_000:
            break
        held = moved
    return themes, np.bincount(moved, minlength=len(themes)).astype(np.float64)


def _means(points: NDArray[np.float64], held: NDArray[np.int64], number: int) -> NDArray[np.float64]:
    """Unit rows: the direction of each group's mean; zeros for a group without points."""
    sums = np.zeros((number, points.shape[1]))
    np.add.at(sums, held, points)
    return _units(sums)


def _merges(themes: NDArray[np.float64], papers: NDArray[np.float64]) -> NDArray[np.int32]:
    """Ward's tree of the themes, each as heavy as its papers: always the two that lose least by becoming one."""
    number = len(themes)
    means, weights, nodes = themes.copy(), np.maximum(papers, 1.0), list(range(number))
    merges = np.zeros((number - 1, 2), np.int32)
    losses = np.array([_losses(means, weights, one) for one in range(number)])
    for merge in range(number - 1):
        one, other = divmod(int(np.round(losses, 12).argmin()), number)
        merges[merge] = nodes[one], nodes[other]
        nodes[one] = number + merge
        both = weights[one] + weights[other]
        means[one] = (weights[one] * means[one] + weights[other] * means[other]) / both
        weights[one], weights[other] = both, np.inf
        losses[other], losses[:, other] = np.inf, np.inf
        losses[one] = _losses(means, weights, one)
        losses[:, one] = losses[one]
    return merges


def _losses(means: NDArray[np.float64], weights: NDArray[np.float64], one: int) -> NDArray[np.float64]:
    """What merging one node with each other costs in squares; infinite for itself and for what is merged already."""
    live = np.isfinite(weights)
    safe = np.where(live, weights, 1.0)
    losses = ((means - means[one]) ** 2).sum(axis=1) * safe * weights[one] / (safe + weights[one])
    losses[~live] = np.inf
    losses[one] = np.inf
    found: NDArray[np.float64] = losses
    return found
