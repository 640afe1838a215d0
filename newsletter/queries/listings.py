"""Listings, entries and papers: what was captured, and the memory the diff asks for."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from statistics import median
from typing import Any, TypeVar

from sqlalchemy import Row, func, insert, select, update

from newsletter import encoding
from newsletter.database import Transaction
from newsletter.identity import title_key
from newsletter.models import Listing, Paper
from newsletter.novelty import KnownPaper, Listed, Memory
from newsletter.schema import entries, listings, papers

T = TypeVar("T")

_CHUNK = 500  # below the number of variables any SQLite allows in one statement
_USUAL = 10  # how many past listings say what is usual


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Pieces small enough for one statement."""
    rest = iter(items)
    while piece := list(islice(rest, _CHUNK)):
        yield piece


def memory(
    tx: Transaction,
    taken: Sequence[Listing],
    keys: Collection[str],
    arxiv_ids: Collection[str],
    title_keys: Collection[str],
) -> Memory:
    """What is remembered of the papers and batches that these listings touch."""
    known: dict[str, KnownPaper] = {}
    by_arxiv_id: dict[str, str] = {}
    by_title: dict[str, str] = {}
    wanted = ((papers.c.key, keys), (papers.c.arxiv_id, arxiv_ids), (papers.c.title_key, title_keys))
    for column, values in wanted:
        for piece in chunks(sorted(values)):
            for row in tx.execute(select(papers).where(column.in_(piece)).order_by(papers.c.key)):
                known[row.key] = _known(row)
                if row.arxiv_id:
                    by_arxiv_id[row.arxiv_id] = row.key
                by_title.setdefault(row.title_key, row.key)
    batches: dict[tuple[str, str, str], date] = {}
    usual: dict[tuple[str, str], int] = {}
    for source, name in {(listing.source, listing.name) for listing in taken}:
        batches.update(_batches(tx, source, name, {listing.fingerprint for listing in taken}))
        lengths = tx.scalars(
            select(func.max(listings.c.entries))
            .where(listings.c.source == source, listings.c.name == name, listings.c.entries > 0)
            .group_by(listings.c.day)
            .order_by(listings.c.day.desc())
            .limit(_USUAL)
        ).all()
        # Fewer than a week of listings say little about what is usual.
        usual[source, name] = int(median(lengths)) if len(lengths) >= 5 else 0
    return Memory(known, by_arxiv_id, by_title, batches, usual)


def _batches(
    tx: Transaction, source: str, name: str, fingerprints: Collection[str]
) -> Iterator[tuple[tuple[str, str, str], date]]:
    for piece in chunks(sorted(fingerprints)):
        rows = tx.execute(
            select(listings.c.fingerprint, func.min(listings.c.day))
            .where(listings.c.source == source, listings.c.name == name, listings.c.fingerprint.in_(piece))
            .group_by(listings.c.fingerprint)
        )
        for fingerprint, day in rows:
            yield (source, name, fingerprint), day


def _known(row: Row[Any]) -> KnownPaper:
    return KnownPaper(encoding.load(Paper, row.facts), row.standing, row.first_listed, row.sample)


def save_papers(tx: Transaction, changed: Iterable[KnownPaper], existing: Collection[str]) -> None:
    """Write new papers and the merged facts of known ones; `existing` are the keys that are stored already."""
    fresh = []
    for known in changed:
        row = {
            "arxiv_id": known.paper.arxiv_id,
            "title_key": title_key(known.paper.title),
            "facts": encoding.dump(known.paper),
        }
        if known.paper.key in existing:
            tx.execute(update(papers).where(papers.c.key == known.paper.key).values(row))
        else:
            row |= {
                "key": known.paper.key,
                "first_listed": known.first_listed,
                "standing": known.standing,
                "sample": known.sample,
            }
            fresh.append(row)
    for piece in chunks(fresh):
        tx.execute(insert(papers), piece)


def save_listing(tx: Transaction, listed: Listed) -> bool:
    """Store one capture; False where the same content was stored before, which only notes that it was seen again."""
    listing = listed.listing
    day = listing.day
    content = content_of(listing)
    same = (
        listings.c.source == listing.source,
        listings.c.name == listing.name,
        listings.c.day == day,
        listings.c.content == content,
    )
    if tx.execute(update(listings).where(*same).values(seen_at=listing.captured_at)).rowcount:
        return False
    written = tx.execute(
        insert(listings)
        .values(
            source=listing.source,
            name=listing.name,
            day=day,
            content=content,
            fingerprint=listing.fingerprint,
            word=listed.word,
            captured_at=listing.captured_at,
            seen_at=listing.captured_at,
            entries=len(listing.entries),
            stated=listing.stated,
            sample=listing.sample,
        )
        .returning(listings.c.id)
    )
    listing_id: int = written.scalar_one()
    rows = [
        {
            "listing_id": listing_id,
            "rank": place,
            "paper_key": key,
            "announcement": entry.announcement,
            "upvotes": entry.paper.upvotes,
            "comments": entry.paper.comments,
        }
        for place, (entry, key) in enumerate(zip(listing.entries, listed.keys, strict=True), start=1)
    ]
    for piece in chunks(rows):
        tx.execute(insert(entries), piece)
    return True


def content_of(listing: Listing) -> str:
    """A hash of everything a listing says, figures included; the fingerprint says only which papers."""
    said = [(encoding.dump(entry.paper), entry.announcement) for entry in listing.entries]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def days_listed(tx: Transaction, source: str, name: str, upto: date, limit: int = 100) -> frozenset[date]:
    """The newest days, up to one, for which a listing of a source was stored, sample listings aside."""
    days = tx.scalars(
        select(listings.c.day)
        .where(
            listings.c.source == source,
            listings.c.name == name,
            listings.c.sample.is_(False),
            listings.c.day <= upto,
        )
        .distinct()
        .order_by(listings.c.day.desc())
        .limit(limit)
    )
    return frozenset(days)


def ever_live(tx: Transaction) -> bool:
    """Whether any listing that was no sample was ever stored."""
    return tx.scalar(select(listings.c.id).where(listings.c.sample.is_(False)).limit(1)) is not None
