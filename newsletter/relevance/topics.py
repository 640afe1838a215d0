"""Grouping: the papers of one edition into topics, without a seed; what does not cohere is Other."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.models import OTHER, Paper, Topic
from newsletter.relevance.features import Background
from newsletter.relevance.labels import label_groups
from newsletter.relevance.naming import Earlier, keep_names
from newsletter.relevance.noticed import noticed
from newsletter.relevance.tree import cut, largest, settle

_WORTH = 0.008  # share of the day's squares that a further topic must explain
_LEAST = 2  # papers that make a topic
_TIGHT = 0.03  # how much closer than any two papers of the day the papers of a topic are to each other
_ATTACHED = 0.2  # cosine of a paper to its topic's centre, below which it is only there for want of a better place
_NEAR = 0.25
"""Cosine to the centre of a topic from which a paper without a group of its own joins it."""


def group(papers: Sequence[Paper], background: Background, *, earlier: Sequence[Earlier] = ()) -> tuple[Topic, ...]:
    """Put every paper in exactly one topic, most noticed and largest first, Other last; in any order given.

    The background's tree of themes, opened where this day's papers differ most; no topic takes more than 30 % of a day.
    A group that continues a topic of the editions before (`earlier`) keeps its name.
    """
    ordered = sorted({paper.key: paper for paper in papers}.values(), key=lambda paper: paper.key)
    if not ordered:
        return ()
    vectors = background.vectors(ordered)
    points = background.project(vectors)
    groups, loose = _coherent(points, cluster(vectors, background))
    members = [[ordered[number] for number in numbers] for numbers in groups]
    alone = [ordered[number] for number in loose]
    names = keep_names(label_groups(members, alone, background), members, alone, background, earlier)
    loose.extend(number for name, numbers in zip(names, groups, strict=True) if name is None for number in numbers)
    groups = [numbers for name, numbers in zip(names, groups, strict=True) if name is not None]
    groups, loose = _joined(points, groups, sorted(loose))
    topics, weights = [], {}
    for name, numbers in zip((name for name in names if name is not None), groups, strict=True):
        held = [ordered[number] for number in numbers]
        topics.append(Topic(name.key, name.label, name.terms, tuple(paper.key for paper in held)))
        weights[name.key] = _weight(held)
    topics.sort(key=lambda topic: (-weights[topic.key], topic.key))
    if loose:
        keys = tuple(ordered[number].key for number in loose)
        topics.append(Topic(key="other", label=OTHER, terms=(), paper_keys=keys, kind="other"))
    return tuple(topics)


def _weight(papers: Sequence[Paper]) -> float:
    """How much of the day's attention a topic has: its size, and what was noticed in it."""
    return math.fsum(1.0 + 4.0 * noticed(paper) for paper in papers)


def cluster(vectors: csr_matrix, background: Background, number: int | None = None) -> NDArray[np.int64]:
    """The group of each row of `vectors`, from 0 without gaps; as many groups as `number`, or as the papers part into.

    The background's tree of themes is opened where the papers differ most, then each paper goes where it is nearest.
    """
    papers, themes = vectors.shape[0], background.themes
    if not papers or not len(themes.centres):
        return np.zeros(papers, dtype=np.int64)
    points = themes.points(background.latent(vectors))
    least, most = bounds(papers) if number is None else (number, number)
    return settle(points, cut(points, themes.nearest(points), themes.tree, least=least, most=most, worth=_WORTH))


def bounds(papers: int) -> tuple[int, int]:
    """How few and how many groups read well: about 4 to 15 papers each, at most 12 for 60 papers and 20 for 220."""
    most = max(1, min(papers // 4 + 1, 12 + max(0, papers - 60) // 20, 20))
    return min(math.ceil(papers / 15), 6, most), most


def _coherent(points: NDArray[np.float64], cut: NDArray[np.int64]) -> tuple[list[list[int]], list[int]]:
    """Paper numbers of each tight group, most central first, and of the loose rest, in order."""
    overall = _mean_cosine(points)
    groups: list[list[int]] = []
    loose: list[int] = []
    for number in range(int(cut.max()) + 1):
        members = np.flatnonzero(cut == number)
        centre = points[members].sum(axis=0)
        length = float(np.linalg.norm(centre))
        nearness = points[members] @ centre / length if length > 1e-9 else np.zeros(len(members))
        attached = members[nearness >= _ATTACHED]
        if len(attached) < _LEAST or _mean_cosine(points[attached]) < overall + _TIGHT:
            loose.extend(int(member) for member in members)
            continue
        loose.extend(int(member) for member in members[nearness < _ATTACHED])
        central = sorted(zip(-np.round(nearness, 9), members, strict=True))
        groups.append([int(member) for near, member in central if -near >= _ATTACHED])
    return groups, sorted(loose)


def _joined(
    points: NDArray[np.float64], groups: Sequence[Sequence[int]], loose: Sequence[int]
) -> tuple[list[list[int]], list[int]]:
    """Put each loose paper at the end of the topic it is near enough to and that has room; the rest stays loose."""
    joined = [list(numbers) for numbers in groups]
    if not groups:
        return joined, list(loose)
    centres = np.array([points[list(numbers)].sum(axis=0) for numbers in groups])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    left, added = [], []
    for number in loose:
        nearness = centres @ points[number]
        best = int(nearness.argmax())
        if nearness[best] >= _NEAR:
            added.append((-round(float(nearness[best]), 9), number, best))
        else:
            left.append(number)
    room = largest(len(points))
    for _nearness, number, best in sorted(added):
        (joined[best] if len(joined[best]) < room else left).append(number)
    return joined, sorted(left)


def _mean_cosine(points: NDArray[np.float64]) -> float:
    """Mean cosine of two different papers."""
    number = len(points)
    if number < 2:
        return 0.0
    total = points.sum(axis=0)
    return float((total @ total - (points * points).sum()) / (number * (number - 1)))
