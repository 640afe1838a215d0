"""What comes back for a delivery, as a mail or as a server's refusal, and what it does to its subscriber."""

from collections.abc import Sequence
from datetime import datetime

from newsletter.database import Database, Transaction
from newsletter.errors import LinkInvalid
from newsletter.mail import bounces
from newsletter.mail.bounces import Failure, Reading
from newsletter.mail.diagnosis import Kind
from newsletter.models import Outcome
from newsletter.queries import notices
from subscribers import addresses, inbound, queries, tokens
from subscribers.inbound import Meaning, Received
from subscribers.models import Suppression


def receive(database: Database, raw: bytes, *, now: datetime, keys: Sequence[str], bounce_address: str) -> Received:
    """Read a mail and do what it means; reading it again changes nothing more on the same day.

    Only a return path that we signed makes a mail count: anybody can write a bounce, and name anybody in it.
    """
    reading = bounces.read(raw, bounce_address=bounce_address)
    if reading.kind is Kind.NOTHING and not any(one.kind is not Kind.NOTHING for one in reading.failures):
        return Received(Meaning.NOTHING, reading.kind, reading.how)
    with database.begin() as tx:
        for delivery_key in _delivery_keys(reading, keys):
            found = queries.returned(tx, delivery_key) or _of_a_notice(tx, delivery_key)
            if found is not None:
                subscriber_id, address = found
                failure = inbound.about(reading, address)
                if failure.kind not in {Kind.NOTHING, Kind.DELAYED}:
                    said = " ".join(filter(None, (failure.status, failure.words)))
                    queries.note_return(tx, delivery_key, f"came back ({failure.kind}): {said}")
                meaning = _apply(tx, failure, subscriber_id, address, now)
                return Received(meaning, failure.kind, reading.how, failure.status, failure.words)
    failure = reading.gentlest
    return Received(Meaning.NOT_OURS, failure.kind, reading.how, failure.status, failure.words)


def count_refusals(tx: Transaction, refused: Sequence[tuple[int, Outcome]], *, now: datetime) -> None:
    """Count the soft bounces among what servers answered while we delivered, by subscriber id; other answers are left.

    Scored with those that come back by mail: at most one a day for an address, whatever it took or refused since.
    """
    soft = {who: outcome for who, outcome in refused if inbound.is_soft(outcome)}
    # In the order of the keys, so that two processes that count the same addresses wait for, and never on, each other.
    for key, who in sorted((key, who) for who, key in queries.address_keys(tx, soft).items()):
        _count(tx, key, f"{soft[who].code} {soft[who].reply}", now)


def _delivery_keys(reading: Reading, keys: Sequence[str]) -> list[str]:
    found = []
    for token in reading.tokens:
        try:
            found.append(tokens.read_key(token, keys=keys))
        except LinkInvalid:
            continue
    return found


def _of_a_notice(tx: Transaction, key: str) -> tuple[int, str] | None:
    """The subscriber of a notice and the address it went to; None where there is none, or it is long forgotten."""
    notice = notices.by_key(tx, key)
    known = queries.by_token(tx, notice.token) if notice is not None and notice.token else None
    return None if notice is None or known is None else (known.id, notice.address)


def _apply(tx: Transaction, failure: Failure, subscriber_id: int, address: str, now: datetime) -> Meaning:
    key = addresses.fold(address)
    detail = " ".join(filter(None, (failure.status, failure.words)))
    match failure.kind:
        case Kind.COMPLAINT:
            queries.insert_suppression(tx, Suppression(key, "complaint", detail, now))
            queries.end_subscriptions(tx, [subscriber_id], how="complaint", now=now)
            return Meaning.UNSUBSCRIBED
        case Kind.HARD:
            queries.insert_suppression(tx, Suppression(key, "bounce", detail, now))
            return Meaning.SUPPRESSED
        case Kind.SOFT:
            return _count(tx, key, detail, now)
        case Kind.POLICY:
            return Meaning.ALARM
        case _:
            return Meaning.NOTHING


def _count(tx: Transaction, key: str, detail: str, now: datetime) -> Meaning:
    score = inbound.counted(queries.score(tx, key), now)
    queries.put_score(tx, key, score, detail)
    if not inbound.is_given_up(score):
        return Meaning.COUNTED
    said = f"soft bounces on {score.days} days; the last: {detail}"
    queries.insert_suppression(tx, Suppression(key, "bounce", said, now))
    return Meaning.SUPPRESSED
