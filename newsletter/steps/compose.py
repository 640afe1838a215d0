"""compose: freeze the papers that wait into the edition of the day, grouped by topic."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from newsletter.database import Database
from newsletter.models import Edition, InterestKind, NamedInterests, Paper, Topic
from newsletter.queries import editions as queries
from newsletter.queries import marks
from newsletter.queries import topics as topic_queries
from newsletter.relevance.named import topics_of
from newsletter.reports import ComposeReport, TopicReport
from newsletter.settings import Settings
from newsletter.steps.background import background
from newsletter.steps.collect import may_use_samples
from newsletter.steps.seeds import known_seeds

log = logging.getLogger("newsletter.compose")

_CONTINUED = timedelta(days=7)  # as long a topic may pause and still be called as before


def compose(
    database: Database,
    *,
    settings: Settings,
    day: date,
    now: datetime,
    scheduled: bool = False,
    remarks: Sequence[str] = (),
    named: Sequence[NamedInterests] = (),
) -> ComposeReport:
    """Compose the edition of a day, once; what is listed later waits for the next one.

    The topics an operator named stand first, in the order of `named`; found ones that go on keep their names.
    A scheduled run waits for the edition hour, when the sources have published. Without new papers there is no edition.
    What was perhaps sent before a backup was restored comes in none any more.
    """
    upto = day if day < now.date() else None  # what was listed since a past day has an edition of its own to come
    with database.begin() as tx:
        restored = marks.restored(tx)
        held = marks.hold_back(tx, until=restored.until) if restored else 0
        members = queries.waiting(tx, sample=False, upto=upto)
        sample = not members and may_use_samples(tx, settings)
        if sample:
            members = queries.waiting(tx, sample=True, upto=upto)
        edition_id = queries.of_day(tx, day, sample=False) or queries.of_day(tx, day, sample=sample)
        made = None if edition_id is None else queries.load(tx, edition_id)
    if made is not None and (not made.sample or sample):
        waiting = f"; {len(members)} papers listed since wait for the next" if members else ""
        return _report(made, day, made=False, reason=f"the edition of {day} is composed and frozen{waiting}")
    if held:
        log.warning("compose.held_back", extra={"papers": held, "day": day.isoformat()})
    if restored and day <= restored.until.date():
        # Not even of later papers: its digests would have the Message-IDs of those that were sent.
        reason = f"a backup was restored, and the edition of {day} was perhaps sent before; the next day has one again"
        return ComposeReport(day, None, made=False, papers=0, reason=reason)
    if not members:
        reason = "no paper was listed that was not listed before"
        if held:
            reason = f"all {held} new papers were perhaps sent already, before a backup was restored"
        return ComposeReport(day, None, made=False, papers=0, reason=reason)
    if scheduled and day == now.date() and now.hour < settings.edition_hour:
        reason = f"{len(members)} papers wait for the edition hour, {settings.edition_hour:02d}:00 UTC"
        return ComposeReport(day, None, made=False, papers=0, reason=reason)
    topics = _topics(database, settings, members, named, day=day, sample=sample)
    with database.begin() as tx:
        edition_id = queries.save(tx, day=day, members=members, topics=topics, remarks=remarks, sample=sample, now=now)
        composed = queries.load(tx, edition_id)
    return _report(composed, day, made=True)


def _topics(
    database: Database,
    settings: Settings,
    members: Sequence[Paper],
    named: Sequence[NamedInterests],
    *,
    day: date,
    sample: bool,
) -> tuple[Topic, ...]:
    """The topics of a day, from nothing but the days before: a replay finds the same ones."""
    fitted = background(database, settings.cache_dir, day=day, sample=sample)
    examples = {one.value for topic in named for one in topic.interests if one.kind is InterestKind.SEED}
    with database.begin() as tx:
        seeds = known_seeds(tx, examples)
        earlier = topic_queries.found_between(tx, day - _CONTINUED, day, sample=sample)
    return topics_of(members, fitted, named=named, seeds=seeds, earlier=earlier)


def _report(edition: Edition, day: date, *, made: bool, reason: str = "") -> ComposeReport:
    topics = tuple(TopicReport(topic.label, len(topic.paper_keys), topic.terms) for topic in edition.topics)
    return ComposeReport(day, edition.id, made, len(edition.papers), topics, reason)
