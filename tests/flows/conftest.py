"""One `paperboy serve` for the whole session: a real server, worker and schedule, in a folder whose name holds a space."""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from newsletter.database import Database
from newsletter.settings import ROOT, Settings, exported, inherited
from subscribers import service

# Prefect makes its home when it is imported: not the operator's.
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="prefect-")
atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)

READERS = 40
SERVE = """
from flows.serve import ServeFailed, serve
from newsletter.settings import load

try:
    serve(load(), echo=lambda line: print(line, flush=True))
except ServeFailed as error:
    raise SystemExit(str(error))
"""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(true: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """Wait for something to come true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() >= deadline:
            pytest.fail(f"given up after {seconds} s: {what}")
        time.sleep(0.05)
    return found


@dataclass
class Served:
    """`paperboy serve` in a process of its own, and what a test may ask of it."""

    settings: Settings
    process: subprocess.Popen | None = None
    said: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.process = self.popen()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())
            if "Paperboy is serving" in line:
                return
        pytest.fail(f"it did not serve: {self.said}")

    def popen(self) -> subprocess.Popen:
        """Start it, and do not wait."""
        return subprocess.Popen(
            [sys.executable, "-c", SERVE],
            cwd=ROOT,
            env=inherited() | exported(self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self) -> int:
        """Ask it to end, as a service manager does; returns its exit code."""
        assert self.process is not None
        self.process.terminate()
        self.process.communicate(timeout=90)
        return self.process.returncode

    def family(self) -> list[int]:
        """The supervisor and everything below it."""
        assert self.process is not None
        listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listed.splitlines()[1:]]
        family = [self.process.pid]
        for one in family:
            family.extend(pid for pid, parent in pairs if parent == one)
        return family

    def cut_the_power(self) -> None:
        """Kill everything at once."""
        assert self.process is not None
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate(timeout=10)

    def ask(self, path: str, body: Any = None) -> Any:
        """A POST to Prefect's API."""
        address = f"http://127.0.0.1:{self.settings.prefect_port}/api/{path}"

        def answered() -> httpx.Response | None:
            with httpx.Client(trust_env=False, timeout=30) as client:
                answer = client.post(address, json=body or {})
            # Prefect's SQLite is busy for moments, above all after a start; its own clients try again too.
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

        answer = until(answered, seconds=60, what=f"an answer to {path}")
        assert answer.is_success, answer.text
        return answer.json()

    @property
    def deployment(self) -> dict[str, Any]:
        """The deployment of the daily flow."""
        return self.deployments["hourly"]

    @property
    def deployments(self) -> dict[str, dict[str, Any]]:
        """Every deployment by its name."""
        return {one["name"]: one for one in self.ask("deployments/filter")}

    def begin(self, **parameters: Any) -> str:
        """Start a run of the daily flow, as the UI does; returns its id."""
        return self._begin("hourly", {"parameters": {"ignore_hours": True} | parameters})

    def read_inbox(self) -> str:
        """Start a run of the inbox; returns its id."""
        return self._begin("inbox", {})

    def _begin(self, name: str, parameters: dict[str, Any]) -> str:
        path = f"deployments/{self.deployments[name]['id']}/create_flow_run"
        return self.ask(path, {"parameters": parameters, "state": {"type": "SCHEDULED"}})["id"]

    def flow_run(self, run: str) -> dict[str, Any]:
        """One run as Prefect knows it."""
        [found] = self.ask("flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
        return found

    def end(self, run: str, *, seconds: float = 60) -> dict[str, Any]:
        """Wait for a run to end."""
        final = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}
        until(lambda: self.flow_run(run)["state_type"] in final, seconds=seconds, what=f"the end of run {run}")
        return self.flow_run(run)

    def artifacts(self, run: str) -> dict[str, dict[str, Any]]:
        """The artifacts of a run by key."""
        found = self.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run]}}})
        return {one["key"]: one for one in found}

    def renew(self, readers: int = READERS) -> None:
        """An empty newsroom with so many readers."""
        shutil.rmtree(self.settings.outbox_dir, ignore_errors=True)
        for path in self.settings.data_dir.glob("paperboy.db*"):
            path.unlink()
        database = Database(self.settings.url)
        database.migrate()
        roster = self.settings.data_dir / "roster.yaml"
        people = "".join(f"  - {{address: reader{n}@example.org, name: Reader {n}}}\n" for n in range(readers))
        roster.write_text(f"subscribers:\n{people}")
        service.apply_roster(database, service.read_roster(roster), now=datetime.now(UTC))
        database.close()

    @property
    def mails(self) -> list[Path]:
        """What is in the outbox."""
        return sorted(self.settings.outbox_dir.rglob("*.eml"))


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The one server of the session."""
    folder = tmp_path_factory.mktemp("paper boy") / "var"
    made = Served(
        Settings(
            data_dir=folder,
            prefect_port=free_port(),
            site_port=free_port(),
            samples="always",
            inbox_address="papers@papers.example",
            inbox_maildir=str(folder / "box"),
        )
    )
    for name in ("tmp", "new", "cur"):
        (folder / "box" / name).mkdir(parents=True)
    made.start()
    yield made
    assert made.stop() == 0


@pytest.fixture
def served(serving: Served) -> Served:
    """The server with an empty newsroom of forty readers: database and outbox are new, Prefect's history is not."""
    serving.renew()
    return serving
