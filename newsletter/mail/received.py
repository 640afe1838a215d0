"""A stranger's mail taken apart without trusting it: cut to size, disarmed, then read by the standard library's parser.

What breaks that parser (measured): a few thousand nested parts end in RecursionError, a hundred thousand parts in one
megabyte take ten seconds, and a long `Content-Type` of semicolons takes minutes. So before it sees a mail, the mail is
cut, its embedded messages become plain text (nothing of them is needed as structure, and nesting ends there), long
`Content-*` fields are shortened, and a mail with too many parts or levels is not opened at all.
"""

import codecs
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

LONGEST = 512 * 1024
"""Bytes that are looked at; a report stands before the mail it returns, so what is cut off is ours."""

_MOST_LEVELS = 15  # a multipart in a multipart; the parser calls itself for each
_MOST_PARTS = 1_000  # lines that may begin a part
_LONGEST_FIELD = 2_000  # characters of a Content-* field: the parser's time grows with the square
_LONGEST_LINE = 2_000  # characters of any line; the standard allows 998
_MOST_FIELDS = 400  # header lines that are kept

# Python knows these encodings, and no mail has them; the time of the first two grows with the square of the text.
_NOT_OF_MAILS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape"})

_LINE_END = re.compile(rb"\r\n?")
_OVERLONG = re.compile(rb"([^\n]{%d})[^\n]+" % _LONGEST_LINE)
_EMBEDDED = re.compile(rb"^(content-type:[ \t]*\n?[ \t]*)message/", re.IGNORECASE | re.MULTILINE)
_CONTENT_FIELD = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"\bboundary[ \t]*[*=]", re.IGNORECASE)
_DELIMITER = re.compile(rb"^--", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a mail, decoded; an embedded message is a leaf too, its kind written `text/x-message-rfc822`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Received:
    """A mail as far as it could be read."""

    headers: tuple[tuple[str, str], ...] = ()  # names in lower case, values unfolded and decoded
    parts: tuple[Part, ...] = ()
    kind: str = "text/plain"  # of the whole, in lower case
    disarmed: bytes = b""  # what was given to the parser
    fault: str = ""  # one sentence where it was not opened

    def header(self, name: str) -> str:
        """The first header of a name, empty where there is none; names are written in lower case."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, *names: str) -> tuple[str, ...]:
        """Every header of these names."""
        return tuple(value for key, value in self.headers if key in names)


def take_apart(raw: bytes) -> Received:
    """The headers and leaves of a mail; whatever it is, this neither raises nor hangs."""
    disarmed = _disarm(raw[:LONGEST])
    if len(_BOUNDARY.findall(disarmed)) > _MOST_LEVELS:
        return Received(disarmed=disarmed, fault=f"more than {_MOST_LEVELS} levels of parts")
    if len(_DELIMITER.findall(disarmed)) > _MOST_PARTS:
        return Received(disarmed=disarmed, fault=f"more than {_MOST_PARTS} parts")
    try:
        message = message_from_bytes(disarmed, policy=policy.compat32)
        headers = tuple((name.lower(), _unfolded(value)) for name, value in message.raw_items())
        parts = tuple(_part(leaf) for leaf in message.walk() if not leaf.is_multipart())
        return Received(headers[:_MOST_FIELDS], parts, message.get_content_type(), disarmed)
    except Exception as error:  # noqa: BLE001 - strangers' bytes in a parser that promises nothing about them
        return Received(disarmed=disarmed, fault=f"the parser gave up: {type(error).__name__}")


def _disarm(raw: bytes) -> bytes:
    text = _LINE_END.sub(b"\n", raw)
    text = _OVERLONG.sub(rb"\1", text)
    text = _EMBEDDED.sub(rb"\1text/x-message-", text)
    return _CONTENT_FIELD.sub(lambda found: found[0][:_LONGEST_FIELD].rstrip(), text)


def _unfolded(value: object) -> str:
    # Bytes beyond ASCII come as half characters; in mail of today they are UTF-8 (RFC 6532).
    whole = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = " ".join(whole.split())[:_LONGEST_FIELD]
    if "=?" not in text:
        return text
    try:
        pieces = decode_header(text)
        return "".join(
            piece if isinstance(piece, str) else piece.decode(_known(charset or "ascii"), "replace")
            for piece, charset in pieces
        )
    except (MessageError, ValueError, LookupError):
        return text


def _part(leaf: "Message[str, str]") -> Part:
    payload = leaf.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        text = content.decode(_known(leaf.get_content_charset() or "utf-8"))
    except (ValueError, LookupError):
        text = content.decode("utf-8", "replace")
    return Part(leaf.get_content_type(), text.replace("\r\n", "\n"))


def _known(charset: str) -> str:
    """A charset that may be decoded.

    Raises:
        LookupError: nobody knows it, or no mail has it.

    """
    name = codecs.lookup(charset).name
    if name in _NOT_OF_MAILS:
        raise LookupError(charset)
    return name
