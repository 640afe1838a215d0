"""Trends: what share of the papers each topic had week by week, and which topics and phrases rise or fall."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from newsletter.models import Paper
from newsletter.relevance.labels import noun_phrases
from newsletter.relevance.rhetoric import BARE

WEEK = timedelta(days=7)

_PRIOR = 500.0  # papers' worth of the usual share that each side is mixed with, so that few papers make no trend
_SURE = 2.0
"""Standard errors from which a change counts: less is what chance makes of a dozen weeks."""

_LEAST = 8  # papers of all the weeks that hold a phrase
_COMMON = 0.2  # of the papers at most: what more hold is the language of the field
_SAME = 0.5  # a phrase of which so many papers hold a stronger one with a word in common says nothing more
_LOOKED_AT = 200  # phrases compared with each other, on each side


@dataclass(frozen=True, slots=True)
class Held:
    """How many papers one topic of one edition held."""

    day: date
    key: str
    label: str
    kind: str  # found · named · other
    papers: int


@dataclass(frozen=True, slots=True)
class TopicTrend:
    """One topic, week by week, the oldest week first."""

    key: str
    label: str  # as it was called last
    kind: str  # found · named
    papers: tuple[int, ...]
    shares: tuple[float, ...]  # of all papers of the week, from 0 to 1; 0 in a week without papers
    change: float  # log-odds of the recent weeks against those before, in standard errors of its usual swing

    @property
    def rises(self) -> bool:
        """Whether it has more of the papers than before, and chance is no likely reason."""
        return self.change >= _SURE

    @property
    def falls(self) -> bool:
        """Whether it has less of them."""
        return self.change <= -_SURE


@dataclass(frozen=True, slots=True)
class PhraseTrend:
    """One phrase of two words that more papers hold than before, or fewer."""

    phrase: str  # as it is written most
    recent: int  # papers that hold it
    before: int
    change: float  # log-odds, in standard errors


@dataclass(frozen=True, slots=True)
class Trends:
    """What moved in the weeks up to a day."""

    since: date  # first day of the first week
    until: date  # last day of the last week
    recent: int  # how many of the last weeks are compared with those before
    papers: tuple[int, ...]  # of each week, the oldest first
    topics: tuple[TopicTrend, ...]  # most papers first
    rising: tuple[PhraseTrend, ...]  # strongest first
    falling: tuple[PhraseTrend, ...]


def trends(
    held: Iterable[Held], papers: Iterable[tuple[date, Paper]], *, until: date, weeks: int = 12, phrases: int = 12
) -> Trends:
    """The trends of so many weeks, each of seven days, the last one ending on `until`; the last third is recent.

    `papers` come with the day of their edition. `phrases` limits each of the two lists. Nothing rises or falls before
    there are papers on both sides.
    """
    since = until - weeks * WEEK + timedelta(days=1)
    recent = max(1, weeks // 3)
    inside = [one for one in held if since <= one.day <= until]
    totals = np.zeros(weeks, dtype=np.int64)
    for one in inside:
        totals[_week(one.day, since)] += one.papers
    texts = sorted(
        ((day, paper) for day, paper in papers if since <= day <= until), key=lambda pair: (pair[0], pair[1].key)
    )
    rising, falling = _phrases(texts, after=until - recent * WEEK, limit=phrases)
    return Trends(
        since=since,
        until=until,
        recent=recent,
        papers=tuple(int(number) for number in totals),
        topics=_topics(inside, totals, since, recent),
        rising=rising,
        falling=falling,
    )


def log_odds(
    recent: NDArray[np.float64], before: NDArray[np.float64], of_recent: int, of_before: int
) -> NDArray[np.float64]:
    """How surely counts of papers rose, in standard errors: log-odds with a Dirichlet prior (Monroe et al., 2008).

    `recent` of `of_recent` papers hold each thing, `before` of `of_before` did; the prior is the share of both. All
    zeros where one side has no papers.
    """
    if not (of_recent and of_before):
        return np.zeros(len(recent))
    prior = _PRIOR * (recent + before) / (of_recent + of_before)
    odds = [
        (count + prior) / np.maximum(of_all + _PRIOR - count - prior, 1e-9)
        for count, of_all in ((recent, of_recent), (before, of_before))
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(odds[0] / odds[1]) / np.sqrt(1 / (recent + prior) + 1 / (before + prior))
    found: NDArray[np.float64] = np.where(recent + before > 0, change, 0.0)
    return found


def _week(day: date, since: date) -> int:
    return (day - since).days // WEEK.days


def _topics(held: Sequence[Held], totals: NDArray[np.int64], since: date, recent: int) -> tuple[TopicTrend, ...]:
    last: dict[str, Held] = {}
    counts: dict[str, NDArray[np.int64]] = {}
    for one in sorted(held, key=lambda one: (one.day, one.key)):
        if one.kind != "other":
            last[one.key] = one
            counts.setdefault(one.key, np.zeros(len(totals), dtype=np.int64))[_week(one.day, since)] += one.papers
    keys = sorted(counts, key=lambda key: (-int(counts[key].sum()), key))
    new = np.array([float(counts[key][-recent:].sum()) for key in keys])
    old = np.array([float(counts[key][:-recent].sum()) for key in keys])
    changes = log_odds(new, old, int(totals[-recent:].sum()), int(totals[:-recent].sum()))
    return tuple(
        TopicTrend(
            key,
            last[key].label,
            last[key].kind,
            tuple(int(number) for number in counts[key]),
            tuple(round(int(one) / max(1, int(of_all)), 6) for one, of_all in zip(counts[key], totals, strict=True)),
            round(float(change) / _unevenness(counts[key], totals, recent), 6),
        )
        for key, change in zip(keys, changes, strict=True)
    )


def _unevenness(counts: NDArray[np.int64], totals: NDArray[np.int64], recent: int) -> float:
    """How much further than chance a topic swings from week to week, at least 1.

    Papers come to a topic in whole groups: what comes and goes all the time is no trend where it came last.
    """
    squares, weeks = 0.0, 0
    for side in (slice(None, -recent), slice(-recent, None)):
        there = totals[side] > 0
        expected = totals[side][there] * (counts[side].sum() / max(1, totals[side].sum()))
        weeks += max(0, int(there.sum()) - 1)
        if expected.any():
            squares += float(((counts[side][there] - expected) ** 2 / expected).sum())
    return math.sqrt(max(1.0, squares / max(1, weeks)))


def _phrases(
    papers: Sequence[tuple[date, Paper]], *, after: date, limit: int
) -> tuple[tuple[PhraseTrend, ...], tuple[PhraseTrend, ...]]:
    """The phrases that rise and those that fall; of the papers those after a day are recent."""
    index: dict[str, int] = {}
    pointers, columns = [0], array("i")
    for _day, paper in papers:
        columns.extend(sorted({index.setdefault(words, len(index)) for words, _written in _pairs(paper)}))
        pointers.append(len(columns))
    shape = (len(papers), len(index))
    holds = csr_matrix((np.ones(len(columns)), np.array(columns, np.int32), np.array(pointers)), shape=shape)
    new = np.array([day > after for day, _paper in papers], dtype=np.float64)
    recent, every = np.asarray(holds.T @ new).ravel(), np.asarray(holds.sum(axis=0)).ravel()
    changes = log_odds(recent, every - recent, int(new.sum()), len(papers) - int(new.sum()))
    changes[(every < _LEAST) | (every > max(_LEAST, _COMMON * len(papers)))] = 0.0
    terms, held = list(index), holds.tocsc()

    def of(sign: int) -> tuple[PhraseTrend, ...]:
        sure = [int(one) for one in np.flatnonzero(sign * changes >= _SURE)]
        sure.sort(key=lambda one: (-round(sign * float(changes[one]), 6), terms[one]))
        found = []
        for one in _distinct(sure[:_LOOKED_AT], terms, held, limit):
            written = _written(terms[one], (papers[number][1] for number in _holders(held, one)))
            count = int(recent[one])
            found.append(PhraseTrend(written, count, int(every[one]) - count, round(float(changes[one]), 6)))
        return tuple(found)

    return of(1), of(-1)


def _distinct(ranked: Sequence[int], terms: Sequence[str], held: csc_matrix, limit: int) -> list[int]:
    """Without those that share a word and most of their papers with a stronger one.

    `policy optimization` comes along with `relative policy`.
    """
    kept: list[int] = []
    for one in ranked:
        words, papers = set(terms[one].split()), set(_holders(held, one))
        alike = (other for other in kept if words & set(terms[other].split()))
        if all(len(papers & set(_holders(held, other))) < _SAME * len(papers) for other in alike):
            kept.append(one)
        if len(kept) == limit:
            break
    return kept


def _holders(held: csc_matrix, column: int) -> list[int]:
    return [int(number) for number in held.indices[held.indptr[column] : held.indptr[column + 1]]]


def _written(words: str, papers: Iterable[Paper]) -> str:
    """The commonest way in which a phrase is written in running text, the lower case among equals."""
    seen = Counter(written for paper in papers for folded, written in _pairs(paper) if folded == words)
    return min(seen, key=lambda text: (-seen[text], text.swapcase()))


def _pairs(paper: Paper) -> Iterator[tuple[str, str]]:
    """Every two words in a row that may be a noun phrase: (folded, as written)."""
    for text in (paper.title, paper.abstract):
        for words, written in noun_phrases(text, 2):
            if " " in written and words not in BARE:
                yield words, written
