"""The page behind the unsubscribe link, one click by RFC 8058; no cookie, log-in or redirect."""

import logging

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from newsletter.reports import masked
from subscribers import queries, service
from subscribers.models import SubscriptionState
from subscribers.tokens import Purpose
from subscribers.web import forms
from subscribers.web.frame import Frame

log = logging.getLogger("subscribers.site")

_MOST_BODY = 4_096  # bytes of a form that are looked at; a one-click form has about thirty
_ONE_CLICK = b"List-Unsubscribe"  # the form's only field, url-encoded or multipart (RFC 8058, 3.2)


def router(frame: Frame) -> APIRouter:
    """The pages of leaving."""
    pages = APIRouter()

    @pages.get("/unsubscribe/{signed}")
    def ask(signed: str) -> Response:
        """The page with the button; changes nothing, for link scanners open every address in a mail."""
        token = frame.read(Purpose.UNSUBSCRIBE, signed)
        with frame.database.read() as tx:
            known = queries.by_token(tx, token)
        if known is None or known.subscription.state is SubscriptionState.UNSUBSCRIBED:
            return frame.page("unsubscribe_done.html", address="")
        return frame.page("unsubscribe.html", address=masked(known.subscriber.address))

    async def end(request: Request) -> Response:
        form = await forms.beginning(request, _MOST_BODY)
        how = "one-click" if _ONE_CLICK in form else "page"
        return await run_in_threadpool(_end, frame, request.path_params["signed"], how)

    # Not through FastAPI's own: the shortest way for what mailbox providers post in bursts.
    pages.add_route("/unsubscribe/{signed}", end, methods=["POST"])
    return pages


def _end(frame: Frame, signed: str, how: str) -> Response:
    """Unsubscribed, as often as one likes; a reader who is gone from the database gets no more mail either."""
    token = frame.read(Purpose.UNSUBSCRIBE, signed)
    known = service.unsubscribe(frame.database, token, now=frame.clock(), how=how)
    log.info("site.unsubscribed", extra={"how": how, "subscriber": known.id if known else None})
    return frame.page("unsubscribe_done.html", address=masked(known.subscriber.address) if known else "")
