"""`paperboy run`: a first run needs nothing, a second one mails nobody and says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.commandline import Terminal
from tests.flows.test_cli import refused

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone."""
    return Terminal(tmp_path)


def test_the_first_run_needs_nothing_and_tells_everything(paperboy):
    """It makes the database, applies the roster, and reports sources, topics, digests, skips and where to read."""
    told = paperboy.run()

    assert told.exit_code == 0
    assert "database: created" in told.stdout
    assert "roster: readers +3, topics +2" in told.stdout
    assert "fresh" in told.stdout
    assert "Edition 1, " in told.stdout
    assert "2  accepted" in told.stdout
    assert "1  reader: paused" in told.stdout
    assert "make preview" in told.stdout
    assert "Nothing was mailed" not in told.stdout
    assert len(paperboy.mails) == 2


def test_the_second_run_mails_nobody_and_says_why(paperboy):
    """Nothing is new, so nothing is mailed, in one sentence."""
    paperboy.run()

    told = paperboy.run()

    assert told.exit_code == 0
    assert "database: created" not in told.stdout
    assert "roster: unchanged, 2 readers" not in told.stdout
    assert "roster: unchanged, 3 readers" in told.stdout
    assert "Nothing new: every paper was listed before." in told.stdout
    assert "2  readers: nothing new since their last digest" in told.stdout
    assert told.stdout.count("Nothing was mailed: ") == 1
    assert len(paperboy.mails) == 2


def test_a_dry_run_counts_and_sends_nothing(paperboy):
    """It says how many would have got a digest; the run after it serves them."""
    told = paperboy.run("--dry-run")

    assert "2 readers would have got a digest" in told.stdout
    assert paperboy.mails == []
    paperboy.run()
    assert len(paperboy.mails) == 2


def test_only_serves_who_is_named(paperboy):
    """The others stay due, and the next run serves them."""
    paperboy.run("--only", "Ada@Example.org")

    assert len(paperboy.mails) == 1
    paperboy.run()
    assert len(paperboy.mails) == 2


def test_a_run_applies_what_changed_in_the_roster(paperboy):
    """A reader who was added since gets today's edition, and the plan is said in one line."""
    paperboy.run()
    paperboy.roster.write_text(paperboy.roster.read_text() + "  - address: new@example.org\n")

    told = paperboy.run()

    assert "roster: readers +1, 3 unchanged" in told.stdout
    assert len(paperboy.mails) == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--only", "nobody@example.org"), "nobody has this address"),
        (("--only", "not an address"), "no e-mail address"),
        (("--source", "usenet"), "there are huggingface, arxiv"),
        (("--day", "2999-01-01"), "has not come yet"),
    ],
    ids=["stranger", "no address", "source", "future"],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(paperboy, words, sentence):
    """A wrong wish ends the command before anything is fetched or mailed."""
    assert sentence in refused(paperboy.run(*words))
    assert paperboy.mails == []


def test_a_roster_with_mistakes_stops_the_run_and_names_them_all(paperboy):
    """Two mistakes, two lines with their place in the file; no database is made."""
    paperboy.roster.write_text("subscribers:\n  - address: nonsense\n  - address: a@example.org\n    hour: 99\n")

    told = paperboy.run()

    refused(told)
    assert "2 mistakes" in told.stderr
    assert "roster.yaml:2:" in told.stderr
    assert "roster.yaml:4:" in told.stderr
    assert not (paperboy.data / "paperboy.db").exists()


def test_a_run_with_a_mailer_that_is_down_fails_and_keeps_the_mail(paperboy):
    """Status 1, the reason, and deliveries that wait; the next run with a mailer sends them."""
    down = {
        "PAPERBOY_TRANSPORT": "smtp",
        "PAPERBOY_SENDER": "Paperboy <papers@example.org>",
        "PAPERBOY_SMTP_HOST": "127.0.0.1",
        "PAPERBOY_SMTP_PORT": "9",
    }

    told = paperboy.run(**down)

    assert told.exit_code == 1
    assert "cannot be reached" in told.stdout + told.stderr
    paperboy.run()
    assert len(paperboy.mails) == 2


@pytest.mark.slow
def test_two_real_runs_through_prefect_from_the_shell(paperboy):
    """`python -m flows.cli run` twice, with a Prefect server: two mails, then none; and plain lines without a terminal."""
    env = {**os.environ, **paperboy.env, "PAPERBOY_PREFECT_PORT": "42917"}
    command = [sys.executable, "-m", "flows.cli", "run"]

    first, second = (
        subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
        for _ in range(2)
    )

    assert first.returncode == 0, first.stderr
    assert "2  accepted" in first.stdout
    assert "\x1b" not in first.stdout
    assert second.returncode == 0, second.stderr
    assert "Nothing was mailed: " in second.stdout
    assert len(paperboy.mails) == 2
