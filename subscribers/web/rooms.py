"""What the pages of the archive share: how one is made, kept and described."""

import json
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.database import Database, Transaction
from newsletter.queries import archive as queries
from newsletter.queries.archive import Head
from subscribers.web.frame import Frame, static_files
from subscribers.web.kept import Kept, Page, Shelf

HTML, JSON = "text/html; charset=utf-8", "application/json"
LAST_PAGE = 50
"""Of the answers to a search; a list that is kept goes on to its end."""

_DOORS = {"/editions": "Editions", "/topics": "Topics", "/search": "Search"}
_EMPTY = "The first edition has not been composed yet."
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that a page offers."""

    title: str
    path: str


EDITIONS_FEED = Feed("Editions", "/feeds/editions.atom")


@dataclass(frozen=True, slots=True)
class About:
    """What a page says of itself to browsers, search engines and those who share it."""

    title: str
    path: str  # its canonical one, with its query
    description: str
    published: datetime | None = None  # of an article
    feeds: tuple[Feed, ...] = ()
    before: str = ""  # path of the page before, in time or in a list
    after: str = ""
    json: str = ""
    indexed: bool = True


@dataclass(frozen=True, slots=True)
class Rooms:
    """The archive over a frame."""

    frame: Frame
    shelf: Shelf

    def html(self, template: str, about: About, *, changed: datetime | None, **values: Any) -> Page:
        """A page made from a template that extends `archive_base.html`."""
        answer = self.frame.page(template, about=about, picture=picture_of(self.frame), **values)
        return Page(bytes(answer.body), HTML, changed, about.indexed)

    def json(self, value: dict[str, Any], *, changed: datetime | None) -> Page:
        """A page's JSON; no sign in it could end a script or begin a comment, wherever it is pasted."""
        told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        safe = told.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        return Page(safe.encode("utf-8", "replace") + b"\n", JSON, changed, indexed=False)

    def kept(self, path: str, make: Callable[[Transaction, Head], Page], query: bytes = b"") -> Kept:
        """A page kept under its canonical address; `make` has the newest edition, and need not look for one.

        Raises:
            HTTPException: 404 where `make` says so, or where there is no edition yet and the page is none of the doors.

        """

        def made() -> Page:
            with self.frame.database.read() as tx:
                newest = queries.newest(tx)
                if newest is None and path in _DOORS:
                    return self.html("archive_empty.html", About(_DOORS[path], path, _EMPTY), changed=None)
                return make(tx, newest or self.newest(tx))

        return self.shelf.page(path, query, made)

    @staticmethod
    def newest(tx: Transaction) -> Head:
        """The newest edition.

        Raises:
            HTTPException: 404 where there is none yet.

        """
        found = queries.newest(tx)
        if found is None:
            raise HTTPException(404)
        return found


def picture_of(frame: Frame) -> str:
    """The whole address of the picture beside a link to one of our pages."""
    return frame.url(f"/static/{static_files()['card.png'].digest}/card.png")


def open_rooms(frame: Frame) -> Rooms:
    """The archive with an empty shelf."""
    return Rooms(frame, Shelf(lambda: _state(frame.database)))


def _state(database: Database) -> Hashable:
    with database.read() as tx:
        return queries.state(tx)


# ---- what an address says ------------------------------------------------------------------------------------------


def split(name: str) -> tuple[str, bool]:
    """The last part of an address without `.json`, and whether it had that."""
    return name.removesuffix(".json"), name.endswith(".json")


def day_of(text: str) -> date | None:
    """A day as it stands in an address, `2026-11-20`, and in no other way."""
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def page_of(request: Request, *, last: int = LAST_PAGE) -> int:
    """The number of a page in a list, from 1 to `last`.

    Raises:
        HTTPException: 404 where it is none.

    """
    said = request.query_params.get("page", "1")
    number = int(said) if re.fullmatch(r"[1-9]\d{0,4}", said, re.ASCII) else 0
    if not 1 <= number <= last:
        raise HTTPException(404)
    return number


def with_query(path: str, **values: str | int) -> str:
    """A path with a query; what is empty is left out, and so is the first page."""
    told = {name: value for name, value in values.items() if value and (name, value) != ("page", 1)}
    return f"{path}?{urlencode(told)}" if told else path
