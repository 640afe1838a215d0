"""`paperboy deliver` and `paperboy deliveries`: the outbox emptied by hand, and what is uncertain decided by hand."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest

from newsletter.settings import ROOT
from tests.flows.commandline import Terminal
from tests.flows.test_cli import refused

LONG_AGO = "2001-01-01T00:00:00.000000+00:00"
SOON = (datetime.now(UTC) + timedelta(hours=3)).isoformat(timespec="microseconds")


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone."""
    return Terminal(tmp_path)


@pytest.fixture
def served(paperboy) -> Terminal:
    """A clone after its first run, which mailed Ada and Dana."""
    assert paperboy.run().exit_code == 0
    return paperboy


def rows(terminal: Terminal, columns: str = "id, state") -> list[tuple]:
    """The deliveries by id."""
    with sqlite3.connect(terminal.data / "paperboy.db") as database:
        return database.execute(f"SELECT {columns} FROM deliveries ORDER BY id").fetchall()


def become(terminal: Terminal, state: str, *, where: str = "1", **values: str) -> None:
    """Bring deliveries into a state that a real run reaches only with bad luck."""
    changes = {"state": state, "reply": "the line dropped"} | values
    setting = ", ".join(f"{name} = ?" for name in changes)
    with sqlite3.connect(terminal.data / "paperboy.db") as database:
        database.execute(f"UPDATE deliveries SET {setting} WHERE {where}", tuple(changes.values()))


def unsent(terminal: Terminal, **values: str) -> None:
    """As if the run had not delivered: everything queued, the outbox empty."""
    become(terminal, "queued", **({"due_at": LONG_AGO} | values))
    for mail in terminal.mails:
        mail.unlink()


# ---- deliver ---------------------------------------------------------------------------------------------------------


def test_deliver_sends_what_is_queued_and_says_so(served):
    """Both mails go out, and are counted; a second time there is nothing."""
    unsent(served)

    first, second = served("deliver"), served("deliver")

    assert first.exit_code == 0
    assert "2  accepted" in first.stdout
    assert len(served.mails) == 2
    assert second.exit_code == 0
    assert "Nothing was queued." in second.stdout


def test_deliver_leaves_what_is_not_due_and_says_until_when(served):
    """A deferred mail keeps its time; without --wait the command ends."""
    unsent(served)
    become(served, "queued", where="address LIKE 'dana%'", due_at=SOON)

    told = served("deliver")

    assert told.exit_code == 0
    assert "1  accepted" in told.stdout
    assert f"1  queued, the first from {SOON[:10]} {SOON[11:16]} UTC on" in told.stdout
    assert [state for _, state in rows(served)] == ["accepted", "queued"]


def test_deliver_can_wait_until_nothing_is_queued(served):
    """What becomes due while it waits is sent before it ends."""
    now = datetime.now(UTC)
    unsent(served, due_at=(now + timedelta(seconds=2)).isoformat(timespec="microseconds"))

    told = served("deliver", "--wait")

    assert "2 deliveries wait until " in told.stdout
    assert "2  accepted" in told.stdout
    assert len(served.mails) == 2


def test_deliver_says_with_its_status_that_the_mailer_is_down(served):
    """Status 1, the reason, and what waits stays queued."""
    unsent(served)

    down = {"PAPERBOY_TRANSPORT": "smtp", "PAPERBOY_SENDER": "P <p@example.org>", "PAPERBOY_SMTP_HOST": "127.0.0.1"}
    told = served("deliver", PAPERBOY_SMTP_PORT="9", **down)

    assert told.exit_code == 1
    assert "Delivery stopped: " in told.stdout
    assert "cannot be reached" in told.stdout
    assert "2  queued" in told.stdout
    assert {state for _, state in rows(served)} == {"queued"}


def test_deliver_goes_ahead_beside_a_run(served):
    """It asks for no lease of a run: what the run has not claimed is anybody's to send."""
    unsent(served)
    until = (datetime.now(UTC) + timedelta(minutes=2)).isoformat(timespec="microseconds")
    with sqlite3.connect(served.data / "paperboy.db") as database:
        database.execute("INSERT INTO leases VALUES ('run', 'a run', 'elsewhere', 1, ?)", (until,))

    assert served("deliver").exit_code == 0
    assert len(served.mails) == 2


def test_deliver_ends_where_somebody_else_has_everything(served):
    """What another process has claimed is said in one line, and waited for only with --wait."""
    unsent(served, claim="deliver elsewhere")
    until = (datetime.now(UTC) + timedelta(minutes=2)).isoformat(timespec="microseconds")
    with sqlite3.connect(served.data / "paperboy.db") as database:
        database.execute("INSERT INTO leases VALUES ('deliver elsewhere', 'x', 'elsewhere', 1, ?)", (until,))

    told = served("deliver")

    assert told.exit_code == 0
    assert "2  being sent by another process" in told.stdout
    assert "  queued" not in told.stdout
    assert served.mails == []


def test_deliver_can_wait_for_what_somebody_else_has(served):
    """When the other one is gone, what it has not sent is sent here."""
    unsent(served, claim="deliver elsewhere")
    until = (datetime.now(UTC) + timedelta(seconds=2)).isoformat(timespec="microseconds")
    with sqlite3.connect(served.data / "paperboy.db") as database:
        database.execute("INSERT INTO leases VALUES ('deliver elsewhere', 'x', 'elsewhere', 1, ?)", (until,))

    told = served("deliver", "--wait")

    assert "2 deliveries being sent by another process" in told.stdout
    assert "2  accepted" in told.stdout


def test_deliver_starts_light(paperboy):
    """Neither Prefect nor scikit-learn is loaded to send mail."""
    paperboy("migrate")
    script = (
        "import sys\n"
        "from flows.cli import app\n"
        "app(['deliver'], standalone_mode=False)\n"
        "print('heavy:', sorted({'prefect', 'sklearn', 'scipy.cluster', 'fastapi'} & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=paperboy.env, capture_output=True, text=True, check=False
    )

    assert told.stdout.endswith("heavy: []\n"), told.stderr


# ---- deliveries ------------------------------------------------------------------------------------------------------


def test_deliveries_alone_lists_the_newest(served):
    """The word that is most often meant may be left out."""
    assert served("deliveries").stdout == served("deliveries", "list").stdout


def test_uncertain_deliveries_are_listed_with_what_to_look_for(served):
    """The Message-ID is the one in the mail."""
    become(served, "uncertain")

    told = served("deliveries", "list", "--state", "uncertain").stdout

    for mail in served.mails:
        assert message_from_bytes(mail.read_bytes())["Message-ID"] in told


# ---- resolve ---------------------------------------------------------------------------------------------------------


def test_what_arrived_is_resolved_as_accepted(served):
    """The reply says who decided, and keeps what was known before; no mail goes out."""
    become(served, "uncertain")
    [(first, _), (second, _)] = rows(served)

    told = served("deliveries", "resolve", str(first), "--as", "accepted")
    served("deliver")

    assert "1 delivery: each counts as accepted" in told.stdout
    assert rows(served) == [(first, "accepted"), (second, "uncertain")]
    [(reply,), _] = rows(served, "reply")
    assert reply.startswith("accepted says ")
    assert reply.endswith("before that: the line dropped")
    assert len(served.mails) == 2


def test_what_is_sent_again_is_the_same_mail_with_a_fresh_expiry(served):
    """Same key and Message-ID, nobody's claim, due at once, and young again however old it was."""
    before = {message_from_bytes(mail.read_bytes())["Message-ID"] for mail in served.mails}
    keys = rows(served, "key")
    unsent(served, expires_at=LONG_AGO, claim="a lease that is gone")
    become(served, "uncertain")

    told = served("deliveries", "resolve", "--all", "--as", "again", "--yes")
    [claim, _] = rows(served, "claim")
    sent = served("deliver")

    assert "2 deliveries: each is queued again" in told.stdout
    assert claim == (None,)
    assert "2  accepted" in sent.stdout
    assert {message_from_bytes(mail.read_bytes())["Message-ID"] for mail in served.mails} == before
    assert rows(served, "key") == keys


def test_what_is_dropped_is_given_up_with_its_papers(served):
    """It is expired, the reply says by whom, and the next run mails nobody."""
    unsent(served)
    become(served, "uncertain")

    told = served("deliveries", "resolve", "--all", "--as", "dropped")
    served.run()

    assert "2 deliveries: each is given up" in told.stdout
    assert [state for _, state in rows(served)] == ["expired", "expired"]
    assert all(reply.startswith("dropped says ") for (reply,) in rows(served, "reply"))
    assert served.mails == []


def test_sending_all_again_asks_first(served):
    """A no changes nothing, a yes goes ahead."""
    become(served, "uncertain")

    no = served.answered("n\n", "deliveries", "resolve", "--all", "--as", "again")
    kept = rows(served)
    yes = served.answered("y\n", "deliveries", "resolve", "--all", "--as", "again")

    assert "Send 2 deliveries again?" in no.stdout
    assert "Nothing was changed." in no.stdout
    assert {state for _, state in kept} == {"uncertain"}
    assert yes.exit_code == 0
    assert {state for _, state in rows(served)} == {"queued"}


def test_all_can_be_narrowed_to_a_day(served):
    """Only the uncertain deliveries of that day's edition are decided."""
    become(served, "uncertain")
    day = served.mails[0].parent.name

    other = served("deliveries", "resolve", "--all", "--day", "2001-01-01", "--as", "accepted")
    told = served("deliveries", "resolve", "--all", "--day", day, "--as", "accepted")

    assert "No delivery of 2001-01-01 is uncertain." in other.stdout
    assert "2 deliveries: each counts as accepted" in told.stdout


def test_an_older_digest_is_not_sent_after_a_later_one(served):
    """Who was promised a later digest since keeps the uncertain one uncertain, or has it accepted or dropped."""
    [(first, _), (second, _)] = rows(served)
    become(served, "uncertain")
    with sqlite3.connect(served.data / "paperboy.db") as database:
        names = [name for (name,) in database.execute("SELECT name FROM pragma_table_info('deliveries')")]
        names.remove("id")
        later = {"key": "'later'", "edition_id": "edition_id + 1", "state": "'accepted'"}
        values = ", ".join(later.get(name, name) for name in names)
        database.execute(
            f"INSERT INTO deliveries ({', '.join(names)}) SELECT {values} FROM deliveries WHERE id = {first}"
        )

    alone = served("deliveries", "resolve", str(first), "--as", "again")
    both = served("deliveries", "resolve", "--all", "--as", "again", "--yes")

    assert "promised a later digest since" in refused(alone)
    assert "1 delivery stays uncertain" in both.stdout
    assert [state for one, state in rows(served) if one in {first, second}] == ["uncertain", "queued"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("999",), "there is no such delivery"),
        (("1",), "it is accepted, and only what is uncertain is decided by hand"),
        ((), "name ids, or say --all"),
        (("1", "--all"), "not both"),
        (("1", "--day", "2026-11-20"), "it narrows --all"),
    ],
    ids=["unknown", "not uncertain", "nothing named", "both", "day without all"],
)
def test_what_cannot_be_resolved_is_refused_in_a_sentence(served, words, sentence):
    """Nothing is changed by a wrong wish."""
    before = rows(served)

    assert sentence in refused(served("deliveries", "resolve", *words, "--as", "dropped"))
    assert rows(served) == before


def test_one_wrong_id_changes_none(served):
    """All of the ids, or nothing."""
    become(served, "uncertain")

    refused(served("deliveries", "resolve", "1", "999", "--as", "dropped"))

    assert {state for _, state in rows(served)} == {"uncertain"}


def test_there_is_a_sentence_where_nothing_is_uncertain(served):
    """Not an error: there is nothing to do."""
    told = served("deliveries", "resolve", "--all", "--as", "accepted")

    assert told.exit_code == 0
    assert "No delivery is uncertain." in told.stdout
