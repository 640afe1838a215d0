"""The command line as its user meets it: help worth reading, one sentence for an error, and what each command says."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from flows.cli import Door, app
from newsletter.errors import PaperboyError
from tests.flows.commandline import Terminal


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone."""
    return Terminal(tmp_path)


@pytest.fixture
def served(paperboy) -> Terminal:
    """A clone after its first run."""
    assert paperboy.run().exit_code == 0
    return paperboy


def leaves(command, path=()):
    """Every command with its words."""
    for name, inner in getattr(command, "commands", {}).items():
        if getattr(inner, "commands", None):
            yield from leaves(inner, (*path, name))
        else:
            yield (*path, name), inner


COMMANDS = dict(leaves(get_command(app)))


def refused(result) -> str:
    """The one sentence of a command that failed as expected."""
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("error: ").strip()


# ---- help ------------------------------------------------------------------------------------------------------------


def test_importing_the_command_line_brings_in_nothing_heavy():
    """`paperboy --help` is quick: Prefect, scikit-learn, SQLAlchemy and the web framework stay out until needed."""
    heavy = ["prefect", "sklearn", "sqlalchemy", "fastapi", "mjml", "feedparser"]
    script = f"import flows.cli, sys; print([name for name in {heavy} if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_the_module_can_be_run():
    """`python -m flows.cli` is the same command, for who has not installed it."""
    found = subprocess.run([sys.executable, "-m", "flows.cli", "--help"], capture_output=True, text=True, check=True)

    assert "paperboy [OPTIONS] COMMAND" in found.stdout


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_how_and_what_it_changes(words):
    """Each help has a sentence, an example that calls that very command, and what it changes."""
    text = " ".join(COMMANDS[words].help.split())

    assert f"`paperboy {' '.join(words)}" in text
    assert any(word in text for word in ("Changes", "Undone", "Sends"))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_parameter_is_explained(words):
    """No option or argument without a sentence."""
    assert [one.name for one in COMMANDS[words].params if not getattr(one, "help", None)] == []


def test_without_a_command_the_menu_is_shown(paperboy):
    """`paperboy` alone lists the commands."""
    assert "Every day" in paperboy().output


# ---- errors ----------------------------------------------------------------------------------------------------------


def test_an_empty_database_names_the_command_that_mends_it(paperboy):
    """A command that needs the database says `paperboy migrate`, in one sentence on standard error."""
    assert "run `paperboy migrate`" in refused(paperboy("editions", "list"))


def test_a_wrong_setting_is_named(paperboy):
    """A setting that makes no sense is refused by its name, before anything is touched."""
    assert "PAPERBOY_TRANSPORT" in refused(paperboy("editions", "list", PAPERBOY_TRANSPORT="pigeon"))
    assert not paperboy.data.exists()


def test_a_folder_that_cannot_be_made_is_named(paperboy):
    """A file where the data directory should be: the setting to look at is in the sentence."""
    paperboy.data.write_text("a file")

    assert "check PAPERBOY_DATA_DIR" in refused(paperboy("migrate"))


def test_a_surprise_keeps_its_traceback():
    """What nobody foresaw is not dressed up as a sentence, and shows no local variables."""
    small = typer.Typer(cls=Door, pretty_exceptions_enable=False)

    @small.command()
    def surprise() -> None:
        raise RuntimeError("nobody foresaw this")

    small.command("other")(lambda: None)

    assert isinstance(CliRunner().invoke(small, ["surprise"]).exception, RuntimeError)


def test_an_expected_error_is_one_sentence():
    """An error of the tree becomes its sentence, status 1 and nothing else, wherever it comes from."""
    small = typer.Typer(cls=Door, pretty_exceptions_enable=False)

    @small.command()
    def fail() -> None:
        raise PaperboyError("thing (this one): [bold]is wrong\x1b[2J; mend it")

    small.command("other")(lambda: None)

    assert refused(CliRunner().invoke(small, ["fail"])) == "thing (this one): [bold]is wrong\\u001b[2J; mend it"


# ---- migrate ---------------------------------------------------------------------------------------------------------


def test_migrate_makes_the_tables_and_may_be_run_again(paperboy):
    """The first time it says from what to what, the second that there is nothing to do."""
    first, second = paperboy("migrate"), paperboy("migrate")

    assert "empty → " in first.stdout
    assert "already" in second.stdout
    assert paperboy("editions", "list").exit_code == 0


# ---- editions and deliveries -----------------------------------------------------------------------------------------


def test_editions_are_listed_and_shown_by_id_by_day_and_newest_by_default(served):
    """Three ways to one edition."""
    day = served.mails[0].parent.name

    newest = served("editions", "show").stdout

    assert newest.startswith("Edition 1, ")
    assert "https://arxiv.org/abs/" in newest
    assert served("editions", "show", "1").stdout == newest
    assert served("editions", "show", day).stdout == newest


@pytest.mark.parametrize("which", ["7", "2001-01-01", "yesterday"])
def test_an_edition_that_does_not_exist_is_refused(served, which):
    """An unknown id, an unknown day, and what is neither."""
    assert which in refused(served("editions", "show", which))


def test_there_is_a_sentence_where_there_is_nothing(paperboy):
    """Empty lists say so instead of showing headings."""
    paperboy("migrate")

    assert "no edition yet" in paperboy("editions", "list").stdout
    assert "no delivery yet" in paperboy("deliveries", "list").stdout
    assert "no named topic" in paperboy("topics", "list").stdout
    assert "`paperboy run` makes the first" in refused(paperboy("editions", "show"))


def test_deliveries_can_be_narrowed_to_a_state_and_a_day(served):
    """Two were accepted today; none is uncertain, and none was on another day."""
    everything = served("deliveries", "list").stdout

    assert "ada@example.org" in everything
    assert "dana@example.org" in everything
    assert "2 in all" in everything
    assert "ada@example.org" in served("deliveries", "list", "--state", "accepted").stdout
    assert "no delivery of that kind" in served("deliveries", "list", "--state", "uncertain").stdout
    assert "no delivery of that kind" in served("deliveries", "list", "--day", "2001-01-01").stdout


# ---- topics ----------------------------------------------------------------------------------------------------------


def test_topics_are_listed_with_what_they_are_made_of(served):
    """Name, label, how many follow it, and its parts."""
    listed = served("topics", "list").stdout

    assert "Fast decoding" in listed
    assert "3 keywords" in listed
    assert "cs.CV" in listed


def test_trying_a_topic_shows_papers_parts_terms_and_idle_keywords(served):
    """The papers with the parts of their scores, which terms chose them, and which never answered."""
    tried = served("topics", "try", "decoding").stdout

    assert "What did it" in tried
    assert "KV cache" in tried
    assert "keyword: phlogiston" in tried.split("Answered by no paper")[1]


def test_a_topic_can_be_tried_before_it_is_applied(served):
    """What stands in the roster now counts, not what was applied."""
    served.roster.write_text(served.roster.read_text().replace("KV cache, ", ""))

    assert "KV cache" not in served("topics", "try", "decoding").stdout


def test_an_unknown_topic_is_refused_with_the_nearest(served):
    """A slip of the finger is answered with what was probably meant."""
    assert "did you mean decoding?" in refused(served("topics", "try", "decodng"))


# ---- what keeps running ----------------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[str]:
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("words", [("site",), ("preview", "--no-browser")], ids=" ".join)
def test_a_port_that_is_taken_is_one_sentence(paperboy, taken, words):
    """Which port, and the setting that moves it."""
    paperboy("migrate")

    assert taken in refused(paperboy(*words, "--port", taken))


def test_serving_makes_what_is_missing_before_it_starts(paperboy, taken):
    """On a fresh clone the database and its readers are there, even where the server's port is then found taken."""
    told = paperboy("serve", PAPERBOY_PREFECT_PORT=taken)

    assert "PAPERBOY_PREFECT_PORT" in refused(told)
    assert "database: created" in told.stdout
    assert "roster: readers +3" in told.stdout


def test_a_mistake_in_the_roster_does_not_keep_the_service_down(served, taken):
    """After a power cut `serve` starts with the readers it knows, whatever the file has become."""
    served.roster.write_text("nonsense: true\n")

    assert "PAPERBOY_PREFECT_PORT" in refused(served("serve", PAPERBOY_PREFECT_PORT=taken))


def test_the_readers_site_answers_and_ends_with_ctrl_c(served):
    """A real process: a forged link gets the kind page, and Ctrl-C ends it without a traceback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "flows.cli", "site", "--port", str(port)]
    process = subprocess.Popen(
        command, env={**os.environ, **served.env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        answer = None
        for _ in range(300):
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.get(f"http://127.0.0.1:{port}/unsubscribe/forged", trust_env=False)
                break
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=30)

    assert answer is not None
    assert answer.status_code == 404
    assert "This link does not work" in answer.text
    assert f"http://127.0.0.1:{port}" in said
    assert complaints == ""
    assert process.returncode == 0
