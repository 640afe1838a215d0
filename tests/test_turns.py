"""Turns at writing to one SQLite file: whoever waits is next, and nobody waits for the dead."""

import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from newsletter.turns import in_turn

GREEDY = """
import sys, time
from newsletter.turns import in_turn
while True:
    with in_turn(sys.argv[1]):
        time.sleep(0.005)
        print(flush=True)
"""
"""Writes, and at once again, for as long as it lives; says so each time."""


@pytest.fixture
def file(tmp_path):
    """A file to write to."""
    return str(tmp_path / "paperboy.db")


def test_one_at_a_time(file):
    """However many threads want to write, no two of them do."""
    inside, most = [], []

    def write(number):
        with in_turn(file):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert most == [1] * 12


def test_who_waits_is_next(file):
    """Beside a process that writes again and again, whoever wants to write does not wait for a chance gap between."""
    with subprocess.Popen([sys.executable, "-c", GREEDY, file], stdout=subprocess.PIPE) as greedy:
        assert greedy.stdout is not None
        try:
            ready, _, _ = select.select([greedy.stdout], [], [], 30)
            assert ready, "it writes"
            os.set_blocking(greedy.stdout.fileno(), False)
            with in_turn(file):
                greedy.stdout.read()
            turns = 0
            for _ in range(20):
                with in_turn(file):
                    written = len(greedy.stdout.read() or b"")
                turns += written
        finally:
            greedy.kill()

    # One or two of its writes for each of ours, and some while we were not asking; by chance it would be fifty for each.
    assert turns <= 20 * 10


def test_nobody_waits_for_a_process_that_died(file):
    """Killed in the middle of its turn, a process has it no more."""
    hold = "import sys, time; from newsletter.turns import in_turn\nwith in_turn(sys.argv[1]): print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", hold, file], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.read(1)
        holder.send_signal(signal.SIGKILL)
        with in_turn(file):
            pass


def test_where_no_lock_can_be_kept_nobody_is_stopped(tmp_path):
    """Without the folder the block runs all the same: what is wrong is for SQLite to say."""
    ran = []
    with in_turn(str(tmp_path / "gone" / "paperboy.db")):
        ran.append(True)

    assert ran == [True]


def test_a_block_that_raises_gives_its_turn_back(file):
    """The next one has it at once."""
    with pytest.raises(RuntimeError), in_turn(file):
        raise RuntimeError
    with in_turn(file):
        pass
