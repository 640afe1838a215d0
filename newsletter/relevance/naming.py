"""Names that stay: a group of today that continues a topic of the last days keeps its name, while the name is true."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.fields import about, knows
from newsletter.relevance.labels import Name, read_alike
from newsletter.relevance.rhetoric import BARE, BROAD
from newsletter.relevance.words import passages, tokenise

CENTRAL = 12
"""How many papers of an earlier topic say what it was about: its most central ones."""

_CONTINUES = 0.7  # cosine of the centres from which a group is about what the topic was about
_SHARED = 0.04  # what a term in common adds to that, where a group may continue several
_HELD = 0.33  # of the group's papers hold each part of a name that is kept
_TELLS = 0.7
"""A kept name tells the group from its day at least this well, against the new name."""

_USED_BY_ALL = BARE | BROAD
_SINGLE = 0.56  # a heading of one word says so much less than a phrase


@dataclass(frozen=True, slots=True)
class Earlier:
    """A found topic of an edition before."""

    day: date
    key: str
    label: str
    terms: tuple[str, ...]
    papers: tuple[Paper, ...]  # most central first


@dataclass(frozen=True, slots=True)
class Continued:
    """A group of today and the earlier topic it may continue."""

    group: int
    earlier: Earlier  # as it was called last
    nearness: float  # cosine of the centres
    held: float  # the share of the group's papers that hold the name: its rarest part
    telling: float  # how well the name tells the group from its day, against the new name
    broad: bool  # every field uses the name, or it is one word that the new one has not; and the new one is telling

    @property
    def stays(self) -> bool:
        """Whether the group keeps the name."""
        about = self.nearness >= _CONTINUES
        return about and self.held >= _HELD and self.telling >= _TELLS and not self.broad


def keep_names(names: Sequence[Name | None], found: Iterable[Continued]) -> tuple[Name | None, ...]:
    """The names of today's groups, key and label of the topic each continues in the place of its new ones.

    `found` is what `continued` says of them, the surest first. A group continues one topic at most and a topic is
    continued by one group. The terms are always today's; a group without a name has none to keep.
    """
    kept: dict[int, Earlier] = {}
    taken: set[str] = set()
    for one in found:
        if one.stays and one.group not in kept and one.earlier.key not in taken:
            kept[one.group] = one.earlier
            taken.add(one.earlier.key)
    return _unique(names, kept)


def continued(
    names: Sequence[Name | None],
    groups: Sequence[Sequence[Paper]],
    rest: Sequence[Paper],
    background: Background,
    earlier: Sequence[Earlier],
) -> tuple[Continued, ...]:
    """Every named group with every earlier topic, the one that is continued most surely first.

    `rest` are the papers in no group.
    """
    known = _by_key(earlier)
    if not known or not any(names):
        return ()
    nearness = _nearness(groups, [one.papers for one in known], background)
    day = _Day(groups, rest)
    found = []
    for number, name in enumerate(names):
        if name is None:
            continue
        new = max(day.telling(number, name.label), 1e-9)
        for place, one in enumerate(known):
            near = float(nearness[number, place])
            telling = max(0.0, day.telling(number, one.label)) / new
            shared = len(_folded(name.terms) & _folded(one.terms))
            sure = near + _SHARED * shared + (1.0 if name.key == one.key else 0.0)
            broad = _is_broad(one.label, name.label) and not _is_broad(name.label)
            found.append((round(sure, 9), Continued(number, one, near, day.held(number, one.label), telling, broad)))
    found.sort(key=lambda pair: (-pair[0], -pair[1].earlier.day.toordinal(), pair[1].earlier.key, pair[1].group))
    return tuple(one for _sure, one in found)


def _by_key(earlier: Iterable[Earlier]) -> tuple[Earlier, ...]:
    """Each topic once, as it was called last, with its central papers of all the days, the newest first."""
    days: dict[str, list[Earlier]] = {}
    for one in sorted(earlier, key=lambda one: (-one.day.toordinal(), one.key)):
        days.setdefault(one.key, []).append(one)
    return tuple(
        Earlier(
            same[0].day,
            same[0].key,
            same[0].label,
            same[0].terms,
            tuple(chain.from_iterable(one.papers[:CENTRAL] for one in same)),
        )
        for same in days.values()
    )


def _nearness(
    groups: Sequence[Sequence[Paper]], topics: Sequence[Sequence[Paper]], background: Background
) -> NDArray[np.float64]:
    """Cosines of the centres in the background's LSA space, groups x topics."""
    return _centres(groups, background) @ _centres(topics, background).T


def _centres(sets: Sequence[Sequence[Paper]], background: Background) -> NDArray[np.float64]:
    # By key: floats add up to the same only in the same order.
    points = background.project(
        background.vectors([one for papers in sets for one in sorted(papers, key=lambda paper: paper.key)])
    )
    ends = np.cumsum([len(papers) for papers in sets])[:-1]
    centres = np.array([piece.sum(axis=0) for piece in np.split(points, ends)])
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    units: NDArray[np.float64] = np.divide(centres, lengths, out=np.zeros_like(centres), where=lengths > 1e-9)
    return units


class _Day:
    """Which papers of the day hold which phrases."""

    def __init__(self, groups: Sequence[Sequence[Paper]], rest: Sequence[Paper]) -> None:
        self._papers = [list(papers) for papers in (*groups, rest)]
        self._texts = [[_readable(paper) for paper in papers] for papers in self._papers]
        self._total = sum(len(texts) for texts in self._texts)
        self._counts: dict[str, list[float]] = {}

    def held(self, group: int, label: str) -> float:
        """The share of a group that holds a label: of its parts the rarest."""
        return min((share for share, _elsewhere in self._shares(group, label)), default=0.0)

    def telling(self, group: int, label: str) -> float:
        """How well a label tells a group from the rest of the day.

        The share that holds it times how much rarer it is elsewhere, the mean of its parts.
        """
        parts, shares = self._phrases(label), self._shares(group, label)
        worth = [
            inside * math.log(max(inside, 1e-9) / outside) * (1.0 if " " in part.strip() else _SINGLE)
            for part, (inside, outside) in zip(parts, shares, strict=True)
        ]
        return math.fsum(worth) / len(worth) if worth else 0.0

    def _phrases(self, label: str) -> list[str]:
        return [label] if knows(label) else _parts(label)

    def _shares(self, group: int, label: str) -> list[tuple[float, float]]:
        """For each part of a label the share of the group that holds it, and of the rest of the day.

        A heading of the tables is whole, and held by the papers that its cues are in.
        """
        inside = len(self._texts[group])
        found = []
        for phrase in self._phrases(label):
            if phrase not in self._counts:
                self._counts[phrase] = self._count(phrase)
            here = self._counts[phrase][group]
            elsewhere = sum(self._counts[phrase]) - here
            found.append((here / max(1, inside), (elsewhere + 0.5) / (self._total - inside + 1)))
        return found

    def _count(self, phrase: str) -> list[float]:
        if knows(phrase):
            return [sum(about(paper).get(phrase, 0.0) for paper in papers) for papers in self._papers]
        return [float(sum(phrase in text for text in texts)) for texts in self._texts]


def _parts(label: str) -> list[str]:
    """The phrases of a label, each as its folded words between spaces."""
    folded = (" ".join(tokenise(part)) for part in label.split(" and "))
    return [f" {part} " for part in folded if part]


def _is_broad(label: str, new: str = "") -> bool:
    """Whether every field uses each part of a label, as `Language Models`, or it is one word that `new` has not."""
    words = {word for part in _parts(new) for word in part.split()}
    parts = [part.strip() for part in _parts(label)]
    return all(part in _USED_BY_ALL or (" " not in part and part not in words) for part in parts)


def _folded(terms: Iterable[str]) -> set[str]:
    return {" ".join(tokenise(term)) for term in terms}


def _readable(paper: Paper) -> str:
    return " " + " | ".join(" ".join(tokenise(passage)) for passage in passages(paper)) + " "


def _unique(names: Sequence[Name | None], kept: dict[int, Earlier]) -> tuple[Name | None, ...]:
    """Put the kept names in place; one that another group of today has too, or nearly, is that group's."""
    while True:
        now = [_named(name, kept.get(number)) for number, name in enumerate(names)]
        again = [number for number in sorted(kept) if _is_taken(number, names[number], now)]
        if not again:
            return tuple(now)
        for number in again:
            del kept[number]


def _named(name: Name | None, kept: Earlier | None) -> Name | None:
    return Name(kept.key, kept.label, name.terms) if name and kept else name


def _is_taken(number: int, new: Name | None, now: Sequence[Name | None]) -> bool:
    """Whether a kept name is another group's too, or is not today's own and reads like another's."""
    mine = now[number]
    others = [name for other, name in enumerate(now) if name and other != number]
    if mine is None or any(name.key == mine.key for name in others):
        return True
    return mine != new and any(read_alike(mine.label, name.label) for name in others)
