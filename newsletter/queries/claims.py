"""Deliveries while they are sent: due, claimed, begun, settled, and what a dead process left.

A claim is the name of a lease. Only whoever holds it may begin and settle what it claimed: each statement says so in
its WHERE, so that a process which slept through its lease finds nothing of it left to send.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, exists, or_, select, true, update

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Digest, Outcome, State
from newsletter.queries.bulk import given, ids, insert_into
from newsletter.schema import attempts, deliveries, editions, leases


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


@dataclass(frozen=True, slots=True)
class Settled:
    """What an attempt came to; QUEUED means deferred until `due_at`."""

    delivery: Delivery
    outcome: Outcome
    started_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Left:
    """A delivery in `sending` whose lease is gone."""

    id: int
    key: str
    day: date  # of its edition
    claim: str | None
    attempts: int
    since: datetime  # when the message began to leave


_IS_FREE = or_(deliveries.c.claim.is_(None), ~exists().where(leases.c.name == deliveries.c.claim))
"""Nobody's, or of a lease that is gone."""


def due_ids(tx: Transaction, *, now: datetime, first: int = 0, last: int | None = None) -> list[int]:
    """Ids of the deliveries whose time has come and that nobody has, within a range of ids; those tried least first.

    So what ends a batch, time after time, hides nothing that stands behind it.
    """
    query = select(deliveries.c.id).where(
        deliveries.c.state == State.QUEUED, deliveries.c.due_at <= now, deliveries.c.id >= first, _IS_FREE
    )
    if last is not None:
        query = query.where(deliveries.c.id <= last)
    return list(tx.scalars(query.order_by(deliveries.c.attempts, deliveries.c.id)))


def claim(tx: Transaction, claim: str, wanted: Collection[int], *, now: datetime) -> list[Delivery]:
    """Claim deliveries that are still due; those that somebody else has by now are left out."""
    rows = tx.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_(ids(tx, wanted)),
            deliveries.c.state == State.QUEUED,
            deliveries.c.due_at <= now,
            deliveries.c.expires_at > now,
            _IS_FREE,
        )
        .values(claim=claim)
        .returning(*deliveries.c)
    )
    claimed = {row.id: _delivery(row) for row in rows}
    return [claimed[number] for number in wanted if number in claimed]


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


def release(tx: Transaction, claim: str, claimed: Collection[int]) -> None:
    """Give back what was claimed and not begun."""
    tx.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids(tx, claimed)), deliveries.c.claim == claim, deliveries.c.state == State.QUEUED)
        .values(claim=None)
    )


def begin(tx: Transaction, claim: str, wanted: Collection[int], *, run: str, now: datetime) -> set[int]:
    """Mark as `sending` what is still ours: committed, a byte of its message may leave."""
    begun = tx.scalars(
        update(deliveries)
        .where(deliveries.c.id.in_(ids(tx, wanted)), deliveries.c.claim == claim, deliveries.c.state == State.QUEUED)
        .values(state=State.SENDING, run=run, changed_at=now, attempts=deliveries.c.attempts + 1)
        .returning(deliveries.c.id)
    )
    return set(begun)


def settle(tx: Transaction, claim: str, settled: Sequence[Settled], *, run: str, now: datetime) -> None:
    """Record what attempts came to, also of a delivery that was thought uncertain meanwhile."""
    rows = given(
        tx,
        [deliveries.c.id, deliveries.c.state, deliveries.c.due_at, deliveries.c.attempts, deliveries.c.reply],
        [
            (each.delivery.id, each.outcome.state, _text(each.due_at), each.delivery.attempts + 1, _said(each.outcome))
            for each in settled
        ],
    )
    tx.execute(
        update(deliveries)
        .where(
            deliveries.c.id == rows.c.id,
            deliveries.c.claim == claim,
            deliveries.c.state.in_((State.QUEUED, State.SENDING, State.UNCERTAIN)),
        )
        .values(
            state=rows.c.state,
            due_at=rows.c.due_at,
            attempts=rows.c.attempts,
            reply=rows.c.reply,
            run=run,
            changed_at=now,
            claim=None,
        )
    )
    _tried(
        tx,
        [(each.delivery.id, each.delivery.attempts + 1, each.started_at, each.outcome) for each in settled],
        run=run,
        now=now,
    )


def suppress(tx: Transaction, claim: str, unwanted: Collection[int], *, reply: str, now: datetime) -> None:
    """Settle deliveries of ours that must not be sent any more."""
    tx.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids(tx, unwanted)), deliveries.c.claim == claim, deliveries.c.state == State.QUEUED)
        .values(state=State.SUPPRESSED, reply=reply, changed_at=now, claim=None)
    )


def in_flight(tx: Transaction) -> list[Left]:
    """The deliveries that were being sent under a lease that is gone."""
    row = deliveries.c
    query = select(row.id, row.key, editions.c.day, row.claim, row.attempts, row.changed_at)
    query = query.join(editions, editions.c.id == row.edition_id).where(row.state == State.SENDING, _IS_FREE)
    return [Left(*found) for found in tx.execute(query.order_by(row.id))]


def judge(tx: Transaction, left: Left, outcome: Outcome, *, run: str, now: datetime) -> bool:
    """Settle what a dead process left; False where it, or somebody else, did so meanwhile.

    An uncertain one keeps its claim: should the process only have slept, it may still say what the server answered.
    """
    judged = tx.execute(
        update(deliveries)
        .where(
            deliveries.c.id == left.id,
            deliveries.c.state == State.SENDING,
            deliveries.c.claim.is_not_distinct_from(left.claim),
        )
        .values(
            state=outcome.state,
            reply=outcome.reply,
            changed_at=now,
            claim=left.claim if outcome.state is State.UNCERTAIN else None,
        )
    )
    if judged.rowcount:
        _tried(tx, [(left.id, left.attempts, left.since, outcome)], run=run, now=now)
    return bool(judged.rowcount)


def _tried(tx: Transaction, tried: Iterable[tuple[int, int, datetime, Outcome]], *, run: str, now: datetime) -> None:
    """Write the attempts: delivery, number, when it started, what it came to; known ones get the better answer."""
    table = attempts.c
    columns = [
        table.delivery_id, table.number, table.run, table.started_at, table.finished_at, table.outcome, table.phase,
        table.code, table.enhanced, table.reply,
    ]  # fmt: skip
    rows = given(
        tx,
        columns,
        [
            (
                delivery_id, number, run, _text(started_at), _text(now), outcome.state, outcome.phase, outcome.code,
                outcome.enhanced, outcome.reply,
            )
            for delivery_id, number, started_at, outcome in tried
        ],
    )  # fmt: skip
    names = [column.name for column in columns]
    # SQLite needs a WHERE to tell ON CONFLICT from a join's ON.
    statement = insert_into(tx, attempts).from_select(names, select(rows).where(true()))
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["delivery_id", "number"],
            set_={name: statement.excluded[name] for name in names[4:]},
        )
    )


def _said(outcome: Outcome) -> str:
    return f"{outcome.code or ''} {outcome.enhanced or ''} {outcome.reply}".strip()


def _text(instant: datetime) -> str:
    """As the schema's Instant writes it."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
