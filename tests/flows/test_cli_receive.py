"""`paperboy receive`: the door for mail that comes back."""

import shutil
import subprocess
import sys

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from flows.cli import app
from flows.wiring import shop
from newsletter.errors import ConfigurationError
from newsletter.schema import deliveries
from newsletter.settings import ROOT, Settings, inherited, load
from tests.flows.commandline import Terminal
from tests.flows.test_cli import refused
from tests.mail.returned import POLICY, complaint, plain, recipient, report


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A clone that has delivered one edition, with a bounce address."""
    terminal = Terminal(tmp_path_factory.mktemp("clone"))
    terminal.env["PAPERBOY_BOUNCE_ADDRESS"] = "bounces@papers.example"
    assert terminal.run().exit_code == 0
    return terminal


@pytest.fixture
def paperboy(ran, tmp_path):
    """The same clone in a folder of the test's own."""
    shutil.copytree(ran.folder, tmp_path, dirs_exist_ok=True)
    return Terminal(tmp_path, {"PAPERBOY_BOUNCE_ADDRESS": "bounces@papers.example"})


def back(paperboy, address="ada@example.org"):
    """The return path under which the digest of a reader went out."""
    settings = Settings(data_dir=paperboy.data, bounce_address="bounces@papers.example")
    with shop(settings) as opened:
        with opened.database.begin() as tx:
            key = tx.execute(select(deliveries.c.key).where(deliveries.c.address == address)).scalar_one()
        return opened.printer().return_path(key)


def pipe(paperboy, raw, **env):
    """One mail on standard input, as a mail server hands it over."""
    return CliRunner().invoke(app, ["receive"], input=raw, env=paperboy.env | env, catch_exceptions=False)


def write(folder, *mails):
    """Mails in files of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number}.host" for number in range(len(mails))]
    for file, raw in zip(files, mails, strict=True):
        file.write_bytes(raw)
    return files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_piped_bounce_suppresses_its_reader(paperboy):
    """Status 0: the mail server is done with it."""
    told = pipe(paperboy, report(to=back(paperboy)))

    assert told.exit_code == 0
    assert "1  never mailed again" in told.stdout
    assert "it is not suppressed" not in paperboy("unsuppress", "ada@example.org").output


@pytest.mark.parametrize("raw", [b"", b"\xff\0", plain("Hello"), report()])
def test_what_means_nothing_is_taken_all_the_same(paperboy, raw):
    """Status 0, or the mail server would send a bounce about a bounce."""
    told = pipe(paperboy, raw)

    assert told.exit_code == 0
    assert "1 mail read" in told.stdout


@pytest.mark.parametrize(
    "env",
    [
        {"PAPERBOY_BOUNCE_ADDRESS": ""},
        {"PAPERBOY_BOUNCE_ADDRESS": "no address"},
        {"PAPERBOY_DATABASE_URL": "sqlite:////nowhere/at/all.db"},
        {"PAPERBOY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
    ],
    ids=["no bounce address", "a wrong one", "no database", "a database that is away"],
)
def test_when_something_is_in_the_way_the_mail_server_tries_again(paperboy, tmp_path, env):
    """Status 75, and one sentence for its log."""
    if "nowhere" in env.get("PAPERBOY_DATABASE_URL", ""):
        (tmp_path / "nowhere").write_text("a file, so that no folder can be made")
        env = {"PAPERBOY_DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/at/all.db"}

    told = pipe(paperboy, report(), **env)

    assert told.exit_code == 75
    assert told.stderr.startswith("error: ")


def test_a_real_pipe_of_megabytes_is_read_to_its_end(paperboy):
    """A mail server takes a pipe that closes early for a failure."""
    told = subprocess.run(
        [sys.executable, "-m", "flows.cli", "receive"],
        input=report(to=back(paperboy)) + b"x" * 3_000_000,
        cwd=ROOT,
        env=inherited() | paperboy.env,
        capture_output=True,
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, b"")
    assert b"never mailed again" in told.stdout


def test_files_are_read_and_summed_up(paperboy, tmp_path):
    """Each meaning with its number; what a server refused for policy stands below, for the operator."""
    to = back(paperboy)
    files = write(
        tmp_path / "mails",
        complaint(return_path=to),
        report(recipient("5.7.1", POLICY), to=to),
        report(recipient("5.7.1", POLICY), to=to),
        report(),
        plain("Hello"),
    )

    told = paperboy("receive", *map(str, files))

    assert told.exit_code == 0
    assert "5 mails read:" in told.stdout
    assert "1  unsubscribed after a complaint" in told.stdout
    assert "2  refused for what we are or sent" in told.stdout
    assert "1  without a return path of ours, ignored" in told.stdout
    assert "refused 2 times: 5.7.1 smtp; 550 5.7.1 Message refused by our policy" in told.stdout


def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on(paperboy, tmp_path):
    """Status 1, and the reader of the other is suppressed."""
    [good] = write(tmp_path / "mails", report(to=back(paperboy)))

    told = paperboy("receive", str(tmp_path / "missing"), str(good))

    assert "missing" in refused(told)
    assert "never mailed again" in told.stdout


def test_a_maildir_is_emptied_into_cur(paperboy, tmp_path):
    """What was read is marked as seen; the next time there is nothing."""
    box = tmp_path / "box"
    (box / "cur").mkdir(parents=True)
    write(box / "new", report(to=back(paperboy)), plain("Hello"))

    assert "2 mails read" in paperboy("receive", "--maildir", str(box)).stdout
    assert names(box / "new") == []
    assert names(box / "cur") == ["0.host:2,S", "1.host:2,S"]
    assert "no mail read" in paperboy("receive", "--maildir", str(box)).stdout


def test_a_maildir_stays_as_it_is_when_the_database_is_away(paperboy, tmp_path):
    """Nothing is moved that was not done."""
    box = tmp_path / "box"
    (box / "cur").mkdir(parents=True)
    write(box / "new", report(to=back(paperboy)))

    refused(paperboy("receive", "--maildir", str(box), PAPERBOY_DATABASE_URL=f"sqlite:///{tmp_path}/other.db"))
    assert names(box / "new") == ["0.host"]


def test_a_folder_that_is_no_maildir_is_refused(paperboy, tmp_path):
    """The sentence says what is missing."""
    assert "no Maildir" in refused(paperboy("receive", "--maildir", str(tmp_path)))


def test_files_and_a_maildir_are_not_read_together(paperboy, tmp_path):
    """A wrong option is status 2."""
    assert paperboy("receive", "--maildir", str(tmp_path), "x").exit_code == 2


# ---- the return path -------------------------------------------------------------------------------------------------


def test_each_delivery_has_a_return_path_of_its_own(paperboy):
    """The same each time it is printed, with a local part that every server takes."""
    ada, dana = back(paperboy), back(paperboy, "dana@example.org")

    assert ada == back(paperboy) != dana
    assert len(ada.partition("@")[0]) <= 64
    assert ada.partition("+")[0] == "bounces"


def test_without_a_bounce_address_the_return_path_is_as_it_was(tmp_path):
    """Empty here: the setting for the return path, or the From address, is used."""
    database = f"sqlite:///{tmp_path / 'x.db'}"
    terminal = Terminal(tmp_path)
    terminal("migrate", PAPERBOY_DATABASE_URL=database)

    with shop(Settings(data_dir=tmp_path, database_url=database)) as opened:
        assert not opened.printer().return_path("0" * 32)


@pytest.mark.parametrize(
    "address", ["bounces", "@x.example", "a+b@x.example", f"{'a' * 22}@x.example", "a b@x.example"]
)
def test_a_bounce_address_without_room_for_a_token_is_refused(address):
    """At most 21 plain characters before the @, as 64 are allowed in all."""
    with pytest.raises(ConfigurationError, match="PAPERBOY_BOUNCE_ADDRESS"):
        load(bounce_address=address)


def test_the_longest_bounce_address_fits():
    """21 characters, a plus, and 42 of the token."""
    assert load(bounce_address=f"{'a' * 21}@x.example").bounce_address
