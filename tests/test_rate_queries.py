"""What was learned about rates, in the database."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.errors import ConfigurationError
from newsletter.mail.rates import Kept
from newsletter.queries import rates
from newsletter.settings import load

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def test_what_is_saved_is_loaded(database):
    """Every figure comes back as it was, to the last digit and the microsecond."""
    kept = (Kept("@gmail.com", 1 / 3, -29.99999, NOON), Kept("smtp", 0.0, 9.7, NOON + timedelta(hours=1)))
    with database.begin() as tx:
        assert rates.load(tx) == ()
        rates.save(tx, kept)
    with database.begin() as tx:
        assert rates.load(tx) == kept


def test_saving_again_writes_over_what_was_there_and_leaves_the_rest(database):
    """One row for each name, the newest."""
    with database.begin() as tx:
        rates.save(tx, [Kept("smtp", 5.0, 1.0, NOON), Kept("@a.example", 2.5, 0.0, NOON)])
        rates.save(tx, [Kept("smtp", 2.5, -2.0, NOON), Kept("@b.example", 1.0, 0.0, NOON)])
        rates.save(tx, [])
    with database.begin() as tx:
        assert {row.name: row.rate for row in rates.load(tx)} == {"smtp": 2.5, "@a.example": 2.5, "@b.example": 1.0}


def test_many_domains_fit(database):
    """More rows than one statement takes parameters for."""
    kept = tuple(Kept(f"@d{number:05}.example", 1.0, 0.5, NOON) for number in range(12_000))
    with database.begin() as tx:
        rates.save(tx, kept)
        assert rates.load(tx) == kept


def test_what_says_no_more_than_the_limit_is_forgotten(database):
    """At the limit for a day, or unused for a month: gone. What was learned of late stays."""
    day, month = timedelta(days=1, seconds=1), timedelta(days=30, seconds=1)
    with database.begin() as tx:
        rates.save(
            tx,
            [
                Kept("@at-the-limit.example", 0.0, 1.0, NOON - day),
                Kept("@at-the-limit-today.example", 0.0, 1.0, NOON - day / 2),
                Kept("@slow.example", 0.5, 1.0, NOON - day),
                Kept("@slow-a-month-ago.example", 0.5, 1.0, NOON - month),
                Kept("smtp", 0.0, 10.0, NOON - day),
            ],
        )
        assert rates.forget(tx, now=NOON) == 3
        assert [row.name for row in rates.load(tx)] == ["@at-the-limit-today.example", "@slow.example"]


@pytest.mark.parametrize(("variable", "value"), [("rate", "-1"), ("domain_rate", "inf"), ("rate", "fast")])
def test_a_rate_that_is_none_is_refused_at_the_door(variable, value):
    """Mails a second are a number from 0 on; the sentence names the variable."""
    with pytest.raises(ConfigurationError, match=f"PAPERBOY_{variable.upper()}: "):
        load(**{variable: value})
