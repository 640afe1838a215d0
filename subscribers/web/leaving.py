"""Leaving: the page behind the unsubscribe link, one click by RFC 8058 (no cookie, log-in or redirect), coming back."""

import logging
from asyncio import wrap_future
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from newsletter.database import Transaction
from newsletter.reports import masked
from newsletter.together import Together
from subscribers import consent, queries
from subscribers.consent import Origin
from subscribers.models import KnownSubscriber, SubscriptionState
from subscribers.tokens import Purpose
from subscribers.web import forms
from subscribers.web.forms import Form
from subscribers.web.frame import Frame
from subscribers.web.signing_up import wording

log = logging.getLogger("subscribers.site")

REASONS = (
    "Too much mail",
    "The papers were not mine",
    "I read them elsewhere",
    "My work has changed",
    "I never asked for it",
)
"""What a reader who leaves may tick."""

_MOST_BODY = 4_096  # bytes of a form that are looked at; a one-click form has about thirty
_ONE_CLICK = b"List-Unsubscribe"  # the form's only field, url-encoded or multipart (RFC 8058, 3.2)
_LONGEST = 400  # characters of a reader's own words


def router(frame: Frame) -> APIRouter:
    """The pages of leaving."""
    pages = APIRouter()

    @pages.get("/unsubscribe/{signed}")
    def ask(signed: str) -> Response:
        """The page with the button; changes nothing, for link scanners open every address in a mail."""
        known = _reader(frame, signed)
        if known is None or known.subscription.state is SubscriptionState.UNSUBSCRIBED:
            return _left(frame, known, signed)
        address = masked(known.subscriber.address)
        return frame.page("unsubscribe.html", address=address, preferences=_preferences(frame, known))

    clicks = _clicks(frame)

    async def end(request: Request) -> Response:
        form = await forms.beginning(request, _MOST_BODY)
        signed = request.path_params["signed"]
        if _ONE_CLICK not in form:
            return await run_in_threadpool(_leave, frame, signed, frame.network(request))
        token = frame.read(Purpose.UNSUBSCRIBE, signed)
        await wrap_future(clicks.ask((token, Origin("web", network=frame.network(request)))))
        log.info("site.unsubscribed", extra={"how": "one-click"})
        return PlainTextResponse("You are unsubscribed.\n")

    # Past FastAPI's own machinery, and committed together: mailbox providers post in bursts, and read no page.
    pages.add_route("/unsubscribe/{signed}", end, methods=["POST"])

    @pages.post("/unsubscribe/{signed}/back")
    def back(request: Request, signed: str) -> Response:
        """Come back at once, or by a mail where the address complained or bounced."""
        known = _reader(frame, signed)
        if known is None:
            return _left(frame, None, signed)
        origin = Origin("web", network=frame.network(request))
        at_once = consent.come_back(
            frame.database,
            known.token,
            origin=origin,
            now=frame.clock(),
            house=frame.house,
            wording=wording(frame),
        )
        if not at_once:
            frame.wake()
        return _back(frame, known, at_once=at_once)

    @pages.post("/unsubscribe/{signed}/why")
    def why(signed: str, form: Annotated[Form, Depends(frame.form)]) -> Response:
        """Keep why they left, and thank them."""
        said = _why(form)
        known = _reader(frame, signed)
        if said and known is not None:
            consent.say_why(frame.database, known.token, said)
        return _left(frame, known, signed, thanks=bool(said))

    return pages


def _reader(frame: Frame, signed: str) -> KnownSubscriber | None:
    """Whose link it is; None where the database has them no more."""
    token = frame.read(Purpose.UNSUBSCRIBE, signed)
    with frame.database.read() as tx:
        return queries.by_token(tx, token)


def _clicks(frame: Frame) -> Together[tuple[str, Origin], bool]:
    def leave(tx: Transaction, asked: Sequence[tuple[str, Origin]]) -> Sequence[bool]:
        return consent.leave_together(tx, asked, now=frame.clock())

    return Together(frame.database, leave)


def _leave(frame: Frame, signed: str, network: str) -> Response:
    """Unsubscribed, as often as one likes; a reader who is gone from the database gets no more mail either."""
    token = frame.read(Purpose.UNSUBSCRIBE, signed)
    origin = Origin("web", network=network)
    known = consent.leave(frame.database, token, how="page", origin=origin, now=frame.clock())
    log.info("site.unsubscribed", extra={"how": "page", "subscriber": known.id if known else None})
    return _left(frame, known, signed)


def _left(frame: Frame, known: KnownSubscriber | None, signed: str, *, thanks: bool = False) -> Response:
    if known is not None and known.subscription.state is SubscriptionState.ACTIVE:
        return _back(frame, known, at_once=True)  # from a page that was open before they came back
    return frame.page(
        "unsubscribe_done.html",
        address=masked(known.subscriber.address) if known else "",
        signed=signed if known else "",
        reasons=REASONS,
        thanks=thanks,
    )


def _back(frame: Frame, known: KnownSubscriber, *, at_once: bool) -> Response:
    return frame.page("back.html", at_once=at_once, preferences=_preferences(frame, known))


def _why(form: Form) -> str:
    """What they ticked and what they wrote, as one text."""
    ticked = form.get("reason")
    reason = REASONS[int(ticked)] if ticked in map(str, range(len(REASONS))) else ""
    words = " ".join(form.get("why").split())[:_LONGEST]
    return ". ".join(part for part in (reason, words) if part)


def _preferences(frame: Frame, known: KnownSubscriber) -> str:
    return frame.link(f"/preferences/{frame.sign(Purpose.PREFERENCES, known.token)}")
