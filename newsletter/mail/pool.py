"""A few lines to one server: who may send on which, when another is opened, and when one has served enough."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from newsletter.mail.line import Line, LineNotOpened, SmtpConfig


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True, eq=False)
class Berth:
    """A line in the pool, and what the pool knows of it."""

    line: Line
    number: int  # 1, 2, … in the order of opening
    taken: int = 0  # mails on it now
    mails: int = 0  # mails ever
    is_used: bool = False  # it lay open before it was needed, or a mail was answered on it; then it may have grown old
    rested_at: float = field(default_factory=_now)


_Waiter = tuple[int, "asyncio.Future[Berth | None]"]
"""Wants a line opened after that number; is told the one it has a seat on, or None where it is worth looking again."""


class Pool:
    """Hands out seats on lines; opens another line only where all are full, and is smaller where that is refused."""

    def __init__(self, config: SmtpConfig, dial: Callable[[], Awaitable[Line]]) -> None:
        self._config = config
        self._dial = dial
        self._places = config.connections
        self._width = 1
        self._offered: list[Berth] = []  # lines that take mail
        self._alive = 0  # lines that are not closed yet, also those that only finish what they have
        self._opening = 0
        self.opened = 0  # lines so far; the number of the newest
        self._must_do = 0  # up to this number lines are new enough for everybody, for there may be no newer one
        self._waiting: deque[_Waiter] = deque()
        self._farewells: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Open the first line; how many mails all lines carry at once, if they are like it.

        Raises:
            LineNotOpened: with the phase in its outcome.

        """
        (await self._new()).is_used = True
        return self._places * self._width

    async def close(self) -> None:
        """Say goodbye on every line."""
        for berth in tuple(self._offered):
            self._retire(berth)
        await asyncio.gather(*self._farewells)

    async def take(self, newer_than: int = 0) -> Berth:
        """A seat on a line, when there is one; with a number, only on a line opened after that one.

        Raises:
            LineNotOpened: another line was needed and could not be opened.

        """
        while True:
            if newer_than <= self._must_do:
                newer_than = 0
            berth = self._roomiest(newer_than)
            if berth is not None:
                self._seat(berth)
                self._nudge()  # it may have been woken to open a line, which is now another's to do
                return berth
            if not self._may_open():
                seated = await self._wait(newer_than)
                if seated is not None:
                    return seated
                continue
            try:
                return await self._new(taken=1)
            except LineNotOpened as error:
                if not error.outcome.throttled or self._places == 1:
                    raise
                self._give_up_a_place()

    def give_back(self, berth: Berth) -> None:
        """One mail of a line is done."""
        berth.taken -= 1
        berth.rested_at = _now()
        if not self._has_served(berth):
            self._share(berth)
        elif not berth.taken:
            self._retire(berth)

    # ---- seats -----------------------------------------------------------------------------------------------------

    def _has_served(self, berth: Berth) -> bool:
        return not berth.line.is_usable or berth.mails >= self._config.mails_per_connection

    def _room(self, berth: Berth) -> int:
        left = self._config.mails_per_connection - berth.mails
        return min(berth.line.width - berth.taken, left) if berth.line.is_usable else 0

    def _roomiest(self, newer_than: int) -> Berth | None:
        """The least busy of the lines with room; those that died or idled too long are gone afterwards."""
        now = _now()
        best, most = None, 0
        for berth in tuple(self._offered):
            if not berth.taken and (not berth.line.is_usable or now - berth.rested_at >= self._config.idle_timeout):
                berth.line.close()
                self._retire(berth)
            elif berth.number > newer_than and (room := self._room(berth)) > most:
                best, most = berth, room
        return best

    def _seat(self, berth: Berth) -> Berth:
        berth.taken += 1
        berth.mails += 1
        return berth

    def _share(self, berth: Berth) -> None:
        """Seat those who wait on a line with room."""
        if not self._waiting:
            return
        for waiter in tuple(self._waiting):
            if self._room(berth) <= 0:
                return
            newer_than, told = waiter
            if berth.number > newer_than and not told.done():  # done already: it was cancelled, and leaves by itself
                self._waiting.remove(waiter)
                told.set_result(self._seat(berth))

    async def _wait(self, newer_than: int) -> Berth | None:
        told: asyncio.Future[Berth | None] = asyncio.get_running_loop().create_future()
        waiter = (newer_than, told)
        self._waiting.append(waiter)
        try:
            return await told
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif not told.cancelled() and (berth := told.result()) is not None:
                self.give_back(berth)
            else:
                self._nudge()
            raise

    # ---- lines -----------------------------------------------------------------------------------------------------

    def _may_open(self) -> bool:
        """A place is free, and those who wait already fill the lines that are being opened."""
        filled = len(self._waiting) >= self._opening * (self._width - 1)
        return filled and self._alive + self._opening < self._places

    def _give_up_a_place(self) -> None:
        """The server takes no further line beside our others: the pool is smaller from now on, and they must do."""
        self._places -= 1
        self._must_do = self.opened
        while self._waiting:
            _, told = self._waiting.popleft()
            if not told.done():
                told.set_result(None)

    def _nudge(self) -> None:
        """A line may be opened now: the first of those who wait is to see to it."""
        while self._waiting and self._may_open():
            _, told = self._waiting.popleft()
            if not told.done():
                told.set_result(None)
                return

    async def _new(self, taken: int = 0) -> Berth:
        self._opening += 1
        try:
            line = await self._dial()
        finally:
            self._opening -= 1
            self._nudge()
        self.opened += 1
        self._alive += 1
        self._width = line.width
        berth = Berth(line, self.opened, taken, mails=taken)
        self._offered.append(berth)
        self._share(berth)
        self._nudge()
        return berth

    def _retire(self, berth: Berth) -> None:
        """Close a line that nobody sends on; its place is free once it is closed."""
        if berth not in self._offered:
            return
        self._offered.remove(berth)
        if not berth.line.is_usable:
            berth.line.close()
            self._alive -= 1
            self._nudge()
            return
        task = asyncio.create_task(self._quit(berth))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _quit(self, berth: Berth) -> None:
        try:
            await berth.line.quit()
        finally:
            berth.line.close()
            self._alive -= 1
            self._nudge()
