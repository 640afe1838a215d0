"""run: the whole of it once, from the listings to the outbox."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, people, run_report, screen
from flows.commands.deliver import in_turn
from flows.stopping import Stopping
from newsletter.errors import PaperboyError

if TYPE_CHECKING:
    from flows.parameters import RunParameters
    from newsletter.database import Database
    from newsletter.reports import RunReport
    from newsletter.settings import Settings

Echo = Callable[[str], None]


def register(app: typer.Typer) -> None:
    """Put the command in its place."""
    app.command("run", rich_help_panel="Every day")(run)


def run(
    day: Annotated[
        datetime | None,
        typer.Option(formats=opening.DAY_FORMATS, help="Make this day's edition (UTC); today by default."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, compose and count as ever, but queue and send nothing.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Only this subscriber; may be given again.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this source; may be given again.")
    ] = None,
    at_their_hour: Annotated[
        bool, typer.Option("--at-their-hour", help="Wait for the edition's hour and for each reader's own.")
    ] = False,
    without_prefect: Annotated[
        bool, typer.Option("--without-prefect", help="Take the same steps here, without a Prefect server.")
    ] = False,
) -> None:
    """Make today's edition and deliver it: collect, compose, enqueue, deliver, report.

    On a fresh installation it creates the database and applies the roster; later it applies what changed in the
    roster. A second run on the same day finds nothing new and mails nobody. SIGTERM or Ctrl-C while mail goes out: no
    more is begun, what is on its way gets its answer, and the rest stays queued.

    Examples: `paperboy run`, `paperboy run --dry-run`, `paperboy run --only reader@example.org`.

    Changes the database, and sends mail over the transport of the settings (by default files in `var/outbox`).
    """
    settings = opening.settings()
    chosen_day = opening.day_of(day)
    _check_sources(source or [])
    _prepare(settings, only or [])
    from flows.parameters import RunParameters

    parameters = RunParameters.model_validate(
        {
            "day": chosen_day,
            "dry_run": dry_run,
            "only": only or [],
            "sources": source or [],
            "ignore_hours": not at_their_hour,
        }
    )
    stop = Stopping()
    take = _directly if without_prefect else _through_prefect
    try:
        with screen.working("getting ready") as echo:
            told = take(settings, parameters, echo, stop)
    except PaperboyError as error:
        if not stop.status:
            raise
        screen.complain(error)
        raise typer.Exit(stop.status) from error
    run_report.show(told)
    run_report.leave(told.deliver, stop)


def _check_sources(names: Sequence[str]) -> None:
    from newsletter.sources import source_names

    for name in names:
        if name not in source_names():
            raise PaperboyError(f"source ({name}): there is no such source; there are {', '.join(source_names())}")


# ---- before the run --------------------------------------------------------------------------------------------------


def _prepare(settings: "Settings", only: Sequence[str]) -> None:
    """A database with today's schema, and in it what the roster declares; says what it did, a line each."""
    declared = people.read(settings)  # first: a mistake in it must not leave half a start behind
    with opening.unchecked(settings) as database:
        create(database)
        people.apply_at_once(database, declared)
        _check_addresses(database, only)


def create(database: "Database") -> bool:
    """Make the tables where there are none, and say so; whether there were none.

    Raises:
        ConfigurationError: it has a schema that is not this version's, or cannot be opened.

    """
    from sqlalchemy.exc import DBAPIError

    try:
        empty = database.revision() is None
    except DBAPIError:
        empty = False  # check() says why it cannot be opened
    if empty:
        database.migrate()
        screen.say(f"database: created ({database.shown_url})")
    database.check()
    return empty


def _check_addresses(database: "Database", only: Sequence[str]) -> None:
    from subscribers import queries

    with database.begin() as tx:
        for address in only:
            if queries.by_address_key(tx, opening.address_key(address)) is None:
                raise PaperboyError(f"subscriber ({address}): nobody has this address; nothing was run")


# ---- the run ---------------------------------------------------------------------------------------------------------


def _through_prefect(settings: "Settings", parameters: "RunParameters", echo: Echo, stop: Stopping) -> "RunReport":
    from flows.running import run_flow

    return run_flow(settings, parameters, echo=echo, stop=stop)


def _directly(settings: "Settings", parameters: "RunParameters", echo: Echo, stop: Stopping) -> "RunReport":
    """The same five steps under the same lease, in this process."""
    import secrets

    from flows import wiring
    from newsletter import steps

    name = f"command.{secrets.token_hex(8)}"
    now = wiring.now()
    day: date = parameters.day or now.date()
    with wiring.shop(settings) as shop, shop.run(name, day):
        sources = tuple(parameters.sources) or settings.sources
        echo(f"reading {', '.join(sources)}")
        collected = steps.collect(
            shop.database, shop.fetch, settings=settings, day=day, now=wiring.now(), sources=sources
        )
        if not collected.sample:
            shop.learn_seeds(day=day)
        echo("grouping the new papers by topic")
        composed = steps.compose(
            shop.database,
            settings=settings,
            day=day,
            now=wiring.now(),
            scheduled=not parameters.ignore_hours,
            remarks=collected.remarks,
            named=shop.named_topics(),
        )
        echo("cutting the digests")
        queued = steps.enqueue(
            shop.database,
            lambda latest: shop.audience(latest, now=now, only=parameters.only, ignore_hours=parameters.ignore_hours),
            settings=settings,
            run=name,
            day=day,
            now=now,
            dry_run=parameters.dry_run,
        )
        shards = () if parameters.dry_run else steps.shards(shop.database, now=wiring.now())
        with stop:
            delivered = in_turn(shop, name, shards, echo, stop.asked)
        return steps.report(
            shop.database,
            run=name,
            day=day,
            collect=collected,
            compose=composed,
            enqueue=queued,
            deliver=delivered,
            where=shop.where,
            now=wiring.now(),
            shards=shards,
            dry_run=parameters.dry_run,
        )
