"""Atom feeds: valid by RFC 4287, with ids that never change, and readable by what reads feeds."""

from datetime import timedelta
from urllib.parse import quote
from xml.etree import ElementTree as ET

import feedparser
import pytest

from tests.web.archived import CROWD, DECODING, FRIDAY, HOSTILE_PAPER, fill, freeze
from tests.web.visiting import BASE

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def filled(site):
    """The site with its archive."""
    fill(site.database)
    return site


def read(site, path):
    """A feed as a reader of feeds sees it."""
    answer = site.get(path)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(answer.content)
    assert not found.bozo, found.bozo_exception
    return found


def test_every_feed_has_what_the_standard_asks_for(filled):
    """Of a feed and of each entry: one id, title and instant; a link to itself and one to its page; an author."""
    topic = quote("<i>markup</i>-&-co/ü", safe="")
    for path in ("/feeds/editions.atom", "/feeds/topics/decoding.atom", f"/feeds/topics/{topic}.atom",
                 "/feeds/search.atom?q=author%3A%22ada+m%C3%BCller%22", "/feeds/search.atom?q=nothing+at+all"):  # fmt: skip
        feed = ET.fromstring(filled.get(path).content)
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links["self"] == BASE + path
        assert filled.get(links["alternate"].removeprefix(BASE)).status_code == 200
        assert feed.find(f"{ATOM}author/{ATOM}name").text == "Morning Papers"
        for part in (feed, *feed.findall(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                assert [bool(found.text) for found in part.findall(f"{ATOM}{name}")] == [True], (path, name)
            assert part.find(f"{ATOM}id").text.startswith("tag:paperboy.localhost,2026:")
        ids = [entry.find(f"{ATOM}id").text for entry in feed.findall(f"{ATOM}entry")]
        assert len(ids) == len(set(ids))


def test_the_feed_of_editions_has_the_newest_first(filled):
    """What a reader of feeds shows, and where it leads."""
    found = read(filled, "/feeds/editions.atom")

    assert [entry.link for entry in found.entries] == [
        f"{BASE}/editions/{day}" for day in ("2026-11-20", "2026-11-19", "2026-11-12")
    ]
    assert found.entries[0].title == "Fri 20 Nov 2026: 2 new papers"
    assert found.entries[0].updated == "2026-11-20T06:00:00Z"
    assert found.feed.updated == "2026-11-20T06:00:00Z"


def test_the_feed_of_a_topic_has_its_papers(filled):
    """With authors, categories and the abstract."""
    entry = read(filled, "/feeds/topics/decoding.atom").entries[0]

    assert (entry.title, entry.link) == (DECODING.title, f"{BASE}/papers/2611.00001")
    assert [author.name for author in entry.authors] == list(DECODING.authors)
    assert [tag.term for tag in entry.tags] == ["cs.CL", "cs.LG"]
    assert entry.summary == DECODING.abstract


def test_ids_stay_the_same_in_every_feed_and_on_every_day(filled):
    """A paper has one id wherever it is found, and a newer edition changes none."""
    by_topic = {entry.link: entry.id for entry in read(filled, "/feeds/topics/decoding.atom").entries}
    freeze(filled.database, FRIDAY + timedelta(days=1), {"Decoding": [CROWD.__class__("2611.00077", "Decoding again")]})
    found = {entry.link: entry.id for entry in read(filled, "/feeds/search.atom?q=decoding").entries}

    assert by_topic.items() <= found.items()
    assert found[f"{BASE}/papers/2611.00001"] == "tag:paperboy.localhost,2026:paper/2611.00001"


def test_the_feed_of_a_search_has_the_newest_first(filled):
    """A reader of feeds wants what is new, not what is best; without a question there is no feed."""
    found = read(filled, "/feeds/search.atom?q=speculative")

    assert [entry.title for entry in found.entries] == ["Speculative decoding, verified", "Drafting tokens"]
    assert filled.get("/feeds/search.atom").status_code == 404
    assert filled.get("/feeds/search.atom?q=-nothing").status_code == 404
    assert filled.get("/feeds/topics/decoding").status_code == 404


def test_what_strangers_write_is_text_in_a_feed(filled):
    """The title is escaped once, control and direction marks are gone, and no link leads to a script."""
    answer = filled.get("/feeds/search.atom?q=script")
    entry = ET.fromstring(answer.content).find(f"{ATOM}entry")

    assert entry.find(f"{ATOM}title").text == '<script>alert(1)</script> & "quotes" gnirts α-decay'
    assert entry.find(f"{ATOM}id").text == f"tag:paperboy.localhost,2026:paper/{quote(HOSTILE_PAPER.key, safe='')}"
    assert "<script" not in answer.text
    assert "javascript:" not in answer.text
    assert "\u202e" not in answer.text
