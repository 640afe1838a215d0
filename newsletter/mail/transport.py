"""What every way of sending has in common."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Protocol, Self

import idna
import numpy as np

from newsletter.models import Outcome, Phase, State


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message ready to go: the envelope and the finished bytes."""

    delivery_key: str  # one copy per key, whatever happens
    return_path: str  # envelope sender, address only; empty for none
    recipient: str  # address only
    content: bytes  # canonical: CRLF line ends, no line over 998 bytes
    day: date  # of the edition
    token: str  # the subscriber's, never an address


Begin = Callable[[], Awaitable[bool]]
"""Awaited once before a byte of the message may leave: commits that it is on its way.

False: the delivery is not ours to send any more, and not a byte of it may leave.
"""


async def at_once() -> bool:
    """Nothing to commit: for a mail that no ledger knows."""
    return True


class Transport(Protocol):
    """Sends parcels while it is open: `async with transport: outcome = await transport.send(parcel)`."""

    name: str

    @property
    def capacity(self) -> int:
        """How many mails it is worth sending at once, while it is open."""
        ...

    async def __aenter__(self) -> Self:
        """Open.

        Raises:
            MailerUnavailable: nothing can be sent now; the sentence says what to do.

        """
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what was opened; never raises."""
        ...

    async def send(self, parcel: Parcel, begin: Begin = at_once) -> Outcome:
        """One attempt. An answer is an outcome, never an exception; `stop` says that the batch should end here.

        `begin` is awaited at most once, before the first byte of the message; where it says False the outcome is
        `NOT_BEGUN`. A mail that is one write with its envelope (CHUNKING) begins before anything can be refused, any
        other after its recipient was taken. May be called many times at once; waits where it is busy.
        """
        ...

    def settle(self, parcel_key: str, day: date) -> State | None:
        """What became of a delivery whose process died while it was `sending`; None where that cannot be told yet."""
        ...


NOT_BEGUN = Outcome(State.QUEUED, Phase.DATA, reply="not sent: the delivery was not ours to send any more")
"""What a send came to whose `begin` said no."""


# ---- what must never reach the wire --------------------------------------------------------------------------------

LONGEST_LINE = 998  # bytes without its CRLF (RFC 5322); servers cut or refuse longer ones

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\s<>()\[\]\\,:;\"\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What would end an address on the wire, be read as something else than an address, or show another one."""


def unsendable(parcel: Parcel) -> str | None:
    """Why a parcel must not be sent: an address that could inject a command, a body that is not whole; else None."""
    for address, name in ((parcel.return_path, "return path"), (parcel.recipient, "address")):
        if _UNSAFE.search(address):
            return f"the {name} holds characters that no mail address may hold"
    local, _, domain = parcel.recipient.rpartition("@")
    if not local or not domain:
        return "the address is not of the form name@domain"
    if not _is_canonical(parcel.content):
        return "the message has a bare CR or LF; every line must end with CRLF"
    if _has_long_line(parcel.content):
        return f"the message has a line of more than {LONGEST_LINE} bytes"
    return None


def _is_canonical(content: bytes) -> bool:
    """Whether every CR is followed by an LF, every LF preceded by a CR, and the last line has its end."""
    if not content.endswith(b"\r\n") or content.startswith(b"\n"):
        return False
    # Every mail is looked at just before it leaves; this is ten times faster than counting.
    octets = np.frombuffer(content, np.uint8)
    return np.array_equal(octets[:-1] == ord("\r"), octets[1:] == ord("\n"))


def _has_long_line(content: bytes) -> bool:
    start, furthest = 0, LONGEST_LINE + len("\r\n")
    while start < len(content):
        end = content.rfind(b"\n", start, start + furthest)  # of the last line that ends within reach
        if end < 0:
            return True
        start = end + 1
    return False


def with_ascii_domain(address: str) -> str:
    """The address with its domain in the ASCII form that every server takes; unchanged where there is no such form."""
    local, _, domain = address.rpartition("@")
    if local.isascii() and not domain.isascii():
        with suppress(idna.IDNAError):
            return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    return address
