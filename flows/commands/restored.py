"""restored: put a database in order that was restored from a backup, so that nobody is mailed twice."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, screen

if TYPE_CHECKING:
    from newsletter.reports import RestoredReport


def register(app: typer.Typer) -> None:
    """Put the command in its place."""
    app.command("restored", rich_help_panel="Upkeep")(restored)


def restored(
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
            metavar="TIME",
            help="Mail may have been sent until then (UTC); by default what the mark beside the database says.",
        ),
    ] = None,
    send_again: Annotated[
        bool, typer.Option("--send-again", help="Keep nothing back: readers may get things twice.")
    ] = False,
) -> None:
    """Put a database in order that was restored from a backup, so that nobody is mailed twice.

    What the backup has queued was perhaps sent since it was made: each becomes uncertain, to be decided with
    `paperboy deliveries resolve`. What was listed until then comes in no digest any more, so some readers miss papers;
    the command says how many. A second call finds nothing to do. With `--send-again` everything goes out as the backup
    knows it.

    Examples: `paperboy restored`, `paperboy restored --until 2026-11-20T14:30` where the data directory was lost too.
    Changes deliveries, readers' places and papers in the database, and the file `sent.mark`.
    """
    import secrets

    from flows import wiring
    from newsletter import steps
    from newsletter.steps import restored as step

    moment = until.replace(tzinfo=UTC) if until else None
    with wiring.shop(opening.settings()) as shop:
        with steps.lease(shop.database, holder=f"command.{secrets.token_hex(8)}", clock=wiring.now):
            told = step.put_in_order(shop.database, shop.mark, until=moment, send_again=send_again, clock=wiring.now)
        is_there = shop.mark.read() is not None
    if told is not None:
        _show(told, again=send_again)
        return
    screen.say("There is nothing to do: the database knows all mail that is known to be sent from it.")
    if not is_there:
        screen.say(
            "But there is no mark of what was sent; if a backup was restored, say until when mail may have been sent: "
            "`paperboy restored --until TIME`.",
            "yellow",
        )


def _show(told: "RestoredReport", *, again: bool) -> None:
    if again:
        screen.say("Nothing is kept back: who was mailed after the backup was made may get things twice.", "yellow")
        return
    screen.say(f"Mail may have been sent until {told.until:%Y-%m-%d %H:%M} UTC that this database does not know of.")
    number = screen.count(told.doubtful, "delivery was", "deliveries were")
    screen.say(
        f"{number} queued and perhaps sent since: uncertain now, see `paperboy deliveries list --state uncertain`."
    )
    screen.say(f"{screen.count(told.readers, 'reader')} had editions before them, and do not get those any more.")
    screen.say(f"{screen.count(told.papers, 'paper')} waited for an edition, and come in none.")
    screen.say(
        f"What was listed until {told.until:%Y-%m-%d} comes in no later edition either; of what is listed after that, "
        "only what cannot have been listed before is new."
    )
    screen.say(
        "Who left or was suppressed since the backup is back: `paperboy unsubscribe`, `paperboy suppress`.", "yellow"
    )
