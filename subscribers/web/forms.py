"""What a browser posts: url-encoded or multipart, bounded, and never surprised by what a stranger sends."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST = 256 * 1024
"""Bytes of a form, its files included."""

PATIENCE = 15.0
"""Seconds in which a form has to arrive; a phone on a bad line needs a few."""

_MOST_FIELDS = 2_000  # a preferences page has some dozens, and a list of votes some hundreds
_NAME = re.compile(rb'[;\s]name="((?:[^"\\\r\n]|\\.)*)"', re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)
_BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in the order in which they came, and its files by field."""

    fields: tuple[tuple[str, str], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        return next((value for key, value in self.fields if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field: ticked boxes share one name."""
        return tuple(value for key, value in self.fields if key == name)

    def __contains__(self, name: object) -> bool:
        """Whether the field came at all, be it empty."""
        return any(key == name for key, _ in self.fields)


def parse(content_type: str, body: bytes) -> Form:
    """A body of either kind; what cannot be read is left out.

    Raises:
        ValueError: more fields than any page of ours has.

    """
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        return _multipart(content_type, body)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    return Form(tuple((_plain(name), _plain(value)) for name, value in pairs))


async def read(request: Request, *, most: int = MOST, patience: float = PATIENCE) -> Form:
    """The form that a request carries.

    Raises:
        HTTPException: 413 where it is longer than `most` bytes, 408 where it does not arrive, 400 where it is none.

    """
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:19]) > most:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for piece in request.stream():
                body += piece
                if len(body) > most:
                    raise HTTPException(413)
    except TimeoutError as error:
        raise HTTPException(408) from error
    try:
        return parse(request.headers.get("content-type", ""), bytes(body))
    except ValueError as error:
        raise HTTPException(400) from error


async def beginning(request: Request, most: int, *, patience: float = PATIENCE) -> bytes:
    """The first bytes of a body; whoever sends more, or nothing for long, is not waited for."""
    found = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for piece in request.stream():
                found += piece
                if len(found) >= most:
                    break
    except TimeoutError:
        pass
    return bytes(found[:most])


def _multipart(content_type: str, body: bytes) -> Form:
    named = _BOUNDARY.search(content_type)
    if named is None:
        return Form()
    edge = b"--" + (named[1] or named[2]).encode("latin-1", "replace")
    fields: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    for part in (b"\r\n" + body).split(b"\r\n" + edge)[1 : _MOST_FIELDS + 1]:
        head, between, content = part.partition(b"\r\n\r\n")
        disposition = next((line for line in head.split(b"\r\n") if line[:20].lower() == b"content-disposition:"), b"")
        name = _NAME.search(disposition)
        if not between or name is None:
            continue  # the edge that ends it all, or a part that says not what it is
        key = _plain(name[1].decode("utf-8", "replace"))
        if _FILE.search(disposition):
            files.setdefault(key, content)
        else:
            fields.append((key, _plain(content.decode("utf-8", "replace"))))
    return Form(tuple(fields), files)


def _plain(text: str) -> str:
    # PostgreSQL keeps no NUL in text, and no field of ours has a use for one.
    return text.replace("\0", "").replace("\r\n", "\n")
