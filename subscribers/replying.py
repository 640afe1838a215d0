"""Acts on one mail that came in: what it asks for is done once, answered at most once, or left to the operator.

What a mail asks is committed before anybody marks it as read, and each part of it is harmless a second time: so a
process that dies in between has done nothing twice, and forgotten nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from newsletter.database import Database, Transaction
from newsletter.errors import ConfigurationError, LinkExpired, LinkInvalid
from newsletter.mail.received import Received as Opened
from newsletter.mail.received import take_apart
from newsletter.queries.notices import REPLY, Notice
from newsletter.steps.notices import House, queue
from subscribers import (
    addresses,
    allowance,
    answers,
    commands,
    consent,
    queries,
    received_queries,
    receiving,
    service,
    tokens,
)
from subscribers.allowance import Limit
from subscribers.answers import Answer
from subscribers.commands import Ask, Letter, Names
from subscribers.consent import AddressError, Asked, Origin
from subscribers.inbound import Meaning
from subscribers.models import SubscriptionState

log = logging.getLogger("subscribers.inbox")

_MOST_TOPICS = 20  # named in the help
_ALL = Limit("inbox", 200, 1_000)  # wishes by mail of all people together: anybody can write them by the thousand


class Deed(StrEnum):
    """What was done about a mail."""

    ASKED = "asked to subscribe"  # a confirmation was queued, or they had one, or it was one too many
    CONFIRMED = "confirmed"
    LATE = "confirmed too late"
    LEFT = "left"
    HELPED = "got help"
    RETURNED = "came back"  # a bounce or complaint about a mail of ours
    IGNORED = "answered by a robot"  # out of office, receipts: nothing to do
    KNOWN = "read before"
    ASIDE = "left to you"  # unread, for the operator


@dataclass(frozen=True, slots=True)
class Handled:
    """What one mail came to."""

    deed: Deed
    why: str = ""  # why it was left to the operator; what a bounce meant
    answered: bool = False
    alarm: str = ""  # what a server refused for policy: the operator's to mend

    @property
    def is_done(self) -> bool:
        """Whether nobody needs to read it any more."""
        return self.deed is not Deed.ASIDE


@dataclass(frozen=True, slots=True)
class Desk:
    """What acting on mail needs, wired once at the door."""

    database: Database
    house: House
    keys: Sequence[str]
    names: Names
    bounce_address: str = ""

    @property
    def list_name(self) -> str:
        """What the newsletter is called."""
        return self.house.settings.list_name


@dataclass(frozen=True, slots=True)
class _Done:
    handled: Handled
    answer: Answer | None = None
    token: str = ""  # of the subscriber it is about
    owed: bool = False  # it is sent however many answers they had today: their subscription ended


def act(
    desk: Desk, raw: bytes, *, now: datetime, place: str = "", sender: str | None = None, recipient: str | None = None
) -> Handled:
    """Do what a mail asks for, once. Any bytes are borne; what cannot be understood is left to the operator.

    `place` names it in its mailbox, so that it is not looked at again; `sender` and `recipient` are the envelope's,
    where a mail server handed it over.

    Raises:
        SQLAlchemyError: the database is away; nothing was done that a second reading would not do.
        ConfigurationError: a setting is missing.

    """
    try:
        return _act(desk, raw, now, place, sender, recipient)
    except (SQLAlchemyError, ConfigurationError, OSError):
        raise
    except Exception as error:
        log.exception("inbox.not_understood")
        with desk.database.begin() as tx:
            received_queries.note(tx, place=place, fate=received_queries.LEFT, now=now)
        return Handled(Deed.ASIDE, f"it could not be read ({type(error).__name__})")


def _act(desk: Desk, raw: bytes, now: datetime, place: str, sender: str | None, recipient: str | None) -> Handled:
    mail = take_apart(raw)
    letter = commands.read(mail, names=desk.names, sender=sender, recipient=recipient)
    with desk.database.begin() as tx:
        if received_queries.is_done(tx, letter.identity):
            received_queries.note(tx, place=place, now=now)
            return Handled(Deed.KNOWN)
    done = _done(desk, letter, mail, raw, now)
    handled = done.handled
    with desk.database.begin() as tx:
        if done.answer is not None and _answer(tx, letter, done, done.answer, now):
            handled = replace(handled, answered=True)
        # One that is left is not known by itself: where it comes again it must be kept again.
        identity = letter.identity if handled.is_done else ""
        fate = received_queries.DONE if handled.is_done else received_queries.LEFT
        received_queries.note(tx, identity=identity, place=place, fate=fate, now=now)
    return handled


def _done(desk: Desk, letter: Letter, mail: Opened, raw: bytes, now: datetime) -> _Done:
    """Signed links and what comes back first, whoever sends them; then what people ask for."""
    if mail.fault:
        return _aside(mail.fault)
    done = _leave_by_token(desk, letter, now)
    if done is None and (letter.no_person or letter.ask is Ask.NOTHING):
        done = _returned(desk, raw, letter, now)
    if done is not None:
        return done
    if letter.no_person:
        return _aside(f"from no person: {letter.no_person}")
    if not letter.sender:
        return _aside("from nobody, or from several")
    return _WISHES.get(letter.ask, _nothing)(desk, letter, now)


def _nothing(_desk: Desk, _letter: Letter, _now: datetime) -> _Done:
    return _aside("it asks for nothing we know")


def _aside(why: str) -> _Done:
    return _Done(Handled(Deed.ASIDE, why))


# ---- what comes back -------------------------------------------------------------------------------------------------


def _returned(desk: Desk, raw: bytes, letter: Letter, now: datetime) -> _Done | None:
    """What a bounce, complaint or receipt came to; None where it is none of these, or none of ours."""
    told = receiving.receive(desk.database, raw, now=now, keys=desk.keys, bounce_address=desk.bounce_address)
    said = " ".join(filter(None, (told.status, told.words)))
    if told.meaning not in {Meaning.NOTHING, Meaning.NOT_OURS}:
        return _Done(Handled(Deed.RETURNED, told.meaning, alarm=said if told.meaning is Meaning.ALARM else ""))
    is_robot = told.how in {"auto-reply", "receipt"} or (told.meaning is Meaning.NOTHING and told.how == "report")
    return _Done(Handled(Deed.IGNORED)) if is_robot and letter.no_person else None


# ---- what people ask for ---------------------------------------------------------------------------------------------


def _sign_up(desk: Desk, letter: Letter, now: datetime) -> _Done:
    """Anybody can write anybody's name under a mail: this only asks the owner of the address."""
    with desk.database.begin() as tx:
        offered = {topic.name: topic.label for topic in service.named_topics(tx)}
    if not letter.addressed and not commands.names_only(letter.beside, offered):
        return _nothing(desk, letter, now)
    with desk.database.begin() as tx:
        if not allowance.take(tx, [(_ALL, "")], now=now):
            return _aside("more people asked today than can be true")
    try:
        asked = consent.sign_up(
            desk.database,
            letter.sender,
            origin=_origin(letter),
            wording=f"They wrote to {answers.at('subscribe', desk.names.address)}.",
            now=now,
            house=desk.house,
            topics=commands.topics_named(letter.text, offered),
        )
    except AddressError:
        return _aside("from an address that cannot be mailed")
    return _Done(Handled(Deed.ASKED, answered=asked is Asked.SENT))


def _confirm(desk: Desk, letter: Letter, now: datetime) -> _Done:
    by_link = "." in letter.token
    say = consent.confirm if by_link else consent.confirm_by_answer
    try:
        known = say(desk.database, letter.token, keys=desk.keys, origin=_origin(letter), now=now)
    except LinkExpired:
        return _Done(Handled(Deed.LATE), answers.too_old(desk.list_name, desk.names.address))
    except LinkInvalid:
        return _aside("it confirms with a code that is not ours")
    return _Done(Handled(Deed.CONFIRMED), answers.confirmed(desk.list_name, desk.names.address), known.token)


def _leave_by_token(desk: Desk, letter: Letter, now: datetime) -> _Done | None:
    """Signed, so it counts whoever sends it, and is not answered: mail programs write these by themselves."""
    if letter.ask is not Ask.UNSUBSCRIBE or not letter.token:
        return None
    try:
        token = tokens.read(tokens.Purpose.UNSUBSCRIBE, letter.token, keys=desk.keys)
    except LinkInvalid:
        return None
    consent.leave(desk.database, token, how="mail", origin=_origin(letter), now=now)
    return _Done(Handled(Deed.LEFT))


def _leave_by_sender(desk: Desk, letter: Letter, now: datetime) -> _Done:
    """By the address it is from, which may be forged: so its owner is told, and comes back with one click."""
    with desk.database.begin() as tx:
        known = service.find(tx, letter.sender)
    if known is None and letter.beside:
        return _nothing(desk, letter, now)
    if known is None:
        return _Done(Handled(Deed.LEFT, "not subscribed"), answers.nobody(desk.list_name))
    consent.leave(desk.database, known.token, how="mail", origin=_origin(letter), now=now)
    told = answers.left(desk.list_name, desk.names.address, site=bool(desk.house.site))
    is_news = known.subscription.state is not SubscriptionState.UNSUBSCRIBED
    return _Done(Handled(Deed.LEFT), told, known.token, owed=is_news)


def _help(desk: Desk, _letter: Letter, _now: datetime) -> _Done:
    with desk.database.begin() as tx:
        labels = tuple(topic.label for topic in service.named_topics(tx))[:_MOST_TOPICS]
    return _Done(Handled(Deed.HELPED), answers.helped(desk.list_name, desk.names.address, labels))


_WISHES = {
    Ask.SUBSCRIBE: _sign_up,
    Ask.CONFIRM: _confirm,
    Ask.UNSUBSCRIBE: _leave_by_sender,
    Ask.HELP: _help,
}


def _origin(letter: Letter) -> Origin:
    return Origin("mail", message_id=letter.message_id)


# ---- answering -------------------------------------------------------------------------------------------------------


def _answer(tx: Transaction, letter: Letter, done: _Done, answer: Answer, now: datetime) -> bool:
    """Queue an answer, unless nobody could be answered, or they had enough of them today."""
    if not letter.sender.isascii():
        return False
    key = addresses.fold(letter.sender)
    wanted = [(allowance.REPLIES, key), (allowance.DOMAINS, key.rpartition("@")[2])]
    may = done.owed or (letter.message_id and allowance.take(tx, wanted, now=now))
    if queries.suppression(tx, key) is not None or not may:
        return False
    notice = Notice(
        REPLY,
        letter.sender,
        key,
        token=done.token,
        facts=answer.facts,
        in_reply_to=letter.message_id,
        key=letter.identity[:32],
    )
    return queue(tx, notice, now=now)
