"""deliveries: what became of each digest, and what an operator decides where nobody can know."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from flows.commands import opening, screen
from flows.commands.screen import when
from newsletter.errors import PaperboyError
from newsletter.models import Decision, State

if TYPE_CHECKING:
    from newsletter.database import Transaction

deliveries = typer.Typer(
    invoke_without_command=True, help="Look at the deliveries: what became of each digest; decide what is uncertain."
)

_STYLES = {
    State.ACCEPTED: "green",
    State.QUEUED: "blue",
    State.SENDING: "blue",
    State.SUPPRESSED: "dim",
    State.EXPIRED: "yellow",
    State.UNCERTAIN: "yellow",
    State.REFUSED: "red",
}
STATES = {
    State.ACCEPTED: "taken by the mail server, or written to the outbox",
    State.QUEUED: "waiting, or deferred until later",
    State.SENDING: "being sent just now",
    State.REFUSED: "refused for good by the mail server",
    State.SUPPRESSED: "not sent: the reader left after it was queued",
    State.EXPIRED: "too old to be sent; its papers come with the next digest",
    State.UNCERTAIN: "perhaps sent; never sent again by itself",
}
"""The states in plain words."""
_DECIDED = {
    Decision.ACCEPTED: "counts as accepted",
    Decision.AGAIN: "is queued again; the next run or `paperboy deliver` sends it",
    Decision.DROPPED: "is given up; its papers are not sent again",
}


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    app.add_typer(deliveries, name="deliveries", rich_help_panel="What happened")


@deliveries.callback()
def newest(context: typer.Context) -> None:
    """Look at the deliveries: what became of each digest; decide what is uncertain.

    Without a word more it lists the newest.
    """
    if context.invoked_subcommand is None:
        _show(state=None, day=None, limit=50)


@deliveries.command("list")
def list_deliveries(
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=opening.DAY_FORMATS, help="Only those of the edition of this day.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """List deliveries, newest first: to whom, in which state, after how many attempts, the server's last words.

    An uncertain delivery was perhaps sent: the line dropped before the server's last word. It is never sent again by
    itself: look into the server's log, then decide with `paperboy deliveries resolve`.

    Example: `paperboy deliveries list --state uncertain`. Changes nothing.
    """
    _show(state=state, day=day.date() if day else None, limit=limit)


def _show(*, state: State | None, day: date | None, limit: int) -> None:
    from newsletter.mail.mime import message_id
    from newsletter.queries import deliveries as outbox

    settings = opening.settings()
    with opening.database(settings) as database, database.begin() as tx:
        rows = outbox.listed(tx, state=state, day=day, limit=limit)
        of_all = outbox.states(tx)
    if not rows:
        wanted = " of that kind" if state or day else " yet"
        screen.say(f"There is no delivery{wanted}.")
    elif state is State.UNCERTAIN:  # with what one looks for in the server's log
        screen.table(
            ("id", "edition", "to", "Message-ID", "changed", "reply"),
            [
                (
                    row.id,
                    str(row.day),
                    row.address,
                    message_id(row.key, settings.list_host),
                    when(row.changed_at),
                    row.reply,
                )
                for row in rows
            ],
        )
    else:
        screen.table(
            ("id", "edition", "to", "state", "attempts", "changed", "reply"),
            [
                (row.id, str(row.day), row.address, _state(row.state), row.attempts, when(row.changed_at), row.reply)
                for row in rows
            ],
        )
    if of_all:
        screen.heading(f"{sum(of_all.values()):,} in all")
        ordered = sorted(of_all.items(), key=lambda pair: -pair[1])
        screen.table(("", "state", ""), [(number, _state(name), STATES[State(name)]) for name, number in ordered])


def _state(name: str) -> Text:
    return Text(name, _STYLES[State(name)])


# ---- what is uncertain -----------------------------------------------------------------------------------------------


@deliveries.command("resolve")
def resolve(
    decision: Annotated[
        Decision,
        typer.Option(
            "--as",
            help="accepted: the reader has it; again: send it again; dropped: give it up, papers and all.",
            show_default=False,
        ),
    ],
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Which, by id.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are uncertain, instead of ids.")] = False,
    day: Annotated[
        datetime | None, typer.Option(formats=opening.DAY_FORMATS, help="With --all: of the edition of this day.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Send all of them again without asking.")] = False,
) -> None:
    """Decide what became of uncertain deliveries, which were perhaps sent and are never sent again by themselves.

    Look for their recipients or Message-IDs in the mail server's log first: `paperboy deliveries list --state
    uncertain` names both. What is sent again goes out under its old Message-ID, so that many mailboxes show a second
    copy only once.

    Examples: `paperboy deliveries resolve 17 --as accepted`, `paperboy deliveries resolve --all --as again`. Changes
    their state, and sends nothing itself.
    """
    settings = opening.settings()
    chosen_day = day.date() if day else None
    _check(ids or [], everything=everything, day=chosen_day)
    now = opening.now()
    with opening.database(settings) as database:
        with database.begin() as tx:
            chosen = _all(tx, chosen_day, decision) if everything else _named(tx, ids or [], decision)
        if not chosen or not _is_meant(chosen, decision, ask=everything and not yes):
            return
        from newsletter.queries import deliveries as outbox

        with database.begin() as tx:
            number = outbox.resolve(
                tx,
                chosen,
                decision,
                note=f"{decision} says {_who()}, {when(now)}",
                now=now,
                expires_at=now + timedelta(hours=settings.delivery_expiry_hours),
            )
    screen.say(f"{screen.count(number, 'delivery', 'deliveries')}: each {_DECIDED[decision]}.")


def _check(ids: Sequence[int], *, everything: bool, day: date | None) -> None:
    if everything and ids:
        raise PaperboyError("deliveries: name ids or say --all, not both; nothing was changed")
    if not everything and not ids:
        raise PaperboyError("deliveries: name ids, or say --all; `paperboy deliveries list --state uncertain` has them")
    if day is not None and not everything:
        raise PaperboyError("day: it narrows --all, and ids need no day; nothing was changed")


def _named(tx: "Transaction", ids: Collection[int], decision: Decision) -> list[int]:
    """These ids, if all of them can be decided so."""
    from newsletter.queries import deliveries as outbox

    states = outbox.states_of(tx, ids)
    for one in ids:
        if one not in states:
            raise PaperboyError(f"delivery ({one}): there is no such delivery; nothing was changed")
        if states[one] != State.UNCERTAIN:
            raise PaperboyError(
                f"delivery ({one}): it is {states[one]}, and only what is uncertain is decided by hand; "
                "nothing was changed"
            )
    late = outbox.overtaken(tx, ids) if decision is Decision.AGAIN else []
    if late:
        raise PaperboyError(
            f"delivery ({late[0]}): its reader was promised a later digest since, and an older one does not follow it; "
            "decide `accepted` or `dropped`; nothing was changed"
        )
    return sorted(set(ids))


def _all(tx: "Transaction", day: date | None, decision: Decision) -> list[int]:
    """All that can be decided so, and a sentence about the others."""
    from newsletter.queries import deliveries as outbox

    found = outbox.uncertain(tx, day=day)
    if not found:
        screen.say(f"No delivery of {day} is uncertain." if day else "No delivery is uncertain.")
    late = set(outbox.overtaken(tx, found)) if decision is Decision.AGAIN else set()
    if late:
        number = screen.count(len(late), "delivery stays", "deliveries stay")
        screen.say(f"{number} uncertain: a later digest was promised since; decide `accepted` or `dropped`.", "yellow")
    return [one for one in found if one not in late]


def _is_meant(chosen: Sequence[int], decision: Decision, *, ask: bool) -> bool:
    if decision is not Decision.AGAIN or not ask:
        return True
    number = screen.count(len(chosen), "delivery", "deliveries")
    meant = typer.confirm(f"Send {number} again? Whoever has it already may get a second copy.")
    if not meant:
        screen.say("Nothing was changed.")
    return meant


def _who() -> str:
    """Who decides, as the system knows them."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user database
        return "the operator"
