"""The newsroom that chaos falls upon: readers, papers, one database; and the hands of its clock."""

import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Update, func, select, update
from sqlalchemy.exc import DBAPIError

from newsletter import steps
from newsletter.database import Database
from newsletter.models import State
from newsletter.schema import deliveries, editions, leases, rates, skips
from newsletter.settings import inherited
from newsletter.sources import parse_file
from subscribers import service

PAPERS = 8  # of an edition
_DOMAINS = 37
_SUBJECTS = ("speculative decoding", "video diffusion", "robot grasping", "protein folding")
_FIRST_DAY = date(2026, 1, 5)


@dataclass
class Newsroom:
    """One database of its own, in a folder of its own."""

    folder: Path
    url: str
    readers: int
    sender: str  # plain · fast
    published: int = 0  # editions

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(self.url)
        self.database.migrate()
        people = "".join(f"  - {{address: {self.address(n)}, name: Reader {n}}}\n" for n in range(self.readers))
        self.roster.write_text(f"subscribers:\n{people}")
        service.apply_roster(self.database, service.read_roster(self.roster), now=self.now())

    @staticmethod
    def address(number: int) -> str:
        """Of one reader; nobody has it."""
        return f"reader{number}@d{number % _DOMAINS}.example.org"

    @staticmethod
    def now() -> datetime:
        """This instant; a benchmark is a door."""
        return datetime.now(UTC)

    @property
    def roster(self) -> Path:
        """The file of all readers."""
        return self.folder / "roster.yaml"

    @property
    def day(self) -> date:
        """Of the newest edition."""
        return _FIRST_DAY + timedelta(days=self.published)

    def environment(self, port: int, prefect_port: int) -> dict[str, str]:
        """What the command is started with; PAPERBOY_SAMPLES=always keeps it away from the real sources."""
        ours = {
            "DATA_DIR": self.folder,
            "DATABASE_URL": self.url,
            "ROSTER": self.roster,
            "SAMPLES": "always",
            "SOURCES": "huggingface",
            "TRANSPORT": "smtp",
            "SENDER": "Paperboy <papers@example.org>",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": port,
            "SMTP_SECURITY": "none",
            "SMTP_PIPELINING": str(self.sender == "fast").lower(),
            "RATE": 0,
            "PREFECT_PORT": prefect_port,
        }
        kept = {name: value for name, value in inherited().items() if not name.startswith("PAPERBOY_")}
        return kept | {f"PAPERBOY_{name}": str(value) for name, value in ours.items()} | {"COLUMNS": "300"}

    # ---- papers ----------------------------------------------------------------------------------------------------

    def publish(self) -> None:
        """The papers of the next day, imported from a file as `paperboy import` does."""
        self.published += 1
        path = self.folder / f"listing-{self.day}.json"
        path.write_text(
            json.dumps({"date": str(self.day), "count": PAPERS, "papers": [self._paper(n) for n in range(PAPERS)]})
        )
        steps.store(self.database, parse_file(path, captured_at=self.now(), day=self.day))

    def _paper(self, number: int) -> dict[str, object]:
        subject = _SUBJECTS[number % len(_SUBJECTS)]
        return {
            "arxiv_id": f"26{self.published % 12 + 1:02}.{10_000 + 100 * self.published + number}",
            "title": f"A study of {subject}, day {self.published}, part {number}",
            "abstract": f"We look at {subject} in depth. Our results on {subject} hold for case {number}.",
            "authors": ["Ada Example", "Bo Sample"],
            "primary_category": "cs.CL",
            "announce_type": "new",
        }

    # ---- the clock -------------------------------------------------------------------------------------------------

    def move_clock(self) -> None:
        """What was deferred is due, and who had to slow down has had time to recover: hours pass in no time."""
        now = self.now()
        with self.database.begin() as tx:
            tx.execute(
                update(deliveries)
                .where(deliveries.c.state == State.QUEUED, deliveries.c.due_at > now)
                .values(due_at=now)
            )
            tx.execute(rates.delete())

    def hold_back(self, number: int) -> None:
        """All but so many of what waits is due later: who sends that comes to an end without being killed."""
        queued = deliveries.c.state == State.QUEUED
        first = select(deliveries.c.id).where(queued).order_by(deliveries.c.id).limit(number)
        with self.database.begin() as tx:
            later = self.now() + timedelta(hours=1)
            tx.execute(update(deliveries).where(queued, deliveries.c.id.not_in(first)).values(due_at=later))

    def outlast_leases(self) -> bool:
        """Every lease runs out, as after minutes in which its holder did not move.

        False where a stopped process locks the database: nobody waits for it here.
        """
        statement = update(leases).values(until=self.now() - timedelta(seconds=1))
        if self.database.dialect == "sqlite":
            return self._at_once(statement)
        try:
            with self.database.begin() as tx:
                tx.exec_driver_sql("SET LOCAL lock_timeout = '300ms'")
                tx.execute(statement)
        except DBAPIError:
            return False
        return True

    def _at_once(self, statement: Update) -> bool:
        """On a connection that does not wait a minute for the lock, as ours do."""
        dialect = self.database.engine.dialect
        words = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}).string
        with closing(sqlite3.connect(self.database.engine.url.database or "", timeout=0.3)) as connection:
            try:
                connection.execute(words)
                connection.commit()
            except sqlite3.OperationalError:
                return False
        return True

    def is_queued(self) -> bool:
        """Whether every reader has a delivery of the newest edition, or a reason of its day."""
        with self.database.begin() as tx:
            edition = tx.execute(select(editions.c.id).where(editions.c.day == self.day)).scalar()
            served = set(tx.scalars(select(deliveries.c.subscriber_id).where(deliveries.c.edition_id == edition)))
            excused = set(tx.scalars(select(skips.c.subscriber_id).where(skips.c.day == self.day)))
        return len(served | excused) >= self.readers

    def states(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        with self.database.begin() as tx:
            rows = tx.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
            return {row[0]: row[1] for row in rows}

    def waiting(self) -> int:
        """Deliveries that are in no final state."""
        found = self.states()
        return found.get(State.QUEUED, 0) + found.get(State.SENDING, 0)


def command(*words: str) -> list[str]:
    """The real command."""
    return [sys.executable, "-m", "flows.cli", *words]
