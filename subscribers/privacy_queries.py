"""SQL about everything that is held of one person; the first argument is always `tx`."""

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from newsletter.database import Transaction
from newsletter.models import State
from newsletter.queries import notices
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

    Where a run counted deliveries to them, these stay without anything that points to anybody.
    """
    mails = notices.erase(tx, key, token)
    for table in (consents, votes, skips):
        tx.execute(delete(table).where(table.c.subscriber_id == subscriber_id))
    for table in (bounces, suppressions):
        tx.execute(delete(table).where(table.c.address_key == key))
    theirs = deliveries_of(tx, subscriber_id)
    if not theirs:
        tx.execute(delete(subscribers).where(subscribers.c.id == subscriber_id))
        return mails
    for row in theirs:
        _blank(tx, row.id, row.digest)
    given_up = {"state": State.SUPPRESSED, "changed_at": now, "claim": None, "reply": "its reader was erased"}
    queued = (deliveries.c.subscriber_id == subscriber_id, deliveries.c.state == State.QUEUED)
    tx.execute(update(deliveries).where(*queued).values(given_up))
    nobody = {
        "address": "",
        "address_key": f"{ERASED} {secrets.token_hex(16)}",
        "name": "",
        "token": secrets.token_urlsafe(16),
        "zone": "UTC",
        "hour": 0,
        "cadence": "daily",
        "weekday": 0,
        "paused_until": None,
        "preferences": {},
        "origin": ERASED,
    }
    tx.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(nobody))
    ended = {"state": SubscriptionState.UNSUBSCRIBED.value, "how": ERASED, "changed_at": now}
    tx.execute(update(subscriptions).where(subscriptions.c.subscriber_id == subscriber_id).values(ended))
    return [*mails, *((row.key, row.day) for row in theirs)]


def sweep(tx: Transaction) -> int:
    """Take out what was written of erased people while they were erased; how many deliveries that concerned.

    A digest may just have been queued for them, or a server's answer may have come in that names them.
    """
    erased = select(subscriptions.c.subscriber_id).where(subscriptions.c.how == ERASED)
    named = (deliveries.c.address != "") | ((deliveries.c.reply != "") & (deliveries.c.state != State.SUPPRESSED))
    query = select(deliveries.c.id, deliveries.c.digest).where(deliveries.c.subscriber_id.in_(erased), named)
    found = tx.execute(query).all()
    for row in found:
        _blank(tx, row.id, row.digest)
    return len(found)


def _blank(tx: Transaction, delivery_id: int, digest: dict[str, Any]) -> None:
    nothing = {**digest, "sections": [], "remarks": [], "considered": 0, "matched": 0}
    row = {"address": "", "name": "", "token": "", "digest": nothing, "reply": ""}
    tx.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(row))
    tx.execute(update(attempts).where(attempts.c.delivery_id == delivery_id).values(reply=""))
