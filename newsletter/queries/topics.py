"""The topics of past editions: what they were called, and what they held."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Paper
from newsletter.relevance.naming import CENTRAL, Earlier
from newsletter.relevance.trends import Held
from newsletter.schema import edition_papers, edition_topics, editions


def found_between(tx: Transaction, since: date, before: date, *, sample: bool) -> tuple[Earlier, ...]:
    """The found topics of the editions of a day and later, before another, with their most central papers."""
    topics = tx.execute(
        select(editions.c.day, edition_topics)
        .join(editions, editions.c.id == edition_topics.c.edition_id)
        .where(editions.c.day >= since, editions.c.day < before, editions.c.sample.is_(sample))
        .where(edition_topics.c.kind == "found")
        .order_by(editions.c.day.desc(), edition_topics.c.position)
    ).all()
    rows = tx.execute(
        select(edition_papers.c.edition_id, edition_papers.c.topic, edition_papers.c.facts)
        .join(editions, editions.c.id == edition_papers.c.edition_id)
        .where(editions.c.day >= since, editions.c.day < before, editions.c.sample.is_(sample))
        .where(edition_papers.c.place < CENTRAL)
        .order_by(edition_papers.c.edition_id, edition_papers.c.topic, edition_papers.c.place)
    )
    papers: dict[tuple[int, int], list[Paper]] = {}
    for row in rows:
        papers.setdefault((row.edition_id, row.topic), []).append(encoding.load(Paper, row.facts))
    return tuple(
        Earlier(row.day, row.key, row.label, tuple(row.terms), tuple(papers.get((row.edition_id, row.position), ())))
        for row in topics
    )


def held_between(tx: Transaction, since: date, upto: date, *, sample: bool) -> tuple[Held, ...]:
    """How many papers each topic of the editions of a day and later held, up to and including another day."""
    rows = tx.execute(
        select(
            editions.c.day,
            edition_topics.c.key,
            edition_topics.c.label,
            edition_topics.c.kind,
            func.count(edition_papers.c.paper_key).label("papers"),
        )
        .join(editions, editions.c.id == edition_topics.c.edition_id)
        .join(
            edition_papers,
            (edition_papers.c.edition_id == edition_topics.c.edition_id)
            & (edition_papers.c.topic == edition_topics.c.position),
        )
        .where(editions.c.day >= since, editions.c.day <= upto, editions.c.sample.is_(sample))
        .group_by(
            editions.c.day,
            edition_topics.c.edition_id,
            edition_topics.c.position,
            edition_topics.c.key,
            edition_topics.c.label,
            edition_topics.c.kind,
        )
        .order_by(editions.c.day, edition_topics.c.position)
    )
    return tuple(Held(row.day, row.key, row.label, row.kind, row.papers) for row in rows)


def papers_between(tx: Transaction, since: date, upto: date, *, sample: bool) -> Iterator[tuple[date, Paper]]:
    """The papers of those editions as they were frozen, each with its day, one after the other."""
    rows = tx.execute(
        select(editions.c.day, edition_papers.c.facts)
        .join(editions, editions.c.id == edition_papers.c.edition_id)
        .where(editions.c.day >= since, editions.c.day <= upto, editions.c.sample.is_(sample))
        .order_by(editions.c.day, edition_papers.c.paper_key)
    )
    for row in rows:
        yield row.day, encoding.load(Paper, row.facts)
