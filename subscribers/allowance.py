"""How often mail may be asked for, and minds changed: token buckets in the database, under names that tell nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from newsletter.database import Transaction
from newsletter.queries.bulk import insert_into
from newsletter.schema import allowances
from subscribers import consent_queries

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, and so many more in each day."""

    kind: str  # at most 15 letters
    at_once: float
    per_day: float


CONFIRMATIONS = Limit("confirm", 3, 3)
"""Confirmations to one address."""

MAILBOXES = Limit("mailbox", 6, 6)
"""Confirmations to one mailbox, with whatever plus tag or dots its address is written."""

RETRIES = Limit("retry", 1, 1)
"""Confirmations to an address that bounced, or complained."""

REMINDERS = Limit("already", 1, 1)
"""Mails to one address that say that it is subscribed already."""

REPLIES = Limit("reply", 5, 5)
"""Answers to one address by itself."""

CHANGES = Limit("change", 100, 500)
"""Votes and returns of one reader, each of which is kept: whoever has one link must not fill the disk with it."""

DOMAINS = Limit("domain", 200, 1_000)
"""Mails that strangers may cause to one domain: a whole company may sign up, and nobody can drown its server."""

NETWORKS = Limit("network", 20, 100)
"""Mails that may be asked for from one network: a lecture hall may sign up."""


def take(tx: Transaction, wanted: Iterable[tuple[Limit, str]], *, now: datetime) -> bool:
    """Use one of each allowance, by limit and whose it is; False: one is used up, and none of them was touched."""
    named = {f"{limit.kind}:{consent_queries.hashed(tx, whose)}": limit for limit, whose in wanted}
    if _is_used_up(tx, named, now):
        return False
    left = {name: tokens_left(None, limit, now) for name, limit in named.items()}
    # In the order of their names, so that two who want the same ones wait for, and never on, each other.
    for name in sorted(named):
        tx.execute(insert_into(tx, allowances).values(name=name, tokens=left[name], at=now).on_conflict_do_nothing())
    kept = select(allowances).where(allowances.c.name.in_(named)).order_by(allowances.c.name).with_for_update()
    ahead = False
    for row in tx.execute(kept):
        left[row.name] = tokens_left((row.tokens, row.at), named[row.name], now)
        ahead = ahead or row.at > now
    granted = all(tokens >= 1 for tokens in left.values())
    if granted or ahead:  # of a clock that was wrong for a moment, so that it locks nobody out until then
        for name in sorted(left):
            used = {"tokens": left[name] - granted, "at": now}
            tx.execute(update(allowances).where(allowances.c.name == name).values(used))
    return granted


def _is_used_up(tx: Transaction, named: Mapping[str, Limit], now: datetime) -> bool:
    """Whether one is plainly used up: then nothing is written, however often and for whomever it is asked."""
    kept = select(allowances).where(allowances.c.name.in_(named), allowances.c.at <= now)
    return any(tokens_left((row.tokens, row.at), named[row.name], now) < 1 for row in tx.execute(kept))


def tokens_left(kept: tuple[float, datetime] | None, limit: Limit, now: datetime) -> float:
    """How many may be used now, of a bucket that had so many at an instant; a new one is full.

    A clock that was set back fills nothing, and takes nothing away.
    """
    if kept is None:
        return limit.at_once
    tokens, at = kept
    return min(limit.at_once, tokens + max(now - at, timedelta()) / _DAY * limit.per_day)


def forget(tx: Transaction, *, now: datetime) -> int:
    """Delete the buckets that are full again, as all of them are after a day; how many."""
    return tx.execute(delete(allowances).where(allowances.c.at < now - _DAY)).rowcount
