"""The daily flow: one screen, five calls. It runs hourly and does what is due."""

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.task_runners import ThreadPoolTaskRunner

from flows import artifacts, tasks, wiring
from flows.parameters import RunParameters
from newsletter.errors import RunInProgress
from newsletter.reports import RunReport

WHATEVER_IS_DUE = RunParameters()


def run_name() -> str:
    """A name one can read: the day, when it started, and whether it is a dry run."""
    asked = RunParameters.model_validate(runtime.flow_run.parameters.get("parameters", {}))
    start = runtime.flow_run.scheduled_start_time
    dry = ", dry run" if asked.dry_run else ""
    return f"{asked.day or start.date():%a %d %b %Y} (at {start:%H:%M} UTC{dry})"


@flow(
    name="daily-digest",
    flow_run_name=run_name,
    # One shard after another: each keeps all the connections of the settings busy, and a server never sees more.
    task_runner=ThreadPoolTaskRunner(max_workers=1),  # type: ignore[arg-type]
    timeout_seconds=6 * 3600,
)
def daily_digest(parameters: RunParameters = WHATEVER_IS_DUE) -> State[RunReport]:
    """Collect, compose, enqueue, deliver, report: today's papers to every subscriber who is due."""
    day = tasks.day_of(parameters, runtime.flow_run.scheduled_start_time.date())
    run = f"{runtime.flow_run.id}.{runtime.flow_run.run_count}"
    try:
        with wiring.shop() as shop, shop.run(run, day):
            collected = tasks.collect(day, parameters.sources)
            composed = tasks.compose(day, collected.remarks, scheduled=not parameters.ignore_hours)
            queued = tasks.enqueue(run, day, parameters)
            delivered = tasks.deliver_all(run, queued.shards, dry_run=parameters.dry_run)
            told = tasks.report(run, day, collected, composed, queued, delivered, dry_run=parameters.dry_run)
    except RunInProgress as error:
        return artifacts.cancelled(error)
    return artifacts.final_state(told)
