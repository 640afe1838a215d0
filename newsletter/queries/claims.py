"""Deliveries while they are sent: due, claimed, settled, and what a dead process left."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Digest, Outcome, State
from newsletter.schema import attempts, deliveries, editions


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it stands in the outbox."""

    id: int
    key: str
    subscriber_id: int
    edition_id: int
    after: int
    address: str
    name: str
    token: str
    digest: Digest
    queued_at: datetime
    expires_at: datetime
    attempts: int


def due_ids(tx: Transaction, *, now: datetime, first: int = 0, last: int | None = None) -> list[int]:
    """Ids of the queued deliveries whose time has come, within a range of ids; those tried least come first.

    So what ends a batch, time after time, hides nothing that stands behind it.
    """
    query = select(deliveries.c.id).where(
        deliveries.c.state == State.QUEUED, deliveries.c.due_at <= now, deliveries.c.id >= first
    )
    if last is not None:
        query = query.where(deliveries.c.id <= last)
    return list(tx.scalars(query.order_by(deliveries.c.attempts, deliveries.c.id)))


def claim(tx: Transaction, delivery_id: int, *, run: str, now: datetime) -> Delivery | None:
    """Take one queued delivery for sending; None if somebody else has it or it is no longer queued."""
    claimed = tx.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == State.QUEUED)
        .values(state=State.SENDING, run=run, changed_at=now, attempts=deliveries.c.attempts + 1)
    )
    if not claimed.rowcount:
        return None
    row = tx.execute(select(deliveries).where(deliveries.c.id == delivery_id)).one()
    tx.execute(insert(attempts).values(delivery_id=row.id, number=row.attempts, run=run, started_at=now))
    return _delivery(row)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        key=row.key,
        subscriber_id=row.subscriber_id,
        edition_id=row.edition_id,
        after=row.after,
        address=row.address,
        name=row.name,
        token=row.token,
        digest=encoding.load(Digest, row.digest),
        queued_at=row.queued_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
    )


def settle(tx: Transaction, delivery: Delivery, outcome: Outcome, *, due_at: datetime, now: datetime) -> None:
    """Record what an attempt came to; QUEUED means deferred until `due_at`."""
    reply = f"{outcome.code or ''} {outcome.enhanced or ''} {outcome.reply}".strip()
    tx.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery.id)
        .values(state=outcome.state, changed_at=now, due_at=due_at, reply=reply)
    )
    tx.execute(
        update(attempts)
        .where(attempts.c.delivery_id == delivery.id, attempts.c.number == delivery.attempts)
        .values(
            finished_at=now,
            outcome=outcome.state,
            phase=outcome.phase,
            code=outcome.code,
            enhanced=outcome.enhanced,
            reply=outcome.reply,
        )
    )


def set_state(tx: Transaction, delivery_id: int, state: State, *, reply: str, now: datetime) -> None:
    """Set a state outside an attempt: suppressed before sending, or judged after a process died."""
    tx.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(state=state, reply=reply, changed_at=now)
    )


def in_flight(tx: Transaction) -> list[Row[tuple[int, str, date]]]:
    """Id, key and edition day of the deliveries in `sending`; under the run's lease these are a dead process's."""
    return list(
        tx.execute(
            select(deliveries.c.id, deliveries.c.key, editions.c.day)
            .join(editions, editions.c.id == deliveries.c.edition_id)
            .where(deliveries.c.state == State.SENDING)
            .order_by(deliveries.c.id)
        )
    )
