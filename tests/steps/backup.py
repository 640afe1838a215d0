"""A backup of either database, and a newsroom that keeps a mark beside it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, func, insert, select, text

from newsletter import steps
from newsletter.database import Database
from newsletter.mark import Mark
from newsletter.reports import RestoredReport
from newsletter.schema import metadata
from newsletter.steps import restored
from tests.steps.conftest import FRIDAY, Newsroom, at


@dataclass(frozen=True, slots=True)
class Backup:
    """The rows of every table."""

    rows: dict[str, list[dict[str, Any]]] = field(repr=False)


def copy(database: Database) -> Backup:
    """Every row as one moment has it."""
    with database.begin() as tx:
        if database.dialect == "postgresql":
            tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))  # as pg_dump reads
        rows = {
            name: [dict(row._mapping) for row in tx.execute(select(table))] for name, table in metadata.tables.items()
        }
    return Backup(rows)


def restore(database: Database, backup: Backup) -> None:
    """The rows of the copy in the place of what is there; ids go on as they did then."""
    with database.begin() as tx:
        tx.execute(text("DELETE FROM search"))  # which papers can be found is no matter here
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())
        for table in metadata.sorted_tables:
            if backup.rows[table.name]:
                tx.execute(insert(table), backup.rows[table.name])
            if database.dialect == "postgresql" and "id" in table.c and isinstance(table.c.id.type, Integer):
                newest = tx.scalar(select(func.max(table.c.id)))
                tx.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), :next, false)"),
                    {"next": (newest or 0) + 1},
                )


class Marked(Newsroom):
    """A newsroom that writes a mark while mail goes out, as the doors do over SMTP."""

    @property
    def mark(self) -> Mark:
        """The file in the data directory."""
        return Mark(self.settings.data_dir / "sent.mark")

    def post(self, run: str, day: date = FRIDAY, hour: int = 12) -> steps.Post:
        """What delivering needs, the mark with it."""
        post = super().post(run, day, hour)
        post.note = restored.noting(self.database, self.mark)
        return post

    def deliver(self, *, day: date = FRIDAY, run: str = "run", hour: int = 12, each: Callable[[], None] = lambda: None):
        """The deliver step over every shard; `each` is called after each delivery."""
        post = self.post(run, day, hour)
        shards = steps.shards(self.database, now=at(day, hour))
        return steps.sum_up(steps.deliver(post, shard, progress=lambda _done, _all: each()) for shard in shards)

    def is_overtaken(self) -> bool:
        """Whether the database is older than its mail."""
        return restored.overtaken(self.database, self.mark) is not None

    def put_in_order(
        self, now: datetime, *, until: datetime | None = None, send_again: bool = False
    ) -> RestoredReport | None:
        """What `paperboy restored` does."""
        return restored.put_in_order(self.database, self.mark, until=until, send_again=send_again, clock=lambda: now)
