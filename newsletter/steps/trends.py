"""What moved in the last weeks: gathered from the editions, decided by `relevance/trends.py`, written nowhere."""

from newsletter.database import Database
from newsletter.queries import editions
from newsletter.queries import topics as queries
from newsletter.relevance.trends import WEEK, Trends, trends


def trends_of(database: Database, *, weeks: int = 12) -> Trends | None:
    """The trends of so many weeks up to the newest edition, from editions of its kind; None where there is none."""
    with database.begin() as tx:
        newest = editions.latest(tx)
        if newest is None:
            return None
        since = newest.day - weeks * WEEK
        held = queries.held_between(tx, since, newest.day, sample=newest.sample)
        papers = queries.papers_between(tx, since, newest.day, sample=newest.sample)
        return trends(held, papers, until=newest.day, weeks=weeks)
