"""Hugging Face's daily papers: the JSON API by date, and the HTML page where the API fails."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from bs4 import BeautifulSoup
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from newsletter.errors import SourceError, SourceMalformed
from newsletter.identity import normalise_id, paper_key
from newsletter.models import Listing, Paper
from newsletter.sources.common import Batch, Capture, SourceOptions, join, tidy, to_listing
from newsletter.sources.http import Answer, Fetcher

NAME = "huggingface"
_SITE = "https://huggingface.co"
_LIMIT = 100  # the most the API gives at once
_PAGES = 5  # a day has never had 500 papers; more would be a fault of the paging
_TRENDING_LIMIT = 50
_MOST = 2**31 - 1  # what a database takes for a number; nobody counts that far
_ONE_DAY = 0.8  # a list is one day's when at least this share of its papers was submitted on that day

# ---- what strangers send -------------------------------------------------------------------------------------------


def _forgive(value: Any, understand: ValidatorFunctionWrapHandler) -> Any:
    """A figure that makes no sense is unknown; it does not cost the paper."""
    try:
        return understand(value)
    except ValidationError:
        return None


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("before or after all time") from error


_Text = Annotated[str | None, WrapValidator(_forgive)]
_Count = Annotated[Annotated[int, Field(ge=0, le=_MOST)] | None, WrapValidator(_forgive)]
_Instant = Annotated[Annotated[AwareDatetime, AfterValidator(_utc)] | None, WrapValidator(_forgive)]


class _Forgiving(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Author(_Forgiving):
    name: _Text = None
    hidden: Annotated[bool | None, WrapValidator(_forgive)] = None


class _Organization(_Forgiving):
    name: _Text = None
    fullname: _Text = None


_Organized = Annotated[_Organization | None, WrapValidator(_forgive)]


class _Paper(_Forgiving):
    id: str
    title: _Text = None
    summary: _Text = None
    authors: Annotated[list[Annotated[_Author | None, WrapValidator(_forgive)]] | None, WrapValidator(_forgive)] = None
    publishedAt: _Instant = None  # noqa: N815 - the source's spelling, here and below
    submittedOnDailyAt: _Instant = None  # noqa: N815
    upvotes: _Count = None
    ai_keywords: Annotated[list[_Text] | None, WrapValidator(_forgive)] = None
    githubRepo: _Text = None  # noqa: N815
    githubStars: _Count = None  # noqa: N815
    projectPage: _Text = None  # noqa: N815
    organization: _Organized = None
    withdrawnAt: _Text = None  # noqa: N815


class _Item(_Forgiving):
    paper: _Paper
    title: _Text = None
    summary: _Text = None
    publishedAt: _Instant = None  # noqa: N815
    numComments: _Count = None  # noqa: N815
    organization: _Organized = None


# ---- reading -------------------------------------------------------------------------------------------------------


def parse_json(payload: bytes) -> Batch:
    """The papers of an API answer of any era: objects, Python reprs of them, either wrapped as `{status, count, data}`.

    Raises:
        SourceMalformed: it is no such answer.

    """
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise SourceMalformed("the answer is not JSON", source=NAME) from error
    return read_items(data)


def read_items(data: Any) -> Batch:
    """The papers of decoded JSON: a list, or a wrapped one."""
    stated = None
    if isinstance(data, dict) and isinstance(data.get("data"), list):
        count = data.get("count")
        stated = count if isinstance(count, int) and 0 <= count <= _MOST else None
        data = data["data"]
    if not isinstance(data, list):
        said = f": it says {tidy(str(data['error']), 200)!r}" if isinstance(data, dict) and "error" in data else ""
        raise SourceMalformed(f"the answer is not a list of papers{said}", source=NAME)
    items = [item for item in map(_understand, data) if item is not None]
    days = Counter(item.paper.submittedOnDailyAt.date() for item in items if item.paper.submittedOnDailyAt)
    # All papers of a day's list were submitted on that UTC day, so the list itself says which day it is for.
    day, share = days.most_common(1)[0] if days else (None, 0)
    mixed = share < _ONE_DAY * days.total()
    return Batch(
        tuple(map(_paper, items)),
        unread=len(data) - len(items),
        day=None if mixed else day,
        stated=stated,
        mixed=mixed,
    )


def parse_page(payload: bytes) -> Batch:
    """The papers in the properties of the HTML page; the visible cards lack abstracts, authors and dates.

    Raises:
        SourceMalformed: the page holds no such properties.

    """
    soup = BeautifulSoup(payload, "html.parser")
    holder = soup.select_one('[data-target="DailyPapers"][data-props]')
    if holder is None:
        raise SourceMalformed("the page has no element with data-target DailyPapers", source=NAME)
    try:
        props = json.loads(str(holder["data-props"]))
    except (ValueError, RecursionError) as error:
        raise SourceMalformed("the page's data-props are not JSON", source=NAME) from error
    if not isinstance(props, dict):
        raise SourceMalformed("the page's data-props are not an object", source=NAME)
    batch = read_items(props.get("dailyPapers"))
    day = _day(props.get("dateString")) or _day(props.get("date"))
    return Batch(batch.papers, unread=batch.unread, day=day or batch.day)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10]) if text else None
    except ValueError:
        return None


def _understand(item: object) -> _Item | None:
    if isinstance(item, str):
        try:
            item = ast.literal_eval(item)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    try:
        understood = _Item.model_validate(item)
    except ValidationError:
        return None
    return understood if tidy(understood.title or understood.paper.title) else None


def _paper(item: _Item) -> Paper:
    inner = item.paper
    title = tidy(inner.title or item.title, 1000)
    known = normalise_id(inner.id)
    arxiv_id, version = known or (None, None)
    organization = item.organization or inner.organization
    published = inner.publishedAt or item.publishedAt
    return Paper(
        key=paper_key(arxiv_id, title),
        title=title,
        abstract=tidy(inner.summary or item.summary),
        authors=tuple(
            name for author in inner.authors or () if author and not author.hidden and (name := tidy(author.name, 200))
        ),
        arxiv_id=arxiv_id,
        version=version,
        published=published.astimezone(UTC) if published else None,
        organization=tidy(organization.fullname or organization.name, 200) or None if organization else None,
        upvotes=inner.upvotes,
        comments=item.numComments,
        keywords=tuple(word for raw in inner.ai_keywords or () if (word := tidy(raw, 100))),
        code_url=_link(inner.githubRepo),
        code_stars=inner.githubStars,
        project_url=_link(inner.projectPage),
        withdrawn=bool(inner.withdrawnAt),
        sources=(NAME,),
    )


_LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


def _link(raw: str | None) -> str | None:
    """A web link, or None: what readers will click must be one."""
    text = tidy(raw, 1000)
    if text and "://" not in text and re.match(r"[\w-]+(\.[\w-]+)+/", text):
        text = "https://" + text
    return text if _LINK.fullmatch(text) else None


# ---- asking --------------------------------------------------------------------------------------------------------


async def fetch(
    days: Iterable[date], *, today: date, now: datetime, options: SourceOptions, fetcher: Fetcher
) -> list[Capture]:
    """One daily listing for each day, and the trending one when today is among them; one request at a time."""
    wanted = sorted(set(days))
    captures: list[Capture] = []
    for day in wanted:
        try:
            listing = await _daily(day, now, fetcher)
        except SourceError as error:
            captures.append(Capture(NAME, "daily", day, None, error))
            continue
        # The day before, served in place of a day that has not begun, may have been read already.
        if not any(known.listing and known.listing.day == listing.day for known in captures):
            captures.append(Capture(NAME, "daily", day, listing, None))
    if options.trending and today in wanted:
        captures.append(await _trending(today, now, fetcher))
    return captures


async def _daily(day: date, now: datetime, fetcher: Fetcher) -> Listing:
    label = f"daily {day}"
    note = ""
    try:
        batch, cut, served = await _daily_by_api(day, fetcher, label)
    except SourceError as error:
        try:
            batch = await _by_page(f"{_SITE}/papers/date/{day}", fetcher, label)
        except SourceError as second:
            raise error from second
        cut, served, note = False, day, f"read from the page, because the API failed ({error})"
    return to_listing(
        batch,
        source=NAME,
        name="daily",
        day=batch.day or served,
        asked=day,
        captured_at=now,
        cut=cut,
        sample=fetcher.sample,
        note=note,
    )


async def _daily_by_api(day: date, fetcher: Fetcher, label: str) -> tuple[Batch, bool, date]:
    """The batch, whether it is cut, and the day it was asked for in the end."""
    for served in (day, day - timedelta(days=1)):
        pages: list[Batch] = []
        while len(pages) < _PAGES:
            url = f"{_SITE}/api/daily_papers?date={served}&limit={_LIMIT}&p={len(pages)}"
            answer = await fetcher.get(url, source=NAME, listing=label, accept=(200, 400))
            if answer.status == 400:  # a day that has not begun in UTC
                break
            with fetcher.understanding(answer, source=NAME, listing=label):
                pages.append(_checked(parse_json(answer.body)))
            if _size(pages[-1]) < _LIMIT:
                break
        if pages:
            return join(pages), _size(pages[-1]) >= _LIMIT, served
    raise _refused(answer, label)


def _size(batch: Batch) -> int:
    return len(batch.papers) + batch.unread


def _checked(batch: Batch) -> Batch:
    if batch.unread and not batch.papers:
        raise SourceMalformed(f"none of its {batch.unread} entries could be understood", source=NAME)
    return batch


def _refused(answer: Answer, label: str) -> SourceMalformed:
    said = tidy(answer.body.decode(errors="replace"), 200)
    return SourceMalformed(
        f"{NAME} ({label}): the API refuses this day and the one before it: {said}; check the date",
        source=NAME,
        listing=label,
    )


async def _by_page(url: str, fetcher: Fetcher, label: str) -> Batch:
    answer = await fetcher.get(url, source=NAME, listing=label)
    with fetcher.understanding(answer, source=NAME, listing=label):
        return _checked(parse_page(answer.body))


async def _trending(today: date, now: datetime, fetcher: Fetcher) -> Capture:
    """The undated ranking: it holds old papers, and is cut by nature."""
    note = ""
    try:
        try:
            url = f"{_SITE}/api/daily_papers?sort=trending&limit={_TRENDING_LIMIT}"
            answer = await fetcher.get(url, source=NAME, listing="trending")
            with fetcher.understanding(answer, source=NAME, listing="trending"):
                batch = _checked(parse_json(answer.body))
        except SourceError as error:
            note = f"read from the page, because the API failed ({error})"
            batch = await _by_page(f"{_SITE}/papers/trending", fetcher, "trending")
    except SourceError as error:
        return Capture(NAME, "trending", today, None, error)
    listing = to_listing(
        batch,
        source=NAME,
        name="trending",
        day=today,
        captured_at=now,
        dated=False,
        sample=fetcher.sample,
        note=note,
    )
    return Capture(NAME, "trending", today, listing, None)
