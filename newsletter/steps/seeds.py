"""Example papers that readers name by id: looked up once, so that papers near to them can be found."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import date

from newsletter.database import Database
from newsletter.errors import SourceError
from newsletter.models import Paper
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
