"""The outbox: deliveries, their attempts, and the skips of those who got none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Digest, Outcome, Skip, State
from newsletter.queries.listings import chunks
from newsletter.schema import attempts, deliveries, editions, skips, subscribers, suppressions


@dataclass(frozen=True, slots=True)
class Promise:
    """A delivery to be written: the promise to send one digest once."""

    key: str
    subscriber_id: int
    edition_id: int
    after: int
    address: str
    name: str
    token: str
    digest: Digest


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


def _insert(tx: Transaction, table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, which both databases spell alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def enqueue(
    tx: Transaction, promises: Sequence[Promise], *, run: str, now: datetime, expires_at: datetime
) -> frozenset[int]:
    """Write deliveries and move their subscribers' cursors; returns whose delivery is new.

    One delivery per subscriber and edition is the database's rule: who has one already is left alone, cursor and all.
    A new delivery takes the place of what is queued for its subscriber from before: see `unsent`.
    """
    made = set()
    for promise in promises:
        row = {
            "key": promise.key,
            "subscriber_id": promise.subscriber_id,
            "edition_id": promise.edition_id,
            "after": promise.after,
            "address": promise.address,
            "name": promise.name,
            "token": promise.token,
            "digest": encoding.dump(promise.digest),
            "state": State.QUEUED,
            "queued_at": now,
            "due_at": now,
            "expires_at": expires_at,
            "changed_at": now,
            "attempts": 0,
            "made_by": run,
            "reply": "",
        }
        if tx.execute(_insert(tx, deliveries).values(row).on_conflict_do_nothing()).rowcount:
            made.add(promise.subscriber_id)
    if promises:
        _replace_queued(tx, made, by=promises[0].edition_id, now=now)
        advance(tx, made, upto=promises[0].edition_id, now=now)
    return frozenset(made)


def unsent(tx: Transaction) -> dict[int, int]:
    """Of each subscriber with a queued delivery: the cursor before it. Nothing after that was sent to them yet.

    Their next digest starts there and replaces what is queued, so that an outage ends with one digest of all its days.
    """
    rows = tx.execute(
        select(deliveries.c.subscriber_id, func.min(deliveries.c.after).label("after"))
        .where(deliveries.c.state == State.QUEUED)
        .group_by(deliveries.c.subscriber_id)
    )
    return {row.subscriber_id: row.after for row in rows}


def _replace_queued(tx: Transaction, subscriber_ids: Collection[int], *, by: int, now: datetime) -> None:
    for piece in chunks(sorted(subscriber_ids)):
        tx.execute(
            update(deliveries)
            .where(
                deliveries.c.subscriber_id.in_(piece),
                deliveries.c.edition_id < by,
                deliveries.c.state == State.QUEUED,
            )
            .values(state=State.EXPIRED, changed_at=now, reply="not sent in time: its papers are in the next digest")
        )


def advance(tx: Transaction, subscriber_ids: Collection[int], *, upto: int, now: datetime) -> None:
    """Move cursors forward, never back, and note when their owners were served."""
    for piece in chunks(sorted(subscriber_ids)):
        tx.execute(
            update(subscribers)
            .where(subscribers.c.id.in_(piece), subscribers.c.cursor < upto)
            .values(cursor=upto, served_at=now)
        )


def skip(tx: Transaction, skipped: Sequence[tuple[int, Skip]], *, day: date, now: datetime) -> None:
    """Record why subscribers got no digest on a day; a later reason of the day replaces the earlier, save not_due.

    Whoever was considered at their hour is not due in every hour after it; that says nothing of the digest.
    """
    for piece in chunks(skipped):
        statement = _insert(tx, skips).values(
            [{"subscriber_id": who, "day": day, "reason": reason, "at": now} for who, reason in piece]
        )
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["subscriber_id", "day"],
                set_={"reason": statement.excluded.reason, "at": statement.excluded.at},
                where=statement.excluded.reason != Skip.NOT_DUE,
            )
        )


def expire(tx: Transaction, *, now: datetime) -> int:
    """Give up deliveries that are too old, and give cursors back so that the next digest has their papers."""
    late = tx.execute(
        select(deliveries.c.id, deliveries.c.subscriber_id, deliveries.c.edition_id, deliveries.c.after).where(
            deliveries.c.state == State.QUEUED, deliveries.c.expires_at <= now
        )
    ).all()
    later = deliveries.alias()
    for row in late:
        tx.execute(update(deliveries).where(deliveries.c.id == row.id).values(state=State.EXPIRED, changed_at=now))
        # The cursor may be further on: nothing of a later edition matched. What was sent since must stay behind it.
        sent_since = exists().where(
            later.c.subscriber_id == row.subscriber_id,
            later.c.edition_id > row.edition_id,
            later.c.state != State.EXPIRED,
        )
        tx.execute(
            update(subscribers)
            .where(subscribers.c.id == row.subscriber_id, subscribers.c.cursor >= row.edition_id, ~sent_since)
            .values(cursor=row.after)
        )
    return len(late)


def expire_samples(tx: Transaction, *, now: datetime) -> None:
    """Give up what is queued of sample editions: it was meant for the outbox, and the mail goes to real inboxes now."""
    samples = select(editions.c.id).where(editions.c.sample.is_(True))
    tx.execute(
        update(deliveries)
        .where(deliveries.c.state == State.QUEUED, deliveries.c.edition_id.in_(samples))
        .values(state=State.EXPIRED, changed_at=now, reply="a digest of samples is not sent to a real inbox")
    )


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


def suppress(tx: Transaction, address_key: str, *, reason: str, detail: str, now: datetime) -> None:
    """Never mail an address again; a second reason changes nothing."""
    row = {"address_key": address_key, "reason": reason, "detail": detail, "at": now}
    tx.execute(_insert(tx, suppressions).values(row).on_conflict_do_nothing())


def address_key_of(tx: Transaction, subscriber_id: int) -> str:
    """The folded address of a subscriber."""
    key: str = tx.execute(select(subscribers.c.address_key).where(subscribers.c.id == subscriber_id)).scalar_one()
    return key


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
