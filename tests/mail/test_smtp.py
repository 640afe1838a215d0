"""The SMTP transport against a server that misbehaves in every phase, and counts copies."""

import asyncio
import contextlib
from datetime import date
from functools import partial
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import Phase, State
from tests.mail import sending
from tests.mail.sending import ANN, AS_SAID, BOB, BODY, CAT, KINDS, REPLIES, config, parcel, served
from tests.smtpd import drop, late, refuse, stall


@pytest.fixture(params=KINDS)
def kind(request):
    """Every promise below is kept by every kind of line."""
    return request.param


@pytest.fixture
def deliver(kind):
    """Sends over that kind of line."""
    return partial(sending.deliver, kind=kind)


# ---- what arrives --------------------------------------------------------------------------------------------------


def test_a_message_arrives_byte_for_byte(deliver):
    """Envelope and content are what was given, lines that begin with dots included."""
    (outcome,), server = deliver(())
    assert (outcome.state, outcome.code, outcome.phase) == (State.ACCEPTED, 250, Phase.DOT)
    (mail,) = server.mails
    assert (mail.sender, mail.recipient, mail.content) == ("papers@example.org", ANN, BODY)


@pytest.mark.parametrize("kind", ["plain", "pipelining", "chunking"])
@given(lines=st.lists(st.text("ab.= ", max_size=12), min_size=1, max_size=8))
@settings(max_examples=25)
def test_any_lines_arrive_as_they_were(kind, lines):
    """Whatever dots a message holds, the server has the same bytes."""
    content = "".join(f"{line}\r\n" for line in lines).encode()
    (outcome,), server = sending.deliver((), parcel(content=content), kind=kind)
    assert outcome.state is State.ACCEPTED
    assert [mail.content for mail in server.mails] == [content]


def test_a_connection_is_reused(deliver, kind):
    """Three mails, one connection, one greeting."""
    outcomes, server = deliver((), parcel(ANN), parcel(BOB), parcel(CAT))
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED] * 3
    assert server.connections == 1
    message = "data" if kind in {"plain", "pipelining"} else "bdat"
    assert server.commands == ["ehlo", *["mail", "rcpt", message] * 3, "quit"]


def test_a_connection_is_replaced_after_so_many_mails(deliver):
    """Servers dislike endless connections: after N mails a new one is opened."""
    _, server = deliver((), parcel(ANN), parcel(BOB), parcel(CAT), mails_per_connection=2)
    assert [mail.connection for mail in server.mails] == [1, 1, 2]


def test_an_idle_connection_is_replaced(deliver):
    """A connection unused for too long is not trusted."""
    _, server = deliver((), parcel(ANN), parcel(BOB), idle_timeout=0)
    assert len({mail.connection for mail in server.mails}) == 2


def test_an_exhausted_pool_waits(kind):
    """Fifty mails at once over two connections: none fails, and no third connection is opened."""

    async def run():
        async with served(kind) as server, Smtp(config(server, connections=2)) as smtp:
            addresses = [f"r{number}@example.org" for number in range(50)]
            outcomes = await asyncio.gather(*(smtp.send(parcel(address)) for address in addresses))
            return server, addresses, outcomes

    server, addresses, outcomes = asyncio.run(run())
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert [server.copies(address) for address in addresses] == [1] * 50
    assert server.open_most <= 2


def test_a_transport_can_be_opened_again_in_another_loop(kind):
    """Each shard opens the transport in an event loop of its own."""
    smtp = None
    for _ in range(2):

        async def run():
            nonlocal smtp
            async with served(kind) as server:
                smtp = smtp or Smtp(config(server, connections=1))
                smtp.config = config(server, connections=1)
                async with smtp:
                    return await asyncio.gather(*(smtp.send(parcel()) for _ in range(5)))

        assert {outcome.state for outcome in asyncio.run(run())} == {State.ACCEPTED}


# ---- one bad recipient, one bad answer -----------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply[:20].strip().encode("ascii", "replace").decode())
def test_a_refused_recipient_does_not_touch_the_next(deliver, kind, at, reply):
    """After any answer to the envelope what is said of the refused one is true, and the next one has a copy."""
    at = "bdat" if at == "data" and "CHUNKING" in KINDS[kind] else at
    (first, second), server = deliver((refuse(at, reply, times=1),), parcel(ANN), parcel(BOB))
    # Nonsense on a reused connection is met with a new one, as nothing was sent: then it is accepted, once.
    # Where the message went with the envelope nobody knows what nonsense means.
    is_out = kind == "chunking" or at == "bdat"
    assert first.state in {State.QUEUED, State.REFUSED, State.ACCEPTED} or (is_out and first.state is State.UNCERTAIN)
    assert server.copies(ANN) in AS_SAID[first.state]
    assert second.state is State.ACCEPTED
    assert server.copies(BOB) == 1


def test_the_address_that_does_not_exist_is_suppressed_and_only_that(deliver):
    """5.1.1 at RCPT refuses for good and says why; greylisting waits as long as was asked."""
    script = (
        refuse("rcpt", "550 5.1.1 no such user", to=ANN),
        refuse("rcpt", "450 4.7.1 greylisted, try again in 5 minutes", to=BOB),
    )
    (ann, bob, cat), server = deliver(script, parcel(ANN), parcel(BOB), parcel(CAT))
    assert (ann.state, ann.suppress, ann.enhanced, ann.phase) == (State.REFUSED, True, "5.1.1", Phase.RCPT)
    assert (bob.state, bob.suppress, bob.retry_after) == (State.QUEUED, False, 300)
    assert cat.state is State.ACCEPTED
    assert server.connections == 1, "a reply that is understood leaves the connection good"


def test_a_failed_rset_costs_the_connection_not_the_mail(deliver):
    """Where the conversation cannot be reset, the next mail gets a new connection."""
    script = (refuse("rcpt", "550 5.1.1 no such user", to=ANN), refuse("rset", "500 what?"))
    (_, second), server = deliver(script, parcel(ANN), parcel(BOB))
    assert second.state is State.ACCEPTED
    assert server.connections == 2


@pytest.mark.parametrize(
    ("kind", "at"),
    [*product(["plain", "pipelining", "probing"], ["mail", "rcpt"]), ("plain", "data"), ("pipelining", "data")],
)
@pytest.mark.parametrize("fault", [drop, stall], ids=["drop", "stall"])
def test_a_line_lost_before_the_message_is_never_a_doubt(deliver, at, fault):
    """Dropped or silent before it: not sent, to be tried again, and the next mail goes over a new connection."""
    script = (fault(at, to=ANN) if at != "mail" else fault(at, times=2),)
    (first, second), server = deliver(script, parcel(ANN), parcel(BOB))
    assert (first.state, first.phase, first.code) == (State.QUEUED, Phase(at), None)
    assert (server.copies(ANN), server.copies(BOB)) == (0, 1)
    assert second.state is State.ACCEPTED


@pytest.mark.parametrize(
    ("fault", "copies"),
    [
        (drop("dot", to=ANN), 1),
        (stall("dot", to=ANN), 1),
        (late("dot", 0.6, times=1), 1),
        (refuse("dot", "Wibble", to=ANN), 1),
        (refuse("dot", "354 go on", to=ANN), 1),
        (drop("body", to=ANN), 0),
    ],
    ids=["drop", "stall", "late", "gibberish", "wrong answer", "drop in the body"],
)
def test_a_line_lost_after_the_dot_is_uncertain_and_sent_once(deliver, fault, copies):
    """No understood answer after the dot: uncertain, not tried again, and the late reply never meets the next mail."""
    (first, second), server = deliver((fault,), parcel(ANN), parcel(BOB))
    assert (first.state, first.phase) == (State.UNCERTAIN, Phase.DOT)
    assert (second.state, second.code) == (State.ACCEPTED, 250)
    assert (server.copies(ANN), server.copies(BOB)) == (copies, 1)
    assert server.connections == 2


@pytest.mark.parametrize(
    ("reply", "state", "suppress"),
    [
        ("451 4.3.0 later", State.QUEUED, False),
        ("454 Throttling failure", State.QUEUED, False),
        ("421 4.3.2 closing", State.QUEUED, False),
        ("550 5.1.1 no such user", State.REFUSED, True),
        ("552 5.2.2 full", State.QUEUED, False),
        ("554 transaction failed", State.REFUSED, False),
        ("554-5.6.0 one\r\n554 5.6.0 two", State.REFUSED, False),
    ],
)
def test_a_refusal_after_the_dot_is_certain(deliver, reply, state, suppress):
    """A 4xx or 5xx after the dot is an answer: not taken, and the connection serves the next mail."""
    (first, second), server = deliver((refuse("dot", reply, to=ANN),), parcel(ANN), parcel(BOB))
    assert (first.state, first.suppress, first.phase) == (state, suppress, Phase.DOT)
    assert second.state is State.ACCEPTED
    assert (server.copies(ANN), server.copies(BOB)) == (0, 1)


def test_a_reply_beyond_the_timeout_is_not_read_by_the_next_mail(deliver, kind):
    """A late "no such user" for one address never refuses the next."""
    (first, second), _ = deliver((late("rcpt", 0.5, "550 5.1.1 no such user", times=1),), parcel(ANN), parcel(BOB))
    # Where nothing was sent, a second connection may try at once.
    assert first.state is (State.UNCERTAIN if kind == "chunking" else State.ACCEPTED)
    assert second.state is State.ACCEPTED


# ---- reused connections that died ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "last_word"),
    [*product(["plain", "pipelining", "probing"], [""]), *product(KINDS, ["421 4.4.2 idle for too long"])],
)
def test_a_reused_connection_that_died_costs_nothing(deliver, kind, last_word):
    """A server that closes after N mails, or when idle, is met with a new connection; nobody waits for the next run."""
    script = (refuse("mail", last_word, after=1, times=1),) if last_word else ()
    server = served(kind, script, closes_after=None if last_word else 1)
    (first, second), server = deliver((), parcel(ANN), parcel(BOB), server=server)
    assert (first.state, second.state) == (State.ACCEPTED, State.ACCEPTED)
    assert (server.copies(ANN), server.copies(BOB)) == (1, 1)
    assert server.connections == 2


def test_a_server_that_goes_away_defers_and_stops(kind):
    """Where no new connection can be had, the mail is deferred and the batch ends."""

    async def run():
        async with served(kind) as server:
            smtp = Smtp(config(server))
            await smtp.__aenter__()
            await smtp.send(parcel(ANN))
        outcome = await smtp.send(parcel(BOB))
        await smtp.__aexit__(None, None, None)
        return outcome

    outcome = asyncio.run(run())
    assert (outcome.state, outcome.stop, outcome.phase) == (State.QUEUED, True, Phase.CONNECT)
    assert "cannot be reached" in outcome.reply


# ---- too fast, or to blame -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["rcpt", "dot"])
def test_an_answer_is_passed_on_as_it_is(deliver, at):
    """What to make of "too fast" or of a policy over many mails is not judged here: each mail has its own answer."""
    script = (refuse(at, "454 Throttling failure", to=ANN), refuse(at, "550 5.7.1 policy", to=BOB))
    outcomes, server = deliver(script, parcel(ANN), parcel(BOB), parcel(CAT))
    assert [outcome.throttled for outcome in outcomes] == [True, False, False]
    assert [outcome.stop for outcome in outcomes] == [False, True, False]
    assert [server.copies(address) for address in (ANN, BOB, CAT)] == [0, 0, 1]


def test_a_server_that_takes_fewer_connections_than_we_would_open_gets_all_mail_over_those(kind):
    """421 to a further connection is about that one: while another works, nothing is deferred and nothing stops."""
    server = served(kind, (refuse("connect", "421 4.7.0 too many connections from you", after=2),))
    people = [f"reader{number}@example.org" for number in range(40)]

    async def run():
        async with server, Smtp(config(server, connections=4)) as smtp:
            return await asyncio.gather(*(smtp.send(parcel(one, key=one)) for one in people))

    outcomes = asyncio.run(run())
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert not any(outcome.stop for outcome in outcomes)
    assert sorted(mail.recipient for mail in server.mails) == sorted(people)


def test_a_refused_sender_stops_the_batch(deliver):
    """What is wrong with the sender is wrong for everybody: no reader is dropped for it."""
    (outcome,), _ = deliver((refuse("mail", "550 5.7.1 sender rejected"),))
    assert (outcome.state, outcome.stop) == (State.QUEUED, True)


# ---- death in mid-conversation -------------------------------------------------------------------------------------


def test_a_cancelled_conversation_is_never_continued(kind):
    """A mail cancelled while it waits for its answer closes the connection; the next mail gets its own answer."""

    async def run():
        script = (stall("dot", to=ANN),)
        async with served(kind, script) as server, Smtp(config(server, data_timeout=60)) as smtp:
            task = asyncio.create_task(smtp.send(parcel(ANN)))
            await server.arrived.wait()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            return await smtp.send(parcel(BOB)), server

    outcome, server = asyncio.run(run())
    assert outcome.state is State.ACCEPTED
    assert [mail.connection for mail in server.mails] == [1, 2]


def test_a_dead_processs_delivery_is_uncertain():
    """A server cannot be asked what it has, so nothing is ever claimed of it."""
    assert Smtp(SmtpConfig(host="mail.example.org")).settle("k1", date(2026, 11, 20)) is State.UNCERTAIN


def test_a_line_on_which_data_was_answered_with_a_250_is_closed():
    """The server may read what comes next as the message: the next mail takes a new line, and nobody waits."""
    script = (refuse("data", "250 2.0.0 fine", times=1),)
    outcomes, server = sending.deliver(script, parcel(ANN), parcel(BOB), kind="plain")

    assert [outcome.state for outcome in outcomes] == [State.QUEUED, State.ACCEPTED]
    assert server.connections == 2
