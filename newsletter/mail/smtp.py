"""The SMTP transport: a small pool of connections, each conversation phase by phase."""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import aiosmtplib
from aiosmtplib.errors import SMTPResponseException

from newsletter.errors import ConfigurationError, MailerUnavailable
from newsletter.mail.classify import classify
from newsletter.mail.transport import NOT_BEGUN, Begin, Parcel, at_once, unsendable, with_ascii_domain
from newsletter.models import Outcome, Phase, State

FAREWELL = 5.0  # seconds QUIT may take

_TROUBLE = (aiosmtplib.SMTPException, OSError)  # timeouts are OSErrors


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """Where and how to send; times in seconds."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""  # empty: no login
    password: str = field(default="", repr=False)
    connections: int = 4
    local_hostname: str = ""  # what we call ourselves; empty: the machine's name, or its address where that is no name
    ca_file: Path | None = None  # instead of the system's authorities
    connect_timeout: float = 30.0
    command_timeout: float = 120.0
    data_timeout: float = 600.0  # for the reply after the dot: RFC 5321 asks for ten minutes, less makes uncertain mail
    mails_per_connection: int = 100
    idle_timeout: float = 60.0  # a connection unused for longer is replaced


class Smtp:
    """Sends parcels over a pool of reused connections; waits for one where all are busy. Open it once at a time."""

    name = "smtp"

    def __init__(self, config: SmtpConfig) -> None:
        self.config = config
        self._tls: ssl.SSLContext | None = None
        self._idle: list[_Line] = []

    async def __aenter__(self) -> Self:
        """Open and log in once, so that what would fail for everybody fails here.

        Raises:
            MailerUnavailable: unreachable, no TLS, a bad certificate, login refused; the sentence says what to do.
            ConfigurationError: the file of authorities cannot be read.

        """
        # Both belong to the running loop; a transport may be opened again in another one.
        self._places = self.config.connections
        self._free = asyncio.Semaphore(self._places)
        if self.config.security != "none":
            self._tls = await asyncio.to_thread(_tls_context, self.config.ca_file)
        self._idle.append(await _Line.open(self.config, self._tls))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye on every idle connection."""
        lines, self._idle = self._idle, []
        await asyncio.gather(*(line.quit() for line in lines))

    @property
    def capacity(self) -> int:
        """One mail on each connection."""
        return self.config.connections

    async def send(self, parcel: Parcel, begin: Begin = at_once) -> Outcome:
        """One attempt; and another on a new connection where a reused one was found dead and nothing was sent."""
        refusal = unsendable(parcel)
        if refusal is not None:
            return _refused(Phase.MAIL, refusal)
        while (outcome := await self._in_turn(parcel, begin)) is None:
            pass
        return outcome

    def settle(self, parcel_key: str, day: date) -> State | None:  # noqa: ARG002 - the protocol's signature
        """A server cannot be asked what it has: perhaps sent."""
        return State.UNCERTAIN

    async def _in_turn(self, parcel: Parcel, begin: Begin) -> Outcome | None:
        """One attempt when a place is free; None where the server takes no further connection beside our others."""
        await self._free.acquire()
        try:
            outcome = await self._send(parcel, begin)
        except LineNotOpened as error:
            if error.outcome.throttled and self._places > 1:
                self._places -= 1  # and the place is not given back: the pool is smaller from now on
                return None
            outcome = error.outcome
        except BaseException:
            self._free.release()
            raise
        self._free.release()
        return outcome

    async def _send(self, parcel: Parcel, begin: Begin) -> Outcome:
        line = self._take_idle()
        if line is not None:
            outcome = await self._over(line, parcel, begin)
            if not _was_stale(outcome):
                return outcome
        return await self._over(await _Line.open(self.config, self._tls), parcel, begin)

    async def _over(self, line: "_Line", parcel: Parcel, begin: Begin) -> Outcome:
        try:
            outcome = await line.send(parcel, begin)
        except BaseException:
            line.close()  # cancelled in mid-conversation: the next mail must not read this one's reply
            raise
        if line.is_usable and line.mails < self.config.mails_per_connection:
            line.rest()
            self._idle.append(line)
        elif line.is_usable:
            await line.quit()
        return outcome

    def _take_idle(self) -> "_Line | None":
        while self._idle:
            line = self._idle.pop()
            if line.is_usable and line.rested < self.config.idle_timeout:
                return line
            line.close()
        return None


class LineNotOpened(MailerUnavailable):
    """A connection could not be opened; `outcome` says in which phase, and what was answered."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


class _Line:
    """One connection, logged in; it carries one conversation at a time and is never used again after a doubt."""

    def __init__(self, client: aiosmtplib.SMTP, config: SmtpConfig) -> None:
        self._client = client
        self._config = config
        self._rested_at = asyncio.get_running_loop().time()
        self.mails = 0

    # ---- opening and closing ---------------------------------------------------------------------------------------

    @classmethod
    async def open(cls, config: SmtpConfig, tls: ssl.SSLContext | None) -> Self:
        """Connect, greet, secure and log in, each as its own phase.

        Raises:
            LineNotOpened: with the phase in its outcome.

        """
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            use_tls=config.security == "tls",
            start_tls=False,  # done below, as a phase of its own
            tls_context=tls,
            local_hostname="localhost",  # never used: left out, the system would be asked, and may answer after seconds
            timeout=config.connect_timeout,
        )
        phases: list[tuple[Phase, Callable[[], Awaitable[object]]]] = [
            (Phase.CONNECT, client.connect),
            (Phase.EHLO, lambda: _greet(client, config)),
        ]
        if config.security == "starttls":
            phases += [(Phase.TLS, client.starttls), (Phase.EHLO, lambda: _greet(client, config))]
        if config.user:
            phases.append((Phase.AUTH, lambda: client.login(config.user, config.password)))
        for phase, act in phases:
            try:
                await act()
            except (*_TROUBLE, ValueError) as error:  # ValueError: a host name that cannot be one
                client.close()
                raise _not_opened(config, phase, error) from error
            except BaseException:
                client.close()
                raise
        return cls(client, config)

    async def quit(self) -> None:
        with suppress(*_TROUBLE):
            await self._client.quit(timeout=FAREWELL)
        self._client.close()

    def close(self) -> None:
        self._client.close()

    def rest(self) -> None:
        self._rested_at = asyncio.get_running_loop().time()

    @property
    def rested(self) -> float:
        """Seconds since it was last used."""
        return asyncio.get_running_loop().time() - self._rested_at

    @property
    def is_usable(self) -> bool:
        return self._client.is_connected

    # ---- the conversation ------------------------------------------------------------------------------------------

    async def send(self, parcel: Parcel, begin: Begin) -> Outcome:
        """MAIL, RCPT, DATA, the message and its dot; which of them failed decides what may be said of the delivery."""
        self.mails += 1
        terms = self._terms(parcel)
        if isinstance(terms, Outcome):
            return terms
        encoding, options, recipient = terms
        timeout = self._config.command_timeout
        phase = Phase.MAIL
        try:
            await self._client.mail(parcel.return_path, options=options, encoding=encoding, timeout=timeout)
            phase = Phase.RCPT
            await self._client.rcpt(recipient, encoding=encoding, timeout=timeout)
            phase = Phase.DATA
            if not await begin():
                await self._reset()
                return NOT_BEGUN
            started = await self._client.execute_command(b"DATA", timeout=timeout)
            if started.code != aiosmtplib.SMTPStatus.start_input:
                raise aiosmtplib.SMTPDataError(started.code, started.message)
            protocol = self._write(parcel.content)
            # From the first byte on, silence means "perhaps".
            phase = Phase.DOT
            code, reply = await protocol.read_response(timeout=self._config.data_timeout)
        except _TROUBLE as error:
            return await self._failed(phase, error)
        return await self._judge(classify(phase, code, reply))

    def _write(self, content: bytes) -> aiosmtplib.protocol.SMTPProtocol:
        protocol = self._client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        protocol.write((b"." if content.startswith(b".") else b"") + stuffed + b".\r\n")
        return protocol

    async def _failed(self, phase: Phase, error: Exception) -> Outcome:
        code, words = _answer(error)
        return await self._judge(classify(phase, code, words))

    async def _judge(self, outcome: Outcome) -> Outcome:
        """Leave the connection clean for the next mail, or close it."""
        if outcome.code is None or outcome.code in {421, 503} or outcome.code // 100 == 3:
            self.close()  # no reply, nonsense, or the server's goodbye
        elif outcome.phase is not Phase.DOT:
            await self._reset()
        return outcome

    async def _reset(self) -> None:
        try:
            await self._client.rset(timeout=self._config.command_timeout)
        except _TROUBLE:
            self.close()

    def _terms(self, parcel: Parcel) -> tuple[str, tuple[str, ...], str] | Outcome:
        """Encoding, MAIL options and recipient as this server takes them, or the refusal where it cannot."""
        options = []
        limit = self._client.esmtp_extensions.get("size", "")
        if limit.isdecimal() and 0 < int(limit) < len(parcel.content):
            return _refused(Phase.MAIL, f"the message has {len(parcel.content)} bytes, the server takes {limit}")
        if "size" in self._client.esmtp_extensions:
            options.append(f"SIZE={len(parcel.content)}")
        if not parcel.content.isascii():
            if "8bitmime" not in self._client.esmtp_extensions:
                return _refused(Phase.MAIL, "the message is not 7-bit, and the server lacks 8BITMIME")
            options.append("BODY=8BITMIME")
        recipient = with_ascii_domain(parcel.recipient)
        if recipient.isascii() and parcel.return_path.isascii():
            return "ascii", tuple(options), recipient
        if "smtputf8" not in self._client.esmtp_extensions:
            return _refused(Phase.RCPT, "the address is not ASCII, and the server lacks SMTPUTF8")
        return "utf-8", (*options, "SMTPUTF8"), recipient


async def _greet(client: aiosmtplib.SMTP, config: SmtpConfig) -> None:
    """EHLO, or HELO where the server knows no better."""
    name = config.local_hostname or _own_name(client.get_transport_info("sockname"))
    try:
        await client.ehlo(hostname=name)
    except aiosmtplib.SMTPHeloError as error:
        if error.code // 100 != 5:
            raise
        await client.helo(hostname=name)


def _own_name(sockname: tuple[str, int]) -> str:
    """A name that servers accept: with a dot, or the address in brackets; found without asking a name server."""
    name = socket.gethostname()
    if "." in name and re.fullmatch(r"[A-Za-z0-9.-]+", name):
        return name
    address = sockname[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _was_stale(outcome: Outcome) -> bool:
    """Nothing was sent, and the likely reason is that the server had closed a connection it found old."""
    if outcome is NOT_BEGUN:
        return False
    if outcome.phase is Phase.MAIL and outcome.code == 421:
        return True
    return outcome.state is State.QUEUED and outcome.code is None and outcome.phase is not Phase.DOT


def _refused(phase: Phase, reply: str) -> Outcome:
    return Outcome(State.REFUSED, phase, reply=f"not sent: {reply}")


# ---- errors --------------------------------------------------------------------------------------------------------


def _answer(error: Exception) -> tuple[int | None, str]:
    """Code and words of an error; no code where nothing was answered, or nothing that makes sense."""
    if isinstance(error, SMTPResponseException):
        return error.code, str(error.message)
    return None, str(error) or type(error).__name__


def _not_opened(config: SmtpConfig, phase: Phase, error: Exception) -> LineNotOpened:
    code, words = _answer(error)
    outcome = classify(phase, code, words)
    said = f"{code} {outcome.reply}" if code is not None else outcome.reply
    certificate = next((each for each in _causes(error) if isinstance(each, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        outcome = replace(outcome, phase=Phase.TLS)
        problem = f"its certificate is not trusted: {certificate.verify_message}; nothing was sent"
    elif phase is Phase.CONNECT and code is None:
        problem = (
            f"it cannot be reached: {said}; check PAPERBOY_SMTP_HOST, PAPERBOY_SMTP_PORT and PAPERBOY_SMTP_SECURITY"
        )
    elif phase is Phase.TLS:
        problem = (
            f"it offers no working STARTTLS: {said}; nothing was sent, set PAPERBOY_SMTP_SECURITY to what it offers"
        )
    elif phase is Phase.AUTH:
        problem = f"it refused the login: {said}; check PAPERBOY_SMTP_USER and PAPERBOY_SMTP_PASSWORD"
    else:
        problem = f"it will not talk to us now: {said}; try later, or ask whoever runs it"
    sentence = f"SMTP server ({config.host}:{config.port}): {problem}"
    return LineNotOpened(sentence, replace(outcome, reply=sentence))


def _causes(error: BaseException | None) -> tuple[BaseException, ...]:
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return tuple(found)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise ConfigurationError(f"SMTP authorities ({ca_file}): the file cannot be read: {error}") from error
