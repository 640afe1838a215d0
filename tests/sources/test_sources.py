"""All sources together, files on disk, and the samples."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigurationError, SourceMalformed
from newsletter.models import Announcement, Listing, Paper
from newsletter.sources import Capture, Fetcher, SourceOptions, fetch, parse_file, source_names
from newsletter.sources.common import tidy
from newsletter.sources.dump import parse_dump
from newsletter.sources.file import parse_bytes
from newsletter.sources.samples import MARK, SampleSite
from tests.sources.payloads import API_ERROR, api, api_entry, hf_item, hf_items, hf_page, rss, rss_item
from tests.sources.site import Site

TODAY = date(2026, 8, 5)
NOW = datetime(2026, 8, 5, 6, tzinfo=UTC)


def captured(
    transport: httpx.AsyncBaseTransport, names: tuple[str, ...] = ("huggingface", "arxiv"), back: int = 0
) -> tuple[Capture, ...]:
    async def whole() -> tuple[Capture, ...]:
        async with Fetcher(transport=transport, arxiv_pause=0.0, retry_pause=0.0, retries=0) as fetcher:
            days = [TODAY - timedelta(days=days) for days in range(back, -1, -1)]
            return await fetch(names, days, today=TODAY, now=NOW, options=SourceOptions(), fetcher=fetcher)

    return asyncio.run(whole())


# ---- the registry --------------------------------------------------------------------------------------------------


def test_the_registry_names_its_sources() -> None:
    """Two sources can be fetched; a file is for import."""
    assert source_names() == ("huggingface", "arxiv")


def test_an_unknown_source_is_a_wrong_setting() -> None:
    """The sentence names the setting, the wrong name and the right ones."""
    with pytest.raises(ConfigurationError, match=r"PAPERBOY_SOURCES names 'owl'; the sources are huggingface, arxiv"):
        captured(Site(), ("huggingface", "owl"))


def test_one_source_down_leaves_the_other_whole() -> None:
    """Nothing is raised: the broken source is a capture with an error for each of its listings."""
    site = Site({"https://rss.arxiv.org/": httpx.Response(200, content=rss(rss_item()))})
    captures = captured(site)
    broken = [capture for capture in captures if capture.error]
    assert {capture.source for capture in broken} == {"huggingface"}
    assert [capture.name for capture in captures if capture.listing] == ["cs.AI", "cs.CL", "cs.CV", "cs.LG"]


def test_a_name_given_twice_is_asked_once() -> None:
    """Doubled names double nothing."""
    site = Site({"https://huggingface.co/": httpx.Response(200, json=[])})
    assert len(captured(site, ("huggingface", "huggingface"))) == 2  # daily and trending


# ---- files ---------------------------------------------------------------------------------------------------------


def saved(folder: Path, name: str, content: bytes, day: date | None = None) -> Listing:
    path = folder / name
    path.write_bytes(content)
    (found,) = parse_file(path, captured_at=NOW, day=day)
    return found


def test_every_format_on_disk_is_recognised_by_what_it_holds(tmp_path: Path) -> None:
    """JSON and HTML of Hugging Face, arXiv's feeds and answers, recordings and parsed days, whatever the file is called."""
    parsed = {
        "date": "2026-08-05",
        "status": "ok",
        "count": 1,
        "papers": [
            {
                "arxiv_id": "2613.10001",
                "title": "Owls",
                "abstract": "At night.",
                "authors": ["Olive B\\'arn"],
                "comment": None,
                "primary_category": "cs.CV",
                "categories": ["cs.CV", "68T50"],
                "announce_type": "replace",
            }
        ],
    }
    recorded = {"url": "https://export.arxiv.org/api/query", "status_code": 200, "body": api(api_entry()).decode()}
    contents = {
        "huggingface daily": json.dumps(hf_items(1)).encode(),
        "huggingface daily ": b"\xef\xbb\xbf\n" + json.dumps({"status": "success", "data": [repr(hf_item())]}).encode(),
        "huggingface daily  ": hf_page(hf_items(1), "2026-08-05"),
        "arxiv cs.CL": rss(rss_item()),
        "arxiv owl": api(api_entry()),
        "arxiv owl ": json.dumps(recorded).encode(),
        "arxiv owl  ": json.dumps(parsed).encode(),
    }
    for expected, content in contents.items():
        found = saved(tmp_path, "owl.bin", content)
        assert f"{found.source} {found.name}" == expected.strip()
        assert len(found.entries) == 1
        assert found.complete
    last = found.entries[0]
    assert last.announcement is Announcement.REPLACE
    assert last.paper.categories == ("cs.CV",)
    assert last.paper.authors == ("Olive Bárn",)


def test_the_day_is_the_contents_then_the_callers_then_the_names(tmp_path: Path) -> None:
    """What the content states wins; without it the caller's day, the file's name, and last the capture's date."""
    bare = json.dumps([{"paper": {"id": "2613.10001", "title": "Owls"}}]).encode()
    given_day = date(2026, 1, 2)
    assert saved(tmp_path, "2026-03-04.json", json.dumps(hf_items(1)).encode(), given_day).day == TODAY
    assert saved(tmp_path, "2026-03-04.json", bare, given_day).day == given_day
    assert saved(tmp_path, "2026-03-04__later.json", bare).day == date(2026, 3, 4)
    assert saved(tmp_path, "2026-13-44.json", bare).day == NOW.date()


def test_a_list_of_many_days_is_no_days_list(tmp_path: Path) -> None:
    """A saved week or trending list is undated, and named after its file."""
    items = [hf_item(f"2613.1000{n}", submittedOnDailyAt=f"2026-08-0{n}T00:00:00Z") for n in range(1, 6)]
    found = saved(tmp_path, "week.json", json.dumps(items).encode())
    assert (found.name, found.dated) == ("week", False)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is no JSON"),
        (b"owls", "it is no JSON"),
        (b"{owl", "begins like JSON and is none"),
        (b"<html></html>", "no element with data-target DailyPapers"),
        (b'{"owl": 1}', "not a list of papers"),
        (json.dumps({"url": "x", "status_code": 400, "body": API_ERROR.decode()}).encode(), "incorrect id format"),
        (b"\xff\xfe\x00\x01", "it is no JSON"),
    ],
)
def test_a_file_that_holds_nothing_known_says_what_is_missing(tmp_path: Path, content: bytes, sentence: str) -> None:
    """The error names the file and the reason."""
    with pytest.raises(SourceMalformed, match=rf"file \(owl\.bin\): .*{sentence}"):
        saved(tmp_path, "owl.bin", content)


def test_a_file_that_is_not_there_is_said_to_be_unreadable(tmp_path: Path) -> None:
    """A missing file is an error of the source, not a crash."""
    with pytest.raises(SourceMalformed, match="cannot be read"):
        parse_file(tmp_path / "owl.json", captured_at=NOW)


@given(st.binary(max_size=300))
def test_any_file_is_read_or_malformed(content: bytes) -> None:
    """Nothing on disk raises anything else."""
    with suppress(SourceMalformed):
        parse_bytes(content, stem="owl", captured_at=NOW)


# ---- text dumps ----------------------------------------------------------------------------------------------------

GLUED = """Get trending papers in your email inbox once a day!
Get trending papers in your email inbox!
SubscribeOwls at Night
They sleep by day.
Owls at Noon
They sleep.
"""

SPACED = """new

Get trending papers in your email inbox!

Subscribe

Daily Papers

byAK and the research community

Aug 5

Owls at Night

They sleep by day.

aviary The Aviary
·
Dec 5, 2024 2

Owls at Noon

They sleep.

  • 1 authors
·
Oct 21

Owls at Dusk

They wake.
"""


def test_a_dump_without_blank_lines_gives_titles_and_abstracts() -> None:
    """`Subscribe`, glued to the first title, is cut off."""
    papers = parse_dump(GLUED).papers
    assert [(paper.title, paper.abstract) for paper in papers] == [
        ("Owls at Night", "They sleep by day."),
        ("Owls at Noon", "They sleep."),
    ]
    assert papers[0].key == "title:owls at night"


def test_the_footers_of_a_dump_are_understood_and_optional() -> None:
    """Organisation, comments and date; the year is the page's own where it is left out, else unknown."""
    night, noon, dusk = parse_dump(SPACED).papers
    assert (night.organization, night.comments, night.published) == ("The Aviary", 2, datetime(2024, 12, 5, tzinfo=UTC))
    assert (noon.organization, noon.comments, noon.published) == (None, None, None)
    assert (dusk.title, dusk.published) == ("Owls at Dusk", None)
    assert parse_dump(SPACED, year=2025).papers[1].published == datetime(2025, 10, 21, tzinfo=UTC)
    assert parse_dump(SPACED.replace("Oct 21", "Feb 29"), year=2025).papers[1].published is None


def test_a_dump_is_recognised_and_undated(tmp_path: Path) -> None:
    """It comes from a file, holds papers of any age, and is named after its file."""
    found = saved(tmp_path, "owls.txt", SPACED.encode())
    assert (found.source, found.name, found.dated, len(found.entries)) == ("file", "owls", False, 3)


@pytest.mark.parametrize("text", [GLUED.rsplit("\n", 2)[0], SPACED.replace("They sleep.\n", ""), "Subscribe\nnew\n"])
def test_a_dump_that_does_not_pair_up_is_malformed(text: str) -> None:
    """A title without its abstract would shift every paper after it."""
    with pytest.raises(SourceMalformed):
        parse_dump(text)


# ---- one line of text ----------------------------------------------------------------------------------------------


@given(st.text(), st.integers(1, 50))
def test_tidy_text_is_one_clean_line(text: str, limit: int) -> None:
    """No line breaks, no controls, no lone surrogates, nothing twice blank, never longer than asked."""
    clean = tidy(text, limit)
    assert len(clean) <= limit
    assert clean == clean.encode().decode()
    assert not set(clean) & set("\n\r\t\x00\u202e\u200b")
    assert "  " not in clean
    assert tidy(clean) == clean


# ---- samples -------------------------------------------------------------------------------------------------------


def papers(captures: tuple[Capture, ...]) -> dict[str, list[Paper]]:
    found: dict[str, list[Paper]] = {}
    for capture in captures:
        assert capture.listing is not None, capture.error
        for entry in capture.listing.entries:
            found.setdefault(entry.paper.key, []).append(entry.paper)
    return found


def test_the_samples_come_through_the_same_code_and_say_that_they_are_samples() -> None:
    """Three days, sixty papers of which some are on both sources, every listing marked, every id impossible."""
    captures = captured(SampleSite(TODAY), back=2)
    assert all(capture.listing and capture.listing.sample and capture.listing.complete for capture in captures)
    found = papers(captures)
    assert len(found) == 60
    assert all(key.startswith("2613.") for key in found)
    sources = {key: {paper.sources[0] for paper in listed} for key, listed in found.items()}
    assert sum(len(names) == 2 for names in sources.values()) >= 30
    announced = [paper for listed in found.values() for paper in listed if "arxiv" in paper.sources]
    assert all((paper.comment or "").startswith(MARK) for paper in announced)


def test_the_samples_show_what_real_listings_hold() -> None:
    """TeX in a title, an accepted paper, organisations, code, a crowd of authors, a replacement and cross-lists."""
    captures = captured(SampleSite(TODAY), back=2)
    every = [paper for listed in papers(captures).values() for paper in listed]
    assert any("$" in paper.title for paper in every)
    assert any("Accepted" in (paper.comment or "") for paper in every)
    assert sum(paper.organization is not None for paper in every) >= 10
    assert sum(paper.code_url is not None for paper in every) >= 8
    assert max(len(paper.authors) for paper in every) > 150
    assert all(90 <= len(paper.abstract.split()) <= 180 for paper in every)
    assert not any(set(name) & set("\\{}()") for paper in every for name in paper.authors)
    kinds = {entry.announcement for capture in captures if capture.listing for entry in capture.listing.entries}
    assert kinds >= {Announcement.NEW, Announcement.CROSS, Announcement.REPLACE}


def test_the_samples_are_the_same_papers_tomorrow() -> None:
    """Ids do not move with the day, so a second sample run finds nothing new among them."""
    keys = {frozenset(papers(captured(SampleSite(TODAY + timedelta(days=shift))))) for shift in (0, 1)}
    assert all(keys)
    first, second = (
        {
            entry.paper.key
            for capture in captured(SampleSite(day), ("huggingface",))
            if capture.listing and capture.name == "trending"
            for entry in capture.listing.entries
        }
        for day in (TODAY, TODAY + timedelta(days=1))
    )
    assert first == second


def test_the_sample_site_answers_as_the_real_ones_do() -> None:
    """400 for a day to come, the page beside the API, nothing on a second page, 404 elsewhere."""

    async def ask(url: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=SampleSite(TODAY)) as client:
            return await client.get(url)

    def status(url: str) -> int:
        return asyncio.run(ask(url)).status_code

    api_url = "https://huggingface.co/api/daily_papers?date="
    assert status(api_url + "2026-08-06") == status(api_url + "owl") == 400
    assert asyncio.run(ask(api_url + "2026-08-05&p=1")).json() == []
    assert asyncio.run(ask(api_url + "2020-01-01")).json() == []
    page = asyncio.run(ask("https://huggingface.co/papers/date/2026-08-05")).content
    assert parse_bytes(page, stem="page", captured_at=NOW).day == TODAY
    assert status("https://huggingface.co/papers/trending") == 200
    assert status("https://huggingface.co/models") == status("https://owl.example.org/") == 404
