"""The author as reader: a stream of listed papers, who reads it, and what they surely want on which day.

An author's earlier papers stand for a reader's interests, and the papers they publish later are what that reader wants
on the day they are listed. Authors' names decide who is a reader and never enter a `Paper`: that would be too easy.
"""

import gzip
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from newsletter.models import Paper

FROM = date(2025, 9, 1)
READERS = 300
"""The first so many are tested; learned numbers are tuned on those beyond."""

_FEWEST, _MOST = 8, 40  # papers of a reader
_CROWD = 30  # papers of more authors say nothing of any of them
_ONE_PERSON = 0.8  # of the papers share a co-author with another: the name is then one person
_HISTORY = 0.6
_TOP = 10


@dataclass(frozen=True, slots=True)
class Reader:
    """One author, as a reader: papers by the day they were first listed, ties by id."""

    name: str
    history: tuple[str, ...]  # ids, oldest first
    later: tuple[str, ...]  # ids of what they published afterwards, oldest first


@dataclass(frozen=True, slots=True)
class Episode:
    """A day on which a reader surely wants something."""

    reader: Reader
    day: date
    wanted: frozenset[str]


class Stream:
    """Papers in the order in which they were listed."""

    def __init__(
        self, papers: Mapping[str, Paper], authors: Mapping[str, Collection[str]], listed: Mapping[str, date]
    ) -> None:
        """Papers by id; those that were never listed are left out."""
        self.papers = {key: papers[key] for key in sorted(papers) if key in listed}
        self.authors = authors
        self.listed = listed
        self.ordered = sorted(self.papers, key=lambda key: (listed[key], key))
        self._days: dict[date, list[str]] = defaultdict(list)
        for key in self.ordered:
            self._days[listed[key]].append(key)

    def candidates(self, day: date) -> tuple[str, ...]:
        """Every paper first listed on a day, by id."""
        return tuple(self._days.get(day, ()))

    def before(self, day: date, newest: int | None = None) -> list[Paper]:
        """The papers listed before a day, oldest first; at most so many of the newest."""
        past = [self.papers[key] for key in self.ordered if self.listed[key] < day]
        return past if newest is None else past[max(0, len(past) - newest) :]

    @cached_property
    def readers(self) -> tuple[Reader, ...]:
        """Everybody who can be a reader, shuffled with seed 1."""
        by_author: dict[str, list[str]] = defaultdict(list)
        for key in self.ordered:
            if len(self.authors[key]) <= _CROWD:
                for author in set(self.authors[key]):
                    by_author[author].append(key)
        names = sorted(name for name, keys in by_author.items() if self._is_one_person(name, keys))
        random.Random(1).shuffle(names)
        found = []
        for name in names:
            keys = by_author[name]
            cut = int(_HISTORY * len(keys))
            found.append(Reader(name, tuple(keys[:cut]), tuple(keys[cut:])))
        return tuple(found)

    def _is_one_person(self, name: str, keys: Sequence[str]) -> bool:
        if not _FEWEST <= len(keys) <= _MOST:
            return False
        others = [set(self.authors[key]) - {name} for key in keys]
        shared = Counter(other for one in others for other in one)
        return sum(any(shared[other] > 1 for other in one) for one in others) >= _ONE_PERSON * len(keys)

    def start(self) -> date:
        """The day from which to test: that of the 2025 stream, or in another stream the day when 60 % were listed."""
        days = [self.listed[key] for key in self.ordered]
        if days and 0.2 < sum(day < FROM for day in days) / len(days) < 0.9:
            return FROM
        return days[int(_HISTORY * len(days))] if days else FROM


def read_stream(papers: Path, lists: Path) -> Stream:
    """Read papers (JSON lines) and daily lists (JSON: day -> ids), gzipped or not; the first day counts."""
    listed: dict[str, date] = {}
    for text, keys in sorted(json.loads(_text(lists)).items()):
        for key in keys:
            listed.setdefault(key, date.fromisoformat(text))
    read: dict[str, Paper] = {}
    authors: dict[str, tuple[str, ...]] = {}
    # Not splitlines: abstracts may hold separators that are line ends to Python and not to JSON.
    for line in filter(str.strip, _text(papers).split("\n")):
        row = json.loads(line)
        key = row["id"]
        authors[key] = tuple(row.get("authors") or ())
        read[key] = Paper(
            key=key,
            title=" ".join(row["title"].split()),
            abstract=" ".join((row.get("abstract") or "").split()),
            arxiv_id=key,
            categories=tuple(row.get("categories") or ()),
        )
    return Stream(read, authors, listed)


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content).decode()


def episodes_of(readers: Sequence[Reader], stream: Stream, start: date, until: date | None = None) -> list[Episode]:
    """Every day, from `start` to before `until`, after a reader's history on which they published, reader by reader."""
    found = []
    for reader in readers:
        known = max((stream.listed[key] for key in reader.history), default=date.min)
        wanted: dict[date, set[str]] = defaultdict(set)
        for key in reader.later:
            wanted[stream.listed[key]].add(key)
        found += [
            Episode(reader, day, frozenset(keys))
            for day, keys in sorted(wanted.items())
            # The day of the last paper of the history is no test: a part of what was wanted on it is known already.
            if day > known and start <= day and (until is None or day < until)
        ]
    return found


def judge(ranked: Sequence[str], wanted: Collection[str]) -> tuple[float, float, float]:
    """How well a ranking of all candidates finds what was wanted: nDCG@10, reciprocal rank of the first, recall@10."""
    places = [place for place, key in enumerate(ranked) if key in wanted]
    top = [place for place in places if place < _TOP]
    gained = math.fsum(1 / math.log2(place + 2) for place in top)
    ideal = math.fsum(1 / math.log2(place + 2) for place in range(min(_TOP, len(wanted))))
    return gained / ideal, 1 / (places[0] + 1) if places else 0.0, len(top) / len(wanted)
