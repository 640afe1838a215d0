"""Pages that are kept: made once, thrown away with anything newer, never more than there is room for."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pytest

from subscribers.web.kept import Kept, Page, Shelf, Shortcut

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    """At some moment."""
    return Clock()


def sent(app, path="/a", query=b"", *, raw_path=None, **headers):
    """What an application sends: status, headers, body."""
    messages = []

    async def ask():
        async def send(message):
            messages.append(message)

        told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": told}
        if raw_path is not None:
            scope["raw_path"] = raw_path
        await app(scope, None, send)

    asyncio.run(ask())
    return messages[0]["status"], dict(messages[0]["headers"]), b"".join(one.get("body", b"") for one in messages)


def page(text="a page"):
    """A small page."""
    return Page(text.encode(), "text/html", AT)


def test_a_page_is_made_once(clock):
    """However often, and by however many at once, it is asked for."""
    made = Counter()
    shelf = Shelf(lambda: 1, tick=clock)

    def make():
        made["page"] += 1
        return page()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: shelf.page("/a", b"", make), range(40)))

    assert len(found) == 1
    assert made["page"] == 1
    assert shelf.find("/a", b"") in found
    assert shelf.find("/a", b"page=2") is None


def test_a_newer_edition_makes_every_page_anew(clock):
    """Within a second nobody asks; then one does, the others are answered meanwhile, and what is old is gone."""
    version, asked = [1], []
    shelf = Shelf(lambda: asked.append(1) or version[0], tick=clock)
    old = shelf.page("/a", b"", page)
    version[0] = 2

    assert shelf.find("/a", b"") is old
    clock.now += 1.5
    assert shelf.find("/a", b"") is None  # this one goes and asks
    assert shelf.find("/a", b"") is old  # the others do not wait for it
    new = shelf.page("/a", b"", lambda: page("new"))
    assert new is not old
    assert shelf.find("/a", b"") is new
    assert len(asked) == 2


def test_what_was_made_of_older_things_is_not_kept(clock):
    """An edition that is composed while a page is made: the page is given out, and made again next time."""
    version = [1]
    shelf = Shelf(lambda: version[0], tick=clock)

    def make():
        version[0] = 2
        clock.now += 5
        shelf.page("/b", b"", page)
        return page("old")

    shelf.page("/a", b"", make)

    assert shelf.find("/a", b"") is None
    assert shelf.find("/b", b"") is not None


def test_who_makes_a_page_and_who_asks_never_wait_for_each_other(clock):
    """A page that needs a value is made while somebody else finds a newer edition: both are answered."""
    version, begun, asked = [1], Event(), Event()
    shelf = Shelf(lambda: version[0], tick=clock)

    def slow():
        begun.set()
        assert asked.wait(20)
        return page(shelf.value("a value", b"", lambda: "of the page"))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shelf.page, "/a", b"", slow)
        assert begun.wait(20)
        version[0] = 2
        clock.now += 5
        second = pool.submit(shelf.page, "/b", b"", page)
        clock.now += 5
        asked.set()
        assert isinstance(first.result(20), Kept)
        assert isinstance(second.result(20), Kept)


def test_the_shelf_holds_those_used_last(clock):
    """There is room for so much; what nobody asked for goes first, and what is too large is not kept."""
    shelf = Shelf(lambda: 1, room=1_000, tick=clock)
    for name in "abc":
        shelf.page(name, b"", lambda: page("x" * 200))
    shelf.find("a", b"")
    shelf.page("d", b"", lambda: page("x" * 250))
    shelf.page("e", b"", lambda: page("x" * 250))
    shelf.page("huge", b"", lambda: page("x" * 900))

    assert [bool(shelf.find(name, b"")) for name in ("a", "b", "c", "d", "e", "huge")] == [
        True, False, True, True, True, False,
    ]  # fmt: skip


def test_a_kept_page_needs_no_framework(clock):
    """It is sent before anything else looks at the request; what is not kept goes on."""
    shelf = Shelf(lambda: 1, tick=clock)
    shelf.page("/a", b"", page)

    async def rest(scope, receive, send):
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    short = Shortcut(rest, shelf=shelf)

    assert sent(short)[2] == b"a page"
    assert sent(short, "/b")[0] == 299


def test_a_kept_page_is_found_by_its_address_as_it_was_asked_for(clock):
    """What is decoded twice is another address; and one with signs of its own is found before the framework, too."""
    shelf = Shelf(lambda: 1, tick=clock)
    shelf.page("/papers/title%3Aa%2Fb", b"", page)

    async def rest(scope, receive, send):
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    short = Shortcut(rest, shelf=shelf)

    assert sent(short, "/papers/title:a/b", raw_path=b"/papers/title%3Aa%2Fb")[2] == b"a page"
    assert sent(short, "/papers/title%3Aa%2Fb", raw_path=b"/papers/title%253Aa%252Fb")[0] == 299


@pytest.mark.parametrize(
    ("taken", "packed"),
    [
        ("gzip, br", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("br", False),
        ("", False),
    ],
)
def test_a_page_is_packed_for_those_who_take_it(taken, packed):
    """Each of both has its own ETag, and caches are told to tell them apart."""
    kept = Kept(page("word " * 1_000))
    _, plain, _ = sent(kept)

    _, headers, body = sent(kept, accept_encoding=taken)

    assert (headers.get(b"content-encoding") == b"gzip") is packed
    assert (headers[b"etag"] != plain[b"etag"]) is packed
    assert headers[b"vary"] == b"Accept-Encoding"
    assert int(headers[b"content-length"]) == len(body)


def test_a_small_page_is_not_packed():
    """It would not become smaller."""
    assert b"content-encoding" not in sent(Kept(page()), accept_encoding="gzip")[1]


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Fri, 20 Nov 2026 06:00:00 GMT", 304),
        ("Sat, 21 Nov 2026 06:00:00 GMT", 304),
        ("Fri, 20 Nov 2026 05:59:59 GMT", 200),
        ("yesterday", 200),
        ("Fri, 99 Nov 99999 99:99:99 GMT", 200),
    ],
)
def test_a_page_that_is_as_it_was_is_not_sent_again(since, status):
    """By date; where the browser has an ETag, that alone decides."""
    kept = Kept(page())

    assert sent(kept, if_modified_since=since)[0] == status
    assert sent(kept, if_modified_since=since, if_none_match='"other"')[0] == 200
