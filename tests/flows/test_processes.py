"""Children: started with a log, stopped in a bounded time, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.processes import Child, Held, Holder, exclusive, holder_of
from newsletter.settings import ROOT, inherited
from tests.flows.conftest import until


def child(folder: Path, code: str) -> Child:
    """A child that runs some Python."""
    return Child("test", (sys.executable, "-c", code), env=inherited(), cwd=ROOT, log=folder / "logs" / "test.log")


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.strip().startswith("Z")


def test_what_a_child_prints_is_in_its_log(tmp_path):
    """Both of its streams, and nothing of them on the operator's screen."""
    one = child(tmp_path, "import sys; print('said'); sys.stdout.flush(); sys.stderr.write('complained\\n')")
    one.process.wait(10)

    assert not one.alive
    assert one.last_words() == "said / complained"
    one.stop(1)


def test_a_child_that_will_not_end_is_ended_with_all_it_started(tmp_path):
    """After the grace its whole group is killed."""
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); time.sleep(60)"
    )
    one = child(tmp_path, stubborn)
    grandchild = int(until(one.last_words, seconds=10, what="the grandchild's id"))
    one.stop(0.2)

    assert one.process.returncode == -signal.SIGKILL
    until(lambda: not is_alive(grandchild), seconds=10, what="the grandchild's end")


LEAVES = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
"""A child that ends at once, and leaves one of its own behind."""


def test_what_a_dead_child_leaves_is_seen_until_it_ends(tmp_path):
    """So that a run may settle what it is sending when its worker died; then the rest of the group is ended."""
    one = child(tmp_path, LEAVES)
    left = int(until(one.last_words, seconds=10, what="the id of what is left"))
    one.process.wait(10)

    assert not one.alive
    assert one.lingers
    one.stop(0)
    until(lambda: not one.lingers, seconds=10, what="the end of the group")
    assert not is_alive(left)


def test_one_member_of_the_group_can_be_asked_and_nobody_else(tmp_path):
    """A process of ours is told to end; one that is not of this child's group is left alone."""
    one, other = child(tmp_path, LEAVES), child(tmp_path / "other", "import time; time.sleep(60)")
    left = int(until(one.last_words, seconds=10, what="the id of what is left"))

    one.ask_member(left)
    one.ask_member(other.pid)

    until(lambda: not is_alive(left), seconds=10, what="the end of the member")
    assert other.alive
    one.stop(0)
    other.stop(0)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends what is left")
def test_a_child_dies_with_a_parent_that_is_killed(tmp_path):
    """SIGKILL of the parent leaves no child behind."""
    code = (
        "import time; from pathlib import Path; from tests.flows.test_processes import child; "
        f"print(child(Path({str(tmp_path)!r}), 'import time; time.sleep(60)').pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.communicate(timeout=10)

    until(lambda: not is_alive(pid), seconds=10, what="the child's end")


def test_only_one_holds_the_lock_and_the_other_learns_who(tmp_path):
    """The lock says what its holder does, and on which port."""
    path = tmp_path / "server.lock"
    with exclusive(path) as lock:
        lock.declare(Holder("serve", os.getpid(), 4200))
        with pytest.raises(Held) as refused, exclusive(path):
            pass

    assert refused.value.holder == Holder("serve", os.getpid(), 4200)
    assert holder_of(path) is None
    with exclusive(path):
        pass


def test_a_new_holder_ends_what_a_killed_one_left_behind(tmp_path):
    """Where the system does not tie children to their parent, the next start does it; strangers are left alone."""
    path = tmp_path / "server.lock"
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "prefect"], start_new_session=True)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    with exclusive(path) as lock:
        lock.declare(Holder("serve", 1, 4200), left.pid, stranger.pid)
        kept = path.read_text()
    path.write_text(kept)  # as a killed holder leaves it
    time.sleep(0.2)
    with exclusive(path):
        left.wait(10)

    assert left.returncode == -signal.SIGKILL
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


ORPHAN = (
    "import os, signal, sys, time; from flows.tether import end_with; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "end_with(os.getppid(), grace=0.1); print(os.getpid(), flush=True); time.sleep(60)"
)
PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {ORPHAN!r}]); time.sleep(60)"


def test_a_run_whose_parent_died_ends_in_the_end_whatever_it_waits_for():
    """It has time to settle what it was sending; a server that died with the parent is not tried for minutes."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    orphan = int(parent.stdout.readline())
    assert is_alive(orphan)
    parent.kill()
    parent.wait(10)
    parent.stdout.close()

    until(lambda: not is_alive(orphan), seconds=20, what="the orphan's end")
