"""`paperboy restored`, and the commands that refuse to send before it: a real database file, put back as it was."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.flows.commandline import Terminal
from tests.flows.test_cli import refused
from tests.flows.test_cli_mail import free_port, server

MAILED = ("ada@example.org", "dana@example.org")


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone."""
    return Terminal(tmp_path)


def queue(paperboy: Terminal, env: dict[str, str]) -> Path:
    """A run while the mail server is down; a copy of what it leaves."""
    paperboy.run(**env | {"PAPERBOY_SMTP_PORT": free_port()})
    backup = paperboy.folder / "backup.db"
    with sqlite3.connect(paperboy.data / "paperboy.db") as source, sqlite3.connect(backup) as target:
        source.backup(target)
    return backup


def put_back(paperboy: Terminal, backup: Path) -> None:
    for left in paperboy.data.glob("paperboy.db*"):
        left.unlink()
    shutil.copy(backup, paperboy.data / "paperboy.db")


def test_a_restored_backup_sends_nothing_before_it_is_put_in_order_and_nothing_twice_after(paperboy):
    """run, deliver and doctor say the same sentence; `paperboy restored` says what it did, and then they go on."""
    with server() as (smtp, env):
        backup = queue(paperboy, env)
        sent = paperboy("deliver", **env)
        put_back(paperboy, backup)
        sentences = [refused(paperboy(*words, **env)) for words in (("deliver",), ("run", "--without-prefect"))]
        doctor = paperboy("doctor", "--offline", **env)
        told, again = paperboy("restored", **env), paperboy("restored", **env)
        after = [paperboy("deliver", **env), paperboy.run(**env), paperboy("doctor", "--offline", **env)]
        copies = [smtp.copies(who) for who in MAILED]

    assert "2  accepted" in sent.stdout
    for sentence in sentences:
        assert "it seems to be restored from a backup" in sentence
        assert "`paperboy restored`" in sentence
    assert "wrong  database      database: it is older than the mail" in doctor.stdout
    assert "2 deliveries were queued" in told.stdout
    assert "There is nothing to do" in again.stdout
    assert [each.exit_code for each in (told, again, *after)] == [0] * 5
    assert "; it knows of all mail until " in after[-1].stdout
    assert copies == [1, 1]
    listed = paperboy("deliveries", "list", "--state", "uncertain").stdout
    assert listed.count("perhaps sent after the backup was made") == 2


def test_who_wants_everything_again_has_it(paperboy):
    """It is said that readers may get things twice, and they do."""
    with server() as (smtp, env):
        backup = queue(paperboy, env)
        paperboy("deliver", **env)
        put_back(paperboy, backup)
        told = paperboy("restored", "--send-again", **env)
        paperboy("deliver", **env)
        copies = [smtp.copies(who) for who in MAILED]

    assert "may get things twice" in told.stdout
    assert copies == [2, 2]


def test_without_a_mark_it_asks_until_when(paperboy):
    """On a new machine nothing can be known: nothing is done before somebody says it, and then it is."""
    paperboy("migrate")

    asks, told = paperboy("restored"), paperboy("restored", "--until", "2026-11-01T12:00")

    assert "say until when mail may have been sent" in asks.stdout
    assert "Mail may have been sent until 2026-11-01 12:00 UTC" in told.stdout
    assert "has not come yet" in refused(paperboy("restored", "--until", "2099-01-01T12:00"))


def test_files_of_the_outbox_need_no_mark(paperboy):
    """Written again they stay one, so a restored database goes on at once."""
    backup = queue(paperboy, {"PAPERBOY_TRANSPORT": "smtp", "PAPERBOY_SENDER": "P <p@example.org>"})
    paperboy("deliver")
    put_back(paperboy, backup)

    assert "2  accepted" in paperboy("deliver").stdout
    assert len(paperboy.mails) == 2


def test_a_new_database_beside_an_old_mark_is_no_backup(paperboy):
    """Thrown away and begun anew: it has a name of its own."""
    with server() as (smtp, env):
        assert paperboy.run(**env).exit_code == 0
        for left in paperboy.data.glob("paperboy.db*"):
            left.unlink()
        told = paperboy.run(**env)
        copies = [smtp.copies(who) for who in MAILED]

    assert told.exit_code == 0, told.stderr
    assert copies == [2, 2]
