"""The public archive: what is shown of editions, papers and topics; what strangers write stays text."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.database import Database
from newsletter.models import Paper
from tests.conftest import _ask, _named
from tests.web.archived import CROWD, DECODING, DOTTED, FRIDAY, HEBREW, HOSTILE_PAPER, OLD, fill, freeze
from tests.web.visiting import BASE, Site, words

FRIDAY_PATH = f"/editions/{FRIDAY}"
EVERY_PAGE = (
    "/", "/editions", "/editions?year=2026", FRIDAY_PATH, f"/editions/{FRIDAY - timedelta(days=1)}", "/topics",
    "/topics/decoding", "/search", "/search?q=decoding", "/papers/2611.00001", "/papers/2611.00003",
    f"/papers/{quote(HOSTILE_PAPER.key)}", f"/papers/{quote(HEBREW.key)}",
)  # fmt: skip
EVERY_JSON = (
    "/editions.json", f"{FRIDAY_PATH}.json", "/topics.json", "/topics/decoding.json", "/search.json?q=decoding",
    "/papers/2611.00001.json", f"/papers/{quote(HOSTILE_PAPER.key)}.json",
)  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def archive(request, tmp_path_factory) -> Iterator[Site]:
    """One filled archive for all tests that only read."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("archive") / "paperboy.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        url = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgresql_url")
        _ask(server, f"CREATE DATABASE archive TEMPLATE {request.getfixturevalue('migrated_template')}")
        url = _named(server, "archive")
    database = Database(url)
    fill(database)
    yield Site(database)
    database.close()


class Markup(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def values(self, tag: str, name: str) -> list[str]:
        return [attrs[name] or "" for found, attrs in self.found if found == tag and name in attrs]


# ---- what is shown -------------------------------------------------------------------------------------------------


def test_an_edition_stands_by_topic_between_its_days(archive):
    """The papers of the day under their topics, the day before, no day after, and a way to any other day."""
    page = archive.get(FRIDAY_PATH)
    told = words(page.text)

    assert page.status_code == 200
    assert "Friday 20 November 2026" in told
    assert told.index("Our Own Topic") < told.index("By a crowd") < told.rindex("Speculative decoding, verified")
    assert "We propose to draft tokens." in told
    assert Markup(page.text).values("link", "rel").count("prev") == 1
    assert f'href="/editions/{FRIDAY - timedelta(days=1)}"' in page.text
    assert 'rel="next"' not in page.text
    assert 'type="date"' in page.text


def test_the_front_page_shows_todays_edition_beside_the_field(archive):
    """People see what they would get."""
    page = archive.get("/")
    told = words(page.text)

    assert 'name="address"' in page.text
    assert "Speculative decoding, verified" in told
    assert f'href="{FRIDAY_PATH}"' in page.text
    assert "A sample of decoding" not in told


def test_all_editions_stand_in_a_calendar(archive):
    """Each day that has one leads to it, and says how many papers it has."""
    page = archive.get("/editions")

    assert 'aria-label="Fri 20 Nov 2026: 2 papers"' in page.text
    assert "3 editions" in words(page.text)


def test_a_day_leads_to_the_edition_nearest_to_it(archive):
    """Whoever picks a Sunday gets the Friday before; a day before the first gets the first."""
    near = [
        archive.get(f"/editions?day={day}").headers["location"] for day in ("2026-11-22", "2026-11-15", "1999-01-01")
    ]

    assert near == [FRIDAY_PATH, "/editions/2026-11-12", "/editions/2026-11-12"]
    assert archive.get("/editions?day=yesterday").headers["location"] == "/editions"


def test_a_paper_has_all_that_is_known_of_it(archive):
    """Key sentence in bold, authors that lead to their papers, links outward, its edition and topic, what is near."""
    page = archive.get("/papers/2611.00001")

    assert "<strong>We propose to draft tokens.</strong>" in page.text
    assert 'href="/search?q=author%3A%22Ada+M%C3%BCller%22"' in page.text
    assert {"https://arxiv.org/abs/2611.00001", "https://arxiv.org/pdf/2611.00001", "https://example.org/code",
            "https://huggingface.co/papers/2611.00001"} <= set(Markup(page.text).values("a", "href"))  # fmt: skip
    assert f'href="{FRIDAY_PATH}"' in page.text
    assert 'href="/topics/decoding"' in page.text
    assert "Drafting tokens" in words(page.text)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/papers/{OLD.key}", "No source gave an abstract."),
        (f"/papers/{quote(OLD.key, safe='')}", "An old paper"),
        ("/papers/2611.00001v3", "Speculative decoding, verified"),
        ("/papers/arXiv:2611.00001", "Speculative decoding, verified"),
        (f"/papers/{quote(HEBREW.key)}", "כותרת בעברית"),
        (f"/papers/{quote(DOTTED.key)}", "A.json"),
        ("/papers/2611.00003", "and 644 more"),
    ],
)
def test_a_paper_is_found_by_its_key_however_it_is_written(archive, path, said):
    """With a slash, with a version, in any script, even where a title ends like a file."""
    assert said in words(archive.get(path).text)


def test_a_topic_has_its_papers_over_time_and_a_picture_in_words(archive):
    """Newest first, and for those who cannot see the bars their meaning in a sentence and a table."""
    page = archive.get("/topics/decoding")
    told = words(page.text)

    assert told.index("Speculative decoding, verified") < told.index("Drafting tokens")
    assert "2 papers in the last 12 weeks" in told
    assert 'role="img"' in page.text
    assert page.text.count("<rect") == 12
    assert "13 Nov to 19 Nov 2026" not in told or "50.0%" in told


def test_a_topic_can_be_read_to_its_end(site):
    """However many papers it gathered: every page that is linked is there."""
    for day in range(3):
        many = [Paper(f"26{day:02}.{number:05}", f"Paper {number}", "", ()) for number in range(700)]
        freeze(site.database, FRIDAY - timedelta(days=day), {"*Everything": many})

    page = site.get("/topics/everything?page=50")
    assert 'href="/topics/everything?page=51"' in page.text
    assert site.get("/topics/everything?page=51").status_code == 200
    assert 'rel="next"' not in site.get("/topics/everything?page=53").text
    assert [site.get(f"/topics/everything?page={number}").status_code for number in (54, 10_001, "051")] == [404] * 3


def test_topics_are_listed_those_named_by_the_editor_first(archive):
    """What is left over is no topic."""
    told = words(archive.get("/topics").text)

    assert told.index("Our Own Topic") < told.index("Decoding")
    assert "Other" not in told
    assert archive.get("/topics/other").status_code == 404


def test_search_marks_what_was_asked_for(archive):
    """The best first, with a way to subscribe to the question."""
    page = archive.get("/search?q=speculative+decoding")

    assert "<mark>Speculative decoding</mark>, verified" in page.text
    assert "/feeds/search.atom?q=speculative+decoding" in page.text
    assert "A sample" not in page.text
    assert page.headers["x-robots-tag"] == "noindex, follow"
    assert archive.get("/search?q=decoding&page=2").status_code == 404


def test_no_edition_yet_is_a_page_and_no_error(site):
    """Before the first day each door says so; a feed is not there yet."""
    for path in ("/", "/editions", "/topics", "/search"):
        assert site.get(path).status_code == 200
    assert "has not been composed yet" in words(site.get("/editions").text)
    assert site.get("/feeds/editions.atom").status_code == 404


def test_samples_are_shown_as_samples_until_there_are_live_papers(site):
    """They are marked while there is nothing else, and gone from every page with the first live edition."""
    freeze(site.database, FRIDAY, {"Decoding": [DECODING]}, sample=True)
    before = [site.get(path) for path in ("/", FRIDAY_PATH, "/papers/2611.00001", "/editions")]
    freeze(site.database, FRIDAY + timedelta(days=1), {"Crowds": [CROWD]})
    newer = Site(site.database)
    after = [newer.get(path).status_code for path in (FRIDAY_PATH, "/papers/2611.00001", "/topics/decoding")]

    assert all("Samples." in words(page.text) for page in before)
    assert after == [404, 404, 404]
    assert "Speculative" not in newer.get("/search?q=speculative").text.split("<main")[1].split("</form>")[1]


# ---- strangers -----------------------------------------------------------------------------------------------------


def test_no_text_of_strangers_is_markup_anywhere(archive):
    """Titles, names, labels and categories are text on every page, and a script link is none."""
    for path in (*EVERY_PAGE, "/search?q=script+alert", "/search?q=%3Cscript%3E%22onx%3D", "/editions/2026-11-19"):
        page = archive.get(path)
        found = Markup(page.text)
        assert {tag for tag, _ in found.found} & {"script", "img", "i", "u", "iframe"} <= {"i"}, path
        assert not any(name.startswith("on") for _, attrs in found.found for name in attrs), path
        assert not any(re.match(r"(?i)\s*(javascript|data):", one) for one in found.values("a", "href")), path
        assert "\u202e" not in page.text
        assert "\u200b" not in page.text
        assert "style=" not in page.text


def test_a_hostile_title_is_read_as_it_was_written(archive):
    """Its brackets are shown, its direction marks are gone, its TeX is readable, in words and in JSON."""
    path = f"/papers/{quote(HOSTILE_PAPER.key)}"
    title = '<script>alert(1)</script> & "quotes" gnirts α-decay'

    assert title in words(archive.get(path).text.replace("<h1", "<main>", 1)).replace("&#34;", '"') or (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quotes&#34; gnirts α-decay" in archive.get(path).text
    )
    told = archive.get(f"{path}.json")
    assert told.json()["title"] == title
    assert "<" not in told.text


@given(st.text(max_size=40), st.sampled_from(["papers", "topics", "editions", "feeds/topics", "sitemap", "digest"]))
@settings(max_examples=40)
def test_no_address_is_an_error(archive, text, room):
    """Whatever stands in an address: a page or a plain 404."""
    for path in (f"/{room}/{quote(text, safe='')}", f"/{room}/{quote(text, safe='')}.json"):
        assert archive.get(path).status_code in {200, 404}, path


@given(st.text(max_size=40), st.text(max_size=8))
@settings(max_examples=40)
def test_no_query_is_an_error(archive, text, page):
    """Whatever is asked for, on whatever page, of whatever year and day."""
    for path in ("search", "search.json", "feeds/search.atom", "topics/decoding", "editions"):
        query = f"q={quote(text)}&page={quote(page)}&year={quote(page)}" + (f"&day={quote(text)}" if page else "")
        assert archive.get(f"/{path}?{query}").status_code in {200, 303, 404}, path


# ---- for machines --------------------------------------------------------------------------------------------------


def test_every_page_says_what_it_is_to_whoever_links_to_it(archive):
    """Canonical address, description and Open Graph, with an address of a picture that is there."""
    for path in EVERY_PAGE:
        found = Markup(archive.get(path).text)
        said = {
            attrs["property"]: attrs["content"] for tag, attrs in found.found if tag == "meta" and "property" in attrs
        }
        assert said["og:url"].startswith(BASE + "/"), path
        assert said["og:title"], path
        assert said["og:description"], path
        assert said["og:type"] in {"article", "website"}
        assert archive.get(said["og:image"].removeprefix(BASE)).headers["content-type"] == "image/png", path
        assert [attrs["href"] for tag, attrs in found.found if attrs.get("rel") == "canonical"] == [said["og:url"]]
    paper = archive.get("/papers/2611.00001").text
    assert '<meta property="article:published_time" content="2026-11-20T06:00:00+00:00">' in paper


def test_every_page_has_its_json(archive):
    """The page names it, and it is JSON without a sign that markup begins with."""
    for path in EVERY_JSON:
        answer = archive.get(path)
        assert answer.headers["content-type"] == "application/json", path
        assert "<" not in answer.text
        assert json.loads(answer.text)
    edition = archive.get(f"{FRIDAY_PATH}.json").json()
    assert [topic["label"] for topic in edition["topics"]] == ["Our Own Topic", "Decoding"]
    assert edition["topics"][1]["papers"][0]["links"]["pdf"] == "https://arxiv.org/pdf/2611.00001"
    assert edition["before"] == f"{BASE}/editions/2026-11-19.json"
    paper = archive.get("/papers/2611.00001.json").json()
    assert paper["key_sentence"] == "We propose to draft tokens."
    assert (paper["edition"], paper["topic"]["label"]) == ("2026-11-20", "Decoding")


def test_links_within_the_archive_lead_somewhere(archive):
    """Every link of every page is a page."""
    found = {link for path in EVERY_PAGE for link in Markup(archive.get(path).text).values("a", "href")}
    found |= {link for path in EVERY_PAGE for link in Markup(archive.get(path).text).values("link", "href")}
    own = {link.removeprefix(BASE).partition("#")[0] for link in found if link.startswith((BASE, "/"))} - {""}

    assert {link: status for link in sorted(own) if (status := archive.get(link).status_code) != 200} == {}


def test_the_site_map_names_every_edition_topic_and_paper(archive):
    """The index leads to its parts, and they to pages that are there."""
    parts = re.findall(r"<loc>([^<]+)</loc>", archive.get("/sitemap.xml").text)
    found = [link for part in parts for link in re.findall(r"<loc>([^<]+)</loc>", archive.get(part[len(BASE) :]).text)]

    assert f"{BASE}{FRIDAY_PATH}" in found
    assert f"{BASE}/papers/math/0309136" in found
    assert f"{BASE}/topics/decoding" in found
    assert {archive.get(link.replace("&amp;", "&")[len(BASE) :]).status_code for link in found} == {200}
    assert "Sitemap: https://papers.example.org/sitemap.xml" in archive.get("/robots.txt").text


def test_a_page_can_be_kept_and_asked_for_again(archive):
    """A strong ETag, 304 by tag and by date, HEAD, gzip where it is taken, and nothing that concerns a reader."""
    for path in (*EVERY_PAGE, *EVERY_JSON, "/feeds/editions.atom", "/sitemap.xml"):
        first = archive.get(path, headers={"Accept-Encoding": "identity"})
        tag = first.headers["etag"]
        assert re.fullmatch(r'"[0-9a-f]{32}"', tag), path
        assert first.headers["cache-control"] == "public, max-age=300"
        assert "set-cookie" not in first.headers
        again = archive.get(path, headers={"Accept-Encoding": "identity", "If-None-Match": f'W/"x", {tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        head = archive.ask("HEAD", path, headers={"Accept-Encoding": "identity"})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(first.content))
        packed = archive.get(path, headers={"Accept-Encoding": "gzip"})
        assert packed.content == first.content
        assert packed.headers["etag"] != tag or "content-encoding" not in packed.headers
    assert "last-modified" not in archive.get("/papers/2611.00001").headers  # upvotes move with every listing
    at = archive.get(FRIDAY_PATH).headers["last-modified"]
    assert at == "Fri, 20 Nov 2026 06:00:00 GMT"
    assert archive.get(FRIDAY_PATH, headers={"If-Modified-Since": at}).status_code == 304
    assert archive.get(FRIDAY_PATH, headers={"If-Modified-Since": "Thu, 19 Nov 2026 06:00:00 GMT"}).status_code == 200
    assert archive.get(FRIDAY_PATH, headers={"If-Modified-Since": "soon"}).status_code == 200
