"""The front page, and signing up with one field and one button: the same answer for every address."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from subscribers import consent
from subscribers.consent import AddressError, Origin
from subscribers.web.forms import Form
from subscribers.web.frame import Frame
from subscribers.web.rooms import EDITIONS_FEED, About, picture_of

log = logging.getLogger("subscribers.site")

ABOUT = About(
    "The day’s papers",  # noqa: RUF001 - as it is set in print
    "/",
    "New research papers every day, grouped by topic, and by mail the few that matter to you.",
    feeds=(EDITIONS_FEED,),
)

_LONGEST = 320  # characters of an address that are shown again


def wording(frame: Frame) -> str:
    """What a reader is told beside the button; it is kept as it was with their consent."""
    return (
        f"You get {frame.settings.list_name} by mail, as often as you choose, until you leave with one click. "
        "Your address serves for that and nothing else. We first write to you to see that it is yours."
    )


def router(frame: Frame) -> APIRouter:
    """What the front page's form posts to; the page itself is kept by the archive."""
    pages = APIRouter()

    @pages.get("/subscribe")
    def lost() -> Response:
        """Whoever opens the answer by its address gets the form."""
        return front(frame)

    @pages.post("/subscribe")
    def subscribe(request: Request, form: Annotated[Form, Depends(frame.form)]) -> Response:
        """The same page for every address: nobody learns who reads us."""
        typed = form.get("address").strip()
        wrong = "" if typed else "Please type your e-mail address."
        if form.get("website"):
            log.info("site.trapped")  # a program filled in what no person sees
        elif not frame.house.can_ask:
            wrong = "Nobody can sign up here just now."
        elif typed:
            wrong = ask(frame, request, typed)
        return front(frame, typed=typed, wrong=wrong) if wrong else asked(frame, typed)

    return pages


def ask(frame: Frame, request: Request, address: str) -> str:
    """Have a confirmation sent, or whatever else is right for the address; what is wrong with it, or nothing."""
    try:
        became = consent.sign_up(
            frame.database,
            address,
            origin=Origin("web", network=frame.network(request)),
            wording=wording(frame),
            now=frame.clock(),
            house=frame.house,
        )
    except AddressError as error:
        return str(error)
    log.info("site.asked", extra={"answer": str(became)})
    frame.wake()  # whatever it was: who measures the time learns nothing
    return ""


def asked(frame: Frame, address: str) -> Response:
    """The page that says where to look now."""
    return frame.page("asked.html", address=address[:_LONGEST])


def front(frame: Frame, *, typed: str = "", wrong: str = "", today: object = None) -> Response:
    """The front page; the archive gives it today's edition, and keeps it."""
    return frame.page(
        "front.html",
        422 if wrong else 200,
        public=not (typed or wrong),
        typed=typed[:_LONGEST],
        wrong=wrong,
        wording=wording(frame),
        today=today,
        about=ABOUT,
        picture=picture_of(frame),
    )
