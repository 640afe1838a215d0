"""Deliveries while they are sent: due, claimed, begun, settled, and what a dead process left.

A claim is the name of a lease. Only whoever holds it may begin and settle what it claimed: each statement says so in
its WHERE, so that a process which slept through its lease finds nothing of it left to send.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, cast

from sqlalchemy import Dialect, Row, Text, Update, bindparam, exists, func, or_, select, true, type_coerce, update
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningUpdate

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Digest, Outcome, State
from newsletter.queries.bulk import execute_compiled, given_as, ids, ids_as, insert_for, instant, packed, packed_ids
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
    return decoded(claim_rows(tx, claim, wanted, now=now), wanted)


def claim_rows(tx: Transaction, claim: str, wanted: Collection[int], *, now: datetime) -> Sequence[Row[Any]]:
    """The same, to be `decoded` after the commit: that takes ten times what the claim takes, and others would wait."""
    claimed = tx.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_(ids(tx, wanted)),
            deliveries.c.state == State.QUEUED,
            deliveries.c.due_at <= now,
            deliveries.c.expires_at > now,
            _IS_FREE,
        )
        .values(claim=claim)
        .returning(*_CLAIMED)
    )
    return claimed.all()


def decoded(rows: Iterable[Row[Any]], wanted: Iterable[int]) -> list[Delivery]:
    """What `claim_rows` claimed, in the order in which it was wanted."""
    claimed = {row.id: _delivery(row) for row in rows}
    return [claimed[number] for number in wanted if number in claimed]


_CLAIMED = [type_coerce(column, Text) if column is deliveries.c.digest else column for column in deliveries.c]
"""A digest as its text: read at once, it costs half of what it costs by way of lists and dicts."""


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
        digest=encoding.load_json(Digest, row.digest),
        queued_at=row.queued_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
    )


def release(tx: Transaction, claim: str, claimed: Collection[int]) -> None:
    """Give back what was claimed and not begun."""
    given_back = _unbegun(tx.dialect.name).values(claim=None)
    tx.execute(given_back, {"claim_": claim, "ids": packed_ids(claimed)})


def begin(
    tx: Transaction, claim: str, wanted: Collection[int], *, run: str, now: datetime, again: bool = False
) -> set[int]:
    """Mark as `sending` what is still ours: committed, a byte of its message may leave.

    `again`: of a commit before, nobody heard whether it held; what it marked counts as begun now.
    """
    marked = {"claim_": claim, "ids": packed_ids(wanted), "run_": run, "now": now}
    begun = set(tx.scalars(_begin(tx.dialect.name), marked))
    if again:
        ours = select(deliveries.c.id).where(deliveries.c.claim == claim, deliveries.c.state == State.SENDING)
        begun.update(tx.scalars(ours.where(deliveries.c.id.in_(ids(tx, wanted)))))
    return begun


def suppress(tx: Transaction, claim: str, unwanted: Collection[int], *, reply: str, now: datetime) -> None:
    """Settle deliveries of ours that must not be sent any more."""
    settled = _unbegun(tx.dialect.name).values(state=State.SUPPRESSED, reply=reply, changed_at=now, claim=None)
    tx.execute(settled, {"claim_": claim, "ids": packed_ids(unwanted)})


def settle(tx: Transaction, claim: str, settled: Sequence[Settled], *, run: str, now: datetime) -> None:
    """Record what attempts came to, also of a delivery that was thought uncertain meanwhile."""
    dialect = tx.dialect.name
    rows = [
        (each.delivery.id, each.outcome.state, instant(each.due_at), each.delivery.attempts + 1, _said(each.outcome))
        for each in settled
    ]
    told = {"claim_": claim, "rows": packed(dialect, _SETTLED, rows), "run_": run, "now": now}
    tx.execute(_settle(dialect), told)
    tried = [(each.delivery.id, each.delivery.attempts + 1, each.started_at, each.outcome) for each in settled]
    _tried(tx, tried, run=run, now=now)


# Statements are made once: to make one costs ten times what it costs to execute it for a few rows.


@cache
def _unbegun(dialect: str) -> Update:
    return update(deliveries).where(
        deliveries.c.id.in_(ids_as(dialect, "ids")),
        deliveries.c.claim == bindparam("claim_"),
        deliveries.c.state == State.QUEUED,
    )


@cache
def _begin(dialect: str) -> ReturningUpdate[tuple[int]]:
    return (
        _unbegun(dialect)
        .values(
            state=State.SENDING,
            run=bindparam("run_"),
            changed_at=bindparam("now"),
            attempts=deliveries.c.attempts + 1,
        )
        .returning(deliveries.c.id)
    )


_SETTLED = [deliveries.c.id, deliveries.c.state, deliveries.c.due_at, deliveries.c.attempts, deliveries.c.reply]


@cache
def _settle(dialect: str) -> Update:
    rows = given_as(dialect, _SETTLED, "rows")
    return (
        update(deliveries)
        .where(
            deliveries.c.id == rows.c.id,
            deliveries.c.claim == bindparam("claim_"),
            # Inside a function, for else SQLite would look for the rows by their state and read all that are queued.
            func.coalesce(deliveries.c.state, "").in_((State.QUEUED, State.SENDING, State.UNCERTAIN)),
        )
        .values(
            state=rows.c.state,
            due_at=rows.c.due_at,
            attempts=rows.c.attempts,
            reply=rows.c.reply,
            run=bindparam("run_"),
            changed_at=bindparam("now"),
            claim=None,
        )
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


_TRIED = [
    attempts.c.delivery_id,
    attempts.c.number,
    attempts.c.run,
    attempts.c.started_at,
    attempts.c.finished_at,
    attempts.c.outcome,
    attempts.c.phase,
    attempts.c.code,
    attempts.c.enhanced,
    attempts.c.reply,
]


def _tried(tx: Transaction, tried: Iterable[tuple[int, int, datetime, Outcome]], *, run: str, now: datetime) -> None:
    """Write the attempts: delivery, number, when it started, what it came to; known ones get the better answer."""
    ended = instant(now)
    rows = [
        (number, turn, run, instant(started), ended, came.state, came.phase, came.code, came.enhanced, came.reply)
        for number, turn, started, came in tried
    ]
    execute_compiled(tx, _write_attempts(tx.dialect), rows=packed(tx.dialect.name, _TRIED, rows))


@lru_cache(8)
def _write_attempts(dialect: Dialect) -> SQLCompiler:
    names = [column.name for column in _TRIED]
    # SQLite needs a WHERE to tell ON CONFLICT from a join's ON.
    rows = select(*given_as(dialect.name, _TRIED, "rows").c).where(true())
    statement = insert_for(dialect.name, attempts).from_select(names, rows)
    better = {name: statement.excluded[name] for name in names[4:]}
    upsert = statement.on_conflict_do_update(index_elements=["delivery_id", "number"], set_=better)
    return cast("SQLCompiler", upsert.compile(dialect=dialect))


def _said(outcome: Outcome) -> str:
    """In one line; most replies begin with their enhanced code, and need it once."""
    enhanced = "" if outcome.enhanced and outcome.reply.startswith(outcome.enhanced) else outcome.enhanced
    return " ".join(str(part) for part in (outcome.code, enhanced, outcome.reply) if part)
