"""The SMTP transport against aiosmtpd, a server not written by us: plain, and with STARTTLS and login."""

import asyncio
from datetime import date
from email import message_from_bytes, policy

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from newsletter.errors import MailerUnavailable
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.mail.transport import Parcel
from newsletter.models import State
from tests.mail.certificates import make

# aiosmtpd still fills an attribute it has deprecated, and warns about itself when it does.
pytestmark = pytest.mark.filterwarnings(r"ignore:Session\.login_data is deprecated:DeprecationWarning")

CONTENT = (
    b"Subject: =?utf-8?q?caf=C3=A9?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n..two dots\r\n.one dot\r\nna=C3=AFve\r\n"
)


class Keep:
    """Keeps what it is handed."""

    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, _server, session, envelope):  # noqa: N802 - aiosmtpd's name for it
        self.envelopes.append((envelope, session.ssl is not None))
        return "250 2.0.0 kept"


def authenticate(_server, _session, _envelope, _mechanism, data):
    """Lets Ann in."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ann", b"secret")
    return AuthResult(success=right, handled=False)


def send(keep, *recipients, server, **changes):
    """The outcomes of sending to each recipient at once through a real server with these options."""

    async def run():
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: SMTP(keep, hostname="test.invalid", **server), "127.0.0.1", 0)
        async with listening:
            config = SmtpConfig(host="127.0.0.1", port=listening.sockets[0].getsockname()[1], **changes)
            async with Smtp(config) as smtp:
                parcels = [Parcel("k", "papers@example.org", to, CONTENT, date(2026, 11, 20), "t") for to in recipients]
                return await asyncio.gather(*(smtp.send(each) for each in parcels))

    return asyncio.run(run())


def test_mails_arrive_as_they_were():
    """Twenty mails over four connections are decoded again, each with its own recipient."""
    keep = Keep()
    recipients = [f"r{number}@example.org" for number in range(20)]
    outcomes = send(keep, *recipients, server={}, security="none")
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert sorted(envelope.rcpt_tos[0] for envelope, _ in keep.envelopes) == sorted(recipients)
    for envelope, _ in keep.envelopes:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert mail["Subject"] == "café"
        assert mail.get_content().splitlines() == ["..two dots", ".one dot", "naïve"]


def secured(tmp_path):
    """Options of a server that wants STARTTLS and a login, and the file of authorities that trusts it."""
    context, ca_file = make(tmp_path)
    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticate}
    return options, ca_file


def test_starttls_and_login_deliver(tmp_path):
    """The mail goes over the encrypted line, after the login."""
    options, ca_file = secured(tmp_path)
    keep = Keep()
    (outcome,) = send(keep, "ann@example.org", server=options, user="ann", password="secret", ca_file=ca_file)
    assert outcome.state is State.ACCEPTED
    assert [secure for _, secure in keep.envelopes] == [True]


def test_a_wrong_password_is_one_sentence_and_no_mail(tmp_path):
    """The login fails before the first mail."""
    options, ca_file = secured(tmp_path)
    keep = Keep()
    with pytest.raises(MailerUnavailable, match="refused the login"):
        send(keep, "ann@example.org", server=options, user="ann", password="wrong", ca_file=ca_file)
    assert keep.envelopes == []
