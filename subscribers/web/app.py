"""The readers' site: its pages put together, and served."""

import socket
from contextlib import suppress
from functools import partial
from types import ModuleType

import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import text

from newsletter.errors import ConfigurationError
from subscribers.web import archive, choosing, confirming, errors, leaving, mine, signing_up, voting
from subscribers.web.frame import Frame, static_files
from subscribers.web.headers import Shell

HOST = "127.0.0.1"
PAGES: tuple[ModuleType, ...] = (leaving, signing_up, confirming, voting, choosing, mine)
"""The page modules; each has `router(frame)`. Of two that know an address the first one answers."""

_PRIVATE = ("/confirm/", "/digest/", "/preferences/", "/unsubscribe/", "/vote/")


def create_app(frame: Frame) -> FastAPI:
    """The site over a database."""
    # No docs pages: they load scripts from elsewhere. No redirects: they would be made from what the browser says.
    app = FastAPI(
        title=frame.settings.list_name, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    errors.answer_errors(app, frame)
    archive.install(app, frame)
    for module in PAGES:
        app.router.routes.extend(module.router(frame).routes)  # flat: found quicker than routers in routers
    _add_small_ones(app, frame)
    # Last, so that it is around everything.
    app.add_middleware(Shell, base=frame.base, trouble=partial(errors.answer, frame))
    return app


def _add_small_ones(app: FastAPI, frame: Frame) -> None:
    @app.get("/static/{digest}/{name}")
    def static(digest: str, name: str) -> Response:
        file = static_files().get(name)
        if file is None:
            return errors.answer(frame, 404, "/static/")
        # A page that was kept may ask for yesterday's file: it gets today's, for a short while.
        return _file(name, age=31_536_000 if digest == file.digest else 300)

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return _file("icon.svg", age=86_400)

    @app.get("/robots.txt")
    def robots() -> Response:
        lines = ["User-agent: *", *(f"Disallow: {frame.link(path)}" for path in _PRIVATE)]
        lines.append(f"Sitemap: {frame.url('/sitemap.xml')}")
        return frame.public(PlainTextResponse("\n".join(lines) + "\n"), age=86_400)

    @app.get("/healthz")
    def healthz() -> Response:
        with frame.database.read() as tx:
            tx.execute(text("SELECT 1 FROM editions LIMIT 1"))  # no pages come of a database without its tables
        return PlainTextResponse("ok\n")

    def _file(name: str, *, age: int) -> Response:
        file = static_files()[name]
        made = frame.public(Response(file.content, media_type=file.kind), age=age)
        if age > 86_400:
            made.headers["Cache-Control"] += ", immutable"
        return made


def serve(app: FastAPI, *, port: int, proxies: tuple[str, ...] = ()) -> None:
    """Serve on this machine only until Ctrl-C or SIGTERM; addresses are not logged, for each is a reader's key.

    What a proxy at one of `proxies` says of who asks is believed.

    Raises:
        ConfigurationError: the port is taken.

    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=5,
        limit_concurrency=1_000,
    )
    # Said to be TCP: asyncio turns Nagle's delay off only where it is, and an answer of two packets would take 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener, suppress(KeyboardInterrupt):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1_024)
        except OSError as error:
            raise ConfigurationError(
                f"readers' site (port {port}): it cannot be opened: {error.strerror}; "
                "end what uses the port, or set PAPERBOY_SITE_PORT to another one"
            ) from error
        uvicorn.Server(config).run(sockets=[listener])
