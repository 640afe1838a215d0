"""The rolling background: which past papers inform today's weights, and the fit kept between runs."""

import hashlib
import os
from datetime import date, timedelta
from pathlib import Path

from newsletter.database import Database, Transaction
from newsletter.models import Paper
from newsletter.queries import editions as queries
from newsletter.relevance.features import BACKGROUND_LIMIT, Background

_YOUNG = 2_000
"""A corpus smaller than this is fitted anew each day; a larger one changes too little within a month."""

_KEPT = 4  # fits kept on disk


def background(database: Database, cache_dir: Path, *, day: date, sample: bool) -> Background:
    """The background for an edition of a day: a function of the papers listed before, so a replay finds the same one.

    Built from what was fetched, so it speaks the language of the categories that are followed and nothing has to ship.
    """
    with database.read() as tx:
        keys = _keys(tx, day, sample=sample)
        name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
        path = cache_dir / "background" / f"{name}.npz"
        kept = Background.load(path)
        if kept is not None:
            return kept
        papers = queries.papers_by_key(tx, keys)
    fitted = Background.fit(papers)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{name}.{os.getpid()}.npz")
    fitted.save(unfinished)
    unfinished.replace(path)
    for old in sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)[_KEPT:]:
        old.unlink(missing_ok=True)
    return fitted


def corpus(database: Database, *, day: date, sample: bool) -> tuple[Paper, ...]:
    """The papers that the background of a day is fitted on, by key."""
    with database.read() as tx:
        return queries.papers_by_key(tx, _keys(tx, day, sample=sample))


def _keys(tx: Transaction, day: date, *, sample: bool) -> tuple[str, ...]:
    keys = queries.corpus_keys(tx, before=day + timedelta(days=1), sample=sample, limit=BACKGROUND_LIMIT)
    if len(keys) < _YOUNG:
        return keys
    settled = queries.corpus_keys(tx, before=day.replace(day=1), sample=sample, limit=BACKGROUND_LIMIT)
    return settled if len(settled) >= _YOUNG else keys
