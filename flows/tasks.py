"""Thin wrappers around the steps: retries on what can heal, timeouts, logs, artifacts. Nothing is decided here.

Only dates, ids and small reports cross a task's boundary; each opens what it needs and closes it again.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff
from sqlalchemy.exc import DBAPIError

from flows import artifacts, wiring
from flows.parameters import RunParameters
from flows.stopping import Stopping
from newsletter import steps
from newsletter.errors import MailerUnavailable, PaperboyError, SourceUnavailable
from newsletter.reports import (
    CollectReport,
    ComposeReport,
    DeliverReport,
    EnqueueReport,
    RunReport,
    Shard,
    masked_in,
)

_STOP = threading.Event()
"""Set once this process was asked to stop while it delivers: signals reach the flow's thread, and tasks have others."""


@dataclass(frozen=True, slots=True)
class Queued:
    """What enqueue hands on: its report, and the shards that are due."""

    report: EnqueueReport
    shards: tuple[Shard, ...]


def say(event: str, sentence: str, **fields: object) -> None:
    """Log one event: a constant name and its fields for the log, a sentence for whoever waits at the terminal."""
    pairs = " ".join(f"{name}={value}" for name, value in fields.items())
    get_run_logger().info("%s %s", event, pairs, extra={"sentence": sentence})


def day_of(parameters: RunParameters, scheduled: date) -> date:
    """The day a run is for.

    Raises:
        PaperboyError: it has not come yet.

    """
    day = parameters.day or scheduled
    if day > scheduled:
        raise PaperboyError(f"day ({day}): it has not come yet; name {scheduled} (UTC) or an earlier one")
    return day


async def can_heal(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether another try may help: nobody answered, the database was busy, the mailer is down."""
    if _STOP.is_set():
        return False
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, (SourceUnavailable, MailerUnavailable, DBAPIError))


@task(
    task_run_name="collect",
    timeout_seconds=1200,
    retries=2,
    retry_delay_seconds=exponential_backoff(10),
    retry_jitter_factor=0.5,
    retry_condition_fn=can_heal,
    cache_policy=NO_CACHE,
)
def collect(day: date, sources: Sequence[str]) -> CollectReport:
    """Read the sources, compare with what is known, store what changed."""
    with wiring.shop() as shop:
        names = tuple(sources) or shop.settings.sources
        say("collect.begun", f"reading {', '.join(names)}", day=day)
        told = steps.collect(
            shop.database, shop.fetch, settings=shop.settings, day=day, now=wiring.now(), sources=names
        )
        learned = 0 if told.sample else shop.learn_seeds(day=day)
    if learned:
        say("collect.seeds", f"{learned} example papers looked up", learned=learned)
    for one in told.sources:
        fields = {"source": one.source, "name": one.name, "day": one.day, "word": one.word}
        sentence = f"{one.source} {one.name}: {one.word}, {one.listed} listed, {one.new} new"
        say("collect.source", sentence, **fields, listed=one.listed, new=one.new, note=one.note)
    say("collect.done", f"{told.new} new papers", new=told.new, sample=told.sample)
    return told


@task(
    task_run_name="compose",
    timeout_seconds=1200,
    retries=2,
    retry_delay_seconds=exponential_backoff(5),
    retry_jitter_factor=0.5,
    retry_condition_fn=can_heal,
    cache_policy=NO_CACHE,
)
def compose(day: date, remarks: Sequence[str], *, scheduled: bool) -> ComposeReport:
    """Freeze the papers that wait into the edition of the day, grouped by topic."""
    with wiring.shop() as shop:
        say("compose.begun", "composing the edition", day=day)
        told = steps.compose(
            shop.database,
            settings=shop.settings,
            day=day,
            now=wiring.now(),
            scheduled=scheduled,
            remarks=remarks,
            named=shop.named_topics(),
        )
        edition = None if told.edition_id is None else shop.edition(told.edition_id)
    if edition is not None:
        artifacts.edition(edition)
    sentence = told.reason or f"the edition of {day}: {told.papers} papers in {len(told.topics)} topics"
    say("compose.done", sentence, edition=told.edition_id, made=told.made, papers=told.papers, topics=len(told.topics))
    return told


@task(task_run_name="enqueue", timeout_seconds=3600, cache_policy=NO_CACHE)
def enqueue(run: str, day: date, parameters: RunParameters) -> Queued:
    """Give every subscriber a delivery or a reason; a dry run counts the same and writes nothing.

    Not tried again: what a first try promised would be missing from the second one's count. The next run goes on.
    """
    now = wiring.now()
    chosen: dict[str, Any] = {"now": now, "only": parameters.only, "ignore_hours": parameters.ignore_hours}
    with wiring.shop() as shop:
        if strangers := shop.strangers(parameters.only):
            which = "is nobody's" if strangers == 1 else "are nobody's"
            raise PaperboyError(f"only these subscribers: {strangers} of the addresses {which}; nothing was queued")
        say("enqueue.begun", "cutting the digests", day=day, dry_run=parameters.dry_run)
        example = shop.example(**chosen)
        told = steps.enqueue(
            shop.database,
            lambda latest: shop.audience(latest, **chosen),
            settings=shop.settings,
            run=run,
            day=day,
            now=now,
            dry_run=parameters.dry_run,
        )
        shards = () if parameters.dry_run else steps.shards(shop.database, now=wiring.now())
    if example is not None:
        artifacts.example(example)
    skipped = "".join(f", {count} {reason.replace('_', ' ')}" for reason, count in told.skipped.items())
    say("enqueue.done", f"digests: {told.queued}{skipped}", queued=told.queued, **told.skipped)
    return Queued(told, shards)


@task(
    retries=3,
    retry_delay_seconds=exponential_backoff(10),
    retry_jitter_factor=0.5,
    retry_condition_fn=can_heal,
    cache_policy=NO_CACHE,
    task_run_name="deliver {shard.first}-{shard.last}",
)
def deliver(run: str, shard: Shard) -> DeliverReport:
    """Send what is due in one shard. No timeout: in a thread Prefect's would only end it after the fact."""
    with wiring.shop() as shop, artifacts.progress(_tell_progress) as progress:
        told = steps.deliver(shop.post(run, _STOP), shard, progress=progress)
    told = replace(told, stopped=masked_in(told.stopped))  # Prefect keeps what is logged and returned
    sentence = ", ".join(f"{count} {state}" for state, count in told.states.items()) or "nothing was due"
    say("deliver.done", sentence, first=shard.first, last=shard.last, stopped=told.stopped, **told.states)
    return told


def _tell_progress(done: int, of_all: int) -> None:
    say("deliver.progress", f"delivered {done} of {of_all}", done=done, of=of_all)


def send_notices() -> None:
    """Send the confirmations and answers that wait; a mailer that is down is heard of with the digests."""
    with suppress(MailerUnavailable), wiring.shop() as shop:
        accepted = shop.send_notices(_STOP)
        say("notices.done", f"{accepted} confirmations and answers sent", accepted=accepted)


def deliver_all(run: str, shards: Sequence[Shard], *, dry_run: bool = False) -> tuple[DeliverReport, ...]:
    """Confirmations and answers, then shard after shard, until the mailer stops or stays down.

    The next shard would hear the same, and try as long.

    The unforeseen costs its shard and is raised at the end, when the others are delivered.

    Prefect would answer SIGTERM by crashing the flow while its thread still sends. So it is heeded here: the threads
    settle what is on its way, and the run ends with its report.
    """
    told: list[DeliverReport] = []
    unforeseen: list[Exception] = []
    with Stopping(_STOP, firm=True):
        if not dry_run:
            send_notices()
        for shard in shards:
            try:
                told.append(deliver.submit(run, shard).result())
            except MailerUnavailable as error:
                told.append(DeliverReport(stopped=masked_in(str(error))))
            except Exception as error:  # noqa: BLE001 - raised below
                unforeseen.append(error)
            if told and told[-1].stopped:
                break
    if unforeseen:
        raise unforeseen[0]
    return tuple(told)


@task(
    task_run_name="report",
    timeout_seconds=600,
    retries=2,
    retry_delay_seconds=exponential_backoff(5),
    retry_jitter_factor=0.5,
    retry_condition_fn=can_heal,
    cache_policy=NO_CACHE,
)
def report(
    run: str,
    day: date,
    collected: CollectReport,
    composed: ComposeReport,
    queued: Queued,
    delivered: Sequence[DeliverReport],
    *,
    dry_run: bool,
) -> RunReport:
    """Close the run's account: everybody was served, or skipped for a reason, or the run has failed."""
    with wiring.shop() as shop:
        told = steps.report(
            shop.database,
            run=run,
            day=day,
            collect=collected,
            compose=composed,
            enqueue=queued.report,
            deliver=delivered,
            where=shop.where,
            now=wiring.now(),
            shards=queued.shards,
            dry_run=dry_run,
        )
    artifacts.report(told)
    say("report.done", "the account closes", audience=told.enqueue.audience)
    return told
