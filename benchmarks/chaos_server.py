"""The fault server of `benchmarks/chaos.py`: misbehaves as told, kills whom it serves, and counts what it holds.

It speaks SMTP with pipelining and BDAT, one port for each slot in which the driver may start a command, and takes its
orders as lines of JSON on standard input. A copy counts once the server has the message whole and has not refused it,
whether or not anybody hears so.
"""

import asyncio
import base64
import json
import re
import sys
import time
from collections.abc import Callable

from benchmarks.chaos_count import SIGNALS, Oracle
from benchmarks.chaos_plan import SLOTS, Fault

_ADDRESS = re.compile(r"(?:FROM|TO):<([^>]*)>", re.IGNORECASE)


class Session(asyncio.Protocol):
    """One connection; pipelined commands are answered in turn."""

    transport: asyncio.Transport

    def __init__(self, oracle: Oracle, slot: int) -> None:
        self.oracle, self.slot = oracle, slot
        self.buffer = bytearray()
        self.message: bytearray | None = None  # while one comes in
        self.left = 0  # bytes of a chunk that are to come
        self.is_last = self.began = self.blocked = self.closed = False
        self.refusing: str | None = None  # what a chunk will be answered, once it is swallowed
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.named: str | None = None  # the last recipient named, taken or not
        self.mails = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.oracle.sessions.add(self)
        self.oracle.connections += 1
        self.number = self.oracle.connections
        self.step("connect", "220 chaos.invalid ESMTP")

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed = True
        self.oracle.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        self.oracle.heard = time.monotonic()
        self.buffer += data
        self.work()

    def work(self) -> None:
        """Go on as far as what has come allows."""
        while not (self.blocked or self.closed):
            if self.left:
                if not self._swallow():
                    return
            elif self.message is not None:
                if not self._read_message():
                    return
            else:
                line, found, rest = self.buffer.partition(b"\r\n")
                if not found:
                    return
                self.buffer = rest
                self._obey(line.decode("utf-8", "replace"))

    def _obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        act: Callable[[str], None] | None = getattr(self, f"on_{verb.lower()}", None)
        if act is None:
            self.say("500 5.5.2 what?")
        else:
            act(rest)

    # ---- commands --------------------------------------------------------------------------------------------------

    def on_ehlo(self, _rest: str) -> None:
        lines = ["chaos.invalid", "SIZE 10000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", *self.oracle.offers]
        self.step("ehlo", "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines))

    def on_helo(self, _rest: str) -> None:
        self.say("250 chaos.invalid")

    def on_mail(self, rest: str) -> None:
        found = _ADDRESS.match(rest)
        self.forget_mail()
        if found and self.step("mail", "250 2.1.0 ok"):
            self.sender = found[1]

    def on_rcpt(self, rest: str) -> None:
        found = _ADDRESS.match(rest)
        if found is None or self.sender is None:
            self.say("503 5.5.1 MAIL first")
            return
        self.named = found[1]
        if self.step("rcpt", "250 2.1.5 ok"):
            self.recipients.append(found[1])

    def on_data(self, _rest: str) -> None:
        if not self.recipients and not self.oracle.eager:
            self.say("503 5.5.1 RCPT first")
        elif self.step("data", "354 go on"):
            self.message, self.began = bytearray(b"\r\n"), False

    def on_bdat(self, rest: str) -> None:
        size, _, last = rest.partition(" ")
        self.left, self.is_last = int(size), last.strip().upper() == "LAST"
        if self.message is None:
            self.message, self.began, self.refusing = bytearray(), False, None
            if not self.recipients:
                self.refusing = "503 5.5.1 RCPT first"
            else:
                self.step("data", "", chunk=True)
        if not self.left and not self.blocked:
            self._chunk_done()

    def on_rset(self, _rest: str) -> None:
        self.forget_mail()
        self.step("rset", "250 2.0.0 ok")

    def on_noop(self, _rest: str) -> None:
        self.say("250 2.0.0 ok")

    def on_quit(self, _rest: str) -> None:
        if self.step("quit", "221 2.0.0 bye"):
            self.transport.close()

    def forget_mail(self) -> None:
        self.sender, self.recipients, self.named = None, [], None

    # ---- the message -----------------------------------------------------------------------------------------------

    def _read_message(self) -> bool:
        """After DATA; whether there is more to do."""
        assert self.message is not None
        if not self.buffer or not self._is_begun():
            return False
        seen = max(0, len(self.message) - 4)
        self.message += self.buffer
        self.buffer = bytearray()
        end = self.message.find(b"\r\n.\r\n", seen)
        if end < 0:
            return False
        content, self.buffer = bytes(self.message[2 : end + 2]), self.message[end + 5 :]
        self.message = None
        self._finish(content.replace(b"\r\n..", b"\r\n."))
        return True

    def _swallow(self) -> bool:
        """After BDAT; whether there is more to do."""
        assert self.message is not None
        if not self.buffer or not self._is_begun():
            return False
        taken = self.buffer[: self.left]
        del self.buffer[: self.left]
        self.message += taken
        self.left -= len(taken)
        if self.left:
            return False
        self._chunk_done()
        return True

    def _chunk_done(self) -> None:
        content, refusing = self.message, self.refusing
        assert content is not None
        if refusing is not None:
            self.message = None
            self.say(refusing)
            if refusing.startswith("421"):
                self.transport.close()
        elif self.is_last:
            self.message = None
            self._finish(bytes(content))
        else:
            self.say("250 2.0.0 more")

    def _is_begun(self) -> bool:
        """The first bytes of a message: the moment `body`."""
        if not self.began:
            self.began = True
            self.step("body", "", hangs_up=True)
        return not (self.blocked or self.closed)

    def _finish(self, content: bytes) -> None:
        """The message is whole: the moment `dot`, before its reply, and `after`, when the reply is written."""
        fault = self.oracle.fault("dot", self)
        refuses = fault is not None and fault.do in {"refuse", "throttle"}
        usual = "250 2.0.0 taken"
        if not self.recipients:
            usual, refuses = "554 5.5.1 no valid recipients", True
        if not refuses and (fault is None or fault.held):
            self.oracle.take(self, content)
        self.mails += 1
        if refuses and fault is not None:
            self._refused(fault.reply)
        self.answer(fault, usual)
        self.forget_mail()
        if not self.closed:
            after = self.oracle.fault("after", self)
            if after is not None:
                self.answer(after, "")

    # ---- answers ---------------------------------------------------------------------------------------------------

    def step(self, at: str, usual: str, *, chunk: bool = False, hangs_up: bool = False) -> bool:
        """The usual answer, or what the plan says; whether the conversation goes on as the client wished."""
        fault = self.oracle.fault(at, self)
        if fault is not None and fault.do in {"refuse", "throttle"}:
            self._refused(fault.reply)
            if chunk:  # its bytes are on their way and must be swallowed first
                self.refusing = fault.reply
                return False
            if hangs_up:
                self.say(fault.reply)
                self.transport.close()
                self.closed = True
                return False
        return self.answer(fault, usual)

    def _refused(self, reply: str) -> None:
        if self.named is not None and reply.startswith("5"):
            self.oracle.refused.add(self.named)

    def answer(self, fault: Fault | None, usual: str) -> bool:
        """Say what is to be said; whether the step went as the client wished."""
        if fault is None:
            self.say(usual)
            return True
        if fault.do in {"drop", "close", *SIGNALS}:
            self.closed = True
            self.transport.abort()
            return False
        if fault.do == "stall":
            self.blocked = True
            self.oracle.stalls += 1
            return False
        if fault.do == "late":
            self.blocked = True
            asyncio.get_running_loop().call_later(fault.delay, self._late, usual)
            return True
        if fault.do == "gibberish":
            return self._babble(fault.reply, usual)
        self.say(fault.reply)
        if fault.reply.startswith("421"):
            self.closed = True
            self.transport.close()
        return False

    def _babble(self, reply: str, usual: str) -> bool:
        if reply == "twice":
            self.say(usual)
            self.say(usual)
            return True
        if reply == "half":
            self.transport.write(usual.encode()[:2])
            self.closed = True
            self.transport.close()
            return False
        self.transport.write(base64.b64decode(reply))
        return False

    def _late(self, usual: str) -> None:
        self.blocked = False
        if not self.closed:
            self.say(usual)
            self.work()

    def say(self, reply: str) -> None:
        if reply and not self.transport.is_closing():
            self.transport.write(reply.encode() + b"\r\n")


async def main() -> None:
    """Listen on one port for each slot, say which, and obey until standard input ends."""
    loop = asyncio.get_running_loop()
    oracle = Oracle()
    servers = [
        await loop.create_server(lambda slot=slot: Session(oracle, slot), "127.0.0.1", 0)  # type: ignore[misc]
        for slot in range(SLOTS)
    ]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    orders = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        told = getattr(oracle, order.pop("do"))(**order)
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
