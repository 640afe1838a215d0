"""How fast votes should fade: authors as readers, each of whose earlier papers is a vote of the day it was listed.

*Steady* readers are single authors; *changed* ones read like one author until some day and like another from then on,
told by how many votes they cast since. Papers are ranked by their cosine to the weighted votes, nDCG@10. The readers
are those beyond the first 300, for this is a number that is learned; votes need months to age, so the days are those of
the test. Read in `docs/decisions/027-votes.md`.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.relevance import DATA
from benchmarks.replayed import READERS, Stream, judge, read_stream
from newsletter.relevance.features import BACKGROUND_LIMIT, Background
from subscribers.votes import shared

CHANGE = date(2025, 7, 1)
FEWEST = 4  # votes before the change
COLUMNS = {"steady": (0, 0), "changed_1_3": (1, 3), "changed_4_8": (4, 8), "changed_9": (9, 1_000)}
DAYS = (720, 360, 180, 120, 90, 60, 14)
VOTES = (20, 10, 5)

Weigh = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Weights of votes by their age in days and by how many are newer."""


@dataclass(frozen=True, slots=True)
class Case:
    """A day on which a reader wants something, and what they voted for before."""

    day: date
    votes: tuple[str, ...]  # oldest first
    wanted: frozenset[str]
    since: int = 0  # how many of the votes are from after the change; 0 for a steady reader


def cases(stream: Stream, start: date, limit: int | None) -> list[Case]:
    """Those of steady readers, and of pairs of neighbours in the list as one reader who changed."""
    readers = stream.readers[READERS:][:limit]
    works = [sorted((*one.history, *one.later), key=lambda key: (stream.listed[key], key)) for one in readers]
    found = []
    for work in works:
        found += _of(stream, start, (), work, steady=True)
    for first, second in pairwise(works):
        before = tuple(key for key in first if stream.listed[key] < CHANGE)
        if len(before) >= FEWEST:
            later = [key for key in second if stream.listed[key] >= CHANGE]
            found += _of(stream, start, before, later, steady=False)
    return found


def _of(stream: Stream, start: date, before: tuple[str, ...], work: Sequence[str], *, steady: bool) -> list[Case]:
    found = []
    for day in sorted({stream.listed[key] for key in work}):
        earlier = tuple(key for key in work if stream.listed[key] < day)
        if day >= start and earlier:
            wanted = frozenset(key for key in work if stream.listed[key] == day)
            found.append(Case(day, (*before, *earlier), wanted, 0 if steady else len(earlier)))
    return found


class Ranker:
    """The papers of every day as vectors, and how well some weights rank them."""

    def __init__(self, stream: Stream, start: date, found: Sequence[Case]) -> None:
        """The vocabulary is that of the papers before the first day tested."""
        self._stream = stream
        background = Background.fit(stream.before(start, BACKGROUND_LIMIT))
        self._days = {day: sorted(stream.candidates(day)) for day in {case.day for case in found}}
        keys = sorted({key for case in found for key in case.votes}.union(*self._days.values()))
        self._rows = {key: row for row, key in enumerate(keys)}
        self._vectors: csr_matrix = background.vectors([stream.papers[key] for key in keys])

    def ndcg10(self, case: Case, weigh: Weigh) -> float:
        """Of one case."""
        ages = np.array([(case.day - self._stream.listed[key]).days for key in case.votes], dtype=float)
        weights = weigh(ages, np.arange(len(ages), dtype=float)[::-1])
        liked = self._vectors[[self._rows[key] for key in case.votes]].T @ weights
        keys = self._days[case.day]
        scores = np.round(self._vectors[[self._rows[key] for key in keys]] @ liked, 9)
        ranked = [keys[place] for place in np.lexsort((np.arange(len(keys)), -scores))]
        return judge(ranked, case.wanted)[0]


def halving(days: float, newer: float = np.inf, *, cap: bool = True) -> Weigh:
    """A vote halves after so many days, and after so many newer votes."""

    def weigh(ages: np.ndarray, places: np.ndarray) -> np.ndarray:
        faded = 0.5 ** (ages / days + places / newer)
        return np.array(shared(faded.tolist()) if cap else faded)

    return weigh


def main() -> None:
    """Print the table as one JSON object."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--papers", type=Path, default=DATA / "papers_2025.jsonl.gz", help="JSON lines of papers")
    options.add_argument("--lists", type=Path, default=DATA / "daily_lists_2025.json.gz", help="JSON: day to ids")
    options.add_argument("--limit", type=int, default=600, help="only so many readers")
    chosen = options.parse_args()
    missing = [path.name for path in (chosen.papers, chosen.lists) if not path.is_file()]
    if missing:
        print(json.dumps({"skipped": f"not there: {', '.join(missing)}"}))
        return
    stream = read_stream(chosen.papers, chosen.lists)
    found = cases(stream, stream.start(), chosen.limit)
    ranker = Ranker(stream, stream.start(), found)
    columns = {name: [one for one in found if low <= one.since <= high] for name, (low, high) in COLUMNS.items()}
    ways = {
        "never": halving(np.inf),
        "180 days, no cap": halving(180, cap=False),
        "14 days, no cap": halving(14, cap=False),
    }
    ways |= {f"{days} days": halving(days) for days in DAYS} | {
        f"{votes} votes": halving(np.inf, votes) for votes in VOTES
    }
    ways["180 days, 20 votes"] = halving(180, 20)

    def mean(way: str, name: str) -> float:
        return round(float(np.mean([ranker.ndcg10(one, ways[way]) for one in columns[name]] or [0])), 4)

    told = {way: {name: mean(way, name) for name in columns} for way in ways}
    print(json.dumps({"cases": {name: len(some) for name, some in columns.items()}, "ndcg10": told}))


if __name__ == "__main__":
    main()
