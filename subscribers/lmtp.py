"""Receives mail by LMTP (RFC 2033) from the mail server of this machine: one answer for each recipient.

A mail is taken (250) once what it asks for is committed; where something is in the way the answer is 451, and the mail
server keeps the mail and comes again. Nothing listens beyond this machine.
"""

import asyncio
import ipaddress
import logging
import os
import socket
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.errors import ConfigurationError

log = logging.getLogger("subscribers.lmtp")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the library's own: it writes addresses

LARGEST = 32 * 1024 * 1024
"""Bytes of a mail; a larger one is refused for good, so that its sender hears of it."""

_LONGEST_LINE = 1024 * 1024  # bytes; the standard allows 1,000, and mail programs write longer ones
_MOST_RECIPIENTS = 100
_AT_ONCE = 4  # mails that are acted on at a time
_IDLE = 300  # seconds without a command after which a connection is closed
_SETTLE = 20.0  # seconds that mails in hand get when we are told to stop

_LATER = "451 4.3.0 Not now, please try again later"
# What the library says once for a mail that it does not take.
_FOR_ALL = {"552 Error: Too much mail data", "500 Line too long (see RFC5321 4.5.3.1.6)"}

Take = Callable[[bytes, str, str], str]
"""Acts on a mail by its bytes, sender (empty for the null sender) and recipient; returns what was done, in words.

Whatever it raises, the mail server tries again.
"""


@dataclass(slots=True)
class Counter:
    """What is done with mail that arrives."""

    accepts: Callable[[str], bool]  # whether an address is one of ours
    take: Take
    largest: int = LARGEST
    idle: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is in hand
    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _in_hand: int = 0

    async def handle_EHLO(  # noqa: N802 - the library's names, here and below
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """RFC 2033 wants both extensions; commands are read one after another as they come."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Mail to somebody else is refused at once."""
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients, please send the others separately"
        if not self.accepts(address):
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One answer for each recipient, in their order."""
        raw = envelope.original_content or b""
        sender = (envelope.mail_from or "").strip("<>")
        return "\r\n".join([await self._taken(raw, sender, recipient) for recipient in envelope.rcpt_tos])

    async def _taken(self, raw: bytes, sender: str, recipient: str) -> str:
        self._in_hand += 1
        self.idle.clear()
        try:
            async with self._free:
                return f"250 2.0.0 {await asyncio.to_thread(self.take, raw, sender, recipient)}"
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail server must keep the mail
            log.error("lmtp.not_taken error=%s", type(error).__name__)  # noqa: TRY400 - the traceback may hold the mail
            return _LATER
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self.idle.set()

    async def handle_exception(self, error: Exception) -> str:
        """What nobody foresaw while a command was read."""
        log.error("lmtp.command_failed error=%s", type(error).__name__)
        return _LATER


class _Conversation(LMTP):
    line_length_limit = _LONGEST_LINE

    async def push(self, status: AnyStr) -> None:
        """The library answers once for a mail it does not take; each recipient is owed an answer."""
        if status in _FOR_ALL and self.envelope is not None:
            await super().push("\r\n".join([str(status)] * len(self.envelope.rcpt_tos)))
        else:
            await super().push(status)


def serve(where: str, counter: Counter, *, hostname: str, echo: Callable[[str], None], stop: threading.Event) -> None:
    """Receive until `stop` is set; then mails in hand are still answered.

    `where` is a path of a Unix socket, or an address of this machine with a port, `127.0.0.1:8024`.

    Raises:
        ConfigurationError: nothing can listen there.

    """
    asyncio.run(_serve(where, counter, hostname=hostname, echo=echo, stop=stop))


async def _serve(
    where: str, counter: Counter, *, hostname: str, echo: Callable[[str], None], stop: threading.Event
) -> None:
    loop = asyncio.get_running_loop()
    counter.idle.set()
    conversation = partial(
        _Conversation,
        counter,
        data_size_limit=counter.largest,
        enable_SMTPUTF8=True,
        hostname=hostname,
        ident="LMTP",
        timeout=_IDLE,
        loop=loop,
    )
    try:
        with _listener(where) as listener:
            server = await loop.create_server(conversation, sock=listener)
            echo(f"Mail is received by LMTP at {_shown(listener)}; Ctrl-C ends it.")
            await asyncio.to_thread(stop.wait)
            server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE):
                await counter.idle.wait()
    finally:
        stop.set()  # or its thread would wait for ever
        _forget(where)


def _forget(where: str) -> None:
    if where.startswith("/"):
        Path(where).unlink(missing_ok=True)


def _listener(where: str) -> socket.socket:
    """The socket that listens.

    Raises:
        ConfigurationError: it is no address of this machine, or taken.

    """
    try:
        return _unix(Path(where)) if where.startswith("/") else _tcp(where)
    except OSError as error:
        raise ConfigurationError(
            f"LMTP ({where}): nothing can listen there: {error.strerror or error}; "
            "end what uses it, or set PAPERBOY_INBOX_LMTP to another port or path"
        ) from error


def _unix(path: Path) -> socket.socket:
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise ConfigurationError(f"LMTP ({path}): another program listens there; end it first")
        path.unlink()  # left by a process that was killed
    listener = socket.socket(socket.AF_UNIX)
    try:
        before = os.umask(0o117)  # its group may write to it: the mail server's
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _tcp(where: str) -> socket.socket:
    host, _, port = where.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here or not (port.isascii() and port.isdecimal() and int(port) < 65_536):
        raise ConfigurationError(
            f"LMTP ({where}): it is neither the path of a socket nor an address of this machine with a port; "
            "set PAPERBOY_INBOX_LMTP to one such as 127.0.0.1:8024: nobody may hand us mail from outside"
        )
    return socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def _shown(listener: socket.socket) -> str:
    name = listener.getsockname()
    if isinstance(name, str):
        return name
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
