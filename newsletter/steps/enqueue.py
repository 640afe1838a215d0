"""enqueue: cut a digest for every subscriber who is due, and promise it in the outbox."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from newsletter.database import Database, Transaction
from newsletter.models import Digest, Edition, InterestKind, Recipient, Skip
from newsletter.queries import editions as queries
from newsletter.queries import promises as ledger
from newsletter.relevance.matching import Window
from newsletter.reports import EnqueueReport
from newsletter.settings import Settings
from newsletter.steps.background import background
from newsletter.steps.collect import may_mail_samples

_BATCH = 1_000  # recipients matched and written at a time


class Audience(Protocol):
    """Every subscriber, once: due for a digest, or skipped with the reason."""

    @property
    def recipients(self) -> Sequence[Recipient]:
        """Those who are due."""

    @property
    def skips(self) -> Sequence[tuple[int, Skip]]:
        """The others, by subscriber id."""


ReadAudience = Callable[[Transaction, int | None], Audience]
"""Asked with the id of the newest edition, or None where there is none."""


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
    """Give every subscriber a delivery or a reason, in batches that each hold on their own.

    Killed between two batches nothing is lost: who has no delivery yet is due again in the next run. A dry run counts
    the same and writes nothing.
    """
    with database.begin() as tx:
        newest = queries.latest(tx, samples=may_mail_samples(settings))
        if not (dry_run or may_mail_samples(settings)):
            ledger.expire_samples(tx, now=now)
        audience = read_audience(tx, newest.id if newest else None)
        unsent = ledger.unsent(tx)
    # Who still waits for an earlier digest gets one that covers both: what stays queued would expire, papers and all.
    recipients = [
        replace(who, cursor=min(who.cursor, unsent.get(who.subscriber_id, who.cursor))) for who in audience.recipients
    ]
    skips = list(audience.skips)
    queued = 0
    if newest is not None:
        book = _Windows(database, settings, newest.id, sample=newest.sample)
        for batch in _batches(recipients):
            promises, unmatched = _promises(book, batch, edition_day=newest.day)
            skips.extend((who, Skip.NO_MATCH) for who in unmatched)
            if dry_run:
                queued += len(promises)
                continue
            with database.begin() as tx:
                expires_at = now + timedelta(hours=settings.delivery_expiry_hours)
                made = ledger.enqueue(tx, promises, run=run, now=now, expires_at=expires_at)
                # Whose delivery of this edition exists already (it expired, say) has nothing new until the next one.
                skips.extend((p.subscriber_id, Skip.NOTHING_NEW) for p in promises if p.subscriber_id not in made)
                ledger.advance(tx, unmatched, upto=newest.id, now=now)
                queued += len(made)
    else:
        skips.extend((recipient.subscriber_id, Skip.NOTHING_NEW) for recipient in audience.recipients)
    if not dry_run:
        with database.begin() as tx:
            ledger.skip(tx, skips, day=day, now=now)
    counted: dict[str, int] = {}
    for _who, reason in skips:
        counted[reason.value] = counted.get(reason.value, 0) + 1
    considered = len(audience.recipients) + len(audience.skips)
    return EnqueueReport(considered, queued, dict(sorted(counted.items())))


def preview(database: Database, recipient: Recipient, *, settings: Settings, upto: int) -> Digest | None:
    """The digest one recipient would get now, without promising it."""
    with database.begin() as tx:
        sample = queries.load(tx, upto).sample
    window = _Windows(database, settings, upto, sample=sample).window(recipient.cursor, [recipient])
    return window.digest(recipient.profile)


class _Windows:
    """The windows of one run: editions are read once for all readers with the same cursor."""

    def __init__(self, database: Database, settings: Settings, upto: int, *, sample: bool) -> None:
        self.database, self.upto, self.sample = database, upto, sample
        with database.begin() as tx:
            day = queries.load(tx, upto).day
        self.background = background(database, settings.cache_dir, day=day, sample=sample)
        self._editions: dict[int, tuple[Edition, ...]] = {}

    def window(self, cursor: int, recipients: Iterable[Recipient]) -> Window:
        wanted = {
            interest.value
            for recipient in recipients
            for interest in recipient.profile.interests
            if interest.kind is InterestKind.SEED
        }
        with self.database.begin() as tx:
            if cursor not in self._editions:
                self._editions[cursor] = queries.between(tx, cursor, self.upto, sample=self.sample)
            seeds = queries.papers_by_arxiv_id(tx, wanted)
        return Window(self._editions[cursor], self.background, seeds)


def _batches(recipients: Sequence[Recipient]) -> Iterable[Sequence[Recipient]]:
    """Recipients with one cursor, a thousand at a time."""
    ordered = sorted(recipients, key=lambda recipient: (recipient.cursor, recipient.subscriber_id))
    for _cursor, same in groupby(ordered, key=lambda recipient: recipient.cursor):
        members = list(same)
        for start in range(0, len(members), _BATCH):
            yield members[start : start + _BATCH]


def _promises(
    book: _Windows, batch: Sequence[Recipient], *, edition_day: date
) -> tuple[list[ledger.Promise], list[int]]:
    window = book.window(batch[0].cursor, batch)
    digests = window.digests([recipient.profile for recipient in batch])
    promises, unmatched = [], []
    for recipient, digest in zip(batch, digests, strict=True):
        if digest is None:
            unmatched.append(recipient.subscriber_id)
            continue
        promises.append(
            ledger.Promise(
                key=delivery_key(recipient.token, edition_day, sample=book.sample),
                subscriber_id=recipient.subscriber_id,
                edition_id=book.upto,
                after=recipient.cursor,
                address=recipient.address,
                name=recipient.name,
                token=recipient.token,
                digest=digest,
            )
        )
    return promises, unmatched


def delivery_key(token: str, day: date, *, sample: bool) -> str:
    """The key of a delivery: opaque, and the same whenever it is made again for the same subscriber and edition."""
    return hashlib.sha256(f"{token}/{day.isoformat()}/{'sample' if sample else 'live'}".encode()).hexdigest()[:32]
