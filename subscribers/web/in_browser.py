"""One's own digest in the browser: the mail itself, rendered again from what was promised."""

from email.utils import parseaddr

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.errors import RenderError
from newsletter.mail.rendering import Links, Renderer
from newsletter.queries import archive as queries
from subscribers import tokens
from subscribers.tokens import Purpose
from subscribers.web.headers import DIGEST_POLICY
from subscribers.web.rooms import Rooms
from subscribers.web.shown import edition_path

_BUDGET = 2_000_000  # bytes: nobody clips it here, so nothing is left out


def add(pages: APIRouter, rooms: Rooms) -> None:
    """The digest behind the link of its mail."""

    def digest(request: Request) -> Response:
        return _digest(rooms, request.path_params["signed"])

    pages.add_route("/digest/{signed}", digest)


def _digest(rooms: Rooms, signed: str) -> Response:
    frame = rooms.frame
    token, edition_id = tokens.read_digest(Purpose.DIGEST, signed, keys=frame.keys)
    with frame.database.read() as tx:
        served = queries.served(tx, token, edition_id)
    if served is None:
        raise HTTPException(404)
    settings = frame.settings
    renderer = Renderer(
        served.papers,
        list_name=settings.list_name,
        postal_address=settings.postal_address,
        unsubscribe_address=parseaddr(settings.sender)[1],
        budget=_BUDGET,
    )
    links = Links(
        unsubscribe=frame.url(f"/unsubscribe/{frame.sign(Purpose.UNSUBSCRIBE, token)}"),
        preferences=frame.url(f"/preferences/{frame.sign(Purpose.PREFERENCES, token)}"),
        edition=frame.url(edition_path(served.digest.day)),
        votes=frame.url(f"/vote/{tokens.sign_digest(Purpose.VOTES, token, edition_id, keys=frame.keys)}"),
    )
    try:
        message = renderer.digest(served.digest, recipient_name=served.name, links=links)
    except RenderError as error:  # its edition is gone
        raise HTTPException(404) from error
    return HTMLResponse(message.html, headers={"Content-Security-Policy": DIGEST_POLICY})
