"""Listings saved on disk, in any format a source speaks, recognised by what they hold."""

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from newsletter.errors import SourceMalformed
from newsletter.identity import normalise_id
from newsletter.models import Announcement, Listing, Paper
from newsletter.sources import feeds, huggingface
from newsletter.sources.common import Batch, tidy, to_listing
from newsletter.sources.dump import looks_like_dump, parse_dump
from newsletter.sources.names import unaccent_tex

NAME = "file"
_CAP = 64 * 1024 * 1024
_DAY = re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")


def parse_file(path: Path, *, captured_at: datetime, day: date | None = None) -> tuple[Listing, ...]:
    """The listings a file holds: Hugging Face JSON or HTML, arXiv feeds and API answers, parsed days, text dumps.

    The day is the one the content states, else `day`, else a date in the file's name, else the day of `captured_at`.
    With a `day` even a search or a text dump is that day's list, so that what it holds is news whatever its age.

    Raises:
        SourceMalformed: the file cannot be read, or holds none of these; the sentence says what is missing.

    """
    try:
        if path.stat().st_size > _CAP:
            raise SourceMalformed(f"it is larger than {_CAP // 1024 // 1024} MB", source=NAME)  # noqa: TRY301
        listing = parse_bytes(path.read_bytes(), stem=path.stem, captured_at=captured_at, day=day)
    except SourceMalformed as error:
        raise SourceMalformed(f"{NAME} ({path.name}): {error}", source=NAME, listing=path.name, payload=path) from error
    except OSError as error:
        raise SourceMalformed(f"{NAME} ({path.name}): cannot be read: {error}", source=NAME, payload=path) from error
    return (listing,)


def parse_bytes(payload: bytes, *, stem: str, captured_at: datetime, day: date | None = None) -> Listing:
    """The listing in a file's content; `stem` is the file's name without its ending."""
    source, name, batch, dated = _recognise(payload, stem, day)
    return to_listing(
        batch,
        source=source,
        name=name,
        day=batch.day or day or _day_in(stem) or captured_at.date(),
        asked=day,
        captured_at=captured_at,
        dated=dated or day is not None,
    )


def _day_in(stem: str) -> date | None:
    match = _DAY.search(stem)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _recognise(payload: bytes, stem: str, day: date | None) -> tuple[str, str, Batch, bool]:
    """Source, name, batch, and whether the listing is one of a day."""
    text = payload.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in {b"[", b"{"}:
        return _json(text, stem)
    if text[:1] == b"<":
        if b"<rss" in text[:2000] or b"<feed" in text[:2000] or b"<rdf:RDF" in text[:2000]:
            return _feed(text, stem)
        return huggingface.NAME, "daily", huggingface.parse_page(text), True
    readable = text.decode("utf-8", errors="replace")
    if looks_like_dump(readable):
        return NAME, stem[:80], parse_dump(readable, year=day.year if day else None), False
    raise SourceMalformed(
        "it is no JSON, HTML or text dump of Hugging Face's papers page, and no arXiv feed",
        source=NAME,
    )


def _feed(payload: bytes, stem: str) -> tuple[str, str, Batch, bool]:
    batch = feeds.parse_feed(payload)
    if feeds.is_query(batch):
        # A saved query is one page of an answer: it is no day's list, and does not claim to be whole.
        return feeds.NAME, stem[:80], batch, False
    return feeds.NAME, batch.name or stem[:80], batch, True


def _json(payload: bytes, stem: str) -> tuple[str, str, Batch, bool]:
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise SourceMalformed("it begins like JSON and is none", source=NAME) from error
    if isinstance(data, dict) and isinstance(data.get("body"), str) and "status_code" in data:
        return _feed(data["body"].encode(), stem)
    if isinstance(data, dict) and isinstance(data.get("papers"), list):
        return feeds.NAME, stem[:80], _parsed_day(data), True
    batch = huggingface.read_items(data)
    # A week, a search or the trending list is no day's list.
    return huggingface.NAME, stem[:80] if batch.mixed else "daily", batch, not batch.mixed


def _parsed_day(data: dict[str, Any]) -> Batch:
    """One day's announcement as another program wrote it down: `{date, status, count, papers}`."""
    read = [_parsed_paper(item) for item in data["papers"]]
    papers = [found for found in read if found]
    try:
        day = date.fromisoformat(str(data.get("date")))
    except ValueError:
        day = None
    return Batch(
        tuple(paper for paper, _ in papers),
        {paper.key: announcement for paper, announcement in papers},
        unread=read.count(None),
        day=day,
        stated=data["count"] if isinstance(data.get("count"), int) else None,
    )


def _parsed_paper(item: object) -> tuple[Paper, Announcement] | None:
    if not isinstance(item, dict):
        return None
    known = normalise_id(str(item.get("arxiv_id", "")))
    title = tidy(str(item.get("title") or ""), 1000)
    try:
        announcement = Announcement(item.get("announce_type") or "new")
    except ValueError:
        return None
    if known is None or not title:
        return None
    names, terms = item.get("authors"), item.get("categories")
    listed = tuple(map(str, terms)) if isinstance(terms, list) else ()
    abstract, comment = tidy(str(item.get("abstract") or "")), tidy(str(item.get("comment") or ""), 1000)
    paper = Paper(
        key=known[0],
        title=title,
        abstract=abstract,
        authors=tuple(tidy(unaccent_tex(str(name)), 200) for name in names) if isinstance(names, list) else (),
        arxiv_id=known[0],
        version=known[1],
        categories=feeds.arxiv_categories((str(item.get("primary_category") or ""), *listed)),
        comment=comment or None,
        withdrawn=feeds.is_withdrawn(comment, abstract),
        sources=(feeds.NAME,),
    )
    return paper, announcement
