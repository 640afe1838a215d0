"""Trouble as a reader sees it: one plain sentence and a way forward, in the look of the site."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from newsletter.errors import LinkError, LinkExpired, PaperboyError
from subscribers.web.frame import Frame

log = logging.getLogger("subscribers.site")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in words."""

    heading: str
    sentence: str


_NOT_HERE = Trouble("Nothing here", "There is no page at this address. It may have been cut on its way to you.")
_LINK = Trouble(
    "This link does not work",
    "It may have been cut on its way to you. Please open the link in the mail itself, or copy all of it.",
)
_TOO_OLD = Trouble("This link is too old", "It worked for a few days only. Please ask for a new one.")
_TROUBLES = {
    400: Trouble("We could not read that", "What your browser sent is no form of ours. Please try again."),
    403: Trouble(
        "Not from there", "Another site sent you here with a filled-in form. Please use the form on our page."
    ),
    404: _NOT_HERE,
    405: Trouble("Not like this", "This address is to be opened, or its button pressed; it knows nothing else."),
    408: Trouble("That took too long", "Your browser did not send the whole form in time. Please try again."),
    413: Trouble("Too much at once", "What you sent is larger than any form of ours. Please send less of it."),
    422: Trouble("We could not read that", "Something in the address is not what it should be."),
    500: Trouble("That did not work", "Something broke on our side, and it has been noted. Please try again later."),
    503: Trouble(
        "Not just now",
        "We could not reach our own records. Nothing was changed; please try again in a few minutes.",
    ),
}


def answer(frame: Frame, status: int, path: str, trouble: Trouble | None = None) -> Response:
    """The answer for a status: a page, or where `path` ends in `.json` or `.atom` what its reader understands."""
    shown = trouble or _TROUBLES.get(status) or _TROUBLES[500 if status >= 500 else 400]
    if path.endswith(".json"):
        made: Response = JSONResponse({"error": f"{shown.heading}. {shown.sentence}"}, status)
    elif path.endswith((".atom", ".yaml", ".txt")):
        made = PlainTextResponse(f"{shown.heading}. {shown.sentence}\n", status)
    else:
        made = frame.page("trouble.html", status, heading=shown.heading, sentence=shown.sentence)
    if status == 503:
        made.headers["Retry-After"] = "120"
    return made


def answer_errors(app: FastAPI, frame: Frame) -> None:
    """Have every error that a page raises answered; what nobody foresaw is answered by the shell around all pages."""

    async def bad_link(request: Request, error: Exception) -> Response:
        if isinstance(error, LinkExpired):
            return answer(frame, 410, request.url.path, _TOO_OLD)
        return answer(frame, 404, request.url.path, _LINK)

    async def refused(request: Request, error: Exception) -> Response:
        return answer(frame, 422, request.url.path, Trouble("That does not work", str(error)))

    async def not_now(request: Request, error: Exception) -> Response:
        # 503, so that a mailbox provider that posts on a reader's behalf tries again.
        log.error("site.database_failed", exc_info=error)
        return answer(frame, 503, request.url.path)

    async def by_status(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        made = answer(frame, status, request.url.path)
        if isinstance(error, HTTPException) and error.headers:
            made.headers.update(error.headers)  # what may be done instead of a 405
        return made

    async def bad_value(request: Request, _error: Exception) -> Response:
        return answer(frame, 422, request.url.path)

    handlers: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        LinkError: bad_link,
        PaperboyError: refused,
        DBAPIError: not_now,
        PoolTimeout: not_now,
        HTTPException: by_status,
        RequestValidationError: bad_value,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
