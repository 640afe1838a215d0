"""The page behind the unsubscribe link: RFC 8058 to the letter, and never a traceback."""

import asyncio
import re
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from newsletter.database import Database
from newsletter.reports import masked
from newsletter.settings import Settings
from subscribers import queries, roster, service, tokens
from subscribers.models import SubscriptionState
from subscribers.tokens import Purpose
from subscribers.web.app import create_app
from subscribers.web.frame import Frame

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
KEYS = ["the key of these tests"]
ADDRESS = "reader@example.org"

ONE_CLICK = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=edge"}
MULTIPART_BODY = b'--edge\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--edge--\r\n'


@pytest.fixture
def reader(database):
    """One active reader, as the database knows them."""
    declared = roster.parse(f"subscribers:\n  - address: {ADDRESS}\n", path="roster.yaml")
    service.apply_roster(database, declared, now=NOW)
    return known(database)


class Client:
    """A browser, or a mailbox provider: no cookies, and no redirect is followed."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def request(self, method: str, path: str, **options) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="https://papers.example.org") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, **options) -> httpx.Response:
        return self.request("POST", path, **options)


def site(database: Database) -> FastAPI:
    """The site over a database."""
    settings = Settings(list_name="Morning Papers", site_url="https://papers.example.org")
    return create_app(Frame(database, settings, KEYS, lambda: NOW, lambda: None))


@pytest.fixture
def client(database):
    """The site over a real database."""
    return Client(site(database))


def known(database: Database):
    with database.begin() as tx:
        return queries.by_address_key(tx, ADDRESS)


def link(token: str, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    return f"/unsubscribe/{tokens.sign(purpose, token, keys=KEYS)}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_the_page_changes_nothing(client, database, reader, method):
    """Link scanners open every address in a mail: GET and HEAD leave the subscription as it is."""
    answer = client.request(method, link(reader.token))

    assert answer.status_code == 200
    assert known(database) == reader


def test_the_page_has_a_button_that_posts_to_itself(client, reader):
    """Whoever opens the link sees whose subscription it is, and one button."""
    page = client.get(link(reader.token)).text

    assert '<form method="post"' in page
    assert "r…@example.org" in page
    assert ADDRESS not in page
    assert "Morning Papers" in page


@pytest.mark.parametrize(
    ("headers", "body", "how"),
    [
        (ONE_CLICK, b"List-Unsubscribe=One-Click", "one-click"),
        (MULTIPART, MULTIPART_BODY, "one-click"),
        (ONE_CLICK, b"from=page", "page"),
        ({}, b"", "page"),
    ],
    ids=["url-encoded", "multipart", "button", "empty"],
)
def test_one_post_unsubscribes_without_redirect_or_cookie(client, database, reader, headers, body, how):
    """A POST of either form, or from the button, ends the subscription at once and says so."""
    answer = client.post(link(reader.token), content=body, headers=headers)

    assert answer.status_code == 200
    assert "unsubscribed" in answer.text
    assert "set-cookie" not in answer.headers
    assert known(database).subscription.state is SubscriptionState.UNSUBSCRIBED
    assert known(database).subscription.how == how


def test_a_second_post_changes_nothing_more(client, database, reader):
    """Providers post twice; the first word stands."""
    client.post(link(reader.token), content=b"List-Unsubscribe=One-Click", headers=ONE_CLICK)
    first = known(database)

    again = client.post(link(reader.token), content=b"from=page", headers=ONE_CLICK)

    assert again.status_code == 200
    assert known(database) == first


def test_the_page_says_so_when_all_is_done_already(client, reader):
    """After unsubscribing the link shows no such button any more, but how to come back."""
    client.post(link(reader.token))

    page = client.get(link(reader.token)).text

    assert ">Unsubscribe<" not in page
    assert "unsubscribed" in page
    assert "/back" in page


def test_the_roster_does_not_bring_back_who_clicked(client, database, reader):
    """What a reader said themselves outlives the file that names them."""
    client.post(link(reader.token), content=b"List-Unsubscribe=One-Click", headers=ONE_CLICK)
    declared = roster.parse(f"subscribers:\n  - address: {ADDRESS}\n", path="roster.yaml")

    service.apply_roster(database, declared, now=NOW)

    assert known(database).subscription.state is SubscriptionState.UNSUBSCRIBED


def test_a_link_for_another_purpose_does_not_unsubscribe(client, database, reader):
    """Each purpose has its own salt."""
    answer = client.post(link(reader.token, Purpose.PREFERENCES))

    assert answer.status_code == 404
    assert known(database) == reader


def test_a_link_cut_anywhere_does_not_unsubscribe(client, database, reader):
    """Mail programs break long lines: every shortened link gets the same kind page."""
    whole = link(reader.token)
    start = len("/unsubscribe/")

    answers = {client.post(whole[:end]).status_code for end in range(start, len(whole))}

    assert answers == {404}
    assert known(database) == reader


def test_a_reader_who_is_gone_is_told_the_truth(client):
    """A signed link whose reader the database no longer has: they get no more mail, and that is what it says."""
    answer = client.post(link("somebody who was deleted"))

    assert answer.status_code == 200
    assert "no more mail" in answer.text


@given(st.text(min_size=1, max_size=200))
def test_nothing_a_stranger_types_is_more_than_a_kind_page(forged):
    """Whatever stands in the link: 404 or 405, HTML, and never a traceback or the text itself."""
    database = Database("sqlite://")  # never asked: no forged link reaches it
    app = site(database)
    path = "/unsubscribe/" + "".join(f"%{byte:02x}" for byte in forged.encode("utf-8", "surrogatepass"))

    answer = Client(app).post(path)

    assert answer.status_code in {404, 405}
    assert "Morning Papers" in answer.text
    assert "Traceback" not in answer.text


def test_other_addresses_get_the_kind_page(client):
    """The site has nothing else to show yet, and says so in its own words."""
    answer = client.get("/admin.php")

    assert answer.status_code == 404
    assert "Morning Papers" in answer.text


def test_methods_that_make_no_sense_are_refused(client, reader):
    """DELETE is not a way to unsubscribe."""
    assert client.request("DELETE", link(reader.token)).status_code == 405


def test_a_database_that_is_away_asks_to_try_again(tmp_path):
    """Without its database the site answers 503, so that a provider tries again, and shows no error."""
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")  # no tables
    app = site(database)

    answer = Client(app).post(link("anybody"))

    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text
    assert "sqlite" not in answer.text.lower()


def test_a_flood_of_a_body_is_not_waited_for(client, database, reader):
    """A form may be as long as it likes; only its beginning is looked at, and it unsubscribes all the same."""
    answer = client.post(link(reader.token), content=b"x" * 200_000)

    assert answer.status_code == 200
    assert known(database).subscription.state is SubscriptionState.UNSUBSCRIBED


def test_every_answer_keeps_the_link_private_and_loads_nothing(client, reader):
    """No referrer, no index, no store, and a policy under which a page can load nothing at all."""
    for path in (link(reader.token), "/unsubscribe/forged", "/nowhere"):
        headers = client.get(path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "noindex" in headers["x-robots-tag"]
        assert headers["content-security-policy"].startswith("default-src 'none'")


def test_pages_ask_for_nothing_from_elsewhere(client, reader):
    """No script, no font, no picture: beside the page a browser fetches our own style sheet and icon."""
    for page in (client.get(link(reader.token)).text, client.post(link(reader.token)).text):
        assert "src=" not in page
        assert "url(" not in page
        assert "<script" not in page
        assert all(address.startswith("/") for address in re.findall(r'<link [^>]*href="([^"]+)"', page))


def test_an_address_is_masked_to_its_first_letter():
    """A forwarded mail does not show whose it was."""
    assert masked("ada.brook@example.org") == "a…@example.org"
