"""Message and envelope to the bytes that are sent: the same values give the same bytes.

The writer joins strings by hand because the standard library's is forty times slower and folds or encodes headers that
machines read (a long List-Unsubscribe becomes RFC 2047 words and one-click is dead without any error).
"""

import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, parseaddr
from functools import lru_cache

from newsletter.errors import RenderError
from newsletter.mail.quoted import whole
from newsletter.models import Envelope, Message


@dataclass(slots=True)
class Encoded:
    """A message whose HTML and text are encoded already: quoted-printable segments, the last with a line break."""

    subject: str
    html: list[bytes]
    text: list[bytes]


@dataclass(slots=True)
class Unsigned:
    """A mail before it is signed, so that nobody needs to find its parts again."""

    head: bytes  # every header, and the empty line
    body: bytes
    covered: str  # the header lines that a signature covers, in their canonical form
    feedback: bool  # whether a Feedback-ID is among them


LONGEST_HEADER = 998
"""Characters in one header line without its line break (RFC 5322)."""

# No text can hold the boundary: quoted-printable writes every equals sign as =3D.
_BOUNDARY = "=_paperboy_text_or_html"
_QUOTED = "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT = f"--{_BOUNDARY}\r\nContent-Type: text/plain{_QUOTED}".encode("ascii")
_HTML = f"--{_BOUNDARY}\r\nContent-Type: text/html{_QUOTED}".encode("ascii")
_END = f"--{_BOUNDARY}--\r\n".encode("ascii")
_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_GENERATED = "Auto-Submitted: auto-generated\r\n"  # RFC 3834: do not answer
_REPLIED = "Auto-Submitted: auto-replied\r\n"
_CONSTANT = (
    "X-Auto-Response-Suppress: OOF, AutoReply\r\n"  # the same, for Exchange
    "Precedence: bulk\r\n"  # the same, for vacation programs older than both
    "MIME-Version: 1.0\r\n"
    f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n'
)
_ONE_CLICK_COVERED = "list-unsubscribe-post:List-Unsubscribe=One-Click\r\n"
_CONSTANT_COVERED = f'mime-version:1.0\r\ncontent-type:multipart/alternative; boundary="{_BOUNDARY}"\r\n'
_KEPT = 1_024

_BLANKS = re.compile(r"[ \t]+")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_ASCII_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?=.{1,253}\Z)(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}"
)
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")  # visible ASCII within angle brackets
_LIST_ID = re.compile(r"(?P<phrase>[^<>]*)<(?P<host>[A-Za-z0-9._-]+)>")
_PLAIN_IN_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q = [chr(byte) if byte in _PLAIN_IN_WORD else f"={byte:02X}" for byte in range(256)]
_Q[0x20] = "_"  # the RFC's sign for a blank
_WORD_ROOM = 75 - len("=?utf-8?q??=")


def to_bytes(message: Message, envelope: Envelope) -> bytes:
    """The complete mail: CRLF, one line per header, text before HTML, both quoted-printable UTF-8.

    The Message-ID's host is the one in the envelope's `list_id`.

    Raises:
        RenderError: a value cannot stand in a header (line break, control character, impossible address, too long).

    """
    return b"".join((_head(message.subject, envelope), _TEXT, whole(message.text), _HTML, whole(message.html), _END))


def join(parts: Encoded, envelope: Envelope) -> bytes:
    """The same mail from parts that are encoded already.

    Raises:
        RenderError: a value cannot stand in a header.

    """
    return b"".join([_head(parts.subject, envelope), _TEXT, *parts.text, _HTML, *parts.html, _END])


def unsigned(parts: Encoded, envelope: Envelope) -> Unsigned:
    """The same mail with its head told from its body.

    Raises:
        RenderError: a value cannot stand in a header.

    """
    shared, own = _lines(parts.subject, envelope)
    head = _written(shared, own).encode("ascii")
    return Unsigned(
        head, b"".join([_TEXT, *parts.text, _HTML, *parts.html, _END]), _canonical(shared, own), shared.feedback
    )


def message_id(delivery_key: str, host: str) -> str:
    """The Message-ID of a delivery, in angle brackets: opaque, and the same at every attempt."""
    digest = hashlib.sha256(b"message-id\0" + delivery_key.encode()).hexdigest()[:32]
    return f"<{digest}@{host}>"


def _head(subject: str, envelope: Envelope) -> bytes:
    """Every header, each on one line, and the empty line below them."""
    return _written(*_lines(subject, envelope)).encode("ascii")


@dataclass(slots=True)
class _Shared:
    """The header lines that all mails of a batch have, around those of each."""

    top: str
    of_list: str
    end: str
    host: str  # of the Message-IDs
    feedback: bool
    covered: tuple[str, str, str]  # as a signature covers them: From, Date, and what comes last


_Own = tuple[str, str, str, str, bool, str]
"""Of one mail: To, Subject, the Message-ID without its name, List-Unsubscribe or nothing, whether one click does; and
the lines of a mail that answers another, or wants its answers elsewhere."""


def _lines(subject: str, envelope: Envelope) -> tuple[_Shared, _Own]:
    offset = envelope.date.utcoffset()
    if offset is None:
        raise RenderError(f"the date of delivery {envelope.delivery_key!r} has no time zone; give a UTC time")
    answers = bool(envelope.in_reply_to)
    shared = _shared(envelope.date, offset, envelope.sender, envelope.list_id, envelope.feedback_id, answers)
    url = envelope.unsubscribe_url
    own = (
        _line("To", _mailbox("To", envelope.recipient_name, envelope.recipient)),
        _line("Subject", _unstructured("Subject", subject)),
        message_id(envelope.delivery_key, shared.host),
        _unsubscribe(url, envelope.unsubscribe_mailto),
        url is not None and url.startswith("https://"),
        _threading(envelope) if answers or envelope.reply_to else "",
    )
    return shared, own


def _written(shared: _Shared, own: _Own) -> str:
    to, subject, number, unsubscribe, one_click, thread = own
    leave = f"{unsubscribe}\r\n{_ONE_CLICK if one_click else ''}" if unsubscribe else ""
    return f"{shared.top}{to}\r\n{subject}\r\nMessage-ID: {number}\r\n{thread}{shared.of_list}{leave}{shared.end}\r\n"


def _canonical(shared: _Shared, own: _Own) -> str:
    """The lines that a signature covers, in the order of `newsletter.mail.dkim.SIGNED`, in relaxed form (RFC 6376)."""
    first, dated, last = shared.covered
    to, subject, number, unsubscribe, one_click, _ = own
    leave = f"list-unsubscribe:{unsubscribe[18:]}\r\n{_ONE_CLICK_COVERED if one_click else ''}" if unsubscribe else ""
    return (
        f"{first}to:{relaxed(to[4:])}\r\nsubject:{relaxed(subject[9:])}\r\n{dated}message-id:{number}\r\n{leave}{last}"
    )


def relaxed(value: str) -> str:
    """The value of a header as relaxed canonicalisation has it: no run of blanks, none at either end."""
    return _BLANKS.sub(" ", value).strip(" ") if "  " in value or "\t" in value else value.strip(" ")


@lru_cache(_KEPT)
def _shared(
    date: datetime, offset: timedelta, sender: str, list_id: str, feedback_id: str | None, answers: bool
) -> _Shared:
    """The offset is asked for because dates of one instant are equal, whatever their zones."""
    listed, host = _list_id(list_id)
    dated = _line("Date", format_datetime(date.replace(tzinfo=timezone(offset))))
    sent = _line("From", _mailbox("From", *parseaddr(_clean("From", sender))))
    feedback = _line("Feedback-ID", feedback_id) if feedback_id else ""
    return _Shared(
        top=f"{dated}\r\n{sent}\r\n",
        of_list=f"{listed}\r\nList-Post: NO\r\n",  # RFC 2369: nobody can post to this list
        end=(f"{feedback}\r\n" if feedback else "") + (_REPLIED if answers else _GENERATED) + _CONSTANT,
        host=host,
        feedback=bool(feedback),
        covered=(
            f"from:{relaxed(sent[5:])}\r\n",
            f"date:{relaxed(dated[5:])}\r\n",
            f"list-id:{relaxed(listed[8:])}\r\n{_CONSTANT_COVERED}"
            + (f"feedback-id:{relaxed(feedback[12:])}\r\n" if feedback else ""),
        ),
    )


def _threading(envelope: Envelope) -> str:
    """What makes a mail an answer to another, and where its own answers go."""
    lines = []
    if envelope.reply_to:
        lines.append(_line("Reply-To", _mailbox("Reply-To", "", envelope.reply_to)))
    if envelope.in_reply_to:
        if not _MESSAGE_ID.fullmatch(envelope.in_reply_to):
            raise RenderError(f"the Message-ID {envelope.in_reply_to[:80]!r} to be answered is none")
        lines += [_line(name, envelope.in_reply_to) for name in ("In-Reply-To", "References")]
    return "".join(f"{line}\r\n" for line in lines)


def _unsubscribe(url: str | None, mailto: str | None) -> str:
    """RFC 2369 and RFC 8058: https first; one-click is promised only where an https address can keep the promise."""
    if url and not url.startswith(("https://", "http://")):
        raise RenderError(f"the unsubscribe link {url!r} is not an https address")
    ways = [*([_uri(url)] if url else []), *([_mailto(mailto)] if mailto else [])]
    return _line("List-Unsubscribe", ", ".join(ways)) if ways else ""


@lru_cache(_KEPT)
def _mailto(address: str) -> str:
    return _uri("mailto:" + address.removeprefix("mailto:"))


def _uri(address: str) -> str:
    if "<" in address or ">" in address or "," in address or " " in address:
        raise RenderError(f"the unsubscribe address {address!r} holds a blank, comma or bracket; percent-encode it")
    return f"<{address}>"


def _list_id(value: str) -> tuple[str, str]:
    """The header List-Id, and its host; a phrase that is not ASCII is left out: machines read this header."""
    found = _LIST_ID.fullmatch(_clean("List-Id", value).strip())
    if not found:
        raise RenderError(f"the list id {value!r} is not of the form 'Name <host>'; set the list's name and host")
    host, phrase = found["host"], found["phrase"].strip().strip('"')
    return _line("List-Id", f"{_phrase(phrase)} <{host}>" if phrase and phrase.isascii() else f"<{host}>"), host


def _line(name: str, value: str) -> str:
    line = f"{name}: {value}"
    if not (line.isascii() and line.isprintable()):
        raise RenderError(f"the header {name} holds a line break, a control character or a letter outside ASCII")
    if len(line) > LONGEST_HEADER:
        raise RenderError(f"the header {name} has {len(line)} characters; a mail server takes {LONGEST_HEADER}")
    return line


def _clean(name: str, value: str) -> str:
    if not (value.isascii() and value.isprintable()) and _FORBIDDEN.search(value):
        raise RenderError(f"the value for the header {name} holds a line break or a control character: {value[:80]!r}")
    return value


def _mailbox(name: str, display: str, address: str) -> str:
    """Name and address; a domain outside ASCII goes out in its IDNA form, a local part outside ASCII cannot be sent."""
    written = address if _ASCII_ADDRESS.fullmatch(address) else _with_idna(name, address)
    display = _clean(name, display).strip()
    return f"{_phrase(display)} <{written}>" if display else written


def _with_idna(name: str, address: str) -> str:
    _clean(name, address)
    local, _, domain = address.rpartition("@")
    try:
        written = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        written = ""
    if not _ADDRESS.fullmatch(written):
        raise RenderError(f"the address in the header {name} is not one a mail server can take; correct it")
    return written


def _phrase(display: str) -> str:
    if not display.isascii() or "=?" in display:
        return _encoded_words(display)
    if _PHRASE.fullmatch(display):
        return display
    escaped = display.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unstructured(name: str, value: str) -> str:
    _clean(name, value)
    return value if value.isascii() and "=?" not in value else _encoded_words(value)


def _encoded_words(value: str) -> str:
    """RFC 2047 words of at most 75 characters, never cut inside a character, in the shorter of Q and B."""
    raw = value.encode()
    words = _b_words(raw) if len(raw.translate(None, _PLAIN_IN_WORD)) * 3 > len(raw) else _q_words(raw)
    return " ".join(words)


def _b_words(raw: bytes) -> Iterator[str]:
    while raw:
        # Three bytes take four characters; 45 fill 60 of the 63 there are.
        at = 45
        while raw[at : at + 1] and raw[at] & 0xC0 == 0x80:  # goes on with the character before
            at -= 1
        yield f"=?utf-8?b?{binascii.b2a_base64(raw[:at], newline=False).decode('ascii')}?="
        raw = raw[at:]


def _q_words(raw: bytes) -> Iterator[str]:
    written = "".join([_Q[byte] for byte in raw])
    while written:
        at = _WORD_ROOM
        if "=" in written[at - 2 : at] and len(written) > at:
            at = written.rindex("=", 0, at)
        while written[at : at + 2] in {"=8", "=9", "=A", "=B"}:  # goes on with the character before
            at -= 3
        yield f"=?utf-8?q?{written[:at]}?="
        written = written[at:]
