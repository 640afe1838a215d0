"""The fast line: several commands, and where the server takes it several mails, on their way before the first reply.

With CHUNKING (RFC 3030) a mail is one write: MAIL, RCPT, BDAT and its bytes; up to a window of them are open at once.
With PIPELINING alone (RFC 2920) it is MAIL, RCPT and DATA, and then the message together with the next mail's envelope.

Replies come in the order of the commands and are paired with nothing else: a reply nobody expects, one that cannot be
understood and one that is late end the line, and what was not answered by then is told as it is: not sent, or perhaps.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

from newsletter.mail.classify import classify, is_confused, status
from newsletter.mail.line import FAREWELL, SmtpConfig, Terms, dotted, terms
from newsletter.mail.replies import Replies
from newsletter.mail.transport import NOT_BEGUN, Begin, Parcel
from newsletter.models import Outcome, Phase, State


@dataclass(slots=True, eq=False)
class _Talk:
    """One mail on the line, from its turn to its last reply."""

    envelope: bytes  # MAIL and RCPT
    message: bytes  # what comes after them: BDAT and the content, or the content and its dot
    done: asyncio.Future[Outcome]
    agreed: asyncio.Future[bool] | None = None  # where the envelope is answered before the message is written
    phase: Phase = Phase.MAIL
    refusal: Outcome | None = None  # the first answer that was not a yes
    is_out: bool = False  # a byte of the message may have left


_Expected = tuple[Phase | None, _Talk | None]
"""What a reply will be about: a phase of a mail; no phase: RSET before it; neither: QUIT."""


class FastLine(asyncio.Protocol):
    """One connection, logged in, taken over from whoever opened it."""

    def __init__(self, transport: asyncio.Transport, config: SmtpConfig, extensions: Mapping[str, str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._config = config
        self._extensions = extensions
        self._chunking = "chunking" in extensions
        self.width = config.window if self._chunking else 2  # the message of one mail and the envelope of the next
        self._replies = Replies()
        self._expected: deque[_Expected] = deque()
        self._unwritten: list[bytes] = []
        self._turns: deque[_Talk] = deque()  # mails whose turn has not come
        self._talks: dict[_Talk, None] = {}  # all mails that are not settled, in order
        self._floor: _Talk | None = None  # the mail whose envelope is out and whose message is not
        self._busy = 0  # mails in `send`, also those that only begin
        self._out = 0  # messages whose reply is expected
        self._is_paused = self._needs_reset = False
        self._last: str | None = None  # why it takes no more mail, though what is on it is still answered
        self._end: str | None = None  # why the line is over
        self._bye = self._loop.create_future()
        self._since = self._loop.time()  # what has waited longest is waited for since then
        self._timer: asyncio.TimerHandle | None = None
        self.lost = 0

    @classmethod
    def take_over(
        cls, transport: asyncio.BaseTransport | None, config: SmtpConfig, extensions: Mapping[str, str]
    ) -> Self:
        """The line over an open connection on which nothing is expected."""
        line = cls(cast("asyncio.Transport", transport), config, extensions)
        line._transport.set_protocol(line)
        return line

    @property
    def is_usable(self) -> bool:
        """Whether it may carry another mail."""
        return self._end is None and self._last is None

    async def quit(self) -> None:
        """QUIT, and what the server says to it, for a few seconds."""
        if self.is_usable:
            self._say(b"QUIT\r\n", (None, None))
            self._flush()
            await asyncio.wait((self._bye,), timeout=FAREWELL)
        self.close()

    def close(self) -> None:
        """Close at once; mails still open on it end as they are."""
        self._lose("closed", is_ours=True)

    # ---- one mail --------------------------------------------------------------------------------------------------

    async def send(self, parcel: Parcel, begin: Begin) -> Outcome:
        """One attempt, beside others; it ends with its last reply, or with the line."""
        envelope = terms(parcel, self._extensions)
        if isinstance(envelope, Outcome):
            return envelope
        careful = not self._chunking or (not self._busy and self._is_doubtful())
        self._busy += 1
        try:
            if careful:
                return await self._ask_first(parcel, envelope, begin)
            if not await begin():
                return NOT_BEGUN
            talk = self._talk(parcel, envelope)
            self._enter(talk)
            return await self._end_of(talk)
        finally:
            self._busy -= 1

    def _is_doubtful(self) -> bool:
        """After a rest the server may be gone, a RSET may fail: no message is risked before it has answered."""
        return self._needs_reset or self._loop.time() - self._since > self._config.probe_after

    async def _ask_first(self, parcel: Parcel, envelope: Terms, begin: Begin) -> Outcome:
        """The message begins when the recipient was taken."""
        talk = self._talk(parcel, envelope)
        talk.agreed = self._loop.create_future()
        self._enter(talk)
        try:
            if await talk.agreed:
                if not await begin():
                    return self._withdraw(talk)
                self._speak(talk)
        except BaseException:
            self._abandon(talk)
            raise
        return await self._end_of(talk)

    async def _end_of(self, talk: _Talk) -> Outcome:
        try:
            return await talk.done
        except BaseException:
            self._abandon(talk)
            raise

    def _talk(self, parcel: Parcel, envelope: Terms) -> _Talk:
        options = "".join(f" {option}" for option in envelope.options)
        commands = f"MAIL FROM:<{parcel.return_path}>{options}\r\nRCPT TO:<{envelope.recipient}>\r\n"
        content = parcel.content
        message = b"BDAT %d LAST\r\n%b" % (len(content), content) if self._chunking else dotted(content)
        return _Talk(commands.encode(envelope.encoding), message, self._loop.create_future())

    def _enter(self, talk: _Talk) -> None:
        self._talks[talk] = None
        if not self.is_usable or self._transport.is_closing():
            self._settle(talk, classify(Phase.MAIL, None, self._end or self._last or "the connection is closing"))
            return
        self._turns.append(talk)
        self._pump()

    def _withdraw(self, talk: _Talk) -> Outcome:
        """Nothing of the message was written, and nothing will be."""
        self._settle(talk, NOT_BEGUN)
        if self._chunking:
            self._needs_reset = True
            self._pump()
        else:
            # The server waits for a message now, and would take any.
            self._lose("a mail was withdrawn after DATA", is_ours=True)
        return NOT_BEGUN

    def _abandon(self, talk: _Talk) -> None:
        """Its sender is gone: its replies must not be read as another's."""
        if talk in self._turns:
            self._turns.remove(talk)
            del self._talks[talk]
        elif talk in self._talks:
            self._lose("a mail was cancelled in mid-conversation", is_ours=True)

    def _settle(self, talk: _Talk, outcome: Outcome) -> None:
        self._talks.pop(talk, None)
        if self._floor is talk:
            self._floor = None
        if talk.agreed is not None and not talk.agreed.done():
            talk.agreed.set_result(False)
        if not talk.done.done():
            talk.done.set_result(outcome)

    # ---- writing ---------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Write what may be written now: not on a paused line, and nothing between an envelope and its message."""
        if self._last is not None:
            self._finish(self._last)
        while self._turns and self._floor is None and not self._is_paused and self._end is None:
            talk = self._turns.popleft()
            # A refused envelope may leave a transaction open at the server; while mails are open nobody knows yet.
            if self._needs_reset or (self._chunking and self._expected):
                self._say(b"RSET\r\n", (None, talk))
            self._say(talk.envelope, (Phase.MAIL, talk), (Phase.RCPT, talk))
            if talk.agreed is None:
                self._say_message(talk)
                self._flush()
            else:
                self._floor = talk
                if not self._chunking:
                    self._say(b"DATA\r\n", (Phase.DATA, talk))
        self._flush()

    def _finish(self, words: str) -> None:
        """Nothing of those whose turn has not come is written; the line is over when all others are answered."""
        while self._turns:
            self._settle(self._turns.popleft(), classify(Phase.MAIL, None, words))
        if not self._expected and self._floor is None:
            self._lose(words, is_ours=True)

    def _speak(self, talk: _Talk) -> None:
        """The message of a mail whose envelope was taken; the next envelope goes with it."""
        if talk in self._talks:
            self._floor = None
            self._say_message(talk)
            self._pump()

    def _say_message(self, talk: _Talk) -> None:
        # From here on silence means "perhaps".
        talk.is_out = True
        self._out += 1
        self._say(talk.message, (Phase.DOT, talk))

    def _say(self, data: bytes, *expected: _Expected) -> None:
        if not self._expected:
            self._since = self._loop.time()
        self._unwritten.append(data)
        self._expected.extend(expected)

    def _flush(self) -> None:
        if self._unwritten:
            data = b"".join(self._unwritten)
            self._unwritten.clear()
            self._transport.write(data)
            if self._timer is None:
                self._tick()

    # ---- replies ---------------------------------------------------------------------------------------------------

    def _answered(self, code: int | None, words: str) -> None:
        """Pair a reply with the command that has waited longest."""
        if code is None or not self._expected:
            self._lose(words if code is None else f"a reply to nothing: {code} {words}")
            return
        phase, talk = self._expected.popleft()
        if talk is None:
            self._bye.set_result(None)
        elif phase in {Phase.DATA, Phase.DOT} and is_confused(code, status(code, words)):
            self._lose(f"the server lost the thread: {code} {words}")
        elif code == 421:
            # The server's last word: it worked through the commands in order, and takes nothing that comes after.
            self._lose(words, classify(phase or Phase.MAIL, code, words))
        elif phase is None:
            self._needs_reset = False
            if code // 100 != 2:
                self._lose(f"RSET was refused: {code} {words}")
        elif phase is Phase.DOT:
            self._on_dot(talk, code, words)
        elif phase is Phase.DATA:
            self._on_data(talk, code, words)
        else:
            self._on_envelope(talk, phase, code, words)

    def _on_envelope(self, talk: _Talk, phase: Phase, code: int, words: str) -> None:
        if code // 100 == 3:
            self._lose(f"{code} is no answer to {phase}: {words}")
            return
        if code // 100 != 2:
            talk.refusal = talk.refusal or classify(phase, code, words)
            if is_confused(code, status(code, words)):
                # It means our name, or has lost the thread; then it says something twice, and no yes is believed.
                self._last = f"{code} is no answer to {phase}: {words}"
        elif phase is Phase.RCPT and talk.is_out and self._last is None:
            talk.refusal = None  # taken though MAIL was refused: then the message may be taken as well
        talk.phase = Phase.RCPT if phase is Phase.MAIL else Phase.DATA
        if phase is Phase.RCPT and talk is self._floor and self._chunking:
            self._agree(talk)

    def _on_data(self, talk: _Talk, code: int, words: str) -> None:
        if code == 354 and talk.refusal is not None:
            self._lose("the server wants a message for a recipient it refused")  # even an empty one would be a mail
        elif code == 354:
            self._agree(talk)
        elif code // 100 in {2, 3}:
            self._lose(f"{code} is no answer to DATA: {words}")
        else:
            talk.refusal = talk.refusal or classify(Phase.DATA, code, words)
            self._agree(talk)

    def _agree(self, talk: _Talk) -> None:
        """The envelope is answered: the message may begin, or the mail is done."""
        if talk.refusal is not None:
            self._needs_reset = True
            self._settle(talk, talk.refusal)
        elif talk.agreed is not None and not talk.agreed.done():
            talk.agreed.set_result(True)

    def _on_dot(self, talk: _Talk, code: int, words: str) -> None:
        if code // 100 == 3:
            self._lose(f"{code} is no answer to a message: {words}")
            return
        if code // 100 == 2 and talk.refusal is not None:
            talk.refusal = None
            self._lose("the server took a message for a recipient it refused")
            return
        outcome = talk.refusal or classify(Phase.DOT, code, words)
        if outcome.state is State.UNCERTAIN:
            self._lose(f"{code} answers another command: {words}")  # and so may all replies after it
            return
        self._out -= 1
        self._needs_reset = self._needs_reset or code // 100 != 2
        self._settle(talk, outcome)

    # ---- the end, and what asyncio tells ---------------------------------------------------------------------------

    def _lose(self, words: str, goodbye: Outcome | None = None, *, is_ours: bool = False) -> None:
        """Never read or write again; what was answered stands, the rest is not sent, or perhaps."""
        if self._end is not None:
            return
        self._end = words
        if self._timer is not None:
            self._timer.cancel()
        self._turns.clear()
        self._transport.abort()  # not close(): what still lies here must not follow
        if not self._bye.done():
            self._bye.set_result(None)
        for talk in tuple(self._talks):
            phase = Phase.DOT if talk.is_out else talk.phase
            outcome = talk.refusal or goodbye or classify(phase, None, words)
            self.lost += outcome.state is State.UNCERTAIN and not is_ours
            self._settle(talk, outcome)

    def _tick(self) -> None:
        """The one timer of the line: end it where a reply is late, else look again."""
        self._timer = None
        if not self._expected or self._end is not None:
            return
        # A server may hold back the replies to an envelope until it has the message that came with it.
        patience = self._config.data_timeout if self._out else self._config.command_timeout
        left = self._since + patience - self._loop.time()
        if left <= 0:
            self._lose(f"no reply within {patience:g} seconds")
        else:
            self._timer = self._loop.call_later(min(left, self._config.command_timeout), self._tick)

    def data_received(self, data: bytes) -> None:
        """Replies, whole or in part."""
        if self._end is not None:
            return
        for code, words in self._replies.feed(data):
            self._since = self._loop.time()
            self._answered(code, words)
            if self._end is not None:
                return
        self._pump()

    def eof_received(self) -> None:
        """The server says nothing more, and so neither do we."""
        self._lose("the server closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection broke."""
        self._lose(str(exc or "the server closed the connection"))

    def pause_writing(self) -> None:
        """Too much of ours lies unsent."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """It has been sent."""
        self._is_paused = False
        self._pump()
