"""What archive pages show of papers, in words and as JSON: as the mails say it, and no stranger's text is markup."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from newsletter.asking import Asked, marked, readable
from newsletter.identity import normalise_id
from newsletter.mail import text as words
from newsletter.mail.cards import card, reading_on, title
from newsletter.mail.excerpt import excerpt
from newsletter.models import Paper
from newsletter.queries.archive import Placed
from newsletter.relevance.keysentence import key_sentence
from newsletter.relevance.sentences import Span, sentences

_PEEK = 300  # characters of an abstract on a card
_FOUND = 260  # of one in an answer

Piece = tuple[str, bool]
"""Part of a text, and whether it was asked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """A paper in one line."""

    key: str
    path: str
    title: str
    authors: tuple[str, ...]
    figures: str  # upvotes and code, or nothing
    direction: str

    @property
    def names(self) -> Markup:
        """The authors; one of a right-to-left script is isolated, or its neighbours would trade places."""
        return Markup(", ").join(
            Markup("<bdi>%s</bdi>") % name if words.right_to_left(name) else escape(name) for name in self.authors
        )


@dataclass(frozen=True, slots=True)
class CardShown:
    """A paper with the sentence that says what is new."""

    line: Line
    facts: str
    told: str
    direction: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that answers a question, with what was asked for marked."""

    line: Line
    title: tuple[Piece, ...]
    authors: tuple[Piece, ...]
    abstract: tuple[Piece, ...]
    day: date
    topic: str
    label: str


def paper_path(key: str) -> str:
    """The address of a paper's page; only an old arXiv id (`math/0309136`) brings a slash of its own."""
    return f"/papers/{quote(key, safe='/' if normalise_id(key) else '')}"


def edition_path(day: date) -> str:
    """The address of an edition's page."""
    return f"/editions/{day.isoformat()}"


def topic_path(key: str) -> str:
    """The address of a topic's page."""
    return f"/topics/{quote(key, safe='')}"


def direction(text: str) -> str:
    """For the attribute `dir`: as the mails set it."""
    return "auto" if words.right_to_left(text) else "ltr"


def line(paper: Paper) -> Line:
    """A paper in one line."""
    told = title(paper)
    authors = words.authors(map(readable, paper.authors))
    figures = [words.counted(paper.upvotes, "upvote")] if paper.upvotes else []
    if paper.withdrawn:
        figures.insert(0, "withdrawn by its authors")
    return Line(paper.key, paper_path(paper.key), told, authors, " · ".join(figures), direction(told))


def shown(paper: Paper) -> CardShown:
    """A paper with its key sentence, or the beginning of its abstract."""
    made = card(paper)
    told = made.abstract[slice(*made.key)] if made.key else made.abstract
    return CardShown(line(paper), " · ".join(made.facts), words.shorten(told, _PEEK), direction(made.abstract))


def abstract(paper: Paper) -> tuple[str, str, str]:
    """The whole abstract in three: before its key sentence, that sentence, and the rest."""
    told = readable(paper.abstract)
    found = key_sentence(title(paper), told)
    start, end = found or (len(told), len(told))
    return told[:start], told[start:end], told[end:]


def hit(placed: Placed, question: Asked) -> Hit:
    """A paper as an answer to a question."""
    told = line(placed.paper)
    whole = readable(placed.paper.abstract)
    names = ", ".join(told.authors)
    peek = excerpt(whole, _best(whole, question), _FOUND).text
    return Hit(
        told,
        pieces(told.title, marked(told.title, question, "title")),
        pieces(names, marked(names, question, "author")),
        pieces(peek, marked(peek, question, "abstract")),
        placed.edition.day,
        placed.topic,
        label(placed.kind, placed.label),
    )


def _best(text: str, question: Asked) -> Span | None:
    """The first of the sentences that hold most of what was asked for; None where none holds any of it."""
    each_alone = [Asked("", (term,)) for term in question.wanted]
    held = [
        (sum(bool(marked(text[slice(*each)], term, "abstract")) for term in each_alone), each)
        for each in sentences(text)
    ]
    most, best = max(held, key=lambda pair: pair[0], default=(0, (0, 0)))
    return best if most else None


def pieces(text: str, spans: Iterable[Span]) -> tuple[Piece, ...]:
    """A text cut at its marks."""
    found: list[Piece] = []
    at = 0
    for start, end in spans:
        found += [(text[at:start], False), (text[start:end], True)]
        at = end
    return tuple(piece for piece in (*found, (text[at:], False)) if piece[0])


def label(kind: str, said: str) -> str:
    """A topic's heading; what is left over says so."""
    return "Other papers" if kind == "other" else readable(said) or "Untitled"


# ---- JSON ----------------------------------------------------------------------------------------------------------


def facts_json(paper: Paper, base: str) -> dict[str, Any]:
    """A paper in JSON, as docs/archive.md has it; `base` is the site's address."""
    return {
        "key": paper.key,
        "url": base + paper_path(paper.key),
        "title": title(paper),
        "authors": [readable(name) for name in paper.authors],
        "arxiv_id": paper.arxiv_id,
        "categories": [words.clean(code) for code in paper.categories],
        "published": paper.published.isoformat() if paper.published else None,
        "upvotes": paper.upvotes,
        "comments": paper.comments,
        "withdrawn": paper.withdrawn,
        "sources": list(paper.sources),
        "links": {name.lower().replace(" ", "_"): address for name, address in reading_on(paper)},
    }


def whole_json(placed: Placed, base: str) -> dict[str, Any]:
    """The same with the abstract, and where it stands."""
    before, key, after = abstract(placed.paper)
    return facts_json(placed.paper, base) | {
        "abstract": before + key + after,
        "key_sentence": key or None,
        "doi": placed.paper.doi and words.clean(placed.paper.doi),
        "edition": placed.edition.day.isoformat(),
        "topic": topic_json(placed.topic, placed.kind, placed.label, base),
    }


def topic_json(key: str, kind: str, said: str, base: str) -> dict[str, Any]:
    """A topic in JSON; what is left over has no page."""
    return {
        "key": key,
        "label": label(kind, said),
        "kind": kind,
        "url": None if kind == "other" else base + topic_path(key),
    }
