"""What every line to an SMTP server has in common, be it slow or fast."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from newsletter.errors import MailerUnavailable
from newsletter.mail.transport import NOT_BEGUN, Begin, Parcel, with_ascii_domain
from newsletter.models import Outcome, Phase, State

FAREWELL = 5.0  # seconds QUIT may take


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """Where and how to send; times in seconds."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""  # empty: no login
    password: str = field(default="", repr=False)
    connections: int = 4
    pipelining: bool = True  # use PIPELINING and CHUNKING where the server offers them
    window: int = 8  # mails open at once on one connection, where the server offers both
    local_hostname: str = ""  # what we call ourselves; empty: the machine's name, or its address where that is no name
    ca_file: Path | None = None  # instead of the system's authorities
    connect_timeout: float = 30.0
    command_timeout: float = 120.0
    data_timeout: float = 600.0  # for the reply after the dot: RFC 5321 asks for ten minutes, less makes uncertain mail
    mails_per_connection: int = 100
    idle_timeout: float = 60.0  # a connection unused for longer is replaced
    probe_after: float = 1.0  # unused for longer, a line is asked whether it lives before a message is risked on it


class Line(Protocol):
    """One connection, logged in; never used again after a doubt."""

    @property
    def width(self) -> int:
        """How many mails it carries at once."""
        ...

    @property
    def is_usable(self) -> bool:
        """Whether it may carry another mail."""
        ...

    @property
    def lost(self) -> int:
        """How many mails were open on it without a last reply when it ended."""
        ...

    async def send(self, parcel: Parcel, begin: Begin) -> Outcome:
        """One attempt; where it is cancelled in mid-conversation, the line is closed."""
        ...

    async def quit(self) -> None:
        """Say goodbye, for a few seconds at most, and close."""
        ...

    def close(self) -> None:
        """Close at once."""
        ...


class LineNotOpened(MailerUnavailable):
    """A connection could not be opened; `outcome` says in which phase, and what was answered."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Terms:
    """An envelope as a server takes it."""

    encoding: str
    options: tuple[str, ...]  # of MAIL
    recipient: str


def terms(parcel: Parcel, extensions: Mapping[str, str]) -> Terms | Outcome:
    """The envelope for a server with these extensions (in lower case), or the refusal where it cannot take the mail."""
    options = []
    limit = extensions.get("size", "")
    if limit.isdecimal() and 0 < int(limit) < len(parcel.content):
        return refused(Phase.MAIL, f"the message has {len(parcel.content)} bytes, the server takes {limit}")
    if "size" in extensions:
        options.append(f"SIZE={len(parcel.content)}")
    if not parcel.content.isascii():
        if "8bitmime" not in extensions:
            return refused(Phase.MAIL, "the message is not 7-bit, and the server lacks 8BITMIME")
        options.append("BODY=8BITMIME")
    recipient = with_ascii_domain(parcel.recipient)
    if recipient.isascii() and parcel.return_path.isascii():
        return Terms("ascii", tuple(options), recipient)
    if "smtputf8" not in extensions:
        return refused(Phase.RCPT, "the address is not ASCII, and the server lacks SMTPUTF8")
    return Terms("utf-8", (*options, "SMTPUTF8"), recipient)


def dotted(content: bytes) -> bytes:
    """A message as DATA carries it: dots at the start of a line doubled, and the dot that ends it."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (b"." if content.startswith(b".") else b"") + stuffed + b".\r\n"


def refused(phase: Phase, reply: str) -> Outcome:
    """What we do not even try to send."""
    return Outcome(State.REFUSED, phase, reply=f"not sent: {reply}")


def was_stale(outcome: Outcome) -> bool:
    """Nothing was sent, and on a used line the likely reason is that the server had closed what it found old."""
    if outcome is NOT_BEGUN:
        return False
    if outcome.phase is Phase.MAIL and outcome.code == 421:
        return True
    return outcome.state is State.QUEUED and outcome.code is None and outcome.phase in _BEFORE_THE_MESSAGE


_BEFORE_THE_MESSAGE = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA})
