"""SIGTERM and Ctrl-C while mail goes out: no more is claimed, and what is on its way gets its answer first."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

_ENDS = 128  # a process that a signal ended has this much more than the signal's number as its status


def _nothing() -> None:
    """Nobody else has to be told."""


class Stopping:
    """The two signals, remembered for the block instead of ending the process.

    A second one does what it always did, unless `firm`: then nothing but SIGKILL ends the block before its time.
    """

    def __init__(
        self, asked: threading.Event | None = None, *, firm: bool = False, tell: Callable[[], None] = _nothing
    ) -> None:
        """`asked` is set, and `tell` called, when the first signal comes."""
        self.asked = asked or threading.Event()
        self.firm, self.tell = firm, tell
        self.signal = 0
        self._before: dict[int, object] = {}

    @property
    def status(self) -> int:
        """The status to end with: 0 where nobody asked."""
        return _ENDS + self.signal if self.signal else 0

    def __enter__(self) -> Self:
        """Heed the signals; elsewhere than in the main thread they cannot be heard, and nothing changes."""
        self.asked.clear()
        self.signal = 0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the signals do what they did before."""
        self._restore()

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if not self.firm:
            self._restore()
        if not self.signal:
            self.signal = number
            self.asked.set()
            self.tell()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)  # type: ignore[arg-type]
