"""Run a command that dies with the process that started it: `python flows/tether.py PARENT_PID COMMAND...`.

Linux tells a child of its parent's death (prctl PR_SET_PDEATHSIG), and the wish survives exec. Elsewhere the command
simply runs, and what a killed parent left behind is ended by the next start (`flows.processes.end_leftovers`).
"""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_LOOK = 1.0  # seconds


def tie_to_parent(parent: int) -> None:
    """Have this process sent SIGTERM when its parent dies; leave at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"the process {parent} that asked for this one is gone")


def end_with(parent: int, *, grace: float = 30.0) -> None:
    """Watch in the background, and end this process `grace` seconds after its parent is gone, whatever it waits for.

    Told to stop, a run settles the mail that is on its way. But then it would report to a server that died with the
    parent, and try for minutes.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        time.sleep(grace)
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="tether").start()


if __name__ == "__main__":
    tie_to_parent(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - our own argument list, no shell
