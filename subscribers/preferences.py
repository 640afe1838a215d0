"""What readers choose for themselves: interests, limits, schedule, and a pause."""

import json
from dataclasses import replace
from datetime import date

from newsletter.database import Database, Transaction
from newsletter.errors import LinkInvalid, PaperboyError
from subscribers import addresses, consent_queries, queries, stored
from subscribers.models import KnownSubscriber, Subscriber

LONGEST = 64_000
"""Characters that all of a reader's choices may take together."""


class NotSubscribed(LinkInvalid):
    """The link was ours, and is nobody's any more."""


def preferences(tx: Transaction, token: str) -> KnownSubscriber:
    """The subscriber with a token, whatever their subscription.

    Raises:
        NotSubscribed: nobody has it any more.

    """
    known = queries.by_token(tx, token)
    if known is None:
        raise NotSubscribed("This link is nobody's any more; please subscribe anew.")
    return known


def may_choose(known: KnownSubscriber) -> bool:
    """Whether their choices are their own: those of the roster's people stand in the operator's file."""
    return known.origin != "roster"


def set_preferences(database: Database, token: str, wanted: Subscriber) -> KnownSubscriber:
    """Keep what a reader chose; their address and name stay, and topics that are not offered are left out.

    Raises:
        NotSubscribed: nobody has that token any more.
        PaperboyError: the operator manages their choices, or it is too much to keep; the message is for them.

    """
    with database.begin() as tx:
        known = _held(tx, token)
        _refuse_declared(known)
        offered = queries.all_topics(tx)
        person = replace(
            wanted,
            address=known.subscriber.address,
            name=known.subscriber.name,
            topics=tuple(dict.fromkeys(name for name in wanted.topics if name in offered)),
        )
        row = stored.columns(person, addresses.fold(person.address))
        if len(json.dumps(row["preferences"], ensure_ascii=False)) > LONGEST:
            raise PaperboyError(f"This is too much to keep: please say it in at most {LONGEST} characters in all.")
        queries.update_subscriber(tx, known.id, row)
        return preferences(tx, token)


def pause(database: Database, token: str, until: date | None) -> KnownSubscriber:
    """Send a reader nothing before a day of theirs, or with None end the pause.

    Raises:
        NotSubscribed: nobody has that token any more.
        PaperboyError: the operator manages their choices; the message is for them.

    """
    with database.begin() as tx:
        known = _held(tx, token)
        _refuse_declared(known)
        queries.update_subscriber(tx, known.id, {"paused_until": until})
        return preferences(tx, token)


def _held(tx: Transaction, token: str) -> KnownSubscriber:
    consent_queries.hold(tx, token)
    return preferences(tx, token)


def _refuse_declared(known: KnownSubscriber) -> None:
    if not may_choose(known):
        raise PaperboyError(
            "Whoever runs this list keeps your choices in a file of theirs; please ask them to change it. "
            "You can leave at any time."
        )
