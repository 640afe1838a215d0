"""What sending a mail costs, plain and fast, with one and eight connections, near and 40 ms away, beside two peers.

CPU seconds are those of the sending process alone. The peers are postfix's smtp-source (in C, command by command: what
plain SMTP can cost at best) and nodemailer's pool; null where they are not installed. All send to the same `sink.py`,
on another core where there is one, over the same `delay.py`. The mails are real: the 50 largest digests
that our renderer makes of a day for 400 readers, sent again and again, each to a recipient of its own; nodemailer gets
the same bytes, smtp-source the first of them every time.

Every connection is open and warm before the clock starts; smtp-source cannot do that, so its figures hold the opening.
Each point is measured some rounds, the senders taking turns: the highest rate and the lowest CPU are kept. Over 40 ms
few mails are sent, so only their rates say much. `sink_cpu` is the sink's share of its core in the fastest round: near
1 the sink is what holds a sender up. `sink_ceiling` is how many mails a second it would take with all of its core, as
that sender hands them over. It fails where the sink counts other than what was sent.
"""

import argparse
import asyncio
import gc
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from build import prepared, render
from compose import DATA
from sink import Running

from newsletter.mail import mime
from newsletter.mail.line import SmtpConfig
from newsletter.mail.rendering import Renderer
from newsletter.mail.smtp import Smtp
from newsletter.mail.transport import Parcel, Transport
from newsletter.models import State

SENDER = "papers@example.org"
FAR = 40  # milliseconds there and back
CONNECTIONS = (1, 8)
MANY = 1_000_000  # mails over one connection: it is never replaced, as nodemailer's is not
PATIENCE = 120  # seconds for one point
MAILS = {
    "plain": (1_000, 12),
    "fast": (6_000, 300),
    "fast_without_chunking": (2_000, 40),
    "smtp_source": (2_000, 16),
    "nodemailer": (1_000, 20),
}
"""How many near, and per connection far away: what each sends in a second or two."""


@dataclass(frozen=True)
class Run:
    """One round of one point."""

    rate: float
    cpu: float  # seconds per 1,000 mails
    sink_cpu: float


@dataclass(frozen=True)
class Place:
    """Where to send, and what to send there."""

    sink: Running
    port: int  # the sink's own, or that of the wire before it
    far: bool
    connections: int
    contents: tuple[bytes, ...]
    folder: Path  # the same mails as files

    def warm(self, at_once: int) -> int:
        """How many mails go ahead: near enough for a just-in-time compiler to be done, far one in each place."""
        return at_once if self.far else 500

    def parcels(self, count: int, prefix: str) -> Iterator[Parcel]:
        for number in range(count):
            content = self.contents[number % len(self.contents)]
            key = f"{prefix}{number}"
            yield Parcel(key, SENDER, f"{key}@example.com", content, date(2025, 12, 1), key)


class Clock:
    """Measures from its making to `stop`, with the sink's own CPU and its count."""

    def __init__(self, place: Place) -> None:
        self.sink, self.before = place.sink, place.sink.counts()
        self.started = time.perf_counter()

    def stop(self, name: str, mails: int, cpu: float, seconds: float | None = None) -> Run:
        seconds = seconds or time.perf_counter() - self.started
        counts = self.sink.counts()
        taken, errors = counts["mails"] - self.before["mails"], counts["errors"] - self.before["errors"]
        if taken != mails or errors:
            sys.exit(f"{name} sent {mails} mails, the sink counted {taken} and refused {errors} commands")
        return Run(mails / seconds, cpu * 1_000 / mails, (counts["cpu_seconds"] - self.before["cpu_seconds"]) / seconds)


# ---- our own -------------------------------------------------------------------------------------------------------


async def deliver(transport: Transport, parcels: Iterator[Parcel]) -> None:
    """As many workers as the transport has room for."""

    async def work() -> None:
        for parcel in parcels:
            outcome = await transport.send(parcel)
            if outcome.state is not State.ACCEPTED:
                sys.exit(f"a mail was not accepted: {outcome}")

    await asyncio.gather(*(work() for _each in range(transport.capacity)))


def ours(name: str, place: Place, mails: int) -> Run:
    async def run() -> Run:
        config = SmtpConfig(
            "127.0.0.1",
            place.port,
            security="none",
            connections=place.connections,
            local_hostname="client.invalid",
            mails_per_connection=MANY,
            pipelining=name != "plain",
        )
        async with Smtp(config) as transport:
            await deliver(transport, place.parcels(place.warm(transport.capacity), "warm"))
            clock, started = Clock(place), time.process_time()
            await deliver(transport, place.parcels(mails, "reader"))
            return clock.stop(name, mails, time.process_time() - started)

    return asyncio.run(asyncio.wait_for(run(), PATIENCE))


# ---- peers ---------------------------------------------------------------------------------------------------------


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def smtp_source(program: str) -> Callable[[str, Place, int], Run]:
    def run(name: str, place: Place, mails: int) -> Run:
        clock, before = Clock(place), children_cpu()
        subprocess.run(
            [
                *(program, "-4", "-d", "-s", str(place.connections), "-m", str(mails), "-M", "client.invalid"),
                *("-F", str(place.folder / "lines.txt"), "-f", SENDER, "-t", "reader@example.com"),
                f"127.0.0.1:{place.port}",
            ],
            check=True,
            timeout=PATIENCE,
        )
        return clock.stop(name, mails, children_cpu() - before)

    return run


def nodemailer(program: str, told: dict[str, str]) -> Callable[[str, Place, int], Run]:
    """`told` learns its versions."""
    script = str(Path(__file__).parent / "peers" / "nodemailer.js")

    def run(name: str, place: Place, mails: int) -> Run:
        words = map(
            str, (place.port, place.connections, mails, place.warm(place.connections * 2), place.folder, SENDER)
        )
        with subprocess.Popen(
            [program, script, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            patience = threading.Timer(PATIENCE, process.kill)
            patience.daemon = True
            patience.start()
            if process.stdout.readline() != "ready\n":
                sys.exit("nodemailer did not get ready")
            clock = Clock(place)
            process.stdin.write("go\n")
            process.stdin.flush()
            figures = json.loads(process.stdout.readline() or sys.exit("nodemailer failed"))
            run = clock.stop(name, mails, figures["cpu_seconds"], figures["seconds"])
            patience.cancel()
        told.update(nodemailer=figures["version"], node=figures["node"])
        return run

    return run


def peers(folder: Path | None, told: dict[str, str]) -> dict[str, Callable[[str, Place, int], Run]]:
    """Those that are installed."""
    found: dict[str, Callable[[str, Place, int], Run]] = {}
    program = shutil.which("smtp-source", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    if program:
        found["smtp_source"] = smtp_source(program)
    if folder:
        os.environ["NODE_PATH"] = str(folder.resolve() / "node_modules")
        if not Path(os.environ["NODE_PATH"], "nodemailer").is_dir():
            sys.exit(f"{folder} has no nodemailer in node_modules; run npm install nodemailer there")
    node = shutil.which("node")
    if node and not subprocess.run([node, "-e", "require('nodemailer')"], check=False, capture_output=True).returncode:
        found["nodemailer"] = nodemailer(node, told)
    return found


# ---- all of it -----------------------------------------------------------------------------------------------------


def rendered(data: Path, count: int) -> tuple[bytes, ...]:
    """The largest mails of a day, as it makes them for eight times as many readers."""
    papers, readers, _matched, _real = prepared(data, 2_000, count * 8)
    renderer = Renderer(papers, list_name="Paperboy", postal_address="1 Example Street")
    mails = [mime.join(render(renderer, one), one.envelope) for one in readers]
    return tuple(sorted(mails, key=len, reverse=True)[:count])


def round_trip(port: int) -> float:
    """Milliseconds from a NOOP to its answer, as they are."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.recv(4_096)
        trips = []
        for _each in range(5):
            started = time.perf_counter()
            one.sendall(b"NOOP\r\n")
            one.recv(4_096)
            trips.append(time.perf_counter() - started)
    return round(min(trips) * 1_000, 2)


def cores() -> int | None:
    """The core for the sink and the wire, after this process took another; None where there is no choice."""
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        return None
    first, *_others, last = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {last})  # the peers inherit it
    return first


def write(contents: Sequence[bytes], folder: Path) -> None:
    """For the peers: the mails as they are, and one with the line ends that smtp-source wants."""
    for number, content in enumerate(contents):
        (folder / f"{number:04d}.eml").write_bytes(content)
    (folder / "lines.txt").write_bytes(contents[0].replace(b"\r\n", b"\n"))


def points(runs: dict[tuple[str, int, int], list[Run]], value: Callable[[list[Run]], float]) -> dict[str, Any]:
    """By sender, connections and distance."""
    table: dict[str, Any] = {}
    for (name, connections, distance), measured in runs.items():
        table.setdefault(name, {}).setdefault(str(connections), {})[f"{distance}ms"] = value(measured)
    return table


def summary(runs: dict[tuple[str, int, int], list[Run]]) -> dict[str, Any]:
    best = points(runs, lambda some: round(max(one.rate for one in some), 1))
    cpu = points(runs, lambda some: round(min(one.cpu for one in some), 4))
    shares = points(runs, lambda some: round(max(some, key=lambda one: one.rate).sink_cpu, 2))
    ceilings = points(runs, lambda some: round(max(one.rate / one.sink_cpu for one in some)))
    figures: dict[str, Any] = dict.fromkeys(MAILS)
    for name, by_connections in best.items():
        figures[name] = {
            connections: {
                distance: {"mails_per_second": rate, "cpu_seconds_per_1000": cpu[name][connections][distance]}
                for distance, rate in by_distance.items()
            }
            for connections, by_distance in by_connections.items()
        }
    ratios = None
    if "fast" in cpu and "nodemailer" in cpu:
        ratios = {one: round(cpu["fast"][one]["0ms"] / cpu["nodemailer"][one]["0ms"], 3) for one in cpu["fast"]}
    figures["cpu_of_nodemailer"] = max(ratios.values()) if ratios else None
    figures["cpu_of_nodemailer_by_connections"] = ratios
    figures["speedup_at_40ms_per_connection"] = (
        round(best["fast"]["1"]["40ms"] / best["plain"]["1"]["40ms"], 1) if {"fast", "plain"} <= set(best) else None
    )
    figures["sink_cpu"] = shares
    figures["sink_ceiling"] = {
        name: {connections: by_distance["0ms"] for connections, by_distance in table.items()}
        for name, table in ceilings.items()
    }
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--data", type=Path, default=DATA, help="folder of the captures (default: beside the checkout)"
    )
    options.add_argument("--nodemailer", type=Path, help="folder with nodemailer in node_modules (default: NODE_PATH)")
    options.add_argument("--only", nargs="+", choices=list(MAILS), default=list(MAILS), help="these senders")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--mails", type=int, default=50, help="how many different ones")
    chosen = options.parse_args()
    told: dict[str, str] = {}
    senders = dict.fromkeys(("plain", "fast", "fast_without_chunking"), ours) | peers(chosen.nodemailer, told)
    senders = {name: send for name, send in senders.items() if name in chosen.only}
    contents = rendered(chosen.data, chosen.mails)
    core = cores()
    gc.collect()
    gc.freeze()  # papers and background are of no more use, and are not searched again and again
    runs: dict[tuple[str, int, int], list[Run]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Running("sink.py", core=core) as whole,
        Running("sink.py", "--no-chunking", core=core) as without,
        Running("delay.py", "--to", str(whole.port), "--milliseconds", str(FAR), core=core) as far,
        Running("delay.py", "--to", str(without.port), "--milliseconds", str(FAR), core=core) as far_without,
    ):
        write(contents, Path(folder))
        trips = {"0ms": round_trip(whole.port), f"{FAR}ms": round_trip(far.port)}
        for _round, connections, is_far, name in product(range(chosen.rounds), CONNECTIONS, (False, True), senders):
            sink, wire = (without, far_without) if name == "fast_without_chunking" else (whole, far)
            port = wire.port if is_far else sink.port
            place = Place(sink, port, is_far, connections, contents, Path(folder))
            mails = MAILS[name][1] * connections if is_far else MAILS[name][0]
            run = senders[name](name, place, mails)
            runs.setdefault((name, connections, FAR if is_far else 0), []).append(run)
    figures = summary(runs) | {
        "bytes_per_mail": sum(map(len, contents)) // len(contents),
        "different_mails": len(contents),
        "measured_round_trips": trips,
        "pinned": core is not None,
        "versions": told,
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
