"""The SMTP transport against a server that misbehaves in every phase, and counts copies."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigurationError, MailerUnavailable
from newsletter.mail.smtp import DOUBTS_TO_STOP, THROTTLES_TO_STOP, Smtp, SmtpConfig
from newsletter.mail.transport import Parcel
from newsletter.models import Phase, State
from tests.mail.certificates import make
from tests.smtpd import Fault, FaultServer, drop, late, refuse, stall

ANN, BOB, CAT = "ann@example.org", "bob@example.org", "cat@example.org"
BODY = b"Subject: today\r\n\r\n.hidden { display: none }\r\n..\r\n.\r\nThe end.\r\n"


def parcel(recipient=ANN, *, return_path="papers@example.org", content=BODY, key="k1"):
    return Parcel(key, return_path, recipient, content, date(2026, 11, 20), "token")


def config(server, **changes):
    usual = SmtpConfig(
        host="127.0.0.1", port=server.port, security="none", connections=1, local_hostname="paperboy.invalid",
        connect_timeout=2, command_timeout=0.3, data_timeout=0.3, throttle_pause=0.001,
    )  # fmt: skip
    return replace(usual, **changes)


async def send(server, *parcels, **changes):
    async with Smtp(config(server, **changes)) as smtp:
        return [await smtp.send(each) for each in parcels]


def deliver(script, *parcels, server=None, **changes):
    """The outcomes of sending parcels one after another, and the server with what it holds."""
    made = FaultServer(script) if server is None else server

    async def run():
        async with made:
            return await send(made, *(parcels or (parcel(),)), **changes)

    return asyncio.run(run()), made


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


def test_throttling_slows_down_and_loses_nothing():
    """454 after the dot is "too fast": deferred and marked so, and the next is tried after a pause."""
    script = (refuse("dot", "454 Throttling failure", times=2),)
    outcomes, server = deliver(script, parcel(ANN), parcel(BOB), parcel(CAT))
    assert [outcome.throttled for outcome in outcomes] == [True, True, False]
    assert [outcome.stop for outcome in outcomes] == [False] * 3
    assert [server.copies(address) for address in (ANN, BOB, CAT)] == [0, 0, 1]


def test_endless_throttling_stops_the_batch():
    """A server that only ever says "too fast" is not knocked at ten thousand times."""
    outcomes, _ = deliver((refuse("dot", "454 Throttling"),), *[parcel()] * THROTTLES_TO_STOP, throttle_pause=0)
    assert [outcome.stop for outcome in outcomes] == [False] * (THROTTLES_TO_STOP - 1) + [True]


def test_a_policy_of_one_recipient_does_not_stop_the_others():
    """5.7.1 for one address defers that one; when it is the answer to everybody, the batch stops."""
    others = [parcel(f"r{number}@example.org") for number in range(3)]
    outcomes, _ = deliver((refuse("rcpt", "550 5.7.1 policy", to=ANN),), parcel(ANN), *others)
    assert [outcome.state for outcome in outcomes] == [State.QUEUED, *[State.ACCEPTED] * 3]
    assert not any(outcome.stop for outcome in outcomes)
    outcomes, _ = deliver((refuse("rcpt", "550 5.7.1 relaying denied"),), *[parcel()] * DOUBTS_TO_STOP)
    assert [outcome.stop for outcome in outcomes] == [False] * (DOUBTS_TO_STOP - 1) + [True]
    assert not any(outcome.suppress for outcome in outcomes)


def test_a_refused_sender_stops_the_batch():
    """What is wrong with the sender is wrong for everybody: no reader is dropped for it."""
    (outcome,), _ = deliver((refuse("mail", "550 5.7.1 sender rejected"),))
    assert (outcome.state, outcome.stop) == (State.QUEUED, True)


# ---- opening -------------------------------------------------------------------------------------------------------


def opening(server, **changes):
    """The sentence with which opening fails, and what reached the server."""

    async def run():
        async with server:
            with pytest.raises(MailerUnavailable) as raised:
                await send(server, parcel(), **changes)
            return str(raised.value)

    sentence = asyncio.run(run())
    assert server.mails == []
    assert sentence.startswith(f"SMTP server (127.0.0.1:{server.port}): ")
    return sentence


@pytest.mark.parametrize(
    "fault",
    [
        drop("connect"),
        stall("connect"),
        refuse("connect", "554 5.7.1 go away"),
        refuse("connect", "421 4.3.2 full house"),
        refuse("connect", "Wibble"),
        refuse("connect", "HTTP/1.1 400 Bad Request"),
        drop("ehlo"),
        stall("ehlo"),
        refuse("ehlo", "421 4.3.2 closing"),
        refuse("ehlo", "Wibble"),
    ],
    ids=lambda fault: f"{fault.at}-{fault.do}-{fault.reply[:8]}",
)
def test_a_server_that_will_not_open_is_said_once(fault):
    """Whatever goes wrong before a mail is an error of the mailer, with the server's name and its words."""
    assert opening(FaultServer((fault,)), connect_timeout=0.3)


def test_an_unreachable_server_is_a_sentence():
    """Nobody listens, no such host, no host name at all: what to check is named."""

    async def run(**changes):
        async with FaultServer() as server:
            gone = config(server)
        with pytest.raises(MailerUnavailable, match=r"cannot be reached: .*PAPERBOY_SMTP_HOST"):
            async with Smtp(replace(gone, **changes)):
                pass

    asyncio.run(run())
    asyncio.run(run(host="no-such-host.invalid"))
    asyncio.run(run(host=f"{'x' * 70}..invalid"))


def test_helo_is_enough():
    """A server that knows no EHLO is greeted with HELO."""
    (outcome,), server = deliver((refuse("ehlo", "502 5.5.1 what?"),))
    assert outcome.state is State.ACCEPTED
    assert server.commands[:2] == ["ehlo", "helo"]


def test_starttls_is_never_optional():
    """Where STARTTLS was chosen and is not offered, or fails, no mail and no password is sent in clear text."""
    login = {"security": "starttls", "user": "ann", "password": "secret"}
    server = FaultServer(users={"ann": "secret"})
    assert "STARTTLS" in opening(server, **login)
    assert server.commands == ["ehlo"]


def test_a_refused_starttls_sends_nothing(tmp_path):
    """454 to STARTTLS ends the conversation."""
    context, ca_file = make(tmp_path)
    server = FaultServer((refuse("starttls", "454 4.7.0 not now"),), starttls=context)
    assert "not now" in opening(server, security="starttls", ca_file=ca_file)
    assert "mail" not in server.commands


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_encrypted_line_carries_mail(tmp_path, security):
    """STARTTLS and TLS from the start, with login, deliver over an encrypted line."""
    context, ca_file = make(tmp_path)
    server = FaultServer(**{security: context}, users={"ann": "secret"})
    (outcome,), server = deliver((), server=server, security=security, ca_file=ca_file, user="ann", password="secret")
    assert outcome.state is State.ACCEPTED
    assert [(mail.secure, mail.user) for mail in server.mails] == [(True, "ann")]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(tmp_path, security):
    """An unknown authority, or another host's certificate, ends it before login."""
    context, _ = make(tmp_path / "unknown")
    server = FaultServer(**{security: context}, users={"ann": "secret"})
    assert "certificate" in opening(server, security=security, user="ann", password="secret")
    context, ca_file = make(tmp_path / "other", host="127.0.0.2")
    server = FaultServer(**{security: context}, users={"ann": "secret"})
    assert "certificate" in opening(server, security=security, ca_file=ca_file, user="ann", password="secret")
    assert "auth" not in server.commands


def test_what_is_slipped_in_before_tls_is_ignored(tmp_path):
    """Words sent in clear text after the answer to STARTTLS are not taken for the server's over TLS."""
    context, ca_file = make(tmp_path)
    script = (refuse("starttls", "220 2.0.0 go on\r\n250-injected\r\n250 AUTH PLAIN"),)
    server = FaultServer(script, starttls=context)

    async def run():
        async with server:
            with contextlib.suppress(MailerUnavailable):
                async with Smtp(config(server, security="starttls", ca_file=ca_file, user="ann", password="x")):
                    pass

    asyncio.run(run())
    assert "auth" not in server.commands


@pytest.mark.parametrize("reply", ["535 5.7.8 wrong", "454 4.7.0 not now", "Wibble"])
def test_a_refused_login_stops_before_the_first_mail(reply):
    """One sentence and no mail, instead of ten thousand refusals; the password is in no message."""
    server = FaultServer((refuse("auth", reply),), users={"ann": "tea-pot"})
    sentence = opening(server, user="ann", password="tea-pot")
    assert "refused the login" in sentence
    assert "tea-pot" not in sentence
    assert "mail" not in server.commands


def test_a_missing_file_of_authorities_is_a_setting_to_mend():
    """A path that cannot be read is the operator's, not the server's."""

    async def run():
        async with FaultServer() as server:
            await send(server, parcel(), security="tls", ca_file=Path("/nowhere/ca.pem"))

    with pytest.raises(ConfigurationError, match="nowhere"):
        asyncio.run(run())


def test_the_password_is_not_shown():
    """Neither a log line nor a traceback that prints the configuration shows it."""
    assert "tea-pot" not in repr(SmtpConfig(host="mail.example.org", password="tea-pot"))


# ---- what never reaches the wire -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "ann@example.org>\r\nRCPT TO:<eve@example.org"},
        {"recipient": "ann@example.org\n"},
        {"recipient": "ann@example.org NOTIFY=NEVER"},
        {"recipient": "ann@exam\u202cple.org"},
        {"recipient": "ann\0@example.org"},
        {"recipient": "ann(eve)@example.org"},
        {"recipient": "ann@example.org,eve@example.org"},
        {"recipient": "ann\udcff@example.org"},
        {"recipient": "ann"},
        {"recipient": "@example.org"},
        {"recipient": ""},
        {"return_path": "papers@example.org\r\nDATA"},
        {"content": b"Subject: x\n\nbare LF\n"},
        {"content": b"Subject: x\r\n\r\nsmuggled\n.\r\nMAIL FROM:<eve@example.org>\r\n"},
        {"content": b"Subject: x\r\n\r\nbare CR\r.\r\r\n"},
        {"content": b"Subject: x\r\n\r\nno end"},
        {"content": b""},
        {"content": b"Subject: x\r\n\r\n" + b"x" * 999 + b"\r\n"},
    ],
    ids=lambda changes: repr(changes)[:50].encode("ascii", "replace").decode(),
)
def test_what_could_inject_is_refused_before_a_byte_is_written(changes):
    """A bad address or body drops that one delivery, unsent; the next goes out over the same connection."""
    (first, second), server = deliver((), parcel(**{"recipient": ANN} | changes), parcel(BOB))
    assert first.state is State.REFUSED
    assert first.reply.startswith("not sent: ")
    assert not first.suppress
    assert second.state is State.ACCEPTED
    assert [mail.recipient for mail in server.mails] == [BOB]
    assert server.commands == ["ehlo", "mail", "rcpt", "data", "quit"]


def test_an_address_that_is_not_ascii_needs_a_server_that_takes_it():
    """With SMTPUTF8 it is sent; without, that one is refused in words and the run goes on."""
    (outcome,), server = deliver((), parcel("jürgen@example.org"))
    assert outcome.state is State.ACCEPTED
    assert [(mail.recipient, "SMTPUTF8" in mail.options) for mail in server.mails] == [("jürgen@example.org", True)]
    plain = FaultServer(extensions=("SIZE", "8BITMIME"))
    (first, second), server = deliver((), parcel("jürgen@example.org"), parcel(BOB), server=plain)
    assert (first.state, first.suppress) == (State.REFUSED, False)
    assert "SMTPUTF8" in first.reply
    assert second.state is State.ACCEPTED


def test_a_domain_that_is_not_ascii_is_sent_in_its_ascii_form():
    """Every server takes the ASCII form of a domain, so SMTPUTF8 is not needed for it."""
    plain = FaultServer(extensions=())
    outcomes, server = deliver((), parcel("ann@例え.jp"), parcel("ann@straße.example"), server=plain)
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED] * 2
    assert [mail.recipient for mail in server.mails] == ["ann@xn--r8jz45g.jp", "ann@xn--strae-oqa.example"]


def test_a_message_over_the_servers_limit_is_not_sent():
    """SIZE is read and announced; what is too large is refused without sending it."""
    small = FaultServer(extensions=("SIZE 100",))
    outcomes, server = deliver((), parcel(), parcel(BOB, content=BODY * 9), server=small)
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED, State.REFUSED]
    assert server.mails[0].options == f"SIZE={len(BODY)}"
    for odd in ("SIZE", "SIZE 0", "SIZE many"):
        (outcome,), _ = deliver((), server=FaultServer(extensions=(odd,)))
        assert outcome.state is State.ACCEPTED


def test_eight_bits_need_a_server_that_takes_them():
    """A message that is not 7-bit is announced as such, or refused where the server could spoil it."""
    content = "Subject: x\r\n\r\nnaïve\r\n".encode()
    (outcome,), server = deliver((), parcel(content=content))
    assert outcome.state is State.ACCEPTED
    assert "BODY=8BITMIME" in server.mails[0].options
    (outcome,), _ = deliver((), parcel(content=content), server=FaultServer(extensions=()))
    assert outcome.state is State.REFUSED


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
