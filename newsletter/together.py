"""Small writes of many threads, those of the same few milliseconds committed together.

A commit reaches the disk before it returns, and SQLite has one writer: a hundred at once, each with a commit of its
own, wait for a hundred of them, and as often for their turn beside a delivery run. Together they wait once.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from newsletter.database import Database, Transaction

T = TypeVar("T")

_MOST = 100  # of one transaction: the first waits for all, and a delivery run for the transaction


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody waits for."""

    work: Callable[[Transaction], Any]
    done: Future[Any] = field(default_factory=Future)


class Together:
    """Does what is asked in a thread of its own, which begins with the first; any thread may ask."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._queue: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ask(self, work: Callable[[Transaction], T]) -> "Future[T]":
        """Have `work` done; the future has its answer once that is committed, or what it raised: then nothing is left.

        What is asked at the same time shares a transaction, so `work` may be called a second time, in another one,
        after the first was rolled back for somebody else's sake. A future that is cancelled in time is not begun.
        """
        asked = _Asked(work)
        with self._lock:  # or it could come in behind the end of a thread that is being closed
            self._queue.put(asked)
            if self._thread is None:
                # A daemon: whoever ends the process without a close has told nobody that it was done.
                self._thread = threading.Thread(target=self._run, name="together", daemon=True)
                self._thread.start()
        return asked.done

    def write(self, work: Callable[[Transaction], T]) -> T:
        """The same, waiting for it."""
        return self.ask(work).result()

    def close(self) -> None:
        """Finish what was asked, and end the thread."""
        with self._lock:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            some, ends = self._with_others(first)
            self._commit([each for each in some if each.done.set_running_or_notify_cancel()])
            if ends:
                return

    def _with_others(self, first: _Asked) -> tuple[list[_Asked], bool]:
        """What waits already, and whether that is all there will be."""
        some = [first]
        while len(some) < _MOST:
            try:
                asked = self._queue.get_nowait()
            except Empty:
                break
            if asked is None:
                return some, True
            some.append(asked)
        return some, False

    def _commit(self, some: list[_Asked]) -> None:
        at_work = False
        try:
            with self.database.begin() as tx:
                at_work = True
                answers = [each.work(tx) for each in some]
                at_work = False
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            if len(some) == 1 or not at_work:  # the database itself: it would say so to each of them
                for each in some:
                    each.done.set_exception(error)
                return
            for each in some:  # somebody's own trouble is not the others'
                self._commit([each])
            return
        for each, answer in zip(some, answers, strict=True):
            each.done.set_result(answer)
