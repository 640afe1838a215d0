"""The fetcher: polite, bounded, and honest."""

import asyncio
import gzip
import os
import zlib
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from newsletter.errors import SourceMalformed, SourceUnavailable
from newsletter.sources.http import Answer, Fetcher
from tests.sources.site import Pieces, Reply, Site

URL = "https://huggingface.co/api/daily_papers"
ARXIV = "https://rss.arxiv.org/rss/cs.CL"


def fetcher(site: Site, **options: Any) -> Fetcher:
    """A fetcher that does not make the tests wait."""
    return Fetcher(transport=site, **{"arxiv_pause": 0.0, "retry_pause": 0.0, **options})


def run(ask: Callable[[Fetcher], Coroutine[Any, Any, Any]], site: Site, **options: Any) -> Any:
    async def whole() -> Any:
        async with fetcher(site, **options) as ours:
            return await ask(ours)

    return asyncio.run(whole())


async def get(ours: Fetcher, url: str = URL) -> Answer:
    return await ours.get(url, source="huggingface", listing="daily")


def test_every_request_says_who_asks() -> None:
    """The User-Agent names Paperboy and the contact."""
    site = Site({URL: httpx.Response(200, content=b"[]")})
    assert run(get, site, contact="papers@example.org").body == b"[]"
    agent = site.requests[0].headers["user-agent"]
    assert "Paperboy" in agent
    assert "papers@example.org" in agent


@pytest.mark.parametrize("trouble", [httpx.Response(503), httpx.Response(429), httpx.ConnectError("no route")])
def test_a_passing_trouble_is_tried_again(trouble: Reply) -> None:
    """A busy server and a lost connection get a second request."""
    site = Site({URL: [trouble, httpx.Response(200, content=b"[]")]})
    assert run(get, site).status == 200
    assert len(site.requests) == 2


def test_retries_are_bounded_and_the_error_says_why() -> None:
    """After the last try the source is unavailable, with host and status in one sentence."""
    site = Site({URL: httpx.Response(503)})
    with pytest.raises(SourceUnavailable, match=r"huggingface \(daily\): huggingface\.co .* status 503") as caught:
        run(get, site, retries=2)
    assert len(site.requests) == 3
    assert (caught.value.source, caught.value.listing) == ("huggingface", "daily")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    """Asking again would not help, so it is not done."""
    site = Site({URL: httpx.Response(status)})
    with pytest.raises(SourceUnavailable, match=str(status)):
        run(get, site)
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "3600"},
        {"Retry-After": format_datetime(datetime(2100, 1, 1, tzinfo=UTC))},
        {"RateLimit": '"api";r=0;t=3600'},
    ],
)
def test_a_server_that_asks_for_an_hour_is_left_alone(headers: dict[str, str]) -> None:
    """Retry-After in seconds, as a date, or as a RateLimit reset: beyond our patience we stop at once."""
    site = Site({URL: httpx.Response(429, headers=headers)})
    with pytest.raises(SourceUnavailable, match="asks to wait"):
        run(get, site)
    assert len(site.requests) == 1


@pytest.mark.parametrize("asked", ["0", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_short_or_odd_wish_to_wait_is_no_obstacle(asked: str) -> None:
    """Zero seconds, nonsense and a date gone by lead to an ordinary retry."""
    site = Site({URL: [httpx.Response(429, headers={"Retry-After": asked}), httpx.Response(200, content=b"[]")]})
    assert run(get, site).status == 200


def test_a_status_the_caller_understands_is_an_answer() -> None:
    """400 means something to whoever accepts it."""
    site = Site({URL: httpx.Response(400, content=b"bad date")})
    answer = run(lambda ours: ours.get(URL, source="huggingface", listing="daily", accept=(200, 400)), site)
    assert (answer.status, answer.body) == (400, b"bad date")


def conditional(request: httpx.Request) -> httpx.Response:
    if request.headers.get("if-none-match") == '"owl-1"':
        return httpx.Response(304)
    return httpx.Response(
        200, content=b"[1]", headers={"ETag": '"owl-1"', "Last-Modified": "Wed, 05 Aug 2026 04:00:00 GMT"}
    )


def test_an_unchanged_list_comes_from_the_cache(tmp_path: Path) -> None:
    """ETag and Last-Modified are sent back, and 304 gives the body that was kept."""
    site = Site({URL: conditional})
    assert [run(get, site, cache_dir=tmp_path).body for _ in range(2)] == [b"[1]", b"[1]"]
    first, second = site.requests
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == '"owl-1"'
    assert second.headers["if-modified-since"] == "Wed, 05 Aug 2026 04:00:00 GMT"


def test_a_damaged_cache_is_asked_anew(tmp_path: Path) -> None:
    """A cached body that is not whole is never served."""
    site = Site({URL: conditional})
    run(get, site, cache_dir=tmp_path)
    (kept,) = (tmp_path / "http").glob("*.answer")
    kept.write_bytes(kept.read_bytes()[:-1])
    assert run(get, site, cache_dir=tmp_path).body == b"[1]"
    assert "if-none-match" not in site.requests[1].headers


def test_what_cannot_be_asked_conditionally_is_not_kept(tmp_path: Path) -> None:
    """Without a validator there is nothing to ask with, so nothing is stored."""
    run(get, Site({URL: httpx.Response(200, content=b"[]")}), cache_dir=tmp_path)
    assert list(tmp_path.rglob("*.answer")) == []


def test_old_answers_are_forgotten(tmp_path: Path) -> None:
    """An answer kept for more than a month is removed when a fetcher opens."""
    site = Site({URL: conditional})
    run(get, site, cache_dir=tmp_path)
    (kept,) = (tmp_path / "http").glob("*.answer")
    os.utime(kept, (0, 0))
    run(lambda ours: asyncio.sleep(0), site, cache_dir=tmp_path)
    assert not kept.exists()


def test_samples_are_never_cached(tmp_path: Path) -> None:
    """An invented answer must not come back as a real one."""
    site = Site({URL: conditional})
    site.sample = True  # type: ignore[attr-defined]
    run(get, site, cache_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def packed(pieces: list[bytes], packing: str = "gzip") -> Reply:
    return lambda request: httpx.Response(200, headers={"Content-Encoding": packing}, stream=Pieces(pieces))


def test_a_packed_answer_is_unpacked() -> None:
    """Gzip in many pieces comes out whole."""
    data = gzip.compress(b'["owl"]' * 1000)
    pieces = [data[start : start + 10] for start in range(0, len(data), 10)]
    assert run(get, Site({URL: packed(pieces)})).body == b'["owl"]' * 1000


def test_a_bomb_is_stopped_while_it_unpacks() -> None:
    """A megabyte of zeros in a kilobyte of gzip never grows beyond the cap, and is not asked for again."""
    site = Site({URL: packed([gzip.compress(b"\0" * 50_000_000)])})
    with pytest.raises(SourceMalformed, match="larger than 64 KB"):
        run(get, site, cap=64 * 1024)
    assert len(site.requests) == 1


def test_an_endless_answer_is_stopped_while_it_streams() -> None:
    """The cap holds for what is not packed, too."""

    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Pieces(b"x" * 1000 for _ in range(10**9)))

    with pytest.raises(SourceMalformed, match="larger than"):
        run(get, Site({URL: endless}), cap=10_000)


def test_a_packed_answer_that_breaks_off_is_tried_again() -> None:
    """Half of a gzip stream is a lost connection, not an answer."""
    data = gzip.compress(os.urandom(1000))
    site = Site({URL: [packed([data[:500]]), packed([data])]})
    assert len(run(get, site).body) == 1000


def test_an_answer_that_is_not_what_it_says_is_malformed() -> None:
    """Bytes that are not gzip, and packings nobody asked for."""
    with pytest.raises(SourceMalformed):
        run(get, Site({URL: packed([b"owl" * 100])}))
    with pytest.raises(SourceMalformed, match="packed as br"):
        run(get, Site({URL: packed([zlib.compress(b"owl")], "br")}))


def test_redirects_are_followed_but_not_for_ever() -> None:
    """One redirect leads on, a circle is an error."""
    site = Site(
        {
            URL: httpx.Response(302, headers={"Location": "/papers"}),
            "https://huggingface.co/papers": httpx.Response(200),
        }
    )
    assert run(get, site).url == "https://huggingface.co/papers"
    with pytest.raises(SourceMalformed, match="cannot be used"):
        run(get, Site({URL: httpx.Response(302, headers={"Location": URL})}))


class Hours:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def test_arxiv_is_asked_by_one_at_a_time_with_a_pause() -> None:
    """Over all its hosts: no two requests at once, and three seconds between one and the next; others do not wait."""
    hours = Hours()
    moments: list[float] = []
    busy = 0

    class Slow(Site):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal busy
            busy += 1
            assert busy == 1
            moments.append(hours.now)
            await asyncio.sleep(0)
            busy -= 1
            return httpx.Response(200, content=b"")

    async def ask(ours: Fetcher) -> None:
        hosts = ("rss.arxiv.org", "export.arxiv.org", "arxiv.org", "rss.arxiv.org")
        await asyncio.gather(*(get(ours, f"https://{host}/x") for host in hosts))
        await get(ours)

    run(ask, Slow(), arxiv_pause=3.0, clock=hours, sleep=hours.sleep)
    assert [moment - moments[0] for moment in moments] == [0, 3, 6, 9, 9]


def test_a_host_out_of_reach_is_not_waited_for_again_and_again() -> None:
    """The first address of a host gets all its tries, the others one each, until it answers; arXiv needs no pause then."""
    hours = Hours()
    site = Site({ARXIV: [httpx.ConnectError("no route")] * 5 + [httpx.Response(503)] * 2 + [httpx.Response(200)]})

    async def ask(ours: Fetcher) -> None:
        for tries in (3, 1, 1, 1):
            before = len(site.requests)
            with pytest.raises(SourceUnavailable):
                await get(ours, ARXIV)
            assert len(site.requests) - before == tries
        assert hours.now == 1_000_000.0
        assert (await get(ours, ARXIV)).status == 200

    run(ask, site, retries=2, arxiv_pause=0.0, clock=hours, sleep=hours.sleep)


def test_retries_wait_longer_each_time_and_as_long_as_asked() -> None:
    """The pause doubles with jitter of a half each way, and Retry-After is honoured where it is longer."""
    hours = Hours()
    site = Site(
        {
            URL: [
                httpx.Response(503),
                httpx.Response(503),
                httpx.Response(429, headers={"Retry-After": "40"}),
                httpx.Response(200),
            ]
        }
    )
    run(get, site, retry_pause=1.0, clock=hours, sleep=hours.sleep)
    first, second, third = hours.slept
    assert 0.5 <= first <= 1.5
    assert 1.0 <= second <= 3.0
    assert third == 40.0


def test_the_pause_holds_between_processes(tmp_path: Path) -> None:
    """Two fetchers that share a cache folder share arXiv's pause; a clock from the future cannot hang them."""
    site = Site({ARXIV: httpx.Response(200, content=b"")})
    run(lambda ours: get(ours, ARXIV), site, cache_dir=tmp_path)
    note = tmp_path / "http" / "arxiv.last"
    assert float(note.read_text()) > 0
    for written in ("99999999999", "owl"):
        note.write_text(written)
        run(lambda ours: get(ours, ARXIV), site, cache_dir=tmp_path, arxiv_pause=0.01)
    assert len(site.requests) == 3


def test_what_is_not_understood_is_kept_for_the_operator(tmp_path: Path) -> None:
    """The payload is written down byte for byte, once, and the error names the file."""

    async def ask(ours: Fetcher) -> None:
        answer = await get(ours)
        with ours.understanding(answer, source="huggingface", listing="daily 2026-08-05"):
            raise SourceMalformed("the answer is not JSON", source="huggingface")

    site = Site({URL: httpx.Response(200, content=b"owl")})
    for _ in range(2):
        with pytest.raises(
            SourceMalformed, match=r"huggingface \(daily 2026-08-05\): the answer is not JSON; .* kept in"
        ) as caught:
            run(ask, site, payload_dir=tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == b"owl"
    assert caught.value.payload == kept
    assert str(kept) in str(caught.value)
