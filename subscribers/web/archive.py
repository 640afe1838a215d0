"""The public archive: today's edition, all editions by day, one page for each; and the doors to its other rooms."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from itertools import groupby
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.database import Transaction
from newsletter.mail.cards import day_name
from newsletter.mail.text import clean, counted
from newsletter.models import Edition, Topic
from newsletter.queries import archive as queries
from newsletter.queries import editions
from newsletter.queries.archive import Head
from newsletter.relevance.noticed import noticed
from subscribers.web import feeds, in_browser, papers, search, signing_up, sitemap, topics
from subscribers.web.frame import Frame
from subscribers.web.kept import Kept, Page, Shortcut
from subscribers.web.rooms import EDITIONS_FEED, HTML, About, Rooms, day_of, open_rooms, split, with_query
from subscribers.web.shown import (
    CardShown,
    Line,
    edition_path,
    facts_json,
    label,
    line,
    shown,
    topic_json,
    topic_path,
)

_CARDS = 5  # papers of a topic shown with what is new in them; the others by their titles
_TODAY = 3  # papers of a topic on the front page
_LATEST = 7  # editions above the calendar
_NAMED = 4  # topics of an edition in a list


@dataclass(frozen=True, slots=True)
class Group:
    """A topic of an edition as it is shown."""

    label: str
    anchor: str
    path: str  # of the topic's page; none for what is left over
    papers: int
    cards: tuple[CardShown, ...]
    lines: tuple[Line, ...]  # the others


@dataclass(frozen=True, slots=True)
class Today:
    """The newest edition as the front page shows it (`archive_today.html`)."""

    day: date
    path: str
    papers: int
    sample: bool
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar."""

    number: int  # of the month; 0 beside it
    path: str = ""
    papers: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar."""

    name: str
    weeks: tuple[tuple[Day, ...], ...]


def install(app: FastAPI, frame: Frame) -> Rooms:
    """Open the archive: its pages, and the short way to those that are kept."""
    rooms = open_rooms(frame)
    pages = APIRouter()
    pages.add_route("/", lambda _request: rooms.shelf.page("/", b"", lambda: _front(rooms)))
    _add_editions(pages, rooms)
    for room in (papers, topics, search, feeds, sitemap, in_browser):
        room.add(pages, rooms)
    app.router.routes.extend(pages.routes)
    app.add_middleware(Shortcut, shelf=rooms.shelf)
    return rooms


def _add_editions(pages: APIRouter, rooms: Rooms) -> None:
    def listed(request: Request) -> Kept | Response:
        if day := request.query_params.get("day"):
            return _jump(rooms, day)
        year = request.query_params.get("year", "")
        if year and not (len(year) == 4 and year.isascii() and year.isdigit() and MINYEAR <= int(year) <= MAXYEAR):
            raise HTTPException(404)
        query = f"year={year}".encode() if year else b""
        return rooms.kept("/editions", lambda tx, newest: _all(rooms, tx, newest, int(year or 0)), query)

    def listed_json(_request: Request) -> Kept:
        return rooms.kept("/editions.json", lambda tx, newest: _all_json(rooms, tx, newest))

    def one(request: Request) -> Kept:
        name, wants_json = split(request.path_params["name"])
        day = day_of(name)
        if day is None:
            raise HTTPException(404)
        make = _one_json if wants_json else _one
        path = edition_path(day) + (".json" if wants_json else "")
        return rooms.kept(path, lambda tx, newest: make(rooms, tx, newest, day))

    pages.add_route("/editions", listed)
    pages.add_route("/editions.json", listed_json)
    pages.add_route("/editions/{name}", one)


# ---- the newest edition ----------------------------------------------------------------------------------------------


def _front(rooms: Rooms) -> Page:
    """The front page with today's edition; without it before the first one."""
    with rooms.frame.database.read() as tx:
        newest = queries.newest(tx)
        today = _today(editions.load(tx, newest.id)) if newest else None
    answer = signing_up.front(rooms.frame, today=today)
    return Page(bytes(answer.body), HTML, newest.composed_at if newest else None)


def _today(edition: Edition) -> Today:
    groups = tuple(_group(edition, topic, cards=1, lines=_TODAY - 1) for topic in edition.topics)
    return Today(edition.day, edition_path(edition.day), len(edition.papers), edition.sample, groups)


def _group(edition: Edition, topic: Topic, *, cards: int, lines: int | None = None) -> Group:
    """A topic with its papers, the most noticed first, among equals the most central."""
    by_key = {paper.key: paper for paper in edition.papers}
    members = sorted((by_key[key] for key in topic.paper_keys), key=lambda paper: -round(noticed(paper), 9))
    rest = members[cards:] if lines is None else members[cards : cards + lines]
    return Group(
        label(topic.kind, topic.label),
        f"topic-{edition.topics.index(topic) + 1}",
        "" if topic.kind == "other" else topic_path(topic.key),
        len(members),
        tuple(map(shown, members[:cards])),
        tuple(map(line, rest)),
    )


# ---- one edition ---------------------------------------------------------------------------------------------------


def _one(rooms: Rooms, tx: Transaction, newest: Head, day: date) -> Page:
    edition = _edition(tx, newest, day)
    before, after = queries.beside(tx, day, sample=newest.sample)
    groups = tuple(_group(edition, topic, cards=_CARDS) for topic in edition.topics)
    told = ", ".join(group.label for group in groups[:_NAMED]) + (" …" if len(groups) > _NAMED else "")
    about = About(
        f"{day_name(day, year=True)}: {counted(len(edition.papers), 'new paper')}",
        edition_path(day),
        f"{counted(len(edition.papers), 'new research paper')}, grouped by topic: {told}",
        published=edition.composed_at,
        feeds=(EDITIONS_FEED,),
        before=edition_path(before) if before else "",
        after=edition_path(after) if after else "",
        json=f"{edition_path(day)}.json",
    )
    first, last = queries.span(tx, sample=newest.sample) or (day, day)
    return rooms.html(
        "archive_edition.html",
        about,
        changed=newest.composed_at,
        edition=edition,
        groups=groups,
        before=before,
        after=after,
        first=first,
        last=last,
        remarks=tuple(map(clean, edition.remarks)),
    )


def _one_json(rooms: Rooms, tx: Transaction, newest: Head, day: date) -> Page:
    edition = _edition(tx, newest, day)
    before, after = queries.beside(tx, day, sample=newest.sample)
    by_key = {paper.key: paper for paper in edition.papers}
    base = rooms.frame.base
    told = {
        "day": day.isoformat(),
        "url": base + edition_path(day),
        "composed_at": edition.composed_at.isoformat(),
        "sample": edition.sample,
        "remarks": [clean(remark) for remark in edition.remarks],
        "before": base + edition_path(before) + ".json" if before else None,
        "after": base + edition_path(after) + ".json" if after else None,
        "topics": [
            topic_json(topic.key, topic.kind, topic.label, base)
            | {"papers": [facts_json(by_key[key], base) for key in topic.paper_keys]}
            for topic in edition.topics
        ],
    }
    return rooms.json(told, changed=newest.composed_at)


def _edition(tx: Transaction, newest: Head, day: date) -> Edition:
    head = newest if newest.day == day else queries.of_day(tx, day, sample=newest.sample)
    if head is None:
        raise HTTPException(404)
    return editions.load(tx, head.id)


# ---- all of them ---------------------------------------------------------------------------------------------------


def _jump(rooms: Rooms, said: str) -> Response:
    """To the edition of a day, or the one nearest to it."""
    wanted = day_of(said)
    with rooms.frame.database.read() as tx:
        found = queries.nearest(tx, wanted, sample=rooms.newest(tx).sample) if wanted else None
    path = edition_path(found) if found else "/editions"
    return Response(status_code=303, headers={"Location": rooms.frame.link(path)})


def _all(rooms: Rooms, tx: Transaction, newest: Head, year: int) -> Page:
    sample = newest.sample
    first, last = queries.span(tx, sample=sample) or (newest.day, newest.day)
    latest = () if year else queries.latest(tx, sample=sample, limit=_LATEST)
    shown_year = year or last.year
    heads = queries.heads(tx, sample=sample, since=date(shown_year, 1, 1), until=date(shown_year, 12, 31))
    if not heads and not (first.year <= shown_year <= last.year):
        raise HTTPException(404)
    named = queries.labels(tx, [head.id for head in latest])
    path = with_query("/editions", year=year)
    about = About(
        f"Editions of {shown_year}" if year else "Editions",
        path,
        f"Every edition since {day_name(first, year=True)}, day by day.",
        feeds=(EDITIONS_FEED,),
        json="/editions.json",
    )
    return rooms.html(
        "archive_editions.html",
        about,
        changed=newest.composed_at,
        latest=[(head, edition_path(head.day), named.get(head.id, ())[:_NAMED]) for head in latest],
        months=_months(heads),
        year=shown_year,
        years=[
            (each, with_query("/editions", year=each if each != last.year else 0))
            for each in range(last.year, first.year - 1, -1)
        ],
        first=first,
        last=last,
        papers=sum(head.papers for head in heads),
        editions=len(heads),
        topic_path=topic_path,
        sample_shown=sample,
    )


def _months(heads: tuple[Head, ...]) -> tuple[Month, ...]:
    """The months with editions, newest first, in weeks from Monday to Sunday."""
    found = []
    for (year, month), days in groupby(heads, key=lambda head: (head.day.year, head.day.month)):
        by_number = {head.day.day: head for head in days}
        first = date(year, month, 1)
        size = ((first + timedelta(days=31)).replace(day=1) - first).days
        cells = [Day(0)] * first.weekday() + [_day(number, by_number.get(number)) for number in range(1, size + 1)]
        cells += [Day(0)] * (-len(cells) % 7)
        weeks = tuple(tuple(cells[start : start + 7]) for start in range(0, len(cells), 7))
        found.append(Month(f"{first:%B} {year}", weeks))
    return tuple(found)


def _day(number: int, head: Head | None) -> Day:
    if head is None:
        return Day(number)
    said = f"{day_name(head.day, year=True)}: {counted(head.papers, 'paper')}"
    return Day(number, edition_path(head.day), head.papers, said)


def _all_json(rooms: Rooms, tx: Transaction, newest: Head) -> Page:
    base = rooms.frame.base
    told: list[dict[str, Any]] = [
        {
            "day": head.day.isoformat(),
            "url": base + edition_path(head.day),
            "json": base + edition_path(head.day) + ".json",
            "papers": head.papers,
            "composed_at": head.composed_at.isoformat(),
        }
        for head in queries.heads(tx, sample=newest.sample)
    ]
    return rooms.json({"sample": newest.sample, "editions": told}, changed=newest.composed_at)
