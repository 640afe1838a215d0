"""send-test and doctor: the ways to the inbox and to the papers, tried without waiting for a run."""

import asyncio
import contextlib
import email
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.flows.commandline import Terminal
from tests.flows.test_cli import refused
from tests.mail.test_dkim import RSA, holds, pem
from tests.smtpd import Fault, FaultServer, drop, refuse


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone."""
    return Terminal(tmp_path)


@contextlib.contextmanager
def server(*script: Fault) -> Iterator[tuple[FaultServer, dict[str, str]]]:
    """A real SMTP server in a thread, and the settings that send there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = FaultServer(script)
    asyncio.run_coroutine_threadsafe(made.__aenter__(), loop).result()
    try:
        yield (
            made,
            {
                "PAPERBOY_TRANSPORT": "smtp",
                "PAPERBOY_SENDER": "Morning Papers <papers@example.org>",
                "PAPERBOY_SMTP_HOST": "127.0.0.1",
                "PAPERBOY_SMTP_PORT": str(made.port),
                "PAPERBOY_SMTP_SECURITY": "none",
            },
        )
    finally:
        asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def free_port() -> str:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


# ---- send-test -------------------------------------------------------------------------------------------------------


def test_a_test_message_to_the_outbox_needs_no_database(paperboy):
    """One file, addressed and readable, before anything was set up."""
    told = paperboy("send-test", "ada@example.org")

    assert told.exit_code == 0
    assert "Accepted" in told.stdout
    (path,) = paperboy.mails
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "ada@example.org"
    assert "works" in mail.get_body(("plain",)).get_content()


def test_a_test_message_really_goes_over_smtp(paperboy):
    """The server holds one mail for that address, and its words are shown."""
    with server() as (smtp, env):
        told = paperboy("send-test", "ada@example.org", **env)

    assert told.exit_code == 0
    assert "Accepted: 250" in told.stdout
    assert smtp.copies("ada@example.org") == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (refuse("rcpt", "550 5.1.1 no such user"), "Refused at RCPT, ada@example.org did not get it: 550 5.1.1"),
        (refuse("rcpt", "451 4.7.1 greylisted"), "Deferred at RCPT, nothing was sent; try again later: 451"),
        (drop("dot"), "Uncertain: the line dropped"),
    ],
    ids=["refused", "deferred", "uncertain"],
)
def test_what_the_server_did_not_take_is_said_in_words(paperboy, fault, words):
    """Status 1, where it ended, and the server's own words."""
    with server(fault) as (_smtp, env):
        told = paperboy("send-test", "ada@example.org", **env)

    assert told.exit_code == 1
    assert words in told.stdout


def test_a_server_that_is_not_there_is_one_sentence(paperboy):
    """Host and port, and which settings to check."""
    env = {
        "PAPERBOY_TRANSPORT": "smtp",
        "PAPERBOY_SENDER": "Papers <papers@example.org>",
        "PAPERBOY_SMTP_HOST": "127.0.0.1",
        "PAPERBOY_SMTP_PORT": free_port(),
    }

    assert "check PAPERBOY_SMTP_HOST" in refused(paperboy("send-test", "ada@example.org", **env))


def test_what_is_no_address_is_not_sent(paperboy):
    """A slip is refused before anything is opened."""
    assert "no e-mail address" in refused(paperboy("send-test", "ada"))


# ---- doctor ----------------------------------------------------------------------------------------------------------


def test_all_is_well_after_a_first_run(paperboy):
    """Every line says ok, and the status is 0."""
    paperboy.run()

    told = paperboy("doctor", "--offline")

    assert told.exit_code == 0
    assert "wrong" not in told.stdout
    for part in ("database", "roster", "templates", "sources", "mailer", "dkim", "schedule"):
        assert f"ok     {part}" in told.stdout


def test_the_doctor_names_all_that_is_wrong_with_what_to_do(paperboy):
    """No tables, a bad roster, no mail server: three wrong lines in one go, and status 1."""
    paperboy.roster.write_text("subscribers:\n  - address: nonsense\n")
    env = {
        "PAPERBOY_TRANSPORT": "smtp",
        "PAPERBOY_SENDER": "Papers <papers@example.org>",
        "PAPERBOY_SMTP_HOST": "127.0.0.1",
        "PAPERBOY_SMTP_PORT": free_port(),
    }

    told = paperboy("doctor", "--offline", **env)

    assert told.exit_code == 1
    wrong = {line.split()[1]: line for line in told.stdout.splitlines() if line.startswith("wrong")}
    assert set(wrong) == {"database", "roster", "mailer"}
    assert "`paperboy migrate`" in wrong["database"]
    assert "roster.yaml:2" in wrong["roster"]
    assert "PAPERBOY_SMTP_HOST" in wrong["mailer"]


def test_a_key_that_signs_is_named_and_a_wrong_one_is_one_line(paperboy, tmp_path):
    """The doctor names the DNS entry of the key; a file that is none is wrong, in a sentence, and no mail goes out."""
    key = tmp_path / "key.pem"
    key.write_bytes(pem(RSA))
    env = {"PAPERBOY_DKIM_DOMAIN": "example.org", "PAPERBOY_DKIM_SELECTOR": "news", "PAPERBOY_DKIM_KEY": str(key)}

    assert "news._domainkey.example.org (rsa-sha256)" in paperboy("doctor", "--offline", **env).stdout
    key.write_text("not a key")
    told = paperboy("doctor", "--offline", **env)

    assert "key.pem is not a private key" in refused(paperboy("send-test", "ada@example.org", **env))
    assert paperboy.mails == []
    assert [line.split()[1] for line in told.stdout.splitlines() if line.startswith("wrong")][-1] == "dkim"
    assert "PAPERBOY_DKIM_KEY" in refused(paperboy("doctor", PAPERBOY_DKIM_DOMAIN="example.org"))


def test_every_mail_is_signed_where_the_settings_have_a_key(paperboy, tmp_path):
    """The test message and the digests of a run bear a signature that an independent verifier accepts."""
    key = tmp_path / "key.pem"
    key.write_bytes(pem(RSA))
    env = {"PAPERBOY_DKIM_DOMAIN": "example.org", "PAPERBOY_DKIM_SELECTOR": "news", "PAPERBOY_DKIM_KEY": str(key)}

    assert paperboy("send-test", "ada@example.org", **env).exit_code == 0
    paperboy.run(**env)
    assert len(paperboy.mails) > 2
    assert all(holds(path.read_bytes()) for path in paperboy.mails)


def test_secrets_are_hidden_and_the_origin_of_each_setting_is_shown(paperboy):
    """Neither a password nor one inside a database address is ever printed."""
    told = paperboy(
        "doctor",
        "--offline",
        PAPERBOY_SMTP_PASSWORD="hunter2",
        PAPERBOY_SECRET="hunter3",
        PAPERBOY_DATABASE_URL=f"postgresql://me:hunter4@127.0.0.1:{free_port()}/papers",
    )

    assert "hunter" not in told.output
    lines = {line.split()[0]: line for line in told.stdout.splitlines() if line.startswith("PAPERBOY_")}
    assert "environment" in lines["PAPERBOY_SMTP_PASSWORD"]
    assert "(set, hidden)" in lines["PAPERBOY_SMTP_PASSWORD"]
    assert "default" in lines["PAPERBOY_LIST_NAME"]


def test_a_source_that_cannot_be_reached_is_wrong_and_the_checks_go_on(paperboy):
    """With the network closed the source is named, with the host that did not answer."""
    paperboy.run()
    closed = f"http://127.0.0.1:{free_port()}"  # a proxy that is not there: no test leaves this machine

    told = paperboy("doctor", PAPERBOY_SOURCES="arxiv", HTTPS_PROXY=closed)

    assert told.exit_code == 1
    assert "wrong  arxiv" in told.stdout
    assert "rss.arxiv.org" in told.stdout
    assert "ok     mailer" in told.stdout
