"""Turns at writing to one SQLite file: whoever waits is next, in whichever process.

SQLite lets those who wait look again every few milliseconds, up to a hundred, and whoever looks first has the lock. A
delivery run that commits, and begins again at once, is there first nearly always: a reader's one click beside it
would wait for seconds. So who wants to write takes the turn and waits for the one who writes. Who has written cannot
have the turn again before the one who waited writes.

Both are locks on empty files beside the database; the system lets go of those of a process that dies. SQLite still
guards its file by itself: without turns nothing is wrong, only slow.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_PATIENCE = 60.0  # seconds until SQLite itself is asked, which says who holds what
_FIRST = 0.0005  # seconds between two looks, at first
_NEXT, _WRITER = "-next", "-writer"


@contextmanager
def in_turn(file: str) -> Iterator[None]:
    """Nobody else who takes turns writes to this file while the block runs; not within itself."""
    until = time.monotonic() + _PATIENCE
    with ExitStack() as held:
        with _lock(file + _NEXT, until=until, pause=0.005):
            # One waits for this at a time, so it may look often.
            held.enter_context(_lock(file + _WRITER, until=until, pause=0.001))
        yield


@contextmanager
def _lock(path: str, *, until: float, pause: float) -> Iterator[None]:
    """A lock held, or not to be had; `pause` is the longest between two looks at it, in seconds."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        yield  # a full disk, or somebody else's folder: SQLite will say it in its own words
        return
    try:
        _wait(lock, until, pause)
        yield
    finally:
        os.close(lock)


def _wait(lock: int, until: float, longest: float) -> None:
    pause = _FIRST
    while time.monotonic() < until:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
            pause = min(1.5 * pause, longest)
        except OSError:
            return  # a file system without locks
        else:
            return
