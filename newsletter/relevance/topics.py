"""Grouping: the papers of one edition into topics, without a seed; what does not cohere is Other."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.models import OTHER, Paper, Topic
from newsletter.relevance.features import Background
from newsletter.relevance.gathering import gather
from newsletter.relevance.labels import Name, label_groups, telling_terms
from newsletter.relevance.naming import Earlier, continued, keep_names
from newsletter.relevance.noticed import noticed
from newsletter.relevance.tree import cut, largest, settle

_WORTH = 0.01  # share of the day's squares that a further topic must explain
_LEAST = 2  # papers that make a topic
_TIGHT = 0.03  # how much closer than any two papers of the day the papers of a topic are to each other
_ATTACHED = 0.2  # cosine of a paper to its topic's centre, below which it is only there for want of a better place
_NEAR, _SURELY_NEAR = 0.25, 0.1
"""Cosine to the centre of a topic from which a paper joins it that says its heading once; that is surely about it."""
_FITS = 0.2  # what a heading that is surely true counts beside the nearness, where several fit
_CLOSE = 0.15  # cosine from which a paper belongs to a topic though no cue of the heading is in it
_KNOWING = 1_000  # papers of a background that tells what is close; among few all are
_LARGE, _APART = 100, 4  # papers of a day from which so many are asked that lie apart and are of one field


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
    new = label_groups(members, alone, background)
    names = keep_names(new, continued(new, members, alone, background, earlier))
    titled = [(name, numbers) for name, numbers in zip(names, groups, strict=True) if name is not None]
    sure = np.array([[name.fits(paper) for name, _numbers in titled] for paper in ordered]).reshape(len(ordered), -1)
    placed = place(points, [numbers for _name, numbers in titled], sure, knows=background.size >= _KNOWING)
    found = [
        (name, [ordered[number] for number in numbers])
        for (name, _numbers), numbers in zip(titled, placed, strict=True)
        if numbers
    ]
    found += _gathered(ordered, points, found, background)
    loose_papers = _without(ordered, found)
    terms = telling_terms([mine for _name, mine in found], loose_papers, background)
    topics = [
        (-_weight(mine), Topic(name.key, name.label, told, tuple(paper.key for paper in mine)))
        for (name, mine), told in zip(found, terms, strict=True)
    ]
    topics.sort(key=lambda one: (one[0], one[1].key))
    other = Topic("other", OTHER, (), tuple(paper.key for paper in loose_papers), kind="other")
    return (*(topic for _weight, topic in topics), *([other] if loose_papers else []))


def _without(papers: Sequence[Paper], topics: Sequence[tuple[Name, Sequence[Paper]]]) -> list[Paper]:
    held = {paper.key for _name, mine in topics for paper in mine}
    return [paper for paper in papers if paper.key not in held]


def _gathered(
    ordered: Sequence[Paper],
    points: NDArray[np.float64],
    found: Sequence[tuple[Name, Sequence[Paper]]],
    background: Background,
) -> list[tuple[Name, list[Paper]]]:
    """Topics of the papers that are in none, each most central first."""
    labels, (_fewest, most) = [name.label for name, _mine in found], bounds(len(ordered))
    least = _LEAST if len(ordered) < _LARGE else _APART
    room, most = largest(len(ordered)), most - len(found)
    topics = gather(_without(ordered, found), labels, background, least=least, room=room, most=most)
    number = {paper.key: place for place, paper in enumerate(ordered)}
    central = []
    for name, mine in topics:
        at = [number[paper.key] for paper in mine]
        nearness = np.round(points[at] @ points[at].sum(axis=0), 9)
        central.append((name, [ordered[place] for _near, place in sorted(zip(-nearness, at, strict=True))]))
    return central


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


def place(
    points: NDArray[np.float64], groups: Sequence[Sequence[int]], sure: NDArray[np.float64], *, knows: bool
) -> list[list[int]]:
    """The papers of each group once its heading is known: those it is true for; the others are in none.

    `sure` says how surely each heading is true for each paper, papers x groups. A paper that a heading is not true for
    leaves the group, but where the background `knows` enough to say that it is close all the same. Then each paper
    without a group joins the one whose heading fits it best, the nearest of them, where there is room. A group with
    fewer than two papers left is empty.
    """
    centres = _centres(points, groups, sure)
    nearness = np.round(points @ centres.T, 9)
    true = sure > 0 if not knows else (sure > 0) | (nearness >= _CLOSE)
    left = [[number for number in numbers if true[number, group]] for group, numbers in enumerate(groups)]
    fitting = np.where(sure >= 1, nearness >= _SURELY_NEAR, true & (nearness >= _NEAR))
    left = [numbers if len(numbers) >= _LEAST else [] for numbers in left]
    open_to = fitting & np.array([bool(numbers) for numbers in left], dtype=np.bool_)
    _join(left, np.where(open_to, nearness + _FITS * sure, -np.inf))
    return left


def _centres(
    points: NDArray[np.float64], groups: Sequence[Sequence[int]], sure: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Unit rows: where the papers of each group are that its heading is true for; of all, where it is for none."""
    centres = np.zeros((len(groups), points.shape[1]))
    for group, numbers in enumerate(groups):
        core = [number for number in numbers if sure[number, group] > 0] or list(numbers)
        centres[group] = points[sorted(core)].sum(axis=0)
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    units: NDArray[np.float64] = np.divide(centres, lengths, out=np.zeros_like(centres), where=lengths > 1e-9)
    return units


def _join(groups: list[list[int]], worth: NDArray[np.float64]) -> None:
    """Put each paper that is in no group at the end of the one it is worth most in and that has room; best first."""
    held = {number for numbers in groups for number in numbers}
    offers = sorted(
        (-float(worth[number, group]), number, group)
        for number, group in zip(*np.nonzero(np.isfinite(worth)), strict=True)
        if number not in held
    )
    room = largest(len(worth))
    for _worth, number, group in offers:
        if number not in held and len(groups[group]) < room:
            groups[group].append(int(number))
            held.add(number)


def _mean_cosine(points: NDArray[np.float64]) -> float:
    """Mean cosine of two different papers."""
    number = len(points)
    if number < 2:
        return 0.0
    total = points.sum(axis=0)
    return float((total @ total - (points * points).sum()) / (number * (number - 1)))
