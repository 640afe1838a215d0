"""What 500, 502 and 504 cost a line with several mails on their way: nobody's refusal, and no doubt that need not be."""

import asyncio

import pytest

from newsletter.mail.smtp import Smtp
from tests.mail.sending import ANN, config, parcel, served
from tests.mail.test_fast import READERS, A, Q, R, U, in_a_window, states
from tests.smtpd import drop, refuse

HELO = "504 5.5.2 <paperboy>: Helo command rejected: need fully-qualified hostname"


@pytest.mark.parametrize("at", ["mail", "rcpt"])
def test_our_name_refused_for_all_leaves_no_doubt_about_any(at):
    """Each of the window was refused, and it was us who were: nothing is uncertain, and the batch may end."""
    outcomes, server = in_a_window(refuse(at, HELO))

    assert states(outcomes) == [Q] * 8
    assert {outcome.stop for outcome in outcomes} == {True}
    assert server.connections == 1


@pytest.mark.parametrize("at", ["mail", "rcpt"])
def test_a_command_not_known_is_that_mails_own_and_the_line_takes_no_more(at):
    """What is on the line already is answered as ever; the next mail has another."""

    async def run():
        script = (refuse(at, "502 5.5.1 not implemented", after=3, times=1),)
        async with served("chunking", script) as server, Smtp(config(server)) as smtp:
            first = await asyncio.gather(*(smtp.send(parcel(one)) for one in READERS))
            return first, await smtp.send(parcel(ANN)), server

    first, after, server = asyncio.run(run())
    assert states(first) == [A, A, A, Q, A, A, A, A]
    assert (after.state, server.mails[-1].connection, server.connections) == (A, 2, 2)


@pytest.mark.parametrize("at", ["mail", "rcpt"])
def test_one_answer_too_many_is_not_taken_for_a_yes(at):
    """A server that says 500 besides its answer shifts all that follow: no later answer passes for the message's."""
    twice = refuse(at, "500 what?\r\n250 ok", after=2, times=1)
    outcomes, _ = in_a_window(twice, refuse("dot", "554 not this one", after=2, times=1))

    assert R not in states(outcomes)
    assert outcomes[2].state in {Q, U}


def test_who_has_begun_and_not_had_their_turn_is_not_in_doubt():
    """The line asks first whether it lives, and is lost: what stood behind the question certainly did not leave."""
    began = []

    async def run():
        async def begin():
            began.append(1)
            return True

        script = (drop("rcpt"), refuse("connect", "554 5.3.0 go away", after=1))
        async with served("chunking", script) as server, Smtp(config(server, probe_after=0)) as smtp:
            return await asyncio.gather(*(smtp.send(parcel(one), begin) for one in READERS)), server

    outcomes, server = asyncio.run(run())
    assert states(outcomes) == [Q] * 8
    assert (len(began), server.mails) == (7, [])
