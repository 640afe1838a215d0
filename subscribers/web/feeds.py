"""Atom feeds (RFC 4287) of editions, of each topic and of any search."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.asking import asked, readable
from newsletter.database import Transaction
from newsletter.mail.cards import day_name, title
from newsletter.mail.text import clean, counted
from newsletter.queries import archive as queries
from newsletter.queries import search
from newsletter.queries.archive import Head, Placed
from subscribers.web.kept import Kept, Page
from subscribers.web.rooms import Rooms, with_query
from subscribers.web.shown import abstract, edition_path, label, paper_path, topic_path

ATOM = "application/atom+xml; charset=utf-8"

_SPACE = "http://www.w3.org/2005/Atom"
_EDITIONS = 30
_PAPERS = 50
_AUTHORS = 60
_SINCE = "2026"  # of the tag URIs: from when on the ids are ours; it never changes


def add(pages: APIRouter, rooms: Rooms) -> None:
    """The three kinds of feeds."""

    def editions(_request: Request) -> Kept:
        return rooms.kept("/feeds/editions.atom", lambda tx, newest: _editions(rooms, tx, newest))

    def topic(request: Request) -> Kept:
        name: str = request.path_params["name"]
        if not name.endswith(".atom"):
            raise HTTPException(404)
        key = name.removesuffix(".atom")
        return rooms.kept(f"/feeds{topic_path(key)}.atom", lambda tx, newest: _topic(rooms, tx, newest, key))

    def found(request: Request) -> Kept:
        question = request.query_params.get("q", "")
        with rooms.frame.database.read() as tx:
            return Kept(_search(rooms, tx, rooms.newest(tx), question))

    pages.add_route("/feeds/editions.atom", editions)
    pages.add_route("/feeds/search.atom", found)
    pages.add_route("/feeds/topics/{name:path}", topic)


def _editions(rooms: Rooms, tx: Transaction, newest: Head) -> Page:
    heads = queries.latest(tx, sample=newest.sample, limit=_EDITIONS)
    named = queries.labels(tx, [head.id for head in heads])
    feed = _Feed(rooms, "editions", rooms.frame.settings.list_name, "/feeds/editions.atom", "/editions")
    for head in heads:
        topics = ", ".join(label("found", said) for _key, said in named.get(head.id, ()))
        entry = feed.entry(
            "edition/" + head.day.isoformat() + ("/sample" if head.sample else ""),
            f"{day_name(head.day, year=True)}: {counted(head.papers, 'new paper')}",
            edition_path(head.day),
            head.composed_at,
        )
        _sub(entry, "summary", topics or counted(head.papers, "new paper"))
    return feed.page(newest.composed_at)


def _topic(rooms: Rooms, tx: Transaction, newest: Head, key: str) -> Page:
    called = queries.topics(tx, sample=newest.sample, key=key)
    if not called:
        raise HTTPException(404)
    placed = queries.topic_papers(tx, key, sample=newest.sample, limit=_PAPERS)
    name = f"{label(called[0].kind, called[0].label)} · {rooms.frame.settings.list_name}"
    path = topic_path(key)
    feed = _Feed(rooms, "topic/" + quote(key, safe=""), name, f"/feeds{path}.atom", path)
    feed.papers(placed)
    return feed.page(max(one.edition.composed_at for one in placed) if placed else newest.composed_at)


def _search(rooms: Rooms, tx: Transaction, newest: Head, said: str) -> Page:
    """The newest papers that answer; without a question there is no feed."""
    question = asked(said)
    if not question.wanted:
        raise HTTPException(404)
    answer = search.find(tx, question, sample=newest.sample, limit=_PAPERS, newest=True)
    placed = queries.papers(tx, answer.keys)
    path = with_query("/feeds/search.atom", q=question.text)
    feed = _Feed(
        rooms,
        "search/" + quote(question.text, safe=""),
        f"{question.text} · {rooms.frame.settings.list_name}",
        path,
        with_query("/search", q=question.text),
    )
    feed.papers(placed)
    return feed.page(max((one.edition.composed_at for one in placed), default=datetime(1970, 1, 1, tzinfo=UTC)))


class _Feed:
    """One feed while it is written."""

    def __init__(self, rooms: Rooms, name: str, title: str, path: str, shown_at: str) -> None:
        self._frame = rooms.frame
        self._root = ET.Element("feed", {"xmlns": _SPACE, "xml:lang": "en"})
        self._entries: list[ET.Element] = []
        _sub(self._root, "id", self._id(name))
        _sub(self._root, "title", title)
        _link(self._root, "self", self._frame.url(path), ATOM.partition(";")[0])
        _link(self._root, "alternate", self._frame.url(shown_at), "text/html")
        _sub(_sub(self._root, "author"), "name", self._frame.settings.list_name)

    def _id(self, name: str) -> str:
        return f"tag:{self._frame.settings.list_host},{_SINCE}:{name}"

    def entry(self, name: str, title: str, path: str, at: datetime) -> ET.Element:
        """An entry with what each must have."""
        entry = ET.Element("entry")
        _sub(entry, "id", self._id(name))
        _sub(entry, "title", title)
        _sub(entry, "updated", _instant(at))
        _sub(entry, "published", _instant(at))
        _link(entry, "alternate", self._frame.url(path), "text/html")
        self._entries.append(entry)
        return entry

    def papers(self, placed: Sequence[Placed]) -> None:
        """An entry for each paper; the same one in every feed."""
        for one in placed:
            paper = one.paper
            name = "paper/" + quote(paper.key, safe="")
            entry = self.entry(name, title(paper), paper_path(paper.key), one.edition.composed_at)
            for author in _names(paper.authors):
                _sub(_sub(entry, "author"), "name", author)
            for code in dict.fromkeys(map(clean, paper.categories)):
                if code:
                    ET.SubElement(entry, "category", {"term": code})
            if paper.arxiv_id:
                _link(entry, "related", f"https://arxiv.org/abs/{quote(paper.arxiv_id, safe='/.-')}", "text/html")
            _sub(entry, "summary", "".join(abstract(paper)))

    def page(self, updated: datetime) -> Page:
        """The whole feed in bytes."""
        _sub(self._root, "updated", _instant(updated))
        self._root.extend(self._entries)
        ET.indent(self._root, " ")
        body = ET.tostring(self._root, encoding="utf-8", xml_declaration=True)
        return Page(body + b"\n", ATOM, updated, indexed=False)


def _names(authors: Iterable[str]) -> list[str]:
    return [name for name in map(readable, list(authors)[:_AUTHORS]) if name]


def _sub(parent: ET.Element, name: str, text: str = "") -> ET.Element:
    made = ET.SubElement(parent, name)
    made.text = text or None
    return made


def _link(parent: ET.Element, rel: str, href: str, kind: str) -> None:
    ET.SubElement(parent, "link", {"rel": rel, "href": href, "type": kind})


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
