"""The ledger of one round of delivering: what its workers ask for at the same time is committed together.

A commit reaches the disk before it returns, and that takes milliseconds. Each mail needs two: one before its message
leaves, one after the answer. Together they cost as much as one mail's.
"""

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Protocol, Self, TypeVar

from sqlalchemy.exc import DBAPIError

from newsletter.database import Database, Transaction
from newsletter.models import Outcome, State
from newsletter.queries import claims, deliveries

T = TypeVar("T")

_PAUSES = (0.05, 0.2, 0.5, 1.0)  # seconds between tries; the last one repeats

Note = Callable[[claims.Delivery, datetime], None]
"""Told of one delivery of each commit after which messages leave: kept where a backup of the database is not."""

StillWanted = Callable[[Transaction, Collection[int]], set[int]]
"""Which of these subscribers may still be mailed: asked again just before each is."""


class Learn(Protocol):
    """What else follows from answers: soft bounces are counted."""

    def __call__(self, tx: Transaction, answered: Sequence[tuple[int, Outcome]], /, *, now: datetime) -> None:
        """Subscribers and what was answered about them, in the transaction that records it."""


@dataclass(slots=True)
class _Asked:
    """What came in since the last commit began."""

    begin: dict[int, tuple[claims.Delivery, asyncio.Future[bool]]] = field(default_factory=dict)
    settled: list[claims.Settled] = field(default_factory=list)
    unknown: list[claims.Settled] = field(default_factory=list)  # to addresses that are to be suppressed

    def __bool__(self) -> bool:
        return bool(self.begin or self.settled or self.unknown)


class Ledger:
    """Claims, begins and settles deliveries under one claim; use it as an async context, which writes what is left."""

    def __init__(
        self, database: Database, claim: str, *, run: str, clock: Callable[[], datetime], still_wanted: StillWanted,
        learn: Learn, patience: float, note: Note, stop: threading.Event,
    ) -> None:  # fmt: skip
        self.note, self.stop = note, stop
        self.database, self.name, self.run, self.clock = database, claim, run, clock
        self.still_wanted, self.learn, self.patience = still_wanted, learn, patience
        self._asked = _Asked()
        self._unknown: list[claims.Settled] = []  # refused for good, says a server that may refuse everybody
        self._has_accepted = False
        self._wake = asyncio.Event()
        self._closing = False
        self._broken: BaseException | None = None
        self._turn = asyncio.Lock()  # one transaction at a time: SQLite has one writer, and more would only wait

    async def __aenter__(self) -> Self:
        """Start writing."""
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left; raises what the database raised, unless something else went wrong before."""
        if self._has_accepted:
            self._believe()
        self._closing = True
        self._wake.set()
        if error is None:
            await self._writer
        else:
            with suppress(DBAPIError):
                await self._writer

    # ---- asking ----------------------------------------------------------------------------------------------------

    async def claim(self, wanted: Collection[int]) -> list[claims.Delivery]:
        """Claim what is still due of these."""
        rows = await self.write(lambda tx, now: claims.claim_rows(tx, self.name, wanted, now=now))
        return await asyncio.to_thread(claims.decoded, rows, wanted)

    async def release(self, claimed: Collection[int]) -> None:
        """Give back what was claimed and not begun."""
        await self.write(lambda tx, _now: claims.release(tx, self.name, claimed))

    async def begin(self, delivery: claims.Delivery) -> bool:
        """Commit that a message is about to leave; False: it must not.

        Raises:
            DBAPIError: the database took nothing; it must not leave either.

        """
        if self._broken is not None:
            raise self._broken
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.begin[delivery.id] = delivery, future
        self._wake.set()
        return await future

    def settle(self, settled: claims.Settled) -> None:
        """Have an answer written; it is with the next commit.

        An address that does not exist is suppressed once the next mail is accepted, or the batch ends with some that
        were and none that stopped it: one wrong setting, for which all are refused, must not cost anybody the digest.
        """
        self._asked.settled.append(settled)
        if settled.outcome.suppress:
            self._unknown.append(settled)
        elif settled.outcome.state is State.ACCEPTED:
            self._has_accepted = True
            self._believe()
        elif settled.outcome.stop:
            self._unknown.clear()
        self._wake.set()

    def _believe(self) -> None:
        if self._unknown:
            self._asked.unknown += self._unknown
            self._unknown.clear()

    # ---- writing ---------------------------------------------------------------------------------------------------

    async def write(self, work: Callable[[Transaction, datetime], T]) -> T:
        """Do something in a transaction of its own, in turn with the others, again if the database is away.

        Raises:
            DBAPIError: it did not come back in time.

        """
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + self.patience
        pauses = iter(_PAUSES)
        async with self._turn:
            while True:
                try:
                    return await asyncio.to_thread(self._in_transaction, work)
                except DBAPIError:
                    if loop.time() >= patient_until or self.stop.is_set():
                        raise  # who was told to stop has no time to wait for a database
                await asyncio.sleep(next(pauses, _PAUSES[-1]))

    def _in_transaction(self, work: Callable[[Transaction, datetime], T]) -> T:
        with self.database.begin() as tx:
            return work(tx, self.clock())

    async def _write(self) -> None:
        try:
            while self._asked or not self._closing:
                if self._asked:
                    asked, self._asked = self._asked, _Asked()
                    await self._commit(asked)
                else:
                    await self._wake.wait()
                    self._wake.clear()
        except BaseException as error:
            self._broken = error
            _fail(self._asked, error)
            raise

    async def _commit(self, asked: _Asked) -> None:
        try:
            tries = count()
            begun = await self.write(lambda tx, now: self._record(tx, asked, now, again=next(tries) > 0))
            if begun:
                await asyncio.to_thread(self.note, asked.begin[max(begun)][0], self.clock())
        except BaseException as error:
            _fail(asked, error)
            raise
        for number, (_, future) in asked.begin.items():
            if not future.done():  # who asked may have been cancelled
                future.set_result(number in begun)

    def _record(self, tx: Transaction, asked: _Asked, now: datetime, *, again: bool) -> set[int]:
        if asked.settled:
            claims.settle(tx, self.name, asked.settled, run=self.run, now=now)
            self.learn(tx, [(each.delivery.subscriber_id, each.outcome) for each in asked.settled], now=now)
        for each in asked.unknown:
            address_key = deliveries.address_key_of(tx, each.delivery.subscriber_id)
            deliveries.suppress(tx, address_key, reason="refused", detail=each.outcome.reply, now=now)
        if not asked.begin:
            return set()
        owners = {delivery.id: delivery.subscriber_id for delivery, _ in asked.begin.values()}
        wanted = self.still_wanted(tx, set(owners.values()))
        unwanted = [number for number, owner in owners.items() if owner not in wanted]
        if unwanted:
            claims.suppress(tx, self.name, unwanted, reply="unsubscribed or suppressed after it was queued", now=now)
        return claims.begin(tx, self.name, owners.keys() - unwanted, run=self.run, now=now, again=again)


def _fail(asked: _Asked, error: BaseException) -> None:
    for _, future in asked.begin.values():
        if not future.done():
            future.set_exception(error)
