"""report: close the run's account, and say what happened."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from newsletter import encoding
from newsletter.database import Database, Transaction
from newsletter.errors import LedgerError
from newsletter.queries import deliveries as outbox
from newsletter.queries import runs
from newsletter.reports import (
    CollectReport,
    ComposeReport,
    DeliverReport,
    Doubt,
    DoubtReport,
    EnqueueReport,
    RunReport,
    Shard,
    masked,
    masked_in,
)

_SHOWN = 50  # uncertain deliveries a report lists; all of them are in the outbox


def report(
    database: Database,
    *,
    run: str,
    day: date,
    collect: CollectReport,
    compose: ComposeReport,
    enqueue: EnqueueReport,
    deliver: Iterable[DeliverReport],
    where: str,
    now: datetime,
    shards: Sequence[Shard] = (),
    dry_run: bool = False,
) -> RunReport:
    """The account of a run: the audience must equal what became of everyone, `queued` meaning deferred to a later run.

    What became of them is read in the outbox, whoever sent it: a task that was tried again, and a process beside this
    one, count too. `shards` are those that were delivered: what earlier runs had queued is found in them.

    Raises:
        LedgerError: somebody is unaccounted for; the run has failed.

    """
    with database.begin() as tx:
        states = outbox.states(tx, made_by=run)
        lost = outbox.lost(tx, made_by=run)
        became = outbox.came_to(tx, run=run, first=min((shard.first for shard in shards), default=None))
        doubts = _doubts(tx, run)
    accounted = enqueue.queued + sum(enqueue.skipped.values())
    balanced = accounted == enqueue.audience and (dry_run or sum(states.values()) == enqueue.queued) and not lost
    whole = RunReport(
        day=day,
        collect=collect,
        compose=compose,
        enqueue=enqueue,
        deliver=DeliverReport(dict(sorted(became.items())), masked_in(sum_up(deliver).stopped)),
        where=where,
        dry_run=dry_run,
        doubts=doubts,
    )
    with database.begin() as tx:
        runs.finish(tx, run, state="finished" if balanced else "failed", report=encoding.dump(whole), now=now)
    if not balanced:
        raise LedgerError(
            f"the account of run {run} does not close: {enqueue.audience} subscribers, {accounted} accounted for, "
            f"deliveries {states}, {lost} left in mid-air; see `paperboy deliveries list`"
        )
    return whole


def _doubts(tx: Transaction, run: str) -> DoubtReport:
    """What was perhaps sent: since the run began, with the first of them, and before it."""
    new, rows = outbox.doubts(tx, run=run, limit=_SHOWN)
    earlier = len(outbox.uncertain(tx)) - new
    newest = (Doubt(row.id, row.day, masked(row.address), masked_in(row.reply)) for row in rows)
    return DoubtReport(new, earlier, tuple(newest))


def sum_up(reports: Iterable[DeliverReport]) -> DeliverReport:
    """The shards' reports as one."""
    states: dict[str, int] = {}
    stopped = ""
    for one in reports:
        stopped = stopped or one.stopped
        for state, count in one.states.items():
            states[state] = states.get(state, 0) + count
    return DeliverReport(dict(sorted(states.items())), stopped)
