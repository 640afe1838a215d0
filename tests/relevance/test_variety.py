"""Variety: one theme does not fill a digest, and nothing but the choice changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.relevance.features import Background
from newsletter.relevance.variety import Likeness, choose
from tests.relevance.corpus import THEMES, day_of

PAPERS = day_of(8)
BACKGROUND = Background.fit(day_of(12))
POINTS = BACKGROUND.project(BACKGROUND.vectors(PAPERS))
LIKENESS = Likeness(POINTS)
APART = Likeness(np.eye(40))


@st.composite
def candidates(draw):
    """Some of the papers with a worth each, best first, and topics that need not be their themes."""
    numbers = draw(st.lists(st.integers(0, len(PAPERS) - 1), unique=True, max_size=len(PAPERS)))
    worths = {number: draw(st.integers(1, 12)) / 16 for number in numbers}
    ordered = sorted(numbers, key=lambda number: (-worths[number], number))
    topics = draw(st.lists(st.sampled_from("abc"), min_size=len(PAPERS), max_size=len(PAPERS)))
    return ordered, [worths[number] for number in ordered], topics


def plainly(ordered, worth, topics, most, per_topic, strength):
    """The same choice, every paper looked at every time."""
    left, chosen = list(range(len(ordered))), []
    while left and len(chosen) < most:
        open_to = [
            one for one in left if [topics[ordered[it]] for it in chosen].count(topics[ordered[one]]) < per_topic
        ]
        if not open_to:
            break

        def now(one):
            kept = [1 - strength * LIKENESS.row(ordered[it])[ordered[one]] / 255 for it in chosen]
            return round(worth[one] * float(np.prod(kept)), 9)

        best = min(open_to, key=lambda one: (-now(one), ordered[one]))
        chosen.append(best)
        left.remove(best)
    return [ordered[one] for one in sorted(chosen)]


@settings(max_examples=50)
@given(candidates(), st.integers(1, 15), st.integers(1, 6), st.sampled_from([0.0, 0.25, 1.0]))
def test_it_chooses_as_if_every_paper_were_looked_at_every_time(given_, most, per_topic, strength):
    """Looking at few papers is only quicker: the one that is worth most beside those taken is taken each time."""
    ordered, worth, topics = given_

    chosen = choose(ordered, worth, LIKENESS, topics, most, per_topic, strength)

    assert chosen == plainly(ordered, worth, topics, most, per_topic, strength)


@settings(max_examples=50)
@given(candidates(), st.integers(1, 15), st.integers(1, 6))
def test_limits_hold_and_the_best_paper_stays_first(given_, most, per_topic):
    """Only candidates, each once, in their order, within both limits; the best of them always."""
    ordered, worth, topics = given_

    chosen = choose(ordered, worth, LIKENESS, topics, most, per_topic)

    assert chosen[:1] == ordered[:1]
    assert chosen == [number for number in ordered if number in set(chosen)]
    assert len(chosen) <= most
    assert all([topics[number] for number in chosen].count(topic) <= per_topic for topic in "abc")


@settings(max_examples=50)
@given(candidates(), st.integers(1, 15), st.integers(1, 6))
def test_a_digest_with_room_is_filled(given_, most, per_topic):
    """Being alike never keeps a paper away where there is room for it."""
    ordered, worth, topics = given_
    room = sum(min(per_topic, [topics[number] for number in ordered].count(topic)) for topic in "abc")

    assert len(choose(ordered, worth, LIKENESS, topics, most, per_topic)) == min(most, room)


@settings(max_examples=50)
@given(candidates(), st.integers(1, 15))
def test_papers_that_are_not_alike_are_taken_by_worth(given_, most):
    """Where no two papers share a theme, the first so many are chosen."""
    ordered, worth, topics = given_

    assert choose(ordered, worth, APART, topics, most, len(ordered) or 1, 1.0) == ordered[:most]


def test_a_theme_does_not_fill_the_digest():
    """Of eight papers on one theme and four others worth a little less, the others get places too."""
    decoding = list(range(8))
    others = [8 * number for number in range(1, len(THEMES))]
    worth = [0.5] * 8 + [0.4] * len(others)
    topics = ["one"] * len(PAPERS)

    chosen = choose(decoding + others, worth, LIKENESS, topics, 6, 12)

    assert choose(decoding + others, worth, LIKENESS, topics, 6, 12, 0.0) == decoding[:6]
    assert chosen[0] == 0
    assert set(others) <= set(chosen)


def test_likeness_is_high_within_a_theme_and_nothing_between_themes():
    """A byte each: 255 for the paper itself, 0 for another theme's."""
    row = LIKENESS.row(3)

    assert len(row) == len(PAPERS)
    assert row[3] == 255
    assert min(row[:8]) > 100
    assert max(row[8:]) < 40


def test_papers_without_words_are_like_nothing():
    """A row of zeros has no theme: not even its own."""
    assert Likeness(np.zeros((3, 5))).row(1) == bytes(3)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_beyond_its_bounds_is_refused(strength):
    """Below 0 a paper would gain by being like another, above 1 its worth would turn."""
    with pytest.raises(ValueError, match="must be from 0"):
        choose(range(9), [0.5] * 9, APART, "a" * 9, 5, 5, strength)
