"""roster, unsubscribe, suppress, unsuppress: who gets mail."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, screen
from newsletter.errors import PaperboyError, RosterError

if TYPE_CHECKING:
    from newsletter.database import Database
    from newsletter.settings import Settings
    from subscribers.roster import Plan, Roster

roster = typer.Typer(
    no_args_is_help=True,
    help="The YAML file in which you declare readers, topics and defaults; every field is explained in "
    "`subscribers/roster.example.yaml`.",
)

RosterFile = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="The roster; that of the settings by default.", show_default=False),
]
Address = Annotated[str, typer.Argument(help="The e-mail address.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    panel = "Readers and topics"
    app.add_typer(roster, name="roster", rich_help_panel=panel)
    app.command("unsubscribe", rich_help_panel=panel)(unsubscribe)
    app.command("suppress", rich_help_panel=panel)(suppress)
    app.command("unsuppress", rich_help_panel=panel)(unsuppress)


# ---- the roster ------------------------------------------------------------------------------------------------------


def read(settings: "Settings", file: Path | None = None) -> "Roster":
    """The roster that was named, or that of the settings.

    Raises:
        RosterError: with every mistake at once.

    """
    from subscribers import service

    return service.read_roster(file or settings.roster, shown=shown(file or settings.roster))


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@roster.command("check")
def check(file: RosterFile = None) -> None:
    """Read the roster and name file, line and field of every mistake at once.

    Example: `paperboy roster check`. Changes nothing, and needs no database.
    """
    settings = opening.settings()
    declared = read(settings, file)
    readers = screen.count(len(declared.subscribers), "reader")
    topics = screen.count(len(declared.topics), "topic")
    screen.say(f"{shown(file or settings.roster)}: {readers}, {topics}, no mistakes.")


@roster.command("apply")
def apply(
    file: RosterFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
) -> None:
    """Show what the roster would change, then change it: all of it or nothing.

    Readers who are new get the newest edition first. Who is no longer named gets no more mail, and is served again when
    you put them back. Who unsubscribed by themselves, is suppressed, or had their data erased, stays out whatever the
    file says; who subscribed by web or mail keeps what they chose there.

    Example: `paperboy roster apply --dry-run`, then `paperboy roster apply`. Changes readers and topics.
    """
    from subscribers import service

    settings = opening.settings()
    declared = read(settings, file)
    with opening.database(settings) as database:
        plan = service.apply_roster(database, declared, now=opening.now(), dry_run=True)
        _show(plan)
        if plan.empty:
            screen.say("Nothing to change.")
        elif dry_run:
            screen.say("Nothing was changed: this only showed the plan.")
        else:
            service.apply_roster(database, declared, now=opening.now())
            screen.say("Applied.", "green")


def _show(plan: "Plan") -> None:
    from rich.text import Text

    rows: list[tuple[screen.Cell, ...]] = []
    rows += [(Text("+ added", "green"), "reader", each.address, "") for each in plan.added]
    rows += [
        (Text("~ changed", "yellow"), "reader", each.subscriber.address, ", ".join(each.fields))
        for each in plan.changed
    ]
    rows += [(Text("- removed", "red"), "reader", each.address, "") for each in plan.removed]
    rows += [(Text("! kept out", "dim"), "reader", each.address, each.why) for each in plan.kept_out]
    rows += [(Text("+ added", "green"), "topic", name, "") for name in plan.topics_added]
    rows += [(Text("~ changed", "yellow"), "topic", name, "") for name in plan.topics_changed]
    rows += [(Text("- removed", "red"), "topic", name, "") for name in plan.topics_removed]
    if rows:
        screen.table(("", "", "", ""), rows)
    if plan.unchanged:
        screen.say(f"{screen.count(len(plan.unchanged), 'reader')} unchanged")


def apply_at_once(database: "Database", declared: "Roster") -> None:
    """Make the database hold what a roster declares, and say the plan in one line."""
    from subscribers import service

    plan = service.apply_roster(database, declared, now=opening.now())
    screen.say(f"roster: {in_a_line(plan)}")


def in_a_line(plan: "Plan") -> str:
    """A plan that was applied, in one line."""
    readers = _changes(len(plan.added), len(plan.changed), len(plan.removed))
    topics = _changes(len(plan.topics_added), len(plan.topics_changed), len(plan.topics_removed))
    parts = [f"readers {readers}"] if readers else []
    parts += [f"topics {topics}"] if topics else []
    parts += [f"{len(plan.unchanged)} unchanged"] if parts and plan.unchanged else []
    if not parts:
        parts = [f"unchanged, {screen.count(len(plan.unchanged), 'reader')}"]
    if plan.kept_out:
        parts.append(f"{len(plan.kept_out)} kept out (they left, are suppressed, or chose themselves)")
    return ", ".join(parts)


def _changes(added: int, changed: int, removed: int) -> str:
    signs = ((f"+{added}", added), (f"~{changed}", changed), (f"-{removed}", removed))
    return " ".join(sign for sign, number in signs if number)


@roster.command("export")
def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of the terminal.")
    ] = None,
) -> None:
    """Write what the database holds as a roster: every active reader and every topic.

    The defaults are those of the roster in the settings, so that applying the result changes nothing.

    Example: `paperboy roster export --output new.yaml`. Changes nothing but that file.
    """
    from subscribers import service
    from subscribers.models import Defaults
    from subscribers.roster import dump

    settings = opening.settings()
    try:
        defaults = read(settings).defaults
    except RosterError:
        defaults = Defaults()
    with opening.database(settings) as database:
        text = dump(service.export_roster(database, defaults))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PaperboyError(f"roster ({output}): cannot be written: {error.strerror}") from error
    screen.say(f"Written to {shown(output)}.")


# ---- one address -----------------------------------------------------------------------------------------------------


def unsubscribe(address: Address) -> None:
    """End a reader's subscription for good, as if they had clicked the link in their mail.

    The roster cannot bring them back. What is queued for them is not sent.

    Example: `paperboy unsubscribe reader@example.org`. Changes that reader's subscription.
    """
    from subscribers import service

    opening.address_key(address)
    with opening.database(opening.settings()) as database:
        known = service.unsubscribe(database, address, now=opening.now(), how="command")
    if known is None:
        raise PaperboyError(f"subscriber ({address}): nobody has this address; nothing was changed")
    screen.say(f"{known.subscriber.address} is unsubscribed and gets no more mail, whatever the roster says.")


def suppress(
    address: Address,
    why: Annotated[str, typer.Option(help="A note for yourself.")] = "",
) -> None:
    """Never mail an address again, whether or not a reader has it; outlives the reader and the roster.

    Example: `paperboy suppress someone@example.org --why "asked by letter"`. Undone by `paperboy unsuppress`.
    """
    from subscribers import service

    opening.address_key(address)
    with opening.database(opening.settings()) as database:
        news = service.suppress(database, address, reason="operator", detail=why, now=opening.now())
    screen.say(
        f"{address} is never mailed again." if news else f"{address} was suppressed already; nothing was changed."
    )


def unsuppress(address: Address) -> None:
    """Allow an address again that was suppressed; a subscription that ended stays ended.

    Example: `paperboy unsuppress someone@example.org`. Changes the list of suppressed addresses.
    """
    from subscribers import service

    opening.address_key(address)
    with opening.database(opening.settings()) as database:
        lifted = service.lift_suppression(database, address)
    if not lifted:
        raise PaperboyError(f"address ({address}): it is not suppressed; nothing was changed")
    screen.say(f"{address} may be mailed again.")
