"""The preview page: the outbox in a browser on this machine, each mail as its reader would see it."""

import itertools
import socket
import sys
import threading
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from newsletter.errors import ConfigurationError
from newsletter.mail.outbox import KEY, Written, count, messages
from subscribers.web import reading

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "web"
HOST = "127.0.0.1"
PER_PAGE = 50
LARGEST = 20 * 1024 * 1024  # bytes of a file that are looked at; ours have a hundredth of it

_HEADERS = {
    "Cache-Control": "no-store",
    # Nothing is loaded from elsewhere and nothing runs; a link in a framed mail leads nowhere.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'; sandbox"
)

Part = Literal["html", "text", "headers", "links"]
Width = Literal["both", "600", "375"]
Shade = Literal["light", "dark"]


@cache
def templates() -> Environment:
    """The page's templates; a misspelt name is an error, not a blank."""
    made = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.filters["day"] = lambda day: f"{day:%A} {day.day} {day:%B %Y}"
    made.filters["kb"] = lambda size: f"{size / 1024:.0f} KB" if size >= 1024 else f"{size} bytes"
    made.globals["limit"] = reading.GMAIL_CLIPS_AT
    made.globals["fill"] = _fill
    return made


def _fill(size: int) -> str:
    """How an amount of HTML stands to Gmail's limit, in one word."""
    return "over" if size >= reading.GMAIL_CLIPS_AT else "close" if size >= reading.CLOSE_TO_IT else "fits"


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the list."""

    written: Written
    html_size: int


@dataclass(frozen=True, slots=True)
class _Pages:
    """What the pages need: the outbox and nothing else."""

    directory: Path

    def page(self, name: str, status: int = 200, **values: object) -> HTMLResponse:
        return HTMLResponse(templates().get_template(name).render(**values), status_code=status)

    def outbox(self, day: date | None, find: str, page: int) -> Response:
        """The list, newest first, a page of it."""
        days = count(self.directory)
        found = (each for each in messages(self.directory, only=day) if _holds(each, find))
        shown = list(itertools.islice(found, (page - 1) * PER_PAGE, page * PER_PAGE + 1))
        rows = [_Row(each, _html_size(each.path, each.written)) for each in shown[:PER_PAGE]]
        groups = [(day, list(group)) for day, group in itertools.groupby(rows, key=lambda row: row.written.day)]
        return self.page(
            "preview_list.html",
            groups=groups,
            days=days,
            total=sum(days.values()),
            day=day,
            find=find,
            page=page,
            more=len(shown) > PER_PAGE,
            directory=self.directory,
        )

    def mail(self, day: date, key: str, part: Part, width: Width, shade: Shade) -> Response:
        """One mail in one of its views."""
        content = self.content(day, key)
        mail = reading.read(content)
        if not mail.html and part == "html" and mail.text:
            part = "text"
        before, after = self._beside(day, key)
        raw_headers = content.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0].decode("utf-8", "replace")
        return self.page(
            "preview_mail.html",
            mail=mail,
            day=day,
            key=key,
            part=part,
            width=width,
            shade=shade,
            size=len(content),
            links=reading.links(mail.html) if part == "links" else (),
            raw_headers=raw_headers if part == "headers" else "",
            before=before,
            after=after,
        )

    def frame(self, day: date, key: str, shade: Shade) -> Response:
        """The HTML part alone, for a frame that lets nothing run and nothing load."""
        mail = reading.read(self.content(day, key))
        html = reading.shaded(mail.html, dark=shade == "dark")
        return HTMLResponse(html, headers={"Content-Security-Policy": _FRAMED})

    def raw(self, day: date, key: str) -> Response:
        """The file itself, to be opened in a mail program."""
        headers = {"Content-Disposition": f'attachment; filename="{key}.eml"', "Content-Security-Policy": _FRAMED}
        return Response(self.content(day, key), media_type="message/rfc822", headers=headers)

    def content(self, day: date, key: str) -> bytes:
        """The bytes of a message; 404 for what is not one, a link out of the outbox among them."""
        path = self.directory / day.isoformat() / f"{key}.eml"
        if KEY.fullmatch(key) is None or path.is_symlink() or not path.is_file():
            raise HTTPException(404, f"There is no message {key} of {day.isoformat()} in the outbox.")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise HTTPException(413, f"This file is too large to be shown; it is {path}.")
        return content

    def _beside(self, day: date, key: str) -> tuple[Written | None, Written | None]:
        """The messages before and after it in the list of its day."""
        listed = list(itertools.islice(messages(self.directory, only=day), 1_000))
        place = next((number for number, each in enumerate(listed) if each.key == key), None)
        if place is None:
            return None, None
        return listed[place - 1] if place else None, next(iter(listed[place + 1 :]), None)


def _holds(written: Written, find: str) -> bool:
    wanted = find.casefold().split()
    told = f"{written.subject} {written.recipient} {written.key}".casefold()
    return all(word in told for word in wanted)


@lru_cache(maxsize=4_096)
def _html_size(path: Path, written: float) -> int:  # noqa: ARG001 - a file written again is another one
    with suppress(OSError), path.open("rb") as file:
        return reading.read(file.read(LARGEST)).html_size
    return 0


def make_app(outbox_dir: Path) -> FastAPI:
    """The pages over one outbox; only for requests that name this machine, so no other site can read it."""
    pages = _Pages(outbox_dir)
    # No docs pages: they load scripts from elsewhere.
    app = FastAPI(title="Paperboy preview", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)

    @app.middleware("http")
    async def guarded(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await go_on(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/")
    def outbox(day: date | None = None, find: str = "", page: int = 1) -> Response:
        return pages.outbox(day, find[:200], min(max(page, 1), 100_000))

    @app.get("/preview.css")
    def style() -> Response:
        return Response((FOLDER / "preview.css").read_bytes(), media_type="text/css")

    @app.get("/mail/{day}/{key}")
    def mail(day: date, key: str, part: Part = "html", width: Width = "both", shade: Shade = "light") -> Response:
        return pages.mail(day, key, part, width, shade)

    @app.get("/mail/{day}/{key}/frame")
    def frame(day: date, key: str, shade: Shade = "light") -> Response:
        return pages.frame(day, key, shade)

    @app.get("/mail/{day}/{key}/raw")
    def raw(day: date, key: str) -> Response:
        return pages.raw(day, key)

    @app.exception_handler(HTTPException)
    async def not_there(_request: Request, error: HTTPException) -> Response:
        sentence = error.detail if error.status_code in {404, 413} and "." in error.detail else "There is no such page."
        return pages.page("preview_nothing.html", error.status_code, sentence=sentence)

    @app.exception_handler(RequestValidationError)
    async def not_understood(_request: Request, _error: RequestValidationError) -> Response:
        return pages.page("preview_nothing.html", 404, sentence="There is no such page.")

    return app


def serve(outbox_dir: Path, port: int, open_browser: bool) -> None:
    """Show the outbox on this machine until Ctrl-C; port 0 picks a free one.

    Raises:
        ConfigurationError: the port is taken.

    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except OSError as error:
            raise ConfigurationError(
                f"preview page (port {port}): it cannot be opened: {error.strerror}; "
                "another preview may be running, or set PAPERBOY_PREVIEW_PORT to another port (0 picks a free one)"
            ) from error
        url = f"http://{HOST}:{listener.getsockname()[1]}/"
        sys.stdout.write(f"The outbox is at {url} (only on this machine; Ctrl-C ends it)\n")
        sys.stdout.flush()
        if open_browser:
            threading.Thread(target=_open, args=(url,), daemon=True).start()
        server = uvicorn.Server(uvicorn.Config(make_app(outbox_dir), log_level="warning", access_log=False))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _open(url: str) -> None:
    with suppress(webbrowser.Error):
        browser = webbrowser.get()
        # Exactly this class is a browser inside the terminal, which would take it over.
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(url)
