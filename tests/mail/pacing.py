"""Rates driven by hand: a clock in seconds, and the answers that matter to them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from newsletter.mail.rates import Rates
from newsletter.models import Outcome, Phase, State

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

ACCEPTED = Outcome(State.ACCEPTED, Phase.DOT, 250)
TOO_FAST = Outcome(State.QUEUED, Phase.DOT, 454, "4.7.0", "Throttling failure", throttled=True)
FULL_HOUSE = Outcome(State.QUEUED, Phase.RCPT, 450, "4.7.28", "unusual rate of mail", throttled=True)
GOODBYE = Outcome(State.QUEUED, Phase.RCPT, 421, "4.7.0", "too many connections", throttled=True)
POLICY = Outcome(State.QUEUED, Phase.RCPT, 550, "5.7.1", "refused by policy", stop=True)
UNKNOWN = Outcome(State.REFUSED, Phase.RCPT, 550, "5.1.1", "no such user", suppress=True)
TOO_LARGE = Outcome(State.REFUSED, Phase.DOT, 552, "5.3.4", "too large")
DROPPED = Outcome(State.UNCERTAIN, Phase.DOT, reply="the line dropped")
GREYLISTED = Outcome(State.QUEUED, Phase.RCPT, 451, "4.7.1", "greylisted")

PLACES = ("a.example", "b.example", "c.example")
ANSWERS = (None, ACCEPTED, TOO_FAST, FULL_HOUSE, GOODBYE, GREYLISTED, UNKNOWN, DROPPED)

# What happens: seconds since the last event, to whom a mail goes where one may, what is answered, a restart.
events = st.tuples(
    st.floats(0, 5).map(lambda gap: round(gap, 6)), st.sampled_from(PLACES), st.sampled_from(ANSWERS), st.booleans()
)


def at(seconds):
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def rates(limit=10.0, **more):
    return Rates(**{"transport": "smtp", "limit": limit, "now": NOON, **more})


def rows(made, seconds=0.0):
    """What is kept now, by name."""
    return {row.name: row for row in made.kept(at(seconds))}


def begin(made, count, domain="example.org", seconds=0.0):
    """Begin mails as fast as it lets us; the second at which the last one began."""
    for _ in range(count):
        while wait := made.wait(domain, at(seconds)):
            seconds += wait
        made.spend(domain, at(seconds))
    return seconds


def told(made, outcome=TOO_FAST, times=1, domain="example.org", seconds=0.0):
    """Hear an answer some times, each time after the pause that the one before asked for; the second of the last."""
    for _ in range(times):
        seconds += made.wait(domain, at(seconds))
        made.judge(domain, outcome, at(seconds))
    return seconds
