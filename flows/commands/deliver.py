"""deliver: empty the outbox now, without making an edition and without Prefect."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, run_report, screen
from newsletter.errors import MailerUnavailable
from newsletter.models import State
from newsletter.reports import DeliverReport

if TYPE_CHECKING:
    from flows.wiring import Shop

Echo = Callable[[str], None]

_AT_LEAST, _LOOK_AGAIN = 1.0, 30.0  # seconds between two looks: whoever waits also sees what is queued meanwhile


def register(app: typer.Typer) -> None:
    """Put the command in its place."""
    app.command("deliver", rich_help_panel="Every day")(deliver)


def deliver(
    wait: Annotated[
        bool, typer.Option("--wait", help="Go on until nothing is queued any more, also what a server deferred.")
    ] = False,
) -> None:
    """Send what is queued now, and say what became of it; makes no edition and queues nothing.

    May run beside a run: each delivery is sent by whoever claims it first. What a server deferred goes out when its
    time has come, with `--wait` or with a later run.

    Examples: `paperboy deliver`, `paperboy deliver --wait`. Sends mail over the transport of the settings.
    """
    import secrets

    from flows import wiring
    from newsletter.queries import deliveries as outbox

    with wiring.shop(opening.settings()) as shop, screen.working("looking at what is queued") as echo:
        told = empty(shop, f"deliver.{secrets.token_hex(8)}", echo, wait=wait)
        with shop.database.begin() as tx:
            waiting = outbox.waiting(tx)
    run_report.show_delivered(told, waiting, shop.where)
    if told.stopped:
        raise typer.Exit(1)


def empty(shop: "Shop", name: str, echo: Echo, *, wait: bool) -> DeliverReport:
    """Send what is due, round after round, until nothing is; with `wait` until nothing is queued either.

    What is queued when it ends is not in the report: it is counted in the outbox.
    """
    from newsletter import steps
    from newsletter.queries import deliveries as outbox

    told: list[DeliverReport] = []
    steps.recover(shop.post(name))
    while True:
        told += _round(shop, name, echo)
        if told and told[-1].stopped:
            break
        with shop.database.begin() as tx:
            left = outbox.waiting(tx)
        if not left.number or not (wait or left.due_at <= opening.now()):
            break
        if left.due_at > opening.now():
            echo(f"{screen.count(left.number, 'delivery', 'deliveries')} wait until {left.due_at:%H:%M:%S} UTC")
        time.sleep(min(max((left.due_at - opening.now()).total_seconds(), _AT_LEAST), _LOOK_AGAIN))
    whole = steps.sum_up(told)
    settled = {state: number for state, number in whole.states.items() if state != State.QUEUED}
    return DeliverReport(settled, whole.stopped)


def _round(shop: "Shop", name: str, echo: Echo) -> list[DeliverReport]:
    """What is due now, shard by shard, until the mailer stops."""
    from newsletter import steps

    told: list[DeliverReport] = []
    for shard in steps.shards(shop.database, now=opening.now()):
        try:
            one = steps.deliver(
                shop.post(name), shard, progress=lambda done, of_all: echo(f"delivered {done} of {of_all}")
            )
        except MailerUnavailable as error:
            one = DeliverReport(stopped=str(error))
        told.append(one)
        if one.stopped:
            break
    return told
