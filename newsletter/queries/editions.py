"""Editions and the papers that wait for one."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Row, insert, select, update

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.models import Edition, Paper, Topic
from newsletter.queries import search
from newsletter.queries.bulk import texts
from newsletter.queries.listings import chunks
from newsletter.schema import edition_papers, edition_topics, editions, papers

_AT_ONCE = 5_000  # papers read by one statement: a page's worth, and no memory to speak of


def waiting(tx: Transaction, *, sample: bool, upto: date | None = None) -> tuple[Paper, ...]:
    """Papers that are new and in no edition yet, by key; with `upto` those first listed for that day or before."""
    query = select(papers.c.facts).where(papers.c.standing == "new", papers.c.sample.is_(sample))
    if upto is not None:
        query = query.where(papers.c.first_listed <= upto)
    return tuple(encoding.load(Paper, facts) for facts in tx.scalars(query.order_by(papers.c.key)))


def corpus_keys(tx: Transaction, *, before: date, sample: bool, limit: int) -> tuple[str, ...]:
    """Keys of the newest papers first listed before a day, sorted: the rolling background."""
    rows = tx.scalars(
        select(papers.c.key)
        .where(papers.c.first_listed < before, papers.c.sample.is_(sample))
        .order_by(papers.c.first_listed.desc(), papers.c.key.desc())
        .limit(limit)
    )
    return tuple(sorted(rows))


def papers_by_key(tx: Transaction, keys: Collection[str]) -> tuple[Paper, ...]:
    """The papers of these keys as they are known now, by key; unknown keys are left out."""
    ordered = sorted(keys)
    found: list[Paper] = []
    for start in range(0, len(ordered), _AT_ONCE):
        wanted = papers.c.key.in_(texts(tx, ordered[start : start + _AT_ONCE]))
        facts = tx.scalars(select(papers.c.facts).where(wanted).order_by(papers.c.key))
        found.extend(encoding.load(Paper, one) for one in facts)
    return tuple(found)


def papers_by_arxiv_id(tx: Transaction, arxiv_ids: Collection[str]) -> dict[str, Paper]:
    """The papers with these arXiv ids, as they are known now; unknown ids are left out."""
    found: dict[str, Paper] = {}
    for piece in chunks(sorted(arxiv_ids)):
        for row in tx.execute(select(papers.c.arxiv_id, papers.c.facts).where(papers.c.arxiv_id.in_(piece))):
            found[row.arxiv_id] = encoding.load(Paper, row.facts)
    return found


def papers_by_title(tx: Transaction, titles: Collection[str]) -> dict[str, Paper]:
    """The papers with these title keys, as they are known now; of several the one whose key comes first."""
    found: dict[str, Paper] = {}
    for piece in chunks(sorted(titles)):
        query = select(papers.c.title_key, papers.c.facts).where(papers.c.title_key.in_(piece)).order_by(papers.c.key)
        for row in tx.execute(query):
            found.setdefault(row.title_key, encoding.load(Paper, row.facts))
    return found


def save(
    tx: Transaction,
    *,
    day: date,
    members: Sequence[Paper],
    topics: Sequence[Topic],
    remarks: Sequence[str],
    sample: bool,
    now: datetime,
) -> int:
    """Freeze an edition, let it be found, and return its id; a day's second one is refused by the database."""
    written = tx.execute(
        insert(editions)
        .values(day=day, sample=sample, composed_at=now, papers=len(members), remarks=list(remarks))
        .returning(editions.c.id)
    )
    edition_id: int = written.scalar_one()
    tx.execute(
        insert(edition_topics),
        [
            {
                "edition_id": edition_id,
                "position": position,
                "key": topic.key,
                "label": topic.label,
                "kind": topic.kind,
                "terms": list(topic.terms),
            }
            for position, topic in enumerate(topics)
        ],
    )
    by_key = {paper.key: paper for paper in members}
    rows = [
        {
            "paper_key": key,
            "edition_id": edition_id,
            "topic": position,
            "place": place,
            "facts": encoding.dump(by_key.pop(key)),
        }
        for position, topic in enumerate(topics)
        for place, key in enumerate(topic.paper_keys)
    ]
    assert not by_key, "every paper of an edition is in exactly one topic"
    for piece in chunks(rows):
        tx.execute(insert(edition_papers), piece)
    for keys in chunks([row["paper_key"] for row in rows]):
        tx.execute(update(papers).where(papers.c.key.in_(keys)).values(standing="composed"))
    search.add(tx, members, topics)
    return edition_id


def latest(tx: Transaction, *, samples: bool = True) -> Row[tuple[int, date, bool]] | None:
    """Id, day and sample mark of the newest edition, sample editions counted or not."""
    query = select(editions.c.id, editions.c.day, editions.c.sample).order_by(editions.c.id.desc()).limit(1)
    return tx.execute(query if samples else query.where(editions.c.sample.is_(False))).first()


def of_day(tx: Transaction, day: date, *, sample: bool) -> int | None:
    """Id of the edition of a day."""
    return tx.scalar(select(editions.c.id).where(editions.c.day == day, editions.c.sample.is_(sample)))


def all_editions(tx: Transaction, limit: int = 50) -> list[Row[tuple[int, date, bool, datetime, int]]]:
    """Id, day, sample mark, time and size of the newest editions, newest first."""
    columns = (editions.c.id, editions.c.day, editions.c.sample, editions.c.composed_at, editions.c.papers)
    return list(tx.execute(select(*columns).order_by(editions.c.id.desc()).limit(limit)))


def between(tx: Transaction, after: int, upto: int, *, sample: bool) -> tuple[Edition, ...]:
    """The editions after one id, up to and including another, oldest first."""
    ids = tx.scalars(
        select(editions.c.id)
        .where(editions.c.id > after, editions.c.id <= upto, editions.c.sample.is_(sample))
        .order_by(editions.c.id)
    ).all()
    return tuple(load(tx, edition_id) for edition_id in ids)


def since(tx: Transaction, day: date) -> tuple[Edition, ...]:
    """The editions of a day and later, oldest first."""
    ids = tx.scalars(select(editions.c.id).where(editions.c.day >= day).order_by(editions.c.id)).all()
    return tuple(load(tx, edition_id) for edition_id in ids)


def load(tx: Transaction, edition_id: int) -> Edition:
    """One edition as it was frozen."""
    head = tx.execute(select(editions).where(editions.c.id == edition_id)).one()
    rows = tx.execute(
        select(edition_papers)
        .where(edition_papers.c.edition_id == edition_id)
        .order_by(edition_papers.c.topic, edition_papers.c.place)
    ).all()
    topics = tx.execute(
        select(edition_topics).where(edition_topics.c.edition_id == edition_id).order_by(edition_topics.c.position)
    )
    return Edition(
        id=head.id,
        day=head.day,
        papers=tuple(encoding.load(Paper, row.facts) for row in rows),
        topics=tuple(
            Topic(
                key=topic.key,
                label=topic.label,
                terms=tuple(topic.terms),
                paper_keys=tuple(row.paper_key for row in rows if row.topic == topic.position),
                kind=topic.kind,
            )
            for topic in topics
        ),
        composed_at=head.composed_at,
        sample=head.sample,
        remarks=tuple(head.remarks),
    )


def facts_between(tx: Transaction, after: int, upto: int) -> dict[str, Paper]:
    """The papers of the editions after one id up to another, as they were frozen, by key."""
    rows: Iterable[Row[tuple[str, str]]] = tx.execute(
        select(edition_papers.c.paper_key, edition_papers.c.facts).where(
            edition_papers.c.edition_id > after, edition_papers.c.edition_id <= upto
        )
    )
    return {row.paper_key: encoding.load(Paper, row.facts) for row in rows}
