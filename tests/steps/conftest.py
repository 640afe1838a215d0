"""A small newsroom: a real database, fake sources at the network's far side, the real steps, the real outbox."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter import steps
from newsletter.database import Database
from newsletter.errors import SourceError
from newsletter.identity import fingerprint
from newsletter.mail.outbox import Outbox
from newsletter.mail.transport import Transport
from newsletter.models import Entry, Listing, Paper
from newsletter.reports import RunReport
from newsletter.settings import Settings
from newsletter.sources import Capture
from subscribers import roster, service

FRIDAY = date(2026, 11, 20)

SUBJECTS = ("speculative decoding of language models", "video diffusion", "robot grasping", "protein folding")


def paper(number: int, **facts) -> Paper:
    """An invented paper about one of four subjects."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    arxiv_id = f"2611.{number:05}"
    known = {
        "title": f"A study of {subject}, part {number}",
        "abstract": f"We look at {subject} in depth. Our results on {subject} hold for case {number}.",
        "authors": ("Ada Example", "Bo Sample"),
        "arxiv_id": arxiv_id,
        "categories": ("cs.CL",),
        "upvotes": number % 7,
        "sources": ("huggingface",),
    }
    return Paper(key=arxiv_id, **(known | facts))


def capture(*papers: Paper, day: date = FRIDAY, source: str = "huggingface", name: str = "daily", **facts) -> Capture:
    """What a source answered."""
    listing = Listing(
        source=source,
        name=name,
        day=day,
        captured_at=at(day),
        entries=tuple(Entry(one, rank) for rank, one in enumerate(papers, start=1)),
        fingerprint=fingerprint(one.key for one in papers),
        **facts,
    )
    return Capture(source, name, day, listing, None)


def trouble(error: SourceError, *, day: date = FRIDAY) -> Capture:
    """What came of a source that could not be listed."""
    return Capture(error.source, error.listing or "daily", day, None, error)


def at(day: date, hour: int = 12) -> datetime:
    """An instant of a day, UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@dataclass
class Newsroom:
    """Runs the five steps as the doors do, with captures given by hand."""

    database: Database
    settings: Settings
    asked: list[dict] = field(default_factory=list)
    transport: Callable[[], Transport] | None = None

    def subscribe(self, text: str, *, day: date = FRIDAY - timedelta(days=1)) -> None:
        """Apply a roster."""
        service.apply_roster(self.database, roster.parse(text, path="roster.yaml"), now=at(day, 0))

    def collect(self, *captures: Capture, day: date = FRIDAY, samples: tuple[Capture, ...] = ()):
        """The collect step, with what the sources answer."""

        def fetch(asked, *, today, now, sample):
            self.asked.append({"days": dict(asked), "sample": sample})
            return samples if sample else captures

        return steps.collect(self.database, fetch, settings=self.settings, day=day, now=at(day))

    def post(self, run: str, day: date = FRIDAY, hour: int = 12) -> steps.Post:
        """What delivering needs."""
        return steps.Post(
            self.database,
            self.transport() if self.transport else Outbox(self.settings.outbox_dir),
            steps.Printer(self.settings, sign=lambda token: token),
            service.still_wanted,
            clock=lambda: at(day, hour),
            run=run,
            patience=1.0,
        )

    def enqueue(self, *, day: date = FRIDAY, run: str = "run", dry_run: bool = False, respect_hours: bool = False):
        """The enqueue step for everybody whose cadence matches."""
        return steps.enqueue(
            self.database,
            lambda latest: service.audience(
                self.database, now=at(day), latest_edition=latest, respect_hours=respect_hours
            ),
            settings=self.settings,
            run=run,
            day=day,
            now=at(day),
            dry_run=dry_run,
        )

    def deliver(self, *, day: date = FRIDAY, run: str = "run", hour: int = 12):
        """The deliver step over every shard."""
        post = self.post(run, day, hour)
        shards = steps.shards(self.database, now=at(day, hour))
        return steps.sum_up(steps.deliver(post, shard) for shard in shards)

    def run(self, *captures: Capture, day: date = FRIDAY, run: str = "") -> RunReport:
        """A whole run."""
        run = run or f"run-{day}"
        collected = self.collect(*captures, day=day)
        composed = steps.compose(self.database, settings=self.settings, day=day, now=at(day))
        queued = self.enqueue(day=day, run=run)
        delivered = self.deliver(day=day, run=run)
        return steps.report(
            self.database,
            run=run,
            day=day,
            collect=collected,
            compose=composed,
            enqueue=queued,
            deliver=[delivered],
            where="the outbox",
            now=at(day),
        )

    @property
    def mails(self) -> list[Path]:
        """What is in the outbox."""
        return sorted(self.settings.outbox_dir.rglob("*.eml"))


@pytest.fixture
def newsroom(database, tmp_path) -> Newsroom:
    """On SQLite and on PostgreSQL."""
    return Newsroom(database, Settings(data_dir=tmp_path / "var"))
