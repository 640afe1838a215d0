"""deliver: empty the outbox through a transport, every attempt recorded before the next thing is believed."""

import asyncio
import logging
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from newsletter.database import Database, Transaction
from newsletter.errors import MailerUnavailable, RenderError
from newsletter.mail.rates import Kept, Lanes, Rates
from newsletter.mail.transport import NOT_BEGUN, Parcel, Transport
from newsletter.models import Outcome, Paper, Phase, State
from newsletter.queries import claims, deliveries, editions, promises
from newsletter.queries import rates as kept_rates
from newsletter.reports import DeliverReport, Shard
from newsletter.steps.lease import Lease, lease, sweep
from newsletter.steps.ledger import Learn, Ledger, Note, StillWanted

log = logging.getLogger("newsletter.deliver")

Clock = Callable[[], datetime]

_CLAIMED_AT_ONCE = 256  # decoded digests that wait in memory, unless one domain is slower than the others
_ALL_FAIL = 3
"""So many in a row that cannot be rendered, and none that can: a template or a setting is wrong, not a digest."""
_FIRST_RETRY, _LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=4)
_LAST_ANSWERS = 20.0
"""Seconds that mails in flight get for their answers once the process was told to stop: who told it waits for 30."""
_TOLD = "it was told to stop"
_HUNG = 1_200.0  # seconds without an answer or a pause: twice what the longest answer may take
_LOOK = 0.2  # seconds between looks whether it was
_CLAIM = "deliver "  # how the names of our leases begin


class Print(Protocol):
    """Turns a delivery into the parcel a transport takes; the papers are those of the editions its digest covers."""

    def __call__(self, delivery: claims.Delivery, papers: Mapping[str, Paper]) -> Parcel:
        """Raises RenderError where this one delivery cannot be rendered."""


def learn_nothing(tx: Transaction, answered: Sequence[tuple[int, Outcome]], *, now: datetime) -> None:
    """Answers teach nothing about addresses."""


def note_nothing(begun: claims.Delivery, now: datetime) -> None:
    """Nothing is kept outside of the database."""


@dataclass(slots=True)
class Post:
    """What delivering needs, wired once at the door."""

    database: Database
    transport: Transport
    print: Print
    still_wanted: StillWanted
    clock: Clock
    run: str
    learn: Learn = learn_nothing
    note: Note = note_nothing
    rate: float = 0.0  # mails a second over the transport; 0: no limit
    domain_rate: float = 0.0  # mails a second to one recipient domain; 0: no limit beside the other
    patience: float = 60.0  # seconds a database that is away may take to come back, with mail in flight
    stop: threading.Event = field(default_factory=threading.Event)  # set: claim no more, finish what is in flight


def recover(post: Post) -> dict[str, int]:
    """Judge deliveries that were being sent under a lease that is gone, one by one; safe beside living processes.

    The outbox transport can look. Over SMTP nobody can know: they become uncertain and are never re-sent by themselves.
    """
    now = post.clock()
    sweep(post.database, now=now, prefix=_CLAIM)
    counted: Counter[str] = Counter()
    with post.database.begin() as tx:
        for left in claims.in_flight(tx):
            # Only the transport that began it can say what became of it.
            can_tell = left.claim is None or left.claim.startswith(_name_of(post.transport))
            state = (post.transport.settle(left.key, left.day) if can_tell else None) or State.UNCERTAIN
            reply = "sending was cut off; " + {
                State.ACCEPTED: "the mail is in the outbox",
                State.QUEUED: "no mail was written",
            }.get(state, "whether the server took the mail is not known")
            if claims.judge(tx, left, Outcome(state, Phase.DOT, reply=reply), run=post.run, now=now):
                counted[state.value] += 1
    return dict(counted)


def shards(database: Database, *, now: datetime, size: int = 2_000) -> tuple[Shard, ...]:
    """The deliveries that are due, in ranges one task takes; those too old have expired first."""
    with database.begin() as tx:
        promises.expire(tx, now=now)
        ids = sorted(claims.due_ids(tx, now=now))
    return tuple(Shard(ids[start], ids[min(start + size, len(ids)) - 1]) for start in range(0, len(ids), size))


def deliver(post: Post, shard: Shard, *, progress: Callable[[int, int], None] | None = None) -> DeliverReport:
    """Send what is due in a shard and nobody else has claimed; `progress` is told (done, of all).

    Raises:
        MailerUnavailable: the transport could not be opened; nothing was claimed.

    """
    with post.database.begin() as tx:
        due = claims.due_ids(tx, now=post.clock(), first=shard.first, last=shard.last)
    if not due:
        return DeliverReport()
    if post.stop.is_set():
        return DeliverReport(stopped=_TOLD)
    name = f"{_name_of(post.transport)}{uuid.uuid4().hex[:20]}"  # a lease has 40 characters
    try:
        with lease(post.database, holder=name, clock=post.clock, name=name) as held:
            stopped = asyncio.run(_Round(post, held, due, progress).run())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors  # as itself: whether it can heal is told by its kind
    finally:
        with suppress(Exception):  # whatever went wrong already says more; the next run judges what is left
            recover(post)
    with post.database.begin() as tx:
        counted = deliveries.states(tx, ids=due)
    return DeliverReport(dict(sorted(counted.items())), stopped)


def _name_of(transport: Transport) -> str:
    """How the names of the leases begin under which this transport sends."""
    return f"{_CLAIM}{transport.name} "


class _Round:
    """One shard being delivered by as many workers as the transport takes mails at once."""

    def __init__(
        self, post: Post, held: Lease, due: Sequence[int], progress: Callable[[int, int], None] | None
    ) -> None:
        self.post, self.held, self.progress = post, held, progress
        self.due = due
        self.unclaimed = iter(due)
        self.all_claimed = False
        self.counted: Counter[str] = Counter()
        self.stopped = ""
        self.error: Exception | None = None
        self._lanes: Lanes[claims.Delivery] = Lanes()
        self._filling = asyncio.Lock()
        self._waiting = asyncio.Lock()
        self._told: set[int] = set()  # deliveries of which the ledger knows more than that they are claimed
        self._papers: dict[tuple[int, int], asyncio.Task[dict[str, Paper]]] = {}

    async def run(self) -> str:
        """Deliver; why it ended before its end, if it did."""
        post = self.post
        async with post.transport:
            self.ledger = Ledger(
                post.database, self.held.name, run=post.run, clock=post.clock, still_wanted=post.still_wanted,
                learn=post.learn, patience=post.patience, note=post.note, stop=post.stop,
            )  # fmt: skip
            async with self.ledger:
                self._moved_at = asyncio.get_running_loop().time()
                await self._load_rates()
                async with asyncio.TaskGroup() as group:
                    workers = [
                        group.create_task(self._work()) for _ in range(min(post.transport.capacity, len(self.due)))
                    ]
                    watch = group.create_task(self._watch(workers))
                    await asyncio.wait(workers)
                    watch.cancel()
                await self.ledger.release([delivery.id for delivery in self._lanes.rest()])
                await self._keep_rates()
        if self.error is not None:
            raise self.error
        return self.stopped

    async def _watch(self, workers: Sequence[asyncio.Task[None]]) -> None:
        """When told to stop, give what is in flight its time, and no more; nor wait for ever where nothing moves."""
        time = asyncio.get_running_loop().time
        while not self.post.stop.is_set() and time() - self._moved_at < _HUNG:  # noqa: ASYNC110 - a signal handler sets it
            await asyncio.sleep(_LOOK)
        if self.post.stop.is_set():
            self.stopped = self.stopped or _TOLD
            await asyncio.wait(workers, timeout=_LAST_ANSWERS)
        else:
            self.stopped = self.stopped or f"nothing moved for {_HUNG / 60:.0f} minutes"
        for worker in workers:
            worker.cancel()

    async def _work(self) -> None:
        delivery = None
        try:
            while (delivery := await self._next()) is not None:
                await self._deliver(delivery)
                self._moved_at = asyncio.get_running_loop().time()
                self.counted["done"] += 1
                if self.progress is not None:
                    self.progress(self.counted["done"], len(self.due))
        except Exception as error:  # noqa: BLE001 - raised again when the others have their answers
            self._note_surprise(delivery, error)

    def _note_surprise(self, delivery: claims.Delivery | None, error: Exception) -> None:
        """What nobody foresaw ends the round, but not in the middle of the other workers' mails.

        A delivery that was not begun is tried again later, and after the others: it must not end every round to come.
        """
        self.error = self.error or error
        self.stopped = self.stopped or f"an error nobody foresaw: {error}"
        if delivery is not None and delivery.id not in self._told:
            now = self.post.clock()
            outcome = Outcome(State.QUEUED, Phase.CONNECT, reply=self.stopped)
            due_at = now + retry_after(outcome, delivery.attempts + 1)
            self.ledger.settle(claims.Settled(delivery, outcome, now, due_at))

    # ---- which one is next -----------------------------------------------------------------------------------------

    async def _next(self) -> claims.Delivery | None:
        """The next delivery, once its domain and the transport may have one more mail; None at the end."""
        while not self._is_over():
            if self._may_claim():
                await self._claim()
            found = self._lanes.take(self.rates, self._now())
            if isinstance(found, float):
                await self._pause(found)
            elif found is not None:
                return found
            elif self.all_claimed:
                return None
        return None

    def _is_over(self) -> bool:
        if self.held.lost.is_set():
            self.stopped = self.stopped or "its lease is lost; another run goes on with what is queued"
        if self.post.stop.is_set():
            self.stopped = self.stopped or _TOLD  # whoever looks first says so: the watch may come too late
        return bool(self.stopped)

    def _may_claim(self) -> bool:
        """Whether few are left that may begin: those of a domain that must wait hold up nobody behind them."""
        return self._lanes.ready < _CLAIMED_AT_ONCE // 2 and not self.all_claimed

    async def _claim(self) -> None:
        async with self._filling:
            if not self._may_claim():
                return  # somebody else did, while we waited for our turn
            wanted = list(islice(self.unclaimed, _CLAIMED_AT_ONCE))
            if wanted:
                for delivery in await self.ledger.claim(wanted):
                    self._lanes.put(delivery.address.rpartition("@")[2].lower(), delivery)
            self.all_claimed = len(wanted) < _CLAIMED_AT_ONCE

    async def _pause(self, seconds: float) -> None:
        self._moved_at = asyncio.get_running_loop().time()  # to wait for a rate is not to hang
        somebody_waits = self._waiting.locked()
        async with self._waiting:  # one worker watches the clock, the others wait for it
            if not somebody_waits:
                await asyncio.sleep(min(seconds, _LOOK))

    # ---- one delivery ----------------------------------------------------------------------------------------------

    async def _deliver(self, delivery: claims.Delivery) -> None:
        started = self.post.clock()
        outcome = await self._attempt(delivery)
        outcome = self.rates.judge(delivery.address.rpartition("@")[2].lower(), outcome, self._now())
        if outcome is NOT_BEGUN:
            return  # unsubscribed meanwhile, or somebody else's, as the ledger has written; or the batch stopped
        if outcome.stop:
            self.stopped = self.stopped or outcome.reply or f"the server answered {outcome.code}"
        due_at = self.post.clock() + retry_after(outcome, delivery.attempts + 1)
        self._told.add(delivery.id)
        self.ledger.settle(claims.Settled(delivery, outcome, started, due_at))
        await self._keep_rates(at_most_each=1.0)

    async def _attempt(self, delivery: claims.Delivery) -> Outcome:
        try:
            parcel = self.post.print(delivery, await self._papers_of(delivery))
        except RenderError as error:
            log.exception("delivery.not_rendered", extra={"delivery": delivery.id})
            return self._not_rendered(error)
        self.counted["rendered"] += 1
        try:
            return await self.post.transport.send(parcel, lambda: self._begin(delivery))
        except MailerUnavailable as error:
            return Outcome(State.QUEUED, Phase.CONNECT, reply=str(error), stop=True)

    async def _begin(self, delivery: claims.Delivery) -> bool:
        if self.stopped:
            return False  # it stays queued: what made the batch stop would happen to it as well
        self._told.add(delivery.id)
        return await self.ledger.begin(delivery)

    def _not_rendered(self, error: RenderError) -> Outcome:
        """Refused where others can be rendered; else the fault may be everybody's, and nobody's mail is given up."""
        reply = f"not rendered: {error}"
        if self.counted["rendered"]:
            return Outcome(State.REFUSED, Phase.CONNECT, reply=reply)
        self.counted["failed"] += 1
        return Outcome(State.QUEUED, Phase.CONNECT, reply=reply, stop=self.counted["failed"] >= _ALL_FAIL)

    async def _papers_of(self, delivery: claims.Delivery) -> Mapping[str, Paper]:
        span = (delivery.after, delivery.edition_id)
        if span not in self._papers:
            # A task, so that all who come while it is read wait for the one answer.
            reading = self.ledger.write(lambda tx, _now: editions.facts_between(tx, *span))
            self._papers[span] = asyncio.create_task(reading)
        return await self._papers[span]

    # ---- rates -----------------------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        """The time of the rates: it goes on while the process does, whatever is done to the clock."""
        return self._began + timedelta(seconds=asyncio.get_running_loop().time() - self._began_at)

    async def _load_rates(self) -> None:
        self._began, self._began_at = self.post.clock(), self._moved_at
        self._kept_at = self._began_at

        def load(tx: Transaction, now: datetime) -> tuple[Kept, ...]:
            kept_rates.forget(tx, now=now)
            return kept_rates.load(tx)

        self.rates = Rates(
            transport=self.post.transport.name, limit=self.post.rate, domain_limit=self.post.domain_rate,
            kept=await self.ledger.write(load), now=self._began,
        )  # fmt: skip

    async def _keep_rates(self, *, at_most_each: float = 0.0) -> None:
        moment = asyncio.get_running_loop().time()
        if moment - self._kept_at < at_most_each:
            return
        self._kept_at = moment
        if kept := self.rates.kept(self._now()):
            await self.ledger.write(lambda tx, _now: kept_rates.save(tx, kept))


def retry_after(outcome: Outcome, attempts: int) -> timedelta:
    """How long a deferred delivery waits: as the server asked, else doubling from five minutes up to four hours."""
    if outcome.stop and outcome.retry_after is None:
        return timedelta()  # the fault was not this delivery's: the next run may try at once
    if outcome.retry_after is not None:
        return timedelta(seconds=outcome.retry_after)
    doubled: timedelta = _FIRST_RETRY * 2 ** min(attempts - 1, 10)
    return min(doubled, _LONGEST_RETRY)
