"""Polite HTTP for the sources: conditional, bounded, retried, paced, and honest about who asks."""

import asyncio
import hashlib
import json
import os
import random
import re
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from newsletter.errors import SourceMalformed, SourceUnavailable

_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = 5
_CACHE_DAYS = 30
_RESET = re.compile(r"\bt=(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered, whole and unpacked."""

    url: str  # after redirects
    status: int
    body: bytes


class _Refused(Exception):
    """The answer is too large, or packed in a way that was not asked for."""


class Fetcher:
    """An HTTP client that sources may not complain about; use it as an async context manager.

    Pauses are in seconds. `sample` says that the transport serves the sample listings: nothing is paced or cached then,
    so that no invented answer is ever taken for a real one.
    """

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        cache_dir: Path | None = None,
        payload_dir: Path | None = None,
        contact: str = "",
        arxiv_pause: float = 3.0,
        retry_pause: float = 1.0,
        longest_wait: float = 60.0,
        retries: int = 3,
        timeout: float = 30.0,
        deadline: float = 120.0,
        cap: int = 32 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.sample = bool(getattr(transport, "sample", False))
        self._cache_dir = None if self.sample or cache_dir is None else cache_dir / "http"
        self._payload_dir = payload_dir
        self._arxiv_pause = arxiv_pause
        self._retry_pause = retry_pause
        self._longest_wait = longest_wait
        self._retries = retries
        self._deadline = deadline
        self._cap = cap
        self._clock = clock
        self._sleep = sleep
        self._arxiv_turn = asyncio.Lock()
        self._arxiv_last = 0.0
        self._unreachable: set[str] = set()
        reach = f"; {contact}" if contact else ""
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            # Only gzip: it is unpacked here, piece by piece, against the cap.
            headers={"User-Agent": f"Paperboy/0.1 (daily research digest{reach})", "Accept-Encoding": "gzip"},
        )

    async def __aenter__(self) -> Self:
        self._forget_old_answers()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    # ---- asking ----------------------------------------------------------------------------------------------------

    async def get(self, url: str, *, source: str, listing: str, accept: Collection[int] = (200,)) -> Answer:
        """The answer to a GET, from the cache where the server says it still holds.

        Raises:
            SourceUnavailable: no answer after the retries, or a status outside `accept`.
            SourceMalformed: the answer is too large or wrongly packed.

        """
        who = f"{source} ({listing})"
        trouble = ""
        host = httpx.URL(url).host
        # A host that could not be reached a moment ago gets one more try, not all of them again.
        retries = 0 if host in self._unreachable else self._retries
        for attempt in range(retries + 1):
            wait = self._retry_pause * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - jitter guards no secret
            try:
                answer, headers = await self._once(url)
            except (httpx.TransportError, TimeoutError) as error:
                if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    self._unreachable.add(host)
                trouble = str(error) or type(error).__name__
            except (_Refused, httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
                raise SourceMalformed(
                    f"{who}: the answer cannot be used: {error}", source=source, listing=listing
                ) from error
            else:
                self._unreachable.discard(host)
                if answer.status in accept:
                    return answer
                trouble, asked = self._refusal(answer.status, headers)
                if asked is None:
                    break
                wait = max(wait, asked)
            if attempt < retries:
                await self._sleep(min(wait, self._longest_wait))
        raise SourceUnavailable(
            f"{who}: {host} did not give the list: {trouble}; the next run tries again",
            source=source,
            listing=listing,
        )

    def _refusal(self, status: int, headers: httpx.Headers) -> tuple[str, float | None]:
        """What a status means in words, and the seconds to wait before another try; None: no other try."""
        asked = _wait_asked(headers, self._clock()) or 0.0
        if status not in _RETRY:
            return f"status {status}", None
        if asked > self._longest_wait:
            return f"status {status}, and it asks to wait {asked:.0f} s", None
        return f"status {status}", asked

    async def _once(self, url: str) -> tuple[Answer, httpx.Headers]:
        kept = self._recall(url)
        conditions = kept.conditions if kept else {}
        async with (
            asyncio.timeout(self._deadline),
            self._turn(httpx.URL(url).host),
            self._client.stream("GET", url, headers=conditions) as response,
        ):
            if response.status_code == httpx.codes.NOT_MODIFIED and kept:
                return Answer(str(response.url), 200, kept.body), response.headers
            body = await self._read(response)
        if response.status_code == httpx.codes.OK:
            self._remember(url, response.headers, body)
        return Answer(str(response.url), response.status_code, body), response.headers

    async def _read(self, response: httpx.Response) -> bytes:
        """The body, never more than the cap of it, however small it was packed."""
        if response.is_stream_consumed:  # a transport without a network hands over what it holds
            return response.content
        packing = response.headers.get("content-encoding", "identity").strip().lower()
        if packing not in {"identity", "", "gzip", "x-gzip"}:
            raise _Refused(f"the answer is packed as {packing}, which was not asked for")
        unpack = zlib.decompressobj(wbits=31) if packing in {"gzip", "x-gzip"} else None
        body = bytearray()
        async for piece in response.aiter_raw():
            body += unpack.decompress(piece, self._cap + 1 - len(body)) if unpack else piece
            if len(body) > self._cap:
                raise _Refused(f"the answer is larger than {self._cap // 1024} KB")
        if unpack and not unpack.eof:
            raise httpx.RemoteProtocolError("the packed answer breaks off")
        return bytes(body)

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """The terms of arXiv: one connection, one request per three seconds, over all hosts and processes."""
        if self.sample or not (host == "arxiv.org" or host.endswith(".arxiv.org")):
            yield
            return
        async with self._arxiv_turn:
            since = self._clock() - max(self._arxiv_last, self._last_of_any_process())
            # A clock set back must not hang us: never wait longer than one pause.
            if since < self._arxiv_pause:
                await self._sleep(min(self._arxiv_pause - since, self._arxiv_pause))
            before, self._arxiv_last = self._arxiv_last, self._clock()
            self._tell_other_processes()
            try:
                yield
            except (httpx.ConnectError, httpx.ConnectTimeout):
                self._arxiv_last = before  # nothing was asked
                self._tell_other_processes()
                raise

    def _last_of_any_process(self) -> float:
        try:
            return float((self._cache_dir / "arxiv.last").read_text()) if self._cache_dir else 0.0
        except (OSError, ValueError):
            return 0.0

    def _tell_other_processes(self) -> None:
        if self._cache_dir:
            _write(self._cache_dir / "arxiv.last", str(self._arxiv_last).encode())

    # ---- the cache -------------------------------------------------------------------------------------------------

    def _recall(self, url: str) -> "_Kept | None":
        if self._cache_dir is None:
            return None
        try:
            head, _, body = _place(self._cache_dir, url).read_bytes().partition(b"\n")
            facts = json.loads(head)
            if facts["url"] != url or facts["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            return _Kept({str(key): str(value) for key, value in facts["conditions"].items()}, body)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # not there, or not whole: ask without conditions

    def _remember(self, url: str, headers: httpx.Headers, body: bytes) -> None:
        conditions = {}
        if "etag" in headers:
            conditions["If-None-Match"] = headers["etag"]
        if "last-modified" in headers:
            conditions["If-Modified-Since"] = headers["last-modified"]
        if self._cache_dir is None or not conditions:
            return
        facts = {"url": url, "sha256": hashlib.sha256(body).hexdigest(), "conditions": conditions}
        _write(_place(self._cache_dir, url), json.dumps(facts).encode() + b"\n" + body)

    def _forget_old_answers(self) -> None:
        if self._cache_dir is None:
            return
        oldest = self._clock() - _CACHE_DAYS * 86_400
        for path in self._cache_dir.glob("*.answer"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    # ---- what could not be understood ------------------------------------------------------------------------------

    @contextmanager
    def understanding(self, answer: Answer, *, source: str, listing: str) -> Iterator[None]:
        """Around a parser: what it cannot understand is kept on disk for the operator, and the error says where."""
        try:
            yield
        except SourceMalformed as error:
            path = self._keep(answer.body, source, listing)
            kept = f"; the answer is kept in {path}" if path else ""
            raise SourceMalformed(
                f"{source} ({listing}): {error}{kept}", source=source, listing=listing, payload=path
            ) from error

    def _keep(self, body: bytes, source: str, listing: str) -> Path | None:
        if self._payload_dir is None:
            return None
        name = re.sub(r"[^\w.-]+", "-", f"{source}-{listing}")[:80]
        path = self._payload_dir / f"{name}-{hashlib.sha256(body).hexdigest()[:12]}.bin"
        _write(path, body)
        return path


@dataclass(frozen=True, slots=True)
class _Kept:
    conditions: dict[str, str]
    body: bytes


def _place(folder: Path, url: str) -> Path:
    return folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.answer"


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: a reader never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _wait_asked(headers: httpx.Headers, now: float) -> float | None:
    """Seconds a server asks us to wait: Retry-After in seconds or as a date, or the reset of a RateLimit header."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    if asked:
        try:
            when = parsedate_to_datetime(asked)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.fromtimestamp(now, UTC)).total_seconds())
    reset = _RESET.search(headers.get("ratelimit", ""))
    return float(reset[1]) if reset else None
