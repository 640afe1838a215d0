"""Pages of topics, named and found: their papers over time, and a picture of the last weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.database import Transaction
from newsletter.mail.cards import day_name
from newsletter.mail.text import counted
from newsletter.queries import archive as queries
from newsletter.queries import topics as topic_queries
from newsletter.queries.archive import Called, Head, Placed
from newsletter.relevance.trends import WEEK, TopicTrend, Trends, trends
from subscribers.web.drawing import Bar, bars
from subscribers.web.kept import Kept, Page
from subscribers.web.rooms import About, Feed, Rooms, page_of, split, with_query
from subscribers.web.shown import edition_path, label, line, shown, topic_path, whole_json

WEEKS = 12
_PER_PAGE = 40
_LAST_PAGE = 10_000  # a topic named by the editor may have 100 papers a day, for years
_CARDS = 6  # papers of the first page shown with what is new in them


@dataclass(frozen=True, slots=True)
class Row:
    """A topic in the list of all."""

    label: str
    path: str
    papers: int  # of the last weeks; of all time where it has none in these
    last: str
    moves: str  # rising · falling · nothing
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the picture and of its table."""

    said: str
    papers: int
    of_all: int
    share: str


def add(pages: APIRouter, rooms: Rooms) -> None:
    """The list of topics and the page of each, and their JSON."""

    def listed(_request: Request) -> Kept:
        return rooms.kept("/topics", lambda tx, newest: _all(rooms, tx, newest))

    def listed_json(_request: Request) -> Kept:
        return rooms.kept("/topics.json", lambda tx, newest: _all_json(rooms, tx, newest))

    def one(request: Request) -> Kept:
        key, wants_json = split(request.path_params["key"])
        page = page_of(request, last=_LAST_PAGE)
        path, query = topic_path(key) + (".json" if wants_json else ""), f"page={page}".encode() if page > 1 else b""
        make = _one_json if wants_json else _one
        return rooms.kept(path, lambda tx, newest: make(rooms, tx, newest, key, page), query)

    pages.add_route("/topics", listed)
    pages.add_route("/topics.json", listed_json)
    pages.add_route("/topics/{key:path}", one)


def _trends(rooms: Rooms, tx: Transaction, newest: Head) -> Trends:
    """What moved in the weeks up to the newest edition."""

    def made() -> Trends:
        held = topic_queries.held_between(tx, newest.day - WEEKS * WEEK, newest.day, sample=newest.sample)
        return trends(held, (), until=newest.day, weeks=WEEKS)

    return rooms.shelf.value("trends", b"", made)


def _moves(trend: TopicTrend) -> str:
    return "rising" if trend.rises else "falling" if trend.falls else ""


# ---- all topics ------------------------------------------------------------------------------------------------------


def _all(rooms: Rooms, tx: Transaction, newest: Head) -> Page:
    moved = _trends(rooms, tx, newest)
    recent = [_row(trend) for trend in moved.topics]
    seen = {trend.key for trend in moved.topics}
    called = queries.topics(tx, sample=newest.sample)
    earlier = [
        Row(label(one.kind, one.label), topic_path(one.key), one.papers, day_name(one.last, year=True), "", ())
        for one in sorted(called, key=lambda one: (-one.last.toordinal(), -one.papers, one.key))
        if one.key not in seen
    ]
    named = {topic_path(trend.key) for trend in moved.topics if trend.kind == "named"}
    about = About(
        "Topics",
        "/topics",
        f"What the papers of the last {WEEKS} weeks are about, and which topics rise or fall.",
        json="/topics.json",
    )
    return rooms.html(
        "archive_topics.html",
        about,
        changed=newest.composed_at,
        named=[row for row in recent if row.path in named],
        found=[row for row in recent if row.path not in named],
        earlier=earlier,
        since=moved.since,
        until=moved.until,
        papers=sum(moved.papers),
        weeks=WEEKS,
    )


def _row(trend: TopicTrend) -> Row:
    drawn = bars(trend.shares, width=96, height=24, gap=2)
    return Row(label(trend.kind, trend.label), topic_path(trend.key), sum(trend.papers), "", _moves(trend), drawn)


def _all_json(rooms: Rooms, tx: Transaction, newest: Head) -> Page:
    moved = {trend.key: trend for trend in _trends(rooms, tx, newest).topics}
    told = [
        {
            "key": one.key,
            "label": label(one.kind, one.label),
            "kind": one.kind,
            "url": rooms.frame.base + topic_path(one.key),
            "papers": one.papers,
            "first": one.first.isoformat(),
            "last": one.last.isoformat(),
            "weeks": list(moved[one.key].papers) if one.key in moved else [0] * WEEKS,
            "moves": (_moves(moved[one.key]) or None) if one.key in moved else None,
        }
        for one in queries.topics(tx, sample=newest.sample)
    ]
    return rooms.json({"until": newest.day.isoformat(), "topics": told}, changed=newest.composed_at)


# ---- one topic -------------------------------------------------------------------------------------------------------


def _one(rooms: Rooms, tx: Transaction, newest: Head, key: str, page: int) -> Page:
    called, placed, more = _papers(tx, newest, key, page)
    moved = _trends(rooms, tx, newest)
    trend = next((one for one in moved.topics if one.key == key), None)
    weeks = _weeks(moved, trend)
    named = label(called.kind, called.label)
    path = topic_path(key)
    here = with_query(path, page=page)
    about = About(
        named if page == 1 else f"{named}, page {page}",
        here,
        f"{counted(called.papers, 'paper')} on {named} since {day_name(called.first, year=True)}, newest first.",
        feeds=(Feed(named, f"/feeds{path}.atom"),),
        before=with_query(path, page=page - 1) if page > 1 else "",
        after=with_query(path, page=page + 1) if more else "",
        json=with_query(f"{path}.json", page=page),
    )
    return rooms.html(
        "archive_topic.html",
        about,
        changed=newest.composed_at,
        label=named,
        called=called,
        first=day_name(called.first, year=True),
        kind="named by the editor" if called.kind == "named" else "found in the papers",
        days=_days(placed, cards=_CARDS if page == 1 else 0),
        page=page,
        weeks=weeks,
        bars=bars([one.papers / max(1, one.of_all) for one in weeks], width=600, height=72, gap=12),
        told=_told(named, trend, weeks),
        moves=_moves(trend) if trend else "",
    )


def _papers(tx: Transaction, newest: Head, key: str, page: int) -> tuple[Called, tuple[Placed, ...], bool]:
    called = queries.topics(tx, sample=newest.sample, key=key)
    offset = (page - 1) * _PER_PAGE
    if not called or offset >= called[0].papers:
        raise HTTPException(404)
    placed = queries.topic_papers(tx, key, sample=newest.sample, limit=_PER_PAGE, offset=offset)
    return called[0], placed, offset + len(placed) < called[0].papers


def _days(placed: Sequence[Placed], *, cards: int) -> list[tuple[date, str, list[object]]]:
    """The papers by the day of their edition; the first ones as cards."""
    numbered = list(enumerate(placed))
    return [
        (day, edition_path(day), [shown(one.paper) if number < cards else line(one.paper) for number, one in members])
        for day, members in groupby(numbered, key=lambda pair: pair[1].edition.day)
    ]


def _weeks(moved: Trends, trend: TopicTrend | None) -> list[Week]:
    papers = trend.papers if trend else (0,) * len(moved.papers)
    found = []
    for number, (count, of_all) in enumerate(zip(papers, moved.papers, strict=True)):
        first = moved.since + number * WEEK
        last = first + WEEK - timedelta(days=1)
        share = f"{100 * count / of_all:.1f}%" if of_all else "no edition"
        found.append(Week(f"{day_name(first)[4:]} to {day_name(last, year=True)[4:]}", count, of_all, share))
    return found


def _told(named: str, trend: TopicTrend | None, weeks: Sequence[Week]) -> str:
    """The picture in a sentence."""
    count = sum(week.papers for week in weeks)
    if trend is None or not count:
        return f"No paper of the last {len(weeks)} weeks is about {named}."
    highest = max(weeks, key=lambda week: week.papers / max(1, week.of_all))
    moves = ", rising" if trend.rises else ", falling" if trend.falls else ""
    return (
        f"{counted(count, 'paper')} in the last {len(weeks)} weeks{moves}; "
        f"the largest share, {highest.share} of a week’s papers, {highest.said}."  # noqa: RUF001
    )


def _one_json(rooms: Rooms, tx: Transaction, newest: Head, key: str, page: int) -> Page:
    called, placed, more = _papers(tx, newest, key, page)
    moved = _trends(rooms, tx, newest)
    trend = next((one for one in moved.topics if one.key == key), None)
    base, path = rooms.frame.base, topic_path(key)
    told = {
        "key": key,
        "label": label(called.kind, called.label),
        "kind": called.kind,
        "url": base + path,
        "papers_in_all": called.papers,
        "weeks": [
            {"since": (moved.since + number * WEEK).isoformat(), "papers": count, "of": of_all}
            for number, (count, of_all) in enumerate(
                zip(trend.papers if trend else (0,) * WEEKS, moved.papers, strict=True)
            )
        ],
        "papers": [whole_json(one, base) for one in placed],
        "next": base + with_query(f"{path}.json", page=page + 1) if more else None,
    }
    return rooms.json(told, changed=newest.composed_at)
