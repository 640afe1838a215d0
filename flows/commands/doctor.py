"""doctor: is everything as it should be, and if not, what to do."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr
from rich.text import Text

from flows.commands import doctor_domain, mail, opening, people, screen
from newsletter.errors import ConfigurationError, PaperboyError

if TYPE_CHECKING:
    from newsletter.database import Database
    from newsletter.settings import Settings
    from newsletter.sources import Capture


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to: `said` is a fact where it is ok, else the sentence that says what to do."""

    part: str
    ok: bool
    said: str


def register(app: typer.Typer) -> None:
    """Put the command in its place."""
    app.command("doctor", rich_help_panel="Upkeep")(doctor)


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the sources, nor the DNS.")] = False,
    name_server: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Ask this name server, such as that of your domain just after a change."),
    ] = "",
) -> None:
    """Check everything a run needs, and say for each part that it is ok, or what to do.

    Shows the settings in force, secrets hidden, and where each comes from; then looks at the database, the roster, the
    templates, the sources (one polite request each), the mailer (connects and logs in, sends nothing), and, where mail
    goes out over SMTP, at what the DNS says of its domain: SPF, DKIM, DMARC, MX and the site's address. A record that
    is missing is told as it has to be added. Ends with status 1 if anything is wrong.

    Examples: `paperboy doctor --offline`, `paperboy doctor --name-server 192.0.2.53`. Changes nothing.
    """
    settings = opening.settings()
    _show_settings(settings)
    screen.heading("Checks")
    wrong = 0
    for finding in _findings(settings, offline=offline, name_server=name_server):
        wrong += not finding.ok
        mark = Text("ok   ", "green") if finding.ok else Text("wrong", "bold red")
        screen.out().print(mark + Text(f"  {finding.part:<12}  {screen.plain(finding.said)}"), soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


def _show_settings(settings: "Settings") -> None:
    from newsletter.settings import origins

    screen.heading("Settings in force")
    rows: list[tuple[screen.Cell, ...]] = []
    for name, origin in origins(settings).items():
        style = "dim" if origin == "default" else "bold"
        value = _shown(name, getattr(settings, name))
        rows.append((Text(f"PAPERBOY_{name.upper()}", style), Text(origin, style), Text(screen.plain(value), style)))
    screen.table(("setting", "from", "value"), rows)


def _shown(name: str, value: object) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if isinstance(value, SecretStr):
        return "(set, hidden)" if value.get_secret_value() else "(not set)"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if name == "database_url" and value:
        try:
            return make_url(str(value)).render_as_string(hide_password=True)
        except ArgumentError:
            return "(not a URL, hidden)"
    return str(value) or "(not set)"


# ---- the checks ------------------------------------------------------------------------------------------------------


def _findings(settings: "Settings", *, offline: bool, name_server: str) -> Iterator[Finding]:
    yield _check("database", lambda: _database(settings))
    yield _check("roster", lambda: _roster(settings))
    yield _check("templates", lambda: _templates(settings))
    if offline:
        yield Finding("sources", ok=True, said="not asked (--offline)")
    else:
        for name in settings.sources:
            yield _check(name, lambda name=name: _source(settings, name))  # type: ignore[misc]
    yield _check("mailer", lambda: _mailer(settings))
    yield _check("dkim", lambda: _dkim(settings))
    yield from _dns(settings, offline=offline, name_server=name_server)
    yield _check("schedule", lambda: _schedule(settings))


def _check(part: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(part, ok=True, said=look())
    except (PaperboyError, ConfigurationError) as error:
        mistakes = " | ".join(getattr(error, "mistakes", ()))
        return Finding(part, ok=False, said=f"{error}: {mistakes}" if mistakes else str(error))


def _database(settings: "Settings") -> str:
    with opening.database(settings) as database:
        return f"{database.shown_url}, schema {database.revision()}{_mark(settings, database)}{_doubts(database)}"


def _mark(settings: "Settings", database: "Database") -> str:
    from flows import wiring

    if settings.transport == "outbox":
        return ""
    shop = wiring.Shop(settings, database)
    shop.check_mark()
    sent = shop.mark.read()
    if sent is None:
        return "; no mark of what was sent yet: if a backup was restored here, say `paperboy restored --until TIME`"
    return f"; it knows of all mail until {sent.until:%Y-%m-%d %H:%M} UTC"


def _doubts(database: "Database") -> str:
    from newsletter.queries import deliveries as outbox

    with database.begin() as tx:
        doubtful = len(outbox.uncertain(tx))
    if not doubtful:
        return ""
    uncertain = screen.count(doubtful, "uncertain delivery", "uncertain deliveries")
    return f"; {uncertain} to decide, see `paperboy deliveries list --state uncertain`"


def _roster(settings: "Settings") -> str:
    declared = people.read(settings)
    readers, topics = len(declared.subscribers), len(declared.topics)
    where = people.shown(settings.roster)
    return f"{where}: {screen.count(readers, 'reader')}, {screen.count(topics, 'topic')}"


def _templates(settings: "Settings") -> str:
    from jinja2 import TemplateError

    from newsletter.mail.rendering import Renderer
    from subscribers.web import frame, preview

    message = Renderer({}, list_name=settings.list_name, postal_address=settings.postal_address).notice(
        subject="A look at the templates", paragraphs=("This is never sent.",)
    )
    # Each with its own filters: those of the preview page are not the site's.
    site, looking = frame.templates(), preview.templates()
    names = [name for name in site.list_templates(["html"]) if "static/" not in name]
    try:
        compiled = [(looking if name.startswith("preview") else site).get_template(name) for name in names]
    except TemplateError as error:
        raise ConfigurationError(f"templates/web: {error}; mend it, or take the file from the repository") from error
    return f"mail compiles ({len(message.html.encode()) // 1024} KB when empty), {len(compiled)} pages compile"


def _source(settings: "Settings", name: str) -> str:
    capture = asyncio.run(_ask(settings, name))
    if capture.error is not None:
        raise capture.error
    assert capture.listing is not None, "a capture has a listing or an error"
    listed = screen.count(len(capture.listing.entries), "entry", "entries")
    return f"answers: {capture.name} of {capture.listing.day} has {listed}"


async def _ask(settings: "Settings", name: str) -> "Capture":
    """One request, without a second try: a doctor that hammers is no doctor."""
    from newsletter.sources import Fetcher, SourceOptions, fetch

    now = opening.now()
    options = SourceOptions(arxiv_categories=settings.arxiv_categories[:1], trending=False)
    async with Fetcher(cache_dir=settings.cache_dir, contact=settings.contact, retries=0, timeout=15.0) as fetcher:
        captures = await fetch([name], [now.date()], today=now.date(), now=now, options=options, fetcher=fetcher)
    return captures[0]


def _mailer(settings: "Settings") -> str:
    asyncio.run(_open(settings))
    if settings.transport == "outbox":
        return f"outbox: mail is written to {settings.outbox_dir}"
    login = f", logged in as {settings.smtp_user}" if settings.smtp_user else ", no login"
    return f"smtp: {settings.smtp_host}:{settings.smtp_port} answers ({settings.smtp_security}{login})"


async def _open(settings: "Settings") -> None:
    async with mail.transport(settings):
        pass


def _dkim(settings: "Settings") -> str:
    from flows import wiring

    signer = wiring.signer(settings)
    if signer is None:
        return "mail is not signed here: the relay signs"
    names = " and ".join(f"{key.selector}._domainkey.{signer.domain} ({key.algorithm})" for key in signer.keys)
    return f"mail is signed with {names}"


def _dns(settings: "Settings", *, offline: bool, name_server: str) -> Iterator[Finding]:
    if offline or settings.transport == "outbox":
        why = "--offline" if offline else "the outbox sends nothing"
        yield Finding("dns", ok=True, said=f"not asked ({why})")
        return
    try:
        for record in doctor_domain.records(settings, name_server):
            yield Finding(f"dns {record.part}", ok=record.ok, said=record.said)
    except ConfigurationError as error:
        yield Finding("dns", ok=False, said=str(error))


def _schedule(settings: "Settings") -> str:
    """No fault either way: whether anything runs by itself just now."""
    from flows import server
    from flows.processes import holder_of

    holder = holder_of(server.lock_path(settings))
    if holder is not None and holder.what == "serve" and server.answers(holder.port):
        return f"`paperboy serve` is running, http://{server.HOST}:{holder.port}"
    return "`paperboy serve` is not running: nothing happens by itself"
