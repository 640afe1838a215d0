"""The commands about people, and about listings from files."""

import json

import pytest

from tests.flows.commandline import ROSTER, Terminal
from tests.flows.test_cli import refused


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A clone with tables and nobody in them."""
    terminal = Terminal(tmp_path)
    terminal("migrate")
    return terminal


# ---- the roster ------------------------------------------------------------------------------------------------------


def test_checking_a_good_roster_counts_it_and_needs_no_database(tmp_path):
    """It says how many readers and topics there are, and makes nothing."""
    terminal = Terminal(tmp_path)

    assert "3 readers, 2 topics, no mistakes" in terminal("roster", "check").stdout
    assert not terminal.data.exists()


def test_checking_a_bad_roster_names_every_mistake_with_its_line(paperboy):
    """File, line and field of each, on standard error."""
    paperboy.roster.write_text("subscribers:\n  - address: a@example.org\n    zone: Mars/Base\n    hour: 99\n")

    told = paperboy("roster", "check")

    refused(told)
    assert "roster.yaml:3: subscribers[0].zone" in told.stderr
    assert "roster.yaml:4: subscribers[0].hour" in told.stderr


def test_another_file_can_be_checked(paperboy, tmp_path):
    """The roster of the settings is only the default."""
    other = tmp_path / "other.yaml"
    other.write_text("subscribers:\n  - address: only@example.org\n")

    assert "1 reader, no topic" in paperboy("roster", "check", str(other)).stdout


def test_a_plan_is_shown_and_not_done_when_only_asked_for(paperboy):
    """`--dry-run` shows who would come; the export stays empty."""
    told = paperboy("roster", "apply", "--dry-run")

    assert "+ added" in told.stdout
    assert "Nothing was changed" in told.stdout
    assert "ada@example.org" not in paperboy("roster", "export").stdout


def test_applying_shows_added_changed_removed_and_those_kept_out(paperboy):
    """Each address stands in the plan with what happens to it."""
    paperboy("roster", "apply")
    paperboy("unsubscribe", "dana@example.org")
    changed = ROSTER.replace("    name: Ada\n", "    name: Ada Brook\n").replace("away@", "new@")
    paperboy.roster.write_text(changed)

    told = paperboy("roster", "apply").stdout

    def line(address: str) -> str:
        return next(line for line in told.splitlines() if address in line)

    assert line("ada@example.org").split() == ["~", "changed", "reader", "ada@example.org", "name"]
    assert "- removed" in line("away@example.org")
    assert "+ added" in line("new@example.org")
    assert line("dana@example.org").endswith("unsubscribed")
    assert "Applied." in told


def test_applying_twice_changes_nothing(paperboy):
    """The second time everybody is unchanged."""
    paperboy("roster", "apply")

    assert "Nothing to change." in paperboy("roster", "apply").stdout


def test_what_is_exported_applies_without_a_change(paperboy, tmp_path):
    """Export writes the same roster, in other words perhaps."""
    paperboy("roster", "apply")
    target = tmp_path / "exported.yaml"

    paperboy("roster", "export", "--output", str(target))

    assert paperboy("roster", "export").stdout == target.read_text()
    assert "Nothing to change." in paperboy("roster", "apply", str(target)).stdout


# ---- one address -----------------------------------------------------------------------------------------------------


def test_who_is_unsubscribed_gets_no_digest(paperboy):
    """The run after it mails the other reader only."""
    paperboy("roster", "apply")

    assert "ADA@example.org".lower() in paperboy("unsubscribe", "ADA@example.org").stdout
    paperboy.run()
    assert len(paperboy.mails) == 1


def test_unsubscribing_a_stranger_is_refused(paperboy):
    """Nobody is unsubscribed by a misspelt address without a word; nor is a token an address."""
    assert "nobody has this address" in refused(paperboy("unsubscribe", "adda@example.org"))
    assert "is no e-mail address" in refused(paperboy("unsubscribe", "some-token"))


def test_a_suppressed_address_is_never_mailed_until_it_is_lifted(paperboy):
    """Suppressed, said so in the report; lifted, served again."""
    assert "never mailed again" in paperboy("suppress", "ada@example.org", "--why", "a letter").stdout
    assert "already" in paperboy("suppress", "ada@example.org").stdout

    paperboy.run()
    assert len(paperboy.mails) == 1

    assert "may be mailed again" in paperboy("unsuppress", "ada@example.org").stdout
    assert "not suppressed" in refused(paperboy("unsuppress", "ada@example.org"))
    paperboy.run()
    assert len(paperboy.mails) == 2


# ---- import ----------------------------------------------------------------------------------------------------------


def listing(*numbers: int) -> str:
    """What Hugging Face's API answers, with invented papers."""
    return json.dumps(
        [
            {
                "paper": {
                    "id": f"2611.{number:05}",
                    "title": f"An invented paper, number {number}",
                    "summary": "It says nothing.",
                    "authors": [{"name": "Ada Invented"}],
                    "upvotes": number,
                    "submittedOnDailyAt": "2026-11-20T06:00:00.000Z",
                }
            }
            for number in numbers
        ]
    )


def test_import_says_of_each_file_what_it_held_and_what_was_new(paperboy, tmp_path):
    """Two files that overlap in one paper: three entries new, and the same files again bring nothing."""
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(listing(1, 2))
    two.write_text(listing(2, 3))

    told = paperboy("import", str(one), str(two))

    assert told.exit_code == 0
    assert "one.json  huggingface  daily" in told.stdout
    assert "2 files read: 4 entries, 3 new." in told.stdout
    assert "4 entries, 0 new." in paperboy("import", str(one), str(two)).stdout


def test_import_goes_on_after_a_bad_file_and_ends_with_status_1(paperboy, tmp_path):
    """One file is no listing, one does not exist; the good one is stored all the same."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(listing(1))
    bad.write_text("{nonsense")

    told = paperboy("import", str(bad), str(tmp_path / "absent.json"), str(good))

    assert told.exit_code == 1
    assert "bad.json" in told.stdout
    assert "cannot be read" in told.stdout
    assert "1 file read: 1 entry, 1 new. 2 files could not be read." in told.stdout


def test_imported_papers_come_with_the_next_edition(paperboy, tmp_path):
    """What was imported is mailed like what was fetched."""
    file = tmp_path / "2026-11-20.json"
    file.write_text(listing(1, 2, 3))
    paperboy("import", str(file))

    paperboy.run()

    assert "An invented paper, number 3" in paperboy("editions", "show").stdout
