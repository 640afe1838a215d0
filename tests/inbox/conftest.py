"""A mailroom: a real database, a desk that acts on mail, the real notices and the real outbox."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from newsletter import schema
from newsletter.database import Database
from newsletter.mail.outbox import Outbox
from newsletter.settings import Settings
from newsletter.steps.house import NoticePrinter
from newsletter.steps.notices import NoticePost, send_notices
from subscribers import houses, queries, replying, service, tokens
from subscribers.commands import Names
from subscribers.models import NamedTopic
from subscribers.replying import Desk, Handled
from tests.inbox.dovecot import BINARY, Dovecot

INBOX = "papers@papers.example"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEYS = ("a key for tests",)
SITE = "https://papers.example"


def mail(
    *,
    to: str = INBOX,
    subject: str = "",
    text: str = "",
    sender: str = "Ada <ada@example.org>",
    number: int = 1,
    **more: str,
) -> bytes:
    """A person's mail, in full; `number` makes it another one, headers are written `In_Reply_To`."""
    rows = {
        "Return-Path": f"<{parseaddr(sender)[1]}>",
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": "Fri, 20 Nov 2026 11:59:00 +0000",
        "Message-ID": f"<{number}@mail.example.org>",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    return ("".join(f"{name}: {value}\r\n" for name, value in rows.items()) + f"\r\n{text}\r\n").encode()


@dataclass
class Room:
    """What a test may ask of the mailroom."""

    database: Database
    settings: Settings
    now: datetime = NOON
    seen: set[str] = field(default_factory=set)

    @property
    def desk(self) -> Desk:
        """As `flows.mailroom` makes it."""
        house = houses.house(self.settings, keys=KEYS)
        names = Names(INBOX, frozenset({parseaddr(self.settings.sender)[1], self.settings.bounce_address}))
        return Desk(self.database, house, KEYS, names, self.settings.bounce_address)

    def act(self, raw: bytes, **more: str) -> Handled:
        """Act on one mail."""
        return replying.act(self.desk, raw, now=self.now, **more)

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def post(self) -> list[EmailMessage]:
        """Send what waits; the mails that were not there before."""
        printer = NoticePrinter(self.desk.house)
        send_notices(NoticePost(self.database, Outbox(self.settings.outbox_dir), printer, lambda: self.now))
        files = [path for path in sorted(self.settings.outbox_dir.rglob("*.eml")) if str(path) not in self.seen]
        self.seen |= {str(path) for path in files}
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]

    def state(self, address: str = "ada@example.org") -> str:
        """Where somebody's consent stands; empty where nobody has the address."""
        with self.database.begin() as tx:
            known = service.find(tx, address)
        return known.subscription.state.value if known else ""

    def known(self, address: str = "ada@example.org"):
        """Somebody."""
        with self.database.begin() as tx:
            return service.find(tx, address)

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        with self.database.begin() as tx:
            return tx.scalar(select(func.count()).select_from(schema.metadata.tables[table])) or 0

    def join(self, address: str = "ada@example.org", *, number: int = 100) -> None:
        """Somebody subscribes and confirms by mail."""
        self.act(mail(to="subscribe@papers.example", sender=address, number=number))
        [asked] = self.post()
        self.act(mail(to=asked["Reply-To"], subject=f"Re: {asked['Subject']}", sender=address, number=number + 1))
        self.post()
        assert self.state(address) == "active"

    def leaving(self, address: str = "ada@example.org") -> str:
        """The signed part of somebody's links to leave."""
        return tokens.sign(tokens.Purpose.UNSUBSCRIBE, self.known(address).token, keys=KEYS)

    def offer(self, **labels: str) -> None:
        """Topics of the operator."""
        with self.database.begin() as tx:
            queries.replace_topics(tx, (), [NamedTopic(name, label) for name, label in labels.items()])

    def delivered(self, address: str = "ada@example.org", key: str = "0" * 32) -> str:
        """A digest that went to somebody; its return path."""
        known = self.known(address)
        row = {
            "id": 1, "key": key, "subscriber_id": known.id, "edition_id": 1, "after": 0, "address": address, "name": "",
            "token": known.token, "digest": {}, "state": "accepted", "queued_at": NOON, "due_at": NOON,
            "expires_at": NOON, "changed_at": NOON, "attempts": 1, "made_by": "run", "reply": "",
        }  # fmt: skip
        edition = {"id": 1, "day": NOON.date(), "sample": False, "composed_at": NOON, "papers": 0, "remarks": []}
        with self.database.begin() as tx:
            tx.execute(insert(schema.editions).values(edition))
            tx.execute(insert(schema.deliveries).values(row))
        return f"bounces+{tokens.sign_key(key, keys=KEYS)}@papers.example"


def settings_for(folder, **more) -> Settings:
    """Settings with an inbox and a site."""
    chosen = {
        "data_dir": folder / "var",
        "inbox_address": INBOX,
        "bounce_address": "bounces@papers.example",
        "sender": "Paperboy <editor@papers.example>",
        "site_url": SITE,
    }
    return Settings(**(chosen | more))


@pytest.fixture(scope="session")
def imap_server() -> Iterator[Dovecot]:
    """A real IMAP server for the whole session."""
    if BINARY is None:
        pytest.skip("there is no IMAP server to test with; on Debian and Ubuntu: apt install dovecot-imapd")
    # Not in pytest's folder: that is closed to others, and as root the server runs as a user of its own.
    with tempfile.TemporaryDirectory(prefix="paperboy-") as folder:
        Path(folder).chmod(0o755)
        server = Dovecot(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def imap(imap_server, monkeypatch) -> Dovecot:
    """The same with empty mailboxes; its certificate is believed."""
    monkeypatch.setenv("SSL_CERT_FILE", str(imap_server.authority))
    imap_server.clear()
    return imap_server


@pytest.fixture
def any_room(database, tmp_path) -> Room:
    """On SQLite and on PostgreSQL."""
    return Room(database, settings_for(tmp_path))


@pytest.fixture
def room(migrated_file, tmp_path) -> Iterator[Room]:
    """On SQLite."""
    settings = settings_for(tmp_path)
    settings.data_dir.mkdir()
    shutil.copyfile(migrated_file, settings.data_dir / "paperboy.db")
    database = Database(settings.url)
    yield Room(database, settings)
    database.close()
