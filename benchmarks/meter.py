"""Which part of a run costs how much CPU, told from outside: by the statements, and by what the steps are handed."""

import re
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event

from newsletter.database import Database, Transaction

T = TypeVar("T")

_PARTS = (
    ("promise", r"INSERT INTO (deliveries|skips)|UPDATE subscribers|SELECT max\(deliveries.id\)|SELECT deliveries.sub"),
    ("claim", r"UPDATE deliveries SET claim=\S+ WHERE .*RETURNING"),
    ("begin", r"UPDATE deliveries SET state=\S+, changed_at=\S+, attempts=\(|SELECT subscribers.id FROM subscribers"),
    ("settle", r"UPDATE deliveries SET|INSERT INTO attempts|bounces|SELECT subscribers.id, subscribers.address_key"),
)
"""The first that is found in a statement says what it belongs to; any other belongs to what goes on around it."""


@cache
def part_of(statement: str) -> str:
    text = " ".join(statement.split())
    return next((part for part, found in _PARTS if re.search(found, text)), "around")


class Meter:
    """CPU seconds by part. Threads are told apart, so that what runs beside something is not counted with it."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.in_main: Counter[str] = Counter()  # of these, by the main thread
        self.calls: Counter[str] = Counter()
        self._own = threading.local()

    def add(self, part: str, seconds: float) -> None:
        self.spent[part] += seconds
        self.calls[part] += 1
        if threading.current_thread() is threading.main_thread():
            self.in_main[part] += seconds

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        started = time.thread_time()
        try:
            yield
        finally:
            self.add(part, time.thread_time() - started)

    def called(self, part: str, work: Callable[..., T]) -> Callable[..., T]:
        """The same function, timed."""

        def timed(*arguments: Any, **named: Any) -> T:
            with self.timing(part):
                return work(*arguments, **named)

        return timed

    def each(self, part: str, items: Iterable[T]) -> Iterator[T]:
        """The same items, with what it costs to come by them timed."""
        upcoming = iter(items)
        while True:
            with self.timing(part):
                item = next(upcoming, None)
            if item is None:
                return
            yield item

    # ---- statements ------------------------------------------------------------------------------------------------

    def begun(self) -> None:
        self._own.mark, self._own.part = time.thread_time(), "around"

    def asked(self, statement: str) -> None:
        self._own.part = part_of(statement)

    def lap(self) -> None:
        """What was spent since the last lap belongs to the statement that was sent last."""
        now = time.thread_time()
        self.add(self._own.part, now - self._own.mark)
        self._own.mark = now


class Metered(Database):
    """A database whose transactions are timed: preparing, sending and reading each statement, and the commit."""

    def __init__(self, url: str, meter: Meter) -> None:
        super().__init__(url)
        self.meter = meter
        event.listen(self.engine, "before_cursor_execute", self._before)
        event.listen(self.engine, "after_cursor_execute", self._after)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        self.meter.begun()
        with super().begin() as tx:
            yield tx
        self.meter.lap()

    def _before(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN IMMEDIATE":
            self.meter.asked(statement)

    def _after(self, *_arguments: Any) -> None:
        self.meter.lap()


# ---- memory --------------------------------------------------------------------------------------------------------


def peak() -> float:
    """Megabytes of this process at its largest."""
    # Linux's own figure starts anew with the program; the portable one has what the parent had, before it became us.
    status = Path("/proc/self/status")
    if status.exists():
        return float(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) / 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1_048_576 if sys.platform == "darwin" else 1_024)


def held() -> float:
    """Megabytes of this process now; its peak where that is not told."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * resource.getpagesize() / 1_048_576 if pages.exists() else peak()
