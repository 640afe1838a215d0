"""A Prefect server of our own on 127.0.0.1: its start and stop around a run.

Never Prefect's ephemeral server: it is slow to start and loses the history of task runs.
"""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flows.environment import HOST as HOST  # noqa: PLC0414 - also known here: it is the server's host
from flows.environment import environment, home
from flows.processes import Child, Held, Holder, exclusive, holder_of
from newsletter.errors import PaperboyError, RunInProgress
from newsletter.settings import ROOT, Settings

START_SECONDS = 120.0  # a first start migrates a database; on a loaded machine that took 20 s
STOP_SECONDS = 15.0

Echo = Callable[[str], None]
"""Takes one short sentence that says what is going on."""


class ServerFailed(PaperboyError):
    """The Prefect server did not start."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers or soon will; `process` is there where this process started it."""

    port: int
    process: Child | None = None

    @property
    def ui(self) -> str:
        """The address of its UI."""
        return f"http://{HOST}:{self.port}"


def logs(settings: Settings) -> Path:
    """Where Prefect's output goes."""
    return settings.data_dir / "logs"


def lock_path(settings: Settings) -> Path:
    """The file that whoever keeps the server holds."""
    return home(settings) / "server.lock"


def answers(port: int) -> bool:
    """Whether a Prefect server answers on the port, healthy."""
    connection = http.client.HTTPConnection(HOST, port, timeout=3)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().read().strip() == b"true"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def port_is_free(port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def start(settings: Settings, port: int) -> Child:
    """Start the server's process; it answers some seconds later."""
    return Child(
        "server",
        (sys.executable, "-m", "flows.guarded"),
        env=environment(settings, port),
        cwd=ROOT,
        log=logs(settings) / "server.log",
    )


def wait_until_healthy(found: Server, echo: Echo, *, stopped: Callable[[], bool] = lambda: False) -> None:
    """Wait for the server's answer, saying so now and then; returns early where `stopped` says so.

    Raises:
        ServerFailed: its process ended, or the time is up.

    """
    begun = time.monotonic()
    said = 0.0
    log = f"; its log is {found.process.log}" if found.process else "; restart `paperboy serve`"
    while not stopped() and not answers(found.port):
        waited = time.monotonic() - begun
        if found.process and not found.process.alive:
            raise ServerFailed(f"the Prefect server ended at once ({found.process.last_words()}){log}")
        if waited > START_SECONDS:
            raise ServerFailed(f"the Prefect server gave no answer in {START_SECONDS:.0f} s{log}")
        if waited - said >= 5:
            said = waited
            echo(f"waiting for the Prefect server ({waited:.0f} s; the first start takes longest)")
        time.sleep(0.2)


@contextmanager
def running_server(settings: Settings, echo: Echo) -> Iterator[Server]:
    """The server of `paperboy serve` where that runs, else one of our own for the block; it may not answer yet.

    Raises:
        RunInProgress: another run has started a server of its own, and needs it to itself.

    """
    try:
        with exclusive(lock_path(settings)) as lock:
            port = settings.prefect_port if port_is_free(settings.prefect_port) else _any_free_port()
            echo("starting the Prefect server")
            child = start(settings, port)
            lock.declare(Holder("run", os.getpid(), port), child.pid)
            try:
                yield Server(port, child)
            finally:
                child.stop(STOP_SECONDS)
    except Held as held:
        yield _server_of(held.holder or holder_of(lock_path(settings)))


def _server_of(holder: Holder | None) -> Server:
    """The server that `paperboy serve` keeps."""
    if holder is None or holder.what != "serve":
        who = f" (process {holder.pid})" if holder else ""
        raise RunInProgress(f"another `paperboy run`{who} is going on; wait until it has ended, then try again")
    return Server(holder.port)


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
