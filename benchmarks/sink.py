"""An SMTP server that takes every mail, keeps none and counts: the far end of the benchmarks, as fast as Python allows.

    python benchmarks/sink.py [--port 0] [--no-chunking] [--no-pipelining] [--copies FILE]

Listens on 127.0.0.1 and prints its port on the first line. Each line that it reads is answered by a line of JSON with
the counts so far; at the end of its input, or at SIGTERM, they are printed once more and it ends. A mail counts once it
is here whole, whether or not the client ever hears so. With `--copies` it writes, last of all, how many mails each
recipient got, as JSON. `Running` starts it (or another script that prints its port first) as a process of its own.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOM = 1 << 18  # bytes read at once
LONGEST_COMMAND = 4_096
LARGEST_MAIL = 50_000_000  # bytes; what SIZE says


@dataclass(slots=True)
class Counts:
    """What came in; `errors` are commands that were answered with a 5xx."""

    mails: int = 0
    octets: int = 0  # of the mails, as sent: with the dots that DATA doubles
    connections: int = 0
    most_at_once: int = 0
    errors: int = 0
    copies: Counter[bytes] = field(default_factory=Counter)  # by recipient, where they are kept

    def told(self) -> dict[str, Any]:
        """For JSON, with the CPU seconds of this process."""
        return {
            "mails": self.mails,
            "bytes": self.octets,
            "connections": self.connections,
            "most_at_once": self.most_at_once,
            "errors": self.errors,
            "recipients": len(self.copies),
            "most_copies": max(self.copies.values(), default=0),
            "cpu_seconds": time.process_time(),
        }


class Sink:
    """Listens while it is open; `port` says where, `counts` what came."""

    def __init__(
        self, *, port: int = 0, chunking: bool = True, pipelining: bool = True, keep_copies: bool = False
    ) -> None:
        self.port = port
        self.keep_copies = keep_copies
        self.counts = Counts()
        self.open: set[_Conversation] = set()
        offers = ["sink.invalid", *["PIPELINING"] * pipelining, *["CHUNKING"] * chunking]
        offers += ["8BITMIME", f"SIZE {LARGEST_MAIL}"]
        self.greeting = "".join(f"250{' ' if one is offers[-1] else '-'}{one}\r\n" for one in offers).encode()
        self.takes_chunks = chunking

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Conversation(self), "127.0.0.1", self.port, backlog=1_024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for one in tuple(self.open):
            one.transport.abort()


class _Conversation(asyncio.BufferedProtocol):
    """One connection. All that is in the buffer is gone through before one write answers all of it."""

    transport: asyncio.Transport

    def __init__(self, sink: Sink) -> None:
        self.sink, self.counts = sink, sink.counts
        self.buffer = bytearray(ROOM)
        self.view = memoryview(self.buffer)
        self.held = 0  # bytes at the start of the buffer that wait for the rest of their line
        self.to_skip = 0  # bytes of a BDAT chunk still to come
        self.chunk_is_last = self.chunk_is_wanted = False
        self.in_data = False
        self.size = 0  # of the mail so far
        self.has_sender = False
        self.recipients: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sink.open.add(self)
        self.counts.connections += 1
        self.counts.most_at_once = max(self.counts.most_at_once, len(self.sink.open))
        transport.write(b"220 sink.invalid ESMTP\r\n")

    def connection_lost(self, _error: Exception | None) -> None:
        self.sink.open.discard(self)

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self.view[self.held :]

    def buffer_updated(self, count: int) -> None:
        buffer, at, end = self.buffer, 0, self.held + count
        answers: list[bytes] = []
        while at < end:
            if self.to_skip:
                taken = min(self.to_skip, end - at)
                self.to_skip -= taken
                at += taken
                if not self.to_skip:
                    answers.append(self._chunk_ended())
            elif self.in_data:
                dot = buffer.find(b"\r\n.\r\n", at, end)
                if dot < 0:
                    rest = max(at, end - 4)  # the dot's line may be cut anywhere
                    self.size += rest - at
                    at = rest
                    break
                self.size += dot - at
                at = dot + 5
                self.in_data = False
                answers.append(self._mail_ended())
            else:
                stop = buffer.find(b"\n", at, end)
                if stop < 0:
                    break
                answers.append(self._answer(bytes(self.view[at : stop + 1])))
                # The message may be nothing but its dot: the end of DATA's line is the start of that line.
                at = stop - 1 if self.in_data else stop + 1
        self.held = end - at
        if self.held:
            self.view[: self.held] = self.view[at:end]
        if answers:
            self.transport.write(b"".join(answers))
        if self.held > LONGEST_COMMAND:
            self.transport.close()

    # ---- the mail --------------------------------------------------------------------------------------------------

    def _chunk_ended(self) -> bytes:
        if not self.chunk_is_wanted:
            self._forget()
            return self._wrong(b"503 5.5.1 no recipient\r\n")
        return self._mail_ended() if self.chunk_is_last else b"250 2.0.0 more\r\n"

    def _mail_ended(self) -> bytes:
        self.counts.mails += 1
        self.counts.octets += self.size
        if self.sink.keep_copies:
            self.counts.copies.update(self.recipients)
        self._forget()
        return b"250 2.0.0 taken\r\n"

    def _forget(self) -> None:
        self.size = 0
        self.has_sender = False
        self.recipients = []

    def _wrong(self, answer: bytes) -> bytes:
        self.counts.errors += 1
        return answer

    # ---- commands --------------------------------------------------------------------------------------------------

    def _answer(self, line: bytes) -> bytes:
        known = _COMMANDS.get(line[:4].upper())
        return known(self, line) if known else self._wrong(b"500 5.5.2 what?\r\n")

    def ehlo(self, _line: bytes) -> bytes:
        self._forget()
        return self.sink.greeting

    def helo(self, _line: bytes) -> bytes:
        self._forget()
        return b"250 sink.invalid\r\n"

    def mail(self, _line: bytes) -> bytes:
        if self.has_sender:
            return self._wrong(b"503 5.5.1 one mail at a time\r\n")
        self.has_sender = True
        return b"250 2.1.0 ok\r\n"

    def rcpt(self, line: bytes) -> bytes:
        if not self.has_sender:
            return self._wrong(b"503 5.5.1 who sends it?\r\n")
        self.recipients.append(line[line.find(b"<") + 1 : line.rfind(b">")])
        return b"250 2.1.5 ok\r\n"

    def data(self, _line: bytes) -> bytes:
        if not self.recipients:
            return self._wrong(b"503 5.5.1 no recipient\r\n")
        self.in_data = True
        return b"354 go on\r\n"

    def bdat(self, line: bytes) -> bytes:
        words = line.split()
        if not self.sink.takes_chunks or len(words) < 2 or not words[1].isdigit():
            return self._wrong(b"500 5.5.2 what?\r\n")
        size = int(words[1])
        self.chunk_is_last = words[2:3] == [b"LAST"]
        self.chunk_is_wanted = bool(self.recipients)
        self.size += size
        self.to_skip = size
        return b"" if size else self._chunk_ended()

    def rset(self, _line: bytes) -> bytes:
        self._forget()
        return b"250 2.0.0 ok\r\n"

    def noop(self, _line: bytes) -> bytes:
        return b"250 2.0.0 ok\r\n"

    def quit(self, _line: bytes) -> bytes:
        asyncio.get_running_loop().call_soon(self.transport.close)
        return b"221 2.0.0 bye\r\n"


_COMMANDS = {
    b"EHLO": _Conversation.ehlo,
    b"HELO": _Conversation.helo,
    b"MAIL": _Conversation.mail,
    b"RCPT": _Conversation.rcpt,
    b"DATA": _Conversation.data,
    b"BDAT": _Conversation.bdat,
    b"RSET": _Conversation.rset,
    b"NOOP": _Conversation.noop,
    b"QUIT": _Conversation.quit,
}


# ---- as a process of its own ---------------------------------------------------------------------------------------


class Running:
    """A script of this folder that prints its port first, as a process of its own: `with Running("sink.py") as one`."""

    def __init__(self, script: str, *options: str, core: int | None = None) -> None:
        command = [sys.executable, str(Path(__file__).parent / script), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if core is not None:
            os.sched_setaffinity(self.process.pid, {core})
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline() or sys.exit(f"{script} did not start"))

    def counts(self) -> dict[str, Any]:
        """What a sink has counted so far."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.communicate(timeout=30)  # closes its input, which ends it


async def until_told(answer: str | None = None, counts: Counts | None = None) -> None:
    """Print `answer`, then the counts for each line of input; return at its end or at SIGTERM."""
    loop, end = asyncio.get_running_loop(), asyncio.Event()

    def heard() -> None:
        lines = os.read(sys.stdin.fileno(), 1_024)
        if not lines:
            loop.remove_reader(sys.stdin)
            end.set()
        for _line in range(lines.count(b"\n") if counts else 0):
            print(json.dumps(counts.told() if counts else {}), flush=True)

    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, end.set)
    with suppress(PermissionError):  # a file or the null device as input never ends: only a signal will do
        loop.add_reader(sys.stdin, heard)
    print(answer, flush=True)
    await end.wait()


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--no-chunking", action="store_true", help="offer no CHUNKING, so that mails come as DATA")
    options.add_argument("--no-pipelining", action="store_true", help="offer no PIPELINING")
    options.add_argument("--copies", type=Path, help="file for the copies of each recipient; without it none are kept")
    chosen = options.parse_args()
    async with Sink(
        port=chosen.port,
        chunking=not chosen.no_chunking,
        pipelining=not chosen.no_pipelining,
        keep_copies=chosen.copies is not None,
    ) as sink:
        await until_told(str(sink.port), sink.counts)
    print(json.dumps(sink.counts.told()), flush=True)
    if chosen.copies:
        copies = {address.decode("utf-8", "replace"): number for address, number in sink.counts.copies.items()}
        chosen.copies.write_text(json.dumps(copies))


if __name__ == "__main__":
    asyncio.run(main())
