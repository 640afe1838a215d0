"""Confirming, by the link in the mail that follows signing up: one button, and a fresh link for an old one."""

import logging
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from newsletter.errors import LinkExpired
from newsletter.reports import masked
from subscribers import consent, queries, tokens
from subscribers.consent import Origin
from subscribers.models import KnownSubscriber
from subscribers.tokens import Purpose
from subscribers.web import signing_up
from subscribers.web.frame import Frame
from subscribers.web.signing_up import wording

log = logging.getLogger("subscribers.site")

_KNOWN_FOR = timedelta(days=365)
"""A confirmation link of this age is still known as ours, so that a fresh one can be sent for it."""


def router(frame: Frame) -> APIRouter:
    """The pages of confirming."""
    pages = APIRouter()

    @pages.get("/confirm/{token}")
    def confirming(token: str) -> Response:
        """One button; changes nothing, for link scanners open every address in a mail."""
        try:
            known = consent.confirming(frame.database, token, keys=frame.keys, now=frame.clock())
        except LinkExpired:
            return _too_old(frame, token)
        return frame.page("confirm.html", address=masked(known.subscriber.address), wording=wording(frame))

    @pages.post("/confirm/{token}")
    def confirm(request: Request, token: str) -> Response:
        origin = Origin("web", network=frame.network(request))
        try:
            known = consent.confirm(frame.database, token, keys=frame.keys, origin=origin, now=frame.clock())
        except LinkExpired:
            return _too_old(frame, token)
        log.info("site.confirmed", extra={"subscriber": known.id})
        preferences = frame.link(f"/preferences/{frame.sign(Purpose.PREFERENCES, known.token)}")
        return frame.page("confirmed.html", address=masked(known.subscriber.address), preferences=preferences)

    @pages.get("/confirm/{token}/again")
    def lost(token: str) -> Response:
        """Whoever opens the answer by its address gets the button."""
        return _too_old(frame, token)

    @pages.post("/confirm/{token}/again")
    def again(request: Request, token: str) -> Response:
        """A fresh link in the place of one that is too old, to the address it was sent to."""
        known = _whose(frame, token)
        if known is None or not frame.house.can_ask:
            return _too_old(frame, token)
        signing_up.ask(frame, request, known.subscriber.address)
        return signing_up.asked(frame, masked(known.subscriber.address))

    return pages


def _too_old(frame: Frame, token: str) -> Response:
    again = frame.link(f"/confirm/{token}/again") if _whose(frame, token) else ""
    return frame.page("confirm_old.html", 410, again=again, typed="", wrong="", wording=wording(frame))


def _whose(frame: Frame, token: str) -> KnownSubscriber | None:
    """Whose confirmation link it was, however old; None where they are gone.

    Raises:
        LinkInvalid: not ours, cut or changed.

    """
    try:
        value = tokens.read_timed(Purpose.CONFIRM, token, keys=frame.keys, now=frame.clock(), max_age=_KNOWN_FOR)
    except LinkExpired:
        return None
    with frame.database.read() as tx:
        return queries.by_token(tx, value.partition("/")[0])
