"""What every start of the server puts right before work begins; run as `python -m flows.sweep`.

A power cut leaves runs `Running` for ever, each keeping its deployment's only slot, so that every later run would be
cancelled; and a night switched off leaves a queue of late runs of which only the newest is worth starting.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.automations import Automation
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed
from prefect.workers.process import ProcessWorker

from newsletter.settings import load

POOL = "paperboy"
UNFINISHED = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
ZOMBIES = "paperboy: crash runs whose process is gone"
_ALIVE = "prefect.flow-run.heartbeat"
_WITHIN = timedelta(seconds=90)  # three heartbeats


async def sweep(client: PrefectClient, *, now: datetime) -> tuple[int, int]:
    """Set what a power cut left unfinished to Crashed, and overtaken late runs to Cancelled; returns how many of each.

    Only for a start: whoever calls it holds the server's lock, so nothing of ours can be running.
    """
    left = await _runs(client, FlowRunFilter(state=_in(*UNFINISHED)))
    for run in left:
        message = "The process was gone when Paperboy started again."
        await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    late = await _runs(
        client,
        FlowRunFilter(
            state=_in(StateType.SCHEDULED),
            expected_start_time=FlowRunFilterExpectedStartTime(before_=now),
        ),
    )
    passed = overtaken(late)
    for run in passed:
        message = "A later run does this one's work: it catches up on missed days."
        await client.set_flow_run_state(run.id, Cancelled(message=message), force=True)
    return len(left), len(passed)


def _in(*types: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))


def overtaken(late: Sequence[FlowRun]) -> list[FlowRun]:
    """Of the late runs that a schedule made, all but the newest of each deployment; what a person asked for stays."""
    by_deployment: dict[UUID | None, list[FlowRun]] = {}
    for run in late:
        if run.auto_scheduled:
            by_deployment.setdefault(run.deployment_id, []).append(run)
    return [run for runs in by_deployment.values() for run in sorted(runs, key=_expected)[:-1]]


def _expected(run: FlowRun) -> datetime:
    return run.expected_start_time or datetime.min.replace(tzinfo=UTC)


async def _runs(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    """All of them: the API answers at most 200 at a time."""
    found: list[FlowRun] = []
    while page := await client.read_flow_runs(flow_run_filter=wanted, limit=200, offset=len(found)):
        found.extend(page)
    return found


async def ensure_pool(client: PrefectClient) -> None:
    """The work pool, made where it is missing; an operator's changes to it stay. Never the default pool."""
    try:
        await client.read_work_pool(POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        await client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))


async def drop_inbox(client: PrefectClient) -> None:
    """Take away the inbox's deployment of an earlier start: no address is set any more that readers write to."""
    with suppress(ObjectNotFound):
        found = await client.read_deployment_by_name("inbox/inbox")
        await client.delete_deployment(found.id)


async def ensure_zombie_automation() -> None:
    """Crash a run that stops giving heartbeats, so that its slot is freed while the server goes on."""
    ended = {f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Cancelled", "Crashed")}
    wanted = Automation(
        name=ZOMBIES,
        description="Made by `paperboy serve`: without it a run whose process was killed keeps its slot for ever.",
        trigger=EventTrigger(
            after={_ALIVE},
            expect={_ALIVE, *ended},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=_WITHIN,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message="Its process gave no sign of life for 90 s.")],
    )
    try:
        await Automation.aread(name=ZOMBIES)
    except ValueError:
        await wanted.acreate()


async def prepare(*, only_sweep: bool = False) -> str:
    """Sweep, and for `paperboy serve` make the pool and the automation; returns what was put right."""
    async with get_client() as client:
        crashed, cancelled = await sweep(client, now=datetime.now(UTC))
        if not only_sweep:
            await ensure_pool(client)
            if not load().inbox_address:
                await drop_inbox(client)
    if not only_sweep:
        await ensure_zombie_automation()
    said = []
    if crashed:
        said.append(f"{crashed} unfinished run(s) of before were set to Crashed")
    if cancelled:
        said.append(f"{cancelled} late run(s) were cancelled in favour of the newest")
    return "; ".join(said)


if __name__ == "__main__":
    print(asyncio.run(prepare()))  # noqa: T201 - the supervisor reads it
