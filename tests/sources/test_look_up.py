"""Example papers looked up at arXiv by their ids."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from newsletter.errors import SourceMalformed, SourceUnavailable
from newsletter.models import Paper
from newsletter.sources import Fetcher, look_up
from tests.sources.payloads import API_ERROR, api, api_entry
from tests.sources.site import Reply, Site

API = "https://export.arxiv.org/api/query"


def looked_up(reply: Reply, *ids: str) -> tuple[tuple[Paper, ...], Site]:
    site = Site({API: reply})

    async def whole() -> tuple[Paper, ...]:
        async with Fetcher(transport=site, arxiv_pause=0.0, retry_pause=0.0, retries=0) as fetcher:
            return await look_up(ids, fetcher=fetcher)

    return asyncio.run(whole()), site


def test_all_ids_are_asked_for_in_one_request_and_answered_in_order_of_id() -> None:
    """One request for any number of papers; the versions that arXiv adds do not matter."""
    answer = httpx.Response(200, content=api(api_entry("2613.10002v3"), api_entry("2613.10001v1")))
    papers, site = looked_up(answer, "2613.10002", "2613.10001")
    [url] = site.urls
    query = parse_qs(urlsplit(url).query)

    assert query["id_list"] == ["2613.10001,2613.10002"]
    assert query["max_results"] == ["2"]
    assert [(paper.arxiv_id, paper.sources) for paper in papers] == [
        ("2613.10001", ("arxiv",)),
        ("2613.10002", ("arxiv",)),
    ]


def test_an_id_that_arxiv_does_not_know_is_left_out() -> None:
    """An unknown id is an answer without it, and nobody asked for the others."""
    papers, _ = looked_up(httpx.Response(200, content=api(api_entry("2613.10001v1"))), "2613.10001", "2613.99999")

    assert [paper.arxiv_id for paper in papers] == ["2613.10001"]


def test_nothing_is_asked_where_nothing_is_named() -> None:
    """Without ids there is no request."""
    papers, site = looked_up(httpx.Response(200, content=api()))

    assert (papers, site.urls) == ((), [])


def test_trouble_comes_out_as_a_source_error() -> None:
    """An outage and an error feed are told apart, and both can be caught as a source's trouble."""
    with pytest.raises(SourceUnavailable, match="arxiv"):
        looked_up(httpx.Response(503), "2613.10001")
    with pytest.raises(SourceMalformed, match="the API reports an error"):
        looked_up(httpx.Response(200, content=API_ERROR), "2613.10001")
