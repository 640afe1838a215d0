"""`paperboy serve`: server, UI, work pool, deployment, worker and readers' site with one command, stopped together.

What dies is started again; what a power cut left behind is swept; nothing listens beyond 127.0.0.1.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Self

from sqlalchemy.exc import DBAPIError

from flows import server
from flows.environment import HOST, environment
from flows.processes import Child, Held, Holder, Lock, exclusive, is_alive
from flows.server import Echo, ServerFailed
from newsletter.errors import PaperboyError
from newsletter.settings import ROOT, Settings

SETTLE_SECONDS = 30.0  # what a run that is going on gets to settle what it is sending
WORKER_STOP_SECONDS = 10.0
PREPARE_SECONDS = 120.0
_SETTLED = 60.0  # who has lived this long is well: its next death starts the delays anew
_LONGEST_DELAY = 60.0


class ServeFailed(PaperboyError):
    """`paperboy serve` cannot start; the sentence says why."""


@dataclass(slots=True)
class Kept:
    """A child that is started again when it dies, later each time until it has settled."""

    start: Callable[[], Child]
    child: Child
    born: float = field(default_factory=time.monotonic)
    deaths: int = 0
    died_at: float | None = None
    again_at: float | None = None

    def tend(self, echo: Echo) -> bool:
        """Look after the child once; True when it was started again."""
        now = time.monotonic()
        if self.again_at is not None:
            if now < self.again_at:
                return False
            self.child, self.born, self.again_at, self.died_at = self.start(), now, None, None
            return True
        if not self.child.alive:
            self.died_at = self.died_at or now
            if self.child.lingers and now - self.died_at < SETTLE_SECONDS:
                return False  # the run that a dead worker leaves was told to end with it: it settles what it is sending
            self.child.stop(0)  # what it left in its group
            self.deaths = 1 if now - self.born > _SETTLED else self.deaths + 1
            delay = min(2.0 ** (self.deaths - 1), _LONGEST_DELAY)
            code = self.child.process.returncode
            echo(f"the {self.child.name} ended ({code}); starting it again in {delay:.0f} s, see {self.child.log}")
            self.again_at = now + delay
        return False


def serve(settings: Settings, *, echo: Echo) -> None:
    """Run everything until Ctrl-C or SIGTERM.

    Raises:
        ServeFailed: it runs already, a run is going on, or the port is taken.
        ServerFailed: the Prefect server did not start.

    """
    stopped = _Stop()
    try:
        with stopped, exclusive(server.lock_path(settings)) as lock:
            _serve(settings, lock, stopped, echo)
    except Held as held:
        raise ServeFailed(_who_holds(held.holder)) from held


class _Stop:
    """Ctrl-C and SIGTERM, remembered from the first moment until everything is stopped."""

    def __init__(self) -> None:
        self.asked = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1


def _serve(settings: Settings, lock: Lock, stop: _Stop, echo: Echo) -> None:
    port = settings.prefect_port
    _check_ports(settings)
    echo("starting the Prefect server")
    keeper = Kept(lambda: server.start(settings, port), server.start(settings, port))
    kept = [keeper]

    def declare() -> None:
        lock.declare(Holder("serve", os.getpid(), port), *(one.child.pid for one in kept))

    declare()
    try:
        server.wait_until_healthy(server.Server(port, keeper.child), echo, stopped=lambda: stop.asked > 0)
        for said in _prepare(settings, stop):
            echo(said)
        if not stop.asked:
            kept.append(Kept(lambda: _start_worker(settings), _start_worker(settings)))
            if settings.site_port:
                kept.append(Kept(lambda: _start_site(settings), _start_site(settings)))
            declare()
            for line in on_screen(settings):
                echo(line)
        while not stop.asked:
            started_again = [one for one in kept if one.tend(echo)]
            if started_again:
                declare()
            time.sleep(0.3)
        echo("stopping")
        _let_a_run_settle(settings, kept, stop, echo)
    finally:
        for one in reversed(kept):
            one.child.stop(WORKER_STOP_SECONDS if one is not keeper else server.STOP_SECONDS)
    echo("stopped")


def _check_ports(settings: Settings) -> None:
    wanted = ((settings.prefect_port, "PAPERBOY_PREFECT_PORT"), (settings.site_port, "PAPERBOY_SITE_PORT"))
    for port, name in wanted:
        if port and not server.port_is_free(port):
            raise ServeFailed(f"port {port} is taken by another program; end it, or set {name}")
    if settings.prefect_port == settings.site_port:
        raise ServeFailed("PAPERBOY_PREFECT_PORT and PAPERBOY_SITE_PORT are the same; set one of them to another")


def _prepare(settings: Settings, stop: _Stop) -> list[str]:
    """Sweep, pool, automation; then the deployments of prefect.yaml. Returns what is worth saying."""
    said = _finish(settings, "prepare", (sys.executable, "-m", "flows.sweep"), stop)
    # A mailbox that nobody named needs no runs every five minutes.
    which = ("--all",) if settings.inbox_address else ("--name", "hourly")
    _finish(settings, "deploy", (sys.executable, "-m", "prefect", "--no-prompt", "deploy", *which), stop)
    return [line for line in said.splitlines() if line.strip()]


def _finish(settings: Settings, name: str, command: tuple[str, ...], stop: _Stop) -> str:
    log = server.logs(settings) / f"{name}.log"
    log.unlink(missing_ok=True)
    child = Child(name, command, env=environment(settings), cwd=ROOT, log=log)
    give_up = time.monotonic() + PREPARE_SECONDS
    while child.alive and not stop.asked and time.monotonic() < give_up:
        time.sleep(0.1)
    if stop.asked or child.alive:
        child.stop(5)
    if not stop.asked and child.process.returncode != 0:
        raise ServerFailed(f"{name} failed ({child.last_words()}); its log is {log}")
    return log.read_text("utf-8", "replace")


def _start_worker(settings: Settings) -> Child:
    return Child(
        "worker",
        (sys.executable, "-m", "prefect", "worker", "start", "--pool", "paperboy", "--name", "paperboy"),
        env=environment(settings),
        cwd=ROOT,
        log=server.logs(settings) / "worker.log",
    )


def _start_site(settings: Settings) -> Child:
    return Child(
        "site",
        (sys.executable, "-m", "flows.site"),
        env=environment(settings),
        cwd=ROOT,
        log=server.logs(settings) / "site.log",
    )


def _let_a_run_settle(settings: Settings, kept: Sequence[Kept], stop: _Stop, echo: Echo) -> None:
    """Have the worker's run begin no more mail, and wait for the answers that are outstanding and for its report.

    The run is told by us and first: a worker that ends kills its run within a second, and a mail cut off between its
    last byte and the server's answer stays uncertain until somebody decides.
    """
    workers = [one.child for one in kept[1:]]
    give_up = time.monotonic() + SETTLE_SECONDS
    told: set[int] = set()
    while stop.asked < 2 and time.monotonic() < give_up:
        pid = _process_of_the_run(settings)
        if pid is not None and not told:
            echo(f"a run is going on and has up to {SETTLE_SECONDS:.0f} s to settle (Ctrl-C again: stop it now)")
        if pid is None and not any(map(is_alive, told)):
            return
        if pid is not None and pid not in told:
            told.add(pid)
            for worker in workers:
                worker.ask_member(pid)
        time.sleep(0.3)


def _process_of_the_run(settings: Settings) -> int | None:
    """The process on this host that holds the lease of the run; None where none lives, or the database cannot say."""
    from newsletter.database import Database  # noqa: PLC0415 - late: not needed to serve
    from newsletter.queries import runs  # noqa: PLC0415

    database = Database(settings.url)
    try:
        with database.begin() as tx:
            held = runs.holder(tx, "run")
    except DBAPIError:
        return None
    finally:
        database.close()
    here = held is not None and held.host == socket.gethostname() and is_alive(held.pid)
    return held.pid if held is not None and here else None


def on_screen(settings: Settings) -> list[str]:
    """What is shown when all of it runs."""
    site = f"http://{HOST}:{settings.site_port}" if settings.site_port else "not here (PAPERBOY_SITE_PORT is 0)"
    return [
        "Paperboy is serving.",
        f"  readers' site          {site}",
        f"  watch and start runs   http://{HOST}:{settings.prefect_port}",
        "  schedule               daily-digest/hourly, five past each hour (pause it in the UI; the pause holds)",
        *(["  mail from readers      inbox/inbox, every five minutes"] if settings.inbox_address else []),
        f"  logs                   {server.logs(settings)}",
        "  stop                   Ctrl-C",
    ]


def _who_holds(holder: Holder | None) -> str:
    if holder is None:
        return "another Paperboy process is just starting; try again in a moment"
    if holder.what == "serve":
        ui = f"http://{HOST}:{holder.port}"
        return f"`paperboy serve` runs already (process {holder.pid}, {ui}); stop it first, or use it"
    return f"a run is going on (process {holder.pid}); wait until it has ended, then try again"
