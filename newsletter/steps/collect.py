"""collect: read the sources, compare with what is known, store what changed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from newsletter.database import Database, Transaction
from newsletter.errors import SourceUnavailable
from newsletter.models import Listing, Word
from newsletter.novelty import Diff, diff, keys_of
from newsletter.queries import listings as queries
from newsletter.reports import CollectReport, SourceReport
from newsletter.settings import Settings
from newsletter.sources import Capture

_SAMPLES = "These papers are invented samples that ship with Paperboy"


class Fetch(Protocol):
    """Asks sources for their listings of some days, from the live sites or from the samples."""

    def __call__(
        self, asked: Mapping[str, Sequence[date]], *, today: date, now: datetime, sample: bool
    ) -> tuple[Capture, ...]:
        """One capture for each listing, in a stable order."""


def collect(
    database: Database,
    fetch: Fetch,
    *,
    settings: Settings,
    day: date,
    now: datetime,
    sources: tuple[str, ...] | None = None,
) -> CollectReport:
    """Read the sources for a day and the days missed before it; store each listing and what it changes.

    Raises:
        SourceUnavailable: no source could be listed at all.

    """
    names = sources or settings.sources
    with database.begin() as tx:
        asked = {name: _to_ask(tx, name, day, settings) for name in names}
        closed_is_no_trouble = may_use_samples(tx, settings)
    sample = settings.samples == "always"
    notice = f"{_SAMPLES}, as PAPERBOY_SAMPLES says." if sample else ""
    # For a past day the sources must know that it is past: a feed only ever has today's announcement.
    today = day if sample else max(day, now.date())
    captures = fetch(asked, today=today, now=now, sample=sample)
    unreachable = all(isinstance(capture.error, SourceUnavailable) for capture in captures)
    if not sample and closed_is_no_trouble and unreachable:
        sample = True
        notice = f"{_SAMPLES}: no live listing could be reached."
        captures = fetch(asked, today=day, now=now, sample=True)
    if all(capture.listing is None for capture in captures):
        # One reason for each source: four categories of one host that is away say the same thing.
        reasons = "; ".join({capture.source: str(capture.error) for capture in reversed(captures)}.values())
        raise SourceUnavailable(f"no source could be listed: {reasons}", source=", ".join(names))
    found = store(database, [capture.listing for capture in captures if capture.listing is not None])
    return _report(captures, found, day=day, notice=notice)


def store(database: Database, taken: Sequence[Listing]) -> Diff:
    """Compare listings with what is remembered and write what changed, in one transaction."""
    with database.begin() as tx:
        memory = queries.memory(tx, taken, *keys_of(taken))
        found = diff(taken, memory)
        queries.save_papers(tx, found.papers, memory.papers.keys())
        for listed in found.listed:
            queries.save_listing(tx, listed)
    return found


def _to_ask(tx: Transaction, source: str, day: date, settings: Settings) -> tuple[date, ...]:
    """The days to ask for: what the listing that missed most needs. A ranking without a day stands for no day."""
    names = settings.arxiv_categories if source == "arxiv" else ("daily",)
    limit = settings.catch_up_days
    asked = [
        days_to_ask(source, listed_until(source, queries.days_listed(tx, source, name, day), day, limit), day, limit)
        for name in names
    ]
    return max(asked, key=len, default=(day,))


def listed_until(source: str, listed: Collection[date], day: date, limit: int) -> date | None:
    """The last day before a gap in the days on which something was listed; of arXiv a weekday without is a gap.

    Only gaps of the last `limit` days count. None where nothing was ever listed.
    """
    if not listed:
        return None
    if source != "arxiv":
        return max(listed)  # at weekends it serves Friday's list, so a day without is no gap
    first = max(min(listed), day - timedelta(days=limit))
    days = (first + timedelta(days=n) for n in range((day - first).days))
    gap = next((one for one in days if one.weekday() < 5 and one not in listed), None)
    return day if gap is None else gap - timedelta(days=1)


def days_to_ask(source: str, last: date | None, day: date, limit: int) -> tuple[date, ...]:
    """The days to ask a source for, oldest first: the day itself and those missed since the last one listed.

    Hugging Face's list of a day grows until the day is over, so the last day listed is asked for again. arXiv announces
    a batch once, so only weekdays that were missed are asked for; on a first run that is the weekday before.
    """
    earliest = day - timedelta(days=limit)
    if source == "arxiv":
        start = _weekday_before(day) if last is None else last + timedelta(days=1)
    else:
        start = min(last or day, day - timedelta(days=1))
    start = max(start, earliest)
    days = [start + timedelta(days=n) for n in range((day - start).days)]
    if source == "arxiv":
        days = [one for one in days if one.weekday() < 5]
    return (*days, day)


def _weekday_before(day: date) -> date:
    back = day - timedelta(days=1)
    while back.weekday() >= 5:
        back -= timedelta(days=1)
    return back


def may_use_samples(tx: Transaction, settings: Settings) -> bool:
    """Whether sample listings may stand in for live ones, or the operator asked for them.

    By themselves never where live listings have been seen: then the network is down, not closed.
    """
    return may_mail_samples(settings) and (settings.samples == "always" or not queries.ever_live(tx))


def may_mail_samples(settings: Settings) -> bool:
    """Samples never go into real inboxes by themselves."""
    return settings.samples == "always" or (settings.samples == "auto" and settings.transport == "outbox")


def _report(captures: Sequence[Capture], found: Diff, *, day: date, notice: str) -> CollectReport:
    listed = iter(found.listed)
    reports: list[SourceReport] = []
    remarks: list[str] = []
    for capture in captures:
        if capture.listing is None:
            note = str(capture.error)
            reports.append(SourceReport(capture.source, capture.name, capture.day, Word.BROKEN, 0, 0, note))
            remarks.append(f"{capture.source} ({capture.name}) could not be read today.")
            continue
        one = next(listed)
        count = len(one.listing.entries)
        reports.append(SourceReport(capture.source, capture.name, capture.day, one.word, count, one.new, one.note))
    return CollectReport(day, tuple(reports), found.new, bool(notice), tuple(dict.fromkeys(remarks)), notice)
