"""How well a day's papers are grouped: V-measure against the primary category, and what a missing paper changes.

Measured on the days with 120 to 500 new papers, from the first month with 4,000 papers behind it. The background of a
day is the papers listed before its month. Categories are no feature, so they may judge. `8` is the grouping alone cut
at eight groups, `chosen` what `group` makes of the day, Other being one group; `ward_8` is a peer in the same run:
Ward's tree of the day alone, over the same latent axes.
"""

import argparse
import hashlib
import json
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score, v_measure_score

from benchmarks.replayed import Stream, read_stream
from newsletter.models import Paper, Topic
from newsletter.relevance.features import BACKGROUND_LIMIT, Background
from newsletter.relevance.topics import cluster, group

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "stream"
FEWEST, MOST = 120, 500
BEHIND = 4_000
GROUPS = 8
REMOVED = 0.05
WAYS = ("8", "chosen", "ward_8")


def days_of(stream: Stream) -> dict[date, tuple[date, ...]]:
    """For each month with enough papers behind it, its days of a size to be measured."""
    months: dict[date, list[date]] = defaultdict(list)
    for day in sorted(set(stream.listed.values())):
        if FEWEST <= len(stream.candidates(day)) <= MOST:
            months[day.replace(day=1)].append(day)
    return {month: tuple(days) for month, days in months.items() if len(stream.before(month)) >= BEHIND}


def without(papers: Sequence[Paper], draw: int) -> list[Paper]:
    """All but one paper in twenty; which are left out is a hash of the draw and the paper."""
    drawn = sorted(papers, key=lambda paper: hashlib.sha256(f"{draw}:{paper.key}".encode()).digest())
    left_out = {paper.key for paper in drawn[: max(1, round(REMOVED * len(papers)))]}
    return [paper for paper in papers if paper.key not in left_out]


def numbers(topics: Sequence[Topic], papers: Sequence[Paper]) -> NDArray[np.int64]:
    """The topic number of each paper."""
    place = {key: number for number, topic in enumerate(topics) for key in topic.paper_keys}
    return np.array([place[paper.key] for paper in papers])


def groupings(
    papers: Sequence[Paper], background: Background
) -> tuple[dict[str, NDArray[np.int64]], tuple[Topic, ...]]:
    """The group of each paper, in the ways compared, and the topics."""
    vectors = background.vectors(papers)
    topics = group(papers, background)
    tree = linkage(background.project(vectors), method="ward")
    ward = np.asarray(fcluster(tree, GROUPS, criterion="maxclust"), dtype=np.int64)
    return {"8": cluster(vectors, background, GROUPS), "chosen": numbers(topics, papers), "ward_8": ward}, topics


def measure(papers: Sequence[Paper], background: Background, draws: int) -> dict[str, Any]:
    """The figures of one day."""
    started = time.perf_counter()
    made, topics = groupings(papers, background)
    seconds = time.perf_counter() - started
    primary = [paper.categories[0] if paper.categories else "" for paper in papers]
    left: dict[str, list[float]] = {way: [] for way in WAYS}
    for draw in range(draws):
        fewer = without(papers, draw)
        kept = np.isin([paper.key for paper in papers], [paper.key for paper in fewer])
        again, _topics = groupings(fewer, background)
        for way in WAYS:
            left[way].append(adjusted_rand_score(made[way][kept], again[way]))
    found = [topic for topic in topics if topic.kind != "other"]
    turned, _topics = groupings(papers[::-1], background)
    labels = [topic.label for topic in topics]
    return {
        "v": {way: 100 * v_measure_score(primary, made[way]) for way in WAYS},
        "fewer": {way: statistics.fmean(left[way]) for way in WAYS} if draws else {},
        "turned": {way: adjusted_rand_score(made[way], turned[way][::-1]) for way in WAYS},
        "largest": {
            "8": max(Counter(made["8"].tolist()).values()) / len(papers),
            "chosen": max((len(topic.paper_keys) for topic in found), default=0) / len(papers),
            "ward_8": max(Counter(made["ward_8"].tolist()).values()) / len(papers),
        },
        "other": sum(len(topic.paper_keys) for topic in topics if topic.kind == "other") / len(papers),
        "distinct": all(labels) and len({label.lower() for label in labels}) == len(labels),
        "topics": len(found),
        "seconds": seconds,
    }


def measured(stream: Stream, every: int, draws: int) -> Iterator[tuple[date, dict[str, Any]]]:
    """Day by day, with the background of its month."""
    for month, days in days_of(stream).items():
        background = Background.fit(stream.before(month, BACKGROUND_LIMIT))
        for day in days[::every]:
            yield day, measure([stream.papers[key] for key in stream.candidates(day)], background, draws)


def summary(days: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the days; of the largest groups the largest, too."""

    def mean(name: str) -> dict[str, float]:
        return {way: round(statistics.fmean(day[name][way] for day in days), 3) for way in days[0][name]}

    return {
        "days": len(days),
        "v_measure": mean("v"),
        "stability_ari": {"another_order": mean("turned"), "without_5_percent": mean("fewer")},
        "largest_share": {way: round(max(day["largest"][way] for day in days), 3) for way in WAYS},
        "largest_share_mean": mean("largest"),
        "other_share": round(statistics.fmean(day["other"] for day in days), 3),
        "other_share_largest": round(max(day["other"] for day in days), 3),
        "label_distinct": round(statistics.fmean(day["distinct"] for day in days), 3),
        "topics": {
            "fewest": min(day["topics"] for day in days),
            "median": statistics.median(day["topics"] for day in days),
            "most": max(day["topics"] for day in days),
        },
        "seconds_a_day": round(statistics.median(day["seconds"] for day in days), 3),
    }


def main() -> None:
    """Print the figures of each day, and one JSON object on the last line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--papers", type=Path, default=DATA / "papers_2025.jsonl.gz", help="JSON lines, gzipped or not"
    )
    options.add_argument("--lists", type=Path, default=DATA / "daily_lists_2025.json.gz", help="JSON: day -> ids")
    options.add_argument("--every", type=int, default=1, help="measure every so many days of a month (default: all)")
    options.add_argument("--draws", type=int, default=3, help="how often 5 %% of the papers of a day are removed")
    chosen = options.parse_args()
    if chosen.every < 1 or chosen.draws < 1:
        options.error("--every and --draws are at least 1")
    for path in (chosen.papers, chosen.lists):
        if not path.is_file():
            options.error(f"{path} is no file: give --papers and --lists")
    stream, days = read_stream(chosen.papers, chosen.lists), []
    for day, figures in measured(stream, chosen.every, chosen.draws):
        days.append(figures)
        tight = {way: round(value, 1) for way, value in figures["v"].items()}
        print(day, "V", tight, "topics", figures["topics"], "other", round(figures["other"], 2), flush=True)
    if not days:
        sys.exit(f"no day has {FEWEST} to {MOST} new papers with {BEHIND} papers listed before its month")
    print(json.dumps(summary(days)))


if __name__ == "__main__":
    main()
