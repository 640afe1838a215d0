"""A Prefect server of our own on 127.0.0.1: its environment, and its start and stop around a run.

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

from flows.processes import Child, Held, Holder, exclusive, holder_of
from newsletter.errors import PaperboyError, RunInProgress
from newsletter.settings import ROOT, Settings, exported, inherited

HOST = "127.0.0.1"
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


def home(settings: Settings) -> Path:
    """Prefect's own folder: its database, its leases, our lock file."""
    return settings.data_dir / "prefect"


def logs(settings: Settings) -> Path:
    """Where Prefect's output goes."""
    return settings.data_dir / "logs"


def lock_path(settings: Settings) -> Path:
    """The file that whoever keeps the server holds."""
    return home(settings) / "server.lock"


def environment(settings: Settings, port: int | None = None) -> dict[str, str]:
    """The whole environment of a process that is, or talks to, our server; docs/decisions say why each is set."""
    port = port or settings.prefect_port
    database = settings.prefect_database_url.get_secret_value()
    python = Path(sys.executable).parent
    before = inherited()
    variables = {
        "PAPERBOY_HOME": str(ROOT),
        "PREFECT_HOME": str(home(settings)),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),  # the UI asks 4200 without it, whatever --port says
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # nothing calls outside: not the server, not the SDK, not the browser (UI v2 asks Amplitude)
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "NO_PROXY": _with_loopback(before.get("NO_PROXY", before.get("no_proxy", ""))),
        "no_proxy": _with_loopback(before.get("no_proxy", before.get("NO_PROXY", ""))),
        # a power cut must not block later runs: leases on disk, heartbeats for the zombie automation
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "newsletter,subscribers",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_LOGGING_COLORS": "false",
        "PYTHONPATH": _joined(str(ROOT), before.get("PYTHONPATH", "")),
        "PYTHONUNBUFFERED": "1",  # a log that ends where the process died
        "PATH": _joined(str(python), before.get("PATH", "")),  # the deployment's command says `python`
    }
    if database:
        variables["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    return before | exported(settings) | variables


def _joined(first: str, rest: str) -> str:
    return f"{first}:{rest}" if rest else first


def _with_loopback(value: str) -> str:
    # Prefect's client obeys proxy variables even for 127.0.0.1.
    return ",".join(part for part in (value, "127.0.0.1", "localhost") if part)


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
