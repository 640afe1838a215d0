"""`paperboy inbox` and `paperboy lmtp`, and how a run of the inbox ends in Prefect."""

import os
import signal
import smtplib
import subprocess
import sys

import pytest

from flows import inbox_tasks
from newsletter.settings import ROOT, inherited
from subscribers.inbox import InboxReport
from tests.flows.commandline import Terminal
from tests.flows.conftest import until
from tests.flows.test_cli import refused
from tests.inbox.conftest import INBOX, mail
from tests.inbox.lmtp_server import client

SUBSCRIBE = "subscribe@papers.example"


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A migrated installation with an inbox address and a Maildir that is empty."""
    terminal = Terminal(tmp_path, {"PAPERBOY_INBOX_ADDRESS": INBOX, "PAPERBOY_INBOX_MAILDIR": str(tmp_path / "box")})
    for name in ("tmp", "new", "cur"):
        (tmp_path / "box" / name).mkdir(parents=True)
    assert terminal("migrate").exit_code == 0
    return terminal


def arrive(paperboy: Terminal, *mails: bytes) -> None:
    """Mails in the Maildir."""
    for number, raw in enumerate(mails):
        (paperboy.folder / "box" / "new" / f"{number}.mx").write_bytes(raw)


def test_a_reading_is_told_in_a_few_lines_and_what_follows_is_sent(paperboy):
    """How many were read, done, answered and left, with the reason; nobody's address."""
    arrive(paperboy, mail(to=SUBSCRIBE), mail(subject="A question", number=2), mail(to="help@papers.example", number=3))

    told = paperboy("inbox")

    assert told.exit_code == 0
    assert "3 mails read, 2 answered:" in told.stdout
    assert "1  asked to subscribe" in told.stdout
    assert "left to you (1): it asks for nothing we know" in told.stdout
    assert "2 mails sent." in told.stdout
    assert "ada@" not in told.stdout
    assert len(paperboy.mails) == 2
    assert "no mail read" in paperboy("inbox").stdout


def test_a_maildir_may_be_named(paperboy, tmp_path):
    """Instead of that of the settings."""
    for name in ("new", "cur"):
        (tmp_path / "other" / name).mkdir(parents=True)
    (tmp_path / "other" / "new" / "1").write_bytes(mail(to=SUBSCRIBE))

    assert "1 mail read" in paperboy("inbox", "--maildir", str(tmp_path / "other")).stdout


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"PAPERBOY_INBOX_ADDRESS": ""}, "PAPERBOY_INBOX_ADDRESS is not set"),
        ({"PAPERBOY_INBOX_ADDRESS": "no address"}, "PAPERBOY_INBOX_ADDRESS is 'no address'"),
        ({"PAPERBOY_INBOX_MAILDIR": ""}, "no mailbox is named"),
        ({"PAPERBOY_INBOX_MAILDIR": "/nowhere"}, "this is no Maildir"),
        ({"PAPERBOY_INBOX_MAILDIR": "", "PAPERBOY_INBOX_HOST": "127.0.0.1", "PAPERBOY_INBOX_PORT": "1"}, "reached"),
        ({"PAPERBOY_INBOX_LMTP": "0.0.0.0:24"}, ""),
    ],
)
def test_what_is_missing_is_one_sentence(paperboy, env, said):
    """With the name of the setting; what only LMTP needs is not asked for here."""
    told = paperboy("inbox", **env)

    assert told.exit_code == (1 if said else 0)
    assert said in (refused(told) if said else "")


def test_lmtp_beyond_this_machine_is_refused(paperboy):
    """The sentence says why."""
    assert "nobody may hand us mail from outside" in refused(paperboy("lmtp", PAPERBOY_INBOX_LMTP="0.0.0.0:24"))


def test_lmtp_receives_until_it_is_told_to_stop(paperboy, tmp_path):
    """The confirmation is sent by itself; SIGTERM ends it with status 0."""
    path = str(tmp_path / "lmtp.sock")
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "lmtp"],
        cwd=ROOT,
        env=inherited() | paperboy.env | {"PAPERBOY_INBOX_LMTP": path, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert path in process.stdout.readline()
    try:
        with client(path) as line:
            assert line.sendmail("ada@example.org", [SUBSCRIBE], mail(to=SUBSCRIBE)) == {}
        assert process.stdout.readline() == "asked to subscribe\n"
        with client(path) as line, pytest.raises(smtplib.SMTPRecipientsRefused):
            line.sendmail("ada@example.org", ["somebody@else.example"], mail())
        until(lambda: paperboy.mails, seconds=60, what="the confirmation in the outbox")
    finally:
        os.kill(process.pid, signal.SIGTERM)
        said, _ = process.communicate(timeout=60)

    assert (process.returncode, said) == (0, "")
    assert len(paperboy.mails) == 1


# ---- in Prefect ------------------------------------------------------------------------------------------------------


def told(**more) -> InboxReport:
    """A report of one mailbox."""
    return InboxReport("imap.example:993 INBOX", **more)


@pytest.mark.parametrize(
    ("read", "mailer", "name", "said"),
    [
        ((), "", "Completed", "No mailbox is configured."),
        ((told(read=2, deeds={"confirmed": 2}, answered=2),), "", "Completed", "2 read, 2 confirmed; 2 answered."),
        ((told(read=1, deeds={"left to you": 1}, left={"why": 1}),), "", "CompletedWithRemarks", "1 left to you"),
        ((told(read=1, alarms={"5.7.1": 1}),), "", "CompletedWithRemarks", "1 read"),
        ((told(trouble="the login was refused"),), "", "Failed", "the login was refused"),
        ((told(),), "the mailer is down", "Failed", "the mailer is down"),
    ],
)
def test_the_state_of_a_run_says_what_came_of_it(read, mailer, name, said):
    """Completed, with remarks where a mail needs the operator, or Failed with the sentence."""
    state = inbox_tasks.final_state(read, mailer)

    assert state.name == name
    assert said in state.message


def test_the_page_of_a_run_shows_reasons_and_no_markup_of_strangers():
    """What servers say is text; addresses in it are masked."""
    page = inbox_tasks.page(
        (told(read=3, deeds={"left to you": 2}, left={"a | b": 2}, alarms={"550 <x> [a](b) eve@example.net": 1}),)
    )

    assert "| left to you | 2 |" in page
    assert "a \\| b" in page
    assert "eve@example.net" not in page
    assert "<x>" not in page.replace("\\<x\\>", "")
