"""What a database knows of itself: who it is, and when it was put in order after a backup was restored."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, select, update

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Announcement, Paper, Skip, State
from newsletter.novelty import may_have_been_sent
from newsletter.queries import promises
from newsletter.queries.listings import chunks
from newsletter.schema import deliveries, editions, entries, listings, marks, papers, subscribers

_RESTORED, _AGAIN = "restored ", "again "


@dataclass(frozen=True, slots=True)
class Begun:
    """A delivery as it was when its message began to leave."""

    id: int
    key: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database must not send: papers listed until an instant, editions up to one."""

    until: datetime
    edition: int


def who(tx: Transaction) -> str:
    """The random name of this database, which its copies share."""
    name: str = tx.execute(select(marks.c.value).where(marks.c.name == "database")).scalar_one()
    return name


def knows(tx: Transaction, begun: Begun) -> bool:
    """Whether the database has what was once written into it; a copy from before that moment has not.

    A row that was deleted since is no proof: what came after it is still there.
    """
    found = tx.execute(select(deliveries.c.key, deliveries.c.attempts).where(deliveries.c.id == begun.id)).one_or_none()
    if found is not None:
        return bool(found.key == begun.key and found.attempts >= begun.attempts)
    return (tx.scalar(select(func.max(deliveries.c.id))) or 0) > begun.id


def was_put_in_order(tx: Transaction, order: str) -> bool:
    """Whether it was put in order under this name."""
    names = (_RESTORED + order, _AGAIN + order)
    return tx.scalar(select(marks.c.name).where(marks.c.name.in_(names))) is not None


def put_in_order(tx: Transaction, order: str, *, until: datetime, edition: int) -> None:
    """Note that it was put in order, and what must not be sent from now on."""
    tx.execute(insert(marks).values(name=_RESTORED + order, value=str(edition), at=until))


def let_go(tx: Transaction, order: str, *, until: datetime) -> None:
    """Note that it is in order as it is: an operator lets everything be sent again."""
    tx.execute(insert(marks).values(name=_AGAIN + order, value="", at=until))


def restored(tx: Transaction) -> Restored | None:
    """What must not be sent because a backup was restored; None where none ever was."""
    rows = tx.execute(select(marks.c.value, marks.c.at).where(marks.c.name.startswith(_RESTORED))).all()
    return Restored(max(row.at for row in rows), max(int(row.value) for row in rows)) if rows else None


# ---- putting in order ------------------------------------------------------------------------------------------------


def doubt(tx: Transaction, *, reply: str, now: datetime) -> int:
    """Make everything uncertain that waits or is on its way; returns how many deliveries."""
    return tx.execute(
        update(deliveries)
        .where(deliveries.c.state.in_((State.QUEUED, State.SENDING)))
        .values(state=State.UNCERTAIN, reply=reply, changed_at=now, claim=None)
    ).rowcount


def close_editions(tx: Transaction, *, day: date, now: datetime) -> tuple[int, int]:
    """Count every edition as served to everybody; returns the newest, and for how many readers that changed something.

    When they were served last stays as it is, so that what is new from now on reaches them at their next hour.
    """
    newest = tx.scalar(select(func.max(editions.c.id))) or 0
    behind = update(subscribers).where(subscribers.c.cursor < newest).values(cursor=newest).returning(subscribers.c.id)
    moved = list(tx.scalars(behind))
    promises.skip(tx, [(one, Skip.RESTORED) for one in moved], day=day, now=now)
    return newest, len(moved)


def hold_back(tx: Transaction, *, until: datetime) -> int:
    """Make papers old that wait for an edition and may have been sent by an instant; returns how many."""
    query = (
        select(papers.c.key, papers.c.facts, papers.c.first_listed, func.min(listings.c.day).label("listed"))
        .outerjoin(entries, entries.c.paper_key == papers.c.key)
        .outerjoin(listings, listings.c.id == entries.c.listing_id)
        .where(papers.c.standing == "new")
        .group_by(papers.c.key, papers.c.facts, papers.c.first_listed)
    )
    announced = dict(
        tx.execute(
            select(entries.c.paper_key, func.min(listings.c.day))
            .join(listings, listings.c.id == entries.c.listing_id)
            .join(papers, papers.c.key == entries.c.paper_key)
            .where(papers.c.standing == "new", listings.c.source == "arxiv")
            .where(entries.c.announcement == Announcement.NEW)
            .group_by(entries.c.paper_key)
        )
        .tuples()
        .all()
    )
    held = [
        row.key
        for row in tx.execute(query)
        if may_have_been_sent(
            encoding.load(Paper, row.facts),
            first_listed=min(row.first_listed, row.listed or row.first_listed),
            announced=announced.get(row.key),
            until=until,
        )
    ]
    for piece in chunks(held):
        tx.execute(update(papers).where(papers.c.key.in_(piece)).values(standing="old"))
    return len(held)
