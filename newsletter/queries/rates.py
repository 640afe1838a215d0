"""How fast mail may go out, as it was learned: one row for the transport, one for each domain that was slower."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from newsletter.database import Transaction
from newsletter.mail.rates import Kept
from newsletter.queries.bulk import insert_into
from newsletter.queries.listings import chunks
from newsletter.schema import rates

_FULL = timedelta(days=1)  # a bucket at its limit has been full for so long that a new one is the same
_STALE = timedelta(days=30)  # what a server could take a month ago says nothing of today


def load(tx: Transaction) -> tuple[Kept, ...]:
    """Every bucket that is kept."""
    rows = tx.execute(select(rates.c.name, rates.c.rate, rates.c.tokens, rates.c.at).order_by(rates.c.name))
    return tuple(Kept(row.name, row.rate, row.tokens, row.at) for row in rows)


def save(tx: Transaction, kept: Iterable[Kept]) -> None:
    """Write buckets over those of the same names; by name, so that two who write at once never block each other."""
    rows = [
        {"name": one.name, "rate": one.rate, "tokens": one.tokens, "at": one.at}
        for one in sorted(kept, key=lambda one: one.name)
    ]
    for piece in chunks(rows):
        statement = insert_into(tx, rates).values(piece)
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={name: statement.excluded[name] for name in ("rate", "tokens", "at")},
            )
        )


def forget(tx: Transaction, *, now: datetime) -> int:
    """Drop what says no more than the limit does: nothing learned and a day old, or a month old; how many."""
    old = or_(rates.c.at < now - _STALE, (rates.c.rate == 0) & (rates.c.at < now - _FULL))
    return tx.execute(delete(rates).where(old)).rowcount
