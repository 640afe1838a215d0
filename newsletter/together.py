"""Small writes of many, those of the same few milliseconds done in one transaction.

A commit reaches the disk before it returns, and SQLite has one writer: a hundred at once, each with a commit of its
own, wait for a hundred of them, and as often for their turn beside a delivery run. Together they wait once.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from newsletter.database import Database, Transaction

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")

_MOST = 200  # of one transaction: the first waits for all, and a delivery run for the transaction


class Together(Generic[Wish, Answer]):
    """Does what is asked in a thread of its own, which begins with the first; anybody may ask from any thread.

    `work` does many wishes in one transaction and has an answer for each. It may be called again with some of them,
    in a new transaction, after one was rolled back.
    """

    def __init__(self, database: Database, work: Callable[[Transaction, Sequence[Wish]], Sequence[Answer]]) -> None:
        self.database, self.work = database, work
        self._queue: SimpleQueue[tuple[Wish, Future[Answer]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ask(self, wish: Wish) -> Future[Answer]:
        """The answer, once it is committed, or what the work raised for this wish alone: then nothing of it is left.

        A future that is cancelled in time is not begun.
        """
        future: Future[Answer] = Future()
        with self._lock:  # or it could come in behind the end of a thread that is being closed
            self._queue.put((wish, future))
            if self._thread is None:
                # A daemon: whoever ends the process without a close has told nobody that it was done.
                self._thread = threading.Thread(target=self._run, name="together", daemon=True)
                self._thread.start()
        return future

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
            self._commit([each for each in some if each[1].set_running_or_notify_cancel()])
            if ends:
                return

    def _with_others(self, first: tuple[Wish, Future[Answer]]) -> tuple[list[tuple[Wish, Future[Answer]]], bool]:
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

    def _commit(self, some: Sequence[tuple[Wish, Future[Answer]]]) -> None:
        if not some:
            return
        at_work = False
        try:
            with self.database.begin() as tx:
                at_work = True
                answers = self.work(tx, [wish for wish, _ in some])
                at_work = False
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            if at_work and len(some) > 1:
                for each in some:  # the trouble of one is not the others'
                    self._commit([each])
                return
            for _, future in some:  # the database itself would say so to each of them
                future.set_exception(error)
            return
        for (_, future), answer in zip(some, answers, strict=True):
            future.set_result(answer)
