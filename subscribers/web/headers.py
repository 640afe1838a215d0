"""Around every answer: what a browser may do with it, HEAD, "not modified", and no answer without a page."""

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("subscribers.site")

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of our pages: nothing runs or loads that is not our own file."""

DIGEST_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""That of a mail shown in the browser: its styles stand in it, and nothing runs."""

_ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",  # the address of a private page is the reader's key
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""What an answer says that does not say otherwise: it is private."""

_HSTS = "max-age=31536000"
_OWN = frozenset({b"same-origin", b"none"})  # of Sec-Fetch-Site: our own page, or the reader's own doing
_ONE_CLICK = "/unsubscribe/"  # posted by mailbox providers, from wherever they are


class Shell:
    """The middleware that does it; `trouble` makes the page for a status and a path."""

    def __init__(self, app: ASGIApp, *, base: str, trouble: Callable[[int, str], Response]) -> None:
        self.app = app
        self.trouble = trouble
        parts = urlsplit(base)
        self.origin = f"{parts.scheme}://{parts.netloc}".encode()
        always = _ALWAYS | ({"Strict-Transport-Security": _HSTS} if parts.scheme == "https" else {})
        self.always = tuple((name.lower().encode(), value.encode()) for name, value in always.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(self, scope, send)
        path: str = scope["path"]
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # a page that can be had can be asked about
        try:
            if "\0" in path or b"%00" in scope["query_string"]:
                await self.trouble(404, path)(scope, receive, answer.send)  # no database keeps a NUL
            elif scope["method"] == "POST" and self._is_foreign(scope):
                await self.trouble(403, path)(scope, receive, answer.send)
            else:
                await self.app(scope, receive, answer.send)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except Exception:
            log.exception("site.failed")
            if answer.begun:
                raise
            await self.trouble(500, path)(scope, receive, answer.send)

    def _is_foreign(self, scope: Scope) -> bool:
        """Whether another site posts in a reader's name. Our pages send no referrer, so their Origin may be `null`."""
        path: str = scope["path"]
        if path.startswith(_ONE_CLICK) and path.count("/") == 2:
            return False
        headers = dict(scope["headers"])
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin", b"null")
        if site is not None:
            return site not in _OWN
        own = (self.origin, b"http://" + headers.get(b"host", b""), b"https://" + headers.get(b"host", b""))
        return origin != b"null" and origin not in own


class _Answer:
    """One answer on its way out."""

    __slots__ = ("asked", "begun", "head", "out", "shell", "silent")

    def __init__(self, shell: Shell, scope: Scope, send: Send) -> None:
        self.shell, self.out = shell, send
        self.head = scope["method"] == "HEAD"
        self.asked = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
        self.begun = False
        self.silent = self.head

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            message = self._begin(message)
        elif self.silent:
            message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
        await self.out(message)

    def _begin(self, message: Message) -> Message:
        headers = list(message.get("headers", ()))
        said = {name for name, _ in headers}
        headers += [pair for pair in self.shell.always if pair[0] not in said]
        status = message["status"]
        if status == 200 and self.asked and b"etag" in said and self._has(dict(headers)[b"etag"]):
            status, self.silent = 304, True
            headers = [pair for pair in headers if pair[0] not in {b"content-length", b"content-type"}]
        return {**message, "status": status, "headers": headers}

    def _has(self, tag: bytes) -> bool:
        """Whether the browser has what we would send: weak comparison, as for GET."""
        known = {one.strip().removeprefix(b"W/") for one in self.asked.split(b",")}
        return b"*" in known or tag.removeprefix(b"W/") in known
