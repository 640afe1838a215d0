"""Notices: mails that are no digests, queued in the transaction that causes them, sent under leases of their own.

As with deliveries, what is about to leave is committed first, and what was perhaps sent is never sent again by itself:
who waits for a confirmation can ask for another one.
"""

import asyncio
import logging
import secrets
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from newsletter.database import Database, Transaction
from newsletter.errors import MailerUnavailable, RenderError
from newsletter.mail.transport import NOT_BEGUN, Begin, Parcel, Transport
from newsletter.models import Outcome, Phase, State
from newsletter.queries import deliveries
from newsletter.queries import notices as queries
from newsletter.queries.notices import ALREADY, CONFIRM, REPLY, Notice, Queued
from newsletter.steps.deliver import retry_after
from newsletter.steps.house import House, NoticePrinter
from newsletter.steps.lease import lease, sweep

__all__ = [
    "ALREADY",
    "CONFIRM",
    "REPLY",
    "House",
    "Notice",
    "NoticePost",
    "NoticePrinter",
    "queue",
    "recover",
    "send_notices",
]

log = logging.getLogger("newsletter.notices")

T = TypeVar("T")

EXPIRY = timedelta(days=1)
"""So long a notice may wait for a server to take it; a confirmation that comes later is asked for again."""

_CLAIM = "notices "  # how the names of our leases begin


@dataclass(slots=True)
class NoticePost:
    """What sending notices needs, wired once at the door."""

    database: Database
    transport: Transport
    print: Callable[[Queued], Parcel]  # raises RenderError
    clock: Callable[[], datetime]
    stop: threading.Event = field(default_factory=threading.Event)  # set: begin no more


def queue(tx: Transaction, notice: Notice, *, now: datetime) -> bool:
    """Promise to send a notice once; False where one with its key is there already."""
    key = notice.key or secrets.token_hex(16)
    return queries.insert(tx, notice, key=key, now=now, expires_at=now + EXPIRY)


def recover(post: NoticePost) -> None:
    """Judge notices that were being sent under a lease that is gone: the outbox can look, over SMTP nobody knows."""
    now = post.clock()
    sweep(post.database, now=now, prefix=_CLAIM)
    with post.database.begin() as tx:
        for number, key, day, claim in queries.in_flight(tx):
            can_tell = claim is not None and claim.startswith(_name_of(post.transport))
            state = (post.transport.settle(key, day) if can_tell else None) or State.UNCERTAIN
            queries.judge(tx, number, claim, state, reply="sending was cut off", now=now)


def send_notices(post: NoticePost, *, limit: int = 100) -> int:
    """Send what waits and nobody else has claimed, at most `limit`; returns how many were accepted.

    Raises:
        MailerUnavailable: the transport could not be opened; nothing was claimed.

    """
    with post.database.begin() as tx:
        if not queries.waits(tx):
            return 0
    recover(post)
    with post.database.begin() as tx:
        now = post.clock()
        queries.expire(tx, now=now)
        due = queries.due_ids(tx, now=now, limit=limit)
    if not due or post.stop.is_set():
        return 0
    name = f"{_name_of(post.transport)}{uuid.uuid4().hex[:20]}"  # a lease has 40 characters
    try:
        with lease(post.database, holder=name, clock=post.clock, name=name) as held:
            return asyncio.run(_Round(post, name, held.lost).run(due))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors  # as itself: whether it can heal is told by its kind


def _name_of(transport: Transport) -> str:
    return f"{_CLAIM}{transport.name} "


class _Round:
    """Some notices being sent by as many workers as the transport takes mails at once."""

    def __init__(self, post: NoticePost, claim: str, lost: threading.Event) -> None:
        self.post, self.claim, self.lost = post, claim, lost
        self.accepted = 0
        self.stopped = False

    async def run(self, due: list[int]) -> int:
        """Send them; how many were accepted."""
        async with self.post.transport as transport:
            claimed = await self._write(lambda tx, now: queries.claim(tx, self.claim, due, now=now))
            waiting = iter(claimed)
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(transport.capacity, len(claimed))):
                        group.create_task(self._work(waiting))
            finally:
                await self._write(lambda tx, _now: queries.release(tx, self.claim))
        return self.accepted

    async def _work(self, waiting: Iterator[Queued]) -> None:
        for notice in waiting:
            if self.stopped or self.lost.is_set() or self.post.stop.is_set():
                return
            outcome = await self._attempt(notice)
            if outcome is NOT_BEGUN:
                continue
            self.stopped = self.stopped or outcome.stop
            await self._write(partial(self._settle, notice, outcome))

    async def _attempt(self, notice: Queued) -> Outcome:
        try:
            parcel = self.post.print(notice)
        except RenderError as error:
            log.exception("notice.not_rendered", extra={"notice": notice.id})
            return Outcome(State.REFUSED, Phase.CONNECT, reply=f"not rendered: {error}")
        begin = self._beginning(notice)
        try:
            return await self.post.transport.send(parcel, begin)
        except MailerUnavailable as error:
            return Outcome(State.QUEUED, Phase.CONNECT, reply=str(error), stop=True)

    def _beginning(self, notice: Queued) -> Begin:
        async def begin() -> bool:
            return await self._write(lambda tx, now: queries.begin(tx, self.claim, notice, now=now))

        return begin

    def _settle(self, notice: Queued, outcome: Outcome, tx: Transaction, now: datetime) -> None:
        due_at = now + retry_after(outcome, notice.attempts + 1)
        if not queries.settle(tx, self.claim, notice, outcome, due_at=due_at, now=now):
            return
        self.accepted += outcome.state is State.ACCEPTED
        # Who asks again for an address that does not exist is answered once a day.
        if outcome.suppress and notice.kind == CONFIRM:
            deliveries.suppress(tx, notice.address_key, reason="refused", detail=outcome.reply, now=now)

    async def _write(self, work: Callable[[Transaction, datetime], T]) -> T:
        def in_transaction() -> T:
            with self.post.database.begin() as tx:
                return work(tx, self.post.clock())

        return await asyncio.to_thread(in_transaction)
