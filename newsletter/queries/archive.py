"""The public archive: editions by day, papers and topics where they stand; live ones alone, once there are any."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Digest, Paper
from newsletter.queries.bulk import ids, texts
from newsletter.schema import deliveries, edition_papers, edition_topics, editions, entries, listings, subscribers


@dataclass(frozen=True, slots=True)
class Head:
    """An edition without its papers."""

    id: int
    day: date
    sample: bool
    composed_at: datetime
    papers: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A paper as it was frozen, and where it stands."""

    paper: Paper
    edition: Head
    topic: str  # the key of its topic
    label: str
    kind: str  # found · named · other


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a source listed a paper, as it was seen last."""

    source: str
    name: str
    day: date
    rank: int
    upvotes: int | None
    comments: int | None


@dataclass(frozen=True, slots=True)
class Called:
    """A topic as it was called last."""

    key: str
    label: str
    kind: str
    papers: int  # in all editions
    first: date
    last: date


_HEAD = (editions.c.id, editions.c.day, editions.c.sample, editions.c.composed_at, editions.c.papers)


def state(tx: Transaction) -> tuple[int, int]:
    """The newest edition and the newest listing, by id: while both are the same, so is every page."""
    return tx.scalar(select(func.max(editions.c.id))) or 0, tx.scalar(select(func.max(listings.c.id))) or 0


def newest(tx: Transaction) -> Head | None:
    """The newest edition that is shown: a live one, or a sample where there are no others."""
    row = tx.execute(select(*_HEAD).order_by(editions.c.sample, editions.c.day.desc()).limit(1)).first()
    return None if row is None else Head(*row)


def of_day(tx: Transaction, day: date, *, sample: bool) -> Head | None:
    """The edition of a day."""
    row = tx.execute(select(*_HEAD).where(editions.c.day == day, editions.c.sample.is_(sample))).first()
    return None if row is None else Head(*row)


def nearest(tx: Transaction, day: date, *, sample: bool) -> date | None:
    """The last day up to this one that has an edition, or the first one after it."""
    before = select(func.max(editions.c.day)).where(editions.c.day <= day, editions.c.sample.is_(sample))
    return tx.scalar(before) or beside(tx, day, sample=sample)[1]


def beside(tx: Transaction, day: date, *, sample: bool) -> tuple[date | None, date | None]:
    """The days of the editions before and after a day."""
    kind = editions.c.sample.is_(sample)
    before = tx.scalar(select(func.max(editions.c.day)).where(editions.c.day < day, kind))
    return before, tx.scalar(select(func.min(editions.c.day)).where(editions.c.day > day, kind))


def heads(tx: Transaction, *, sample: bool, since: date = date.min, until: date = date.max) -> tuple[Head, ...]:
    """The editions of some days, newest first."""
    query = select(*_HEAD).where(editions.c.day >= since, editions.c.day <= until, editions.c.sample.is_(sample))
    return tuple(Head(*row) for row in tx.execute(query.order_by(editions.c.day.desc())))


def latest(tx: Transaction, *, sample: bool, limit: int) -> tuple[Head, ...]:
    """The newest editions, newest first."""
    query = select(*_HEAD).where(editions.c.sample.is_(sample)).order_by(editions.c.day.desc()).limit(limit)
    return tuple(Head(*row) for row in tx.execute(query))


def span(tx: Transaction, *, sample: bool) -> tuple[date, date] | None:
    """The first and the last day that have an edition."""
    kind = editions.c.sample.is_(sample)
    first, last = tx.execute(select(func.min(editions.c.day), func.max(editions.c.day)).where(kind)).one()
    return None if first is None else (first, last)


def labels(tx: Transaction, edition_ids: Collection[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """Key and label of the topics of editions, in their order; without what is left over."""
    rows = tx.execute(
        select(edition_topics.c.edition_id, edition_topics.c.key, edition_topics.c.label)
        .where(edition_topics.c.edition_id.in_(ids(tx, edition_ids)), edition_topics.c.kind != "other")
        .order_by(edition_topics.c.edition_id, edition_topics.c.position)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.edition_id, []).append((row.key, row.label))
    return {edition_id: tuple(named) for edition_id, named in found.items()}


# ---- papers --------------------------------------------------------------------------------------------------------

_PLACED = (
    select(
        edition_papers.c.facts,
        *(column.label(f"edition_{column.name}") for column in _HEAD),
        edition_topics.c.key,
        edition_topics.c.label,
        edition_topics.c.kind,
    )
    .join(editions, editions.c.id == edition_papers.c.edition_id)
    .join(
        edition_topics,
        (edition_topics.c.edition_id == edition_papers.c.edition_id)
        & (edition_topics.c.position == edition_papers.c.topic),
    )
)


def paper(tx: Transaction, key: str, *, sample: bool) -> Placed | None:
    """One paper where it stands."""
    row = tx.execute(_PLACED.where(edition_papers.c.paper_key == key, editions.c.sample.is_(sample))).first()
    return None if row is None else _placed(row)


def papers(tx: Transaction, keys: Sequence[str]) -> tuple[Placed, ...]:
    """Papers where they stand, in the order of their keys given; unknown ones are left out."""
    rows = tx.execute(_PLACED.where(edition_papers.c.paper_key.in_(texts(tx, keys))))
    found = {placed.paper.key: placed for placed in map(_placed, rows)}
    return tuple(found[key] for key in keys if key in found)


def _placed(row: Row[Any]) -> Placed:
    facts, *head, key, label, kind = row
    return Placed(encoding.load(Paper, facts), Head(*head), key, label, kind)


def listed(tx: Transaction, key: str) -> tuple[Listed, ...]:
    """Every listing that holds a paper as it was captured last, by source and day."""
    rows = tx.execute(
        select(listings.c.source, listings.c.name, listings.c.day, *_ENTRY)
        .join(entries, entries.c.listing_id == listings.c.id)
        .where(entries.c.paper_key == key)
        .order_by(listings.c.source, listings.c.day, listings.c.name, listings.c.id)
    )
    found = {(row.source, row.name, row.day): Listed(*row) for row in rows}
    return tuple(found.values())


_ENTRY = (entries.c.rank, entries.c.upvotes, entries.c.comments)


def keys_of(tx: Transaction, edition_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The keys of the papers of editions, in their order."""
    rows = tx.execute(
        select(edition_papers.c.edition_id, edition_papers.c.paper_key)
        .where(edition_papers.c.edition_id.in_(ids(tx, edition_ids)))
        .order_by(edition_papers.c.edition_id, edition_papers.c.topic, edition_papers.c.place)
    )
    found: dict[int, list[str]] = {}
    for edition_id, key in rows:
        found.setdefault(edition_id, []).append(key)
    return {edition_id: tuple(keys) for edition_id, keys in found.items()}


# ---- topics --------------------------------------------------------------------------------------------------------


def topics(tx: Transaction, *, sample: bool, key: str | None = None) -> tuple[Called, ...]:
    """The topics of all editions, or one of them, as they were called last; most papers first."""
    query = (
        select(
            edition_topics.c.key,
            edition_topics.c.label,
            edition_topics.c.kind,
            func.count(edition_papers.c.paper_key).label("papers"),
            func.min(editions.c.day).label("first"),
            func.max(editions.c.day).label("last"),
        )
        .join(editions, editions.c.id == edition_topics.c.edition_id)
        .join(
            edition_papers,
            (edition_papers.c.edition_id == edition_topics.c.edition_id)
            & (edition_papers.c.topic == edition_topics.c.position),
        )
        .where(editions.c.sample.is_(sample), edition_topics.c.kind != "other")
        .group_by(edition_topics.c.key, edition_topics.c.label, edition_topics.c.kind)
    )
    if key is not None:
        query = query.where(edition_topics.c.key == key)
    found: dict[str, Called] = {}
    for row in sorted(tx.execute(query), key=lambda row: (row.last, row.label)):
        last, before = Called(*row), found.get(row.key)
        if before is not None:
            last = Called(
                last.key, last.label, last.kind, before.papers + last.papers, min(before.first, last.first), last.last
            )
        found[row.key] = last
    return tuple(sorted(found.values(), key=lambda one: (-one.papers, one.key)))


def topic_papers(tx: Transaction, key: str, *, sample: bool, limit: int, offset: int = 0) -> tuple[Placed, ...]:
    """The papers of a topic over all editions, newest first."""
    rows = tx.execute(
        _PLACED.where(edition_topics.c.key == key, edition_topics.c.kind != "other", editions.c.sample.is_(sample))
        .order_by(editions.c.day.desc(), edition_papers.c.topic, edition_papers.c.place)
        .limit(limit)
        .offset(offset)
    )
    return tuple(map(_placed, rows))


# ---- one reader's own ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Served:
    """What one reader was sent, or is to be."""

    digest: Digest
    name: str
    papers: dict[str, Paper]  # as they were frozen


def served(tx: Transaction, token: str, edition_id: int) -> Served | None:
    """The digest that reaches an edition, by its reader's token."""
    row = tx.execute(
        select(deliveries.c.digest, deliveries.c.name)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(subscribers.c.token == token, deliveries.c.edition_id == edition_id)
    ).first()
    if row is None:
        return None
    digest = encoding.load(Digest, row.digest)
    keys = [pick.paper_key for section in digest.sections for pick in section.picks]
    return Served(digest, row.name, {placed.paper.key: placed.paper for placed in papers(tx, keys)})
