"""arXiv: the feed of today's announcement by category, and the query API for a day that was missed."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from newsletter.errors import SourceError, SourceMalformed
from newsletter.models import Announcement, Paper
from newsletter.sources.common import Batch, Capture, SourceOptions, join, to_listing
from newsletter.sources.feeds import EASTERN, NAME, parse_feed, total_results
from newsletter.sources.http import Fetcher

_FEED_LIMIT = 2000  # the most a feed holds
_SLICE = 1000  # entries per API request; it allows 2,000, and answers smaller slices more surely
_SLICES = 5
_CUT = time(14)  # submissions up to then are announced that evening, Eastern time


async def fetch(
    days: Iterable[date], *, today: date, now: datetime, options: SourceOptions, fetcher: Fetcher
) -> list[Capture]:
    """One listing for each day and category: today's from the feeds, earlier ones from the query API."""
    captures: list[Capture] = []
    for day in sorted(set(days)):
        if day == today:
            captures.extend(
                [await _announcement(category, today, now, fetcher) for category in options.arxiv_categories]
            )
        elif day < today:
            captures.extend(await _missed(day, options.arxiv_categories, now, fetcher))
    return captures


async def _announcement(category: str, today: date, now: datetime, fetcher: Fetcher) -> Capture:
    try:
        url = f"https://rss.arxiv.org/rss/{category}"
        answer = await fetcher.get(url, source=NAME, listing=category, accept=(200, 400))
        with fetcher.understanding(answer, source=NAME, listing=category):
            batch = parse_feed(answer.body)
            if answer.status != 200:
                raise SourceMalformed("status 400; check PAPERBOY_ARXIV_CATEGORIES", source=NAME)
            listing = to_listing(
                batch,
                source=NAME,
                name=category,
                day=batch.day or today,
                asked=today,
                captured_at=now,
                cut=len(batch.papers) >= _FEED_LIMIT,
                sample=fetcher.sample,
            )
    except SourceError as error:
        return Capture(NAME, category, today, None, error)
    return Capture(NAME, category, today, listing, None)


async def _missed(day: date, categories: tuple[str, ...], now: datetime, fetcher: Fetcher) -> list[Capture]:
    """One query for all categories, dealt out to them: every request counts at three seconds each."""
    window = submission_window(day)
    cut = False
    try:
        batch = Batch(())
        if window is not None:
            batch, cut = await _query(categories, window, f"missed {day}", fetcher)
    except SourceError as error:
        return [Capture(NAME, category, day, None, error) for category in categories]
    note = "back-filled from the query API" if window else "arXiv announces nothing on weekends"
    if batch.unread:
        note += f"; {batch.unread} of the answer's entries could not be understood"
    captures = []
    for category in categories:
        papers = tuple(paper for paper in batch.papers if _covers(category, paper.categories))
        kinds = {
            paper.key: Announcement.NEW if _covers(category, paper.categories[:1]) else Announcement.CROSS
            for paper in papers
        }
        listing = to_listing(
            replace(batch, papers=papers, announcements=kinds, unread=0, stated=None),
            source=NAME,
            name=category,
            day=day,
            asked=day,
            captured_at=now,
            cut=cut,
            sample=fetcher.sample,
            note=note,
        )
        if batch.unread:  # which category an entry belongs to is unknown where it could not be read
            listing = replace(listing, complete=False)
        captures.append(Capture(NAME, category, day, listing, None))
    return captures


def _covers(category: str, categories: tuple[str, ...]) -> bool:
    """Whether a listing of `category` holds a paper of these; an archive (cs) holds all its classes."""
    return any(own == category or own.startswith(category + ".") for own in categories)


def submission_window(day: date) -> tuple[datetime, datetime] | None:
    """When what is announced for this day was submitted: from one cut to the next, UTC; None on weekends.

    The feed of a Tuesday holds what came in from Friday 14:00 to Monday 14:00, Eastern time; a Monday's from
    Thursday to Friday.
    """
    if day.weekday() >= 5:
        return None
    last = day - timedelta(days=3 if day.weekday() == 0 else 1)
    first = last - timedelta(days=3 if last.weekday() == 0 else 1)
    start, end = (datetime.combine(edge, _CUT, EASTERN).astimezone(UTC) for edge in (first, last))
    return start, end


async def _query(
    categories: tuple[str, ...], window: tuple[datetime, datetime], label: str, fetcher: Fetcher
) -> tuple[Batch, bool]:
    """Everything first submitted in the window, and whether some of it was not served."""
    first, last = (edge.strftime("%Y%m%d%H%M") for edge in window)
    anywhere = " OR ".join(f"cat:{category if '.' in category else category + '*'}" for category in categories)
    pages: list[Batch] = []
    total: int | None = None
    while len(pages) < _SLICES:
        query = {
            "search_query": f"({anywhere}) AND submittedDate:[{first} TO {last}]",
            "sortBy": "submittedDate",
            "sortOrder": "ascending",  # new papers join at the end, so the slices do not shift
            "start": len(pages) * _SLICE,
            "max_results": _SLICE,
        }
        url = f"https://export.arxiv.org/api/query?{urlencode(query)}"
        answer = await fetcher.get(url, source=NAME, listing=label, accept=(200, 400))
        with fetcher.understanding(answer, source=NAME, listing=label):
            page = parse_feed(answer.body)
            if page.unread and not page.papers:
                raise SourceMalformed(f"none of its {page.unread} entries could be understood", source=NAME)
        pages.append(page)
        total = total_results(answer.body)
        if len(page.papers) + page.unread == 0 or len(pages) * _SLICE >= (total or 0):
            break
    batch = join(pages)
    return batch, total is not None and total > len(batch.papers) + batch.unread


async def look_up(ids: Collection[str], *, fetcher: Fetcher) -> tuple[Paper, ...]:
    """The papers with these ids, in order of id; ids arXiv does not know are left out.

    Raises:
        SourceError: it did not answer, or not in a way that can be understood.

    """
    if not ids:
        return ()
    wanted = sorted(ids)
    query = urlencode({"id_list": ",".join(wanted), "max_results": len(wanted)})
    answer = await fetcher.get(f"https://export.arxiv.org/api/query?{query}", source=NAME, listing="example papers")
    with fetcher.understanding(answer, source=NAME, listing="example papers"):
        batch = parse_feed(answer.body)
    return tuple(sorted((paper for paper in batch.papers if paper.arxiv_id in ids), key=lambda paper: paper.key))
