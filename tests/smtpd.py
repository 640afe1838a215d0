"""An SMTP server that misbehaves as scripted, and counts the copies each address got.

    async with FaultServer((refuse("rcpt", "550 5.1.1 no such user", to="gone@example.org"),)) as server:
        ...                                     # server.port, server.mails, server.copies("ann@example.org")

Steps of the conversation, in the order in which they come: connect, ehlo, helo, starttls, auth, mail, rcpt, data or bdat
(before the bytes of the chunk are read), body (while the message comes in; a refusal here hangs up), dot (after it, or
after the last chunk), rset, quit. A mail counts once the server holds it whole and has not refused it, whether or not
the client ever hears so. It is as strict as servers are: a second MAIL before the first is done is 503, BDAT without a
recipient reads its bytes and is 503, and both leave the conversation where it was.
"""

import asyncio
import base64
import contextlib
import re
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

EXTENSIONS = ("SIZE 10000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
PIPELINING = (*EXTENSIONS, "PIPELINING")
CHUNKING = (*PIPELINING, "CHUNKING")


@dataclass(frozen=True, slots=True)
class Fault:
    """What the server does instead of its usual answer at one step."""

    at: str
    do: Literal["reply", "drop", "stall"]
    reply: str = ""  # may hold several lines, and anything
    to: str | None = None  # only in a conversation about this recipient; from `rcpt` on
    times: int | None = None  # how often it strikes; None: always
    after: int = 0  # how many passes it lets by first
    delay: float = 0.0  # seconds before the reply


def refuse(at: str, reply: str, *, to: str | None = None, times: int | None = None, after: int = 0) -> Fault:
    """Answer something else; a reply of 421 closes the connection."""
    return Fault(at, "reply", reply, to, times, after)


def drop(at: str, *, to: str | None = None, times: int | None = None, after: int = 0) -> Fault:
    """Close the connection without a word; at `dot` the mail is kept."""
    return Fault(at, "drop", "", to, times, after)


def stall(at: str, *, to: str | None = None, times: int | None = None, after: int = 0) -> Fault:
    """Never answer; at `dot` the mail is kept."""
    return Fault(at, "stall", "", to, times, after)


def late(at: str, delay: float, reply: str = "250 2.0.0 late", *, times: int | None = None) -> Fault:
    """Answer, but after `delay` seconds; at `dot` the mail is kept."""
    return Fault(at, "reply", reply, None, times, 0, delay)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail the server holds."""

    sender: str
    recipient: str
    content: bytes  # dot-stuffing undone
    connection: int  # 1-based number of the connection it came over
    options: str  # what followed the address in MAIL
    secure: bool  # came over TLS
    user: str | None  # who had logged in


@dataclass(slots=True)
class _Session:
    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    secure: bool
    user: str | None = None
    sender: str | None = None
    options: str = ""
    recipients: list[str] = field(default_factory=list)
    chunks: bytes = b""  # of a message that is not whole yet
    mails: int = 0

    def clear(self) -> None:
        """Forget the mail that was being handed over."""
        self.sender, self.options, self.recipients, self.chunks = None, "", [], b""


class FaultServer:
    """Listens on 127.0.0.1 while it is open; every fault of the script is tried in order, the first that fits strikes."""

    def __init__(
        self,
        script: Sequence[Fault] = (),
        *,
        extensions: Sequence[str] = EXTENSIONS,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        users: Mapping[str, str] | None = None,
        closes_after: int | None = None,
        lax: bool = False,
    ) -> None:
        """`starttls` is offered after EHLO, `tls` speaks TLS from the start; `closes_after` drops a connection that
        begins a mail beyond so many; `lax` takes RCPT without MAIL, and DATA without RCPT: a mail to the address ""."""
        self.script = tuple(script)
        self.extensions = tuple(extensions)
        self.starttls, self.tls, self.users, self.closes_after = starttls, tls, users, closes_after
        self.lax = lax
        self.port = 0
        self.mails: list[Mail] = []
        self.arrived = asyncio.Event()  # set once a mail is held
        self.commands: list[str] = []  # the verbs, of all connections
        self.connections = 0
        self.open_now = self.open_most = 0  # how many connections are, and at most were, open at once
        self._struck: Counter[int] = Counter()
        self._passed: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def copies(self, address: str) -> int:
        """How many mails for this address the server holds."""
        return sum(mail.recipient == address for mail in self.mails)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 1)

    # ---- one connection --------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        session = _Session(self.connections, reader, writer, self.tls is not None)
        try:
            await self._converse(session)
        except (_Hangup, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            self.open_now -= 1
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                # Bounded: after a failed handshake some Python versions never say that it is closed.
                await asyncio.wait_for(writer.wait_closed(), 0.2)
            writer.transport.abort()

    async def _converse(self, session: _Session) -> None:
        await self._step(session, "connect", "220 test.invalid ESMTP")
        while line := await session.reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            verb = verb.lower()
            self.commands.append(verb)
            handler = getattr(self, f"_on_{verb}", None)
            if handler is None:
                await _say(session, "500 5.5.2 what?")
            else:
                await handler(session, rest)

    async def _on_ehlo(self, session: _Session, _rest: str) -> None:
        lines = ["test.invalid", *self.extensions]
        if self.starttls is not None and not session.secure:
            lines.append("STARTTLS")
        if self.users is not None and (session.secure or self.starttls is None):
            lines.append("AUTH PLAIN")
        usual = "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)
        await self._step(session, "ehlo", usual)

    async def _on_helo(self, session: _Session, _rest: str) -> None:
        await self._step(session, "helo", "250 test.invalid")

    async def _on_starttls(self, session: _Session, _rest: str) -> None:
        if self.starttls is None:
            await _say(session, "502 5.5.1 no TLS here")
        elif await self._step(session, "starttls", "220 2.0.0 go on"):
            await session.writer.start_tls(self.starttls)
            session.secure = True

    async def _on_auth(self, session: _Session, rest: str) -> None:
        _, _, encoded = rest.partition(" ")
        _, user, password = base64.b64decode(encoded).decode().split("\0")
        right = self.users is not None and self.users.get(user) == password
        session.user = user if right else None
        await self._step(session, "auth", "235 2.7.0 welcome" if right else "535 5.7.8 wrong name or password")

    async def _on_mail(self, session: _Session, rest: str) -> None:
        if self.closes_after is not None and session.mails >= self.closes_after:
            raise _Hangup
        found = re.match(r"FROM:<([^>]*)>\s*(.*)", rest, re.IGNORECASE)
        if found is None:
            await _say(session, "501 5.5.4 what?")
        elif session.sender is not None:
            await _say(session, "503 5.5.1 nested MAIL")
        elif await self._step(session, "mail", "250 2.1.0 ok"):
            session.sender, session.options = found[1], found[2]

    async def _on_rcpt(self, session: _Session, rest: str) -> None:
        found = re.match(r"TO:<([^>]*)>", rest, re.IGNORECASE)
        if found is None or (session.sender is None and not self.lax):
            await _say(session, "503 5.5.1 MAIL first")
        elif await self._step(session, "rcpt", "250 2.1.5 ok", found[1]):
            session.recipients.append(found[1])

    async def _on_data(self, session: _Session, _rest: str) -> None:
        if self.lax and not session.recipients:
            session.recipients = [""]
        if not session.recipients or session.chunks:
            await _say(session, "503 5.5.1 RCPT first, and no DATA after BDAT")
            return
        if not await self._step(session, "data", "354 go on", session.recipients[0]):
            return
        lines: list[bytes] = []
        while (line := await session.reader.readline()) != b".\r\n":
            if not line:
                raise _Hangup
            if not lines and not await self._step(session, "body", "", session.recipients[0]):
                raise _Hangup
            lines.append(line.removeprefix(b"."))
        await self._take(session, b"".join(lines))

    async def _on_bdat(self, session: _Session, rest: str) -> None:
        found = re.fullmatch(r"(\d+)( LAST)?", rest, re.IGNORECASE)
        if found is None or "CHUNKING" not in self.extensions:
            await _say(session, "501 5.5.4 what?")
            raise _Hangup
        size = int(found[1])
        if not session.recipients:
            await session.reader.readexactly(size)
            await _say(session, "503 5.5.1 RCPT first")
            return
        fault = self._fault("bdat", session.recipients[0])
        if fault is not None and fault.do == "reply":
            await session.reader.readexactly(size)
            await self._answer(session, fault, "")
            session.clear()
            return
        if fault is not None:
            await self._answer(session, fault, "")
        chunk = await session.reader.readexactly(size // 2)
        if not await self._step(session, "body", "", session.recipients[0]):
            raise _Hangup
        session.chunks += chunk + await session.reader.readexactly(size - size // 2)
        if found[2]:
            await self._take(session, session.chunks)
        else:
            await _say(session, "250 2.0.0 more")

    async def _take(self, session: _Session, content: bytes) -> None:
        session.mails += 1
        fault = self._fault("dot", session.recipients[0])
        refused = fault is not None and fault.do == "reply" and re.match(r"[45]\d\d[ -]", fault.reply)
        if not refused:
            self.mails += [
                Mail(session.sender or "", to, content, session.number, session.options, session.secure, session.user)
                for to in session.recipients
            ]
            self.arrived.set()
        session.clear()
        await self._answer(session, fault, "250 2.0.0 taken")

    async def _on_rset(self, session: _Session, _rest: str) -> None:
        session.clear()
        await self._step(session, "rset", "250 2.0.0 ok")

    async def _on_noop(self, session: _Session, _rest: str) -> None:
        await _say(session, "250 2.0.0 ok")

    async def _on_quit(self, session: _Session, _rest: str) -> None:
        await self._step(session, "quit", "221 2.0.0 bye")
        raise _Hangup

    # ---- the script ------------------------------------------------------------------------------------------------

    async def _step(self, session: _Session, at: str, usual: str, recipient: str | None = None) -> bool:
        """Give the usual answer or what the script says; whether the step went as the client wished."""
        return await self._answer(session, self._fault(at, recipient), usual)

    async def _answer(self, session: _Session, fault: Fault | None, usual: str) -> bool:
        if fault is None:
            await _say(session, usual)
            return usual[:1] in {"2", "3", ""}
        if fault.do == "drop":
            raise _Hangup
        if fault.do == "stall":
            await asyncio.Event().wait()
        await asyncio.sleep(fault.delay)
        await _say(session, fault.reply)
        if fault.reply.startswith("421"):
            raise _Hangup
        return fault.reply[:1] in {"2", "3"}

    def _fault(self, at: str, recipient: str | None) -> Fault | None:
        for number, fault in enumerate(self.script):
            if fault.at != at or (fault.to is not None and fault.to != recipient):
                continue
            self._passed[number] += 1
            if self._passed[number] <= fault.after:
                continue
            if fault.times is None or self._struck[number] < fault.times:
                self._struck[number] += 1
                return fault
        return None


class _Hangup(Exception):
    """The server ends the conversation."""


async def _say(session: _Session, reply: str) -> None:
    if reply:
        session.writer.write(reply.encode("utf-8", "surrogateescape") + b"\r\n")
        await session.writer.drain()
