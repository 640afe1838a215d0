"""doctor and the DNS: what is missing is one sentence with the record to add."""

import pytest

from newsletter.mail import dkim
from tests.flows.commandline import Terminal
from tests.flows.test_cli_mail import free_port
from tests.mail.test_dkim import RSA, pem
from tests.nameserver import NameServer

ENV = {
    "PAPERBOY_TRANSPORT": "smtp",
    "PAPERBOY_SENDER": "Papers <papers@bücher.example>",
    "PAPERBOY_BOUNCE_ADDRESS": "bounces@mail.example.org",
    "PAPERBOY_SITE_URL": "https://papers.example.org/daily",
    "PAPERBOY_SMTP_HOST": "127.0.0.1",
    "PAPERBOY_SOURCES": "arxiv",
    "PAPERBOY_DKIM_DOMAIN": "xn--bcher-kva.example",
    "PAPERBOY_DKIM_SELECTOR": "news",
}


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone."""
    return Terminal(tmp_path)


def dns_lines(paperboy, server, key, **env):
    """What doctor says of each record."""
    closed = f"http://127.0.0.1:{free_port()}"  # a proxy that is not there: no test leaves this machine
    env = ENV | {"PAPERBOY_SMTP_PORT": free_port(), "PAPERBOY_DKIM_KEY": str(key), "HTTPS_PROXY": closed} | env
    told = paperboy("doctor", "--name-server", server, **env)
    assert told.exit_code == 1  # the mailer at least
    lines = [line.split(maxsplit=3) for line in told.stdout.splitlines() if " dns " in line]
    return {part: (word, said) for word, _, part, said in lines}


def test_the_doctor_reads_the_names_of_the_settings(paperboy, tmp_path):
    """From, return path, key and site are each asked for under their own name, in the letters that the DNS has."""
    key = tmp_path / "key.pem"
    key.write_bytes(pem(RSA))
    records = {
        ("mail.example.org", "TXT"): ['"v=spf1 a -all"'],
        ("mail.example.org", "MX"): ["10 mx.example.org."],
        ("mx.example.org", "A"): ["192.0.2.1"],
        ("_dmarc.xn--bcher-kva.example", "TXT"): ['"v=DMARC1; p=none"'],
    }
    with NameServer(records) as server:
        told = dns_lines(paperboy, server.address, key)
        public = dkim.rsa_key("news", key).public
        pieces = " ".join(f'"{public[at : at + 200]}"' for at in range(0, len(public), 200))
        server.records["news._domainkey.xn--bcher-kva.example", "TXT"] = [f'"v=DKIM1; k=rsa; p=" {pieces}']
        server.records["papers.example.org", "A"] = ["192.0.2.2"]
        mended = dns_lines(paperboy, server.address, key)

    assert {part: word for part, (word, _) in told.items()} == {
        "spf": "ok",
        "dkim": "wrong",
        "dmarc": "ok",
        "mx": "ok",
        "site": "wrong",
        "reverse": "ok",
    }
    assert f'news._domainkey.xn--bcher-kva.example "v=DKIM1; k=rsa; p={public}"' in told["dkim"][1]
    assert "add the record papers.example.org A" in told["site"][1]
    assert "aligned by DKIM" in told["dmarc"][1]
    assert {word for word, _ in mended.values()} == {"ok"}


def test_the_outbox_needs_no_records(paperboy):
    """Where no mail leaves the machine the DNS is not asked."""
    closed = f"http://127.0.0.1:{free_port()}"
    told = paperboy("doctor", PAPERBOY_SOURCES="arxiv", HTTPS_PROXY=closed)

    assert "ok     dns           not asked (the outbox sends nothing)" in told.stdout


def test_a_name_server_by_name_is_refused_in_a_sentence(paperboy, tmp_path):
    """It has to be an address."""
    key = tmp_path / "key.pem"
    key.write_bytes(pem(RSA))
    closed = f"http://127.0.0.1:{free_port()}"
    env = ENV | {"PAPERBOY_SMTP_PORT": free_port(), "PAPERBOY_DKIM_KEY": str(key), "HTTPS_PROXY": closed}

    assert (
        "--name-server ns.example: it is no address" in paperboy("doctor", "--name-server", "ns.example", **env).stdout
    )
