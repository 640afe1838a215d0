"""Deliveries before they are sent: promised, replaced, expired; and the skips of those who get none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, literal, select, true, update

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Digest, Skip, State
from newsletter.queries.bulk import given, ids, insert_into, insert_new, instant
from newsletter.schema import deliveries, editions, skips, subscribers

_AT_ONCE = 5_000  # deliveries given up in one statement


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
    """Write deliveries; returns the subscribers whose delivery is new.

    One delivery per subscriber and edition is the database's rule: who has one already is left alone.
    """
    row = deliveries.c
    varying = [row.key, row.subscriber_id, row.edition_id, row.after, row.address, row.name, row.token, row.digest]
    rows = [
        (
            each.key,
            each.subscriber_id,
            each.edition_id,
            each.after,
            each.address,
            each.name,
            each.token,
            encoding.dump_json(each.digest),
        )
        for each in promises
    ]
    same = {
        "state": State.QUEUED.value,
        "queued_at": instant(now),
        "due_at": instant(now),
        "expires_at": instant(expires_at),
        "changed_at": instant(now),
        "attempts": 0,
        "made_by": run,
        "reply": "",
    }
    return insert_new(tx, deliveries, varying, rows, same=same, told=row.subscriber_id) if rows else frozenset()


def oldest_unsent(tx: Transaction, *, before: int) -> int | None:
    """The oldest edition that a queued delivery reaches, of those before one; None on every day without trouble."""
    row = deliveries.c
    oldest: int | None = tx.scalar(
        select(func.min(row.edition_id)).where(row.state == State.QUEUED, row.edition_id < before)
    )
    return oldest


@dataclass(frozen=True, slots=True)
class Start:
    """Where the next digest of a subscriber starts, and the queued deliveries whose place it takes."""

    after: int
    unsent: tuple[int, ...] = ()


def starts(
    tx: Transaction, subscriber_ids: Collection[int], *, since: int, before: int, hold: bool = False
) -> dict[int, Start]:
    """Where digests start now: at the cursor, or before the first queued delivery of the editions in a range.

    Nothing of what is queued was sent. The next digest has it too and replaces it, so that an outage ends with one
    digest of all its days. `before` is not in the range. With `hold` nobody begins to send it, or gives it up, before
    this transaction ends; what somebody does right now counts as done.
    """
    wanted = ids(tx, subscriber_ids)
    cursors = tx.execute(select(subscribers.c.id, subscribers.c.cursor).where(subscribers.c.id.in_(wanted)))
    found = {each.id: Start(each.cursor) for each in cursors}
    row = deliveries.c
    query = select(row.id, row.subscriber_id, row.after, row.state).where(
        row.subscriber_id.in_(wanted), row.edition_id >= since, row.edition_id < before
    )
    for each in tx.execute((query.with_for_update(skip_locked=True) if hold else query).order_by(row.id)):
        if each.state == State.QUEUED:
            known = found[each.subscriber_id]
            found[each.subscriber_id] = Start(min(known.after, each.after), (*known.unsent, each.id))
    return found


def replace(tx: Transaction, delivery_ids: Collection[int], *, now: datetime) -> None:
    """Give up deliveries that are held, because the next digest has their papers."""
    if delivery_ids:
        reply = "not sent in time: its papers are in the next digest"
        tx.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(ids(tx, delivery_ids)))
            .values(state=State.EXPIRED, changed_at=now, reply=reply)
        )


def advance(tx: Transaction, subscriber_ids: Collection[int], *, upto: int, now: datetime) -> None:
    """Move cursors forward, never back, and note when their owners were served."""
    if subscriber_ids:
        tx.execute(
            update(subscribers)
            .where(subscribers.c.id.in_(ids(tx, subscriber_ids)), subscribers.c.cursor < upto)
            .values(cursor=upto, served_at=now)
        )


def skip(tx: Transaction, skipped: Sequence[tuple[int, Skip]], *, day: date, now: datetime) -> None:
    """Record why subscribers got no digest on a day; a later reason of the day replaces the earlier, save not_due.

    Whoever was considered at their hour is not due in every hour after it; that says nothing of the digest.
    """
    if not skipped:
        return
    rows = given(tx, [skips.c.subscriber_id, skips.c.reason], [(who, reason.value) for who, reason in skipped])
    alike = literal(day, skips.c.day.type), literal(now, skips.c.at.type)
    # SQLite needs a WHERE to tell ON CONFLICT from a join's ON.
    wanted = select(rows.c.subscriber_id, rows.c.reason, *alike).where(true())
    statement = insert_into(tx, skips).from_select(["subscriber_id", "reason", "day", "at"], wanted)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["subscriber_id", "day"],
            set_={"reason": statement.excluded.reason, "at": statement.excluded.at},
            where=statement.excluded.reason != Skip.NOT_DUE,
        )
    )


def expire(tx: Transaction, *, now: datetime) -> int:
    """Give up deliveries that are too old, and give cursors back so that the next digest has their papers."""
    row = deliveries.c
    given_up = 0
    while True:
        late = select(row.id).where(row.state == State.QUEUED, row.expires_at <= now).limit(_AT_ONCE)
        expired = tx.execute(
            update(deliveries)
            # Said again: PostgreSQL may wait for whoever begins to send one of them, and looks only at this afterwards.
            .where(row.id.in_(late), row.state == State.QUEUED, row.expires_at <= now)
            .values(state=State.EXPIRED, changed_at=now)
            .returning(row.subscriber_id, row.edition_id, row.after)
        ).all()
        if not expired:
            return given_up
        given_up += len(expired)
        _give_back(tx, [tuple(each) for each in expired])


def _give_back(tx: Transaction, expired: Sequence[tuple[int, int, int]]) -> None:
    """Set cursors back to where they were before deliveries: subscriber, edition it reaches, cursor before it."""
    row = deliveries.c
    rows = given(tx, [row.subscriber_id, row.edition_id, row.after], expired)
    later = deliveries.alias()
    # The cursor may be further on: nothing of a later edition matched. What was sent since must stay behind it.
    sent_since = exists().where(
        later.c.subscriber_id == rows.c.subscriber_id,
        later.c.edition_id > rows.c.edition_id,
        later.c.state != State.EXPIRED,
    )
    back = (
        select(rows.c.subscriber_id, func.min(rows.c.after).label("after"))
        .join(subscribers, subscribers.c.id == rows.c.subscriber_id)
        .where(subscribers.c.cursor >= rows.c.edition_id, ~sent_since)
        .group_by(rows.c.subscriber_id)
        .subquery()
    )
    tx.execute(update(subscribers).where(subscribers.c.id == back.c.subscriber_id).values(cursor=back.c.after))


def expire_samples(tx: Transaction, *, now: datetime) -> None:
    """Give up what is queued of sample editions: it was meant for the outbox, and the mail goes to real inboxes now."""
    samples = select(editions.c.id).where(editions.c.sample.is_(True))
    tx.execute(
        update(deliveries)
        .where(deliveries.c.state == State.QUEUED, deliveries.c.edition_id.in_(samples))
        .values(state=State.EXPIRED, changed_at=now, reply="a digest of samples is not sent to a real inbox")
    )
