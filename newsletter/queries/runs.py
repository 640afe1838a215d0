"""Runs and the lease that keeps two of them from overlapping."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.database import Transaction
from newsletter.schema import leases, runs


def holder(tx: Transaction, name: str) -> Row[Any] | None:
    """Who holds a lease; on PostgreSQL the row is locked until the transaction ends."""
    return tx.execute(select(leases).where(leases.c.name == name).with_for_update()).first()


def held(tx: Transaction, prefix: str) -> list[Row[Any]]:
    """The leases whose name begins so."""
    return list(tx.execute(select(leases).where(leases.c.name.startswith(prefix, autoescape=True))))


def take(tx: Transaction, name: str, *, token: str, host: str, pid: int, until: datetime) -> bool:
    """Write the lease where there is none; False where somebody has it, or took it in this very moment."""
    made = postgresql.insert(leases) if tx.dialect.name == "postgresql" else sqlite.insert(leases)
    row = {"name": name, "holder": token, "host": host, "pid": pid, "until": until}
    return bool(tx.execute(made.values(row).on_conflict_do_nothing()).rowcount)


def take_over(tx: Transaction, name: str, *, token: str, host: str, pid: int, until: datetime) -> None:
    """Write a new holder into a lease that `holder` has locked.

    The row stays the same one: who waits for its lock then sees who has it now, and not a row that is gone.
    """
    tx.execute(update(leases).where(leases.c.name == name).values(holder=token, host=host, pid=pid, until=until))


def renew(tx: Transaction, name: str, *, token: str, until: datetime) -> bool:
    """Prolong a lease; False if it is no longer ours."""
    changed = tx.execute(update(leases).where(leases.c.name == name, leases.c.holder == token).values(until=until))
    return bool(changed.rowcount)


def release(tx: Transaction, name: str, *, token: str) -> None:
    """Give a lease back."""
    tx.execute(delete(leases).where(leases.c.name == name, leases.c.holder == token))


def start(tx: Transaction, token: str, *, day: date, now: datetime) -> None:
    """Note that a run began; those that never ended are marked abandoned, since only one can hold the lease."""
    tx.execute(update(runs).where(runs.c.state == "running").values(state="abandoned"))
    tx.execute(insert(runs).values(token=token, day=day, started_at=now, state="running"))


def finish(tx: Transaction, token: str, *, state: str, report: Any, now: datetime) -> None:
    """Note how a run ended."""
    tx.execute(update(runs).where(runs.c.token == token).values(state=state, report=report, finished_at=now))


def latest(tx: Transaction, limit: int = 10) -> list[Row[Any]]:
    """The newest runs, newest first."""
    return list(tx.execute(select(runs).order_by(runs.c.started_at.desc()).limit(limit)))
