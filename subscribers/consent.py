"""How people come, confirm, leave and come back, each word of theirs kept as evidence.

Nobody is mailed a digest who did not confirm since they last left. Whoever asks for an address learns nothing of it:
the answers of this module are for logs, and a door says the same to all.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.database import Database, Transaction
from newsletter.errors import ConfigurationError, LinkExpired, PaperboyError
from newsletter.queries import notices as notice_queries
from newsletter.queries.notices import TRIED_ANYWAY
from newsletter.steps.notices import ALREADY, CONFIRM, House, Notice, queue
from subscribers import addresses, allowance, consent_queries, privacy_queries, queries, service, stored, tokens
from subscribers.addresses import Address
from subscribers.consent_queries import Consent, Said
from subscribers.models import Defaults, KnownSubscriber, Subscriber, SubscriptionState
from subscribers.wording import is_unsafe, quoted

UNCONFIRMED_FOR = timedelta(days=7)
"""So long an address is kept whose owner never confirmed."""

BACK_AT_ONCE = timedelta(days=1)
"""So long after leaving one click brings a reader back; later the old mail with its link may be in other hands."""

LONGEST_REASON = 500
"""Characters of what a reader says about leaving."""

_BY_THEMSELVES = {"page", "one-click", "mail"}  # a mail may be forged: its owner is told, and returns with one click

_YES = {Said.CONFIRMED, Said.RETURNED}

_OLD = "This link is too old; please ask for a new one."


class Asked(StrEnum):
    """What became of a wish to subscribe: for logs and tests, never for the reader."""

    SENT = "sent"  # a confirmation is on its way
    ALREADY = "already"  # subscribed already; a mail says so, once a day
    REFUSED = "refused"  # an operator wants nothing sent to this address
    LIMITED = "limited"  # too many wishes for this address, its domain, or from this network
    INVALID = "invalid"  # no address: what a door may log for an AddressError


class AddressError(PaperboyError):
    """What somebody wrote is no address that can be mailed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody said something."""

    how: str  # web · mail
    network: str = ""  # of the client
    message_id: str = ""  # of their mail, in angle brackets

    @property
    def told(self) -> str:
        """As it is kept."""
        return self.message_id or self.network


# ---- asking ----------------------------------------------------------------------------------------------------------


def sign_up(
    database: Database,
    address: str,
    *,
    origin: Origin,
    wording: str,
    now: datetime,
    house: House,
    topics: tuple[str, ...] = (),
    defaults: Defaults | None = None,
) -> Asked:
    """Ask the owner of an address whether they want the digest: queues a confirmation, changes no subscription.

    `wording` is the exact text that was shown; `topics` are names of topics they follow from the start, and count only
    for whoever has none yet. The reader's answer is the same whatever this returns.

    Raises:
        AddressError: it is no address that can be mailed; the message is a sentence.
        ConfigurationError: there is neither a site nor a mailbox with which anybody could confirm.

    """
    read = mailable(address)
    if not house.can_ask:
        raise ConfigurationError("sign-up: nobody could confirm; set PAPERBOY_SITE_URL to the address readers see")
    with database.begin() as tx:
        # In this order: what is asked for in vain counts too, or the mails left for others would tell who is barred.
        if not _may_ask(tx, origin, read.key, now):
            return Asked.LIMITED
        if _is_barred(tx, read.key):
            return Asked.REFUSED
        known = _person(tx, read, origin, topics, defaults or Defaults(), now)
        if known.subscription.state is SubscriptionState.ACTIVE and not known.suppressed:
            if allowance.take(tx, [(allowance.REMINDERS, read.key)], now=now):
                queue(tx, _notice(ALREADY, known, read.key, origin), now=now)
            return Asked.ALREADY
        return _ask(tx, known, origin, wording, now)


def mailable(text: str) -> Address:
    """An address that a mail can be sent to.

    Raises:
        AddressError: it is none; the message is a sentence.

    """
    try:
        read = addresses.read(text)
    except ValueError as error:
        raise AddressError(f"{error}.") from error
    if not read.mailed.isascii():
        raise AddressError(
            f"{quoted(text)} has letters before the @ that many mail servers do not take; please use another address."
        )
    return read


def _is_barred(tx: Transaction, key: str) -> bool:
    """Whether nothing may be sent to an address, whatever its owner says."""
    suppression = queries.suppression(tx, key)
    reasons = (suppression.reason if suppression else "", consent_queries.is_erased(tx, key) or "")
    return any(reason and reason not in TRIED_ANYWAY for reason in reasons)


def _may_ask(tx: Transaction, origin: Origin, key: str, now: datetime) -> bool:
    wanted = [(allowance.DOMAINS, key.rpartition("@")[2])]
    if origin.network:
        wanted.append((allowance.NETWORKS, origin.network))
    return allowance.take(tx, wanted, now=now)


def _person(
    tx: Transaction, read: Address, origin: Origin, topics: tuple[str, ...], defaults: Defaults, now: datetime
) -> KnownSubscriber:
    """Whoever has this address, made where nobody has; held until the transaction ends."""
    offered = queries.all_topics(tx)
    chosen = tuple(dict.fromkeys(name for name in topics if name in offered))
    person = Subscriber(read.mailed, topics=chosen, limits=defaults.limits, schedule=defaults.schedule)
    row = stored.columns(person, read.key) | {
        "token": secrets.token_urlsafe(16),
        "origin": origin.how,
        "cursor": queries.edition_before_latest(tx),
        "created_at": now,
    }
    consent_queries.ensure(tx, row, how=origin.how, now=now)
    known = queries.by_address_key(tx, read.key)
    assert known is not None, "it is held"
    return known


def _ask(tx: Transaction, known: KnownSubscriber, origin: Origin, wording: str, now: datetime) -> Asked:
    """Queue a confirmation to somebody who is held, unless one waits or they had enough of them."""
    key = addresses.fold(known.subscriber.address)
    if notice_queries.is_open(tx, CONFIRM, key):
        return Asked.SENT
    limit = allowance.RETRIES if known.suppressed else allowance.CONFIRMATIONS
    if not allowance.take(tx, [(limit, key), (allowance.MAILBOXES, addresses.mailbox(key))], now=now):
        return Asked.LIMITED
    asked = consent_queries.add(tx, known.id, Consent(Said.ASKED, now, origin.how, origin.told, wording))
    queue(tx, _notice(CONFIRM, known, key, origin, asked=asked), now=now)
    return Asked.SENT


def _notice(kind: str, known: KnownSubscriber, key: str, origin: Origin, **facts: int) -> Notice:
    return Notice(
        kind, known.subscriber.address, key, token=known.token, facts=dict(facts), in_reply_to=origin.message_id
    )


# ---- confirming ------------------------------------------------------------------------------------------------------


def confirming(database: Database, token: str, *, keys: Sequence[str], now: datetime) -> KnownSubscriber:
    """Whose confirmation link this is; changes nothing, for scanners open every link.

    Raises:
        LinkExpired: ours, and too old, or they left since.
        LinkInvalid: not ours, cut or changed.

    """
    subscriber, asked = tokens.read_confirm(token, keys=keys, now=now)
    with database.read() as tx:
        return _question(tx, asked, subscriber, now, hold=False)[0]


def confirm(database: Database, token: str, *, keys: Sequence[str], origin: Origin, now: datetime) -> KnownSubscriber:
    """Let a subscription begin, by the link of a confirmation; as often as one likes, until they leave.

    Raises:
        LinkExpired: ours, and too old, or they left since.
        LinkInvalid: not ours, cut or changed.

    """
    subscriber, asked = tokens.read_confirm(token, keys=keys, now=now)
    with database.begin() as tx:
        return _confirmed(tx, asked, subscriber, origin, now)


def confirm_by_answer(
    database: Database, code: str, *, keys: Sequence[str], origin: Origin, now: datetime
) -> KnownSubscriber:
    """The same by an answer to the confirmation: `code` is the signed part of the address it was sent to.

    Raises:
        LinkExpired: ours, and too old, or they left since.
        LinkInvalid: not ours, cut or changed.

    """
    key = tokens.read_reply(code, keys=keys)
    with database.begin() as tx:
        notice = notice_queries.by_key(tx, key)
        asked = notice.facts.get("asked") if notice is not None else None
        if not isinstance(asked, int):
            raise LinkExpired(_OLD)
        return _confirmed(tx, asked, None, origin, now)


def _question(
    tx: Transaction, asked: int, subscriber: str | None, now: datetime, *, hold: bool
) -> tuple[KnownSubscriber, Consent, tuple[Consent, ...]]:
    """Who asked, what, and what they said since; with `hold` the person's row is ours until the transaction ends."""
    found = consent_queries.asked(tx, asked)
    known = None if found is None else queries.by_id(tx, found[0], hold=hold)
    if found is None or known is None or (subscriber is not None and subscriber != known.token):
        raise LinkExpired(_OLD)  # pruned or erased since
    question = found[1]
    since = tuple(one for one in consent_queries.of(tx, known.id) if one.id > question.id)
    if now - question.at > tokens.CONFIRM_AGE or any(one.what is Said.WITHDRAWN for one in since):
        raise LinkExpired(_OLD)
    return known, question, since


def _confirmed(tx: Transaction, asked: int, subscriber: str | None, origin: Origin, now: datetime) -> KnownSubscriber:
    known, question, since = _question(tx, asked, subscriber, now, hold=True)
    if any(one.what is Said.CONFIRMED for one in since):
        return known
    consent_queries.add(tx, known.id, Consent(Said.CONFIRMED, now, origin.how, origin.told, question.wording))
    key = addresses.fold(known.subscriber.address)
    if known.subscription.state is not SubscriptionState.ACTIVE:
        if known.origin == "roster":  # they had left, or were let go; now they are here of their own
            queries.update_subscriber(tx, known.id, {"origin": origin.how})
        cursor = queries.edition_before_latest(tx)
        consent_queries.activate(tx, known.id, how=origin.how, cursor=cursor, now=now)
    suppression = queries.suppression(tx, key)
    if suppression is not None and suppression.reason in TRIED_ANYWAY:
        queries.delete_score(tx, key)
        queries.delete_suppression(tx, key)
    consent_queries.lift_erased(tx, key)
    return _again(tx, known)


def _again(tx: Transaction, known: KnownSubscriber) -> KnownSubscriber:
    """The same person as they are now."""
    found = queries.by_token(tx, known.token)
    assert found is not None, "they are held"
    return found


# ---- leaving and coming back -----------------------------------------------------------------------------------------


def leave(
    database: Database, token: str, *, how: str, now: datetime, origin: Origin | None = None
) -> KnownSubscriber | None:
    """End a subscription for good, by the subscriber's token or address; as often as one likes.

    Returns the subscriber as they are now, None where nobody has that token. `how` is one-click, page, mail or command.
    Confirmation links from before hold no longer.
    """
    with database.begin() as tx:
        known = service.find(tx, token)
        if known is None:
            return None
        queries.end_subscriptions(tx, [known.id], how=how, now=now, origin=origin.told if origin else "")
        return _again(tx, known)


def leave_together(tx: Transaction, clicks: Sequence[tuple[str, Origin]], *, now: datetime) -> tuple[bool, ...]:
    """The same by one click of many readers, given by their tokens; of each whether the token is anybody's."""
    known = consent_queries.ids_of(tx, {token for token, _ in clicks})
    origins = {known[token]: origin.told for token, origin in clicks if token in known}
    queries.end_subscriptions(tx, origins, how="one-click", now=now, origin=origins)
    return tuple(token in known for token, _ in clicks)


def come_back(
    database: Database, token: str, *, origin: Origin, now: datetime, house: House, wording: str = ""
) -> bool:
    """Let a reader who has left come back, by their token; True: they are subscribed.

    False: they must confirm, and a confirmation was sent if it may be: they complained, their address bounced, they
    left long ago, or never confirmed at all.
    """
    with database.begin() as tx:
        known = _held(tx, token)
        if known is None or (known.subscription.state is SubscriptionState.ACTIVE and not known.suppressed):
            return known is not None
        if _may_return(tx, known, now) and allowance.take(tx, [(allowance.CHANGES, token)], now=now):
            consent_queries.add(tx, known.id, Consent(Said.RETURNED, now, origin.how, origin.told, wording))
            cursor = queries.edition_before_latest(tx)
            consent_queries.activate(tx, known.id, how=origin.how, cursor=cursor, now=now)
            return True
    key = addresses.fold(known.subscriber.address)
    # Apart from the above: whoever signs up holds limits and people in this order, and nobody waits in a circle.
    with database.begin() as tx:
        if house.can_ask and _may_ask(tx, origin, key, now) and not _is_barred(tx, key):
            again = _held(tx, token)
            if again is not None:
                _ask(tx, again, origin, wording, now)
    return False


def _held(tx: Transaction, token: str) -> KnownSubscriber | None:
    """Whoever has a token; nobody else changes their consent before the transaction ends."""
    number = consent_queries.hold(tx, token)
    return None if number is None else queries.by_id(tx, number)


def _may_return(tx: Transaction, known: KnownSubscriber, now: datetime) -> bool:
    """Whether one click is enough: they left a moment ago by a link or a mail of ours, and had been subscribed."""
    left = known.subscription
    if known.suppressed or left.state is not SubscriptionState.UNSUBSCRIBED or left.how not in _BY_THEMSELVES:
        return False
    if left.changed_at is None or now - left.changed_at > BACK_AT_ONCE:
        return False
    said = consent_queries.of(tx, known.id)
    last = max((number for number, one in enumerate(said) if one.what in _YES), default=-1)
    if any(one.what is Said.WITHDRAWN and one.how == "roster" for one in said[last + 1 :]):
        return False  # there was nothing to leave: the operator had let them go, however long ago
    return known.origin == "roster" or any(one.what is Said.CONFIRMED for one in said)


def say_why(database: Database, token: str, why: str) -> None:
    """Keep why somebody left, beside that they did; an empty reason takes an earlier one away."""
    words = "".join(" " if is_unsafe(character) else character for character in why)
    note = " ".join(words.split())[:LONGEST_REASON]
    with database.begin() as tx:
        number = consent_queries.hold(tx, token)
        if number is not None:
            consent_queries.note_reason(tx, number, note)


# ---- upkeep ----------------------------------------------------------------------------------------------------------


def tidy(database: Database, *, now: datetime) -> int:
    """Forget who never confirmed, whom notices went to, who asked how often, and what still names the erased."""
    with database.begin() as tx:
        never = consent_queries.unconfirmed(tx, before=now - UNCONFIRMED_FOR)
        privacy_queries.empty(tx, never, now=now)
        forgotten = notice_queries.forget(tx, now=now) + allowance.forget(tx, now=now)
        return len(never) + forgotten + privacy_queries.sweep(tx, now=now)
