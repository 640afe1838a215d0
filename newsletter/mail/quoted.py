"""Quoted-printable that can be joined: what is encoded once stands in a thousand mails, as it is.

It is canonical for DKIM (relaxed) by construction: no tab, no run of blanks and no blank at the end of a line.
"""

import binascii

from newsletter.errors import RenderError

_SOFT = "=\r\n"
_SOFT_BREAK = b"=\r\n"
_ROOM = 75
# Bytes that UTF-8 never has stand for signs that must be encoded where the encoder would leave them.
_BLANK, _TAB, _F = b"\xfe", b"\xff", b"\xfd"


def segment(text: str) -> bytes:
    """Whole lines of at most 76 characters (RFC 2045), the last ended by the text's own line break, else by a soft one.

    Segments joined decode to their texts joined. The last of a part must end with a line break of its own.

    Raises:
        RenderError: it holds a NUL or half a surrogate pair.

    """
    # Most values need no escape; this is three times as fast as the encoder.
    if text.isascii() and text.isprintable() and "=" not in text and "  " not in text and "From " not in text:
        if len(text) <= _ROOM:
            return f"{text}=\r\n".encode("ascii") if text else b""
        if len(text) <= 2 * _ROOM:
            return f"{text[:_ROOM]}=\r\n{text[_ROOM:]}=\r\n".encode("ascii")
        lines = [text[place : place + _ROOM] for place in range(0, len(text), _ROOM)]
        return f"{_SOFT.join(lines)}=\r\n".encode("ascii")
    encoded = _encoded(text)
    if not text or text[-1] in "\r\n":
        return _unlike_mbox(encoded)
    if text[-1] == " " and not text.endswith("  "):
        encoded = encoded.removesuffix(b"=20") + b" "  # it does not end its line: the soft break does
    return _unlike_mbox(_with_room(encoded)) + _SOFT_BREAK


def whole(text: str) -> bytes:
    """A complete part with CRLF at its end; one line break at the end of the text counts as that.

    Raises:
        RenderError: it holds a NUL or half a surrogate pair.

    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return _unlike_mbox(_encoded(lines)) + b"\r\n"


def _encoded(text: str) -> bytes:
    odd = "  " in text or "From " in text or "\t" in text or "\0" in text
    if odd and "\0" in text:
        raise RenderError("the message holds a NUL; strangers' text must be cleaned first")
    try:
        raw = b"\n" + text.encode()
    except UnicodeEncodeError as error:
        raise RenderError("the message holds half a surrogate pair, which no mail can carry") from error
    if odd:
        raw = raw.replace(b"\t", _TAB).replace(b"  ", b" " + _BLANK).replace(b"\nFrom ", b"\n" + _F + b"rom ")
    # The encoder looks at the first line end to learn which kind to write; a leading one makes it CRLF throughout.
    encoded = binascii.b2a_qp(raw.replace(b"\n", b"\r\n"), istext=True, quotetabs=False)[2:]
    if odd:
        encoded = encoded.replace(b"=FE", b"=20").replace(b"=FF", b"=09").replace(b"=FD", b"=46")
    return encoded


def _with_room(encoded: bytes) -> bytes:
    """The last line broken before its last character where a soft break would make it too long."""
    if len(encoded) - encoded.rfind(b"\n") - 1 <= _ROOM:
        return encoded
    at = -3 if encoded[-3:-2] == b"=" else -1
    return encoded[:at] + _SOFT_BREAK + encoded[at:]


def _unlike_mbox(encoded: bytes) -> bytes:
    """Mailboxes of the mbox kind write ">From" where a line starts with "From ", which breaks a signature."""
    return encoded.replace(b"=\r\nFrom ", b"=\r\n=46=\r\nrom ")
