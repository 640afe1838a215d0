"""SIGTERM in mid-delivery, to real processes over a slow mail server: nothing in doubt, nothing lost, nothing twice."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.stopping import Stopping
from newsletter.settings import ROOT, Settings, exported, inherited
from tests.flows.commandline import Terminal
from tests.flows.conftest import Served, free_port, until
from tests.smtpd import FaultServer, late

READERS = 40
ROSTER = "subscribers:\n" + "".join(f"  - {{address: reader{n}@example.org, name: R}}\n" for n in range(READERS))
SLOW = (late("dot", 0.4),)
NOBODY = "9"  # a port on which no mail server listens


def with_server(scenario: Callable[[FaultServer], None], *script) -> None:
    """Play a scenario while a mail server listens."""

    async def play() -> None:
        async with FaultServer(script) as server:
            await asyncio.to_thread(scenario, server)

    asyncio.run(play())


def smtp(port: int | str) -> dict[str, str]:
    """The settings of a mail server on this machine."""
    return {
        "PAPERBOY_TRANSPORT": "smtp",
        "PAPERBOY_SENDER": "Paperboy <papers@example.org>",
        "PAPERBOY_SMTP_HOST": "127.0.0.1",
        "PAPERBOY_SMTP_SECURITY": "none",
        "PAPERBOY_SMTP_CONNECTIONS": "2",
        "PAPERBOY_SMTP_PORT": str(port),
    }


def begin(terminal: Terminal, *words: str, **env: str) -> subprocess.Popen:
    """A command in a process of its own, as from a shell."""
    return subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *words],
        cwd=ROOT,
        env=os.environ | terminal.env | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def rows(data: Path) -> list[tuple[str, str, str | None]]:
    """Address, state and claim of every delivery."""
    with sqlite3.connect(data / "paperboy.db") as database:
        return database.execute("SELECT address, state, claim FROM deliveries").fetchall()


def check_orderly(data: Path, server: FaultServer) -> None:
    """The server holds what is accepted, once; the rest is queued and nobody's; nothing is in between."""
    found = rows(data)
    states = Counter(state for _, state, _ in found)
    taken = Counter(mail.recipient for mail in server.mails)

    assert len(found) == READERS
    assert set(states) == {"accepted", "queued"}, states
    assert set(taken.values()) == {1}
    assert set(taken) == {address for address, state, _ in found if state == "accepted"}
    assert {claim for _, _, claim in found} == {None}


def check_all_sent(data: Path, *servers: FaultServer) -> None:
    """Every reader has one copy."""
    taken = Counter(mail.recipient for server in servers for mail in server.mails)

    assert taken == {f"reader{n}@example.org": 1 for n in range(READERS)}
    assert {state for _, state, _ in rows(data)} == {"accepted"}


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone with forty readers."""
    made = Terminal(tmp_path)
    made.roster.write_text(ROSTER)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_deliver_stops_orderly_and_the_next_one_sends_the_rest(paperboy, number):
    """No more is begun, what is on its way is settled, the status says which signal, and one sentence what follows."""
    paperboy.run(**smtp(NOBODY))

    def scenario(server: FaultServer) -> None:
        process = begin(paperboy, "deliver", **smtp(server.port))
        until(lambda: len(server.mails) >= 4, seconds=60, what="the first mails")
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)

        assert process.returncode == 128 + number, said
        assert "What is queued goes out with the next run" in said
        check_orderly(paperboy.data, server)

        server.script = ()
        process = begin(paperboy, "deliver", **smtp(server.port))
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        check_all_sent(paperboy.data, server)

    with_server(scenario, *SLOW)


@pytest.mark.slow
def test_a_run_without_prefect_stops_orderly(paperboy):
    """The report is written, and says that it was stopped."""

    def scenario(server: FaultServer) -> None:
        process = begin(paperboy, "run", "--without-prefect", **smtp(server.port))
        until(lambda: len(server.mails) >= 4, seconds=120, what="the first mails")
        process.terminate()
        said, _ = process.communicate(timeout=60)

        assert process.returncode == 128 + signal.SIGTERM, said
        assert "Delivery stopped: it was told to stop" in said
        check_orderly(paperboy.data, server)

    with_server(scenario, *SLOW)


@pytest.mark.slow
def test_a_run_with_prefect_stops_orderly(paperboy):
    """The signal reaches the flow's process, which settles what is on its way and hands back its report."""

    def scenario(server: FaultServer) -> None:
        process = begin(paperboy, "run", PAPERBOY_PREFECT_PORT=str(free_port()), **smtp(server.port))
        until(lambda: len(server.mails) >= 4, seconds=180, what="the first mails")
        process.terminate()
        said, _ = process.communicate(timeout=120)

        assert process.returncode == 128 + signal.SIGTERM, said
        assert "Delivery stopped: it was told to stop" in said
        check_orderly(paperboy.data, server)

        server.script = ()
        assert paperboy("deliver", **smtp(server.port)).exit_code == 0
        check_all_sent(paperboy.data, server)

    with_server(scenario, *SLOW)


@pytest.mark.slow
def test_a_run_that_is_stopped_before_it_delivers_says_so(paperboy):
    """Nothing was mailed and nothing is in doubt: one sentence and the signal's status, no traceback."""
    process = begin(paperboy, "run", PAPERBOY_PREFECT_PORT=str(free_port()), **smtp(NOBODY))
    assert process.stdout is not None
    until(
        lambda: "starting the Prefect server" in process.stdout.readline(), seconds=60, what="the start of the server"
    )
    process.terminate()
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 128 + signal.SIGTERM, said
    assert "error: the run was stopped before it had delivered" in said
    assert "Traceback" not in said


def served(folder: Path, server: FaultServer) -> Served:
    """`paperboy serve` with forty readers and this mail server."""
    env = smtp(server.port)
    settings = Settings(
        data_dir=folder,
        prefect_port=free_port(),
        samples="always",
        **{name.removeprefix("PAPERBOY_").lower(): value for name, value in env.items()},
    )
    made = Served(settings)
    made.start()
    made.renew(READERS)
    return made


def send_the_rest(settings: Settings, server: FaultServer) -> None:
    """`paperboy deliver` with the settings of what was stopped."""
    server.script = ()
    command = [sys.executable, "-m", "flows.cli", "deliver"]
    env = inherited() | exported(settings)
    told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)

    assert told.returncode == 0, told.stderr
    check_all_sent(settings.data_dir, server)


@pytest.mark.slow
def test_serve_stops_orderly_in_mid_delivery(tmp_path):
    """A service manager's SIGTERM reaches the run, which settles what is on its way and writes its report."""

    def scenario(server: FaultServer) -> None:
        serving = served(tmp_path / "var", server)
        serving.begin()
        until(lambda: len(server.mails) >= 4, seconds=120, what="the first mails")

        assert serving.stop() == 0
        check_orderly(serving.settings.data_dir, server)
        with sqlite3.connect(serving.settings.data_dir / "paperboy.db") as database:
            [(report,)] = database.execute("SELECT report FROM runs").fetchall()
        assert "it was told to stop" in report
        send_the_rest(serving.settings, server)

    with_server(scenario, *SLOW)


@pytest.mark.slow
def test_a_run_that_is_cancelled_in_the_ui_settles_what_it_is_sending(tmp_path):
    """Prefect ends the run's process: it is Cancelled there, and here nothing is in doubt."""

    def scenario(server: FaultServer) -> None:
        serving = served(tmp_path / "var", server)
        try:
            run = serving.begin()
            until(lambda: len(server.mails) >= 4, seconds=120, what="the first mails")
            serving.ask(f"flow_runs/{run}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
            ended = serving.end(run)
        finally:
            serving.stop()

        assert ended["state_name"] == "Cancelled"
        check_orderly(serving.settings.data_dir, server)
        send_the_rest(serving.settings, server)

    with_server(scenario, *SLOW)


# ---- the signals themselves ------------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Handlers that only take notes, as whoever was there before us has its own."""
    notes: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: notes.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    yield notes
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_signal_is_remembered_and_a_second_one_does_what_it_always_did(heard):
    """One asks for an orderly end; whoever asks twice means at once."""
    told: list[str] = []
    with Stopping(tell=lambda: told.append("told")) as stop:
        assert (stop.asked.is_set(), stop.status) == (False, 0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert (stop.asked.is_set(), stop.status, heard, told) == (True, 143, [], ["told"])
        os.kill(os.getpid(), signal.SIGINT)

    assert heard == [signal.SIGINT]
    assert stop.status == 143


def test_a_firm_block_takes_its_time_however_often_it_is_asked(heard):
    """A run's process is asked by its worker, by the system and by the dead worker's tie: once is enough."""
    with Stopping(firm=True) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    assert heard == []
    assert stop.asked.is_set()


def test_after_the_block_signals_do_what_they_did_before(heard):
    """Nothing is left of it."""
    with Stopping(firm=True):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

    assert heard == [signal.SIGTERM]


def test_in_another_thread_the_block_changes_nothing(heard):
    """Python hands signals to the main thread only."""

    def enter() -> None:
        with Stopping():
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert heard == [signal.SIGTERM]
