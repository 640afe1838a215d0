"""Full text of the papers of all editions: FTS5 on SQLite, tsvector on PostgreSQL, with the words of `asking.py`.

The table `search` is made by its migration alone, for it is another thing on each database. Every word is quoted, and
holds nothing but letters, digits, dots and commas: no question is syntax.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from sqlalchemy import Row, text

from newsletter.asking import Asked, Findable, Term, findable
from newsletter.database import Transaction
from newsletter.models import Paper, Topic

RANKED = 5_000
"""Of the papers that answer, so many of the newest are ranked: a word that all papers hold costs no more than that."""

_AT_ONCE = 500
_LAST_POSITION = 16_383  # PostgreSQL counts words up to here

_COLUMNS = {"title": "title", "author": "authors", "topic": "topics", "abstract": "abstract"}
_WEIGHTS = {"title": "A", "author": "B", "topic": "C", "abstract": "D"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of what was found."""

    total: int  # at most `RANKED`; 0 for a page behind the last
    keys: tuple[str, ...]  # best first


# ---- filling -------------------------------------------------------------------------------------------------------


def add(tx: Transaction, members: Iterable[Paper], topics: Iterable[Topic]) -> None:
    """Let the papers of an edition be found; with the edition, in its transaction."""
    labels = {key: topic.label for topic in topics for key in topic.paper_keys}
    add_all(tx, (findable(paper, labels.get(paper.key, "")) for paper in members))


def add_all(tx: Transaction, found_by: Iterable[Findable]) -> None:
    """The same for papers whose words are known."""
    rest = iter(found_by)
    while piece := list(islice(rest, _AT_ONCE)):
        if tx.dialect.name == "postgresql":
            rows: list[dict[str, str]] = [{"key": one.key, "words": _vector(one)} for one in piece]
            told = (
                "(paper_key, words) VALUES (:key, CAST(:words AS tsvector)) "
                "ON CONFLICT (paper_key) DO UPDATE SET words = excluded.words"
            )
        else:
            rows = [
                {"key": one.key, "title": one.title, "authors": one.authors, "topics": one.topics, "text": one.abstract}
                for one in piece
            ]
            told = "(paper_key, title, authors, topics, abstract) VALUES (:key, :title, :authors, :topics, :text)"
        tx.execute(text(f"INSERT INTO search {told}"), rows)


def _vector(one: Findable) -> str:
    """A tsvector as text: each word with its places and the letter of its field, a gap between the fields."""
    places: dict[str, list[str]] = {}
    at = count(1)
    for letter, words in zip("ABCD", (one.title, one.authors, one.topics, one.abstract), strict=True):
        for word in words.split():
            place = next(at)
            if place < _LAST_POSITION:
                places.setdefault(word, []).append(f"{place}{letter}")
        next(at)  # a phrase reaches from no field into the next
    return " ".join(f"'{word}':{','.join(found[:255])}" for word, found in places.items())


# ---- asking --------------------------------------------------------------------------------------------------------


def find(
    tx: Transaction, question: Asked, *, sample: bool, limit: int, offset: int = 0, newest: bool = False
) -> Answer:
    """The papers that answer a question, best first: in the title, by the author, more recent among equals.

    With `newest` the most recent first.
    """
    if not question.wanted:
        return Answer(0, ())
    asked = {"asked": _asked(tx, question), "ranked": RANKED, "sample": sample, "limit": limit, "offset": offset}
    order = "edition_id DESC, worth DESC, paper_key" if newest else "worth DESC, edition_id DESC, paper_key"
    rows: Sequence[Row[Any]] = tx.execute(
        text(
            f"SELECT paper_key, count(*) OVER () AS total FROM ({_candidates(tx)}) found "  # noqa: S608 - constants
            f"ORDER BY {order} LIMIT :limit OFFSET :offset"
        ),
        asked,
    ).all()
    return Answer(rows[0].total if rows else 0, tuple(row.paper_key for row in rows))


def _candidates(tx: Transaction) -> str:
    """The newest papers that answer, with what each is worth."""
    if tx.dialect.name == "postgresql":
        return (
            "SELECT search.paper_key, edition_papers.edition_id, "
            "ts_rank_cd('{0.1, 0.35, 0.5, 1.0}', search.words, question.asked, 1) AS worth "
            "FROM (SELECT CAST(:asked AS tsquery) AS asked) question "
            "JOIN search ON search.words @@ question.asked "
            "JOIN edition_papers ON edition_papers.paper_key = search.paper_key "
            "JOIN editions ON editions.id = edition_papers.edition_id "
            "WHERE editions.sample = :sample "
            "ORDER BY edition_papers.edition_id DESC, search.paper_key LIMIT :ranked"
        )
    return (
        "SELECT newest.paper_key, edition_papers.edition_id, newest.worth FROM "
        "(SELECT paper_key, -bm25(search, 0.0, 8.0, 4.0, 3.0, 1.0) AS worth FROM search "
        "WHERE search MATCH :asked ORDER BY rowid DESC LIMIT :ranked) newest "
        "JOIN edition_papers ON edition_papers.paper_key = newest.paper_key "
        "JOIN editions ON editions.id = edition_papers.edition_id WHERE editions.sample = :sample"
    )


def count_holding(tx: Transaction, term: Term) -> int:
    """How many papers hold a term, samples included."""
    matches = "words @@ CAST(:asked AS tsquery)" if tx.dialect.name == "postgresql" else "search MATCH :asked"
    asked = {"asked": _asked(tx, Asked("", (term,)))}
    return int(tx.scalar(text(f"SELECT count(*) FROM search WHERE {matches}"), asked) or 0)  # noqa: S608 - constants


def holding(tx: Transaction, term: Term, *, sample: bool, limit: int) -> tuple[str, ...]:
    """Keys of the newest papers that hold a term."""
    asked = {"asked": _asked(tx, Asked("", (term,))), "ranked": limit, "sample": sample}
    return tuple(tx.scalars(text(f"SELECT paper_key FROM ({_candidates(tx)}) found"), asked))  # noqa: S608 - constants


def _asked(tx: Transaction, question: Asked) -> str:
    """A question in the database's own words."""
    if tx.dialect.name == "postgresql":
        return " & ".join(
            [*map(_to_tsquery, question.wanted), *(f"!({_to_tsquery(one)})" for one in question.unwanted)]
        )
    wanted = " AND ".join(map(_to_fts5, question.wanted))
    return f"({wanted})" + "".join(f" NOT {_to_fts5(one)}" for one in question.unwanted)


def _to_fts5(term: Term) -> str:
    phrase = f'"{" ".join(term.words)}"' + ("*" if term.beginning else "")
    return f"({{{_COLUMNS[term.field]}}} : {phrase})" if term.field else phrase


def _to_tsquery(term: Term) -> str:
    """The words in a row, each in its field; `*` asks for a beginning."""
    weight = _WEIGHTS[term.field] if term.field else ""
    last = len(term.words) - 1
    marks = [("*" if term.beginning and place == last else "") + weight for place in range(last + 1)]
    return (
        "("
        + " <-> ".join(f"'{word}'" + (f":{mark}" if mark else "") for word, mark in zip(term.words, marks, strict=True))
        + ")"
    )
