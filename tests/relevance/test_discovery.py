"""Discovery: one paper from beyond the interests, by reader and day."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import OTHER, Paper
from newsletter.relevance.discovery import Beyond, clause
from newsletter.relevance.noticed import noticed

DAY = date(2025, 3, 4)
COUNT = 60
PAPERS = [Paper(key=f"2503.{number:05d}", title=f"Paper {number}", upvotes=number) for number in range(COUNT)]
TOPICS = [f"topic {number % 6}" for number in range(COUNT)]
BEYOND = Beyond(PAPERS, TOPICS, [0.1] * COUNT)
FREE = np.zeros(COUNT, dtype=np.bool_)
NO_SCORES = np.zeros(COUNT)
FLOOR = 0.05

numbers = st.integers(0, COUNT - 1)
days = st.dates(date(2024, 1, 1), date(2027, 1, 1))
seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def shown(readers, beyond=BEYOND, chosen=(0,), scored=NO_SCORES, barred=FREE):
    return Counter(beyond.discover(f"reader {number}", DAY, chosen, scored, FLOOR, barred) for number in range(readers))


@settings(max_examples=50)
@given(st.text(min_size=1), days, st.sets(numbers, min_size=1, max_size=12), st.floats(0, 1), seeds)
def test_what_is_shown_may_be_shown(reader, day, chosen, share, chance):
    """Never a muted or chosen paper, never one near the floor or voted against, always one that others noticed."""
    scored = chance.choice([-0.2, 0.0, 0.01, 0.03, 0.05, 0.6], COUNT)
    barred = chance.random(COUNT) < share
    number = BEYOND.discover(reader, day, chosen, scored, FLOOR, barred)

    able = {one for one in BEYOND.numbers if one not in chosen and not barred[one] and abs(scored[one]) < FLOOR / 2}
    fresh = {one for one in able if TOPICS[one] not in {TOPICS[it] for it in chosen}}
    assert (number is None) == (not able)
    assert number is None or number in (fresh or able)


@settings(max_examples=30)
@given(st.text(min_size=1), days, seeds)
def test_the_same_reader_and_day_give_the_same_paper(reader, day, chance):
    """It is a function of reader, day and papers, not of their order."""
    order = chance.permutation(COUNT).tolist()
    turned = Beyond([PAPERS[one] for one in order], [TOPICS[one] for one in order], [0.1] * COUNT)

    number = BEYOND.discover(reader, day, [0], NO_SCORES, FLOOR, FREE)
    other = turned.discover(reader, day, [order.index(0)], NO_SCORES, FLOOR, FREE)

    assert number is not None
    assert order[other] == number


@settings(max_examples=50)
@given(st.text(min_size=1), st.sets(numbers, max_size=3))
def test_what_a_reader_does_not_get_changes_nothing(reader, away):
    """Barring papers changes the choice only of those who would have had them."""
    barred = FREE.copy()
    barred[list(away)] = True

    before = BEYOND.discover(reader, DAY, [0], NO_SCORES, FLOOR, FREE)
    after = BEYOND.discover(reader, DAY, [0], NO_SCORES, FLOOR, barred)

    assert before in away or after == before


def test_readers_get_different_papers_by_how_much_they_were_noticed():
    """Over many readers each paper's share is its share of the weights."""
    papers = [*PAPERS[:50], *(Paper(key=f"k{number}", title="t", upvotes=10**number) for number in (2, 4, 8))]
    beyond = Beyond(papers, [OTHER] * len(papers), [0.0] * len(papers))
    readers = 6_000

    got = shown(readers, beyond, scored=np.zeros(len(papers)), barred=np.zeros(len(papers), dtype=np.bool_))

    weights = {number: noticed(papers[number]) for number in beyond.numbers}
    assert len(weights) == 8
    assert set(got) == set(weights)
    for number, weight in weights.items():
        share = weight / sum(weights.values())
        assert abs(got[number] / readers - share) < 5 * (share * (1 - share) / readers) ** 0.5


def test_a_reader_gets_another_draw_each_day():
    """Over a month of the same papers a reader is shown most of them."""
    month = [DAY + timedelta(days=number) for number in range(30)]

    assert len({BEYOND.discover("reader", day, [0], NO_SCORES, FLOOR, FREE) for day in month}) >= 5


@pytest.mark.parametrize(("reader", "chosen"), [("", [0]), ("reader", [])])
def test_without_a_digest_or_a_name_there_is_none(reader, chosen):
    """Nothing is sent for it alone, and a reader without a name would get what all such readers get."""
    assert BEYOND.discover(reader, DAY, chosen, NO_SCORES, FLOOR, FREE) is None


def test_it_comes_from_another_topic_where_there_is_one():
    """A topic the digest holds is only taken from when all others are barred."""
    barred = FREE.copy()
    barred[[number for number in range(COUNT) if TOPICS[number] != "topic 5"]] = True

    assert all(TOPICS[number] != "topic 5" for number in shown(200, chosen=(5,)))
    assert all(TOPICS[number] == "topic 5" for number in shown(50, chosen=(5,), barred=barred))


def test_other_is_no_topic_that_a_digest_holds():
    """Papers of Other have nothing in common."""
    beyond = Beyond(PAPERS, [OTHER] * COUNT, [0.1] * COUNT)

    assert len(shown(200, beyond)) > 1


def test_only_papers_noticed_more_than_usual_are_shown():
    """A tenth of the papers, or eight; those with the usual figures or none never."""
    assert set(BEYOND.numbers) == set(range(COUNT - 8, COUNT))
    same = [Paper(key=str(number), title="t", upvotes=3) for number in range(5)]
    assert Beyond(same, ["a"] * 5, [1.0] * 5).numbers == ()
    assert Beyond([*same, Paper(key="x", title="t", upvotes=4)], ["a"] * 6, [1.0] * 6).numbers == (5,)
    assert Beyond([Paper(key="y", title="t"), same[0]], ["a"] * 2, [1.0] * 2).numbers == (1,)


def test_without_figures_the_central_papers_of_other_topics_are_shown():
    """Where no source has figures: three of each topic but Other and those of the digest, the first most often."""
    papers = [Paper(key=str(number), title="t") for number in range(9)]
    topics = ["a", "b", "b", "b", "b", "c", OTHER, OTHER, "a"]
    beyond = Beyond(papers, topics, [1.0, 1.0, 1 / 2, 1 / 3, 1 / 4, 1.0, 0.5, 0.25, 0.5])

    got = shown(3_000, beyond, chosen=(8,), scored=np.zeros(9), barred=np.zeros(9, dtype=np.bool_))
    none = shown(20, beyond, chosen=(4, 5, 8), scored=np.zeros(9), barred=np.zeros(9, dtype=np.bool_))

    assert beyond.numbers == (0, 1, 2, 3, 5, 8)
    assert set(got) == {1, 2, 3, 5}
    assert got[1] > got[2] > got[3]
    assert abs(got[1] - 3_000 * 6 / 17) < 130
    assert set(none) == {None}


def test_an_empty_window_has_nothing_to_show():
    """No papers, no paper."""
    assert Beyond([], [], []).discover("reader", DAY, [0], np.zeros(0), FLOOR, np.zeros(0, dtype=np.bool_)) is None


def test_with_a_floor_of_nothing_only_unmatched_papers_are_beyond():
    """Whoever wants everything that matches at all is shown what does not."""
    scored = NO_SCORES.copy()
    scored[::2] = 0.001

    got = {BEYOND.discover(str(number), DAY, [0], scored, 0.0, FREE) for number in range(200)}

    assert got == {number for number in BEYOND.numbers if number % 2 == 1}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"upvotes": 43}, "43 upvotes, outside what you follow"),
        ({"upvotes": 1, "comments": 2}, "1 upvote and 2 comments, outside what you follow"),
        ({"sources": ("arxiv", "huggingface")}, "listed by 2 sources, outside what you follow"),
        ({}, "central to Protein design, outside what you follow"),
    ],
)
def test_the_reason_says_what_is_known(facts, words):
    """The figures of the sources, or its place in the topic; nothing that was not counted."""
    assert clause(Paper(key="k", title="t", **facts), "Protein design") == words
