"""SQL about mail that came in and what became of it; the first argument is always `tx`."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from newsletter.database import Transaction
from newsletter.queries.bulk import insert_into
from newsletter.schema import received

DONE, LEFT = "done", "left"
"""What became of the mail at a place of a mailbox."""

_KEPT_FOR = timedelta(days=400)
_CHUNK = 500


def is_done(tx: Transaction, identity: str) -> bool:
    """Whether a mail was acted on, wherever it was read; `identity` has 64 hexadecimal digits."""
    return tx.scalar(select(received.c.message_id).where(received.c.message_id == identity)) is not None


def fates(tx: Transaction, places: Collection[str]) -> dict[str, str]:
    """What became of the mail at each of these places; where nothing is known it is missing."""
    named = {_name(place, fate): (place, fate) for place in places for fate in (DONE, LEFT)}
    names = list(named)
    known: dict[str, str] = {}
    for start in range(0, len(names), _CHUNK):
        some = received.c.message_id.in_(names[start : start + _CHUNK])
        known.update(named[name] for name in tx.scalars(select(received.c.message_id).where(some)))
    return known


def note(tx: Transaction, *, identity: str = "", place: str = "", fate: str = DONE, now: datetime) -> None:
    """Write down what became of a mail; an empty identity or place is left out, and a second time changes nothing."""
    names = [*([identity] if identity else []), *([_name(place, fate)] if place else [])]
    _insert(tx, names, now)


def forget(tx: Transaction, *, now: datetime) -> int:
    """Delete what is long past; how many rows."""
    return tx.execute(delete(received).where(received.c.at < now - _KEPT_FOR)).rowcount


def _insert(tx: Transaction, names: Iterable[str], now: datetime) -> None:
    for name in names:
        tx.execute(insert_into(tx, received).values(message_id=name, at=now).on_conflict_do_nothing())


def _name(place: str, fate: str) -> str:
    return hashlib.sha256(f"{fate}\0{place}".encode("utf-8", "replace")).hexdigest()
