"""SQL about consent and its evidence, and about erased addresses; the first argument is always `tx`."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, and_, delete, exists, func, insert, literal, select, update

from newsletter.database import Transaction
from newsletter.queries.bulk import ids, insert_into, texts
from newsletter.schema import consents, erasures, marks, subscribers, subscriptions
from subscribers.models import SubscriptionState

_AT_ONCE = 1_000  # people forgotten in one transaction
_SALT, _ALWAYS = "salt", datetime(1970, 1, 1, tzinfo=UTC)


class Said(StrEnum):
    """What a person said about their subscription."""

    ASKED = "asked"  # somebody did, for their address
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"  # from having left, by their own link


@dataclass(frozen=True, slots=True)
class Consent:
    """One word of a person, with its circumstances."""

    what: Said
    at: datetime
    how: str  # web · mail · page · one-click · command · roster · complaint
    origin: str = ""  # network address, or Message-ID of the mail
    wording: str = ""  # the exact text they were shown
    note: str = ""  # why they left, in their words
    id: int = 0  # in the order in which things were said


# ---- evidence --------------------------------------------------------------------------------------------------------


def add(tx: Transaction, subscriber_id: int, consent: Consent) -> int:
    """Write down what a person said; its number."""
    row = _row(subscriber_id, consent)
    number: int = tx.execute(insert(consents).values(row).returning(consents.c.id)).scalar_one()
    return number


def add_each(tx: Transaction, said: Sequence[tuple[int, Consent]]) -> None:
    """Write down what each of many said."""
    if said:
        tx.execute(insert(consents), [_row(subscriber_id, consent) for subscriber_id, consent in said])


def _row(subscriber_id: int, consent: Consent) -> dict[str, Any]:
    return {
        "subscriber_id": subscriber_id,
        "what": str(consent.what),
        "at": consent.at,
        "how": consent.how,
        "origin": consent.origin,
        "wording": consent.wording,
        "note": consent.note,
    }


def add_to_all(tx: Transaction, subscriber_ids: Collection[int], consent: Consent) -> None:
    """Write down that many said the same."""
    if not subscriber_ids:
        return
    alike = (
        literal(str(consent.what)),
        literal(consent.at, consents.c.at.type),
        literal(consent.how),
        literal(consent.origin),
        literal(consent.wording),
        literal(consent.note),
    )
    each = select(subscribers.c.id, *alike).where(subscribers.c.id.in_(ids(tx, subscriber_ids)))
    names = ["subscriber_id", "what", "at", "how", "origin", "wording", "note"]
    tx.execute(insert(consents).from_select(names, each.order_by(subscribers.c.id)))


def of(tx: Transaction, subscriber_id: int) -> tuple[Consent, ...]:
    """Everything a person said, the oldest first."""
    rows = tx.execute(select(consents).where(consents.c.subscriber_id == subscriber_id).order_by(consents.c.id))
    return tuple(_consent(row) for row in rows)


def asked(tx: Transaction, number: int) -> tuple[int, Consent] | None:
    """The subscriber who asked for something, and what; by the number of that consent."""
    row = tx.execute(select(consents).where(consents.c.id == number, consents.c.what == Said.ASKED)).first()
    return None if row is None else (row.subscriber_id, _consent(row))


def with_open_question(tx: Transaction, subscriber_ids: Collection[int]) -> list[int]:
    """Those of the ids whose last word was that they asked, so that a confirmation may be on its way to them."""
    last = (
        select(func.max(consents.c.id))
        .where(consents.c.subscriber_id.in_(ids(tx, subscriber_ids)))
        .group_by(consents.c.subscriber_id)
    )
    return list(tx.scalars(select(consents.c.subscriber_id).where(consents.c.id.in_(last), _IS_ASKED)))


def note_reason(tx: Transaction, subscriber_id: int, note: str) -> bool:
    """Add to their last withdrawal why they left; whether there is one."""
    last = select(func.max(consents.c.id)).where(
        consents.c.subscriber_id == subscriber_id, consents.c.what == Said.WITHDRAWN
    )
    return bool(tx.execute(update(consents).where(consents.c.id.in_(last)).values(note=note)).rowcount)


_IS_ASKED = consents.c.what == Said.ASKED


def _consent(row: Row[Any]) -> Consent:
    return Consent(Said(row.what), row.at, row.how, row.origin, row.wording, row.note, row.id)


def ids_of(tx: Transaction, of: Collection[str]) -> dict[str, int]:
    """The ids of those of the tokens that are somebody's."""
    row = subscribers.c
    found = tx.execute(select(row.token, row.id).where(row.token.in_(texts(tx, of))))
    return {each.token: each.id for each in found}


# ---- people ----------------------------------------------------------------------------------------------------------


def ensure(tx: Transaction, row: dict[str, Any], *, how: str, now: datetime) -> int:
    """The id of the person with an address key, written with these columns where there is none; held until the end.

    However many ask at the same moment, the database makes one row.
    """
    theirs = select(subscribers.c.id).where(subscribers.c.address_key == row["address_key"])
    while True:
        made = tx.scalar(insert_into(tx, subscribers).values(row).on_conflict_do_nothing().returning(subscribers.c.id))
        if made is not None:
            consent = {"subscriber_id": made, "state": SubscriptionState.PENDING.value, "changed_at": now, "how": how}
            tx.execute(insert(subscriptions).values(consent))
            return int(made)
        known = tx.scalar(theirs.with_for_update(key_share=True))
        if known is not None:
            return int(known)  # else it was pruned in this very moment


def hold(tx: Transaction, token: str) -> int | None:
    """The id of the person with a token; nobody else changes their consent before the transaction ends."""
    found: int | None = tx.scalar(
        select(subscribers.c.id).where(subscribers.c.token == token).with_for_update(key_share=True)
    )
    return found


def activate(tx: Transaction, subscriber_id: int, *, how: str, cursor: int, now: datetime) -> None:
    """Let a subscription begin, or begin again; what was composed before the newest edition is not sent."""
    state = {"state": SubscriptionState.ACTIVE.value, "how": how, "changed_at": now}
    tx.execute(update(subscriptions).where(subscriptions.c.subscriber_id == subscriber_id).values(state))
    behind = and_(subscribers.c.id == subscriber_id, subscribers.c.cursor < cursor)
    tx.execute(update(subscribers).where(behind).values(cursor=cursor))


def unconfirmed(tx: Transaction, *, before: datetime) -> list[int]:
    """People who asked by web or mail before an instant and never confirmed, held until the transaction ends."""
    recent = exists().where(consents.c.subscriber_id == subscribers.c.id, consents.c.at >= before)
    pending = exists().where(
        subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.state == SubscriptionState.PENDING
    )
    query = select(subscribers.c.id).where(
        subscribers.c.origin != "roster", subscribers.c.created_at < before, pending, ~recent
    )
    found = tx.scalars(query.order_by(subscribers.c.id).limit(_AT_ONCE).with_for_update(skip_locked=True)).all()
    # Looked at again now that they are held: they may have asked in that very moment.
    return list(tx.scalars(query.where(subscribers.c.id.in_(ids(tx, found))))) if found else []


# ---- erased addresses ------------------------------------------------------------------------------------------------


def hashed(tx: Transaction, text: str) -> str:
    """A hash of a text with the salt of this database."""
    return hmac.new(_salt(tx).encode(), text.encode(), hashlib.sha256).hexdigest()


def _salt(tx: Transaction) -> str:
    kept = select(marks.c.value).where(marks.c.name == _SALT)
    salt: str | None = tx.scalar(kept)
    if salt is None:
        made = insert_into(tx, marks).values(name=_SALT, value=secrets.token_hex(32), at=_ALWAYS)
        tx.execute(made.on_conflict_do_nothing())  # two may make it at the same moment
        salt = tx.execute(kept).scalar_one()
    return salt


def is_erased(tx: Transaction, key: str) -> str | None:
    """Why an erased address was suppressed, empty where it was not; None where it was not erased."""
    found: str | None = tx.scalar(select(erasures.c.suppressed).where(erasures.c.hash == hashed(tx, key)))
    return found


def erased_among(tx: Transaction, keys: Collection[str]) -> frozenset[str]:
    """Those of the address keys that were erased."""
    known = frozenset(tx.scalars(select(erasures.c.hash)))
    return frozenset(key for key in keys if hashed(tx, key) in known) if known else frozenset()


def remember_erased(tx: Transaction, key: str, *, suppressed: str, now: datetime) -> None:
    """Keep the hash of an erased address; a second time changes nothing but why it is suppressed."""
    row = {"hash": hashed(tx, key), "at": now, "suppressed": suppressed}
    made = insert_into(tx, erasures).values(row)
    tx.execute(made.on_conflict_do_update(index_elements=["hash"], set_={"suppressed": suppressed, "at": now}))


def lift_erased(tx: Transaction, key: str) -> None:
    """Forget that an address was erased: its owner confirmed anew."""
    tx.execute(delete(erasures).where(erasures.c.hash == hashed(tx, key)))
