"""The site map for search engines: editions and papers by month, and topics."""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from xml.sax.saxutils import escape

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.database import Transaction
from newsletter.queries import archive as queries
from newsletter.queries.archive import Head
from subscribers.web.kept import Kept, Page
from subscribers.web.rooms import Rooms
from subscribers.web.shown import edition_path, paper_path, topic_path

_XML = "application/xml; charset=utf-8"
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])\.xml", re.ASCII)


def add(pages: APIRouter, rooms: Rooms) -> None:
    """The index and its parts; a part holds at most 50,000 addresses, and a month of papers has fewer."""

    def index(_request: Request) -> Kept:
        return rooms.kept("/sitemap.xml", lambda tx, newest: _index(rooms, tx, newest))

    def part(request: Request) -> Kept:
        name = request.path_params["name"]
        month = _MONTH.fullmatch(name)
        if name == "topics.xml":
            return rooms.kept("/sitemap/topics.xml", lambda tx, newest: _topics(rooms, tx, newest))
        if month is None or month[1] == "0000":
            raise HTTPException(404)
        first = date(int(month[1]), int(month[2]), 1)
        return rooms.kept(f"/sitemap/{name}", lambda tx, newest: _month(rooms, tx, newest, first))

    pages.add_route("/sitemap.xml", index)
    pages.add_route("/sitemap/{name}", part)


def _index(rooms: Rooms, tx: Transaction, newest: Head) -> Page:
    months = {head.day.strftime("%Y-%m"): None for head in queries.heads(tx, sample=newest.sample)}
    paths = ["/sitemap/topics.xml", *(f"/sitemap/{month}.xml" for month in months)]
    told = "".join(f"<sitemap><loc>{escape(rooms.frame.url(path))}</loc></sitemap>\n" for path in paths)
    return _page("sitemapindex", told, newest)


def _topics(rooms: Rooms, tx: Transaction, newest: Head) -> Page:
    found = [(topic_path(one.key), one.last) for one in queries.topics(tx, sample=newest.sample)]
    fixed = [(path, newest.day) for path in ("/", "/editions", "/topics")]
    return _page("urlset", _addresses(rooms, [*fixed, *found]), newest)


def _month(rooms: Rooms, tx: Transaction, newest: Head, first: date) -> Page:
    last = first.replace(day=monthrange(first.year, first.month)[1])
    heads = queries.heads(tx, sample=newest.sample, since=first, until=last)
    if not heads:
        raise HTTPException(404)
    keys = queries.keys_of(tx, [head.id for head in heads])
    found = [(edition_path(head.day), head.day) for head in heads]
    found += [(paper_path(key), head.day) for head in heads for key in keys.get(head.id, ())]
    return _page("urlset", _addresses(rooms, found), newest)


def _addresses(rooms: Rooms, found: Iterable[tuple[str, date]]) -> str:
    return "".join(
        f"<url><loc>{escape(rooms.frame.url(path))}</loc><lastmod>{day.isoformat()}</lastmod></url>\n"
        for path, day in found
    )


def _page(name: str, told: str, newest: Head) -> Page:
    whole = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{_SPACE}">\n{told}</{name}>\n'
    return Page(whole.encode(), _XML, newest.composed_at, indexed=False)
