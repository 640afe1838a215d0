"""The SMTP transport against a server that misbehaves in every phase, and counts copies."""

import asyncio
import contextlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import Phase, State
from tests.mail.sending import ANN, BOB, BODY, CAT, config, deliver, parcel
from tests.smtpd import Fault, FaultServer, drop, late, refuse, stall

# ---- what arrives --------------------------------------------------------------------------------------------------


def test_a_message_arrives_byte_for_byte():
    """Envelope and content are what was given, lines that begin with dots included."""
    (outcome,), server = deliver(())
    assert (outcome.state, outcome.code, outcome.phase) == (State.ACCEPTED, 250, Phase.DOT)
    (mail,) = server.mails
    assert (mail.sender, mail.recipient, mail.content) == ("papers@example.org", ANN, BODY)


@given(st.lists(st.text("ab.= ", max_size=12), min_size=1, max_size=8))
@settings(max_examples=25)
def test_any_lines_arrive_as_they_were(lines):
    """Whatever dots a message holds, the server has the same bytes."""
    content = "".join(f"{line}\r\n" for line in lines).encode()
    (outcome,), server = deliver((), parcel(content=content))
    assert outcome.state is State.ACCEPTED
    assert [mail.content for mail in server.mails] == [content]


def test_a_connection_is_reused():
    """Three mails, one connection, one greeting."""
    outcomes, server = deliver((), parcel(ANN), parcel(BOB), parcel(CAT))
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED] * 3
    assert server.connections == 1
    assert server.commands == ["ehlo", *["mail", "rcpt", "data"] * 3, "quit"]


def test_a_connection_is_replaced_after_so_many_mails():
    """Servers dislike endless connections: after N mails a new one is opened."""
    _, server = deliver((), parcel(ANN), parcel(BOB), parcel(CAT), mails_per_connection=2)
    assert [mail.connection for mail in server.mails] == [1, 1, 2]


def test_an_idle_connection_is_replaced():
    """A connection unused for too long is not trusted."""
    _, server = deliver((), parcel(ANN), parcel(BOB), idle_timeout=0)
    assert len({mail.connection for mail in server.mails}) == 2


def test_an_exhausted_pool_waits():
    """Fifty mails at once over two connections: none fails, and no third connection is opened."""

    async def run():
        async with FaultServer() as server, Smtp(config(server, connections=2)) as smtp:
            addresses = [f"r{number}@example.org" for number in range(50)]
            outcomes = await asyncio.gather(*(smtp.send(parcel(address)) for address in addresses))
            return server, addresses, outcomes

    server, addresses, outcomes = asyncio.run(run())
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert [server.copies(address) for address in addresses] == [1] * 50
    assert server.open_most <= 2


def test_a_transport_can_be_opened_again_in_another_loop():
    """Each shard opens the transport in an event loop of its own."""
    smtp = None
    for _ in range(2):

        async def run():
            nonlocal smtp
            async with FaultServer() as server:
                smtp = smtp or Smtp(config(server, connections=1))
                smtp.config = config(server, connections=1)
                async with smtp:
                    return await asyncio.gather(*(smtp.send(parcel()) for _ in range(5)))

        assert {outcome.state for outcome in asyncio.run(run())} == {State.ACCEPTED}


# ---- one bad recipient, one bad answer -----------------------------------------------------------------------------

REPLIES = ["450 4.2.0 greylisted", "451 4.3.0 later", "452 4.5.3 too many", "550 5.1.1 no such user", "550 5.7.1 policy",
           "552 5.2.2 full", "501 5.1.3 syntax", "503 5.5.1 sequence", "550 unavailable", "999 what", "Wibble wobble",
           "250-never ending\r\n250-", "550-5.1.1 one\r\n550-5.1.1 two\r\n550 5.1.1 three", "550 \udcff\udcfe \0 \x1b[31m",
           "550 " + "long " * 5_000, ""]  # fmt: skip


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply[:20].strip().encode("ascii", "replace").decode())
def test_a_refused_recipient_does_not_touch_the_next(at, reply):
    """After any answer before the 354 what is said of the refused one is true, and the next recipient has a copy."""
    (first, second), server = deliver((refuse(at, reply, times=1),), parcel(ANN), parcel(BOB))
    # Nonsense on a reused connection is met with a new one, as nothing was sent: then it is accepted, once.
    assert first.state in {State.QUEUED, State.REFUSED, State.ACCEPTED}
    assert server.copies(ANN) == (first.state is State.ACCEPTED)
    assert second.state is State.ACCEPTED
    assert server.copies(BOB) == 1


def test_the_address_that_does_not_exist_is_suppressed_and_only_that():
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


def test_a_failed_rset_costs_the_connection_not_the_mail():
    """Where the conversation cannot be reset, the next mail gets a new connection."""
    script = (refuse("rcpt", "550 5.1.1 no such user", to=ANN), refuse("rset", "500 what?"))
    (_, second), server = deliver(script, parcel(ANN), parcel(BOB))
    assert second.state is State.ACCEPTED
    assert server.connections == 2


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("fault", [drop, stall], ids=["drop", "stall"])
def test_a_line_lost_before_the_354_is_never_a_doubt(at, fault):
    """Dropped or silent before the 354: not sent, to be tried again, and the next mail goes over a new connection."""
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
def test_a_line_lost_after_the_dot_is_uncertain_and_sent_once(fault, copies):
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
def test_a_refusal_after_the_dot_is_certain(reply, state, suppress):
    """A 4xx or 5xx after the dot is an answer: not taken, and the connection serves the next mail."""
    (first, second), server = deliver((refuse("dot", reply, to=ANN),), parcel(ANN), parcel(BOB))
    assert (first.state, first.suppress, first.phase) == (state, suppress, Phase.DOT)
    assert second.state is State.ACCEPTED
    assert (server.copies(ANN), server.copies(BOB)) == (0, 1)


def test_a_reply_beyond_the_timeout_is_not_read_by_the_next_mail():
    """A late "no such user" for one address never refuses the next."""
    (first, second), _ = deliver((late("rcpt", 0.5, "550 5.1.1 no such user", times=1),), parcel(ANN), parcel(BOB))
    assert first.state is State.ACCEPTED, "nothing was sent, so a second connection may try at once"
    assert second.state is State.ACCEPTED


# ---- reused connections that died ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "server",
    [
        FaultServer(closes_after=1),
        FaultServer((refuse("mail", "421 4.4.2 idle for too long", after=1, times=1),)),
    ],
    ids=["dropped", "421"],
)
def test_a_reused_connection_that_died_costs_nothing(server):
    """A server that closes after N mails, or when idle, is met with a new connection; nobody waits for the next run."""
    (first, second), server = deliver((), parcel(ANN), parcel(BOB), server=server)
    assert (first.state, second.state) == (State.ACCEPTED, State.ACCEPTED)
    assert (server.copies(ANN), server.copies(BOB)) == (1, 1)
    assert server.connections == 2


def test_a_server_that_goes_away_defers_and_stops():
    """Where no new connection can be had, the mail is deferred and the batch ends."""

    async def run():
        async with FaultServer(closes_after=1) as server:
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
def test_an_answer_is_passed_on_as_it_is(at):
    """What to make of "too fast" or of a policy over many mails is not judged here: each mail has its own answer."""
    script = (refuse(at, "454 Throttling failure", to=ANN), refuse(at, "550 5.7.1 policy", to=BOB))
    outcomes, server = deliver(script, parcel(ANN), parcel(BOB), parcel(CAT))
    assert [outcome.throttled for outcome in outcomes] == [True, False, False]
    assert [outcome.stop for outcome in outcomes] == [False, True, False]
    assert [server.copies(address) for address in (ANN, BOB, CAT)] == [0, 0, 1]


def test_a_server_that_takes_fewer_connections_than_we_would_open_gets_all_mail_over_those():
    """421 to a further connection is about that one: while another works, nothing is deferred and nothing stops."""
    server = FaultServer((refuse("connect", "421 4.7.0 too many connections from you", after=2),))
    people = [f"reader{number}@example.org" for number in range(12)]

    async def run():
        async with server, Smtp(config(server, connections=4)) as smtp:
            return await asyncio.gather(*(smtp.send(parcel(one, key=one)) for one in people))

    outcomes = asyncio.run(run())
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert not any(outcome.stop for outcome in outcomes)
    assert sorted(mail.recipient for mail in server.mails) == sorted(people)


def test_a_refused_sender_stops_the_batch():
    """What is wrong with the sender is wrong for everybody: no reader is dropped for it."""
    (outcome,), _ = deliver((refuse("mail", "550 5.7.1 sender rejected"),))
    assert (outcome.state, outcome.stop) == (State.QUEUED, True)


# ---- death in mid-conversation -------------------------------------------------------------------------------------


def test_a_cancelled_conversation_is_never_continued():
    """A mail cancelled while it waits for its answer closes the connection; the next mail gets its own answer."""

    async def run():
        script = (stall("dot", to=ANN),)
        async with FaultServer(script) as server, Smtp(config(server, data_timeout=60)) as smtp:
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


FAULTS = st.builds(
    Fault,
    at=st.sampled_from(["mail", "rcpt", "data", "body", "dot", "rset"]),
    do=st.sampled_from(["reply", "drop"]),
    reply=st.sampled_from(
        [reply for reply in REPLIES if reply and "never" not in reply] + ["421 4.3.2 closing", "250 odd"]
    ),
    times=st.integers(1, 2),
    after=st.integers(0, 3),
).filter(lambda fault: fault.at != "body" or fault.reply[:1] != "2")  # a server that lies cannot be found out


@given(st.lists(FAULTS, max_size=4))
@settings(max_examples=80)
def test_whatever_the_server_does_the_ledger_agrees_with_it(script):
    """Accepted means one copy, deferred and refused mean none, uncertain means at most one: for any script of faults."""
    addresses = [f"r{number}@example.org" for number in range(6)]
    outcomes, server = deliver(script, *(parcel(address) for address in addresses), server=None)
    for address, outcome in zip(addresses, outcomes, strict=True):
        allowed = {State.ACCEPTED: {1}, State.UNCERTAIN: {0, 1}}.get(outcome.state, {0})
        assert server.copies(address) in allowed, (address, outcome)
