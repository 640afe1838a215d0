"""Hugging Face's daily papers, read and asked for."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceMalformed, SourceUnavailable
from newsletter.models import Listing
from newsletter.sources import Capture, Fetcher, SourceOptions, fetch
from newsletter.sources.huggingface import parse_json, parse_page
from tests.sources.payloads import hf_item, hf_items, hf_page
from tests.sources.site import Reply, Site

TODAY = date(2026, 8, 5)
NOW = datetime(2026, 8, 5, 6, tzinfo=UTC)
API = "https://huggingface.co/api/daily_papers"


def dumped(items: object) -> bytes:
    return json.dumps(items).encode()


def captured(
    replies: dict[str, Reply | list[Reply]],
    days: Iterable[date] = (TODAY,),
    *,
    trending: bool = False,
    payload_dir: Path | None = None,
) -> tuple[tuple[Capture, ...], Site]:
    site = Site(replies)

    async def whole() -> tuple[Capture, ...]:
        async with Fetcher(transport=site, retry_pause=0.0, retries=1, payload_dir=payload_dir) as fetcher:
            options = SourceOptions(trending=trending)
            return await fetch(["huggingface"], days, today=TODAY, now=NOW, options=options, fetcher=fetcher)

    return asyncio.run(whole()), site


def listing(captures: tuple[Capture, ...]) -> Listing:
    assert captures[0].listing is not None, captures[0].error
    return captures[0].listing


def at(day: date, page: int = 0) -> str:
    return f"{API}?date={day}&limit=100&p={page}"


# ---- reading -------------------------------------------------------------------------------------------------------


def test_every_fact_is_found_where_it_is() -> None:
    """Upvotes inside, comments outside, code and keywords inside, line breaks gone, hidden authors left out."""
    item = hf_item(
        title="Owls:\n  A Study",
        authors=[
            {"name": "Olive Barn"},
            {"name": "Removed", "hidden": True},
            {"hidden": False},
            {"name": "Ural Strix"},
        ],
        ai_keywords=["owls", "night"],
        githubRepo="https://github.com/example/owls",
        githubStars=7,
        projectPage="owls.example.org/page",
        organization={"name": "aviary", "fullname": "The Aviary"},
    )
    (paper,) = parse_json(dumped([item])).papers
    assert paper.key == "2613.10001"
    assert paper.title == "Owls: A Study"
    assert paper.abstract == "Owls are studied at night."
    assert paper.authors == ("Olive Barn", "Ural Strix")
    assert paper.published == datetime(2026, 8, 4, 17, tzinfo=UTC)
    assert (paper.upvotes, paper.comments, paper.code_stars) == (12, 3, 7)
    assert paper.keywords == ("owls", "night")
    assert paper.code_url == "https://github.com/example/owls"
    assert paper.project_url == "https://owls.example.org/page"
    assert paper.organization == "The Aviary"
    assert paper.sources == ("huggingface",)
    assert not paper.withdrawn


def test_what_is_missing_is_unknown_and_never_zero() -> None:
    """A bare item of an early era: None, not zero, for every figure."""
    (paper,) = parse_json(dumped([{"paper": {"id": "2613.10001", "title": "Owls"}}])).papers
    assert (paper.upvotes, paper.comments, paper.code_stars, paper.published) == (None, None, None, None)
    assert (paper.organization, paper.code_url, paper.project_url) == (None, None, None)
    assert (paper.abstract, paper.authors, paper.keywords) == ("", (), ())


def test_the_organisation_is_found_in_either_place() -> None:
    """Outside or inside `paper`; a slug serves where there is no full name."""
    outside = {**hf_item(), "organization": {"name": "aviary", "fullname": "Outer"}}
    inside = hf_item(organization={"name": "aviary"})
    assert [paper.organization for paper in parse_json(dumped([outside, inside])).papers] == ["Outer", "aviary"]


def test_a_figure_that_makes_no_sense_is_unknown_and_does_not_cost_the_paper() -> None:
    """Wrong types in optional fields are forgiven one by one."""
    item = hf_item(upvotes="many", ai_keywords="owl", githubRepo={"url": 1}, publishedAt="yesterday", authors=7)
    batch = parse_json(dumped([item]))
    (paper,) = batch.papers
    assert batch.unread == 0
    assert (paper.upvotes, paper.keywords, paper.code_url, paper.authors) == (None, (), None, ())
    assert paper.comments == 3


def test_a_figure_out_of_all_bounds_is_unknown_and_does_not_cost_the_day() -> None:
    """A number no database takes, a negative one, an instant before all time."""
    wild = {"upvotes": 10**12, "numComments": -1, "publishedAt": "0001-01-01T00:00:00+10:00"}
    batch = parse_json(dumped({"count": 10**12, "data": [hf_item(**wild), {**hf_item("2613.10002"), **wild}]}))
    assert [(paper.upvotes, paper.comments) for paper in batch.papers] == [(None, 3), (12, None)]
    assert {paper.published.year for paper in batch.papers if paper.published} == {2026}
    assert batch.stated is None


@pytest.mark.parametrize("link", ["javascript:alert(1)", "owl", "https://", "https://a b.example.org/", "<script>"])
def test_what_readers_click_is_a_web_link(link: str) -> None:
    """Anything else is left out."""
    assert parse_json(dumped([hf_item(githubRepo=link, projectPage=link)])).papers[0].code_url is None
    assert parse_json(dumped([hf_item(githubRepo=link, projectPage=link)])).papers[0].project_url is None


def test_an_id_that_is_not_arxivs_makes_a_title_key() -> None:
    """The site has papers without an arXiv id; they are known by their title."""
    (paper,) = parse_json(dumped([hf_item("owl-report", "Owls!")])).papers
    assert (paper.key, paper.arxiv_id) == ("title:owls", None)


def test_a_tag_in_a_title_is_text_and_hundreds_of_authors_stay() -> None:
    """`<think>` survives, as do 664 authors; a withdrawn paper is marked."""
    authors = [{"name": f"Author {number}"} for number in range(664)]
    item = hf_item(title="Let's <think> about Owls", authors=authors, withdrawnAt="2026-08-05T00:00:00Z")
    (paper,) = parse_json(dumped([item])).papers
    assert paper.title == "Let's <think> about Owls"
    assert len(paper.authors) == 664
    assert paper.withdrawn


def test_python_reprs_and_wrapped_lists_are_read() -> None:
    """The archive's own faults: reprs instead of objects, `{status, count, data}` around the list."""
    reprs = [repr(hf_item()), repr(hf_item("2613.10002", 'It\'s "owls"', organization=None))]
    batch = parse_json(dumped({"status": "success", "date": "x", "count": 2, "data": reprs}))
    assert [paper.title for paper in batch.papers] == ["A Paper about Owls", 'It\'s "owls"']
    assert batch.stated == 2


def test_a_repr_runs_nothing() -> None:
    """A string that is code is an entry that cannot be understood."""
    assert parse_json(dumped(["__import__('os').getcwd()", repr(hf_item())])).unread == 1


@pytest.mark.parametrize(
    "broken", [None, 7, [], {}, {"paper": None}, {"paper": {"title": "Owls"}}, hf_item(title=" "), "(" * 5000]
)
def test_an_item_that_cannot_be_understood_costs_only_itself(broken: object) -> None:
    """It is counted, whatever it is."""
    batch = parse_json(dumped([broken, hf_item()]))
    assert (len(batch.papers), batch.unread) == (1, 1)


@pytest.mark.parametrize(
    "payload", [b"", b"owl", b'{"error":"Invalid date"}', b"7", b"null", b"[" * 100_000, b"\xff\xfe"]
)
def test_an_answer_that_is_no_list_is_malformed(payload: bytes) -> None:
    """An error object or a page in place of a list is not an empty day."""
    with pytest.raises(SourceMalformed):
        parse_json(payload)


def test_the_servers_own_words_are_in_the_error() -> None:
    """An error object is quoted."""
    with pytest.raises(SourceMalformed, match="Invalid date"):
        parse_json(b'{"error":"Invalid date"}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["paper", "id", "title", "authors", "data", "count", "name", "upvotes"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_malformed(data: Any) -> None:
    """Every item is either a paper or counted as unread."""
    try:
        batch = parse_json(dumped(data))
    except SourceMalformed:
        return
    items = data["data"] if isinstance(data, dict) else data
    assert len(batch.papers) + batch.unread == len(items)


def test_the_page_gives_its_papers_and_the_day_it_is_for() -> None:
    """The properties are found wherever the element stands, and `dateString` is the day."""
    for parent in ("main", "section"):
        batch = parse_page(hf_page([hf_item(title='Owls & "Quotes" <think>')], "2026-08-05", parent=parent))
        assert batch.day == TODAY
        assert batch.papers[0].title == 'Owls & "Quotes" <think>'


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html>owl</html>",
        b'<div data-target="DailyPapers"></div>',
        b'<div data-target="DailyPapers" data-props="{"></div>',
        b'<div data-target="DailyPapers" data-props="[]"></div>',
        b'<div data-target="DailyPapers" data-props="{}"></div>',
    ],
)
def test_a_page_without_the_properties_is_malformed(page: bytes) -> None:
    """A page that changed its shape is not an empty day."""
    with pytest.raises(SourceMalformed):
        parse_page(page)


# ---- asking --------------------------------------------------------------------------------------------------------


def test_a_day_is_asked_for_by_date_and_paged_while_full() -> None:
    """A full page leads to the next; a paper that moved onto both pages counts once."""
    replies: dict[str, Reply | list[Reply]] = {
        at(TODAY): httpx.Response(200, json=hf_items(100)),
        at(TODAY, 1): httpx.Response(200, json=hf_items(31, first=99)),
    }
    captures, site = captured(replies)
    assert len(listing(captures).entries) == 130
    assert listing(captures).complete
    assert site.urls == [at(TODAY), at(TODAY, 1)]
    assert [entry.rank for entry in listing(captures).entries] == list(range(1, 131))


def test_a_list_that_stays_full_is_cut_and_says_so() -> None:
    """Paging ends, and the listing is incomplete."""
    pages: dict[str, Reply | list[Reply]] = {
        at(TODAY, page): httpx.Response(200, json=hf_items(100, first=100 * page)) for page in range(9)
    }
    captures, site = captured(pages)
    assert len(site.requests) == 5
    assert not listing(captures).complete
    assert "cut at 500" in listing(captures).note


def test_a_day_without_papers_is_an_answer() -> None:
    """`[]` is a real answer: an empty, complete listing."""
    captures, _ = captured({at(TODAY): httpx.Response(200, json=[])})
    assert listing(captures).entries == ()
    assert listing(captures).complete
    assert listing(captures).day == TODAY


def test_a_day_that_has_not_begun_steps_back_one_day_on_400_only() -> None:
    """400 for today means that it is still yesterday in UTC."""
    yesterday = TODAY - timedelta(days=1)
    replies: dict[str, Reply | list[Reply]] = {
        at(TODAY): httpx.Response(400, json={"error": "Invalid date"}),
        at(yesterday): httpx.Response(200, json=hf_items(3, "2026-08-04")),
    }
    captures, _ = captured(replies)
    assert (listing(captures).day, listing(captures).asked) == (yesterday, TODAY)
    captures, _ = captured(replies, (yesterday, TODAY))
    assert [capture.day for capture in captures] == [yesterday]  # the same list twice is one capture


def test_two_refused_days_are_an_error_that_says_so(tmp_path: Path) -> None:
    """400 for the day and the one before it: the source fails alone, and nothing is made up."""
    captures, _ = captured({API: httpx.Response(400, json={"error": "Invalid date"})}, payload_dir=tmp_path)
    assert captures[0].listing is None
    assert "Invalid date" in str(captures[0].error)


def test_a_weekend_that_serves_friday_again_is_told_by_its_own_date() -> None:
    """The list says which day its papers were submitted on: asked for Sunday, it is Friday's."""
    sunday = date(2026, 8, 2)
    captures, _ = captured({at(sunday): httpx.Response(200, json=hf_items(5, "2026-07-31"))}, (sunday,))
    assert (listing(captures).day, listing(captures).asked) == (date(2026, 7, 31), sunday)


def test_the_same_list_captured_twice_has_one_fingerprint_and_a_growing_one_has_not() -> None:
    """A batch served again is told from a longer one."""
    first, again, grown = (
        listing(captured({at(TODAY): httpx.Response(200, json=items)})[0])
        for items in (hf_items(5), list(reversed(hf_items(5))), hf_items(6))
    )
    assert first.fingerprint == again.fingerprint != grown.fingerprint


def test_the_page_stands_in_when_the_api_fails() -> None:
    """The page is read instead, its date is checked, and the note says what happened."""
    replies: dict[str, Reply | list[Reply]] = {
        API: httpx.Response(503),
        "https://huggingface.co/papers/date/2026-08-05": httpx.Response(
            200, content=hf_page(hf_items(4, "2026-08-04"), "2026-08-04")
        ),
    }
    captures, _ = captured(replies)
    found = listing(captures)
    assert (len(found.entries), found.day, found.asked) == (4, date(2026, 8, 4), TODAY)
    assert "the API failed" in found.note


def test_when_api_and_page_fail_the_apis_error_is_told(tmp_path: Path) -> None:
    """An API answer that is not understood is kept, and its error is the one captured."""
    captures, _ = captured({at(TODAY): httpx.Response(200, content=b"<html>")}, payload_dir=tmp_path)
    error = captured({at(TODAY): httpx.Response(200, content=b"<html>")}, payload_dir=tmp_path)[0][0].error
    assert isinstance(error, SourceMalformed)
    assert error.payload is not None
    assert error.payload.read_bytes() == b"<html>"
    assert captures[0].listing is None


def test_one_broken_day_does_not_cost_the_others() -> None:
    """Each listing fails alone."""
    yesterday = TODAY - timedelta(days=1)
    captures, _ = captured({at(TODAY): httpx.Response(200, json=hf_items(2))}, (yesterday, TODAY))
    assert isinstance(captures[0].error, SourceUnavailable)
    assert captures[1].listing is not None


def test_a_list_of_which_nothing_is_understood_is_malformed(tmp_path: Path) -> None:
    """Items of an unknown shape are an error, not an empty day."""
    captures, _ = captured({at(TODAY): httpx.Response(200, json=[{"owl": 1}])}, payload_dir=tmp_path)
    assert "none of its 1 entries" in str(captures[0].error)
    assert len(list(tmp_path.iterdir())) == 1


def test_an_entry_that_is_not_understood_is_counted_in_the_note() -> None:
    """Nothing is skipped in silence."""
    captures, _ = captured({at(TODAY): httpx.Response(200, json=[*hf_items(2), {"owl": 1}])})
    assert not listing(captures).complete
    assert "1 of 3" in listing(captures).note


def test_trending_is_an_undated_second_listing_only_when_today_is_asked() -> None:
    """It comes once, holds old papers, and is no day's list."""
    old = [hf_item(f"2213.1000{n}", submittedOnDailyAt=f"2022-0{n}-01T00:00:00Z") for n in range(1, 6)]
    replies: dict[str, Reply | list[Reply]] = {
        API: httpx.Response(200, json=hf_items(2)),
        f"{API}?sort=trending": httpx.Response(200, json=old),
    }
    captures, _ = captured(replies, trending=True)
    assert [capture.name for capture in captures] == ["daily", "trending"]
    trending = captures[1].listing
    assert trending is not None
    assert (trending.dated, trending.day, len(trending.entries)) == (False, TODAY, 5)
    assert [capture.name for capture in captured(replies, (date(2026, 8, 4),), trending=True)[0]] == ["daily"]


def test_trending_falls_back_to_its_page_and_fails_alone() -> None:
    """The page of the trending list has no date; without either, the daily listing still stands."""
    daily: dict[str, Reply | list[Reply]] = {at(TODAY): httpx.Response(200, json=hf_items(2))}
    page: dict[str, Reply | list[Reply]] = {
        "https://huggingface.co/papers/trending": httpx.Response(200, content=hf_page(hf_items(3), None))
    }
    by_page = captured({**daily, **page}, trending=True)[0][1].listing
    assert by_page is not None
    assert len(by_page.entries) == 3
    daily_one, trending = captured(daily, trending=True)[0]
    assert daily_one.listing is not None
    assert trending.error is not None
