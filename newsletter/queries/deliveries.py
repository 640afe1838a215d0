"""Deliveries as they stand: counted and listed; and the addresses that are never mailed again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, exists, func, literal, select, update

from newsletter.database import Transaction
from newsletter.models import Decision, State
from newsletter.queries.bulk import insert_into
from newsletter.queries.listings import chunks
from newsletter.schema import deliveries, editions, runs, subscribers, suppressions

_NEVER = datetime.max.replace(tzinfo=UTC)


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
        deliveries.c.key,
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
    return Waiting(row.number, row.due_at or _NEVER)


# ---- what was perhaps sent -------------------------------------------------------------------------------------------


def doubts(tx: Transaction, *, run: str, limit: int) -> tuple[int, list[Row[Any]]]:
    """What is uncertain since a run began: how many, and the first of them by id."""
    began = select(runs.c.started_at).where(runs.c.token == run).scalar_subquery()
    new = (deliveries.c.state == State.UNCERTAIN) & ((deliveries.c.run == run) | (deliveries.c.changed_at >= began))
    number = tx.execute(select(func.count()).where(new)).scalar_one()
    rows = tx.execute(
        select(deliveries.c.id, editions.c.day, deliveries.c.address, deliveries.c.reply)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .where(new)
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    return number, list(rows)


def uncertain(tx: Transaction, *, day: date | None = None) -> list[int]:
    """Ids of all uncertain deliveries, or of those of one day's edition."""
    query = select(deliveries.c.id).where(deliveries.c.state == State.UNCERTAIN).order_by(deliveries.c.id)
    if day is not None:
        query = query.join(editions, editions.c.id == deliveries.c.edition_id).where(editions.c.day == day)
    return list(tx.scalars(query))


def states_of(tx: Transaction, ids: Collection[int]) -> dict[int, str]:
    """The state of each of these deliveries that there is."""
    found: dict[int, str] = {}
    for piece in chunks(sorted(ids)):
        rows = tx.execute(select(deliveries.c.id, deliveries.c.state).where(deliveries.c.id.in_(piece)))
        found.update((row.id, row.state) for row in rows)
    return found


def overtaken(tx: Transaction, ids: Collection[int]) -> list[int]:
    """Those of these deliveries whose readers were promised a later digest since."""
    later = deliveries.alias()
    since = exists().where(
        later.c.subscriber_id == deliveries.c.subscriber_id,
        later.c.edition_id > deliveries.c.edition_id,
        later.c.state != State.EXPIRED,
    )
    found: list[int] = []
    for piece in chunks(sorted(ids)):
        found += tx.scalars(select(deliveries.c.id).where(deliveries.c.id.in_(piece), since))
    return found


_BECOMES = {
    Decision.ACCEPTED: State.ACCEPTED,
    Decision.AGAIN: State.QUEUED,
    Decision.DROPPED: State.EXPIRED,
}


def resolve(
    tx: Transaction, ids: Collection[int], decision: Decision, *, note: str, now: datetime, expires_at: datetime
) -> int:
    """Decide uncertain deliveries; returns how many were decided, for somebody else may have been quicker.

    What is sent again is due at once until `expires_at`, under its old key. `note` goes before the last reply.
    """
    values: dict[str, Any] = {"state": _BECOMES[decision], "changed_at": now, "claim": None}
    if decision is Decision.AGAIN:
        values |= {"due_at": now, "expires_at": expires_at}
    decided = 0
    for piece in chunks(sorted(ids)):
        decided += tx.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(piece), deliveries.c.state == State.UNCERTAIN)
            .values(**values, reply=literal(f"{note}; before that: ") + deliveries.c.reply)
        ).rowcount
    return decided


# ---- addresses -------------------------------------------------------------------------------------------------------


def suppress(tx: Transaction, address_key: str, *, reason: str, detail: str, now: datetime) -> None:
    """Never mail an address again; a second reason changes nothing."""
    row = {"address_key": address_key, "reason": reason, "detail": detail, "at": now}
    tx.execute(insert_into(tx, suppressions).values(row).on_conflict_do_nothing())


def address_key_of(tx: Transaction, subscriber_id: int) -> str:
    """The folded address of a subscriber."""
    key: str = tx.execute(select(subscribers.c.address_key).where(subscribers.c.id == subscriber_id)).scalar_one()
    return key
