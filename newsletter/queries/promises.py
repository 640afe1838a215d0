"""Deliveries before they are sent: promised, replaced, expired; and the skips of those who get none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select, update

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Digest, Skip, State
from newsletter.queries.bulk import insert_into
from newsletter.queries.listings import chunks
from newsletter.schema import deliveries, editions, skips, subscribers


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
        if tx.execute(insert_into(tx, deliveries).values(row).on_conflict_do_nothing()).rowcount:
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
        statement = insert_into(tx, skips).values(
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
        given_up = tx.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id, deliveries.c.state == State.QUEUED)
            .values(state=State.EXPIRED, changed_at=now)
        )
        if not given_up.rowcount:
            continue  # it is being sent in this moment
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
