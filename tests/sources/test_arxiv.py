"""arXiv asked: today's announcement by feed, a missed day by query."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceMalformed, SourceUnavailable
from newsletter.models import Announcement
from newsletter.sources import Capture, Fetcher, SourceOptions, fetch
from newsletter.sources.arxiv import submission_window
from tests.sources.payloads import API_ERROR, api, api_entry, rss, rss_item
from tests.sources.site import Reply, Site

TODAY = date(2026, 8, 5)  # a Wednesday
NOW = datetime(2026, 8, 5, 6, tzinfo=UTC)
RSS = "https://rss.arxiv.org/rss/"
API = "https://export.arxiv.org/api/query"


def captured(
    replies: dict[str, Reply | list[Reply]],
    days: Iterable[date] = (TODAY,),
    *,
    categories: tuple[str, ...] = ("cs.CL", "cs.LG"),
    payload_dir: Path | None = None,
) -> tuple[tuple[Capture, ...], Site]:
    site = Site(replies)

    async def whole() -> tuple[Capture, ...]:
        async with Fetcher(
            transport=site, arxiv_pause=0.0, retry_pause=0.0, retries=1, payload_dir=payload_dir
        ) as fetcher:
            options = SourceOptions(arxiv_categories=categories)
            return await fetch(["arxiv"], days, today=TODAY, now=NOW, options=options, fetcher=fetcher)

    return asyncio.run(whole()), site


def test_today_is_one_listing_for_each_category() -> None:
    """Each category's feed is its own listing under its own name, with the day it states."""
    replies: dict[str, Reply | list[Reply]] = {
        RSS + "cs.CL": httpx.Response(200, content=rss(rss_item())),
        RSS + "cs.LG": httpx.Response(200, content=rss(rss_item(kind="cross"), name="cs.LG")),
    }
    captures, site = captured(replies)
    assert site.urls == [RSS + "cs.CL", RSS + "cs.LG"]
    assert [capture.name for capture in captures] == ["cs.CL", "cs.LG"]
    for capture, kind in zip(captures, (Announcement.NEW, Announcement.CROSS), strict=True):
        assert capture.listing is not None
        assert (capture.listing.source, capture.listing.day, capture.listing.asked) == ("arxiv", TODAY, TODAY)
        assert capture.listing.entries[0].announcement is kind
        assert capture.listing.complete
        assert not capture.listing.sample


def test_a_feed_of_another_day_keeps_its_own_date() -> None:
    """A feed not yet rebuilt says so by its date."""
    feed = rss(rss_item(), published="Tue, 04 Aug 2026 00:00:00 -0400")
    captures, _ = captured({RSS: httpx.Response(200, content=feed)}, categories=("cs.CL",))
    assert captures[0].listing is not None
    assert (captures[0].listing.day, captures[0].listing.asked) == (date(2026, 8, 4), TODAY)


def test_one_broken_category_does_not_cost_the_others(tmp_path: Path) -> None:
    """An error feed with status 400 is that category's error, kept for the operator."""
    replies: dict[str, Reply | list[Reply]] = {
        RSS + "cs.CL": httpx.Response(200, content=rss(rss_item())),
        RSS + "cs.OWL": httpx.Response(400, content=rss(title="Feed error for query: cs.OWL")),
    }
    captures, _ = captured(replies, categories=("cs.OWL", "cs.CL"), payload_dir=tmp_path)
    assert isinstance(captures[0].error, SourceMalformed)
    assert "Feed error for query" in str(captures[0].error)
    assert captures[0].error.payload is not None
    assert captures[1].listing is not None


def test_a_bare_400_points_at_the_setting() -> None:
    """Without words of its own, the answer is taken for a wrong category."""
    captures, _ = captured({RSS: httpx.Response(400, content=rss())}, categories=("cs.CL",))
    assert "PAPERBOY_ARXIV_CATEGORIES" in str(captures[0].error)


def test_a_server_that_is_down_is_unavailable() -> None:
    """Another try may help, and the error says so by its kind."""
    captures, _ = captured({RSS: httpx.Response(503)}, categories=("cs.CL",))
    assert isinstance(captures[0].error, SourceUnavailable)


def test_a_feed_as_long_as_the_limit_counts_as_cut() -> None:
    """2,000 items are all a feed holds, so there may be more."""
    items = [rss_item(f"2613.{number:05d}v1") for number in range(2000)]
    captures, _ = captured({RSS: httpx.Response(200, content=rss(*items))}, categories=("cs.CL",))
    assert captures[0].listing is not None
    assert len(captures[0].listing.entries) == 2000
    assert not captures[0].listing.complete


# ---- a missed day --------------------------------------------------------------------------------------------------


def test_a_missed_day_is_one_query_dealt_out_to_the_categories() -> None:
    """A paper is new where its primary category is asked for, and a cross-list elsewhere."""
    entries = (
        api_entry("2613.10001v1", categories=("cs.CL", "cs.LG", "I.2.7")),
        api_entry("2613.10002v1", categories=("stat.ML", "cs.LG")),
        api_entry("2613.10003v1", categories=("cs.CL",)),
    )
    captures, site = captured({API: httpx.Response(200, content=api(*entries))}, (date(2026, 8, 4),))
    assert len(site.requests) == 1
    query = parse_qs(urlsplit(site.urls[0]).query)
    assert query["search_query"] == ["(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202607311800 TO 202608031800]"]
    found = {
        capture.name: [(entry.paper.arxiv_id, entry.announcement.value) for entry in capture.listing.entries]
        for capture in captures
        if capture.listing
    }
    assert found == {
        "cs.CL": [("2613.10001", "new"), ("2613.10003", "new")],
        "cs.LG": [("2613.10001", "cross"), ("2613.10002", "cross")],
    }
    assert all(capture.listing and capture.listing.complete for capture in captures)


def test_a_whole_archive_holds_all_its_classes() -> None:
    """`cs` asks for cs.* and takes every class of it."""
    captures, site = captured(
        {API: httpx.Response(200, content=api(api_entry()))}, (date(2026, 8, 4),), categories=("cs",)
    )
    assert "cat:cs*" in parse_qs(urlsplit(site.urls[0]).query)["search_query"][0]
    assert captures[0].listing is not None
    assert captures[0].listing.entries[0].announcement is Announcement.NEW


def test_slices_are_read_until_all_is_there_and_overlaps_count_once() -> None:
    """The API's windows may overlap while papers join."""
    first = [api_entry(f"2613.{number:05d}v1") for number in range(1000)]
    second = [api_entry(f"2613.{number:05d}v1") for number in range(990, 1040)]
    replies: dict[str, Reply | list[Reply]] = {
        API: [
            httpx.Response(200, content=api(*first, total=1040)),
            httpx.Response(200, content=api(*second, total=1040)),
        ]
    }
    captures, site = captured(replies, (date(2026, 8, 4),), categories=("cs.CL",))
    assert len(site.requests) == 2
    assert captures[0].listing is not None
    assert len(captures[0].listing.entries) == 1040
    assert captures[0].listing.complete


def test_an_answer_shorter_than_it_says_is_incomplete() -> None:
    """The API sometimes ends early with an empty slice: less than it counts is partial."""
    replies: dict[str, Reply | list[Reply]] = {
        API: [
            httpx.Response(200, content=api(api_entry(), total=1500)),
            httpx.Response(200, content=api(total=1500)),
        ]
    }
    captures, _ = captured(replies, (date(2026, 8, 4),), categories=("cs.CL",))
    assert captures[0].listing is not None
    assert not captures[0].listing.complete


def test_an_entry_that_is_not_understood_makes_every_category_incomplete() -> None:
    """Which category it belongs to is unknown, so all of them say so."""
    broken = api_entry().replace("arxiv.org/abs/2613.10001v2", "example.org/owl")
    captures, _ = captured({API: httpx.Response(200, content=api(api_entry(), broken))}, (date(2026, 8, 4),))
    for capture in captures:
        assert capture.listing is not None
        assert not capture.listing.complete
        assert "1 of the answer's entries" in capture.listing.note


def test_an_error_of_the_api_is_an_error_for_every_category(tmp_path: Path) -> None:
    """Status 400 with an Error entry: each category's capture says so."""
    captures, _ = captured({API: httpx.Response(400, content=API_ERROR)}, (date(2026, 8, 4),), payload_dir=tmp_path)
    assert len(captures) == 2
    assert all("incorrect id format" in str(capture.error) for capture in captures)


def test_a_missed_weekend_costs_no_request() -> None:
    """arXiv announces nothing for Saturday and Sunday: empty listings, and nobody was asked."""
    captures, site = captured({}, (date(2026, 8, 1), date(2026, 8, 2)))
    assert site.requests == []
    assert [capture.day.day for capture in captures] == [1, 1, 2, 2]
    assert all(capture.listing and not capture.listing.entries and capture.listing.complete for capture in captures)


def test_days_to_come_are_not_asked_for() -> None:
    """Tomorrow has no announcement."""
    assert captured({}, (date(2026, 8, 6),))[0] == ()


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2026, 8, 3), datetime(2026, 7, 30, 18, tzinfo=UTC), datetime(2026, 7, 31, 18, tzinfo=UTC)),
        (date(2026, 8, 4), datetime(2026, 7, 31, 18, tzinfo=UTC), datetime(2026, 8, 3, 18, tzinfo=UTC)),
        (date(2026, 8, 5), datetime(2026, 8, 3, 18, tzinfo=UTC), datetime(2026, 8, 4, 18, tzinfo=UTC)),
        (date(2026, 1, 7), datetime(2026, 1, 5, 19, tzinfo=UTC), datetime(2026, 1, 6, 19, tzinfo=UTC)),
    ],
)
def test_a_days_window_runs_from_cut_to_cut(day: date, start: datetime, end: datetime) -> None:
    """14:00 Eastern, in summer and in winter; Tuesday's window holds the weekend."""
    assert submission_window(day) == (start, end)


@given(st.dates(date(2024, 1, 1), date(2035, 1, 1)))
def test_windows_join_without_a_gap(day: date) -> None:
    """Every moment belongs to exactly one announcement: each window begins where the last ended."""
    window = submission_window(day)
    if window is None:
        return
    previous = next(
        found for back in range(1, 5) if (found := submission_window(date.fromordinal(day.toordinal() - back)))
    )
    assert previous[1] == window[0] < window[1]
