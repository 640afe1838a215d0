"""Which line a mail goes over: the least busy, a new one where all are full, and none that has served enough."""

import asyncio

import pytest

from newsletter.mail.smtp import Smtp
from newsletter.models import State
from tests.mail.sending import ANN, BOB, CAT, KINDS, config, parcel, send_together, served
from tests.smtpd import refuse


@pytest.mark.parametrize("kind", KINDS)
def test_no_connection_carries_more_mails_than_it_may(kind):
    """Also while many are open on it at once, and others come as they are done."""

    async def run():
        async with served(kind) as server, Smtp(config(server, mails_per_connection=10)) as smtp:
            readers = iter([f"r{number}@example.org" for number in range(35)])

            async def work():
                return [(await smtp.send(parcel(reader))).state for reader in readers]

            done = await asyncio.gather(*(work() for _ in range(5)))
            return server, {state for states in done for state in states}

    server, states = asyncio.run(run())
    assert states == {State.ACCEPTED}
    assert [sum(mail.connection == number for mail in server.mails) for number in (1, 2, 3, 4)] == [10, 10, 10, 5]
    assert server.open_most == 1


@pytest.mark.parametrize(("kind", "connections"), [("plain", 4), ("pipelining", 4), ("chunking", 1)])
def test_no_connection_is_opened_that_is_not_needed(kind, connections):
    """Seven mails at once fill four connections, or one with a window."""

    async def run():
        async with served(kind) as server:
            return await send_together(server, *(parcel() for _ in range(7)), connections=4), server

    outcomes, server = asyncio.run(run())
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert server.connections == connections


@pytest.mark.parametrize("kind", KINDS)
def test_who_met_a_dead_line_is_not_sent_to_another_old_one(kind):
    """Where one connection was closed for its age, the others may be as old: a new one is opened."""

    async def run():
        script = (refuse("mail", "421 4.4.2 idle for too long", after=20, times=1),)
        async with served(kind, script) as server, Smtp(config(server, connections=2)) as smtp:
            await asyncio.gather(*(smtp.send(parcel(ANN)) for _ in range(20)))
            return await smtp.send(parcel(BOB)), server

    outcome, server = asyncio.run(run())
    assert {mail.connection for mail in server.mails if mail.recipient == ANN} == {1, 2}
    assert outcome.state is State.ACCEPTED
    assert [mail.connection for mail in server.mails if mail.recipient == BOB] == [3]


@pytest.mark.parametrize("kind", KINDS)
def test_who_waits_for_room_may_be_cancelled(kind):
    """Whoever gives up in the queue takes nobody else's turn away."""

    async def run():
        async with served(kind) as server, Smtp(config(server)) as smtp:
            tasks = [asyncio.create_task(smtp.send(parcel(ANN))) for _ in range(30)]
            await asyncio.sleep(0)
            for task in tasks[9:20]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return await smtp.send(parcel(CAT)), server

    outcome, server = asyncio.run(run())
    assert outcome.state is State.ACCEPTED
    assert (server.copies(ANN), server.connections) == (19, 1)


def test_a_server_that_is_gone_is_heard_of_by_all_who_wait():
    """Where no line can be opened any more, nobody waits for ever."""

    async def run():
        async with served("chunking") as server:
            smtp = Smtp(config(server, connections=2, mails_per_connection=1))
            await smtp.__aenter__()
        outcomes = await asyncio.gather(*(smtp.send(parcel()) for _ in range(30)))
        await smtp.__aexit__(None, None, None)
        return outcomes

    outcomes = asyncio.run(run())
    assert {(outcome.state, outcome.stop) for outcome in outcomes} == {(State.QUEUED, True)}
