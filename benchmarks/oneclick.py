"""One-click POSTs (RFC 8058) as mailbox providers send them, each to another reader's link: the load of site.py.

    python benchmarks/oneclick.py PORT PATHS ANSWERS [--connections 32] [--rate 0] [--seconds 5]

PATHS has one path a line. With `--rate` they are begun at that pace whether or not the answers keep up, and a latency
counts from when its request was due; without it each connection asks again as soon as it was answered. ANSWERS gets a
line for each that was begun: its path, the status (0: none came), its milliseconds, and when it ended. The figures are
one JSON object on the last line.
"""

import argparse
import asyncio
import json
import math
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BODY = b"List-Unsubscribe=One-Click"
PATIENCE = 20.0  # seconds that answers may take after the last request


@dataclass(slots=True)
class Asked:
    """One request."""

    path: str
    due: float
    status: int = 0
    ended: float = 0.0


class _Line(asyncio.Protocol):
    """One connection, kept open; one request at a time."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.asked: Asked | None = None
        self.heard = b""
        self.to_come = -1  # bytes of the body still to come; -1: in the head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, asked: Asked) -> None:
        self.asked = asked
        head = (
            f"POST {asked.path} HTTP/1.1\r\nHost: papers.example.org\r\nContent-Length: {len(BODY)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        self.transport.write(head.encode() + BODY)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if self.to_come < 0:
            end = self.heard.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.heard[:end].lower()
            assert self.asked is not None
            self.asked.status = int(head[9:12])
            at = head.find(b"content-length:")
            self.to_come = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else end + 4
        if len(self.heard) >= self.to_come:
            self.heard, self.to_come = b"", -1
            asked, self.asked = self.asked, None
            assert asked is not None
            asked.ended = time.perf_counter()
            self.load.free(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self.load.lost(self)


class Load:
    """All connections, and who waits for one."""

    def __init__(self, paths: Iterator[str], *, until: float, paced: bool) -> None:
        self.paths, self.until, self.paced = paths, until, paced
        self.all: list[Asked] = []
        self.waiting: deque[Asked] = deque()
        self.idle: list[_Line] = []
        self.busy = 0
        self.done = asyncio.Event()

    def begin(self, due: float) -> None:
        """One more request, now or as soon as a connection is free."""
        path = next(self.paths, None)
        if path is None:
            return
        asked = Asked(path, due)
        self.all.append(asked)
        if self.idle:
            self._on(self.idle.pop(), asked)
        else:
            self.waiting.append(asked)

    def _on(self, line: _Line, asked: Asked) -> None:
        self.busy += 1
        line.ask(asked)

    def free(self, line: _Line) -> None:
        """A connection has its answer."""
        self.busy -= 1
        if self.waiting:
            self._on(line, self.waiting.popleft())
            return
        self.idle.append(line)
        now = time.perf_counter()
        if not self.paced and now < self.until:
            self.begin(now)
        if not self.busy:
            self.done.set()

    def lost(self, line: _Line) -> None:
        """A connection is gone, with its request or without."""
        if line.asked is not None:
            self.busy -= 1
        elif line in self.idle:
            self.idle.remove(line)
        if not self.busy:
            self.done.set()


async def run(port: int, paths: Sequence[str], connections: int, rate: float, seconds: float) -> list[Asked]:
    """Ask, and wait for the answers."""
    loop = asyncio.get_running_loop()
    load = Load(iter(paths), until=math.inf, paced=rate > 0)
    lines = [(await loop.create_connection(lambda: _Line(load), "127.0.0.1", port))[1] for _ in range(connections)]
    load.idle = list(lines)
    started = time.perf_counter()
    load.until = started + seconds
    if rate:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            load.begin(due)
    else:
        for _line in lines:
            load.begin(started)
    load.done.clear()
    if load.busy:
        with suppress(TimeoutError):
            await asyncio.wait_for(load.done.wait(), seconds + PATIENCE)
    return load.all


def told(asked: Sequence[Asked]) -> dict[str, float]:
    """Answers a second, and the latencies in milliseconds."""
    answered = [one for one in asked if one.status == 200]
    late = sorted(1_000 * (one.ended - one.due) for one in answered)
    if not late:
        return {"asked": len(asked), "answered": 0}
    span = max(one.ended for one in answered) - min(one.due for one in answered)
    return {
        "asked": len(asked),
        "answered": len(answered),
        "per_second": round(len(answered) / span, 1),
        "p50_ms": round(late[len(late) // 2], 1),
        "p99_ms": round(late[math.ceil(0.99 * len(late)) - 1], 1),
        "longest_ms": round(late[-1], 1),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("port", type=int)
    options.add_argument("paths", type=Path)
    options.add_argument("answers", type=Path)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--rate", type=float, default=0, help="requests begun a second; 0: as fast as answers come")
    options.add_argument("--seconds", type=float, default=5)
    chosen = options.parse_args()
    paths = chosen.paths.read_text().split()
    asked = asyncio.run(run(chosen.port, paths, chosen.connections, chosen.rate, chosen.seconds))
    offset = time.time() - time.perf_counter()
    chosen.answers.write_text(
        "".join(
            f"{one.path} {one.status} {1_000 * (one.ended - one.due):.1f} {one.ended + offset:.3f}\n" for one in asked
        )
    )
    print(json.dumps(told(asked)))


if __name__ == "__main__":
    main()
