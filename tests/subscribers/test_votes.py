"""What votes make of a profile: they fade, none takes over, and their order does not matter."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import InterestKind
from subscribers.votes import HALF_LIFE, LESS, MEMORY, MOST, SHARE, Vote, What, interests, shared

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def vote(number: int, *, days: int = 0, what: What = What.MORE, **facts) -> Vote:
    """A vote about one of the papers, some days ago."""
    return Vote(what, f"2611.{number:05}", NOON - timedelta(days=days), **facts)


def weights(votes, day: date = DAY) -> dict[str, float]:
    """By paper."""
    return {one.value: one.weight for one in interests(votes, day)}


ages = st.lists(st.integers(0, 800), max_size=30)
votes = st.lists(
    st.builds(
        vote,
        st.integers(0, 99_999),
        days=st.integers(-2, 800),
        what=st.sampled_from(What),
        undone_at=st.sampled_from((None, None, None, NOON)),
    ),
    max_size=40,
    unique_by=lambda one: one.about,
)


@given(votes, st.randoms(use_true_random=False))
def test_the_order_of_votes_does_not_matter(cast, dice):
    """The same votes give the same interests, byte for byte."""
    mixed = list(cast)
    dice.shuffle(mixed)

    assert interests(mixed, DAY) == interests(cast, DAY)


@given(votes)
def test_a_weight_is_above_nothing_and_at_most_that_of_an_example_paper(cast):
    """Liked papers weigh at most 1, disliked ones at most half of it; what was undone says nothing."""
    found = interests(cast, DAY)

    assert all(0 < one.weight <= 1 for one in found)
    assert all(one.weight <= LESS for one in found if one.kind is InterestKind.DISLIKED)
    assert {one.value for one in found}.isdisjoint(one.about for one in cast if one.undone_at)


@given(ages.filter(bool), st.data())
def test_a_vote_that_is_older_never_weighs_more(past, data):
    """Of two votes the older one weighs less or the same; and a vote alone among the same others does."""
    cast = [vote(number, days=days) for number, days in enumerate(past)]
    found = weights(cast)
    ordered = [found.get(one.about, 0.0) for one in sorted(cast, key=lambda one: one.at, reverse=True)]
    which = data.draw(st.integers(0, len(cast) - 1))
    older = [*cast[:which], replace(cast[which], at=cast[which].at - timedelta(days=40)), *cast[which + 1 :]]

    assert ordered == sorted(ordered, reverse=True)
    assert weights(older).get(cast[which].about, 0.0) <= found.get(cast[which].about, 0.0) + 1e-8


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=60))
def test_no_vote_has_more_than_its_share_and_nothing_is_lost(given_weights):
    """A quarter of many, twice the mean of a few; what is cut off goes to the others, so that the sum stays."""
    found = shared(given_weights)
    ordered = [kept for _given, kept in sorted(zip(given_weights, found, strict=True))]
    most = max(SHARE, min(1.0, 2 / len(found))) * math.fsum(given_weights)

    assert max(found) <= most + 1e-8
    assert math.fsum(found) == pytest.approx(math.fsum(given_weights), abs=1e-6)
    assert max(found) <= max(given_weights) + 1e-8
    assert ordered == sorted(ordered)


def test_a_vote_halves_with_each_half_life_and_is_forgotten_in_the_end():
    """One beside new ones, which keep it from being all there is."""
    fresh = [vote(number) for number in range(1, 20)]

    assert weights([vote(0), *fresh])["2611.00000"] == 1
    assert weights([vote(0, days=HALF_LIFE), *fresh])["2611.00000"] == pytest.approx(0.5)
    assert weights([vote(0, days=MEMORY.days), *fresh]).get("2611.00000") is None
    assert weights([vote(0, days=MEMORY.days - 1), *fresh])["2611.00000"] == pytest.approx(1 / 16, rel=0.01)


def test_a_first_vote_counts_in_full_and_a_late_one_does_not_drown_the_earlier():
    """One alone is all there is; a new one beside ten old ones has a quarter of what all of them say."""
    old = [vote(number, days=700) for number in range(1, 11)]
    late = weights([vote(0), *old])

    assert weights([vote(0)]) == {"2611.00000": 1}
    assert late["2611.00000"] / math.fsum(late.values()) == pytest.approx(SHARE)


def test_a_vote_against_weighs_half_of_one_for():
    """Kinds are weighed apart: many dislikes take nothing from what is liked."""
    against = [vote(number, what=What.LESS) for number in range(1, 30)]
    found = weights([vote(0), *against])

    assert found["2611.00000"] == 1
    assert {found[one.about] for one in against} == {LESS}


def test_only_the_newest_votes_on_papers_are_counted():
    """Muted topics are all kept, however old and however many."""
    cast = [vote(number, days=number % 300) for number in range(MOST + 50)]
    mutes = [Vote(What.MUTE_TOPIC, f"Topic {number}", NOON - timedelta(days=4_000)) for number in range(MOST + 50)]
    found = interests([*cast, *mutes], DAY)
    kept = [one for one in found if one.kind is InterestKind.LIKED]
    muted = [one for one in found if one.kind is InterestKind.MUTED_TOPIC]

    assert len(kept) == MOST
    assert {one.about for one in cast if one.at == NOON} <= {one.value for one in kept}
    assert [(one.value, one.weight) for one in muted] == sorted((one.about, 1.0) for one in mutes)


def test_without_votes_there_are_no_interests():
    """No vote, no profile, no crash; a vote by a clock that was wrong is new."""
    assert interests([], DAY) == ()
    assert weights([vote(0, days=-3)]) == {"2611.00000": 1}
