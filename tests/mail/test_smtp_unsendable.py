"""What must never reach the wire, and what this server does not take."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.mail.transport import unsendable
from newsletter.models import State
from tests.mail.sending import ANN, BOB, BODY, deliver, parcel
from tests.smtpd import FaultServer


@pytest.fixture(params=[(), ("PIPELINING",), ("PIPELINING", "CHUNKING")], ids=["plain", "pipelining", "chunking"])
def fast(request):
    """What a server offers beside the rest; the same holds whatever it is."""
    return request.param


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


PIECES = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\r", b"\n", b"", b"x", b".", b"x" * 499, b"y" * 998, b"z" * 999])


@given(st.lists(PIECES, max_size=8).map(b"".join))
@example(b"\r\n")
@example(b"\n\r\n")
@example(b"x" * 998 + b"\r\n" + b"x" * 998 + b"\r\n")
@example(b"x\r\n" + b"x" * 999 + b"\r\n")
def test_only_whole_lines_that_are_not_too_long_may_leave(content):
    """What may leave is lines of at most 998 bytes, each ended by CRLF, with no CR or LF of its own; nothing else."""
    lines = content.split(b"\r\n")
    whole = len(lines) > 1 and not lines[-1] and not any(b"\r" in line or b"\n" in line for line in lines)
    may_leave = whole and max(map(len, lines)) <= 998
    assert (unsendable(parcel(content=content)) is None) == may_leave


def test_an_address_that_is_not_ascii_needs_a_server_that_takes_it(fast):
    """With SMTPUTF8 it is sent; without, that one is refused in words and the run goes on."""
    able = FaultServer(extensions=("SMTPUTF8", *fast))
    (outcome,), server = deliver((), parcel("jürgen@example.org"), server=able)
    assert outcome.state is State.ACCEPTED
    assert [(mail.recipient, "SMTPUTF8" in mail.options) for mail in server.mails] == [("jürgen@example.org", True)]
    plain = FaultServer(extensions=("SIZE", "8BITMIME", *fast))
    (first, second), server = deliver((), parcel("jürgen@example.org"), parcel(BOB), server=plain)
    assert (first.state, first.suppress) == (State.REFUSED, False)
    assert "SMTPUTF8" in first.reply
    assert second.state is State.ACCEPTED


def test_a_domain_that_is_not_ascii_is_sent_in_its_ascii_form(fast):
    """Every server takes the ASCII form of a domain, so SMTPUTF8 is not needed for it."""
    plain = FaultServer(extensions=fast)
    outcomes, server = deliver((), parcel("ann@例え.jp"), parcel("ann@straße.example"), server=plain)
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED] * 2
    assert [mail.recipient for mail in server.mails] == ["ann@xn--r8jz45g.jp", "ann@xn--strae-oqa.example"]


def test_a_message_over_the_servers_limit_is_not_sent(fast):
    """SIZE is read and announced; what is too large is refused without sending it."""
    small = FaultServer(extensions=("SIZE 100", *fast))
    outcomes, server = deliver((), parcel(), parcel(BOB, content=BODY * 9), server=small)
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED, State.REFUSED]
    assert server.mails[0].options == f"SIZE={len(BODY)}"
    for odd in ("SIZE", "SIZE 0", "SIZE many"):
        (outcome,), _ = deliver((), server=FaultServer(extensions=(odd, *fast)))
        assert outcome.state is State.ACCEPTED


def test_eight_bits_need_a_server_that_takes_them(fast):
    """A message that is not 7-bit is announced as such, or refused where the server could spoil it."""
    content = "Subject: x\r\n\r\nnaïve\r\n".encode()
    (outcome,), server = deliver((), parcel(content=content), server=FaultServer(extensions=("8BITMIME", *fast)))
    assert outcome.state is State.ACCEPTED
    assert "BODY=8BITMIME" in server.mails[0].options
    (outcome,), _ = deliver((), parcel(content=content), server=FaultServer(extensions=fast))
    assert outcome.state is State.REFUSED
