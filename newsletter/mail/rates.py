"""How fast mail goes out, and what the answers teach of it: token buckets, and lanes in which mails wait for them."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import heappop, heappush
from math import inf
from typing import Generic, TypeVar

from newsletter.mail.classify import LOGIN_CODES
from newsletter.models import Outcome, Phase, State

DOUBTS_TO_STOP = 3  # answers in a row that blame us rather than the recipient, with nothing accepted in between
THROTTLES_TO_STOP = 20  # pauses in a row with nothing accepted in between: to go on would only knock at a closed door
REFUSALS_TO_STOP = 10  # in a row with nothing accepted in between: that is a setting or the relay, not the recipients
LOSSES_TO_STOP = 5  # uncertain in a row with nothing accepted in between, beside those that one dropped line can lose
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
SLOWEST = 0.1  # mails a second, below which no answer brings us
RECOVERY = 1200.0  # seconds of accepted mail from nothing to the limit, so half of them from half of it
GROWTH = 1 / 600  # mails a second that an accepted mail adds where there is no limit to go back to

_STRETCH = 5.0  # seconds over which mails are counted where no bucket counts them
_TICK = 1e-6  # a datetime has no less: who waits as long as was said has waited long enough
_LONGEST_NAME = 260  # of the table's column; what is longer is no domain, and no server will ever hear of it

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """A bucket as it is kept in the table `rates`."""

    name: str  # the transport, or a recipient domain after an @
    rate: float  # mails a second as learned; 0: nothing was learned, the limit holds
    tokens: float  # mails that may begin at once; below zero while it pauses
    at: datetime


class _Bucket:
    """Tokens that come back at a rate, at most one second's worth, at least one; a mail takes one.

    A pause is a debt of tokens, so that it is kept, and outlives the process, like the rest. Times are in seconds.
    """

    __slots__ = ("at", "ceiling", "first", "is_kept", "pause", "rate", "tokens", "until")

    def __init__(self, rate: float, ceiling: float, *, at: float, first: float) -> None:
        self.rate, self.ceiling = min(rate, ceiling), ceiling  # no ceiling: inf
        self.tokens = max(1.0, self.rate)
        self.at = self.until = at
        self.first = self.pause = first
        self.is_kept = False

    def refill(self, at: float) -> None:
        passed = at - self.at
        self.at = at
        if passed < 0:
            self.until += passed  # the clock was put back: nothing is lost, and a pause lasts no longer for it
        else:
            self.tokens = min(self.tokens + passed * self.rate, max(1.0, self.rate))

    def wait(self, at: float) -> float:
        self.refill(at)
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.rate + _TICK

    def spend(self, at: float) -> None:
        self.refill(at)
        self.tokens -= 1

    def slow_down(self, at: float, asked: float | None) -> bool:
        """Halve the rate and pause; False while it pauses: those mails were under way when we were told."""
        self.refill(at)
        if at < self.until:
            return False
        self.rate = max(self.rate / 2, min(SLOWEST, self.ceiling))
        pause = self.pause if asked is None else min(max(asked, self.first), LONGEST_PAUSE)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.until = at + pause
        self.tokens = min(self.tokens, 1 - pause * self.rate)
        return True

    def speed_up(self, at: float) -> None:
        """One mail was accepted; while it pauses, one that was under way when we were told, which teaches nothing."""
        self.refill(at)
        if at < self.until:
            return
        self.pause = self.first
        if self.rate < self.ceiling:
            step = GROWTH if self.ceiling == inf else self.ceiling / (RECOVERY * self.rate)
            self.rate = min(self.rate + step, self.ceiling)

    @property
    def is_fresh(self) -> bool:
        """Nothing learned and nothing spent: a new one would be the same."""
        return self.rate == self.ceiling and self.tokens >= max(1.0, self.rate)


class Rates:
    """When the next mail may begin, over the transport and to one domain; and whether the batch should go on.

    Rates are in mails a second, times in seconds. A limit of 0 is none: then a bucket is made of what was sent lately
    when the server first says that it is too fast. Domains are written in lower case, as addresses are kept.
    """

    def __init__(
        self,
        *,
        transport: str,
        limit: float,
        domain_limit: float = 0.0,
        kept: Iterable[Kept] = (),
        now: datetime,
        pause: float = FIRST_PAUSE,
    ) -> None:
        self._name = transport
        self._began = now
        self._first = pause
        self._ceiling = limit or inf
        self._domain_limit = domain_limit
        self._domain_ceiling = domain_limit or self._ceiling
        self._transport = _Bucket(limit, limit, at=0.0, first=pause) if limit else None
        self._domains: dict[str, _Bucket] = {}
        self._is_changed = False
        self._changed: set[str] = set()
        self._throttles = self._doubts = self._refusals = self._losses = 0
        self._under_way = 0  # mails that began and were not judged yet
        self._bearable = 0  # uncertain ones in a row that do not stop the batch
        # How fast we are where no bucket knows: mails since a moment, and their rate in the stretch before it.
        self._since, self._counted, self._before = 0.0, 0, 0.0
        for row in kept:
            self._restore(row)

    def _restore(self, row: Kept) -> None:
        """A bucket goes on where it was left; what is above the limit of today is no more than that."""
        of_domain = row.name.startswith("@")
        if not of_domain and row.name != self._name:
            return
        ceiling = self._domain_ceiling if of_domain else self._ceiling
        is_learned = 0 < row.rate < ceiling
        if not is_learned and (ceiling == inf or (of_domain and not self._domain_limit)):
            return
        bucket = _Bucket(row.rate if is_learned else ceiling, ceiling, at=0.0, first=self._first)
        bucket.tokens = max(row.tokens, 1 - LONGEST_PAUSE * bucket.rate)  # more than a burst is cut by refill
        bucket.at = self._seconds(row.at)
        bucket.is_kept = True
        if of_domain:
            self._domains[row.name[1:]] = bucket
        else:
            self._transport = bucket

    # ---- when ------------------------------------------------------------------------------------------------------

    def _seconds(self, now: datetime) -> float:
        return (now - self._began).total_seconds()

    def held(self, now: datetime) -> float:
        """Seconds until a mail to anybody may begin."""
        return self._transport.wait(self._seconds(now)) if self._transport is not None else 0.0

    def wait(self, domain: str, now: datetime) -> float:
        """Seconds until a mail to this domain may begin; 0.0 means now."""
        held = self.held(now)
        bucket = self._domains.get(domain) if self._domains else None
        return held if bucket is None else max(held, bucket.wait(self._seconds(now)))

    def spend(self, domain: str, now: datetime) -> None:
        """One mail begins."""
        self._under_way += 1
        at = self._seconds(now)
        if self._transport is not None:
            self._transport.spend(at)
            self._is_changed = True
        else:
            self._count(at)
        bucket = self._domains.get(domain) if self._domains else None
        if bucket is None:
            if not self._domain_limit:
                return
            bucket = self._domains[domain] = self._bucket(self._domain_limit, at)
        bucket.spend(at)
        self._changed.add(domain)

    def _bucket(self, rate: float, at: float) -> _Bucket:
        """A new one for a domain."""
        return _Bucket(rate, self._domain_ceiling, at=at, first=self._first)

    def _count(self, at: float) -> None:
        passed = at - self._since
        if not 0 <= passed < _STRETCH:
            self._before = self._counted / max(passed, _STRETCH)
            self._since, self._counted = at, 0
        self._counted += 1

    def _lately(self, at: float) -> float:
        """Mails a second in this stretch or the one before, whichever was faster; at least one."""
        return max(1.0, self._before, self._counted / max(1.0, at - self._since))

    # ---- what answers teach ----------------------------------------------------------------------------------------

    def judge(self, domain: str, outcome: Outcome, now: datetime) -> Outcome:
        """Learn from an outcome; the same one, with `stop` as all the answers so far have it.

        One refusal too many in a row comes back as QUEUED. Where the batch stops for a row of them, `reply` says so.
        """
        self._under_way -= 1
        if outcome.state is State.ACCEPTED:
            self._accept(domain, self._seconds(now))
        elif outcome.throttled:
            self._slow_down(domain, outcome, self._seconds(now))
            if self._throttles >= THROTTLES_TO_STOP:
                return replace(outcome, stop=True)
        elif outcome.state is State.REFUSED:
            return self._refuse(outcome)
        elif outcome.state is State.UNCERTAIN:
            return self._lose(outcome)
        elif outcome.stop and outcome.phase in {Phase.RCPT, Phase.DOT} and outcome.code not in LOGIN_CODES:
            # "Policy" may be one recipient's own: it must not keep the mail of all the others.
            self._doubts += 1
            if self._doubts < DOUBTS_TO_STOP:
                return replace(outcome, stop=False)
        return outcome

    def _accept(self, domain: str, at: float) -> None:
        self._throttles = self._doubts = self._refusals = self._losses = 0
        if self._transport is not None:
            self._transport.speed_up(at)
            self._is_changed = True
        if self._domains and (bucket := self._domains.get(domain)) is not None:
            bucket.speed_up(at)
            self._changed.add(domain)

    def _refuse(self, outcome: Outcome) -> Outcome:
        """A list is not refused one by one: from some number on it is our sender, or the relay, that is at fault."""
        if outcome.code is None:
            return outcome  # the server was not asked
        self._refusals += 1
        if self._refusals < REFUSALS_TO_STOP:
            return outcome
        words = f"{self._refusals} recipients in a row were refused and none accepted: {outcome.code} {outcome.reply}"
        return replace(outcome, state=State.QUEUED, suppress=False, stop=True, reply=words)

    def _lose(self, outcome: Outcome) -> Outcome:
        """One dropped line, or a server that restarts, loses what is under way, and that is one reason."""
        if not self._losses:
            self._bearable = max(self._under_way, 0) + LOSSES_TO_STOP
        self._losses += 1
        if self._losses < self._bearable:
            return outcome
        words = f"{self._losses} mails in a row may or may not have been taken and none was accepted: {outcome.reply}"
        return replace(outcome, stop=True, reply=words)

    def _slow_down(self, domain: str, outcome: Outcome, at: float) -> None:
        """It is the domain's where the recipient was refused, and the transport's anywhere else; 421 is a goodbye."""
        if outcome.phase is Phase.RCPT and outcome.code != 421:
            if domain not in self._domains:
                rate = self._domain_limit or (self._transport.rate if self._transport else self._lately(at))
                self._domains[domain] = self._bucket(rate, at)
            self._throttles += self._domains[domain].slow_down(at, outcome.retry_after)
            self._changed.add(domain)
            return
        if self._transport is None:
            self._transport = _Bucket(self._lately(at), self._ceiling, at=at, first=self._first)
        self._throttles += self._transport.slow_down(at, outcome.retry_after)
        self._is_changed = True

    # ---- what is kept ----------------------------------------------------------------------------------------------

    def kept(self, now: datetime) -> tuple[Kept, ...]:
        """What has changed since the last call, to be persisted; a bucket like a new one needs no row of its own."""
        at = self._seconds(now)
        rows = []
        if self._transport is not None and self._is_changed:
            rows.append(self._row(self._name, self._transport, at, now))
        for domain in self._changed:
            bucket = self._domains[domain]
            row = self._row(f"@{domain}", bucket, at, now)
            if (bucket.is_kept or not bucket.is_fresh) and len(row.name) <= _LONGEST_NAME:
                rows.append(row)
                bucket.is_kept = True
            if bucket.is_fresh:
                del self._domains[domain]
        self._is_changed = False
        self._changed.clear()
        return tuple(rows)

    def _row(self, name: str, bucket: _Bucket, at: float, now: datetime) -> Kept:
        bucket.refill(at)
        return Kept(name, bucket.rate if bucket.rate < bucket.ceiling else 0.0, bucket.tokens, now)


class Lanes(Generic[T]):
    """Mails that wait, a lane for each recipient domain: in order within a lane, in turn between them.

    A lane whose domain must wait sleeps until then and holds nobody else up. Items are neither None nor a float.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, deque[T]] = {}
        self._ready: deque[str] = deque()  # domains whose turn comes, each once
        self._asleep: list[tuple[float, str]] = []  # a heap: when to look at a domain again
        self._sleepers: set[str] = set()  # the domains in it
        self._count = self._sleeping = 0
        self._began: datetime | None = None
        self._at = 0.0

    def __len__(self) -> int:
        """How many mails wait."""
        return self._count

    @property
    def ready(self) -> int:
        """How many wait in lanes that do not sleep, as the last `take` left them and `put` has added to them since.

        Only `take` wakes a lane or lets it sleep. One that it did not look at again since its last mail counts whole,
        whether it may go on or not, and so does what only the transport holds back. When all domains wait, it is 0.
        """
        return self._count - self._sleeping

    def put(self, domain: str, item: T) -> None:
        """Add a mail at the end of its lane."""
        lane = self._lanes.get(domain)
        if lane is None:
            self._lanes[domain] = deque((item,))
            self._ready.append(domain)
        else:
            lane.append(item)
            self._sleeping += domain in self._sleepers
        self._count += 1

    def rest(self) -> tuple[T, ...]:
        """Everything that waits, lane by lane."""
        return tuple(item for lane in self._lanes.values() for item in lane)

    def take(self, rates: Rates, now: datetime) -> T | float | None:
        """A mail that may begin now, already spent; the seconds until one may; or None where none waits."""
        if not self._count:
            return None
        if held := rates.held(now):
            return held
        at = self._wake(now)
        while self._ready:
            domain = self._ready.popleft()
            lane = self._lanes[domain]
            if wait := rates.wait(domain, now):
                heappush(self._asleep, (at + wait, domain))
                self._sleepers.add(domain)
                self._sleeping += len(lane)
                continue
            item = lane.popleft()
            self._count -= 1
            if lane:
                self._ready.append(domain)
            else:
                del self._lanes[domain]
            rates.spend(domain, now)
            return item
        return self._asleep[0][0] - at + _TICK

    def _wake(self, now: datetime) -> float:
        """Seconds on our own clock, when those whose time has come have taken their place at the end of the row."""
        if self._began is None:
            self._began = now
        at = (now - self._began).total_seconds()
        is_back = at < self._at  # the clock was put back: the times in the heap mean nothing any more
        self._at = at
        while self._asleep and (is_back or self._asleep[0][0] <= at):
            domain = heappop(self._asleep)[1]
            self._sleepers.remove(domain)
            self._sleeping -= len(self._lanes[domain])
            self._ready.append(domain)
        return at
