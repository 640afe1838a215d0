"""A restored backup: found by the mark outside of the database, and put in order so that nobody is mailed twice."""

import secrets
from collections.abc import Callable
from datetime import datetime

from newsletter.database import Database
from newsletter.errors import PaperboyError, RestoredBackup
from newsletter.mark import Mark, Sent
from newsletter.queries import claims, marks, notices
from newsletter.reports import RestoredReport
from newsletter.steps.ledger import Note

_DOUBT = "perhaps sent after the backup was made"


def noting(database: Database, mark: Mark) -> Note:
    """What writes the mark while mail goes out."""
    with database.begin() as tx:
        who = marks.who(tx)

    def note(begun: claims.Delivery, now: datetime) -> None:
        mark.note(who, marks.Begun(begun.id, begun.key, begun.attempts + 1), now=now)

    return note


def overtaken(database: Database, mark: Mark) -> Sent | None:
    """What the mark says, if the database is older than it; None where it is not, or nobody can know.

    Raises:
        PaperboyError: the mark cannot be read.

    """
    sent = mark.read()
    with database.begin() as tx:
        if sent is None or sent.database != marks.who(tx):
            return None
        if sent.order and not marks.was_put_in_order(tx, sent.order):
            return sent
        return sent if sent.begun is not None and not marks.knows(tx, sent.begun) else None


def check(database: Database, mark: Mark) -> None:
    """Refuse to send from a database that is older than its mail.

    Raises:
        RestoredBackup: it is.
        PaperboyError: the mark cannot be read.

    """
    sent = overtaken(database, mark)
    if sent is not None:
        raise RestoredBackup(
            f"database: it is older than the mail that was sent from it until {sent.until:%Y-%m-%d %H:%M} UTC, so it "
            "seems to be restored from a backup; nothing was sent; run `paperboy restored` to put it in order"
        )


def put_in_order(
    database: Database, mark: Mark, *, until: datetime | None, send_again: bool, clock: Callable[[], datetime]
) -> RestoredReport | None:
    """Keep a restored database from sending what may have been sent until an instant; by default the mark says which.

    None where there is nothing to do. With `send_again` nothing is kept back, and the database counts as whole again.

    Raises:
        PaperboyError: until when mail was sent is not known.

    """
    now = clock()
    if until is None:
        sent = overtaken(database, mark)
        if sent is None:
            return None
        until = sent.until
    if until > now:
        raise PaperboyError(
            f"mail sent until {until:%Y-%m-%d %H:%M} UTC: that moment has not come yet; say until when mail may have "
            "been sent with `paperboy restored --until TIME`"
        )
    order = secrets.token_hex(8)
    told = RestoredReport(until)
    with database.begin() as tx:
        if send_again:
            marks.let_go(tx, order, until=until)
        else:
            doubtful = marks.doubt(tx, reply=_DOUBT, now=now)
            notices.doubt(tx, reply=_DOUBT, now=now)  # who waits for one asks again
            newest, readers = marks.close_editions(tx, day=now.date(), now=now)
            told = RestoredReport(until, doubtful, readers, marks.hold_back(tx, until=until))
            marks.put_in_order(tx, order, until=until, edition=newest)
        who = marks.who(tx)
    # Only now: should we die before, the database is found to be older again, and put in order again.
    mark.write(Sent(who, until, order=order))
    return told
