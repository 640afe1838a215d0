"""A vote today moves tomorrow's digest, and undone it moves it back; through the real steps."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter import encoding
from newsletter.models import Digest
from newsletter.schema import deliveries, subscribers
from subscribers import voting
from subscribers.votes import What
from tests.steps.conftest import FRIDAY, at, capture, paper

SATURDAY = FRIDAY + timedelta(days=1)
NAMES = ("ada", "bo")
ROSTER = "subscribers:\n" + "".join(
    f"  - {{address: {name}@example.org, name: R, keywords: [protein folding], discovery: false}}\n" for name in NAMES
)
DECODING, PROTEINS = 0, 3  # the remainder of a paper's number says what it is about
OTHERS = (
    "tidal turbines", "wine yeast", "glacier melt", "bridge vibration", "violin acoustics", "bee navigation",
    "solar sails", "concrete creep", "coral bleaching", "tax evasion", "wind erosion", "lunar regolith",
    "sleep spindles", "rail freight", "tea fermentation", "desert locusts", "paper folding", "harbour dredging",
    "bird migration", "fault slip", "cheese rind", "ice cores", "kite power", "moss genomes",
)  # fmt: skip
"""What else is new each day: on a day that is about few things nothing is close to anything in particular."""


def news(start: int):
    """A paper about each of the four subjects, and one about each other thing; numbered from a multiple of 4."""
    yield from (paper(start + number) for number in range(4))
    for place, subject in enumerate(OTHERS):
        known = {"title": f"Notes on {subject}", "abstract": f"What is known of {subject}, and why {subject} matters."}
        yield paper(start + 4 + place, **known)


@pytest.fixture
def friday(newsroom):
    """Two readers who want the same, and have Friday's digest."""
    newsroom.subscribe(ROSTER)
    newsroom.run(capture(*news(0)))
    return newsroom


def say(newsroom, what, about, name="ada"):
    voting.vote(newsroom.database, f"{name}@example.org", what, about, now=at(FRIDAY, 14), how="page")


def saturday(newsroom) -> dict[str, Digest]:
    """Saturday's digests, by reader."""
    newsroom.run(capture(*news(100), day=SATURDAY), day=SATURDAY)
    with newsroom.database.begin() as tx:
        rows = tx.execute(
            select(subscribers.c.address, deliveries.c.digest)
            .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
            .where(deliveries.c.edition_id == 2)
        )
        return {row.address.partition("@")[0]: encoding.load(Digest, row.digest) for row in rows}


def subjects(digest: Digest) -> set[int | str]:
    """What a digest is about: one of the four, or something else."""
    numbers = {int(pick.paper_key[-5:]) % 100 for section in digest.sections for pick in section.picks}
    return {number if number < 4 else "other" for number in numbers}


def test_a_liked_paper_brings_more_like_it_and_the_reason_says_so(friday):
    """The other reader, who said nothing, gets what they got before."""
    say(friday, What.MORE, paper(DECODING).key)
    found = saturday(friday)
    reasons = [pick.reason for section in found["ada"].sections for pick in section.picks]

    assert subjects(found["bo"]) == {PROTEINS}
    assert subjects(found["ada"]) == {DECODING, PROTEINS}
    assert any(paper(DECODING).key in reason for reason in reasons)


def test_a_vote_that_was_undone_leaves_no_trace_in_the_digest(friday):
    """The same papers for the same reasons as for who never voted."""
    say(friday, What.MORE, paper(DECODING).key)
    say(friday, What.LESS, paper(PROTEINS).key)
    voting.undo_all(friday.database, "ada@example.org", now=at(FRIDAY, 15))
    found = saturday(friday)

    assert found["ada"] == found["bo"]


def test_a_muted_topic_brings_nothing_more(friday):
    """Whatever is declared: muted is muted."""
    with friday.database.begin() as tx:
        digest = encoding.load(Digest, tx.scalars(select(deliveries.c.digest)).first())
    label = digest.sections[0].label
    say(friday, What.MUTE_TOPIC, label)
    found = saturday(friday)

    assert label in {section.label for section in found["bo"].sections}
    assert "ada" not in found or label not in {section.label for section in found["ada"].sections}


def test_a_disliked_paper_lowers_what_is_like_it(friday):
    """What is declared counts for less than with who said nothing."""
    say(friday, What.LESS, paper(PROTEINS).key)
    found = saturday(friday)
    alike = paper(100 + PROTEINS).key
    scores = {
        name: {pick.paper_key: pick.score for section in digest.sections for pick in section.picks}
        for name, digest in found.items()
    }

    assert scores.get("ada", {}).get(alike, 0.0) < scores["bo"][alike]


def test_who_only_says_what_they_do_not_want_still_gets_the_most_noticed(friday):
    """A vote against a paper is no interest: it makes nobody's digest personal, or empty."""
    friday.subscribe(ROSTER + "  - {address: cy@example.org}\n", day=SATURDAY)
    say(friday, What.LESS, paper(PROTEINS).key, name="cy")

    assert not saturday(friday)["cy"].personal
