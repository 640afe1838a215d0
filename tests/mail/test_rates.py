"""How fast mail goes out: never above the limit, slower when told, faster again when accepted."""

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.rates import LONGEST_PAUSE, SLOWEST
from tests.mail.pacing import (
    ACCEPTED,
    FULL_HOUSE,
    GOODBYE,
    NOON,
    PLACES,
    TOO_FAST,
    at,
    begin,
    events,
    rates,
    rows,
    told,
)

limits = st.sampled_from((0.05, 0.5, 1.0, 3.0, 10.0))


def most_above(times, limit):
    """By how many mails the busiest window of all passes what its length allows."""
    burst = max(1.0, limit)
    return max(
        (last - first + 1 - burst - limit * (times[last] - times[first]))
        for first in range(len(times))
        for last in range(first, len(times))
    )


# ---- the limit -----------------------------------------------------------------------------------------------------


@given(limits, limits, st.lists(events, min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_its_burst_and_its_rate(limit, domain_limit, script):
    """Whatever is asked, answered and restarted: in t seconds at most burst + rate * t mails, over all and by domain."""
    made, stored, now = rates(limit, domain_limit=domain_limit), {}, 0.0
    begun = []
    for gap, domain, answer, is_restart in script:
        now = round(now + gap, 6)
        for _ in range(15):
            if made.wait(domain, at(now)) == 0:
                made.spend(domain, at(now))
                begun.append((now, domain))
        if answer is not None:
            made.judge(domain, answer, at(now))
        if is_restart:
            stored |= rows(made, now)
            made = rates(limit, domain_limit=domain_limit, kept=stored.values(), now=at(now))

    assert begun, "a first mail may always begin"
    assert most_above([when for when, _ in begun], limit) < 1e-6
    for place in {domain for _, domain in begun}:
        assert most_above([when for when, domain in begun if domain == place], domain_limit) < 1e-6


@given(limits, st.lists(st.floats(-4000, 4000).map(lambda step: round(step, 6)), min_size=1, max_size=30))
def test_a_clock_that_jumps_neither_locks_nor_floods(limit, steps):
    """Mails stay within what the clock went forward; after any jump the wait that is said is short, and enough."""
    made, begun = rates(limit), 0
    for now in accumulate(steps):
        while made.wait("a.example", at(now)) == 0:
            made.spend("a.example", at(now))
            begun += 1
        wait = made.wait("a.example", at(now))
        assert 0 < wait <= 1 / limit + 1e-5
    forward = sum(step for step in steps if step > 0)
    assert begun <= max(1, limit) + limit * forward + 1e-6
    assert made.wait("a.example", at(now + wait)) == 0


def test_a_pause_lasts_no_longer_for_a_clock_that_is_put_back():
    """An hour back in the middle of a pause leaves the rest of the pause, and the next answer counts again."""
    made = rates()
    made.judge("a.example", replace(TOO_FAST, retry_after=20.0), at(0))
    assert made.wait("a.example", at(5)) == pytest.approx(15)
    assert made.wait("a.example", at(-3600)) == pytest.approx(15)
    made.judge("a.example", TOO_FAST, at(-3580))
    assert rows(made, -3580)["smtp"].rate == 2.5


def test_five_thousand_readers_take_eight_minutes_and_twenty_seconds():
    """The default of ten a second, as the page says: ten at once, the others one each tenth of a second."""
    assert begin(rates(), 5000) == pytest.approx(499, abs=0.1)


def test_without_limits_nobody_waits():
    """Files on this disk: a limit of 0 holds nothing up and keeps nothing."""
    made = rates(0)
    assert begin(made, 1000) == 0
    assert made.kept(NOON) == ()


def test_a_domain_has_a_limit_of_its_own():
    """One domain waits at its own limit while another may begin."""
    made = rates(10, domain_limit=2)
    begin(made, 2, "a.example")
    assert made.wait("a.example", NOON) == pytest.approx(0.5, abs=1e-5)
    assert made.wait("b.example", NOON) == 0


# ---- slower and faster ---------------------------------------------------------------------------------------------


def test_too_fast_halves_the_rate_and_ten_minutes_of_accepted_mail_bring_it_back():
    """From five to ten a second takes 4,500 accepted mails, which is ten minutes of them at the rates on the way."""
    made = rates()
    told(made)
    assert rows(made)["smtp"].rate == 5.0
    for _ in range(4400):
        made.judge("a.example", ACCEPTED, at(1))
    assert 9.8 < rows(made, 1)["smtp"].rate < 10
    for _ in range(101):
        made.judge("a.example", ACCEPTED, at(1))
    assert rows(made, 1)["smtp"].rate == 0, "nothing is learned any more: the limit holds"


def test_conversations_that_are_answered_together_are_one_reason():
    """Eight connections hear the same "too fast": the rate is halved once, and the pause is one pause."""
    made = rates()
    for number in range(8):
        made.judge("a.example", TOO_FAST, at(number / 10))
    assert rows(made, 0.7)["smtp"].rate == 5.0
    assert made.wait("a.example", at(0.7)) == pytest.approx(0.3, abs=1e-5)


def test_the_pause_doubles_while_that_is_the_answer_and_the_rate_has_a_floor():
    """1, 2, 4, 8, 16, then 30 seconds; one mail goes out at the end of each; never below a tenth of a mail a second."""
    made, now, pauses = rates(), 0.0, []
    for _ in range(9):
        made.judge("a.example", TOO_FAST, at(now))
        pauses.append(made.wait("a.example", at(now)))
        now += pauses[-1]
        made.spend("a.example", at(now))
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30, 30, 30], abs=1e-4)
    assert rows(made, now)["smtp"].rate == SLOWEST


def test_what_was_under_way_when_we_were_told_teaches_nothing():
    """Mails accepted during the pause began before it: neither the pause nor the rate changes for them."""
    made = rates(1)
    now = told(made, times=4)
    wait = made.wait("a.example", at(now))
    for _ in range(50):
        made.judge("a.example", ACCEPTED, at(now))
    assert made.wait("a.example", at(now)) == wait
    assert rows(made, now)["smtp"].rate == SLOWEST


def test_an_accepted_mail_makes_the_next_pause_short_again():
    """After two pauses and an accepted mail the third is a second long."""
    made = rates()
    now = told(made, times=2)
    made.judge("a.example", ACCEPTED, at(now + 2))
    made.judge("a.example", TOO_FAST, at(now + 2))
    assert made.wait("a.example", at(now + 2)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7), (300.0, LONGEST_PAUSE), (0.0, 1)])
def test_a_server_that_says_how_long_is_believed_up_to_half_a_minute(asked, waited):
    """What it asks for, within a second and thirty."""
    made = rates()
    made.judge("a.example", replace(TOO_FAST, retry_after=asked), NOON)
    assert made.wait("a.example", NOON) == pytest.approx(waited)


def test_a_limit_below_the_floor_stays_the_limit():
    """One mail in twenty seconds is what the operator wants; an answer does not make it faster."""
    made = rates(0.05)
    now = begin(made, 1)
    now = told(made, times=3, seconds=now)
    assert rows(made, now)["smtp"].rate == 0
    begin(made, 1, seconds=now)
    assert made.wait("a.example", at(now)) >= 19.9


def test_without_a_limit_the_first_answer_makes_a_rate_of_what_was_sent_lately():
    """Two hundred mails in two seconds, then "too fast": fifty a second, and each accepted mail adds a little."""
    made = rates(0)
    for number in range(200):
        made.spend("a.example", at(number / 100))
    made.judge("a.example", TOO_FAST, at(2))
    assert rows(made, 2)["smtp"].rate == pytest.approx(50)
    for _ in range(600):
        made.judge("a.example", ACCEPTED, at(3))
    assert rows(made, 3)["smtp"].rate == pytest.approx(51)


@pytest.mark.parametrize(
    ("begun", "told_at", "rate"),
    [
        ([number / 100 for number in range(501)], 5.01, 50),
        ([*range(100), *(100 + number / 100 for number in range(200))], 102, 50),
        ([*(number / 100 for number in range(100)), 3600], 3600, 0.5),
        ([0], 0, 0.5),
    ],
    ids=["a new stretch has just begun", "slow before, fast now", "an hour ago", "the first mail of all"],
)
def test_what_was_sent_lately_is_told_from_what_was_sent_before(begun, told_at, rate):
    """The last seconds count: not the hour before them, and not only the moment since the counting began anew."""
    made = rates(0)
    for when in begun:
        made.spend("a.example", at(when))
    made.judge("a.example", TOO_FAST, at(told_at))
    assert rows(made, told_at)["smtp"].rate == pytest.approx(rate)


# ---- one domain ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("domain_limit", [0.0, 20.0])
def test_a_recipient_refused_as_too_fast_slows_its_domain_and_nobody_else(domain_limit):
    """450 4.7.28 at RCPT is about one domain: it pauses at half the rate, the transport goes on as before."""
    made = rates(10, domain_limit=domain_limit)
    made.judge("a.example", FULL_HOUSE, NOON)
    assert made.wait("a.example", NOON) == pytest.approx(1)
    assert made.wait("b.example", NOON) == 0
    found = rows(made)
    assert found["@a.example"].rate == (domain_limit or 10) / 2
    assert "smtp" not in found


def test_a_goodbye_at_the_recipient_is_everybodys():
    """421 closes the connection, whichever recipient was named last."""
    made = rates()
    made.judge("a.example", GOODBYE, NOON)
    assert made.wait("b.example", NOON) == pytest.approx(1)
    assert set(rows(made)) == {"smtp"}


def test_a_domain_without_any_limit_starts_from_what_was_sent_lately():
    """No limits at all, a hundred mails in a second, one domain says too fast: that domain gets fifty a second."""
    made = rates(0)
    for number in range(101):
        made.spend(PLACES[number % 3], at(number / 100))
    made.judge("a.example", FULL_HOUSE, at(1))
    assert rows(made, 1)["@a.example"].rate == pytest.approx(50, abs=1)
    assert made.wait("b.example", at(1)) == 0


def test_a_domain_that_is_back_at_its_limit_is_told_once_and_then_forgotten():
    """The row learns that nothing is learned any more; after that the domain leaves no trace."""
    made = rates()
    made.judge("a.example", FULL_HOUSE, NOON)
    assert rows(made)["@a.example"].rate == 5
    for _ in range(4501):
        made.judge("a.example", ACCEPTED, at(1))
    assert rows(made, 60)["@a.example"].rate == 0
    made.spend("a.example", at(60))
    assert set(rows(made, 60)) == {"smtp"}
