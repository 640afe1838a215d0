"""Message to bytes: headers, encodings, and that the standard library reads back what was meant."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import RenderError
from newsletter.mail.mime import message_id, to_bytes
from newsletter.models import Message
from tests.mail.gallery import kinds, message
from tests.mail.invented import envelope

PLAIN = Message(subject="12 papers", html="<p>Ä</p>\n", text="Ä\n")
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120)
BODIES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=400)


def parsed(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def parsed_simply(raw: bytes) -> email.message.Message:
    return email.message_from_bytes(raw)


def body(raw: bytes, kind: str) -> str:
    part = parsed(raw).get_body((kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_digest_is_read_back_whole(kind):
    """Subject, text and HTML survive; text comes first; no line is long or ends otherwise than in CRLF."""
    made = message(kind)
    raw = to_bytes(made, envelope())
    head, _, rest = raw.partition(b"\r\n\r\n")

    assert parsed(raw)["Subject"] == made.subject
    assert [part.get_content_type() for part in parsed(raw).iter_parts()] == ["text/plain", "text/html"]
    assert body(raw, "plain") == made.text.rstrip("\n")
    assert body(raw, "html") == made.html.rstrip("\n")
    assert max(map(len, rest.split(b"\r\n"))) <= 76
    assert not re.search(rb"[^\r]\n|\r[^\n]", raw)
    assert raw.isascii()
    assert not parsed(raw).defects
    assert all(re.match(rb"[A-Za-z-]+: ", line) for line in head.split(b"\r\n"))


def test_the_headers_of_a_mailing_are_there():
    """Each header stands on one line, and machine-read ones are never encoded."""
    raw = to_bytes(PLAIN, envelope())

    assert raw.partition(b"\r\n\r\n")[0].decode().splitlines()[:-1] == [
        "Date: Sat, 21 Nov 2026 06:30:00 +0000",
        "From: Paperboy <papers@example.org>",
        "To: Ada Lindqvist <ada@example.com>",
        "Subject: 12 papers",
        f"Message-ID: {message_id('12:7', 'papers.example.org')}",
        "List-Id: Paperboy <papers.example.org>",
        "List-Post: NO",
        "List-Unsubscribe: <https://papers.example.org/u/abc>, <mailto:leave+abc@example.org>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Feedback-ID: digest:paperboy",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Precedence: bulk",
        "MIME-Version: 1.0",
    ]


def test_a_long_unsubscribe_address_stays_on_one_line_as_it_is():
    """An address longer than a line of text is neither folded nor encoded: one-click must read it."""
    address = "https://papers.example.org/u/" + "a" * 300
    raw = to_bytes(PLAIN, envelope(unsubscribe_url=address, unsubscribe_mailto=None))

    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in raw


@pytest.mark.parametrize(
    ("url", "mailto", "header", "one_click"),
    [
        (None, None, None, False),
        (None, "mailto:leave@example.org?subject=leave", "<mailto:leave@example.org?subject=leave>", False),
        ("http://localhost:8000/u/1", None, "<http://localhost:8000/u/1>", False),
        ("https://example.org/u/1", None, "<https://example.org/u/1>", True),
    ],
)
def test_one_click_is_promised_only_where_it_works(url, mailto, header, one_click):
    """List-Unsubscribe-Post goes with an https address, and with nothing else."""
    read = parsed(to_bytes(PLAIN, envelope(unsubscribe_url=url, unsubscribe_mailto=mailto)))

    assert read["List-Unsubscribe"] == header
    assert (read["List-Unsubscribe-Post"] is not None) is one_click


def test_the_same_delivery_has_the_same_bytes_and_another_has_its_own_message_id():
    """Bytes derive from the values alone; the Message-ID from the delivery key."""
    assert to_bytes(PLAIN, envelope()) == to_bytes(PLAIN, envelope())
    assert parsed(to_bytes(PLAIN, envelope()))["Message-ID"] == message_id("12:7", "papers.example.org")
    assert message_id("12:7", "papers.example.org") != message_id("12:8", "papers.example.org")


@given(subject=WORDS, name=WORDS, text=BODIES, html=BODIES)
def test_whatever_is_written_is_read_back(subject, name, text, html):
    """Any subject, name and body survive the way through bytes."""
    made = Message(subject=subject, html=html, text=text)
    raw = to_bytes(made, envelope(recipient_name=name))
    # The older parser: the newer one puts blanks between the encoded words of a name, on the Pythons of 2022.
    read = email.message_from_bytes(raw)
    shown, address = parseaddr(read["To"])

    assert str(make_header(decode_header(read["Subject"]))).split() == subject.split()
    assert address == "ada@example.com"
    assert str(make_header(decode_header(shown))).split() == name.split()
    assert body(raw, "plain") == text.rstrip("\n")
    assert body(raw, "html") == html.rstrip("\n")


def test_one_instant_in_two_zones_is_dated_in_each():
    """Such dates are equal, yet each mail says its own."""
    date = envelope().date

    for zone, written in ((UTC, "06:30:00 +0000"), (timezone(timedelta(hours=2)), "08:30:00 +0200")):
        assert f"Date: Sat, 21 Nov 2026 {written}\r\n".encode() in to_bytes(PLAIN, envelope(date=date.astimezone(zone)))


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200))
def test_encoded_words_are_short_and_whole(name):
    """At most 75 characters each, and each is text by itself: no character is cut in two."""
    header = parsed_simply(to_bytes(PLAIN, envelope(recipient_name=f"é{name}")))["To"].rpartition(" <")[0]

    for word in header.split(" "):
        ((raw, charset),) = decode_header(word)
        assert len(word) <= 75
        assert raw.decode(charset)


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\r\nBcc: x@example.org", "\x85", "\u2028", "\ud800"])
@pytest.mark.parametrize(
    "field",
    ["sender", "recipient", "recipient_name", "list_id", "unsubscribe_url", "unsubscribe_mailto", "feedback_id"],
)
def test_a_line_break_in_any_header_value_is_refused(field, character):
    """No value can begin a header of its own."""
    value = getattr(envelope(), field)

    with pytest.raises(RenderError):
        to_bytes(PLAIN, envelope(**{field: value[:4] + character + value[4:]}))
    with pytest.raises(RenderError):
        to_bytes(replace(PLAIN, subject=f"12{character}papers"), envelope())


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "ada"},
        {"recipient": "ada@example.com, eve@example.com"},
        {"recipient": "ädä@example.com"},
        {"recipient": "<ada@example.com>"},
        {"sender": "Paperboy"},
        {"list_id": "Paperboy"},
        {"unsubscribe_url": "javascript:x"},
        {"unsubscribe_url": "https://example.org/>, <https://evil.example/"},
        {"feedback_id": "ä"},
        {"feedback_id": "x" * 1000},
        {"date": datetime(2026, 11, 21)},  # noqa: DTZ001 the missing zone is the point
    ],
)
def test_impossible_values_are_refused_with_a_sentence(changes):
    """What no server could take is refused before it is sent."""
    with pytest.raises(RenderError, match=r"\w+ \w+ \w+"):
        to_bytes(PLAIN, envelope(**changes))


def test_a_body_with_a_nul_or_half_a_character_is_refused():
    """NUL and half surrogate pairs never reach a server."""
    for bad in ("\0", "\ud800"):
        with pytest.raises(RenderError):
            to_bytes(replace(PLAIN, text=bad), envelope())


def test_a_domain_outside_ascii_goes_out_in_its_wire_form():
    """A domain with an umlaut is written in IDNA."""
    assert b"<ada@xn--bcher-kva.example>" in to_bytes(PLAIN, envelope(recipient="ada@bücher.example"))


def test_a_list_name_outside_ascii_is_left_out_of_the_list_id():
    """List-Id is read by machines, so it is ASCII or bare."""
    assert b"\r\nList-Id: <papers.example.org>\r\n" in to_bytes(PLAIN, envelope(list_id="Zeitüng <papers.example.org>"))


def test_lines_that_mailboxes_or_servers_would_change_are_encoded():
    """A line that starts with From or is a lone dot is written so that nothing on the way changes it."""
    raw = to_bytes(replace(PLAIN, text="a\nFrom here\n.\nb\n"), envelope())

    assert b"\r\n=46rom here\r\n=2E\r\nb" in raw
    assert body(raw, "plain") == "a\nFrom here\n.\nb"
