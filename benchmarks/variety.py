"""What variety costs in ranking and brings to a digest, at several strengths; and how discovery spreads over readers.

The readers are authors, as in `benchmarks/relevance.py`: those beyond the first 300, on days before those of the test.
`--days 7` cuts weekly digests. For each strength: nDCG@10 of the digest as it is shown, what share of the papers that
the reader wants it holds, and how alike its papers are: mean and worst pair (cosine in LSA space), themes (topics, a
paper of Other being one of its own), papers of the largest topic, and the share of pairs with a common author, which no
feature knows. Discovery: the papers of some Hugging Face days and readers that have nothing but a name.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.compose import read_upvoted
from benchmarks.relevance import background_for, with_history
from benchmarks.replayed import READERS, Episode, Stream, episodes_of, judge, read_stream
from newsletter.models import OTHER, Edition
from newsletter.relevance.discovery import Beyond
from newsletter.relevance.features import Background
from newsletter.relevance.matching import Match, Window
from newsletter.relevance.topics import group
from newsletter.relevance.variety import STRENGTH, Likeness, choose

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
STRENGTHS = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
START, UNTIL = date(2025, 7, 1), date(2025, 9, 1)
MOST, PER_TOPIC = 12, 6
TIMES = 10  # each call is repeated, to be measured


@dataclass(frozen=True, slots=True)
class Case:
    """A reader's papers that reach the floor, best first and numbered by that."""

    keys: tuple[str, ...]
    worth: tuple[float, ...]
    topics: tuple[str, ...]
    points: NDArray[np.float64]
    likeness: Likeness
    authors: tuple[frozenset[str], ...]
    wanted: frozenset[str]

    def digest(self, strength: float, most: int = MOST, per_topic: int = PER_TOPIC) -> list[int]:
        papers = range(len(self.keys))
        return choose(papers, self.worth, self.likeness, self.topics, most, per_topic, strength)


# ---- the replay ----------------------------------------------------------------------------------------------------


def cases_of(stream: Stream, episodes: Sequence[Episode], days: int) -> list[Case]:
    """A case for each reader and window in which something reaches the floor."""
    starts: dict[date, list[Episode]] = defaultdict(list)
    for episode in episodes:
        starts[_start(episode.day, days)].append(episode)
    found, month, background = [], date.min, Background.fit([])
    for start, theirs in sorted(starts.items()):
        if month != start.replace(day=1):
            month, background = start.replace(day=1), background_for(stream, start)
            print(f"{month:%Y-%m}: {background.size} papers in the background", file=sys.stderr)
        readers = {episode.reader.name: episode.reader for episode in theirs}
        known = {key: stream.papers[key] for reader in readers.values() for key in reader.history}
        window = Window(_editions(stream, start, days, background), background, known)
        for name, profile in sorted(with_history(list(readers.values())).items()):
            best = [match for match in window.explain(profile, len(window.papers)) if match.passes]
            if best:
                wanted = frozenset(key for one in theirs if one.reader.name == name for key in one.wanted)
                found.append(_case(stream, best, wanted, background))
    return found


def _start(day: date, days: int) -> date:
    return day - timedelta(days=(day - date.min).days % days)


def _editions(stream: Stream, start: date, days: int, background: Background) -> list[Edition]:
    found = []
    for number in range(days):
        day = start + timedelta(days=number)
        papers = tuple(stream.papers[key] for key in stream.candidates(day))
        if papers:
            made = datetime(day.year, day.month, day.day, tzinfo=UTC)
            found.append(Edition(number + 1, day, papers, group(papers, background), made))
    return found


def _case(stream: Stream, best: Sequence[Match], wanted: frozenset[str], background: Background) -> Case:
    papers = [match.paper for match in best]
    points = background.project(background.vectors(papers))
    return Case(
        keys=tuple(paper.key for paper in papers),
        worth=tuple(round(match.pick.score, 9) for match in best),
        topics=tuple(match.topic for match in best),
        points=points,
        likeness=Likeness(points),
        authors=tuple(frozenset(stream.authors[paper.key]) for paper in papers),
        wanted=wanted,
    )


# ---- the figures ---------------------------------------------------------------------------------------------------


def summary(cases: Sequence[Case], strength: float, per_topic: int = PER_TOPIC) -> dict[str, float]:
    """Means over the cases, of alikeness over those with two papers at least."""
    judged, alike = [], []
    for case in cases:
        chosen = case.digest(strength, per_topic=per_topic)
        ndcg, _mrr, _recall = judge([case.keys[number] for number in chosen], case.wanted)
        held = sum(case.keys[number] in case.wanted for number in chosen)
        judged.append((ndcg, held / len(case.wanted)))
        if len(chosen) > 1:
            alike.append(_alike(case, chosen))
    names = ("ndcg10", "held", "mean_cosine", "worst_cosine", "themes", "largest_topic", "common_author")
    means = [*np.mean(judged, axis=0), *np.mean(alike, axis=0)]
    return {name: round(float(mean), 4) for name, mean in zip(names, means, strict=True)}


def _alike(case: Case, chosen: Sequence[int]) -> tuple[float, ...]:
    pairs = list(combinations(chosen, 2))
    cosines = [float(case.points[one] @ case.points[other]) for one, other in pairs]
    topics = Counter(case.topics[number] for number in chosen)
    loose = topics.pop(OTHER, 0)
    common = [bool(case.authors[one] & case.authors[other]) for one, other in pairs]
    largest = max(topics.values(), default=0)
    return float(np.mean(cosines)), max(cosines), len(topics) + loose, largest, float(np.mean(common))


def microseconds(cases: Sequence[Case], strength: float) -> float:
    """What one call costs in the best of several rounds, in time of the processor."""
    rounds = []
    for _time in range(TIMES + 1):  # the first one makes the rows of likeness, as once a window
        start = time.process_time()
        for case in cases:
            case.digest(strength)
        rounds.append(time.process_time() - start)
    return round(1e6 * min(rounds) / max(1, len(cases)), 1)


def discovery(readers: int = 5_000, papers: int = 60) -> dict[str, Any]:
    """How many different papers readers with one paper each are shown, and to what share of them the same."""
    window = read_upvoted(DATA, papers)
    beyond = Beyond(window, [f"topic {number % 8}" for number in range(papers)], [0.0] * papers)
    none, scores = np.zeros(papers, dtype=np.bool_), np.zeros(papers)
    start = time.process_time()
    got = Counter(
        beyond.discover(f"reader {number}", START, [number % papers], scores, 0.05, none) for number in range(readers)
    )
    cost = 1e6 * (time.process_time() - start) / readers
    return {
        "papers": papers,
        "may_be_shown": len(beyond.numbers),
        "shown": len(got.keys() - {None}),
        "largest_share": round(max(got.values()) / readers, 3),
        "microseconds": round(cost, 1),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--days", type=int, default=1, help="that a digest covers")
    options.add_argument("--readers", type=int, default=600, help="how many, of those beyond the first 300")
    chosen = options.parse_args()
    if not DATA.is_dir():
        print(json.dumps({"skipped": "no data"}))
        return
    stream = read_stream(DATA / "stream" / "papers_2025.jsonl.gz", DATA / "stream" / "daily_lists_2025.json.gz")
    readers = stream.readers[READERS : READERS + chosen.readers]
    cases = cases_of(stream, episodes_of(readers, stream, START, UNTIL), chosen.days)
    rows = {str(strength): summary(cases, strength) for strength in STRENGTHS}
    told = {
        "days": chosen.days,
        "cases": len(cases),
        "passing": ceil(float(np.median([len(case.keys) for case in cases]))),
        "strength": STRENGTH,
        "strengths": rows,
        "caps": {str(cap): summary(cases, 0.0, cap) for cap in (3, 4, 5, 6, MOST)},
        "microseconds": {"none": microseconds(cases, 0.0), "usual": microseconds(cases, STRENGTH)},
        "discovery": discovery(),
    }
    for name, row in rows.items():
        print(f"{name:>5} {row}", file=sys.stderr)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
