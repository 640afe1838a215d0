"""What every source shares: its options, its captures, and the way from what was read to a listing."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from newsletter.errors import SourceError, SourceMalformed
from newsletter.identity import fingerprint
from newsletter.models import Announcement, Entry, Listing, Paper


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the operator chose about the sources."""

    arxiv_categories: tuple[str, ...] = ("cs.AI", "cs.CL", "cs.CV", "cs.LG")
    trending: bool = True


@dataclass(frozen=True, slots=True)
class Capture:
    """What came of asking one source for one listing: the listing, or the error."""

    source: str
    name: str
    day: date  # the day that was asked for
    listing: Listing | None
    error: SourceError | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a parser read from one payload; None means the payload does not say."""

    papers: tuple[Paper, ...]
    announcements: Mapping[str, Announcement] = field(default_factory=dict)  # by paper key; new where absent
    unread: int = 0  # entries that could not be understood
    day: date | None = None
    stated: int | None = None  # how many there are, by the source's word
    name: str = ""  # which listing it is, by the source's word
    mixed: bool = False  # papers of many days: no day's list
    broken_off: bool = False  # the payload ends in the middle


_SPACE = re.compile(r"\s+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})  # controls, direction marks, halves of characters
_JOINERS = frozenset("\u200c\u200d")  # invisible, and letters to those who need them


def tidy(text: str | None, limit: int = 20_000) -> str:
    """One line of at most `limit` characters: white space of every kind becomes one space, control characters go."""
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:limit].rstrip()
    kept = "".join(
        char for char in text if char.isspace() or char in _JOINERS or unicodedata.category(char) not in _INVISIBLE
    )
    return _SPACE.sub(" ", unicodedata.normalize("NFC", kept)).strip()[:limit].rstrip()


def join(batches: list[Batch]) -> Batch:
    """Pages of one list as one batch: a paper on two pages counts once, since lists move while they are read."""
    papers: dict[str, Paper] = {}
    announcements: dict[str, Announcement] = {}
    for batch in batches:
        for paper in batch.papers:
            papers.setdefault(paper.key, paper)
        announcements.update(batch.announcements)
    first = batches[0]
    return Batch(
        tuple(papers.values()),
        announcements,
        unread=sum(batch.unread for batch in batches),
        day=first.day,
        stated=max((batch.stated for batch in batches if batch.stated is not None), default=None),
        name=first.name,
        broken_off=any(batch.broken_off for batch in batches),
    )


def to_listing(
    batch: Batch,
    *,
    source: str,
    name: str,
    day: date,
    captured_at: datetime,
    asked: date | None = None,
    dated: bool = True,
    cut: bool = False,
    sample: bool = False,
    note: str = "",
) -> Listing:
    """The listing a batch makes.

    Nothing is left out in silence: what could not be understood makes the listing incomplete, and its note counts it.

    Raises:
        SourceMalformed: there were entries, and not one was understood.

    """
    if batch.unread and not batch.papers:
        raise SourceMalformed(f"none of its {batch.unread} entries could be understood", source=source, listing=name)
    notes = [note] if note else []
    if batch.unread:
        notes.append(f"{batch.unread} of {batch.unread + len(batch.papers)} entries could not be understood")
    if batch.broken_off:
        notes.append(f"the answer breaks off after {len(batch.papers)} entries")
    if cut:
        notes.append(f"the list is cut at {len(batch.papers)} entries")
    short = batch.stated is not None and batch.stated > len(batch.papers)
    if short and not (batch.unread or batch.broken_off or cut):
        notes.append(f"{len(batch.papers)} of {batch.stated} entries were served")
    return Listing(
        source=source,
        name=name,
        day=day,
        captured_at=captured_at,
        entries=tuple(
            Entry(paper, rank, batch.announcements.get(paper.key, Announcement.NEW))
            for rank, paper in enumerate(batch.papers, start=1)
        ),
        asked=asked,
        stated=batch.stated,
        dated=dated,
        complete=not (batch.unread or batch.broken_off or cut or short),
        sample=sample,
        fingerprint=fingerprint(paper.key for paper in batch.papers),
        note="; ".join(notes),
    )
