"""The SMTP transport: a small pool of connections, each conversation phase by phase."""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import aiosmtplib
from aiosmtplib.errors import SMTPResponseException

from newsletter.errors import ConfigurationError
from newsletter.mail.classify import NOT_KNOWN, classify
from newsletter.mail.fast import FastLine
from newsletter.mail.line import FAREWELL, Line, LineNotOpened, SmtpConfig, Terms, dotted, refused, terms, was_stale
from newsletter.mail.pool import Pool
from newsletter.mail.transport import NOT_BEGUN, Begin, Parcel, at_once, unsendable
from newsletter.models import Outcome, Phase, State

__all__ = ["Smtp", "SmtpConfig"]

_TROUBLE = (aiosmtplib.SMTPException, OSError)  # timeouts are OSErrors


class Smtp:
    """Sends parcels over a pool of reused connections; waits for room where all are busy. Open it once at a time."""

    name = "smtp"

    def __init__(self, config: SmtpConfig) -> None:
        self.config = config
        self._tls: ssl.SSLContext | None = None
        self._capacity = config.connections

    async def __aenter__(self) -> Self:
        """Open and log in once, so that what would fail for everybody fails here.

        Raises:
            MailerUnavailable: unreachable, no TLS, a bad certificate, login refused; the sentence says what to do.
            ConfigurationError: the file of authorities cannot be read.

        """
        if self.config.security != "none":
            self._tls = await asyncio.to_thread(_tls_context, self.config.ca_file)
        # Both belong to this opening: a transport may be opened again, in another loop, and a server may have changed.
        self._pool = Pool(self.config, self._dial)
        self._in_lock_step = not self.config.pipelining
        self._capacity = await self._pool.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye on every idle connection."""
        await self._pool.close()

    @property
    def capacity(self) -> int:
        """As many as the connections carry at once, going by the first; before it is opened, one on each."""
        return self._capacity

    async def send(self, parcel: Parcel, begin: Begin = at_once) -> Outcome:
        """One attempt; and another on a newer connection where a used one was found dead and nothing was sent."""
        refusal = unsendable(parcel)
        if refusal is not None:
            return refused(Phase.MAIL, refusal)
        begin = _once(begin)
        newer_than = 0
        while True:
            opened = self._pool.opened
            try:
                berth = await self._pool.take(newer_than)
            except LineNotOpened as error:
                return error.outcome
            try:
                outcome = await berth.line.send(parcel, begin)
                is_stale = was_stale(outcome)
                berth.is_used = berth.is_used or not is_stale
            finally:
                self._pool.give_back(berth)
            if berth.line.lost > 1:
                # More was lost than mail by mail could be: this server, or the way to it, does not bear windows.
                self._in_lock_step = True
            if not is_stale or not berth.is_used:
                return outcome
            newer_than = opened  # where one line had grown old, so may all the others have

    def settle(self, parcel_key: str, day: date) -> State | None:  # noqa: ARG002 - the protocol's signature
        """A server cannot be asked what it has: perhaps sent."""
        return State.UNCERTAIN

    async def _dial(self) -> Line:
        return await dial(self.config, self._tls, in_lock_step=self._in_lock_step)


def _once(begin: Begin) -> Begin:
    """What began stays begun: a second attempt of the same mail does not ask again."""
    has_begun = False

    async def begin_once() -> bool:
        nonlocal has_begun
        has_begun = has_begun or await begin()
        return has_begun

    return begin_once


# ---- mail by mail --------------------------------------------------------------------------------------------------


class PlainLine:
    """One command at a time, each waiting for its reply: every server takes that; the fast line is measured by it."""

    width = 1
    lost = 0

    def __init__(self, client: aiosmtplib.SMTP, config: SmtpConfig) -> None:
        self._client = client
        self._config = config

    @property
    def is_usable(self) -> bool:
        """Connected, and never in doubt."""
        return self._client.is_connected

    async def quit(self) -> None:
        """QUIT, for a few seconds."""
        with suppress(*_TROUBLE):
            await self._client.quit(timeout=FAREWELL)
        self._client.close()

    def close(self) -> None:
        """Close at once."""
        self._client.close()

    async def send(self, parcel: Parcel, begin: Begin) -> Outcome:
        """MAIL, RCPT, DATA, the message and its dot; which of them failed decides what may be said of the delivery."""
        envelope = terms(parcel, self._client.esmtp_extensions)
        if isinstance(envelope, Outcome):
            return envelope
        try:
            return await self._converse(parcel, envelope, begin)
        except BaseException:
            self.close()  # cancelled in mid-conversation: the next mail must not read this one's reply
            raise

    async def _converse(self, parcel: Parcel, envelope: Terms, begin: Begin) -> Outcome:
        encoding, timeout = envelope.encoding, self._config.command_timeout
        phase = Phase.MAIL
        try:
            await self._client.mail(parcel.return_path, options=envelope.options, encoding=encoding, timeout=timeout)
            phase = Phase.RCPT
            await self._client.rcpt(envelope.recipient, encoding=encoding, timeout=timeout)
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
        protocol.write(dotted(content))
        return protocol

    async def _failed(self, phase: Phase, error: Exception) -> Outcome:
        code, words = _answer(error)
        return await self._judge(classify(phase, code, words))

    async def _judge(self, outcome: Outcome) -> Outcome:
        """Leave the connection clean for the next mail, or close it."""
        unfit = outcome.state is State.UNCERTAIN or (outcome.phase is Phase.DATA and outcome.code in range(200, 300))
        if outcome.code is None or outcome.code in {421, 503, *NOT_KNOWN} or outcome.code // 100 == 3 or unfit:
            self.close()  # no reply, nonsense (after DATA a RSET may be read as the message), or the server's goodbye
        elif outcome.phase is not Phase.DOT:
            await self._reset()
        return outcome

    async def _reset(self) -> None:
        try:
            await self._client.rset(timeout=self._config.command_timeout)
        except _TROUBLE:
            self.close()


# ---- opening -------------------------------------------------------------------------------------------------------


async def dial(config: SmtpConfig, tls: ssl.SSLContext | None, *, in_lock_step: bool) -> Line:
    """A line that is open and logged in: a fast one where the server offers what it needs, unless it may not be.

    Raises:
        LineNotOpened: with the phase in its outcome.

    """
    client = await _connected(config, tls)
    extensions = client.esmtp_extensions
    if "pipelining" in extensions and not in_lock_step:
        return FastLine.take_over(client.transport, config, extensions)
    return PlainLine(client, config)


async def _connected(config: SmtpConfig, tls: ssl.SSLContext | None) -> aiosmtplib.SMTP:
    """Connect, greet, secure and log in, each as its own phase."""
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
    return client


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
