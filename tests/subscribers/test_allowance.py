"""Token buckets in the database: nobody takes more than there is, whoever asks at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers import allowance
from subscribers.allowance import Limit, tokens_left
from tests.subscribers.asking import rows
from tests.subscribers.people import NOW, clear

FEW, MANY = Limit("few", 3, 6), Limit("many", 10, 10)


def take(database, *wanted, now=NOW):
    with database.begin() as tx:
        return allowance.take(tx, wanted, now=now)


def test_many_who_take_at_the_same_moment_get_what_there_is(database):
    """Three of twelve, in whatever order each names two buckets; nobody waits for ever."""
    both = [(FEW, "ada"), (MANY, "example.org")]
    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda turn: take(database, *(both if turn % 2 else reversed(both))), range(12)))

    assert sum(got) == 3
    assert sorted(round(row.tokens) for row in rows(database, "allowances")) == [0, 7]


def test_where_one_bucket_is_empty_no_other_is_touched(database):
    """What was refused costs nobody anything."""
    for _ in range(3):
        assert take(database, (FEW, "ada"))
    before = rows(database, "allowances")

    assert not take(database, (FEW, "ada"), (MANY, "example.org"))
    assert [row for row in rows(database, "allowances") if row.name.startswith("few:")] == before
    assert all(take(database, (MANY, "example.org")) for _ in range(10))


def test_what_is_refused_writes_nothing_however_many_names_it_has(database):
    """A network that has used up its own cannot fill the table with one domain after another."""
    for _ in range(3):
        assert take(database, (FEW, "a network"))
    before = rows(database, "allowances")

    assert not any(take(database, (FEW, "a network"), (MANY, f"d{number}.example.org")) for number in range(5))
    assert rows(database, "allowances") == before


def test_full_buckets_are_forgotten(database):
    """A day after the last use there is nothing to remember."""
    take(database, (FEW, "ada"))
    with database.begin() as tx:
        assert allowance.forget(tx, now=NOW + timedelta(hours=23)) == 0
        assert allowance.forget(tx, now=NOW + timedelta(hours=25)) == 1
    assert rows(database, "allowances") == []


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_in_no_stretch_of_time_more_is_taken_than_was_there_and_flowed_in(database, hours):
    """However the wishes come: three at once, and one in four hours."""
    clear(database)
    now, taken = NOW, []
    for step in hours:
        now += timedelta(hours=step)
        taken += [now] * sum(take(database, (FEW, "ada"), now=now) for _ in range(2))

    for first, start in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first + 1 <= FEW.at_once + (end - start) / timedelta(days=1) * FEW.per_day + 1e-6


def test_a_clock_that_is_set_back_neither_locks_nor_fills(database):
    """A wrong year for a moment must not keep anybody out for a year."""
    for _ in range(3):
        take(database, (FEW, "ada"), now=NOW + timedelta(days=365))

    assert not take(database, (FEW, "ada"))
    assert take(database, (FEW, "ada"), now=NOW + timedelta(hours=4))
    assert tokens_left((0.0, NOW + timedelta(days=365)), FEW, NOW) == 0.0
    assert tokens_left((3.0, NOW + timedelta(days=365)), FEW, NOW) == 3.0
