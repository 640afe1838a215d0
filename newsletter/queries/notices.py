"""Notices: mails that are no digests, from being queued to being forgotten; the claims are as those of deliveries."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, delete, exists, or_, select, update

from newsletter.database import Transaction
from newsletter.models import Outcome, State
from newsletter.queries.bulk import insert_into
from newsletter.schema import leases, notices, suppressions

CONFIRM, ALREADY, REPLY = "confirm", "already", "reply"
"""The kinds: please confirm; you are subscribed already; an answer to a mail."""

TRIED_ANYWAY = ("bounce", "refused", "complaint")
"""Suppressions which their owner can lift: a confirmation may be sent to them, and nothing else."""

_OPEN = (State.QUEUED, State.SENDING)
_IS_FREE = or_(notices.c.claim.is_(None), ~exists().where(leases.c.name == notices.c.claim))
_KNOWN_FOR = timedelta(days=1)
_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to be queued."""

    kind: str
    address: str
    address_key: str  # folded
    token: str = ""  # the subscriber's; empty where it is nobody's
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)  # what its words need, JSON-ready
    in_reply_to: str = ""  # the Message-ID it answers, in angle brackets
    key: str = ""  # 32 hexadecimal digits; empty: a random one. The same key is the same mail


@dataclass(frozen=True, slots=True)
class Queued:
    """A notice as it stands in the table."""

    id: int
    key: str
    kind: str
    address: str
    address_key: str
    name: str
    token: str
    facts: dict[str, Any]
    in_reply_to: str
    queued_at: datetime
    attempts: int


def insert(tx: Transaction, notice: Notice, *, key: str, now: datetime, expires_at: datetime) -> bool:
    """Write a notice; False where one with its key is there already."""
    row = {
        "key": key,
        "kind": notice.kind,
        "address": notice.address,
        "address_key": notice.address_key,
        "name": notice.name,
        "token": notice.token,
        "facts": notice.facts,
        "in_reply_to": notice.in_reply_to,
        "state": State.QUEUED.value,
        "queued_at": now,
        "due_at": now,
        "expires_at": expires_at,
        "changed_at": now,
        "attempts": 0,
        "reply": "",
    }
    return bool(tx.execute(insert_into(tx, notices).values(row).on_conflict_do_nothing()).rowcount)


def is_open(tx: Transaction, kind: str, address_key: str) -> bool:
    """Whether a notice of a kind to an address waits or is on its way."""
    same = (notices.c.kind == kind, notices.c.address_key == address_key, notices.c.state.in_(_OPEN))
    return tx.scalar(select(exists().where(*same))) or False


def by_key(tx: Transaction, key: str) -> Queued | None:
    """The notice of a key."""
    row = tx.execute(select(*_QUEUED).where(notices.c.key == key)).first()
    return None if row is None else _queued(row)


def call_off(tx: Transaction, tokens: Select[tuple[str]], *, now: datetime) -> None:
    """Send no question, and no word that they are subscribed, to people who left since it was queued; by their tokens.

    A question from before they left is answered by now, and its link is dead: where they ask again, a new one is sent.
    """
    theirs = (notices.c.state == State.QUEUED, notices.c.kind.in_((CONFIRM, ALREADY)), notices.c.token.in_(tokens))
    done = {"state": State.SUPPRESSED, "reply": "they left after it was queued", "claim": None, "changed_at": now}
    tx.execute(update(notices).where(*theirs).values(done))


def waits(tx: Transaction) -> bool:
    """Whether any notice waits, or is on its way."""
    return tx.scalar(select(exists().where(notices.c.state.in_(_OPEN)))) or False


# ---- sending ---------------------------------------------------------------------------------------------------------


def expire(tx: Transaction, *, now: datetime) -> int:
    """Give up what waited too long; how many."""
    late = update(notices).where(notices.c.state == State.QUEUED, notices.c.expires_at <= now)
    return tx.execute(late.values(state=State.EXPIRED, changed_at=now, claim=None)).rowcount


def due_ids(tx: Transaction, *, now: datetime, limit: int) -> list[int]:
    """Ids of notices whose time has come and that nobody has; those tried least first."""
    query = select(notices.c.id).where(notices.c.state == State.QUEUED, notices.c.due_at <= now, _IS_FREE)
    return list(tx.scalars(query.order_by(notices.c.attempts, notices.c.id).limit(limit)))


def claim(tx: Transaction, claim: str, wanted: Collection[int], *, now: datetime) -> list[Queued]:
    """Claim notices that are still due; those that somebody else has by now are left out."""
    free = and_(notices.c.id.in_(sorted(wanted)), notices.c.state == State.QUEUED, notices.c.due_at <= now, _IS_FREE)
    rows = tx.execute(update(notices).where(free).values(claim=claim).returning(*_QUEUED))
    return sorted((_queued(row) for row in rows), key=lambda each: each.id)


def release(tx: Transaction, claim: str) -> None:
    """Give back what was claimed and not begun."""
    tx.execute(update(notices).where(notices.c.claim == claim, notices.c.state == State.QUEUED).values(claim=None))


def begin(tx: Transaction, claim: str, notice: Queued, *, now: datetime) -> bool:
    """Mark as `sending`: committed, a byte of the message may leave. False: it is not ours, or must not be sent."""
    ours = (notices.c.id == notice.id, notices.c.claim == claim, notices.c.state == State.QUEUED)
    refused = select(suppressions.c.reason).where(suppressions.c.address_key == notice.address_key)
    reason = tx.scalar(refused)
    if reason is not None and not (notice.kind == CONFIRM and reason in TRIED_ANYWAY):
        done = {"state": State.SUPPRESSED, "reply": "suppressed after it was queued", "claim": None}
        tx.execute(update(notices).where(*ours).values(changed_at=now, **done))
        return False
    begun = {"state": State.SENDING, "changed_at": now, "attempts": notices.c.attempts + 1}
    return bool(tx.execute(update(notices).where(*ours).values(begun)).rowcount)


def settle(tx: Transaction, claim: str, notice: Queued, outcome: Outcome, *, due_at: datetime, now: datetime) -> bool:
    """Record what an attempt came to; QUEUED means deferred until `due_at`. False where it is gone."""
    words = " ".join(str(part) for part in (outcome.code, outcome.enhanced, outcome.reply) if part)
    ours = (notices.c.id == notice.id, notices.c.claim == claim)
    states = (*_OPEN, State.UNCERTAIN)  # judged uncertain while we slept: our answer is the better one
    came = {"state": outcome.state, "reply": words, "due_at": due_at, "changed_at": now, "claim": None}
    came["attempts"] = notice.attempts + 1
    return bool(tx.execute(update(notices).where(*ours, notices.c.state.in_(states)).values(came)).rowcount)


def in_flight(tx: Transaction) -> list[tuple[int, str, date, str | None]]:
    """Notices that were being sent under a lease that is gone: id, key, day and claim."""
    query = select(notices.c.id, notices.c.key, notices.c.queued_at, notices.c.claim)
    rows = tx.execute(query.where(notices.c.state == State.SENDING, _IS_FREE).order_by(notices.c.id))
    return [(row.id, row.key, row.queued_at.date(), row.claim) for row in rows]


def judge(tx: Transaction, number: int, claim: str | None, state: State, *, reply: str, now: datetime) -> None:
    """Settle what a dead process left, unless somebody else did so meanwhile."""
    same = (notices.c.id == number, notices.c.state == State.SENDING, notices.c.claim.is_not_distinct_from(claim))
    kept = claim if state is State.UNCERTAIN else None
    tx.execute(update(notices).where(*same).values(state=state, reply=reply, changed_at=now, claim=kept))


def doubt(tx: Transaction, *, reply: str, now: datetime) -> None:
    """Make everything uncertain that waits or is on its way."""
    doubtful = {"state": State.UNCERTAIN, "reply": reply, "changed_at": now, "claim": None}
    tx.execute(update(notices).where(notices.c.state.in_(_OPEN)).values(doubtful))


# ---- upkeep ----------------------------------------------------------------------------------------------------------


def forget(tx: Transaction, *, now: datetime) -> int:
    """Take address, name and token from what was settled a day ago, and delete what is old; how many were touched."""
    settled = notices.c.state.not_in(_OPEN)
    old = tx.execute(delete(notices).where(settled, notices.c.changed_at < now - _KEPT_FOR)).rowcount
    known = (settled, notices.c.changed_at < now - _KNOWN_FOR, notices.c.address != "")
    blank = {"address": "", "address_key": "", "name": "", "token": "", "in_reply_to": "", "reply": ""}
    return old + tx.execute(update(notices).where(*known).values(blank)).rowcount


def erase(tx: Transaction, address_key: str, token: str) -> list[tuple[str, date]]:
    """Delete every notice of a person; keys and days of them."""
    theirs = or_(notices.c.address_key == address_key, notices.c.token == token)
    rows = tx.execute(delete(notices).where(theirs).returning(notices.c.key, notices.c.queued_at))
    return [(row.key, row.queued_at.date()) for row in rows]


_QUEUED = [
    notices.c.id, notices.c.key, notices.c.kind, notices.c.address, notices.c.address_key, notices.c.name,
    notices.c.token, notices.c.facts, notices.c.in_reply_to, notices.c.queued_at, notices.c.attempts,
]  # fmt: skip


def _queued(row: Row[Any]) -> Queued:
    return Queued(*row)
