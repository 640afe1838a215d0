"""Servers that lose the thread on a line with several mails: none of their answers is believed for another mail."""

import pytest

from newsletter.models import State
from tests.mail.test_fast import in_a_window, states
from tests.smtpd import refuse

R, U = State.REFUSED, State.UNCERTAIN

TWICE = {
    "mail": "250 2.1.0 ok\r\n250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok\r\n250 2.1.5 ok",
    "dot": "250 2.0.0 taken\r\n250 2.0.0 taken",
}


@pytest.mark.parametrize("at", TWICE)
def test_a_server_that_says_something_twice_is_not_believed_from_then_on(at):
    """The reply to one mail never stands for another: `in_a_window` compares every outcome with what the server has."""
    doubled = refuse(at, TWICE[at], after=2, times=1)
    outcomes, _ = in_a_window(doubled, refuse("dot", "554 5.6.0 not this one", after=3, times=2))

    assert U in states(outcomes)


@pytest.mark.parametrize("at", ["mail", "rcpt", "dot"])
def test_a_server_that_lost_the_thread_refuses_nobody(at):
    """500 says that a command was not known: no reader is given up for it, and the line is not used again."""
    outcomes, _ = in_a_window(refuse(at, "500 5.5.2 what?", after=2, times=1))

    assert R not in states(outcomes)
