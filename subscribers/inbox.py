"""Reads a mailbox once: each mail that is unread and not known is acted on, then marked; one reader at a time."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.steps.lease import lease
from subscribers import received_queries, replying
from subscribers.mailbox import Mailbox, MailboxUnavailable, MailUnreadable
from subscribers.replying import Deed, Desk, Handled

MOST = 1_000
"""Mails of one reading; the next one goes on."""

LEASE = "inbox"

_UNREADABLE = "its mailbox cannot give it out"


@dataclass(frozen=True, slots=True)
class InboxReport:
    """What one reading came to; nobody's address is in it."""

    where: str
    read: int = 0  # mails that were looked at for the first time
    deeds: dict[str, int] = field(default_factory=dict)  # how many of each
    answered: int = 0
    left: dict[str, int] = field(default_factory=dict)  # why, and how many, of those left to the operator
    alarms: dict[str, int] = field(default_factory=dict)  # what servers refused for policy, and how often
    waiting: int = 0  # mails that the next reading looks at
    trouble: str = ""  # one sentence: why it ended early, or what could not be marked


@dataclass(slots=True)
class Count:
    """A report that is being made."""

    where: str
    read: int = 0
    answered: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    trouble: str = ""  # the first

    def add(self, handled: Handled) -> None:
        """One more mail."""
        self.read += 1
        self.answered += handled.answered
        self.deeds[handled.deed.value] += 1
        if handled.deed is Deed.ASIDE:
            self.left[handled.why] += 1
        if handled.alarm:
            self.alarms[handled.alarm] += 1

    def mark(self, mailbox: Mailbox, place: str, *, is_done: bool) -> None:
        """Mark what was done, or set it aside. Where that fails the next mail can be read all the same."""
        try:
            (mailbox.done if is_done else mailbox.leave)(place)
        except MailboxUnavailable as error:
            self.trouble = self.trouble or str(error)

    def report(self, *, waiting: int = 0, trouble: str = "") -> InboxReport:
        """The report, most frequent first."""
        told = (dict(each.most_common()) for each in (self.deeds, self.left, self.alarms))
        deeds, left, alarms = told
        return InboxReport(self.where, self.read, deeds, self.answered, left, alarms, waiting, self.trouble or trouble)


def read(
    desk: Desk,
    mailbox: Mailbox,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event | None = None,
    most: int = MOST,
) -> InboxReport:
    """Read a mailbox once; once `stop` is set no more is begun.

    Where the mailbox cannot be reached the report says so, beside what was done before.

    Raises:
        RunInProgress: somebody else reads.
        SQLAlchemyError: the database is away; what is not marked is read again.

    """
    count = Count(mailbox.name)
    holder = f"{LEASE} {secrets.token_hex(8)}"
    with lease(desk.database, holder=holder, clock=clock, name=LEASE) as held:
        try:
            with mailbox:
                waiting = _read(desk, mailbox, count, clock, [held.lost, *([stop] if stop else [])], most)
        except MailboxUnavailable as error:
            return count.report(trouble=str(error))
        with desk.database.begin() as tx:
            received_queries.forget(tx, now=clock())
    return count.report(waiting=waiting)


def _read(
    desk: Desk,
    mailbox: Mailbox,
    count: Count,
    clock: Callable[[], datetime],
    ends: list[threading.Event],
    most: int,
) -> int:
    """Act on what is new, the oldest first; how many wait for the next time."""
    places = mailbox.unread()
    with desk.database.begin() as tx:
        fates = received_queries.fates(tx, places)
    new = [place for place in places if place not in fates]
    for place, fate in fates.items():
        count.mark(mailbox, place, is_done=fate == received_queries.DONE)  # whoever acted on it died before it did
    for number, place in enumerate(new):
        if number >= most or any(end.is_set() for end in ends):
            return len(new) - number
        try:
            raw = mailbox.read(place)
        except MailUnreadable:
            count.left[_UNREADABLE] += 1  # not written down: the trouble may pass
            continue
        if raw is None:
            continue
        handled = replying.act(desk, raw, now=clock(), place=place)
        count.add(handled)  # it is done, whether or not it can be marked
        count.mark(mailbox, place, is_done=handled.is_done)
    return 0
