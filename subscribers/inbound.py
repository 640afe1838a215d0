"""What comes back means for a subscriber: suppress, unsubscribe, count, alarm, or nothing.

Soft bounces are scored as Mailman does: at most one a day, five days end it, and a week without one starts it again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from newsletter.mail.bounces import Failure, Reading
from newsletter.mail.classify import SIZE_STATUSES
from newsletter.mail.diagnosis import Kind, diagnose
from newsletter.models import Outcome, Phase, State
from subscribers import addresses
from subscribers.models import Score

THRESHOLD = 5
"""Days with a soft bounce after which an address is given up."""

STALE = timedelta(days=7)
"""So long after the last soft bounce the count starts again."""


class Meaning(StrEnum):
    """What was done about a received mail."""

    SUPPRESSED = "suppressed"  # a hard bounce, or one soft bounce too many: the address is never mailed again
    UNSUBSCRIBED = "unsubscribed"  # a complaint: suppressed too
    COUNTED = "counted"  # a soft bounce
    ALARM = "alarm"  # refused for what we are or sent: the operator's to mend
    NOT_OURS = "not ours"  # it carries no signed return path of ours: forged, or about another mail
    NOTHING = "nothing"  # not about a delivery that failed


@dataclass(frozen=True, slots=True)
class Received:
    """What one received mail came to."""

    meaning: Meaning
    kind: Kind
    how: str  # how it was read: report · complaint · words · …
    status: str = ""
    words: str = ""  # the server's own


def about(reading: Reading, address: str) -> Failure:
    """What a mail says of the delivery to `address`; where it names others only, what it says of the luckiest."""
    key = _key(address)
    named = (one for one in reading.failures if one.address and _key(one.address) == key)
    return next(named, reading.gentlest)


def is_soft(outcome: Outcome) -> bool:
    """Whether what a server answered while we delivered is a soft bounce: full, or refused for this one address.

    An address that does not exist is suppressed for that, and what is said of us or of the message is nobody's bounce.
    """
    if outcome.code is None or outcome.suppress or outcome.stop:
        return False
    detail = (outcome.enhanced or "").partition(".")[2]
    if outcome.state is State.QUEUED:
        return detail == "2.2" or (outcome.code == 552 and not detail)
    is_size = outcome.enhanced in SIZE_STATUSES or (outcome.code == 552 and not detail)
    if outcome.state is not State.REFUSED or is_size:
        return False
    # Before the message the answer is to the address; after it only a status of the mailbox says that it is, and 2.0
    # says no more than that something failed.
    is_theirs = outcome.phase is Phase.RCPT or (detail.startswith("2.") and detail not in {"2.0", "2.252"})
    return is_theirs and diagnose(outcome.enhanced or "", f"{outcome.code} {outcome.reply}")[0] is not Kind.POLICY


def counted(score: Score | None, now: datetime) -> Score:
    """The score with the soft bounce of `now`; the same where this day's is counted already."""
    if score is None or now - score.at > STALE:
        return Score(1, now)
    if now.astimezone(UTC).date() <= score.at.astimezone(UTC).date():
        return score
    return Score(score.days + 1, now)


def is_given_up(score: Score) -> bool:
    """Whether an address has bounced too often."""
    return score.days >= THRESHOLD


def _key(address: str) -> str:
    try:
        return addresses.fold(address)
    except ValueError:
        return address.casefold()
