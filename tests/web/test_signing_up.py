"""Signing up on the front page: one field, one button, and one answer for everybody."""

import re

import pytest
from sqlalchemy import select

from newsletter.schema import consents, notices
from newsletter.settings import Settings
from subscribers import service
from tests.web.visiting import NOW, Site, words


def notices_of(site):
    with site.database.begin() as tx:
        return tx.execute(select(notices).order_by(notices.c.id)).all()


def test_the_front_page_has_one_field_and_one_button(site):
    """It works without JavaScript, every field has its label, and nothing of it comes from elsewhere."""
    page = site.get("/").text
    shown = [field for field in re.findall(r"<input[^>]*>", page) if 'name="website"' not in field]

    assert len(shown) == 1
    assert page.count("<button") == 1
    assert set(re.findall(r'<input id="(\w+)"', page)) == set(re.findall(r'<label for="(\w+)"', page))
    assert "<script" not in page


def test_who_signs_up_is_sent_one_mail_and_no_digest_yet(site):
    """A confirmation is queued and the postman woken; the subscription waits for it."""
    answer = site.post("/subscribe", {"address": "Ada@example.org", "website": ""})
    [notice] = notices_of(site)

    assert answer.status_code == 200
    assert "Ada@example.org" in answer.text
    assert (notice.kind, notice.address) == ("confirm", "Ada@example.org")
    assert site.woken == 1
    assert site.known("ada@example.org").subscription.state == "pending"


def test_what_was_shown_and_from_where_is_kept_as_evidence(site):
    """The sentence beside the button, word for word, and the network of the browser."""
    shown = words(site.get("/").text)
    site.post("/subscribe", {"address": "ada@example.org"}, client="2001:db8:1:2:3::4")
    with site.database.begin() as tx:
        [kept] = tx.execute(select(consents)).all()

    assert kept.wording in shown
    assert (kept.how, kept.origin) == ("web", "2001:db8:1:2::/64")


def test_the_answer_is_the_same_whoever_asks_for_whomever(site):
    """New, subscribed, unsubscribed, suppressed or asked too often: status, headers and page tell nothing."""
    site.subscribe("old@example.org", "left@example.org")
    service.unsubscribe(site.database, "left@example.org", now=NOW, how="page")
    service.suppress(site.database, "never@example.org", reason="operator", detail="", now=NOW)
    names = ["new", "old", "left", "never", "new", "new", "new", "new"]
    answers = [site.post("/subscribe", {"address": f"{name}@example.org"}) for name in names]
    pages = {answer.text.replace(f"{name}@", "@") for name, answer in zip(names, answers, strict=True)}

    assert len(pages) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert {notice.kind for notice in notices_of(site)} == {"confirm", "already"}


def test_a_field_that_no_person_sees_turns_programs_away(site):
    """They get the same answer, and nothing comes of it."""
    told = site.post("/subscribe", {"address": "ada@example.org", "website": ""}).text
    before = site.rows()
    trapped = site.post("/subscribe", {"address": "ada@example.org", "website": "https://spam.example"})

    assert trapped.text == told
    assert site.rows() == before


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "nobody", "a@b", "a b@example.org", "@example.org", "a@exa\u202cmple.org", "x" * 300 + "@y.org"],
)
def test_a_wrong_address_is_said_to_be_wrong_and_can_be_mended(site, typed):
    """The form again, with what was typed and a sentence beside the field; nothing is written."""
    before = site.rows()
    answer = site.post("/subscribe", {"address": typed})

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'role="alert"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert site.rows() == before


@pytest.mark.parametrize(
    "typed",
    [
        '"><script>alert(1)</script>@example.org',
        "a@example.org\r\nBcc: everybody@example.org",
        "{{ 7 * 7 }}@example.org",
        "a@example.org\0",
        "javascript:alert(1)//@example.org",
        "a@example.org%0d%0aSet-Cookie: x=1",
    ],
)
def test_what_is_typed_stays_text(site, typed):
    """Markup, headers, templates: on the page it is text, in headers it is not at all, in mails neither."""
    answer = site.post("/subscribe", {"address": typed})

    assert "<script>alert" not in answer.text
    assert ">49" not in answer.text
    assert "set-cookie" not in answer.headers
    assert all("\n" not in notice.address for notice in notices_of(site))


def test_one_network_cannot_fill_a_strangers_inbox_or_a_hundred(site):
    """List bombing: of a hundred wishes from one network most come to nothing, whoever they are for."""
    for number in range(40):
        site.post("/subscribe", {"address": f"victim{number}@example.org"}, client=f"198.51.100.{number}")
        site.post("/subscribe", {"address": "one@example.net"}, client=f"203.0.{number}.1")
    sent = notices_of(site)

    assert 0 < len([each for each in sent if each.address.startswith("victim")]) <= 20
    assert len([each for each in sent if each.address == "one@example.net"]) <= 3


def test_nobody_is_asked_where_nobody_could_confirm(database):
    """With real mail and no address of the site a confirmation would lead nowhere: the page says so."""
    site = Site(database, Settings(transport="smtp", sender="Papers <papers@example.org>"))
    before = site.rows()
    answer = site.post("/subscribe", {"address": "ada@example.org"})

    assert answer.status_code == 422
    assert "Nobody can sign up here just now." in words(answer.text)
    assert site.rows() == before


def test_a_site_in_a_folder_of_its_domain_links_within_it(database):
    """Links and forms begin with the path of PAPERBOY_SITE_URL, which the proxy takes away."""
    settings = Settings(site_url="https://example.org/papers/")
    page = Site(database, settings).get("/").text

    assert 'action="/papers/subscribe"' in page
    assert set(re.findall(r'(?:href|src|action)="(/[a-z]*)', page)) == {"/papers"}


def test_the_answer_reloaded_is_the_form(site):
    """Whoever opens the address of the answer again gets the front page."""
    assert site.get("/subscribe").text == site.get("/").text
