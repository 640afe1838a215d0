"""What was learned and what was spent outlives the process."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.rates import LONGEST_PAUSE, Kept
from tests.mail.pacing import ACCEPTED, FULL_HOUSE, NOON, PLACES, TOO_FAST, at, begin, events, rates, rows, told


@given(
    st.sampled_from((0.0, 3.0, 10.0)),
    st.sampled_from((0.0, 1.0)),
    st.lists(events, min_size=1, max_size=30),
    st.lists(st.tuples(st.floats(0, 5).map(lambda gap: round(gap, 6)), st.sampled_from(PLACES)), max_size=30),
)
def test_what_was_kept_goes_on_as_if_nothing_had_ended(limit, domain_limit, before, after):
    """Saved and loaded, it lets every mail begin at the moment at which it would have begun."""
    made, now = rates(limit, domain_limit=domain_limit), 0.0
    stored = {}
    for gap, domain, answer, is_saved in before:
        now = round(now + gap, 6)
        if made.wait(domain, at(now)) == 0:
            made.spend(domain, at(now))
        if answer is not None:
            made.judge(domain, answer, at(now))
        if is_saved:
            stored |= rows(made, now)
    stored |= rows(made, now)
    loaded = rates(limit, domain_limit=domain_limit, kept=stored.values(), now=at(now))

    for gap, domain in after:
        now = round(now + gap, 6)
        wait = made.wait(domain, at(now))
        assert loaded.wait(domain, at(now)) == pytest.approx(wait, abs=2e-6)
        if wait == 0:
            for each in (made, loaded):
                each.spend(domain, at(now))
                each.judge(domain, ACCEPTED, at(now))


@pytest.mark.parametrize("limit", [0.5, 1.0, 10.0])
def test_two_restarts_in_a_row_give_no_second_burst(limit):
    """What was spent before the process ended is spent in the next one too, and in the one after that."""
    made = rates(limit, domain_limit=limit)
    begin(made, max(1, int(limit)))
    stored = rows(made)
    for _ in range(2):
        made = rates(limit, domain_limit=limit, kept=stored.values())
        assert made.wait("example.org", NOON) > 0
        stored |= rows(made)


def test_a_pause_outlives_the_process():
    """A restart ten seconds into a pause of thirty waits the other twenty."""
    made = rates()
    made.judge("a.example", replace(TOO_FAST, retry_after=30.0), NOON)
    later = rates(kept=made.kept(NOON), now=at(10))
    assert later.wait("a.example", at(10)) == pytest.approx(20)


def test_a_limit_that_was_changed_holds_at_once():
    """Lower: what was learned above it is gone. Higher: where nothing was learned there is nothing to climb."""
    made = rates(10)
    told(made)
    learned = made.kept(NOON)
    lower = rates(2, kept=learned, now=at(3600))
    begin(lower, 2, seconds=3600)
    assert lower.wait("a.example", at(3600)) == pytest.approx(0.5, abs=1e-3)

    made = rates(10)
    begin(made, 10)
    higher = rates(100, kept=made.kept(NOON), now=at(3600))
    assert begin(higher, 100, seconds=3600) == 3600


def test_only_what_changed_is_kept_again():
    """A second look right after the first finds nothing to write."""
    made = rates(10, domain_limit=2)
    begin(made, 3)
    assert set(rows(made)) == {"smtp", "@example.org"}
    assert made.kept(NOON) == ()


def test_a_domain_that_has_nothing_to_tell_has_no_row():
    """Its tokens are all back, and nothing was learned: a new bucket would be the same. Nor has what is no domain."""
    made = rates(10, domain_limit=2)
    made.spend("a.example", NOON)
    made.judge("x" * 300, FULL_HOUSE, NOON)
    assert set(rows(made, 60)) == {"smtp"}


def test_what_was_learned_in_an_earlier_process_can_be_unlearned_in_a_later_one():
    """A domain that is back at its limit after a restart writes so over its row; loaded again, nobody waits for it."""
    made = rates()
    made.judge("a.example", FULL_HOUSE, NOON)
    later = rates(kept=made.kept(NOON), now=at(60))
    for _ in range(4501):
        later.judge("a.example", ACCEPTED, at(60))
    stored = later.kept(at(120))
    assert {row.name: row.rate for row in stored} == {"smtp": 0.0, "@a.example": 0.0}
    after = rates(kept=[replace(row, tokens=-10.0) for row in stored if row.name != "smtp"])
    assert after.wait("a.example", NOON) == 0


@pytest.mark.parametrize(
    "row",
    [
        Kept("smtp", 5.0, -1e9, NOON),
        Kept("smtp", 5.0, 1e9, at(86_400)),
        Kept("smtp", -1.0, 0.0, at(86_400)),
        Kept("outbox", 0.1, -10.0, NOON),
        Kept("@a.example", 0.0, -10.0, NOON),
    ],
    ids=["deep debt", "riches from the future", "a negative rate", "another transport", "a domain without a limit"],
)
def test_a_row_that_cannot_be_right_locks_nothing(row):
    """Whatever the table says, a mail may begin within half a minute, and never more than a burst at once."""
    made = rates(kept=[row])
    wait, begun = made.wait("a.example", NOON), 0
    assert wait <= LONGEST_PAUSE + 1e-5
    while made.wait("a.example", at(wait)) == 0:
        made.spend("a.example", at(wait))
        begun += 1
    assert 1 <= begun <= 10
