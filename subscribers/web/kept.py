"""Pages that are alike for everybody: made once, kept as bytes, and given out before the framework reads a request.

An edition is frozen, so its page is the same until the next one stands beside it. What the shelf holds is thrown away
when the database has a newer edition or listing, which it is asked at most once a second.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from time import monotonic
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")

AGE = 300
"""Seconds for which a page may be shown without asking again."""

ROOM = 64 * 1024 * 1024
"""Bytes that are kept; a day of 500 papers takes 300,000, packed and plain."""

_EACH = 1.0  # seconds between two questions whether there is something new
_SMALL = 1_024  # bytes below which packing gains nothing
_VALUE = 24_000  # bytes that a value is counted with: six papers with their abstracts

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer with status 200 that anybody may see."""

    body: bytes
    kind: str  # its media type
    changed: datetime | None = None  # when what it shows changed last
    indexed: bool = True  # whether search engines may list it


class Kept(Response):
    """A page ready to be sent, plain and packed, as often as it is asked for."""

    def __init__(self, page: Page) -> None:
        """Write its headers; pack it if that is worth it."""
        super().__init__(page.body)
        self._changed = page.changed.replace(microsecond=0) if page.changed else None
        self._plain = _headers(page, page.body, b""), page.body
        self._packed: tuple[Headers, bytes] | None = None
        if len(page.body) >= _SMALL and not page.kind.startswith("image/png"):
            packed = gzip.compress(page.body, 6, mtime=0)
            self._packed = _headers(page, packed, b"gzip"), packed
        self.size = len(page.body) + (len(self._packed[1]) if self._packed else 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it, or that the reader has it already; the shell around all pages compares ETags."""
        taken, since, tagged = b"", b"", False
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                taken = value
            elif name == b"if-modified-since":
                since = value
            elif name == b"if-none-match":
                tagged = True
        headers, body = self._packed if self._packed is not None and _takes_gzip(taken) else self._plain
        status = 200
        if since and not tagged and self._is_unchanged(since):
            status, body = 304, b""
            headers = tuple(pair for pair in headers if pair[0] not in {b"content-length", b"content-type"})
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    def _is_unchanged(self, since: bytes) -> bool:
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            at = parsedate_to_datetime(since.decode("latin-1"))
            return self._changed is not None and self._changed <= (at if at.tzinfo else at.replace(tzinfo=UTC))
        return False


def _takes_gzip(header: bytes) -> bool:
    if b"gzip" not in header:
        return False
    return not any(
        one.strip().startswith(b"gzip") and one.replace(b" ", b"").rstrip(b"0.").endswith(b"q=")
        for one in header.split(b",")
    )


def _headers(page: Page, body: bytes, packed: bytes) -> Headers:
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    found = [
        ("Content-Type", page.kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", f"public, max-age={AGE}"),
        ("ETag", f'"{digest}"'),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Vary", "Accept-Encoding"),
        ("X-Robots-Tag", "all" if page.indexed else "noindex, follow"),
    ]
    if page.changed is not None:
        found.append(("Last-Modified", format_datetime(page.changed.astimezone(UTC), usegmt=True)))
    if packed:
        found.append(("Content-Encoding", packed.decode()))
    return tuple((name.lower().encode(), value.encode("latin-1")) for name, value in found)


class Shelf:
    """The pages that are kept, and values that pages are made from: those used last, while nothing is newer."""

    def __init__(
        self, version: Callable[[], Hashable], *, room: int = ROOM, tick: Callable[[], float] = monotonic
    ) -> None:
        """`version` says from the database what the pages are made of; it is asked in a thread of its own."""
        self._version, self._room, self._tick = version, room, tick
        self._held: OrderedDict[tuple[str, bytes], tuple[Any, int]] = OrderedDict()
        self._size = 0
        self._known: Hashable = None
        self._until = 0.0
        self._is_due = True
        # Whoever makes a page may ask and keep meanwhile, so those who ask or keep never wait for whoever makes one.
        self._making, self._asking, self._keeping = threading.RLock(), threading.Lock(), threading.Lock()

    def find(self, path: str, query: bytes) -> Kept | None:
        """A kept page, at once; None where it has to be made, or where somebody has to ask whether it still holds."""
        held = self._held.get((path, query))
        if held is None or not isinstance(held[0], Kept):
            return None
        now = self._tick()
        if now >= self._until:
            self._until, self._is_due = now + _EACH, True  # this one asks, the others need not wait
            return None
        with suppress(KeyError):
            self._held.move_to_end((path, query))
        return held[0]

    def page(self, path: str, query: bytes, make: Callable[[], Page]) -> Kept:
        """The page of an address, made once; one at a time, for to make it is work and no waiting."""
        return self.value(path, query, lambda: Kept(make()))

    def value(self, name: str, query: bytes, make: Callable[[], T]) -> T:
        """The same for anything that does not change before there is something newer."""
        version = self._ask()
        held = self._held.get((name, query))
        if held is None:
            with self._making:
                held = self._held.get((name, query))
                if held is None:
                    made = make()
                    held = made, made.size if isinstance(made, Kept) else _VALUE
                    self._keep((name, query), held, version)
        found: T = held[0]
        return found

    def _ask(self) -> Hashable:
        """What the pages are made of now, as known for at most a second; with anything newer the shelf is empty."""
        if self._is_due or self._tick() >= self._until:
            with self._asking:
                if self._is_due or self._tick() >= self._until:
                    now = self._version()
                    if now != self._known:
                        with self._keeping:
                            self._known, self._held, self._size = now, OrderedDict(), 0
                    self._is_due, self._until = False, self._tick() + _EACH
        return self._known

    def _keep(self, key: tuple[str, bytes], held: tuple[Any, int], version: Hashable) -> None:
        """Keep what was made of a version, if that still is the one, and there is room for it."""
        with self._keeping:
            if version != self._known or held[1] > self._room // 4:
                return
            self._held[key] = held
            self._size += held[1]
            while self._size > self._room:
                _, (_, size) = self._held.popitem(last=False)
                self._size -= size


class Shortcut:
    """The middleware that gives out kept pages."""

    def __init__(self, app: ASGIApp, *, shelf: Shelf) -> None:
        self.app, self.shelf = app, shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            # As it was asked for: decoded, `%252F` would be taken for the address of what holds a slash.
            raw: bytes | None = scope.get("raw_path")
            path = scope["path"] if raw is None else raw.decode("latin-1")
            kept = self.shelf.find(path, scope["query_string"])
            if kept is not None:
                await kept(scope, receive, send)
                return
        await self.app(scope, receive, send)
