"""deliver: empty the outbox now, without making an edition and without Prefect."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, run_report, screen
from flows.stopping import Stopping
from newsletter.errors import MailerUnavailable
from newsletter.models import State
from newsletter.reports import BESIDE, DeliverReport, Shard

if TYPE_CHECKING:
    from flows.wiring import Shop

Echo = Callable[[str], None]

_AT_LEAST, _LOOK_AGAIN = 1.0, 30.0  # seconds between two looks: whoever waits also sees what is queued meanwhile


_LOOK_FOR_OTHERS = 5.0  # seconds between two looks at what another process has


def register(app: typer.Typer) -> None:
    """Put the command in its place."""
    app.command("deliver", rich_help_panel="Every day")(deliver)


def deliver(
    wait: Annotated[
        bool, typer.Option("--wait", help="Go on until nothing is queued any more, also what a server deferred.")
    ] = False,
) -> None:
    """Send what is queued now, and say what became of it; makes no edition and queues nothing.

    Confirmations and answers to mails go first.

    May run beside a run: each delivery is sent by whoever claims it first. What a server deferred goes out when its
    time has come, with `--wait` or with a later run. SIGTERM or Ctrl-C: no more is begun, what is on its way gets its
    answer, and the rest stays queued.

    Examples: `paperboy deliver`, `paperboy deliver --wait`. Sends mail over the transport of the settings.
    """
    import secrets

    from flows import wiring
    from newsletter.queries import deliveries as outbox

    stop = Stopping()
    with wiring.shop(opening.settings()) as shop, screen.working("looking at what is queued") as echo, stop:
        echo("sending confirmations and answers")
        with suppress(MailerUnavailable):  # said below, of the deliveries
            shop.send_notices(stop.asked)
        told = empty(shop, f"deliver.{secrets.token_hex(8)}", echo, stop.asked, wait=wait)
        with shop.database.begin() as tx:
            waiting = outbox.waiting(tx)
    run_report.show_delivered(told, waiting, shop.where)
    run_report.leave(told, stop)


def empty(shop: "Shop", name: str, echo: Echo, stop: threading.Event, *, wait: bool) -> DeliverReport:
    """Send what is due, round after round, until nothing is, or `stop` is set; with `wait` until nothing is queued.

    What is queued when it ends, or in another process's hands, is not in the report: it is counted in the outbox.
    """
    from newsletter import steps
    from newsletter.queries import deliveries as outbox

    told: list[DeliverReport] = []
    while True:
        shop.check_mark()
        steps.recover(shop.post(name))  # each time: whoever had the rest may be gone by now
        told += in_turn(shop, name, steps.shards(shop.database, now=opening.now()), echo, stop)
        if stop.is_set() or (told and told[-1].stopped):
            break
        with shop.database.begin() as tx:
            left = outbox.waiting(tx)
        if not (left.number or left.taken) or not (wait or left.due_at <= opening.now()):
            break
        if left.number and left.due_at > opening.now():
            echo(f"{_deliveries(left.number)} wait until {left.due_at:%H:%M:%S} UTC")
        elif left.taken and not left.number:
            echo(f"{_deliveries(left.taken)} {BESIDE}")
        longest = _LOOK_FOR_OTHERS if left.taken else _LOOK_AGAIN
        stop.wait(min(max((left.due_at - opening.now()).total_seconds(), _AT_LEAST), longest))
    whole = steps.sum_up(told)
    settled = {state: number for state, number in whole.states.items() if state not in {State.QUEUED, State.SENDING}}
    return DeliverReport(settled, whole.stopped)


def _deliveries(number: int) -> str:
    return screen.count(number, "delivery", "deliveries")


def in_turn(shop: "Shop", name: str, shards: Sequence[Shard], echo: Echo, stop: threading.Event) -> list[DeliverReport]:
    """Shard by shard, until the mailer stops: what one server refuses for all it would refuse in the next one too."""
    from newsletter import steps

    told: list[DeliverReport] = []
    for shard in shards:
        try:
            one = steps.deliver(
                shop.post(name, stop), shard, progress=lambda done, of_all: echo(f"delivered {done} of {of_all}")
            )
        except MailerUnavailable as error:
            one = DeliverReport(stopped=str(error))
        told.append(one)
        if one.stopped:
            break
    return told
