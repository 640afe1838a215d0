"""A database that cannot be written: the command ends with one sentence that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

from tests.flows.commandline import Terminal

ROOT = Path(__file__).resolve().parents[2]
ROSTER = "subscribers:\n" + "".join(f"  - {{address: reader{n}@example.org, name: Reader {n}}}\n" for n in range(500))


LITTLE_ROOM = """\
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
sys.argv = ["paperboy", *sys.argv[1:]]
runpy.run_module("flows.cli", run_name="__main__")
"""
"""As on a disk that is nearly full: the database can be opened, and some pages written."""


def test_a_disk_that_fills_up_is_one_sentence_and_changes_nothing(tmp_path):
    """`paperboy roster apply` runs out of room: status 1, no traceback, nobody added; with room it is done."""
    paperboy = Terminal(tmp_path)
    paperboy.roster.write_text(ROSTER)
    assert paperboy("migrate").exit_code == 0
    command = [sys.executable, "-c", LITTLE_ROOM, "roster", "apply"]
    env = os.environ | paperboy.env
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (
        1,
        "error: database: disk I/O error; look after its disk, then start again: what is queued stays queued\n",
    )
    assert "reader1@" not in paperboy("roster", "export").stdout
    assert paperboy("roster", "apply").exit_code == 0
    assert "reader1@" in paperboy("roster", "export").stdout
