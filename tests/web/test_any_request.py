"""Every route, and whatever a stranger may send to it: no answer is a failure of ours, and looking changes nothing."""

import re
import string
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from newsletter.database import Database
from newsletter.models import Topic
from newsletter.queries.editions import save
from subscribers import tokens
from subscribers.tokens import Purpose
from subscribers.web.frame import FOLDER
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper
from tests.web.visiting import KEYS, NOW, Site

READERS = 40
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
NASTY = (
    "",
    "x",
    ".",
    "..",
    "0",
    "-1",
    "9" * 30,
    "2026-11-20",
    "2026-11-20.json",
    "9999-12-31",
    "0001-01-01",
    "2026-13-45",
    "2611.00001",
    "2611.00001.json",
    "efficient-inference",
    "editions.atom",
    "a/b",
    "a%2Fb",
    "../../etc/passwd",
    "\0",
    "\r\nSet-Cookie: x=1",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "'\"; DROP TABLE subscribers; --",
    "\u202e\ufffe\U0010ffff",
    "é" * 200,
    "x" * 5_000,
)
FIELDS = sorted(
    {name for page in FOLDER.glob("*.html") for name in re.findall(r'\bname="([\w-]+)"', page.read_text())}
    | {"List-Unsubscribe", "q", "page", "day", "year", "from"}
)
SAFE = string.ascii_letters + string.digits


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request, tmp_path_factory):
    """A site with an edition and many readers, so that one who is erased on the way is not missed."""
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder / 'paperboy.db'}"
    if request.param == "postgresql":
        server = Database(request.getfixturevalue("postgresql_url"))
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE any_request"))
        url = server.engine.url.set(database="any_request").render_as_string(hide_password=False)
        server.close()
    database = Database(url)
    database.migrate()
    made = Site(database)
    made.subscribe(*(f"reader{number}@example.org" for number in range(READERS)))
    newsroom = Newsroom(database, made.settings.model_copy(update={"data_dir": folder}))
    odd = replace(
        paper(9), key="title:an old one / with <b>", arxiv_id=None, title="An old one / with <b>", abstract=""
    )
    papers = [paper(1), paper(5), odd]
    newsroom.collect(capture(*papers))
    groups = [
        Topic("sd", "Efficient inference", ("decoding",), (papers[0].key, papers[1].key)),
        Topic("other", "Other", (), (odd.key,), "other"),
    ]
    with database.begin() as tx:
        save(
            tx, day=FRIDAY, members=papers, topics=groups, remarks=("arXiv was partial",), sample=False, now=at(FRIDAY)
        )
    made.keys = [one.key for one in papers]
    made.readers = [made.known(f"reader{number}@example.org").token for number in range(READERS)]
    yield made
    database.close()


def signed(site, reader):
    """Every kind of link a reader has."""
    token = site.readers[reader]
    plain = (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.CONFIRM)
    found = [tokens.sign(purpose, token, keys=KEYS) for purpose in plain]
    found += [tokens.sign_digest(purpose, token, 1, keys=KEYS) for purpose in (Purpose.VOTES, Purpose.DIGEST)]
    found += [tokens.sign_digest(Purpose.DIGEST, token, 10**25, keys=KEYS)]
    found += [tokens.sign_confirm(token, 1, keys=KEYS, now=NOW), tokens.sign_confirm(token, 10**25, keys=KEYS, now=NOW)]
    return found


def paths(site):
    """The address of every route, those of every page module."""
    found = {route.path for route in site.app.routes}
    assert {"/", "/subscribe", "/unsubscribe/{signed}", "/vote/{signed}/{key:path}", "/search"} <= found
    return sorted(found)


def filled(path, values):
    """A route's address with its places filled in, in turn, escaped as a browser would."""
    chosen = iter(values)
    return re.sub(r"\{[^}]*\}", lambda _place: quote(next(chosen), safe=""), path)


def check(answer):
    """No failure of ours, every answer with its headers, and nothing of a stranger's in them."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in answer.headers
    assert "set-cookie" not in answer.headers
    assert "Traceback" not in answer.text
    assert "<script>alert" not in answer.text
    assert not (300 <= answer.status_code < 400) or answer.headers.get("location", "/").startswith(("/", site_base()))


def site_base():
    return "https://papers.example.org/"


def test_nasty_values_in_every_place_of_every_address(site):
    """Each route by the methods it knows, with each nasty value, bare and behind a good link."""
    good = tokens.sign_digest(Purpose.VOTES, site.readers[0], 1, keys=KEYS)
    paths(site)
    for route in site.app.routes:
        places = route.path.count("{")
        for value in NASTY if places else NASTY[:1]:
            for first in {value, good} if places > 1 else {value}:
                for method in sorted(route.methods - {"HEAD"}):
                    check(site.ask(method, filled(route.path, [first, value, value])))


def test_no_address_knows_a_method_that_it_does_not_say(site):
    """405 with the methods there are, and nothing happens."""
    known = {
        path: {m for route in site.app.routes if route.path == path for m in route.methods} for path in paths(site)
    }
    before = site.rows()
    for path, methods in known.items():
        for method in sorted({*METHODS} - methods - {"HEAD"}):
            answer = site.ask(method, filled(path, ["x", "x", "x"]))
            check(answer)
            assert answer.status_code in {404, 405}
    assert site.rows() == before


def test_good_links_on_every_route_by_every_method(site):
    """A link for another page is a plain page too; HEAD and GET change nothing, whatever the link."""
    before = site.rows()
    for path in paths(site):
        for link in signed(site, 1) if "{" in path else [""]:
            for key in site.keys if path.count("{") > 1 else site.keys[:1]:
                check(site.ask("GET", filled(path, [link, key, key])))
            check(site.ask("HEAD", filled(path, [link, site.keys[0], site.keys[0]])))
    assert site.rows() == before


values = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.sampled_from(["on", "1", "daily", "more", "topic"]))
queries = st.lists(st.tuples(st.sampled_from(FIELDS), values), max_size=6)
headers = st.dictionaries(
    st.sampled_from(
        [
            "Content-Type",
            "Accept-Encoding",
            "If-None-Match",
            "If-Modified-Since",
            "Range",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "Forwarded",
            "Origin",
            "Referer",
            "Cookie",
            "Expect",
            "X-HTTP-Method-Override",
        ]
    ),
    st.one_of(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
        st.sampled_from(
            ["*", "gzip;q=0", "bytes=0-1", "null", "multipart/form-data", "multipart/form-data; boundary=x"]
        ),
        st.sampled_from(["application/json", "Thu, 99 Foo 2026", "text/html; charset=\xff"]),
    ),
    max_size=3,
)
bodies = st.one_of(
    queries.map(lambda pairs: urlencode([(k, v.encode("utf-8", "replace")) for k, v in pairs]).encode()),
    st.binary(max_size=300),
    st.lists(st.tuples(st.sampled_from(FIELDS), values), max_size=5).map(
        lambda pairs: (
            b"".join(
                f'--x\r\nContent-Disposition: form-data; name="{k}"{"; filename=f" if len(v) % 2 else ""}\r\n\r\n'.encode()
                + v.encode("utf-8", "replace")
                + b"\r\n"
                for k, v in pairs
            )
            + b"--x--\r\n"
        )
    ),
)


@settings(max_examples=150)
@given(data=st.data())
def test_no_request_whatever_is_a_failure_of_ours(site, data):
    """Methods, addresses, queries, bodies and headers drawn at random, most of them before a page that knows them."""
    reader = data.draw(st.integers(0, READERS - 1))
    place = st.one_of(st.sampled_from(signed(site, reader)), st.sampled_from(site.keys), values)
    path = filled(data.draw(st.sampled_from(paths(site))), [data.draw(place) for _ in range(3)])
    query = urlencode([(k, v.encode("utf-8", "replace")) for k, v in data.draw(queries)])
    method = data.draw(st.sampled_from(("GET", "POST", "POST", *METHODS)))
    sent = {"Content-Type": "application/x-www-form-urlencoded"} | {
        name: value.encode("latin-1") for name, value in data.draw(headers).items()
    }
    body = data.draw(bodies) if method not in {"GET", "HEAD"} else b""
    client = data.draw(st.sampled_from(["203.0.113.7", "2001:db8::1", "", "unknown"]))

    check(site.ask(method, f"{path}?{query}" if query else path, headers=sent, content=body, client=client))
