"""Quoted-printable that can be joined: what is encoded once stands in a thousand mails, as it is.

It is canonical for DKIM (relaxed) by construction: no tab, no run of blanks and no blank at the end of a line.
"""

import binascii
import re

from newsletter.errors import RenderError

_AS_IT_IS = re.compile(r"(?!From )[!-<>-~]{1,75}|(?=.{1,75}\Z)(?!From )[!-<>-~]+(?: [!-<>-~]+)*")
_SOFT_BREAK = b"=\r\n"
# Bytes that UTF-8 never has stand for signs that must be encoded where the encoder would leave them.
_BLANK, _TAB, _F = b"\xfe", b"\xff", b"\xfd"


def segment(text: str) -> bytes:
    """Whole lines of at most 78 characters, the last one ended by the text's own line break, else by a soft one.

    Segments joined decode to their texts joined. The last of a part must end with a line break of its own.

    Raises:
        RenderError: it holds a NUL or half a surrogate pair.

    """
    if _AS_IT_IS.fullmatch(text):
        return text.encode("ascii") + _SOFT_BREAK
    encoded = _encoded(text)
    if not encoded or encoded.endswith(b"\r\n"):
        return _unlike_mbox(encoded)
    if text.endswith(" ") and not text.endswith("  "):
        encoded = encoded.removesuffix(b"=20") + b" "  # it does not end its line: the soft break does
    return _unlike_mbox(encoded) + _SOFT_BREAK


def whole(text: str) -> bytes:
    """A complete part with CRLF at its end; one line break at the end of the text counts as that.

    Raises:
        RenderError: it holds a NUL or half a surrogate pair.

    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return _unlike_mbox(_encoded(lines)) + b"\r\n"


def _encoded(text: str) -> bytes:
    if "\0" in text:
        raise RenderError("the message holds a NUL; strangers' text must be cleaned first")
    try:
        raw = b"\n" + text.encode()
    except UnicodeEncodeError as error:
        raise RenderError("the message holds half a surrogate pair, which no mail can carry") from error
    raw = raw.replace(b"\t", _TAB).replace(b"  ", b" " + _BLANK).replace(b"\nFrom ", b"\n" + _F + b"rom ")
    # The encoder looks at the first line end to learn which kind to write; a leading one makes it CRLF throughout.
    encoded = binascii.b2a_qp(raw.replace(b"\n", b"\r\n"), istext=True, quotetabs=False)[2:]
    if b"=F" in encoded:  # as letters of ours: UTF-8 has no such bytes below =F5
        encoded = encoded.replace(b"=FE", b"=20").replace(b"=FF", b"=09").replace(b"=FD", b"=46")
    return encoded


def _unlike_mbox(encoded: bytes) -> bytes:
    """Mailboxes of the mbox kind write ">From" where a line starts with "From ", which breaks a signature."""
    return encoded.replace(b"=\r\nFrom ", b"=\r\n=46=\r\nrom ")
