"""A page per paper: all that is known of it, where it was listed, and the papers nearest to it."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.asking import readable
from newsletter.database import Transaction
from newsletter.identity import normalise_id
from newsletter.mail.cards import acceptance, card, day_name, title
from newsletter.mail.text import clean, counted, shorten
from newsletter.models import Paper
from newsletter.queries import archive as queries
from newsletter.queries import editions
from newsletter.queries.archive import Head, Listed, Placed
from newsletter.steps.alike import alike
from subscribers.web.kept import Kept, Page
from subscribers.web.rooms import About, Feed, Rooms, split, with_query
from subscribers.web.shown import (
    abstract,
    direction,
    edition_path,
    label,
    line,
    paper_path,
    topic_path,
    whole_json,
)

_RELATED = 6
_AUTHORS = 20  # names that are seen at once, the others when asked for; one paper has 664
_MOST_AUTHORS = 1_000
_TOLD = 200  # characters of a description

_SOURCES = {"huggingface": "Hugging Face", "arxiv": "arXiv", "file": "A file"}


@dataclass(frozen=True, slots=True)
class Author:
    """One name, and the address of what else they wrote."""

    name: str
    path: str


def add(pages: APIRouter, rooms: Rooms) -> None:
    """The page of a paper, and its JSON."""

    def one(request: Request) -> Kept:
        asked = request.path_params["key"]
        key, wants_json = split(asked)
        with rooms.frame.database.read() as tx:
            newest = rooms.newest(tx)
            found = queries.paper(tx, asked, sample=newest.sample)
            if found is not None:  # a title may end in .json itself
                key, wants_json = asked, False
            else:
                found = queries.paper(tx, _key(key), sample=newest.sample)
        if found is None:
            raise HTTPException(404)
        path = paper_path(found.paper.key) + (".json" if wants_json else "")
        make = _one_json if wants_json else _one
        return rooms.kept(path, lambda tx, newest: make(rooms, tx, newest, found))

    pages.add_route("/papers/{key:path}", one)


def _key(asked: str) -> str:
    """Whoever types `2511.01234v2` means the paper."""
    known = normalise_id(asked)
    return known[0] if known else asked


def _one(rooms: Rooms, tx: Transaction, newest: Head, found: Placed) -> Page:
    paper = _with_figures(tx, found.paper)
    made = card(paper)
    told = abstract(paper)
    authors = tuple(Author(name, _by(name)) for name in map(readable, paper.authors[:_MOST_AUTHORS]) if name)
    related = _related(rooms, tx, newest, paper)
    about = About(
        title(paper),
        paper_path(paper.key),
        shorten("".join(told) or f"By {', '.join(made.authors)}", _TOLD),
        published=found.edition.composed_at,
        json=f"{paper_path(paper.key)}.json",
        feeds=() if found.kind == "other" else (topic_feed(found),),
    )
    return rooms.html(
        "archive_paper.html",
        about,
        changed=None,  # its figures are those of the newest listing, so no date of an edition says when
        paper=paper,
        title=made.title,
        title_direction=direction(made.title),
        authors=authors[:_AUTHORS],
        more_authors=authors[_AUTHORS:],
        abstract=told,
        abstract_direction=direction("".join(told)),
        links=[("arXiv" if name == "Abstract" else name, address) for name, address in made.links],
        categories=[(code, with_query("/search", q=f"category:{code}")) for code in map(clean, paper.categories)],
        accepted=acceptance(paper),
        published=day_name(paper.published.date(), year=True) if paper.published else "",
        organization=readable(paper.organization or ""),
        listed=[_listed(one) for one in queries.listed(tx, paper.key)],
        edition=found.edition,
        edition_path=edition_path(found.edition.day),
        topic=label(found.kind, found.label),
        topic_path="" if found.kind == "other" else topic_path(found.topic),
        related=[(line(one.paper), one.edition.day) for one in related],
    )


def topic_feed(found: Placed) -> Feed:
    """The feed of the topic in which a paper stands."""
    return Feed(label(found.kind, found.label), f"/feeds{topic_path(found.topic)}.atom")


def _related(rooms: Rooms, tx: Transaction, newest: Head, paper: Paper) -> tuple[Placed, ...]:
    """The papers nearest to it, sought once for its page and its JSON."""
    return rooms.shelf.value(
        "alike", paper.key.encode(), lambda: alike(tx, paper, sample=newest.sample, limit=_RELATED)
    )


def _with_figures(tx: Transaction, paper: Paper) -> Paper:
    """The paper as it was frozen, with the figures of today."""
    now = editions.papers_by_key(tx, [paper.key])
    return now[0] if now else paper


def _by(name: str) -> str:
    quoted = name.replace('"', " ")
    return with_query("/search", q=f'author:"{quoted}"')


def _listed(one: Listed) -> str:
    """Where it was listed, in a line."""
    place = f"{_SOURCES.get(one.source, clean(one.source))} {clean(one.name)}, {day_name(one.day, year=True)}"
    figures = [f"place {one.rank}"]
    if one.upvotes:
        figures.append(counted(one.upvotes, "upvote"))
    if one.comments:
        figures.append(counted(one.comments, "comment"))
    return f"{place}: {', '.join(figures)}"


def _one_json(rooms: Rooms, tx: Transaction, newest: Head, found: Placed) -> Page:
    paper = _with_figures(tx, found.paper)
    base = rooms.frame.base
    now = Placed(paper, found.edition, found.topic, found.label, found.kind)
    told = whole_json(now, base) | {
        "organization": readable(paper.organization or "") or None,
        "listed": [
            {"source": one.source, "name": one.name, "day": one.day.isoformat(), "rank": one.rank}
            | {"upvotes": one.upvotes, "comments": one.comments}
            for one in queries.listed(tx, paper.key)
        ],
        "related": [
            {"key": one.paper.key, "url": base + paper_path(one.paper.key), "title": title(one.paper)}
            for one in _related(rooms, tx, newest, paper)
        ],
    }
    return rooms.json(told, changed=None)
