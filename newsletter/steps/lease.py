"""Leases: one keeps two runs from overlapping, whoever started them; each round of delivering claims under its own."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from newsletter.database import Database
from newsletter.errors import RunInProgress
from newsletter.queries import runs as queries

_TERM = timedelta(seconds=120)
"""How long a lease lasts without renewal: what a run on another host that lost power can hold up at most."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that is held."""

    name: str
    lost: threading.Event  # set once it is somebody else's, or could not be renewed within its term


@contextmanager
def lease(
    database: Database, *, holder: str, clock: Callable[[], datetime], name: str = "run", term: timedelta = _TERM
) -> Iterator[Lease]:
    """Hold the lease for the length of a block, renewed in the background.

    A lease that ran out, or whose process on this host is gone, is taken over.

    Raises:
        RunInProgress: somebody else holds it; the sentence says who and until when.

    """
    _take(database, name, holder, clock(), term)
    held = Lease(name, threading.Event())
    done = threading.Event()
    renewer = threading.Thread(
        target=_renew, args=(database, held, holder, clock, term, done), daemon=True, name="lease"
    )
    renewer.start()
    try:
        yield held
    finally:
        done.set()
        renewer.join()
        with database.begin() as tx:
            queries.release(tx, name, token=holder)


def _take(database: Database, name: str, holder: str, now: datetime, term: timedelta) -> None:
    ours: dict[str, Any] = {"token": holder, "host": socket.gethostname(), "pid": os.getpid(), "until": now + term}
    while True:
        with database.begin() as tx:
            if queries.take(tx, name, **ours):
                return
            held = queries.holder(tx, name)
            if held is None:
                continue  # given back in this moment
            if _is_alive(held, now):
                raise RunInProgress(
                    f"another run holds the lease (process {held.pid} on {held.host}, "
                    f"until {held.until:%H:%M:%S} UTC); wait for it to end"
                )
            queries.take_over(tx, name, **ours)
            return


def _renew(
    database: Database,
    held: Lease,
    holder: str,
    clock: Callable[[], datetime],
    term: timedelta,
    done: threading.Event,
) -> None:
    renewed = time.monotonic()
    while not done.wait(term.total_seconds() / 4):
        # A database that is away for a moment must not end the renewing; the term allows for three misses.
        with suppress(DBAPIError), database.begin() as tx:
            if not queries.renew(tx, held.name, token=holder, until=clock() + term):
                held.lost.set()
                return
            renewed = time.monotonic()
        if time.monotonic() - renewed >= term.total_seconds():
            held.lost.set()


def sweep(database: Database, *, now: datetime, prefix: str) -> None:
    """Take away the leases of this prefix whose time is over or whose process on this host is gone."""
    with database.begin() as tx:
        for held in queries.held(tx, prefix):
            if not _is_alive(held, now):
                queries.release(tx, held.name, token=held.holder)


def _is_alive(held: Row[Any], now: datetime) -> bool:
    """Whether a lease still counts: of a process of this host we can look, of another host only the clock can tell."""
    if held.until <= now:
        return False
    if held.host != socket.gethostname():
        return True
    try:
        os.kill(held.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
