"""enqueue: cut a digest for every subscriber who is due, and promise it in the outbox."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from newsletter.database import Database, Transaction
from newsletter.models import Digest, InterestKind, Paper, Profile, Recipient, Skip
from newsletter.queries import editions as queries
from newsletter.queries import promises as ledger
from newsletter.relevance.matching import Window
from newsletter.reports import EnqueueReport
from newsletter.settings import Settings
from newsletter.steps.background import background
from newsletter.steps.collect import may_mail_samples
from newsletter.steps.seeds import VOTED, known_seeds

_REMEMBERED = 5_000  # papers that were voted on, kept from one page to the next: readers share them
_WINDOWS = 3  # kept ready: of the cursor that is read now, and of those who wait for an earlier digest


class Page(Protocol):
    """Some subscribers: each due for a digest, or skipped with the reason."""

    @property
    def recipients(self) -> Sequence[Recipient]:
        """Those who are due."""

    @property
    def skips(self) -> Sequence[tuple[int, Skip]]:
        """The others, by subscriber id."""


ReadAudience = Callable[[int | None], Iterable[Page]]
"""Every subscriber once, in pages, those with one cursor together.

Asked with the id of the newest edition, or None where there is none: then nobody is due.
"""


def enqueue(
    database: Database,
    read_audience: ReadAudience,
    *,
    settings: Settings,
    run: str,
    day: date,
    now: datetime,
    dry_run: bool = False,
) -> EnqueueReport:
    """Give every subscriber a delivery or a reason, in pages that each hold on their own.

    Killed between two pages nothing is lost: who has no delivery yet is due again in the next run. A dry run counts
    the same and writes nothing.
    """
    with database.begin() as tx:
        newest = queries.latest(tx, samples=may_mail_samples(settings))
        if not (dry_run or may_mail_samples(settings)):
            ledger.expire_samples(tx, now=now)
    windows = Windows(database, settings, newest.id) if newest else None
    book = _Book(database, windows, settings, run=run, day=day, now=now, dry_run=dry_run)
    for page in read_audience(newest.id if newest else None):
        book.enter(page)
    return EnqueueReport(
        book.considered, book.queued, {str(why): number for why, number in sorted(book.skipped.items())}
    )


def preview(database: Database, recipient: Recipient, *, settings: Settings, upto: int) -> Digest | None:
    """The digest one recipient would get now, without promising it."""
    return Windows(database, settings, upto).digests(recipient.cursor, [recipient.profile])[0]


class Windows:
    """The windows that reach one edition, by the cursor they start after; the last few are kept."""

    def __init__(self, database: Database, settings: Settings, upto: int) -> None:
        self.database, self.upto = database, upto
        with database.begin() as tx:
            edition = queries.load(tx, upto)
        self.day, self.sample = edition.day, edition.sample
        self._background = background(database, settings.cache_dir, day=self.day, sample=self.sample)
        self._kept: dict[int, Window] = {}
        self._voted: dict[str, Paper] = {}

    def digests(self, cursor: int, profiles: Sequence[Profile]) -> list[Digest | None]:
        """The cut for each profile; None where nothing reaches its floor."""
        interests = [one for profile in profiles for one in profile.interests]
        named = {one.value for one in interests if one.kind is InterestKind.SEED}
        voted = {one.value for one in interests if one.kind in VOTED}
        window = self._kept.pop(cursor, None)
        with self.database.begin() as tx:
            if window is None:
                window = Window(queries.between(tx, cursor, self.upto, sample=self.sample), self._background)
            window.know(self._known(tx, voted) | known_seeds(tx, named))
        self._kept[cursor] = window
        if len(self._kept) > _WINDOWS:
            self._kept.pop(next(iter(self._kept)))  # the one asked for longest ago
        return window.digests(profiles)

    def _known(self, tx: Transaction, voted: set[str]) -> dict[str, Paper]:
        """The papers that were voted on, by key."""
        missing = voted - self._voted.keys()
        if len(self._voted) + len(missing) > _REMEMBERED:
            self._voted, missing = {}, voted
        self._voted |= {paper.key: paper for paper in queries.papers_by_key(tx, missing)}
        return {key: self._voted[key] for key in voted if key in self._voted}

    def promise(self, who: Recipient, digest: Digest) -> ledger.Promise:
        """The delivery of a digest that was cut here."""
        return ledger.Promise(
            key=delivery_key(who.token, self.day, sample=self.sample),
            subscriber_id=who.subscriber_id,
            edition_id=self.upto,
            after=who.cursor,
            address=who.address,
            name=who.name,
            token=who.token,
            digest=digest,
        )


Fate = ledger.Promise | Skip
"""What becomes of one subscriber: the promise of a digest, or the reason why there is none."""


class _Book:
    """Enters the audience page by page: the deliveries, cursors and skips of a page in one transaction."""

    def __init__(
        self, database: Database, windows: Windows | None, settings: Settings, *, run: str, day: date, now: datetime,
        dry_run: bool,
    ) -> None:  # fmt: skip
        self.database, self.windows = database, windows
        self.run, self.day, self.now, self.dry_run = run, day, now, dry_run
        self.expires_at = now + timedelta(hours=settings.delivery_expiry_hours)
        self.considered = self.queued = 0
        self.skipped: Counter[Skip] = Counter()
        with database.begin() as tx:
            self._oldest = ledger.oldest_unsent(tx, before=windows.upto) if windows else None

    def enter(self, page: Page) -> None:
        """Give every subscriber of a page a delivery or a reason."""
        self.considered += len(page.recipients) + len(page.skips)
        fates: dict[int, Fate] = dict(page.skips)
        todo = page.recipients if self.windows else ()
        while fates or todo:
            with self.database.begin() as tx:
                starts = self._starts(tx, todo)
            fates |= dict(self._cut(todo, starts))
            if not self.dry_run:
                fates = self._write(fates, todo, starts)
            self.skipped.update(fate for fate in fates.values() if isinstance(fate, Skip))
            self.queued += sum(not isinstance(fate, Skip) for fate in fates.values())
            todo = [who for who in todo if who.subscriber_id not in fates]
            fates = {}

    def _starts(self, tx: Transaction, todo: Sequence[Recipient], *, hold: bool = False) -> dict[int, ledger.Start]:
        """Where their digests start; where nobody waits for an earlier one, at their cursors, and nothing is asked."""
        if not todo or self.windows is None or self._oldest is None:
            return {}
        who = [recipient.subscriber_id for recipient in todo]
        return ledger.starts(tx, who, since=self._oldest, before=self.windows.upto, hold=hold)

    def _cut(self, todo: Sequence[Recipient], starts: Mapping[int, ledger.Start]) -> Iterator[tuple[int, Fate]]:
        if self.windows is None:
            return
        # Who still waits for an earlier digest gets one for both: what stays queued would expire, papers and all.
        readers = [
            replace(who, cursor=starts[who.subscriber_id].after) if who.subscriber_id in starts else who for who in todo
        ]
        readers.sort(key=lambda who: (who.cursor, who.subscriber_id))
        for cursor, same in groupby(readers, key=lambda who: who.cursor):
            alike = list(same)
            digests = self.windows.digests(cursor, [who.profile for who in alike])
            for who, digest in zip(alike, digests, strict=True):
                yield who.subscriber_id, Skip.NO_MATCH if digest is None else self.windows.promise(who, digest)

    def _write(
        self, fates: dict[int, Fate], todo: Sequence[Recipient], starts: Mapping[int, ledger.Start]
    ) -> dict[int, Fate]:
        """Write a page, and tell what became of each; who is left out must be cut again."""
        with self.database.begin() as tx:
            held = self._starts(tx, todo, hold=True)
            # Since the cut an earlier digest may have left, or expired: its papers must not come twice, or never.
            fates = {who: fate for who, fate in fates.items() if held.get(who) == starts.get(who)}
            promises = [fate for fate in fates.values() if not isinstance(fate, Skip)]
            made = ledger.enqueue(tx, promises, run=self.run, now=self.now, expires_at=self.expires_at)
            # Whose delivery of this edition exists already (it expired, say) has nothing new until the next one.
            fates |= {each.subscriber_id: Skip.NOTHING_NEW for each in promises if each.subscriber_id not in made}
            ledger.replace(tx, [one for who in made if who in held for one in held[who].unsent], now=self.now)
            if self.windows is not None:
                served = made.union(who for who, fate in fates.items() if fate is Skip.NO_MATCH)
                ledger.advance(tx, served, upto=self.windows.upto, now=self.now)
            skips = [(who, fate) for who, fate in fates.items() if isinstance(fate, Skip)]
            ledger.skip(tx, skips, day=self.day, now=self.now)
        return fates


def delivery_key(token: str, day: date, *, sample: bool) -> str:
    """The key of a delivery: opaque, and the same whenever it is made again for the same subscriber and edition."""
    return hashlib.sha256(f"{token}/{day.isoformat()}/{'sample' if sample else 'live'}".encode()).hexdigest()[:32]
