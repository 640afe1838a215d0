"""From settings to everything a run needs: database, sources, audience, printer, transport. Only doors import this."""

import asyncio
import os
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path

from newsletter import encoding, steps
from newsletter.database import Database
from newsletter.errors import ConfigurationError, LedgerError
from newsletter.mail import dkim
from newsletter.mail.outbox import Outbox
from newsletter.mail.rendering import Links
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.mail.transport import Transport
from newsletter.mark import Mark
from newsletter.models import Edition, Message, NamedInterests, Paper
from newsletter.queries import editions, runs
from newsletter.reports import RunReport
from newsletter.settings import ROOT, Settings, load
from newsletter.sources import Capture, Fetcher, SourceOptions, look_up
from newsletter.sources import fetch as fetch_sources
from newsletter.sources.samples import SampleSite
from newsletter.steps import restored
from newsletter.steps.deliver import note_nothing
from newsletter.steps.enqueue import preview
from newsletter.steps.house import NoticePrinter
from newsletter.steps.ledger import Note
from newsletter.steps.notices import NoticePost, send_notices
from subscribers import consent, houses, receiving, service, tokens
from subscribers.models import Audience


def now() -> datetime:
    """The clock of the doors; everything below is given the time."""
    return datetime.now(UTC)


@contextmanager
def shop(settings: Settings | None = None) -> Iterator["Shop"]:
    """The settings in force and an open database with the right schema, for one task or one command.

    Raises:
        ConfigurationError: a setting is wrong, or the schema is not this version's.

    """
    settings = settings or load()
    database = Database(settings.url)
    try:
        database.check()
        yield Shop(settings, database)
    finally:
        database.close()


class Shop:
    """Makes the parts of one run; nothing here decides anything."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database

    # ---- papers in -------------------------------------------------------------------------------------------------

    def fetch(
        self, asked: Mapping[str, Sequence[date]], *, today: date, now: datetime, sample: bool
    ) -> tuple[Capture, ...]:
        """One capture for each listing of these sources and days, from the live sites or from the samples."""
        return asyncio.run(self._fetch(asked, today=today, now=now, sample=sample))

    async def _fetch(
        self, asked: Mapping[str, Sequence[date]], *, today: date, now: datetime, sample: bool
    ) -> tuple[Capture, ...]:
        settings = self.settings
        options = SourceOptions(arxiv_categories=settings.arxiv_categories, trending=settings.huggingface_trending)
        async with self._fetcher(SampleSite(today) if sample else None) as fetcher:
            captured = await asyncio.gather(
                *(
                    fetch_sources([name], days, today=today, now=now, options=options, fetcher=fetcher)
                    for name, days in asked.items()
                )
            )
        return tuple(chain.from_iterable(captured))

    def learn_seeds(self, *, day: date) -> int:
        """Look up the example papers readers name that are not known yet; how many were learned."""
        with self.database.begin() as tx:
            named = service.example_papers(tx)
        return steps.learn_seeds(self.database, lambda ids: asyncio.run(self._look_up(ids)), named, day=day)

    async def _look_up(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        async with self._fetcher() as fetcher:
            return await look_up(ids, fetcher=fetcher)

    def _fetcher(self, transport: SampleSite | None = None) -> Fetcher:
        settings = self.settings
        return Fetcher(
            transport=transport,
            cache_dir=settings.cache_dir,
            payload_dir=settings.payload_dir,
            contact=settings.contact,
        )

    def named_topics(self) -> tuple[NamedInterests, ...]:
        """The topics the roster names, as composing takes them."""
        with self.database.begin() as tx:
            known = service.named_topics(tx)
        return tuple(NamedInterests(topic.name, topic.label, topic.interests()) for topic in known)

    def edition(self, edition_id: int) -> Edition:
        """One edition as it was frozen."""
        with self.database.begin() as tx:
            return editions.load(tx, edition_id)

    # ---- people ----------------------------------------------------------------------------------------------------

    def audience(
        self, latest: int | None, *, now: datetime, only: Collection[str] = (), ignore_hours: bool
    ) -> Iterator[Audience]:
        """Everybody, in pages, each due or with the reason why not."""
        return service.audience(
            self.database, now=now, latest_edition=latest, respect_hours=not ignore_hours, only=tuple(only)
        )

    def strangers(self, only: Collection[str]) -> int:
        """How many of these addresses are nobody's."""
        with self.database.begin() as tx:
            return len(service.unknown(tx, tuple(only)))

    def example(self, *, now: datetime, only: Collection[str], ignore_hours: bool) -> Message | None:
        """The digest of the first reader who is due, without anything that points to them; None where nobody is."""
        with self.database.begin() as tx:
            newest = editions.latest(tx)
        if newest is None:
            return None
        pages = self.audience(newest.id, now=now, only=only, ignore_hours=ignore_hours)
        due = chain.from_iterable(page.recipients for page in pages)
        for recipient in islice(due, 10):
            digest = preview(self.database, recipient, settings=self.settings, upto=newest.id)
            if digest is not None:
                with self.database.begin() as tx:
                    papers = editions.facts_between(tx, recipient.cursor, newest.id)
                return self.printer().renderer(papers).digest(digest, recipient_name="", links=Links())
        return None

    # ---- mail out --------------------------------------------------------------------------------------------------

    @property
    def where(self) -> str:
        """Where the mail goes, in words."""
        settings = self.settings
        if settings.transport == "smtp":
            return f"{settings.smtp_host}:{settings.smtp_port}"
        return str(settings.outbox_dir)

    def printer(self) -> steps.Printer:
        """Prints deliveries, links signed."""
        keys = signing_keys(self.settings)
        own = signer(self.settings)
        return steps.Printer(
            self.settings,
            lambda token: tokens.sign(tokens.Purpose.UNSUBSCRIBE, token, keys=keys),
            lambda key: tokens.sign_key(key, keys=keys),
            sign_more=lambda purpose, value: tokens.sign(tokens.Purpose(purpose), value, keys=keys),
            stamp=own.stamp if own is not None else None,
        )

    def post(self, run: str, stop: threading.Event | None = None) -> steps.Post:
        """What delivering needs; once `stop` is set no more is claimed."""
        return steps.Post(
            self.database,
            transport(self.settings),
            self.printer(),
            service.still_wanted,
            clock=now,
            run=run,
            learn=receiving.count_refusals,
            note=self._note(),
            # Files on this disk are nobody's inbox: nothing limits the outbox but the disk.
            rate=self.settings.rate if self.settings.transport == "smtp" else 0.0,
            domain_rate=self.settings.domain_rate if self.settings.transport == "smtp" else 0.0,
            stop=stop or threading.Event(),
        )

    def notices(self, stop: threading.Event | None = None) -> NoticePost:
        """What sending notices needs; once `stop` is set no more is begun."""
        house = houses.house(self.settings, keys=signing_keys(self.settings), site=self.settings.site)
        printer = NoticePrinter(house, stamp=signer(self.settings))
        return NoticePost(self.database, transport(self.settings), printer, now, stop or threading.Event())

    def send_notices(self, stop: threading.Event | None = None) -> int:
        """Send the confirmations and answers that wait, and forget what need not be kept; how many were accepted.

        Raises:
            MailerUnavailable: the transport could not be opened; nothing was claimed.
            RestoredBackup: the database is older than the mail that was sent from it.

        """
        self.check_mark()
        consent.tidy(self.database, now=now())
        return send_notices(self.notices(stop))

    def check_mark(self) -> None:
        """Refuse to send from a database that was restored from a backup and is older than its mail.

        Raises:
            RestoredBackup: it is; the sentence names the command that puts it in order.

        """
        # Files of the outbox are the copies: written again they stay one.
        if self.settings.transport == "smtp":
            restored.check(self.database, self.mark)

    @property
    def mark(self) -> Mark:
        """What is kept outside of the database of the mail that was sent from it."""
        return Mark(self.settings.data_dir / "sent.mark")

    def _note(self) -> Note:
        return restored.noting(self.database, self.mark) if self.settings.transport == "smtp" else note_nothing

    # ---- runs ------------------------------------------------------------------------------------------------------

    @contextmanager
    def run(self, run: str, day: date) -> Iterator[None]:
        """Hold the lease for a run, judge what a dead one left in flight, and note how this one ends.

        Raises:
            RunInProgress: another run holds the lease.
            RestoredBackup: the database is older than the mail that was sent from it.

        """
        with steps.lease(self.database, holder=run, clock=now):
            with self.database.begin() as tx:
                runs.start(tx, run, day=day, now=now())
            try:
                self.check_mark()
                steps.recover(self.post(run))
                yield
            except LedgerError:
                raise  # the report is written, and says that the run failed
            except BaseException:
                with self.database.begin() as tx:
                    runs.finish(tx, run, state="failed", report=None, now=now())
                raise

    def report_of(self, run: str) -> RunReport | None:
        """The report of a run; None where it did not come that far."""
        with self.database.begin() as tx:
            kept = [row.report for row in runs.latest(tx, 50) if row.token == run and row.report is not None]
        return encoding.load(RunReport, kept[0]) if kept else None


def transport(settings: Settings) -> Transport:
    """The transport of the settings, not yet open."""
    if settings.transport == "outbox":
        return Outbox(settings.outbox_dir)
    return Smtp(
        SmtpConfig(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value(),
            connections=settings.smtp_connections,
            pipelining=settings.smtp_pipelining,
        )
    )


def signer(settings: Settings) -> dkim.Signer | None:
    """What signs mail with DKIM; None where the settings leave that to the relay.

    Raises:
        ConfigurationError: a key cannot be read or is not of its kind.

    """
    if not settings.dkim_domain:
        return None
    keys = [dkim.rsa_key(settings.dkim_selector, ROOT / settings.dkim_key)]
    if settings.dkim_ed25519_key:
        keys.append(dkim.ed25519_key(settings.dkim_ed25519_selector, ROOT / settings.dkim_ed25519_key))
    return dkim.Signer(settings.dkim_domain, tuple(keys))


def secret(settings: Settings) -> str:
    """The key that signs links: the setting, or one made once and kept in the data directory."""
    return settings.secret.get_secret_value() or _kept_secret(settings.data_dir / "secret")


def signing_keys(settings: Settings) -> tuple[str, ...]:
    """The keys of links: those that signed before, which are still believed, and last the one that signs."""
    before = (key.strip() for key in settings.old_secrets.get_secret_value().split(","))
    return (*filter(None, before), secret(settings))


def _kept_secret(path: Path) -> str:
    """The key in a file, which is there whole or not at all: several processes may start for the first time together.

    Raises:
        ConfigurationError: the file is empty.

    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, secrets.token_urlsafe(32))
    kept = path.read_text(encoding="ascii").strip()
    if not kept:
        raise ConfigurationError(
            f"key of links ({path}): it is empty; bring it back from a backup, or delete it, which ends the links "
            "of every mail that was sent"
        )
    return kept


def _write_once(path: Path, made: str) -> None:
    """Write a file unless somebody else did; on the disk when it returns."""
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(half, path)  # unlike a rename, it takes nobody's place
        except OSError:
            if not path.exists():  # a file system without links
                half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
