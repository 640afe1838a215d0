"""migrate, serve, site: the database's schema, and what keeps running."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, people, run, screen
from newsletter.errors import ConfigurationError

if TYPE_CHECKING:
    from newsletter.database import Database


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    app.command("serve", rich_help_panel="Every day")(serve)
    app.command("site", rich_help_panel="Every day")(site)
    app.command("migrate", rich_help_panel="Upkeep")(migrate)


def migrate() -> None:
    """Bring the database to the schema of this version; harmless when it is there already.

    Stop `paperboy serve` and make a copy of the database first (`docs/operate.md`).

    Example: `paperboy migrate`. Changes the database's tables, and keeps what is in them.
    """
    from sqlalchemy.exc import DBAPIError

    from newsletter.database import head

    with opening.unchecked(opening.settings()) as database:
        try:
            before = database.revision()
        except DBAPIError:
            database.check()  # has the sentence for a database that cannot be opened
            raise
        if before == head():
            screen.say(f"{database.shown_url} has the schema of this version already ({before}).")
            return
        _upgrade(database)
        screen.say(f"{database.shown_url}: {before or 'empty'} → {head()}")


def _upgrade(database: "Database") -> None:
    from alembic.util import CommandError

    try:
        database.migrate()
    except CommandError:
        database.check()  # has the sentence for a schema that is newer than this version
        raise


def serve() -> None:
    """Keep everything running: Prefect's server and page, the schedule, the worker that does the runs, readers' site.

    On a fresh installation it creates the database and applies the roster; later, `paperboy roster apply` does that
    while it runs. Prefect's page is at http://127.0.0.1:4200 (`PAPERBOY_PREFECT_PORT`), the site at
    http://127.0.0.1:8080 (`PAPERBOY_SITE_PORT`). Ctrl-C stops all of it together; what a power cut left behind is put
    right at the next start.

    Example: `paperboy serve`. Changes what a run changes, every hour.
    """
    from flows.serve import serve as keep_running

    settings = opening.settings()
    with opening.unchecked(settings) as database:
        # Later starts leave the roster alone: a mistake in it must not keep the service down after a power cut.
        if run.create(database):
            people.apply_at_once(database, people.read(settings))
    keep_running(settings, echo=screen.say)


def site(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on 127.0.0.1; by default that of the settings.")
    ] = None,
) -> None:
    """Serve the readers' site on this machine: signing up, choosing, voting, leaving, the archive and its search.

    `paperboy serve` does it too. Put it behind your own web server, which speaks https to the world, and set
    `PAPERBOY_SITE_URL` to the address that readers see; from then on mails carry links to it. Ctrl-C ends it.

    Example: `paperboy site --port 8080`. Changes what readers ask for there, and sends the short mails that follow.
    """
    from flows import site as readers

    settings = opening.settings()
    chosen = port or settings.site_port
    if not chosen:
        raise ConfigurationError("PAPERBOY_SITE_PORT is 0, which is no site; name a port, as in --port 8080")
    with opening.database(settings):
        pass  # its schema is this version's
    screen.say(f"The readers' site is at http://127.0.0.1:{chosen}; Ctrl-C ends it.")
    if not settings.site_url:
        screen.say("Mails have no links to it yet: set PAPERBOY_SITE_URL to the address readers see.", "yellow")
    readers.run(settings.model_copy(update={"site_port": chosen}))
