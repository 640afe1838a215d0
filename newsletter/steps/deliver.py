"""deliver: empty the outbox through a transport, one recorded attempt at a time."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from newsletter.database import Database, Transaction
from newsletter.errors import MailerUnavailable, RenderError
from newsletter.mail.transport import Parcel, Transport
from newsletter.models import Outcome, Paper, Phase, State
from newsletter.queries import claims, deliveries, editions, promises
from newsletter.reports import DeliverReport, Shard

log = logging.getLogger("newsletter.deliver")

Clock = Callable[[], datetime]
StillWanted = Callable[[Transaction, Collection[int]], set[int]]
"""Which of these subscribers may still be mailed: asked again just before each is."""

_ALL_FAIL = 3
"""So many in a row that cannot be rendered, and none that can: a template or a setting is wrong, not a digest."""

_FIRST_RETRY, _LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=4)


class Print(Protocol):
    """Turns a delivery into the parcel a transport takes; the papers are those of the editions its digest covers."""

    def __call__(self, delivery: claims.Delivery, papers: Mapping[str, Paper]) -> Parcel:
        """Raises RenderError where this one delivery cannot be rendered."""


@dataclass(slots=True)
class Post:
    """What delivering needs, wired once at the door."""

    database: Database
    transport: Transport
    print: Print
    still_wanted: StillWanted
    clock: Clock
    run: str
    workers: int = 4


def recover(post: Post) -> dict[str, int]:
    """Judge deliveries that a dead process left in `sending`, row by row; only under the run's lease.

    The outbox transport can look. Over SMTP nobody can know: they become uncertain and are never re-sent by themselves.
    """
    now = post.clock()
    counted: Counter[str] = Counter()
    with post.database.begin() as tx:
        for row in claims.in_flight(tx):
            state = post.transport.settle(row.key, row.day) or State.UNCERTAIN
            reply = "the process died while sending; " + {
                State.ACCEPTED: "the mail is in the outbox",
                State.QUEUED: "no mail was written",
            }.get(state, "whether the server took the mail is not known")
            claims.set_state(tx, row.id, state, reply=reply, now=now)
            counted[state.value] += 1
    return dict(counted)


def shards(database: Database, *, now: datetime, size: int = 2_000) -> tuple[Shard, ...]:
    """The deliveries that are due, in ranges one task takes; those too old have expired first."""
    with database.begin() as tx:
        promises.expire(tx, now=now)
        ids = sorted(claims.due_ids(tx, now=now))
    return tuple(Shard(ids[start], ids[min(start + size, len(ids)) - 1]) for start in range(0, len(ids), size))


def deliver(post: Post, shard: Shard, *, progress: Callable[[int, int], None] | None = None) -> DeliverReport:
    """Send what is due in a shard; `progress` is told (done, of all).

    Raises:
        MailerUnavailable: the transport could not be opened; nothing was claimed.

    """
    return asyncio.run(_Round(post, shard, progress).run())


class _Round:
    """One shard being delivered by a few workers; the only state they share."""

    def __init__(self, post: Post, shard: Shard, progress: Callable[[int, int], None] | None) -> None:
        self.post, self.progress = post, progress
        with post.database.begin() as tx:
            self.ids = claims.due_ids(tx, now=post.clock(), first=shard.first, last=shard.last)
        self.queue: Iterator[int] = iter(self.ids)
        self.states: Counter[str] = Counter()
        self.stopped = ""
        self._papers: dict[tuple[int, int], dict[str, Paper]] = {}

    async def run(self) -> DeliverReport:
        if not self.ids:
            return DeliverReport()
        try:
            async with self.post.transport, asyncio.TaskGroup() as group:
                for _ in range(min(self.post.workers, len(self.ids))):
                    group.create_task(self._work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors  # as itself: whether it can heal is told by its kind
        with self.post.database.begin() as tx:
            counted = deliveries.states(tx, ids=self.ids)
        return DeliverReport(dict(sorted(counted.items())), self.stopped)

    async def _work(self) -> None:
        for delivery_id in self.queue:
            if self.stopped:
                return
            await self._deliver(delivery_id)
            self.states["done"] += 1
            if self.progress is not None:
                self.progress(self.states["done"], len(self.ids))

    async def _deliver(self, delivery_id: int) -> None:
        delivery, papers = self._claim(delivery_id)
        if delivery is None:
            return
        try:
            parcel = self.post.print(delivery, papers)
        except RenderError as error:
            outcome = self._not_rendered(error)
            log.exception("delivery.not_rendered", extra={"delivery": delivery.id})
        else:
            self.states["rendered"] += 1
            try:
                outcome = await self.post.transport.send(parcel)
            except MailerUnavailable as error:
                outcome = Outcome(State.QUEUED, Phase.CONNECT, reply=str(error), stop=True)
        self._settle(delivery, outcome)
        if outcome.stop:
            self.stopped = self.stopped or outcome.reply or f"the server answered {outcome.code}"

    def _not_rendered(self, error: RenderError) -> Outcome:
        """Refused where others can be rendered; else the fault may be everybody's, and nobody's mail is given up."""
        reply = f"not rendered: {error}"
        if self.states["rendered"]:
            return Outcome(State.REFUSED, Phase.CONNECT, reply=reply)
        self.states["failed"] += 1
        return Outcome(State.QUEUED, Phase.CONNECT, reply=reply, stop=self.states["failed"] >= _ALL_FAIL)

    def _claim(self, delivery_id: int) -> tuple[claims.Delivery | None, Mapping[str, Paper]]:
        """Committed before a byte is sent: what is `sending` was perhaps sent, what is `queued` was not."""
        now = self.post.clock()
        with self.post.database.begin() as tx:
            delivery = claims.claim(tx, delivery_id, run=self.post.run, now=now)
            if delivery is None:
                return None, {}
            if not self.post.still_wanted(tx, [delivery.subscriber_id]):
                reply = "unsubscribed or suppressed after it was queued"
                claims.settle(tx, delivery, Outcome(State.SUPPRESSED, Phase.CONNECT, reply=reply), due_at=now, now=now)
                return None, {}
            span = (delivery.after, delivery.edition_id)
            if span not in self._papers:
                self._papers[span] = editions.facts_between(tx, *span)
        return delivery, self._papers[span]

    def _settle(self, delivery: claims.Delivery, outcome: Outcome) -> None:
        now = self.post.clock()
        due_at = now + retry_after(outcome, delivery.attempts)
        with self.post.database.begin() as tx:
            claims.settle(tx, delivery, outcome, due_at=due_at, now=now)
            if outcome.suppress:
                address_key = deliveries.address_key_of(tx, delivery.subscriber_id)
                deliveries.suppress(tx, address_key, reason="refused", detail=outcome.reply, now=now)


def retry_after(outcome: Outcome, attempts: int) -> timedelta:
    """How long a deferred delivery waits: as the server asked, else doubling from five minutes up to four hours."""
    if outcome.stop and outcome.retry_after is None:
        return timedelta()  # the fault was not this delivery's: the next run may try at once
    if outcome.retry_after is not None:
        return timedelta(seconds=outcome.retry_after)
    doubled: timedelta = _FIRST_RETRY * 2 ** min(attempts - 1, 10)
    return min(doubled, _LONGEST_RETRY)
