"""SQL about everything that is held of one person; the first argument is always `tx`."""

import secrets
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, select, update

from newsletter.database import Transaction
from newsletter.models import State
from newsletter.queries import notices
from newsletter.queries.bulk import ids
from newsletter.schema import (
    attempts,
    bounces,
    consents,
    deliveries,
    editions,
    skips,
    subscribers,
    subscriptions,
    suppressions,
    votes,
)
from newsletter.schema import notices as notice_rows
from subscribers.models import SubscriptionState

ERASED = "erased"
"""How the subscription of an erased person ended; of them a row without any value stays for the ledger's sake."""

_EMPTY_FOR = timedelta(days=1)


def person(tx: Transaction, subscriber_id: int) -> Row[Any]:
    """Their row, as it is."""
    return tx.execute(select(subscribers).where(subscribers.c.id == subscriber_id)).one()


def deliveries_of(tx: Transaction, subscriber_id: int) -> list[Row[Any]]:
    """Their deliveries with the day of each, oldest first."""
    query = select(deliveries, editions.c.day).join(editions, editions.c.id == deliveries.c.edition_id)
    return list(tx.execute(query.where(deliveries.c.subscriber_id == subscriber_id).order_by(deliveries.c.id)))


def attempts_of(tx: Transaction, subscriber_id: int) -> list[Row[Any]]:
    """The tries to send these, in their order."""
    query = select(attempts).join(deliveries, deliveries.c.id == attempts.c.delivery_id)
    own = deliveries.c.subscriber_id == subscriber_id
    return list(tx.execute(query.where(own).order_by(attempts.c.delivery_id, attempts.c.number)))


def skips_of(tx: Transaction, subscriber_id: int) -> list[Row[Any]]:
    """The days without a digest, oldest first."""
    return list(tx.execute(select(skips).where(skips.c.subscriber_id == subscriber_id).order_by(skips.c.day)))


def notices_of(tx: Transaction, key: str) -> list[Row[Any]]:
    """The other mails to an address that are still known, oldest first."""
    query = select(notice_rows).where(notice_rows.c.address_key == key)
    return list(tx.execute(query.order_by(notice_rows.c.id)))


def bounce_of(tx: Transaction, key: str) -> Row[Any] | None:
    """The soft bounces of an address."""
    return tx.execute(select(bounces).where(bounces.c.address_key == key)).first()


# ---- erasing ---------------------------------------------------------------------------------------------------------


def erase(tx: Transaction, subscriber_id: int, *, key: str, token: str, now: datetime) -> list[tuple[str, date]]:
    """Take a person out of every table; keys and days of the mails to them.

    Deliveries that a run has counted stay, without anything that points to anybody.
    """
    mails = notices.erase(tx, key, token)
    for table in (bounces, suppressions):
        tx.execute(delete(table).where(table.c.address_key == key))
    theirs = deliveries_of(tx, subscriber_id)
    for row in theirs:
        _blank(tx, row.id, row.digest)
    given_up = {"state": State.SUPPRESSED, "changed_at": now, "claim": None, "reply": "its reader was erased"}
    queued = (deliveries.c.subscriber_id == subscriber_id, deliveries.c.state == State.QUEUED)
    tx.execute(update(deliveries).where(*queued).values(given_up))
    empty(tx, [subscriber_id], now=now)
    return [*mails, *((row.key, row.day) for row in theirs)]


def empty(tx: Transaction, subscriber_ids: Collection[int], *, now: datetime) -> None:
    """Take everything out of people's rows; the rows stay a day at least, as somebody may be busy with them."""
    if not subscriber_ids:
        return
    theirs = ids(tx, subscriber_ids)
    for table in (consents, votes, skips):
        tx.execute(delete(table).where(table.c.subscriber_id.in_(theirs)))
    ended = {"state": SubscriptionState.UNSUBSCRIBED.value, "how": ERASED, "changed_at": now}
    tx.execute(update(subscriptions).where(subscriptions.c.subscriber_id.in_(theirs)).values(ended))
    nobody = {
        "address": "",
        "address_key": bindparam("key"),
        "name": "",
        "token": bindparam("random"),
        "zone": "UTC",
        "hour": 0,
        "cadence": "daily",
        "weekday": 0,
        "paused_until": None,
        "preferences": {},
        "origin": ERASED,
    }
    each = [
        {"number": one, "key": f"{ERASED} {one}", "random": secrets.token_urlsafe(16)} for one in sorted(subscriber_ids)
    ]
    tx.execute(update(subscribers).where(subscribers.c.id == bindparam("number")).values(nobody), each)


def sweep(tx: Transaction, *, now: datetime) -> int:
    """Take out what was written of erased people while they were erased, and their rows a day later; how many.

    A digest may just have been queued for them, or a server's answer may have come in that names them.
    """
    erased = select(subscriptions.c.subscriber_id).where(subscriptions.c.how == ERASED)
    named = (deliveries.c.address != "") | ((deliveries.c.reply != "") & (deliveries.c.state != State.SUPPRESSED))
    query = select(deliveries.c.id, deliveries.c.digest).where(deliveries.c.subscriber_id.in_(erased), named)
    found = tx.execute(query).all()
    for row in found:
        _blank(tx, row.id, row.digest)
    gone = select(subscriptions.c.subscriber_id).where(
        subscriptions.c.how == ERASED, subscriptions.c.changed_at < now - _EMPTY_FOR
    )
    counted = exists().where(deliveries.c.subscriber_id == subscribers.c.id)
    return len(found) + tx.execute(delete(subscribers).where(subscribers.c.id.in_(gone), ~counted)).rowcount


def _blank(tx: Transaction, delivery_id: int, digest: dict[str, Any]) -> None:
    nothing = {**digest, "sections": [], "remarks": [], "considered": 0, "matched": 0}
    row = {"address": "", "name": "", "token": "", "digest": nothing, "reply": ""}
    tx.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(row))
    tx.execute(update(attempts).where(attempts.c.delivery_id == delivery_id).values(reply=""))
