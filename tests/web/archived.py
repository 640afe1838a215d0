"""An archive to look at: a few editions frozen by the real query, with what strangers write in titles and names."""

from datetime import UTC, date, datetime, timedelta

from newsletter.database import Database
from newsletter.models import Paper, Topic
from newsletter.queries import editions

FRIDAY = date(2026, 11, 20)
HOSTILE = '<script>alert(1)</script> & "quotes" \u202egnirts\u202c $\\alpha$-decay'

DECODING = Paper(
    "2611.00001", "Speculative decoding, verified", "Decoding is slow. We propose to draft tokens. They are verified.",
    ("Ada Müller", "Bo Sample"), arxiv_id="2611.00001", categories=("cs.CL", "cs.LG"), upvotes=12, comments=1,
    published=datetime(2026, 11, 19, tzinfo=UTC), sources=("arxiv", "huggingface"), code_url="https://example.org/code",
)  # fmt: skip
DRAFTING = Paper("2611.00002", "Drafting tokens", "Speculative decoding without a draft.", ("Cy Draft",),
                 arxiv_id="2611.00002")  # fmt: skip
HOSTILE_PAPER = Paper(
    "title:script alert 1 script quotes", HOSTILE, f"{HOSTILE}. We show <b>nothing</b>.",
    ('Mallory "><img src=x>', "\u200bEve\u200b"), categories=("cs.<i>",), organization="<u>Org</u>",
    code_url="javascript:alert(1)", project_url="data:text/html,x",
)  # fmt: skip
OLD = Paper("math/0309136", "An old paper", "", (), arxiv_id="math/0309136")
CROWD = Paper("2611.00003", "By a crowd", "We were many.", tuple(f"Author {number}" for number in range(664)))
HEBREW = Paper("title:עברית", "כותרת בעברית", "תקציר קצר.", ("אבי כהן",))
DOTTED = Paper("title:a.json", "A.json", "A file, or a paper?")


def freeze(database: Database, day: date, groups: dict[str, list[Paper]], *, sample: bool = False) -> int:
    """An edition with topics by label; a label that begins with `*` is a named one."""
    topics = [
        Topic(
            label.strip("*").lower().replace(" ", "-") if label != "Other" else "other",
            label.strip("*"),
            (),
            tuple(paper.key for paper in papers),
            kind="other" if label == "Other" else "named" if label.startswith("*") else "found",
        )
        for label, papers in groups.items()
    ]
    members = [paper for papers in groups.values() for paper in papers]
    with database.begin() as tx:
        return editions.save(
            tx, day=day, members=members, topics=topics, remarks=(), sample=sample, now=at(day)
        )  # fmt: skip


def at(day: date) -> datetime:
    """When the edition of a day is composed."""
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def fill(database: Database) -> None:
    """Samples that nobody sees any more, and three days: one plain, one hostile, one with two topics."""
    freeze(
        database, FRIDAY - timedelta(days=9), {"Samples": [Paper("2610.99999", "A sample of decoding")]}, sample=True
    )
    freeze(database, FRIDAY - timedelta(days=8), {"Decoding": [DRAFTING], "Other": [OLD]})
    freeze(database, FRIDAY - timedelta(days=1), {"<i>Markup</i> & Co/ü": [HOSTILE_PAPER, HEBREW, DOTTED]})
    freeze(database, FRIDAY, {"*Our Own Topic": [CROWD], "Decoding": [DECODING]})
