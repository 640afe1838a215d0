"""A reader's whole life by mail alone, without any site: by IMAP and by LMTP, with the commands an operator uses."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote

import pytest

from flows import mailroom, wiring
from newsletter.settings import Settings
from subscribers import service
from tests.flows.commandline import Terminal
from tests.inbox.conftest import INBOX, mail
from tests.inbox.dovecot import PASSWORD
from tests.inbox.lmtp_server import client, receiving

EVE = "Eve <eve@example.net>"
CHOSEN = {
    "PAPERBOY_INBOX_ADDRESS": INBOX,
    "PAPERBOY_SENDER": "Paperboy <editor@papers.example>",
    "PAPERBOY_SITE_PORT": "0",
}


@dataclass
class Reader:
    """Somebody who writes mails and reads those that come."""

    terminal: Terminal
    write: Callable[[str, bytes], None]
    seen: set[Path] = field(default_factory=set)
    written: int = 0

    def send(self, to: str, subject: str = "", text: str = "") -> None:
        """Write a mail."""
        self.written += 1
        self.write(to, mail(to=to, subject=subject, text=text, sender=EVE, number=self.written))

    def mails(self) -> list[EmailMessage]:
        """What came since they last looked."""
        new = [path for path in self.terminal.mails if path not in self.seen]
        self.seen |= set(new)
        read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in new]
        return [each for each in read if "eve@example.net" in each["To"]]

    @property
    def state(self) -> str:
        """Where their consent stands."""
        with wiring.shop(Settings(data_dir=self.terminal.data)) as shop, shop.database.begin() as tx:
            known = service.find(tx, "eve@example.net")
        return known.subscription.state.value if known else ""


@pytest.fixture
def terminal(tmp_path) -> Terminal:
    """A fresh clone that has an edition."""
    terminal = Terminal(tmp_path, dict(CHOSEN))
    assert terminal.run().exit_code == 0
    return terminal


@pytest.fixture
def by_imap(terminal, imap) -> Reader:
    """Mail lands in a mailbox, which `paperboy inbox` reads."""
    terminal.env |= {
        "PAPERBOY_INBOX_HOST": "127.0.0.1",
        "PAPERBOY_INBOX_PORT": str(imap.tls),
        "PAPERBOY_INBOX_USER": "papers",
        "PAPERBOY_INBOX_PASSWORD": PASSWORD,
    }

    numbers = itertools.count()

    def write(_to: str, raw: bytes) -> None:
        imap.deliver(raw, name=str(next(numbers)))
        told = terminal("inbox")
        assert (told.exit_code, "1 mail read" in told.stdout) == (0, True), told.output

    return Reader(terminal, write)


@pytest.fixture
def by_lmtp(terminal):
    """The mail server hands it over."""
    settings = Settings(data_dir=terminal.data, inbox_address=INBOX, sender=CHOSEN["PAPERBOY_SENDER"], site_port=0)
    with wiring.shop(settings) as shop:
        desk = mailroom.counter(
            mailroom.desk(shop), folder=terminal.data / "inbox", wake=shop.send_notices, tell=lambda _: None
        )
        with receiving(desk) as where:

            def write(to: str, raw: bytes) -> None:
                with client(where) as line:
                    assert line.sendmail("eve@example.net", [to], raw) == {}

            yield Reader(terminal, write)


@pytest.mark.parametrize("way", ["by_imap", "by_lmtp"])
def test_a_reader_comes_reads_and_leaves_by_mail_alone(way, request):
    """Subscribe, answer the confirmation, get a digest, leave by its header; each step changes what it should."""
    eve: Reader = request.getfixturevalue(way)

    eve.send("subscribe@papers.example", "decoding, please")
    [asked] = eve.mails()
    assert (eve.state, asked["Subject"]) == ("pending", "Please confirm: Paperboy")
    assert "answer this mail" in " ".join(asked.get_body(("plain",)).get_content().split())

    eve.send(asked["Reply-To"], f"Re: {asked['Subject']}", "Yes\n\n> Please confirm")
    [thanks] = eve.mails()
    assert (eve.state, thanks["Subject"]) == ("active", "You are subscribed to Paperboy")

    assert eve.terminal.run().exit_code == 0
    [digest] = eve.mails()
    assert "decoding" in digest.get_body(("plain",)).get_content().casefold()

    [(to, subject)] = re.findall(r"<mailto:([^?]+)\?subject=([^>]+)>", digest["List-Unsubscribe"])
    eve.send(to, unquote(subject))
    assert (eve.state, eve.mails()) == ("unsubscribed", [])
    eve.terminal.run()
    assert eve.mails() == []


@pytest.mark.parametrize("way", ["by_imap", "by_lmtp"])
def test_a_reader_leaves_by_writing_to_unsubscribe_and_comes_back(way, request):
    """They are told that they left, and subscribe anew with a confirmation as the first time."""
    eve: Reader = request.getfixturevalue(way)
    eve.send("papers+subscribe@papers.example")
    [asked] = eve.mails()
    eve.send(asked["Reply-To"].lower())
    eve.mails()

    eve.send("papers+unsubscribe@papers.example")
    [told] = eve.mails()
    assert (eve.state, told["Subject"]) == ("unsubscribed", "You have left Paperboy")
    eve.send(asked["Reply-To"])  # the old confirmation holds no more
    assert eve.state == "unsubscribed"
    eve.mails()

    eve.send("subscribe@papers.example")
    [again] = eve.mails()
    eve.send(again["Reply-To"])
    assert eve.state == "active"
