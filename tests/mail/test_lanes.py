"""Mails that wait, by recipient domain: in order within one, in turn between them, and nobody held up by another."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.rates import Lanes, Rates
from tests.mail.pacing import FULL_HOUSE, NOON, at, rates

mails = st.lists(st.sampled_from(("a.example", "b.example", "c.example", "d.example")), min_size=1, max_size=60)


def filled(domains):
    """Lanes with a mail to each of these, numbered."""
    lanes = Lanes()
    for number, domain in enumerate(domains):
        lanes.put(domain, (domain, number))
    return lanes


def emptied(lanes, made, seconds=0.0, looks=1000):
    """Every mail with the second at which it began, for at most so many looks; and the looks it took."""
    taken = []
    for look in range(looks):
        found = lanes.take(made, at(seconds))
        if found is None:
            return taken, look
        if isinstance(found, float):
            seconds += found
        else:
            taken.append((found, seconds))
    raise AssertionError(f"{len(lanes)} mails still wait after {looks} looks")


@given(mails, st.sampled_from((0.0, 2.0, 10.0)), st.sampled_from((0.0, 0.5, 3.0)))
def test_every_mail_comes_once_and_in_the_order_of_its_domain(domains, limit, domain_limit):
    """Nothing is lost, doubled or overtaken by a later mail to the same domain, and each wait that is said suffices."""
    taken, looks = emptied(filled(domains), rates(limit, domain_limit=domain_limit))

    assert looks <= 2 * len(domains), "a wait is followed by a mail"
    by_domain = defaultdict(list)
    for (domain, number), _ in taken:
        by_domain[domain].append(number)
    assert {domain: sorted(numbers) for domain, numbers in by_domain.items()} == by_domain
    assert sorted(number for (_, number), _ in taken) == list(range(len(domains)))


@given(mails, st.sampled_from((2.0, 10.0)))
def test_domains_take_turns(domains, limit):
    """Where none is limited, no domain gets a second mail before each that waits has had its next: nobody starves."""
    taken, _ = emptied(filled(domains), rates(limit))

    left = {domain: domains.count(domain) for domain in domains}
    order = [domain for (domain, _), _ in taken]
    while order:
        in_turn = sum(1 for count in left.values() if count)
        assert len(set(order[:in_turn])) == in_turn
        for domain in order[:in_turn]:
            left[domain] -= 1
        del order[:in_turn]


def test_a_domain_that_comes_late_has_its_turn_next():
    """A mail put in while a long lane is being emptied waits for one mail of it, not for all."""
    lanes, made = filled(["a.example"] * 50), rates(0)
    lanes.take(made, NOON)
    lanes.put("b.example", "late")
    assert [lanes.take(made, NOON) for _ in range(2)][1] == "late"


def test_a_domain_that_was_told_to_slow_down_holds_nobody_up():
    """One domain pauses: all mail to the others begins at once, its own when the pause is over."""
    made = rates(100)
    made.judge("a.example", FULL_HOUSE, NOON)
    taken, _ = emptied(filled(["a.example", "b.example", "a.example", "b.example", "c.example"]), made)

    assert [number for (_, number), seconds in taken if seconds == 0] == [1, 4, 3]
    assert [number for (_, number), seconds in taken if seconds >= 1] == [0, 2]


def test_a_slow_domain_leaves_the_whole_rate_to_the_others():
    """Half the mail is to a domain that takes one a second; the other half goes out at ten a second all the same."""
    taken, _ = emptied(filled(["slow.example", "b.example"] * 30), rates(10, domain_limit=0.0, kept=slow()))
    others = [seconds for (domain, _), seconds in taken if domain == "b.example"]
    assert others[-1] <= 4


def slow():
    """One domain was learned to take a mail a second."""
    made = rates(2)
    made.judge("slow.example", FULL_HOUSE, NOON)
    return [row for row in made.kept(at(3600)) if row.name == "@slow.example"]


def test_when_all_wait_the_wait_is_that_of_the_first_to_wake():
    """Two domains pause, one of them longer: the wait is the shorter of both."""
    made = rates(10, domain_limit=1)
    lanes = filled(["a.example", "b.example"] * 2)
    lanes.take(made, NOON)
    lanes.take(made, at(0.4))
    assert lanes.take(made, at(0.4)) == pytest.approx(0.6, abs=1e-4)
    assert lanes.take(made, at(1.1)) == ("a.example", 2)


def test_a_clock_that_is_put_back_wakes_everybody():
    """An hour back, and no lane sleeps for an hour."""
    made, lanes = rates(10, domain_limit=1), filled(["a.example"] * 3)
    lanes.take(made, NOON)
    assert isinstance(lanes.take(made, NOON), float)
    wait = lanes.take(made, at(-3600))
    assert wait == pytest.approx(1, abs=1e-4)
    assert lanes.take(made, at(-3600 + wait)) == ("a.example", 1)


def test_a_domain_may_come_back():
    """A lane that was emptied is opened again by the next mail."""
    lanes, made = filled(["a.example"]), rates(0)
    lanes.take(made, NOON)
    assert (len(lanes), lanes.take(made, NOON)) == (0, None)
    lanes.put("a.example", "again")
    assert lanes.take(made, NOON) == "again"


def test_what_still_waits_can_be_given_back():
    """When a batch ends early, the rest is told, and the lanes keep their count."""
    lanes, made = filled(["a.example", "b.example", "a.example"]), rates(0)
    lanes.take(made, NOON)
    assert sorted(lanes.rest()) == [("a.example", 2), ("b.example", 1)]
    assert len(lanes) == 2


@given(
    st.lists(
        st.tuples(st.sampled_from(("a.example", "b.example", "c.example")), st.integers(0, 3), st.floats(-2, 3)),
        max_size=60,
    ),
    st.sampled_from((0.0, 0.5, 3.0)),
)
def test_what_is_ready_is_what_does_not_sleep(script, domain_limit):
    """Counted mail by mail, it is the same, whatever was put, taken, slept and woken, and however the clock went."""
    lanes, made, now = Lanes(), rates(5.0, domain_limit=domain_limit), 0.0
    for number, (domain, takes, gap) in enumerate(script):
        lanes.put(domain, (domain, number))
        now += round(gap, 6)
        for _ in range(takes):
            found = lanes.take(made, at(now))
            if isinstance(found, float) and not made.held(at(now)):
                assert lanes.ready == 0
        asleep = {domain for _, domain in lanes._asleep}  # nothing else tells who sleeps
        assert lanes.ready == sum(1 for domain, _ in lanes.rest() if domain not in asleep)


def test_a_domain_that_sleeps_is_not_ready_and_what_joins_it_is_not_either():
    """Who fills the lanes looks at what is ready: one slow domain must not look like work for everybody."""
    made, lanes = rates(100, domain_limit=1), filled(["slow.example"] * 50)
    assert lanes.ready == 50
    lanes.take(made, NOON)
    assert isinstance(lanes.take(made, NOON), float)
    lanes.put("slow.example", "one more")
    assert (lanes.ready, len(lanes)) == (0, 50)

    lanes.put("b.example", "another")
    assert lanes.ready == 1
    assert lanes.take(made, NOON) == "another"
    lanes.take(made, at(1.1))
    assert lanes.ready == 49


class Counting(Rates):
    """Counts how often a domain is looked at."""

    looks = 0

    def wait(self, domain, now):
        self.looks += 1
        return super().wait(domain, now)


@pytest.mark.parametrize(
    ("domains", "each", "domain_limit"), [(50_000, 1, 0.0), (1, 100_000, 0.0), (5_000, 4, 1.0), (5, 4_000, 100.0)]
)
def test_a_mail_costs_the_same_however_many_domains_wait(domains, each, domain_limit):
    """However many domains and mails wait: a domain is looked at twice for each of its mails, at most."""
    lanes = filled([f"d{number}.example" for number in range(domains)] * each)
    made = Counting(transport="smtp", limit=1e6, domain_limit=domain_limit, now=NOON)
    taken, _ = emptied(lanes, made, looks=3 * domains * each)

    assert len(taken) == domains * each
    assert made.looks <= 2 * domains * each
