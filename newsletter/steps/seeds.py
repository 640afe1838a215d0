"""Papers that readers name or vote on: known, or looked up once, so that papers near them are found."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date

from newsletter.database import Database, Transaction
from newsletter.errors import SourceError
from newsletter.identity import normalise_id, title_key
from newsletter.models import Interest, InterestKind, Paper
from newsletter.novelty import RECENT, KnownPaper
from newsletter.queries import editions, listings

log = logging.getLogger("newsletter.seeds")

LookUp = Callable[[Sequence[str]], tuple[Paper, ...]]
"""The papers with these arXiv ids; may raise SourceError."""

_AT_ONCE = 100  # ids in one request


def learn_seeds(database: Database, look_up: LookUp, named: Collection[str], *, day: date) -> int:
    """Look up the example papers that are not known yet, and remember them as old; returns how many were learned.

    A paper of the last two weeks is left to the listings, so that naming it cannot keep it from being news for others.
    Trouble costs nobody a digest: what is not learned today is asked for again by the next run.
    """
    with database.begin() as tx:
        known = editions.papers_by_arxiv_id(tx, named)
    missing = sorted(set(named) - known.keys())[:_AT_ONCE]
    if not missing:
        return 0
    try:
        found = look_up(missing)
    except SourceError as error:
        log.warning("seeds.not_learned", extra={"ids": len(missing), "reason": str(error)})
        return 0
    old = [
        KnownPaper(paper, "old", paper.published.date())
        for paper in found
        if paper.published is not None and day - paper.published.date() > RECENT
    ]
    with database.begin() as tx:
        there = {paper.key for paper in editions.papers_by_key(tx, [known.paper.key for known in old])}
        listings.save_papers(tx, [one for one in old if one.paper.key not in there], existing=())
    return len(old)


def known_seeds(tx: Transaction, named: Collection[str]) -> dict[str, Paper]:
    """The example papers that are known, by what names them: an arXiv id, or a pasted text that begins with its title.

    A text of another title is left out: it is all that is known of its paper.
    """
    ids = {value: known[0] for value in named if (known := normalise_id(value))}
    titles = {value.strip(): title_key(value.strip().partition("\n")[0]) for value in named if value not in ids}
    by_id = editions.papers_by_arxiv_id(tx, set(ids.values()))
    by_title = editions.papers_by_title(tx, {key for key in titles.values() if key})
    return by_id | {value: by_title[key] for value, key in titles.items() if key in by_title}


VOTED = frozenset({InterestKind.LIKED, InterestKind.DISLIKED})
"""Interests whose value is the key of a paper."""


def examples(tx: Transaction, interests: Iterable[Interest]) -> dict[str, Paper]:
    """The papers that interests are about, as far as they are known: examples by what names them, voted ones by key."""
    about = list(interests)
    voted = editions.papers_by_key(tx, {one.value for one in about if one.kind in VOTED})
    named = known_seeds(tx, {one.value for one in about if one.kind is InterestKind.SEED})
    return {paper.key: paper for paper in voted} | named
