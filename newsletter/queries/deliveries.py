"""Deliveries as they stand: counted and listed; and the addresses that are never mailed again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, func, select

from newsletter.database import Transaction
from newsletter.models import State
from newsletter.queries.bulk import insert_into
from newsletter.queries.listings import chunks
from newsletter.schema import deliveries, editions, subscribers, suppressions


def states(tx: Transaction, *, made_by: str | None = None, ids: Collection[int] | None = None) -> dict[str, int]:
    """How many deliveries are in each state: of all, of those one run queued, or of some ids."""
    if ids is not None:
        counted: dict[str, int] = {}
        for piece in chunks(sorted(ids)):
            _add(counted, tx, deliveries.c.id.in_(piece))
        return counted
    counted = {}
    _add(counted, tx, *(() if made_by is None else (deliveries.c.made_by == made_by,)))
    return counted


def _add(counted: dict[str, int], tx: Transaction, *where: Any) -> None:
    rows = tx.execute(select(deliveries.c.state, func.count()).where(*where).group_by(deliveries.c.state))
    for state, number in rows:
        counted[state] = counted.get(state, 0) + number


def listed(tx: Transaction, *, state: str | None = None, day: date | None = None, limit: int = 100) -> list[Row[Any]]:
    """Deliveries for a person to read, newest first."""
    query = select(
        deliveries.c.id,
        editions.c.day,
        deliveries.c.address,
        deliveries.c.state,
        deliveries.c.attempts,
        deliveries.c.changed_at,
        deliveries.c.reply,
    ).join(editions, editions.c.id == deliveries.c.edition_id)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if day is not None:
        query = query.where(editions.c.day == day)
    return list(tx.execute(query.order_by(deliveries.c.id.desc()).limit(limit)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is queued: how many deliveries, and when the first of them is due."""

    number: int
    due_at: datetime


def waiting(tx: Transaction) -> Waiting:
    """What is queued; where nothing is, its time means nothing."""
    row = tx.execute(
        select(func.count().label("number"), func.min(deliveries.c.due_at).label("due_at")).where(
            deliveries.c.state == State.QUEUED
        )
    ).one()
    return Waiting(row.number, row.due_at or datetime.max.replace(tzinfo=UTC))


def suppress(tx: Transaction, address_key: str, *, reason: str, detail: str, now: datetime) -> None:
    """Never mail an address again; a second reason changes nothing."""
    row = {"address_key": address_key, "reason": reason, "detail": detail, "at": now}
    tx.execute(insert_into(tx, suppressions).values(row).on_conflict_do_nothing())


def address_key_of(tx: Transaction, subscriber_id: int) -> str:
    """The folded address of a subscriber."""
    key: str = tx.execute(select(subscribers.c.address_key).where(subscribers.c.id == subscriber_id)).scalar_one()
    return key
