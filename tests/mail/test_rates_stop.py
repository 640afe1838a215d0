"""When a batch ends before its end: answers in a row that say it is us, or the relay, and not the recipients."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.rates import DOUBTS_TO_STOP, LOSSES_TO_STOP, REFUSALS_TO_STOP, THROTTLES_TO_STOP
from newsletter.models import Outcome, Phase, State
from tests.mail.pacing import (
    ACCEPTED,
    DROPPED,
    FULL_HOUSE,
    GREYLISTED,
    NOON,
    PLACES,
    POLICY,
    TOO_FAST,
    TOO_LARGE,
    UNKNOWN,
    at,
    rates,
)


def test_policy_answers_in_a_row_stop_the_batch_and_one_alone_does_not():
    """5.7.1 for one address may be that address; three in a row with nothing accepted in between are about us."""
    made = rates()
    assert [made.judge("a.example", POLICY, NOON).stop for _ in range(DOUBTS_TO_STOP)] == [False, False, True]


def test_an_accepted_mail_clears_the_doubts_and_a_deferred_one_does_not():
    """Only what was accepted says that we are welcome."""
    answers = (POLICY, POLICY, ACCEPTED, POLICY, GREYLISTED, POLICY, POLICY)
    made = rates()
    assert [made.judge("a.example", each, NOON).stop for each in answers] == [False] * 6 + [True]


@pytest.mark.parametrize(
    "outcome",
    [
        replace(POLICY, phase=Phase.MAIL),
        replace(POLICY, phase=Phase.CONNECT, code=None),
        replace(POLICY, code=530),
        replace(TOO_FAST, phase=Phase.CONNECT, code=421, stop=True),
    ],
    ids=["sender", "connection", "login", "too many connections"],
)
def test_what_fails_for_everybody_stops_at_once(outcome):
    """A refused sender, a server gone, a login wanted: no second mail is needed to believe it."""
    assert rates().judge("a.example", outcome, NOON) == outcome


def test_endless_throttling_stops_the_batch():
    """A server that only ever says "too fast" is knocked at twenty times, a pause before each, and not ten thousand."""
    made, now, stops = rates(), 0.0, []
    for _ in range(THROTTLES_TO_STOP):
        now += made.wait("a.example", at(now))
        stops.append(made.judge("a.example", TOO_FAST, at(now)).stop)
    assert stops == [False] * (THROTTLES_TO_STOP - 1) + [True]


def test_a_crowd_of_answers_to_one_burst_does_not_stop_the_batch():
    """Sixty-four connections that all hear "too fast" at once have heard it once."""
    made = rates()
    assert not any(made.judge("a.example", TOO_FAST, at(number / 100)).stop for number in range(64))


def test_throttling_with_accepted_mail_in_between_never_stops():
    """That is the server finding its rate with us."""
    made, now = rates(), 0.0
    for _ in range(3 * THROTTLES_TO_STOP):
        now += made.wait("a.example", at(now))
        assert not made.judge("a.example", TOO_FAST, at(now)).stop
        made.judge("a.example", ACCEPTED, at(now))


# ---- everybody refused ---------------------------------------------------------------------------------------------


def heard(made, *answers):
    """What is made of answers, all heard at once."""
    return [made.judge(PLACES[number % 3], each, NOON) for number, each in enumerate(answers)]


@pytest.mark.parametrize("refusal", [UNKNOWN, TOO_LARGE], ids=["no such user", "too large"])
def test_refusals_in_a_row_stop_the_batch_and_the_last_one_stays_queued(refusal):
    """Nine are what the server said; from the tenth on it is us: not refused, not suppressed, and said in a sentence."""
    *before, tenth, eleventh = heard(rates(), *[refusal] * (REFUSALS_TO_STOP + 1))

    assert before == [refusal] * (REFUSALS_TO_STOP - 1)
    assert [(each.state, each.stop, each.suppress) for each in (tenth, eleventh)] == [(State.QUEUED, True, False)] * 2
    words = f"10 recipients in a row were refused and none accepted: {refusal.code} {refusal.reply}"
    assert (tenth.reply, tenth.code, tenth.enhanced) == (words, refusal.code, refusal.enhanced)


def test_an_accepted_mail_ends_a_row_of_refusals_and_a_deferred_one_does_not():
    """Greylisting, "too fast" or a lost line in between do not make a server that refuses everybody a welcoming one."""
    made = rates()
    nearly = [UNKNOWN, TOO_LARGE, UNKNOWN] * (REFUSALS_TO_STOP // 3)
    heard(made, *nearly, ACCEPTED)
    assert heard(made, *nearly) == nearly
    assert [each.stop for each in heard(made, GREYLISTED, TOO_FAST, DROPPED, UNKNOWN)] == [False] * 3 + [True]


def test_what_the_server_was_never_asked_is_no_refusal_of_it():
    """An address that cannot be sent to, or a digest that cannot be rendered, says nothing of the server."""
    unsent = Outcome(State.REFUSED, Phase.RCPT, reply="not sent: the server takes no such address")
    assert heard(rates(), *[unsent] * 50) == [unsent] * 50


# ---- everything uncertain ------------------------------------------------------------------------------------------


def test_lost_lines_in_a_row_stop_the_batch():
    """A proxy that drops the line after each mail: five, and no more; what is uncertain stays so, in words."""
    *before, fifth = heard(rates(), *[DROPPED] * LOSSES_TO_STOP)

    assert before == [DROPPED] * (LOSSES_TO_STOP - 1)
    assert (fifth.state, fifth.stop) == (State.UNCERTAIN, True)
    assert fifth.reply == "5 mails in a row may or may not have been taken and none was accepted: the line dropped"


def test_what_one_restart_of_the_server_loses_does_not_stop_the_batch():
    """Sixty-four mails under way are lost at once, which is one reason; four more after them are one too many."""
    made = rates(0)
    for number in range(64):
        made.spend(PLACES[number % 3], NOON)
    assert not any(each.stop for each in heard(made, *[DROPPED] * 64))

    stops = []
    for _ in range(LOSSES_TO_STOP - 1):
        made.spend("a.example", NOON)
        stops.append(made.judge("a.example", DROPPED, NOON).stop)
    assert stops == [False] * (LOSSES_TO_STOP - 2) + [True]


def test_an_accepted_mail_ends_a_row_of_lost_ones():
    """The next row counts from one again, and knows how much was under way when it began."""
    made = rates(0)
    for number in range(20):
        made.spend(PLACES[number % 3], NOON)
    heard(made, *[DROPPED] * 19, ACCEPTED)
    assert [each.stop for each in heard(made, *[DROPPED] * LOSSES_TO_STOP)] == [False] * (LOSSES_TO_STOP - 1) + [True]


# ---- all of them ---------------------------------------------------------------------------------------------------

answers = st.sampled_from((ACCEPTED, TOO_FAST, FULL_HOUSE, GREYLISTED, POLICY, UNKNOWN, TOO_LARGE, DROPPED))


@given(st.lists(answers, max_size=60))
def test_judging_changes_nothing_but_what_stops_the_batch(script):
    """What is written to the ledger is what the server said; only a refusal that stops the batch is taken back."""
    for outcome, judged in zip(script, heard(rates(), *script), strict=True):
        if outcome.state is State.REFUSED and judged.stop:
            assert (judged.state, judged.suppress) == (State.QUEUED, False)
        else:
            assert judged.state is outcome.state
            assert judged.suppress == outcome.suppress
        assert judged.reply.endswith(outcome.reply)
        assert replace(judged, state=outcome.state, suppress=outcome.suppress, stop=outcome.stop, reply="") == replace(
            outcome, reply=""
        )


@given(st.lists(answers, max_size=60), st.integers(0, 60))
def test_no_more_than_nine_are_refused_in_a_row(script, where):
    """Whatever else is answered in between, unless it is an accepted mail."""
    made, row = rates(), 0
    for judged in heard(made, *script[:where], *[UNKNOWN] * 20, *script[where:]):
        row = 0 if judged.state is State.ACCEPTED else row + (judged.state is State.REFUSED)
        assert row < REFUSALS_TO_STOP
