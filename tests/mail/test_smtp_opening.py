"""Opening the SMTP transport: what fails for everybody fails there, in one sentence, with nothing sent."""

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.errors import ConfigurationError, MailerUnavailable
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import State
from tests.mail.certificates import make
from tests.mail.sending import AS_SAID, BODY, KINDS, config, deliver, parcel, send, send_together, served
from tests.smtpd import FaultServer, drop, refuse, stall


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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_encrypted_line_carries_mail(tmp_path, security, kind):
    """STARTTLS and TLS from the start, with login, deliver over an encrypted line; a refusal is one mail's own."""
    context, ca_file = make(tmp_path)
    refusal = refuse("rcpt", "550 5.1.1 no such user", to="r3@example.org")
    server = served(kind, (refusal,), **{security: context}, users={"ann": "secret"})
    large = BODY + (b"x" * 900 + b"\r\n") * 1_000
    parcels = [parcel(f"r{number}@example.org", content=large) for number in range(10)]
    outcomes, server = deliver(
        (), *parcels, server=server, kind=kind, how=send_together, security=security, ca_file=ca_file,
        user="ann", password="secret", command_timeout=9, data_timeout=9,
    )  # fmt: skip
    assert [outcome.state for outcome in outcomes if outcome.state is not State.ACCEPTED] == [State.REFUSED]
    assert {(mail.secure, mail.user, mail.content == large) for mail in server.mails} == {(True, "ann", True)}
    assert len({mail.recipient for mail in server.mails}) == len(server.mails) == 9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [drop, stall], ids=["drop", "stall"])
def test_an_encrypted_line_that_is_lost_leaves_the_same_doubts(tmp_path, kind, fault):
    """Over TLS too: what was answered stands, what was not is at most uncertain, and the next mail has a new line."""
    context, ca_file = make(tmp_path)
    server = served(kind, (fault("dot", to="r3@example.org", times=1),), tls=context)
    parcels = [parcel(f"r{number}@example.org") for number in range(16)]
    outcomes, server = deliver(
        (), *parcels, server=server, kind=kind, how=send_together, security="tls", ca_file=ca_file
    )
    assert outcomes[3].state is State.UNCERTAIN
    assert outcomes[15].state is State.ACCEPTED
    for each, outcome in zip(parcels, outcomes, strict=True):
        assert server.copies(each.recipient) in AS_SAID[outcome.state]


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
