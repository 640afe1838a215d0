"""What is around every page: headers, files, "not modified", HEAD, who asks, and trouble in plain words."""

import asyncio
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.database import Database
from newsletter.settings import Settings
from subscribers.tokens import Purpose
from subscribers.web.app import create_app
from subscribers.web.frame import network_of, static_files
from tests.web.visiting import ADDRESS, BASE, Site, words

PRIVATE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
}
ALWAYS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@pytest.fixture
def known(site):
    """One active reader."""
    [reader] = site.subscribe(ADDRESS)
    return reader


def test_every_answer_says_what_a_browser_may_do_with_it(site, known):
    """Pages, files, errors and refusals alike; a policy under which nothing from elsewhere loads or runs."""
    paths = ["/", site.link(known), "/unsubscribe/x", "/nowhere", "/robots.txt", "/healthz", "/favicon.ico", "/%00"]
    answers = [site.ask(method, path) for path in paths for method in ("GET", "HEAD", "POST", "DELETE")]
    answers.append(site.post("/subscribe", headers={"Sec-Fetch-Site": "cross-site"}))

    for answer in answers:
        assert ALWAYS.items() <= answer.headers.items()
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers


def test_a_readers_page_is_for_them_alone(site, known):
    """Kept nowhere, indexed nowhere, and its address goes nowhere: also where it is an error."""
    for path in (site.link(known), "/unsubscribe/forged", "/confirm/forged", "/vote/forged/2611.00001", "/nowhere"):
        assert PRIVATE.items() <= site.get(path).headers.items()


def test_a_public_page_may_be_kept_and_costs_nothing_again(site):
    """Its ETag comes back as 304 without a body; another one gets the page."""
    first = site.get("/")
    tag = first.headers["etag"]
    again = site.get("/", headers={"If-None-Match": f'"other", {tag}'})
    other = site.get("/", headers={"If-None-Match": '"other"'})

    assert first.headers["cache-control"].startswith("public, max-age=")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in again.headers
    assert other.status_code == 200


def test_every_page_can_be_asked_about(site, known):
    """HEAD has the status and the headers of GET, the length too, and no body."""
    for path in ("/", site.link(known), "/robots.txt", "/healthz", "/nowhere", site.frame.static("site.css")):
        full, head = site.get(path), site.ask("HEAD", path)
        assert head.content == b""
        assert (head.status_code, head.headers) == (full.status_code, full.headers)


def test_without_https_there_is_no_promise_of_it(database):
    """A site tried out on this machine does not lock its browser into https."""
    answer = Site(database, Settings(site_url="http://localhost:8080")).get("/")

    assert "strict-transport-security" not in answer.headers


def test_files_are_kept_for_ever_under_an_address_that_changes_with_them(site):
    """A page's own files by their hash; yesterday's address gets today's file, for a short while."""
    page = site.get("/").text
    [sheet] = re.findall(r'href="(/static/[^"]+/site\.css)"', page)
    fresh, old = site.get(sheet), site.get("/static/0123456789abcdef/site.css")

    assert fresh.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert fresh.headers["content-type"].startswith("text/css")
    assert old.content == fresh.content
    assert "immutable" not in old.headers["cache-control"]


def test_every_file_is_our_own_and_loads_nothing(site):
    """No font, picture or sheet from elsewhere in any of them."""
    for name, file in static_files().items():
        if name.endswith((".css", ".js")):
            assert not re.search(rb"url\(|@import|https?://(?!www\.w3\.org/)", file.content), name


@pytest.mark.parametrize(
    "path",
    ["/static/x/..%2f..%2fsite_base.html", "/static/x/%2e%2e/site.css", "/static//etc/passwd", "/static/x/nothing.css"],
)
def test_no_path_leaves_the_folder_of_files(site, path):
    """Files are known by name; climbing finds nothing."""
    assert site.get(path).status_code == 404


def test_programs_are_told_where_not_to_look(site):
    """Private addresses are named to search engines as none of theirs."""
    assert "Disallow: /unsubscribe/" in site.get("/robots.txt").text.splitlines()


def test_health_asks_the_database(site, tmp_path):
    """ok where it answers; where it does not, 503 and when to try again."""
    ill = Database(f"sqlite:///{tmp_path}")  # a folder
    answer = Site(ill).get("/healthz")

    assert (site.get("/healthz").status_code, site.get("/healthz").text) == (200, "ok\n")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "120")


def test_a_database_without_its_tables_is_not_healthy(tmp_path):
    """Nothing was migrated yet, so no page can be shown: whoever watches must be told."""
    empty = Database(f"sqlite:///{tmp_path}/empty.db")
    answer = Site(empty).get("/healthz")
    empty.close()

    assert answer.status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/unsubscribe", 404),
        ("GET", "/unsubscribe/", 404),
        ("POST", "/", 405),
        ("DELETE", "/subscribe", 405),
        ("PATCH", "/unsubscribe/x", 405),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
    ],
)
def test_trouble_is_a_page_of_ours(site, method, path, status):
    """In the look of the site, with a sentence and a way forward; JSON where JSON was asked."""
    answer = site.ask(method, path)

    assert answer.status_code == status
    if path.endswith(".json"):
        assert set(answer.json()) == {"error"}
    else:
        assert "Morning Papers" in answer.text
        assert 'href="/"' in answer.text
    assert ("allow" in answer.headers) == (status == 405)


# ---- who posts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": BASE}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": f"{BASE}.evil.example"}, False),
    ],
)
def test_another_site_cannot_post_in_a_readers_name(site, headers, is_let_in):
    """Told by the browser; our own pages send no referrer, so that their Origin may be null."""
    before = site.rows()
    answer = site.post("/subscribe", {"address": "ada@example.org"}, headers=headers)

    assert answer.status_code == (200 if is_let_in else 403)
    assert (site.rows() == before) is not is_let_in


def test_one_click_is_posted_from_anywhere(site, known):
    """A mailbox provider's page may post it; the page's own buttons are the reader's alone."""
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}
    click = site.post(site.link(known), {"List-Unsubscribe": "One-Click"}, headers=foreign)
    back = site.post(f"{site.link(known)}/back", headers=foreign)

    assert click.status_code == 200
    assert back.status_code == 403
    assert site.known().subscription.state == "unsubscribed"


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", ""),
        ("203.0.113.77:4711", "203.0.113.0/24"),
        ("[2001:db8:1:2::3]:4711", "2001:db8:1:2::/64"),
        ("localhost", ""),
    ],
)
def test_a_network_is_a_household_or_an_office(host, network):
    """/24 of IPv4 and /64 of IPv6; what is no address has none."""
    assert network_of(host) == network


@given(st.text(max_size=60))
def test_whatever_a_proxy_says_of_who_asks(host):
    """Nothing a stranger can put into a header is more than a network or nothing."""
    assert re.fullmatch(r"[0-9a-f.:]+/(24|64)|", network_of(host))


# ---- what is posted --------------------------------------------------------------------------------------------------


def test_a_form_may_come_as_multipart(site):
    """Either encoding of a form is read."""
    site.post("/subscribe", files={"address": (None, "ada@example.org")})

    assert site.known("ada@example.org").subscription.state == "pending"


@pytest.mark.parametrize("size", [256 * 1024 + 1, 2_000_000])
@pytest.mark.parametrize("is_told", [True, False])
def test_a_form_that_is_too_long_is_refused(site, size, is_told):
    """413 in plain words, whether or not the length was announced; nothing changes."""
    body = b"address=ada@example.org&x=" + b"x" * size

    async def pieces():
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    before = site.rows()
    answer = site.ask("POST", "/subscribe", content=body if is_told else pieces())

    assert answer.status_code == 413
    assert "larger than any form of ours" in words(answer.text)
    assert site.rows() == before


def test_a_form_of_ten_thousand_fields_is_refused(site):
    """What would only cost time is not read."""
    assert site.ask("POST", "/subscribe", content=b"&a=1" * 10_000).status_code == 400


def test_who_hangs_up_is_not_answered_and_breaks_nothing(site, known):
    """The body ends early: no answer, no traceback, no change."""
    before = site.rows()
    scope = {"type": "http", "method": "POST", "path": "/subscribe", "query_string": b"", "headers": []}
    sent = []

    async def call():
        async def receive():
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await site.app(scope, receive, send)

    asyncio.run(call())
    assert sent == []
    assert site.rows() == before


def test_a_database_that_cannot_be_written_is_not_a_readers_fault(tmp_path):
    """503 on every page that needs it, with a sentence; the database's own words stay in the log."""
    site = Site(Database(f"sqlite:///{tmp_path / 'empty.db'}"))  # no tables
    for answer in (site.post("/subscribe", {"address": "ada@example.org"}), site.get("/unsubscribe/x")):
        assert answer.status_code in {503, 404}
        assert "sqlite" not in answer.text.lower()


def test_what_nobody_foresaw_is_a_page_too(database):
    """500 with the site's look and headers; what broke stands in the log and nowhere else."""

    def broken():
        raise RuntimeError("the clock is broken")

    site = Site(database)
    site.app = create_app(replace(site.frame, clock=broken))
    answer = site.post("/subscribe", {"address": "ada@example.org"})

    assert answer.status_code == 500
    assert "it has been noted" in answer.text
    assert "clock" not in answer.text
    assert ALWAYS.items() <= answer.headers.items()


def test_purposes_have_their_own_addresses(site, known):
    """A token for one page opens no other."""
    for purpose in Purpose:
        answer = site.get(f"/unsubscribe/{site.link(known, purpose).rpartition('/')[2]}")
        assert answer.status_code == (200 if purpose is Purpose.UNSUBSCRIBE else 404)
