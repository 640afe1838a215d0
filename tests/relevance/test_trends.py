"""Trends: shares week by week, and what rises or falls."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.relevance.trends import Held, log_odds, trends
from tests.relevance.corpus import made

DAY = date(2026, 3, 31)
WEEK = timedelta(days=7)


def held(*weekly, key="one", kind="found", label=""):
    """So many papers of one topic in each week, the last week last, on its last day."""
    days = (DAY - WEEK * back for back in reversed(range(len(weekly))))
    return [Held(day, key, label or key.title(), kind, papers) for day, papers in zip(days, weekly, strict=True)]


def written(*weekly, text):
    """So many papers with a text in each week."""
    return [
        (DAY - WEEK * (len(weekly) - 1 - week), Paper(f"{text}{week}.{number}", f"Study {number}", text))
        for week, papers in enumerate(weekly)
        for number in range(papers)
    ]


def test_each_topic_has_its_papers_and_shares_week_by_week():
    """The oldest week comes first; a share is of all the papers of the week, Other among them."""
    found = trends(
        [*held(3, 0, 1), *held(1, 4, 0, key="two"), *held(0, 4, 1, key="other", kind="other")], [], until=DAY, weeks=3
    )

    assert found.papers == (4, 8, 2)
    assert [(topic.key, topic.papers) for topic in found.topics] == [("two", (1, 4, 0)), ("one", (3, 0, 1))]
    assert [topic.shares for topic in found.topics] == [(0.25, 0.5, 0.0), (0.75, 0.0, 0.5)]


def test_a_week_is_seven_days_that_end_with_the_last_day():
    """What is older than the first week, or newer than the last day, is not counted."""
    days = [DAY, DAY - WEEK + timedelta(days=1), DAY - WEEK, DAY - 3 * WEEK, DAY + timedelta(days=1)]
    found = trends([Held(day, "one", "One", "found", 1) for day in days], [], until=DAY, weeks=3)

    assert (found.since, found.until, found.recent, found.papers) == (
        DAY - 3 * WEEK + timedelta(days=1),
        DAY,
        1,
        (0, 1, 2),
    )


def test_a_topic_is_called_as_it_was_called_last():
    """The key is what stays."""
    rows = [*held(1, 0, 0, label="Old Name"), Held(DAY, "one", "New Name", "named", 2)]

    assert [(topic.label, topic.kind) for topic in trends(rows, [], until=DAY, weeks=3).topics] == [
        ("New Name", "named")
    ]


def test_what_rises_and_falls_does_so_surely():
    """Three times the share over hundreds of papers is a trend; one paper more is none."""
    rows = [
        *held(*[10] * 8, *[40] * 4, key="up"),
        *held(*[40] * 8, *[10] * 4, key="down"),
        *held(*[30] * 8, *[31] * 4, key="level"),
        *held(*[0] * 11, 2, key="new"),
        *held(*[120] * 8, *[119] * 4, key="other", kind="other"),
    ]
    topics = {topic.key: topic for topic in trends(rows, [], until=DAY).topics}

    assert [key for key, topic in topics.items() if topic.rises] == ["up"]
    assert [key for key, topic in topics.items() if topic.falls] == ["down"]


def test_what_comes_and_goes_is_no_trend():
    """The same papers on each side as a topic that rises, but in one week of four: it may be gone again next week."""
    rows = [
        *held(*[10] * 8, *[20] * 4, key="steady"),
        *held(0, 40, 0, 0, 0, 40, 0, 0, 80, 0, 0, 0, key="fits"),
        *held(*[200] * 12, key="other", kind="other"),
    ]

    assert [topic.key for topic in trends(rows, [], until=DAY).topics if topic.rises] == ["steady"]


def test_nothing_moves_before_there_is_something_to_compare_with():
    """In its first weeks an installation has no trends."""
    found = trends(held(*[0] * 8, *[30] * 4), written(*[0] * 8, *[20] * 4, text="speculative decoding"), until=DAY)

    assert [topic.change for topic in found.topics] == [0.0]
    assert found.rising == found.falling == ()


def test_phrases_rise_and_fall_and_rhetoric_does_not():
    """A phrase of the subject is a trend; `results suggest` is how abstracts are written."""
    papers = [
        *written(*[2] * 8, *[20] * 4, text="Our results suggest that speculative decoding is a novel approach."),
        *written(*[20] * 8, *[2] * 4, text="Neural radiance fields. We propose this."),
        *written(*[60] * 12, text="Protein folding of many kinds."),
    ]
    found = trends([], papers, until=DAY)

    assert [phrase.phrase for phrase in found.rising] == ["speculative decoding"]
    assert {phrase.phrase for phrase in found.falling} <= {"Neural radiance", "radiance fields"}
    assert (found.rising[0].recent, found.rising[0].before) == (80, 16)
    assert found.rising[0].change > 2 > -2 > found.falling[0].change


def test_the_parts_of_one_phrase_are_one_trend():
    """`relative policy` and `policy optimization` in the same papers say it once."""
    texts = written(*[1] * 8, *[20] * 4, text="Group relative policy optimization.")
    found = trends([], [*texts, *written(*[90] * 12, text="Protein folding.")], until=DAY)

    assert len(found.rising) == 1


def test_without_editions_there_are_no_trends():
    """An empty history is no error, nor are papers without words or in another script."""
    assert trends([], [], until=DAY).topics == ()
    assert trends([], written(*[3] * 12, text=""), until=DAY).rising == ()
    assert trends([], written(*[3] * 12, text="文字 認識 $\\alpha$"), until=DAY).falling == ()


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 90), st.sampled_from("abc"), st.integers(0, 9)), max_size=20),
    st.integers(3, 13),
    st.randoms(use_true_random=False),
)
def test_trends_do_not_hang_on_the_order_of_their_input(rows, weeks, chance):
    """The same rows in any order are the same trends, and no share is above 1."""
    topics = [Held(DAY - timedelta(days=back), key, key, "found", papers) for back, key, papers in rows]
    papers = [(DAY - timedelta(days=back), made("graphs", number)) for number, (back, _key, _papers) in enumerate(rows)]
    found = trends(topics, papers, until=DAY, weeks=weeks)

    assert (
        trends(chance.sample(topics, len(topics)), chance.sample(papers, len(papers)), until=DAY, weeks=weeks) == found
    )
    assert all(sum(shares) <= 1 + 1e-5 for shares in zip(*(topic.shares for topic in found.topics), strict=True))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_log_odds_turn_their_sign_with_the_sides(counts):
    """What rises from one side falls from the other, by as much; what is equal does not move."""
    new, old = (np.array([pair[side] for pair in counts], dtype=np.float64) for side in (0, 1))
    there, back = log_odds(new, old, 60, 70), log_odds(old, new, 70, 60)

    assert np.allclose(there, -back)
    assert np.allclose(log_odds(new, new, 60, 60), 0.0)
