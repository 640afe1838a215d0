"""arXiv's feeds, read: RSS and Atom of the daily announcement, the RDF of before 2024, and answers of the query API."""

import calendar
import io
import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from time import struct_time
from typing import Any
from xml.sax import SAXException
from zoneinfo import ZoneInfo

import feedparser
from bs4 import BeautifulSoup

from newsletter.errors import SourceMalformed
from newsletter.identity import normalise_id
from newsletter.models import Announcement, Paper
from newsletter.sources.common import Batch, tidy
from newsletter.sources.names import split_authors, unaccent_tex

NAME = "arxiv"
EASTERN = ZoneInfo("America/New_York")
"""arXiv announces by this clock."""

_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2}(?:-[a-z]+)?|\.[a-z]+(?:-[a-z]+)+)?")
_SUMMARY = re.compile(r"^\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<type>\S+)\s*(?:Abstract:\s*)?", re.IGNORECASE)
_OLD_TITLE = re.compile(
    r"\s*\(arXiv:(?P<id>\S+)(?:\s+\[(?P<category>[^\]]+)\])?(?:\s+(?P<mark>UPDATED|CROSS LISTED))?\)\s*$"
)
_MARKS = {"UPDATED": Announcement.REPLACE, "CROSS LISTED": Announcement.CROSS, None: Announcement.NEW}
_WITHDRAWN = re.compile(
    r"\b(?:this|the)?\s*(?:paper|article|submission|manuscript|work|preprint)\s+(?:has been|is|was)\s+withdrawn\b"
    r"|^\s*withdrawn\b|\bwithdrawn by (?:the )?(?:author|arxiv)",
    re.IGNORECASE,
)
_ERROR_TITLE = "Feed error for query"
_ERROR_ID = "/api/errors"


def parse_feed(payload: bytes) -> Batch:
    """The entries of an announcement feed or of an API answer, whichever it is.

    Raises:
        SourceMalformed: it is no feed, or a feed that reports an error.

    """
    # Bytes in a file, because feedparser takes a string for a path or an address.
    parsed = feedparser.parse(io.BytesIO(payload), sanitize_html=False, resolve_relative_uris=False)
    if not parsed.get("version"):
        raise SourceMalformed("the answer is no RSS or Atom feed", source=NAME)
    title = tidy(parsed.feed.get("title"), 300)
    if title.startswith(_ERROR_TITLE):
        said = tidy(parsed.feed.get("subtitle") or parsed.feed.get("description"), 200)
        raise SourceMalformed(f"the feed reports an error: {title} {said}".rstrip(), source=NAME)
    for entry in parsed.entries:
        if _ERROR_ID in entry.get("id", "") or (title == "" and entry.get("title") == "Error"):
            raise SourceMalformed(f"the API reports an error: {tidy(entry.get('summary'), 200)}", source=NAME)
    read = [_read(entry) for entry in parsed.entries]
    papers = tuple(found[0] for found in read if found)
    return Batch(
        papers,
        {found[0].key: found[1] for found in read if found},
        unread=read.count(None),
        day=_announcement_day(parsed),
        stated=_stated(parsed.feed),
        name=_listing_name(title),
        # After a fault in the XML feedparser goes on as well as it can, and what followed may be lost.
        broken_off=bool(parsed.bozo) and isinstance(parsed.get("bozo_exception"), SAXException),
    )


def is_query(batch: Batch) -> bool:
    """Whether a batch came from the query API, not from an announcement."""
    return batch.name == "query"


def _listing_name(title: str) -> str:
    if title.startswith("arXiv Query") or "arXiv Search Results" in title:
        return "query"
    return title.partition(" updates on arXiv.org")[0] if " updates on arXiv.org" in title else ""


def _stated(feed: Any) -> int | None:
    """How many entries there are in all pages; the API says, the announcement feeds do not."""
    total = str(feed.get("opensearch_totalresults", ""))
    page = str(feed.get("opensearch_itemsperpage", ""))
    if not total.isdecimal():
        return None
    return int(total) if not page.isdecimal() or int(total) <= int(page) else None


def total_results(payload: bytes) -> int | None:
    """The API's count of everything that matches, over all pages."""
    match = re.search(rb"<opensearch:totalResults[^>]*>\s*(\d+)\s*<", payload[:5000])
    return int(match[1]) if match else None


def _announcement_day(parsed: Any) -> date | None:
    """The day of the announcement by arXiv's clock; an Atom feed says it only in its entries or by its build time."""
    if parsed.feed.get("title", "").startswith("arXiv Query"):
        return None
    stamps = [parsed.feed.get("published")]
    if parsed.version.startswith("atom"):
        stamps.extend(entry.get("published") for entry in parsed.entries[:1])
    stamps.append(dict.get(parsed.feed, "updated"))  # feedparser's own get would answer with another field
    for stamp in stamps:
        when = _instant(stamp)
        if when is not None:
            return when.astimezone(EASTERN).date()
    return None


def _instant(stamp: str | None) -> datetime | None:
    if not stamp:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            when = read(stamp)
        except ValueError:
            continue
        return when if when.tzinfo else when.replace(tzinfo=UTC)
    return None


def _utc(moment: struct_time | None) -> datetime | None:
    return datetime.fromtimestamp(calendar.timegm(moment), UTC) if moment else None


# ---- entries -------------------------------------------------------------------------------------------------------


def _read(entry: Any) -> tuple[Paper, Announcement] | None:
    """One entry of any of the four forms; None where it has no id or no title."""
    old = _OLD_TITLE.search(entry.get("title", ""))
    if old:
        return _read_old(entry, old)
    if "arxiv_announce_type" in entry or _SUMMARY.match(entry.get("summary", "")):
        return _read_announced(entry)
    return _read_queried(entry)


def _read_announced(entry: Any) -> tuple[Paper, Announcement] | None:
    summary = entry.get("summary", "")
    head = _SUMMARY.match(summary)
    known = _first_id(entry.get("id"), head["id"] if head else None, entry.get("link"))
    said = entry.get("arxiv_announce_type") or (head["type"] if head else "new")
    try:
        announcement = Announcement(said.strip().lower())
    except ValueError:
        return None
    abstract = summary[head.end() :] if head else summary
    return _paper(
        entry,
        known,
        title=entry.get("title"),
        abstract=abstract,
        authors=split_authors(", ".join(author.get("name", "") for author in entry.get("authors", []))),
        announcement=announcement,
        comment=entry.get("arxiv_comment"),  # arXiv's feeds have none today; the samples do
        journal=entry.get("arxiv_journal_reference"),
    )


def _read_old(entry: Any, old: re.Match[str]) -> tuple[Paper, Announcement] | None:
    """RSS 1.0 of before 2024: id, category and kind stand in the title, and the texts are HTML."""
    names = BeautifulSoup(entry.get("author", ""), "html.parser").get_text()
    return _paper(
        entry,
        _first_id(old["id"], entry.get("link")),
        title=entry["title"][: old.start()].removesuffix("."),
        abstract=BeautifulSoup(entry.get("summary", ""), "html.parser").get_text(),
        authors=split_authors(names),
        announcement=_MARKS[old["mark"]],
        categories=(old["category"] or "",),
    )


def _read_queried(entry: Any) -> tuple[Paper, Announcement] | None:
    """An answer of the query API: it knows the paper, not how it was announced."""
    return _paper(
        entry,
        _first_id(entry.get("id"), entry.get("link")),
        title=entry.get("title"),
        abstract=entry.get("summary", ""),
        authors=tuple(
            name for author in entry.get("authors", []) if (name := tidy(unaccent_tex(author.get("name", "")), 200))
        ),
        announcement=Announcement.NEW,
        published=_utc(entry.get("published_parsed")),
        comment=entry.get("arxiv_comment"),
        journal=entry.get("arxiv_journal_ref"),
    )


def _first_id(*candidates: str | None) -> tuple[str, int | None] | None:
    return next((known for raw in candidates if raw and (known := normalise_id(raw))), None)


def _paper(
    entry: Any,
    known: tuple[str, int | None] | None,
    *,
    title: str | None,
    abstract: str,
    authors: tuple[str, ...],
    announcement: Announcement,
    categories: tuple[str, ...] = (),
    published: datetime | None = None,
    comment: str | None = None,
    journal: str | None = None,
) -> tuple[Paper, Announcement] | None:
    one_line = tidy(title, 1000)
    if known is None or not one_line:
        return None
    arxiv_id, version = known
    abstract, comment = tidy(abstract), tidy(comment, 1000)
    primary = entry.get("arxiv_primary_category", {}).get("term", "")
    terms = (primary, *categories, *(tag.get("term") or "" for tag in entry.get("tags", [])))
    return (
        Paper(
            key=arxiv_id,
            title=one_line,
            abstract=abstract,
            authors=authors,
            arxiv_id=arxiv_id,
            version=version,
            categories=arxiv_categories(terms),
            published=published,
            comment=comment or None,
            journal=tidy(journal, 500) or None,
            doi=tidy(entry.get("arxiv_doi"), 200) or None,
            withdrawn=is_withdrawn(comment, abstract),
            sources=(NAME,),
        ),
        announcement,
    )


def is_withdrawn(comment: str, abstract: str) -> bool:
    """Whether comment or abstract say that the paper was withdrawn; the feeds have no other sign of it."""
    return bool(_WITHDRAWN.search(comment) or _WITHDRAWN.search(abstract[:300]))


def arxiv_categories(terms: tuple[str, ...]) -> tuple[str, ...]:
    """The categories of arXiv among the terms, in order, each once; ACM (I.2.7) and MSC (68T50) classes go."""
    return tuple(dict.fromkeys(term for term in (raw.strip() for raw in terms) if _CATEGORY.fullmatch(term)))
