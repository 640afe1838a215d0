"""A line with several mails on their way: each has the answer that is its own, whatever becomes of its neighbours."""

import asyncio
import contextlib

import pytest

from newsletter.mail.smtp import Smtp
from newsletter.mail.transport import NOT_BEGUN
from newsletter.models import Phase, State
from tests.mail.sending import ANN, AS_SAID, BOB, CAT, config, deliver, parcel, send_together, served
from tests.smtpd import drop, late, refuse, stall

READERS = [f"r{number}@example.org" for number in range(8)]
A, Q, R, U = State.ACCEPTED, State.QUEUED, State.REFUSED, State.UNCERTAIN


def in_a_window(*script, **changes):
    """The outcomes of eight mails sent at once over one line with CHUNKING, and the server."""
    parcels = [parcel(one, return_path=f"bounces+{one.partition('@')[0]}@example.net") for one in READERS]
    outcomes, server = deliver(script, *parcels, kind="chunking", how=send_together, **changes)
    assert {(mail.sender, mail.recipient) for mail in server.mails} <= {
        (each.return_path, each.recipient) for each in parcels
    }
    for reader, outcome in zip(READERS, outcomes, strict=True):
        assert server.copies(reader) in AS_SAID[outcome.state], (reader, outcome)
    return outcomes, server


def states(outcomes):
    return [outcome.state for outcome in outcomes]


# ---- how much is on its way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "capacity"), [("plain", 3), ("pipelining", 6), ("chunking", 24)])
def test_what_is_worth_sending_at_once_depends_on_what_the_server_offers(kind, capacity):
    """One mail on each connection; with PIPELINING a second in its place; with CHUNKING a window of them."""

    async def run():
        async with served(kind) as server, Smtp(config(server, connections=3)) as smtp:
            return smtp.capacity

    assert asyncio.run(run()) == capacity


def test_switched_off_no_line_is_fast():
    """PAPERBOY_SMTP_PIPELINING=false means one command at a time, whatever the server offers."""
    outcomes, server = in_a_window(pipelining=False)
    assert states(outcomes) == [A] * 8
    assert server.commands == ["ehlo", *["mail", "rcpt", "data"] * 8, "quit"]


async def answer_in_the_end(reader, writer, rounds):
    """A server that holds its replies back: for each round it reads until all of these words came, then answers."""
    with contextlib.suppress(ConnectionError):
        for words, replies in rounds:
            seen = b""
            while any(seen.count(word) < count for word, count in words.items()):
                seen += (await reader.read(65536)) or words.popitem()[0] * 99
            writer.write(replies.replace(b"\n", b"\r\n"))
        await reader.read()
        writer.close()


@pytest.mark.parametrize(
    ("offer", "rounds"),
    [
        (
            b"CHUNKING",
            [({b"LAST": 8, b"The end.\r\n": 8}, b"250 a\n250 b\n250 c\n" + b"250 r\n250 a\n250 b\n250 c\n" * 7)],
        ),
        (
            b"8BITMIME",
            [
                ({b"DATA\r\n": 1}, b"250 a\n250 b\n354 c\n"),
                *[({b"\r\n.\r\n": 1, b"DATA\r\n": 1}, b"250 d\n250 a\n250 b\n354 c\n")] * 7,
                ({b"\r\n.\r\n": 1}, b"250 d\n"),
            ],
        ),
    ],
    ids=["chunking", "pipelining"],
)
def test_mails_are_on_their_way_before_the_first_is_answered(offer, rounds):
    """With CHUNKING eight whole mails come before any reply; with PIPELINING a message and the next envelope."""
    opening = [({}, b"220 hello\n"), ({b"EHLO": 1}, b"250-test.invalid\n250-PIPELINING\n250 " + offer + b"\n")]
    ending = [({b"QUIT": 1}, b"221 bye\n")]

    async def serve(reader, writer):
        await answer_in_the_end(reader, writer, [*opening, *rounds, *ending])

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        server.port = server.sockets[0].getsockname()[1]
        async with server:
            return await send_together(server, *(parcel(one) for one in READERS), command_timeout=9, data_timeout=9)

    assert states(asyncio.run(run())) == [A] * 8


def test_a_server_may_hold_the_envelopes_answer_back_until_it_has_the_message():
    """Where the message went with it, the time allowed for a message counts, or mail would be uncertain for nothing."""
    outcomes, _ = in_a_window(late("mail", 0.5, "250 ok", times=1), command_timeout=0.1, data_timeout=9)
    assert states(outcomes) == [A] * 8


# ---- neighbours ----------------------------------------------------------------------------------------------------


def test_refused_recipients_in_a_window_touch_nobody_else():
    """Two of eight are refused, one for good: the others have theirs over the same connection, each from its sender."""
    outcomes, server = in_a_window(
        refuse("rcpt", "550 5.1.1 no such user", to=READERS[2]), refuse("rcpt", "450 4.2.0 later", to=READERS[5])
    )
    assert states(outcomes) == [A, A, R, A, A, Q, A, A]
    assert [outcome.suppress for outcome in outcomes] == [False, False, True, False, False, False, False, False]
    assert {outcome.phase for outcome in outcomes} == {Phase.RCPT, Phase.DOT}
    assert server.connections == 1


@pytest.mark.parametrize("at", ["mail", "bdat", "dot"])
def test_any_refusal_in_a_window_is_one_mails_own(at):
    """A refused sender, chunk or message: the answer is that mail's, and its neighbours arrive."""
    outcomes, server = in_a_window(refuse(at, "451 4.3.0 later", after=3, times=1))
    assert states(outcomes) == [A, A, A, Q, A, A, A, A]
    assert outcomes[3].phase is (Phase.MAIL if at == "mail" else Phase.DOT)
    assert server.connections == 1


@pytest.mark.parametrize("at", ["bdat", "dot"])
@pytest.mark.parametrize(
    "fault",
    [drop, stall, lambda at, **where: refuse(at, "Wibble", **where), lambda at, **where: refuse(at, "354 go", **where)],
    ids=["drop", "stall", "gibberish", "wrong answer"],
)
def test_a_line_lost_in_a_window_leaves_a_doubt_only_about_what_was_not_answered(at, fault):
    """The first three were answered and stand; the others may have been taken, and are not sent again."""
    outcomes, _ = in_a_window(fault(at, to=READERS[3]))
    assert states(outcomes) == [A, A, A, U, U, U, U, U]
    assert {(outcome.phase, outcome.code) for outcome in outcomes[3:]} == {(Phase.DOT, None)}


def test_a_refusal_that_was_read_stands_though_the_line_is_lost_after_it():
    """Who was refused before the line broke has that answer, not a doubt."""
    outcomes, _ = in_a_window(
        refuse("rcpt", "550 5.1.1 no such user", to=READERS[3]),
        drop("bdat", to=READERS[4]),
        stall("dot", to=READERS[7]),
    )
    assert states(outcomes) == [A, A, A, R, U, U, U, U]


@pytest.mark.parametrize("at", ["rcpt", "bdat", "dot"])
def test_after_a_421_nothing_of_the_window_was_taken(at):
    """A server works in order: who stands behind its last word was not taken, and is throttled like that one."""
    outcomes, server = in_a_window(refuse(at, "421 4.7.0 too fast", to=READERS[3]))
    assert states(outcomes) == [A, A, A, Q, Q, Q, Q, Q]
    assert [outcome.throttled for outcome in outcomes] == [False] * 3 + [True] * 5
    assert server.connections == 1


def test_a_server_that_takes_so_many_mails_on_a_connection_gets_the_rest_on_others():
    """421 to MAIL is about the connection: what stood behind it goes out at once over a new one."""
    limit = [refuse("mail", "421 4.7.0 enough", after=after, times=1) for after in (3, 5)]
    outcomes, server = in_a_window(*limit)
    assert states(outcomes) == [A] * 8
    assert server.connections == 3


def test_a_server_that_does_not_bear_a_window_is_not_given_another():
    """After a line was lost with several mails open on it, the others go one by one: it costs one window, not all mail."""

    async def run():
        async with served("chunking", closes_after=3) as server, Smtp(config(server)) as smtp:
            first = await asyncio.gather(*(smtp.send(parcel(one)) for one in READERS))
            return first, await asyncio.gather(*(smtp.send(parcel(one)) for one in READERS))

    first, second = asyncio.run(run())
    assert states(first) == [A, A, A, U, U, U, U, U]
    assert states(second) == [A] * 8


@pytest.mark.parametrize("kind", ["pipelining", "chunking", "probing"])
def test_a_reply_that_nobody_expects_ends_the_line(kind):
    """Two answers to one mail: the second is not taken for the next mail's."""
    twice = refuse("dot", "250 2.0.0 taken\r\n250 2.0.0 taken", to=ANN)
    (first, second), server = deliver(
        (twice, refuse("rcpt", "550 5.1.1 no", to=BOB)), parcel(ANN), parcel(BOB), kind=kind
    )
    assert (first.state, second.state, second.enhanced) == (A, R, "5.1.1")
    assert server.connections == 2


def test_nobody_gets_an_empty_mail():
    """A server that says 354 though it refused the recipient is left without a message, and the next mail arrives."""
    server = served("pipelining", (refuse("rcpt", "550 5.1.1 no such user", to=ANN),), lax=True)
    (first, second), server = deliver((), parcel(ANN), parcel(BOB), server=server)
    assert (first.state, first.phase, second.state) == (R, Phase.RCPT, A)
    assert [mail.recipient for mail in server.mails] == [BOB]


def test_a_mail_taken_against_the_servers_own_words_is_not_sent_again():
    """MAIL was refused, RCPT and the message were not: the server has it, and that is what is said."""
    server = served("chunking", (refuse("mail", "450 4.3.0 later", times=1),), lax=True)
    (outcome,), server = deliver((), parcel(ANN), server=server, kind="chunking")
    assert (outcome.state, server.copies(ANN)) == (A, 1)


# ---- beginning -----------------------------------------------------------------------------------------------------


def begin_as(says, asked):
    async def begin():
        asked.append(says)
        await asyncio.sleep(0)
        return says

    return begin


@pytest.mark.parametrize("kind", ["plain", "pipelining", "chunking", "probing"])
def test_what_may_not_begin_is_not_sent(kind):
    """A delivery that is not ours any more leaves no byte of its message; its neighbours arrive."""
    asked = []

    async def run():
        async with served(kind) as server, Smtp(config(server)) as smtp:
            sends = [smtp.send(parcel(one), begin_as(one is not BOB, asked)) for one in (ANN, BOB, CAT)]
            return await asyncio.gather(*sends), server

    (ann, bob, cat), server = asyncio.run(run())
    assert (ann.state, cat.state) == (A, A)
    assert bob is NOT_BEGUN
    assert sorted(mail.recipient for mail in server.mails) == [ANN, CAT]
    assert sorted(asked) == [False, True, True]


@pytest.mark.parametrize("kind", ["plain", "pipelining", "probing"])
def test_a_refused_recipient_never_begins(kind):
    """What can be refused before the message is refused before anything is committed."""
    asked = []

    async def run():
        script = (refuse("rcpt", "550 5.1.1 no such user"),)
        async with served(kind, script) as server, Smtp(config(server, probe_after=0)) as smtp:
            return await smtp.send(parcel(), begin_as(says=True, asked=asked))

    assert asyncio.run(run()).state is R
    assert asked == []


@pytest.mark.parametrize("kind", ["plain", "pipelining", "chunking", "probing"])
def test_a_mail_begins_once_however_many_lines_it_needs(kind):
    """A line found dead is replaced; what was committed stays committed and is not asked for again."""
    asked = []

    async def run():
        script = (refuse("data" if kind in {"plain", "pipelining"} else "mail", "Wibble", after=1, times=1),)
        if kind == "chunking":
            script = (refuse("mail", "421 4.4.2 idle for too long", after=1, times=1),)
        async with (
            served(kind, script) as server,
            Smtp(config(server, probe_after=60 if kind == "chunking" else 0)) as smtp,
        ):
            await smtp.send(parcel(ANN))
            return await smtp.send(parcel(BOB), begin_as(says=True, asked=asked)), server

    outcome, server = asyncio.run(run())
    assert (outcome.state, server.copies(BOB), server.connections) == (A, 1, 2)
    assert asked == [True]


def test_neighbours_do_not_wait_for_a_beginning():
    """While one mail of a window is being committed the others go out."""

    async def run():
        others_are_out = asyncio.Event()

        async def begin():
            await others_are_out.wait()
            return True

        async with served("chunking") as server, Smtp(config(server)) as smtp:
            slow = asyncio.create_task(smtp.send(parcel(ANN), begin))
            others = await asyncio.gather(*(smtp.send(parcel(one)) for one in READERS[:7]))
            others_are_out.set()
            return [await slow, *others], server

    outcomes, server = asyncio.run(run())
    assert states(outcomes) == [A] * 8
    assert server.mails[-1].recipient == ANN


@pytest.mark.parametrize("kind", ["plain", "pipelining", "chunking", "probing"])
def test_a_beginning_that_fails_sends_nothing_and_is_heard_of(kind):
    """Where the commit fails the error comes out as itself, nothing was sent, and the next mail arrives."""

    async def fails():
        raise ZeroDivisionError

    async def run():
        async with served(kind) as server, Smtp(config(server)) as smtp:
            with pytest.raises(ZeroDivisionError):
                await smtp.send(parcel(ANN), fails)
            return await smtp.send(parcel(BOB)), server

    outcome, server = asyncio.run(run())
    assert outcome.state is A
    assert [mail.recipient for mail in server.mails] == [BOB]


# ---- one of them is cancelled, and much is on its way --------------------------------------------------------------


def test_cancelling_one_mail_ends_the_line_and_its_neighbours_hear_the_truth():
    """What was answered stands, the others are a doubt at once, and the next mail has a line of its own."""

    async def run():
        script = (stall("dot", to=READERS[1]),)
        async with served("chunking", script) as server, Smtp(config(server, data_timeout=60)) as smtp:
            tasks = [asyncio.create_task(smtp.send(parcel(one))) for one in READERS]
            await tasks[0]
            tasks[2].cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            return outcomes, await smtp.send(parcel(ANN)), server

    outcomes, after, server = asyncio.run(run())
    assert isinstance(outcomes.pop(2), asyncio.CancelledError)
    assert states(outcomes) == [A, U, U, U, U, U, U]
    assert (after.state, server.mails[-1].connection) == (A, 2)


def test_a_mail_cancelled_before_its_turn_disturbs_nobody():
    """Nothing of it was written: the line goes on."""

    async def run():
        async with served("pipelining") as server, Smtp(config(server)) as smtp:
            tasks = [asyncio.create_task(smtp.send(parcel(one))) for one in (ANN, BOB, CAT)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            return await asyncio.gather(tasks[0], tasks[2]), server

    outcomes, server = asyncio.run(run())
    assert states(outcomes) == [A, A]
    assert [mail.recipient for mail in server.mails] == [ANN, CAT]
    assert server.connections == 1


LARGE = b"Subject: large\r\n\r\n" + b"x" * 900 + b"\r\n" + (b"y" * 900 + b"\r\n") * 4_500
"""Four megabytes: a few of them are more than all the buffers between here and the server."""


@pytest.mark.parametrize("kind", ["pipelining", "chunking"])
def test_large_mails_arrive_whole(kind):
    """A line that cannot take more for now waits, and goes on."""
    parcels = [parcel(one, content=LARGE) for one in READERS[:6]]
    outcomes, server = deliver((), *parcels, kind=kind, how=send_together, command_timeout=9, data_timeout=9)
    assert states(outcomes) == [A] * 6
    assert all(mail.content == LARGE for mail in server.mails)


def test_a_mail_is_not_given_to_a_line_that_cannot_take_it():
    """A server that stops reading gets no more: what was not written goes out over another line, and once."""
    server = served("chunking", (stall("mail", times=1),))
    parcels = [parcel(one, content=LARGE) for one in READERS]
    outcomes, server = deliver((), *parcels, server=server, how=send_together, data_timeout=3, command_timeout=3)
    assert set(states(outcomes)) == {A, U}
    assert [server.copies(one) for one in READERS] == [int(outcome.state is A) for outcome in outcomes]


def test_the_fast_line_says_goodbye():
    """QUIT is said, and a server that does not answer it holds nothing up for long."""
    _, server = in_a_window()
    assert server.commands[-1] == "quit"
    outcomes, _ = in_a_window(drop("quit"))
    assert states(outcomes) == [A] * 8
