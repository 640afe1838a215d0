"""Deliveries as they stand: counted and listed; and the addresses that are never mailed again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, and_, case, exists, func, literal, or_, select, update

from newsletter.database import Transaction
from newsletter.models import Decision, State
from newsletter.queries.bulk import insert_into
from newsletter.queries.listings import chunks
from newsletter.schema import deliveries, editions, leases, runs, subscribers, suppressions

_NEVER = datetime.max.replace(tzinfo=UTC)

_IS_TAKEN = exists().where(leases.c.name == deliveries.c.claim)
"""Claimed under a lease that is held."""


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


def came_to(tx: Transaction, *, run: str, first: int | None = None) -> dict[str, int]:
    """What became of the deliveries that a run queued, and from the id `first` on of the earlier ones that it sent.

    SENDING is what another process has claimed, begun or not: to be asked when the run has nothing left in flight.
    """
    row = deliveries.c
    queued_by_it = row.made_by == run
    # The earlier ones within a range of ids, for no index knows who sent a delivery.
    which = queued_by_it if first is None else or_(queued_by_it, and_(row.id >= first, row.run == run))
    state = case((and_(row.state == State.QUEUED, _IS_TAKEN), State.SENDING), else_=row.state)
    each = select(state.label("state")).where(which).subquery()
    rows = tx.execute(select(each.c.state, func.count().label("number")).group_by(each.c.state))
    return {row.state: row.number for row in rows}


def lost(tx: Transaction, *, made_by: str) -> int:
    """How many deliveries that a run queued are in mid-air, and nobody is there to send them."""
    row = deliveries.c
    return tx.execute(
        select(func.count()).where(row.made_by == made_by, row.state == State.SENDING, ~_IS_TAKEN)
    ).scalar_one()


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
    """What is not sent yet: what is queued and nobody's, and what somebody has claimed."""

    number: int
    due_at: datetime  # when the first that is nobody's is due
    taken: int


def waiting(tx: Transaction) -> Waiting:
    """What is not sent yet; where nothing is queued, its time means nothing."""
    free = and_(deliveries.c.state == State.QUEUED, ~_IS_TAKEN)
    row = tx.execute(select(func.count().label("number"), func.min(deliveries.c.due_at).label("due_at")).where(free))
    number, due_at = row.one()
    unsent = deliveries.c.state.in_((State.QUEUED, State.SENDING))
    taken = tx.execute(select(func.count()).where(unsent, _IS_TAKEN)).scalar_one()
    return Waiting(number, due_at or _NEVER, taken)


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
