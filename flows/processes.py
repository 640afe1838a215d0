"""Children of a run or of `paperboy serve`: started with a log each, stopped in a bounded time, never left behind."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

_TETHER = Path(__file__).with_name("tether.py")
_LOG_LIMIT = 5_000_000  # bytes; one older file is kept


@dataclass(frozen=True, slots=True)
class Holder:
    """Who keeps the Prefect server: `serve`, or one `run` that started its own."""

    what: str
    pid: int
    port: int


class Held(Exception):
    """Somebody else keeps the Prefect server; `holder` says who, None while it is just starting."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(f"held by {holder}")
        self.holder = holder


class Child:
    """One process in a session of its own, so that Ctrl-C reaches only us and a signal reaches all it started."""

    def __init__(
        self, name: str, command: tuple[str, ...], *, env: Mapping[str, str], cwd: Path, log: Path, talk: bool = False
    ) -> None:
        """Start it; what it prints goes to its log, or with `talk` only its stderr, and pipes to stdin and stdout."""
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                (sys.executable, str(_TETHER), str(os.getpid()), *command),
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talk else output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    @property
    def lingers(self) -> bool:
        """Whether it, or something of its group, still lives."""
        if self.alive:
            return True
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def ask_member(self, pid: int) -> None:
        """Ask one process of its group to end; a process of any other group is left alone."""
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(pid) == self.pid:
                os.kill(pid, signal.SIGTERM)

    def stop(self, grace: float) -> None:
        """Ask it to end, wait `grace` seconds, then end its whole group."""
        if self.alive:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(grace)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # also what a dead leader left in its group
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def last_words(self, lines: int = 3) -> str:
        """The end of its log, for the sentence that says it failed."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())


class Lock:
    """A held lock file: says who keeps the server, and which children a crash would leave behind."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._holder: Holder | None = None

    def declare(self, holder: Holder, *children: int) -> None:
        """Write down who we are and which processes are ours; read by the next start."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"holder": asdict(holder), "children": children}, self._file)
        self._file.flush()


@contextmanager
def exclusive(path: Path) -> Iterator[Lock]:
    """Hold the lock file for the block; the system lets go of it when this process dies, however it dies.

    Raises:
        Held: another living process holds it.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Held(holder_of(path)) from error
        end_leftovers(path)
        yield Lock(file)
        file.seek(0)
        file.truncate()


def holder_of(path: Path) -> Holder | None:
    """Who wrote the lock file; None where it says nothing."""
    try:
        return Holder(**json.loads(path.read_text("utf-8"))["holder"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def end_leftovers(path: Path) -> None:
    """End the children of a holder that was killed, as far as they still live and are recognisably Prefect's."""
    try:
        children = json.loads(path.read_text("utf-8"))["children"]
    except (OSError, ValueError, KeyError):
        return
    for pid in children:
        # A pid may have been given to a stranger since: look at what it runs before ending it.
        if "prefect" in _command_of(pid) or "flows." in _command_of(pid):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    with suppress(OSError):  # no /proc: ask ps
        command = ["ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    return ""
