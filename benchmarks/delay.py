"""A wire of any length on 127.0.0.1: a TCP proxy through which every byte takes half of the round trip, each way.

    python benchmarks/delay.py --to PORT --milliseconds 40

Prints its port on the first line and ends at the end of its input or at SIGTERM. What comes in waits in a queue with
its time of release, in order; the bandwidth has no limit. Opening a connection takes half a round trip until the far
end knows of it, so that its greeting is back after one; on a real wire it is one and a half.
"""

import argparse
import asyncio
from collections import deque

from sink import until_told


class _Way:
    """One direction of one connection."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.loop = asyncio.get_running_loop()
        self.waiting: deque[tuple[float, bytes | None]] = deque()  # None: the end
        self.out: asyncio.Transport | None = None
        self.timer: asyncio.TimerHandle | None = None

    def put(self, what: bytes | None) -> None:
        self.waiting.append((self.loop.time() + self.seconds, what))
        if self.timer is None:
            self.timer = self.loop.call_at(self.waiting[0][0], self.release)

    def release(self) -> None:
        """Let go of all that is due by now."""
        self.timer = None
        if self.out is None:
            return  # called again once the far end is there
        due, now, ended = [], self.loop.time(), False
        while self.waiting and self.waiting[0][0] <= now:
            what = self.waiting.popleft()[1]
            ended = ended or what is None
            due.append(what or b"")
        if due:
            self.out.write(b"".join(due))
        if ended:
            self.out.close()
        elif self.waiting:
            self.timer = self.loop.call_at(self.waiting[0][0], self.release)


class _End(asyncio.Protocol):
    """One side of a connection: what it hears goes into `onward`, what it says comes out of `back`."""

    def __init__(self, onward: _Way, back: _Way) -> None:
        self.onward, self.back = onward, back

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=1 << 30)
        self.back.out = transport
        self.back.release()

    def data_received(self, data: bytes) -> None:
        self.onward.put(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self.onward.put(None)


class _Near(_End):
    """The client's side; the far one is opened once the news of it has crossed the wire."""

    def __init__(self, port: int, seconds: float) -> None:
        super().__init__(_Way(seconds), _Way(seconds))
        self.port, self.seconds = port, seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.task = asyncio.get_running_loop().create_task(self.reach())

    async def reach(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.seconds)
        try:
            await loop.create_connection(lambda: _End(self.back, self.onward), "127.0.0.1", self.port)
        except OSError:
            self.back.put(None)


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--to", type=int, required=True, help="the port behind the wire, on 127.0.0.1")
    options.add_argument("--milliseconds", type=float, default=40, help="round trip")
    chosen = options.parse_args()
    loop, seconds = asyncio.get_running_loop(), chosen.milliseconds / 2_000
    server = await loop.create_server(lambda: _Near(chosen.to, seconds), "127.0.0.1", chosen.port, backlog=1_024)
    await until_told(str(server.sockets[0].getsockname()[1]))
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
