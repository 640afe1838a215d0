"""The readers' site: the page behind the unsubscribe link, one click by RFC 8058; no cookie, log-in or redirect."""

import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Request
from fastapi import Path as FromPath
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from newsletter.database import Database
from newsletter.errors import ConfigurationError, LinkError
from newsletter.reports import masked
from subscribers import queries, service, tokens
from subscribers.models import KnownSubscriber, SubscriptionState
from subscribers.tokens import Purpose

log = logging.getLogger("subscribers.site")

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "web"
HOST = "127.0.0.1"

_MOST_BODY = 4_096  # bytes of a form that are looked at; a one-click form has about thirty
_ONE_CLICK = b"List-Unsubscribe"  # the form's only field, url-encoded or multipart (RFC 8058, 3.2)

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address of the page is the reader's key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

Signed = Annotated[str, FromPath(description="A subscriber's token, signed for unsubscribing.")]


@cache
def templates() -> Environment:
    """The site's templates; a misspelt name is an error, not a blank."""
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


@dataclass(frozen=True, slots=True)
class _Site:
    """What the pages need."""

    database: Database
    keys: Sequence[str]
    list_name: str
    clock: Callable[[], datetime]

    def page(self, name: str, status: int = 200, **values: object) -> HTMLResponse:
        html = templates().get_template(name).render(list_name=self.list_name, **values)
        return HTMLResponse(html, status_code=status, headers=_HEADERS)

    def token(self, signed: str) -> str:
        return tokens.read(Purpose.UNSUBSCRIBE, signed, keys=self.keys)

    def find(self, signed: str) -> KnownSubscriber | None:
        with self.database.begin() as tx:
            return queries.by_token(tx, self.token(signed))

    def ask(self, signed: str) -> Response:
        """The page with the button; changes nothing, for link scanners open every address in a mail."""
        known = self.find(signed)
        if known is None or known.subscription.state is SubscriptionState.UNSUBSCRIBED:
            return self.page("unsubscribe_done.html", address="")
        return self.page("unsubscribe.html", address=masked(known.subscriber.address))

    def end(self, signed: str, how: str) -> Response:
        """Unsubscribed, as often as one likes; a reader who is gone from the database gets no more mail either."""
        known = service.unsubscribe(self.database, self.token(signed), now=self.clock(), how=how)
        log.info("site.unsubscribed", extra={"how": how, "subscriber": known.id if known else None})
        return self.page("unsubscribe_done.html", address=masked(known.subscriber.address) if known else "")


def create_app(database: Database, *, keys: Sequence[str], list_name: str, clock: Callable[[], datetime]) -> FastAPI:
    """The site over a database; `keys` are those that sign links, the last one first in use."""
    site = _Site(database, tuple(keys), list_name, clock)
    # No docs pages: they load scripts from elsewhere.
    app = FastAPI(title=list_name, docs_url=None, redoc_url=None, openapi_url=None)
    _answer_errors(app, site)

    @app.api_route("/unsubscribe/{signed}", methods=["GET", "HEAD"])
    def ask(signed: Signed) -> Response:
        return site.ask(signed)

    @app.post("/unsubscribe/{signed}")
    async def end(signed: Signed, request: Request) -> Response:
        form = await _beginning(request)
        return await run_in_threadpool(site.end, signed, "one-click" if _ONE_CLICK in form else "page")

    return app


async def _beginning(request: Request) -> bytes:
    """The first bytes of a body; whoever sends more is not waited for."""
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) >= _MOST_BODY:
            break
    return found[:_MOST_BODY]


def _answer_errors(app: FastAPI, site: _Site) -> None:
    """Readers see a plain sentence and a way forward, never a traceback."""

    async def bad_link(_request: Request, _error: Exception) -> Response:
        return site.page("unsubscribe_broken.html", status=404)

    async def not_now(_request: Request, error: Exception) -> Response:
        # 503, so that a mailbox provider that posts on a reader's behalf tries again.
        log.error("site.database_failed", exc_info=error)
        return site.page("unsubscribe_later.html", status=503)

    async def no_page(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return site.page("unsubscribe_broken.html", status=status)

    handlers: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        LinkError: bad_link,
        DBAPIError: not_now,
        HTTPException: no_page,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def serve(app: FastAPI, *, port: int) -> None:
    """Serve on this machine only until Ctrl-C; addresses are not logged, for each is a reader's key.

    Raises:
        ConfigurationError: the port is taken.

    """
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    with socket.socket() as listener, suppress(KeyboardInterrupt):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except OSError as error:
            raise ConfigurationError(
                f"readers' site (port {port}): it cannot be opened: {error.strerror}; "
                "end what uses the port, or set PAPERBOY_SITE_PORT to another one"
            ) from error
        uvicorn.Server(config).run(sockets=[listener])
