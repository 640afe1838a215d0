"""The readers' site as a process: its postman, and whom it believes about who asks."""

import contextlib
import socket
import subprocess
import sys
from email import message_from_bytes

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from flows import wiring
from flows.serve import on_screen
from flows.site import Postman
from newsletter.database import Database
from newsletter.errors import LinkInvalid
from newsletter.schema import consents
from newsletter.settings import ROOT, Settings, exported, inherited
from newsletter.steps.notices import Notice, queue
from subscribers import consent, tokens
from subscribers.consent import Origin
from subscribers.tokens import Purpose
from tests.flows.conftest import free_port, until


@pytest.fixture
def settings(tmp_path):
    """A newsroom of its own, whose mails are files."""
    return Settings(data_dir=tmp_path / "var", site_port=free_port())


@pytest.fixture
def shop(settings):
    """Its parts; the database is empty, and not yet migrated."""
    database = Database(settings.url)
    yield wiring.Shop(settings, database)
    database.close()


def sign_up(shop, address="ada@example.org"):
    house = shop.notices().print.house
    return consent.sign_up(shop.database, address, origin=Origin("web"), wording="yes", now=wiring.now(), house=house)


def mails(settings):
    return sorted(settings.outbox_dir.rglob("*.eml"))


def test_a_confirmation_leaves_as_soon_as_it_is_asked_for(shop, settings):
    """The postman is woken by the page, and sends in the background."""
    shop.database.migrate()
    postman = Postman(shop)
    postman.start()
    sign_up(shop)
    postman.wake()
    [path] = until(lambda: mails(settings), seconds=20, what="the confirmation")
    postman.close()

    mail = message_from_bytes(path.read_bytes())
    assert mail["To"] == "ada@example.org"
    assert f"http://127.0.0.1:{settings.site_port}/confirm/" in str(mail.get_payload()[0].get_payload(decode=True))


def test_the_postman_survives_what_he_cannot_do(shop, settings):
    """A database without tables: he waits, and sends when it is there; nobody has to start him again."""
    postman = Postman(shop)
    postman.start()
    shop.database.migrate()
    sign_up(shop)

    def woken():
        postman.wake()
        return mails(settings)

    assert until(woken, seconds=20, what="the confirmation")
    postman.close()


def test_one_bad_notice_among_a_hundred_keeps_nobody_waiting(shop, settings):
    """The postman goes on as long as mail is taken, and not only after a round without any trouble."""
    shop.database.migrate()
    with shop.database.begin() as tx:
        for number in range(102):
            kind = "of no known kind" if number == 0 else "already"
            address = f"reader{number}@example.org"
            assert queue(tx, Notice(kind, address, address), now=wiring.now())
    postman = Postman(shop)
    postman.start()

    assert until(lambda: len(mails(settings)) == 101, seconds=20, what="all the others")
    postman.close()


@pytest.fixture
def process(shop, settings):
    """`python -m flows.site`, as `paperboy serve` starts it, with one proxy that it believes."""
    shop.database.migrate()
    env = inherited() | exported(settings)
    running = subprocess.Popen(
        [sys.executable, "-m", "flows.site"], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
    )
    until(lambda: healthy(settings), seconds=30, what="the site")
    yield running
    running.kill()
    running.communicate(timeout=10)


def healthy(settings):
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{settings.site_port}/healthz", trust_env=False).is_success
    return False


def test_the_proxys_word_about_who_asks_is_believed_and_the_readers_is_not(shop, settings, process):
    """Of X-Forwarded-For the last address counts, which the proxy wrote; what stands before it anybody can write."""
    address = f"http://127.0.0.1:{settings.site_port}/subscribe"
    forwarded = {"X-Forwarded-For": "192.0.2.1, 198.51.100.77"}
    answer = httpx.post(address, data={"address": "ada@example.org"}, headers=forwarded, trust_env=False)
    with shop.database.read() as tx:
        origins = list(tx.scalars(select(consents.c.origin)))

    assert answer.status_code == 200
    assert origins == ["198.51.100.0/24"]
    assert until(lambda: mails(settings), seconds=20, what="the confirmation")


def test_sigterm_ends_it_at_once_and_cleanly(process):
    """As the supervisor stops it: status 0, and no complaint."""
    process.terminate()
    _, complaints = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "Traceback" not in complaints


def test_a_slow_reader_holds_up_nobody(settings, process):
    """A form that trickles in, and half a request: everybody else is answered meanwhile."""
    half = []
    for start in (b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\naddr", b"GET / HT"):
        for _ in range(50):
            one = socket.create_connection(("127.0.0.1", settings.site_port))
            one.sendall(start)
            half.append(one)
    assert healthy(settings)
    for one in half:
        one.close()


def test_the_screen_of_serve_names_the_sites_address(settings):
    """Or says that there is none, and why."""
    none = settings.model_copy(update={"site_port": 0})

    assert f"  readers' site          http://127.0.0.1:{settings.site_port}" in on_screen(settings)
    assert any("PAPERBOY_SITE_PORT is 0" in line for line in on_screen(none))


def test_links_of_an_old_key_work_and_a_new_one_signs(settings):
    """In mails of years ago, for every door; the old key by itself believes nothing of the new one."""
    old = settings.model_copy(update={"secret": SecretStr("the first")})
    new = settings.model_copy(
        update={"secret": SecretStr("the third"), "old_secrets": SecretStr("the first, the second")}
    )
    link, fresh = (tokens.sign(Purpose.UNSUBSCRIBE, "ada", keys=wiring.signing_keys(one)) for one in (old, new))

    assert tokens.read(Purpose.UNSUBSCRIBE, link, keys=wiring.signing_keys(new)) == "ada"
    assert wiring.signing_keys(new) == ("the first", "the second", "the third")
    assert len(wiring.signing_keys(settings)) == 1
    with pytest.raises(LinkInvalid):
        tokens.read(Purpose.UNSUBSCRIBE, fresh, keys=wiring.signing_keys(old))
