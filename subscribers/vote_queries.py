"""SQL about votes; the first argument is always `tx`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from newsletter.database import Transaction
from newsletter.queries.bulk import ids
from newsletter.schema import edition_papers, edition_topics, papers, subscribers, topics, votes
from subscribers.votes import MOST, Vote, What

_IS_TOPIC = votes.c.what == What.MUTE_TOPIC


def record(tx: Transaction, subscriber_id: int, vote: Vote) -> bool:
    """Write a vote down in the place of what they said of the same before; False where they said so already."""
    # Two clicks at the same moment come one after the other.
    tx.execute(select(subscribers.c.id).where(subscribers.c.id == subscriber_id).with_for_update(key_share=True))
    topic = vote.what is What.MUTE_TOPIC
    before = _current(subscriber_id, vote.about, topic=topic)
    if tx.scalar(select(votes.c.what).where(*before)) == vote.what:
        return False
    tx.execute(update(votes).where(*before).values(undone_at=vote.at))
    row = {"what": str(vote.what), "about": vote.about, "edition_id": vote.edition_id, "at": vote.at, "how": vote.how}
    tx.execute(insert(votes).values(subscriber_id=subscriber_id, **row))
    return True


def undo(tx: Transaction, subscriber_id: int, about: str, *, topic: bool, now: datetime) -> bool:
    """Let a vote count no longer; whether there was one. With `topic` it is about a topic, else about a paper."""
    ended = update(votes).where(*_current(subscriber_id, about, topic=topic)).values(undone_at=now)
    return tx.execute(ended).rowcount > 0


def undo_all(tx: Transaction, subscriber_id: int, *, now: datetime) -> int:
    """Let none of a reader's votes count any longer; how many there were."""
    mine = (votes.c.subscriber_id == subscriber_id, votes.c.undone_at.is_(None))
    return tx.execute(update(votes).where(*mine).values(undone_at=now)).rowcount


def _current(subscriber_id: int, about: str, *, topic: bool) -> tuple[ColumnElement[bool], ...]:
    same = (votes.c.subscriber_id == subscriber_id, votes.c.about == about, votes.c.undone_at.is_(None))
    return (*same, _IS_TOPIC if topic else ~_IS_TOPIC)


# ---- reading ---------------------------------------------------------------------------------------------------------


def of(tx: Transaction, subscriber_id: int, *, undone: bool = False) -> tuple[Vote, ...]:
    """A reader's votes that count, with `undone` those that did too; the newest first."""
    query = select(votes).where(votes.c.subscriber_id == subscriber_id)
    query = query if undone else query.where(votes.c.undone_at.is_(None))
    return tuple(_vote(row) for row in tx.execute(query.order_by(votes.c.at.desc(), votes.c.id.desc())))


def of_many(tx: Transaction, subscriber_ids: Iterable[int], *, since: datetime) -> dict[int, list[Vote]]:
    """The votes of many readers that may count for their digests: those since an instant, and all about topics.

    The newest `MOST` about papers of each; who has none is left out. One statement, however many there are.
    """
    newest_first = (votes.c.at.desc(), votes.c.id.desc())
    place = func.row_number().over(partition_by=(votes.c.subscriber_id, _IS_TOPIC), order_by=newest_first)
    said = (votes.c.subscriber_id, votes.c.what, votes.c.about, votes.c.at, votes.c.how, votes.c.edition_id)
    current = (
        select(*said, place.label("place"))
        .where(votes.c.undone_at.is_(None), votes.c.subscriber_id.in_(ids(tx, subscriber_ids)))
        .where(_IS_TOPIC | (votes.c.at >= since))
        .subquery()
    )
    counted = select(*(current.c[each.name] for each in said)).where(
        (current.c.what == What.MUTE_TOPIC) | (current.c.place <= MOST)
    )
    found: dict[int, list[Vote]] = {}
    for who, what, about, at, how, edition_id in tx.execute(counted):
        found.setdefault(who, []).append(Vote(What(what), about, at, how, edition_id))
    return found


def newest(tx: Transaction, limit: int) -> list[tuple[str, Vote]]:
    """The newest votes of all that count, each with the reader's address."""
    query = select(subscribers.c.address, votes).join(subscribers, subscribers.c.id == votes.c.subscriber_id)
    rows = tx.execute(
        query.where(votes.c.undone_at.is_(None)).order_by(votes.c.at.desc(), votes.c.id.desc()).limit(limit)
    )
    return [(row.address, _vote(row)) for row in rows]


def titles(tx: Transaction, limit: int) -> dict[str, str]:
    """The titles of the papers listed last, by key."""
    newest_first = papers.c.first_listed.desc()
    rows = tx.execute(select(papers.c.key, papers.c.facts).order_by(newest_first, papers.c.key.desc()).limit(limit))
    return {row.key: row.facts["title"] for row in rows}


def labels(tx: Transaction) -> list[str]:
    """The labels of topics, those of the newest edition first, then those an operator named; the same one once."""
    used = func.max(edition_topics.c.edition_id)
    of_editions = tx.scalars(
        select(edition_topics.c.label).group_by(edition_topics.c.label).order_by(used.desc(), edition_topics.c.label)
    )
    declared = (row.declaration.get("label", row.name) for row in tx.execute(select(topics).order_by(topics.c.name)))
    return list(dict.fromkeys([*of_editions, *declared]))


def edition_of(tx: Transaction, what: What, about: str) -> int | None:
    """The edition that holds a paper, or the newest with a topic of that label."""
    wanted = (
        select(func.max(edition_topics.c.edition_id)).where(edition_topics.c.label == about)
        if what is What.MUTE_TOPIC
        else select(edition_papers.c.edition_id).where(edition_papers.c.paper_key == about)
    )
    found: int | None = tx.scalar(wanted)
    return found


def topic_of(tx: Transaction, paper_key: str) -> str:
    """The label of the topic that a paper's edition puts it in; empty where it is in none, or in that of the rest."""
    same = (edition_topics.c.edition_id == edition_papers.c.edition_id) & (
        edition_topics.c.position == edition_papers.c.topic
    )
    label = select(edition_topics.c.label).join(edition_papers, same)
    return tx.scalar(label.where(edition_papers.c.paper_key == paper_key, edition_topics.c.kind != "other")) or ""


def _vote(row: Row[Any]) -> Vote:
    return Vote(What(row.what), row.about, row.at, row.how, row.edition_id, row.undone_at)
