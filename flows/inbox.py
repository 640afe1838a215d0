"""The inbox flow: reads what readers wrote, does it, and sends the short mails that follow; every few minutes."""

from prefect import flow, runtime
from prefect.client.schemas.objects import State

from flows import inbox_tasks
from newsletter.errors import RunInProgress


def run_name() -> str:
    """When it started: there are many in a day."""
    return f"{runtime.flow_run.scheduled_start_time:%d %b %Y, %H:%M} UTC"


@flow(name="inbox", flow_run_name=run_name, timeout_seconds=1800)
def inbox() -> State[str]:
    """Read, act, send: each mail is acted on once, and left to the operator where it is not understood."""
    try:
        read = inbox_tasks.read()
    except RunInProgress as error:
        return inbox_tasks.cancelled(error)
    sent = inbox_tasks.send()
    return inbox_tasks.final_state(read, sent)
