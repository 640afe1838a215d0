"""The search page: any text gets an answer, best papers first, with what was asked for marked."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.asking import Asked, asked
from newsletter.database import Transaction
from newsletter.queries import archive as queries
from newsletter.queries import search
from newsletter.queries.archive import Head
from newsletter.queries.search import Answer
from subscribers.web.kept import Kept, Page
from subscribers.web.rooms import LAST_PAGE, About, Feed, Rooms, page_of, with_query
from subscribers.web.shown import edition_path, hit, topic_path, whole_json

PER_PAGE = 20


def add(pages: APIRouter, rooms: Rooms) -> None:
    """The page and its JSON; answers are not kept, for everybody asks something else."""

    def page(request: Request) -> Kept | Response:
        question, number = asked(request.query_params.get("q", "")), page_of(request)
        if not question.text:
            return rooms.kept("/search", lambda _tx, newest: _empty(rooms, newest.composed_at))
        return _fresh(rooms, lambda tx, newest: _page(rooms, tx, newest, question, number))

    def page_json(request: Request) -> Kept:
        question, number = asked(request.query_params.get("q", "")), page_of(request)
        return _fresh(rooms, lambda tx, newest: _json(rooms, tx, newest, question, number))

    pages.add_route("/search", page)
    pages.add_route("/search.json", page_json)


def _fresh(rooms: Rooms, make: Callable[[Transaction, Head], Page]) -> Kept:
    with rooms.frame.database.read() as tx:
        return Kept(make(tx, rooms.newest(tx)))


def _empty(rooms: Rooms, changed: datetime) -> Page:
    about = About("Search", "/search", "Search the titles, authors and abstracts of every paper of every edition.")
    return rooms.html("archive_search.html", about, changed=changed, question=None, hits=(), total=0, most=0, first=0)


def _page(rooms: Rooms, tx: Transaction, newest: Head, question: Asked, number: int) -> Page:
    answer, more = _answer(tx, newest, question, number)
    path = with_query("/search", q=question.text, page=number)
    about = About(
        f"Search: {question.text}",
        path,
        f"Papers that answer: {question.text}",
        feeds=(Feed(f"Search: {question.text}", with_query("/feeds/search.atom", q=question.text)),),
        before=with_query("/search", q=question.text, page=number - 1) if number > 1 else "",
        after=with_query("/search", q=question.text, page=number + 1) if more else "",
        json=with_query("/search.json", q=question.text, page=number),
        indexed=False,
    )
    return rooms.html(
        "archive_search.html",
        about,
        changed=None,
        question=question,
        hits=[hit(placed, question) for placed in queries.papers(tx, answer.keys)],
        total=answer.total,
        most=search.RANKED,
        first=(number - 1) * PER_PAGE + 1,
        edition_path=edition_path,
        topic_path=topic_path,
    )


def _answer(tx: Transaction, newest: Head, question: Asked, number: int) -> tuple[Answer, bool]:
    """The papers of a page of the answer, and whether there are more; a page behind the last one is 404."""
    offset = (number - 1) * PER_PAGE
    answer = search.find(tx, question, sample=newest.sample, limit=PER_PAGE, offset=offset)
    if number > 1 and not answer.keys:
        raise HTTPException(404)
    return answer, number < LAST_PAGE and offset + len(answer.keys) < answer.total


def _json(rooms: Rooms, tx: Transaction, newest: Head, question: Asked, number: int) -> Page:
    answer, more = _answer(tx, newest, question, number)
    base = rooms.frame.base
    told = {
        "question": question.text,
        "understood": [
            {
                "words": list(term.words),
                "field": term.field or None,
                "without": term.without,
                "beginning": term.beginning,
            }
            for term in question.terms
        ],
        "total": answer.total,
        "papers": [whole_json(placed, base) for placed in queries.papers(tx, answer.keys)],
        "next": base + with_query("/search.json", q=question.text, page=number + 1) if more else None,
    }
    return rooms.json(told, changed=None)
