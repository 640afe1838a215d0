"""Days with their labels, to be read by a person: each topic's label, how many papers it has, and the first titles.

The days are some of those of `benchmarks/topics.py`, spread over the year, and days of the Hugging Face lists. With
`--markdown` the tables of `docs/topics.md` are printed. The last line is one JSON object that counts.
"""

import argparse
import json
import statistics
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.replayed import Stream, read_stream
from benchmarks.topics import DATA, FEWEST, MOST, days_of
from newsletter.models import Paper, Topic
from newsletter.relevance.features import BACKGROUND_LIMIT, Background
from newsletter.relevance.fields import holds
from newsletter.relevance.headings import CATEGORIES, FAMILIES, TABLE
from newsletter.relevance.topics import group

SMALL, LARGE = 15, 60  # papers of a day of the Hugging Face lists
BEHIND = 2_000
HUGGINGFACE = DATA.parent / "huggingface" / "days_2024-05-27_2025-12-31.tar.xz"
WIDTH = 70  # characters of a title


@dataclass(frozen=True, slots=True)
class Day:
    """One day as it was grouped."""

    source: str
    day: date
    papers: dict[str, Paper]
    topics: tuple[Topic, ...]

    def titles(self, topic: Topic, number: int) -> list[str]:
        """The titles of a topic's most central papers, shortened."""
        found = []
        for key in topic.paper_keys[:number]:
            title = self.papers[key].title
            found.append(title if len(title) <= WIDTH else title[: WIDTH - 1].rsplit(maxsplit=1)[0] + " …")
        return found


def spread(things: Sequence[date], number: int) -> list[date]:
    """So many of the days, evenly, the middle of each stretch."""
    number = min(number, len(things))
    return [things[(2 * place + 1) * len(things) // (2 * number)] for place in range(number)]


def arxiv_days(stream: Stream, number: int) -> Iterator[Day]:
    """Days of the stream, each with the background of its month."""
    months = days_of(stream)
    chosen = set(spread([day for days in months.values() for day in days], number))
    for month, days in months.items():
        if wanted := [day for day in days if day in chosen]:
            background = Background.fit(stream.before(month, BACKGROUND_LIMIT))
            for day in wanted:
                papers = [stream.papers[key] for key in stream.candidates(day)]
                yield Day("arXiv", day, {paper.key: paper for paper in papers}, group(papers, background))


def huggingface_days(path: Path, number: int) -> Iterator[Day]:
    """Days of the Hugging Face lists, each with what was listed before its month as the background."""
    lists = read_lists(path)
    ordered = sorted(lists)
    behind = {day: sum(len(lists[one]) for one in ordered if one < day.replace(day=1)) for day in ordered}
    for day in spread([one for one in ordered if SMALL <= len(lists[one]) <= LARGE and behind[one] >= BEHIND], number):
        past = [paper for one in ordered if one < day.replace(day=1) for paper in lists[one].values()]
        papers = lists[day]
        yield Day("Hugging Face", day, papers, group(list(papers.values()), Background.fit(past[-BACKGROUND_LIMIT:])))


def read_lists(path: Path) -> dict[date, dict[str, Paper]]:
    """The papers of each day of an archive of `daily_papers` answers; a file of another form is left out."""
    lists: dict[date, dict[str, Paper]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".json") else None
            items = json.load(content) if content else None
            if isinstance(items, list) and items and isinstance(items[0], dict):
                day = date.fromisoformat(Path(member.name).stem[-10:])
                lists[day] = {item["paper"]["id"]: _paper(item) for item in items}
    return lists


def _paper(item: dict[str, Any]) -> Paper:
    facts = item["paper"]
    return Paper(
        key=facts["id"],
        title=" ".join(facts["title"].split()),
        abstract=" ".join((facts.get("summary") or "").split()),
        arxiv_id=facts["id"],
        upvotes=facts.get("upvotes"),
        comments=item.get("numComments"),
    )


def kind_of(label: str) -> str:
    """Where a label comes from; one that is a field's and a category's counts as a category's."""
    if label in CATEGORIES.values():
        return "category"
    if label in FAMILIES:
        return "family"
    return "field" if label in TABLE else "phrase"


def summary(days: Sequence[Day]) -> dict[str, Any]:
    """Counts over all the days; `true` is the share of a topic's papers that a heading of the tables surely holds for.

    A topic has more papers than were named: what is near joins it afterwards.
    """
    found = [(day, topic) for day in days for topic in day.topics if topic.kind != "other"]
    true = [
        statistics.fmean(holds(topic.label, day.papers[key]) for key in topic.paper_keys)
        for day, topic in found
        if kind_of(topic.label) in {"field", "family"}
    ]
    other = sum(len(topic.paper_keys) for day in days for topic in day.topics if topic.kind == "other")
    return {
        "days": len(days),
        "labels": len(found),
        "different": len({topic.label for _day, topic in found}),
        "a_day": round(len(found) / len(days), 1),
        "kinds": dict(sorted(Counter(kind_of(topic.label) for _day, topic in found).items())),
        "true": {"mean": round(statistics.fmean(true), 3), "least": round(min(true), 3)} if true else None,
        "other_share": round(other / sum(len(day.papers) for day in days), 3),
    }


def print_day(day: Day, titles: int) -> None:
    """One day as plain text."""
    print(f"\n{day.day} {day.source}, {len(day.papers)} papers")
    for topic in day.topics:
        print(f"{len(topic.paper_keys):4d} {topic.label}")
        for title in day.titles(topic, titles):
            print(f"          {title}")


def print_table(day: Day, titles: int) -> None:
    """One day as a table of Markdown."""
    print(f"\n## {day.day}, {day.source}, {len(day.papers)} papers\n")
    print("| topic | papers | the most central |", "|---|---:|---|", sep="\n")
    for topic in day.topics:
        shown = " · ".join(title.replace("|", "/").replace("$", "") for title in day.titles(topic, titles))
        print(f"| {topic.label} | {len(topic.paper_keys)} | {shown if topic.kind != 'other' else ''} |")


def main() -> None:
    """Print the days, and one JSON object on the last line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--papers", type=Path, default=DATA / "papers_2025.jsonl.gz", help="JSON lines, or gzipped")
    options.add_argument("--lists", type=Path, default=DATA / "daily_lists_2025.json.gz", help="JSON: day -> ids")
    options.add_argument("--huggingface", type=Path, default=HUGGINGFACE, help="archive of daily_papers answers")
    options.add_argument("--days", type=int, default=14, help="days of the stream")
    options.add_argument("--huggingface-days", type=int, default=6, help="days of the Hugging Face lists")
    options.add_argument("--titles", type=int, default=2, help="titles shown of each topic")
    options.add_argument("--markdown", action="store_true", help="print the tables of docs/topics.md")
    chosen = options.parse_args()
    if min(chosen.days, chosen.huggingface_days, chosen.titles) < 0:
        options.error("--days, --huggingface-days and --titles are not negative")
    for path in (chosen.papers, chosen.lists, *([chosen.huggingface] if chosen.huggingface_days else [])):
        if not path.is_file():
            options.error(f"{path} is no file: give --papers, --lists and --huggingface")
    days = []
    for source in (
        arxiv_days(read_stream(chosen.papers, chosen.lists), chosen.days) if chosen.days else (),
        huggingface_days(chosen.huggingface, chosen.huggingface_days) if chosen.huggingface_days else (),
    ):
        for day in source:
            days.append(day)
            (print_table if chosen.markdown else print_day)(day, chosen.titles)
            sys.stdout.flush()
    if not days:
        sys.exit(f"no day has {FEWEST} to {MOST} new papers with enough listed before its month")
    print(f"\n{json.dumps(summary(days))}")


if __name__ == "__main__":
    main()
