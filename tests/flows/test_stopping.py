"""SIGTERM in mid-delivery, to real processes over a slow mail server: nothing in doubt, nothing lost, nothing twice."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.settings import ROOT
from tests.flows.commandline import Terminal
from tests.flows.conftest import free_port, until
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
