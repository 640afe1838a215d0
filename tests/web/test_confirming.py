"""The link of a confirmation: looking changes nothing, the button does, and an old one can be had fresh."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.schema import notices
from subscribers import service, tokens
from subscribers.tokens import Purpose
from tests.web.visiting import ADDRESS, KEYS, NOW, words


@pytest.fixture
def link(site):
    """The path of a confirmation that was just sent to the reader."""
    return asked_for(site)


def asked_for(site):
    site.post("/subscribe", {"address": ADDRESS})
    with site.database.begin() as tx:
        notice = tx.execute(select(notices).order_by(notices.c.id.desc()).limit(1)).one()
    token = tokens.sign_confirm(notice.token, notice.facts["asked"], keys=KEYS, now=notice.queued_at)
    return f"/confirm/{token}"


def settle(site):
    """The mails that wait are sent."""
    with site.database.begin() as tx:
        tx.execute(notices.update().values(state="accepted"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(site, link, method):
    """Link scanners open the confirmation before its reader does."""
    before = site.rows()

    assert site.ask(method, link).status_code == 200
    assert site.rows() == before


def test_the_page_has_one_button_and_the_words_that_were_shown(site, link):
    """Whose subscription it is, masked, and what they agree to."""
    page = site.get(link).text

    assert page.count("<button") == 1
    assert "r…@example.org" in page
    assert ADDRESS not in page
    assert "until you leave with one click" in page


def test_the_button_subscribes_and_shows_the_way_to_the_choices(site, link):
    """Active from now on, also after a second press; the link leads to the reader's own preferences."""
    answers = [site.post(link), site.post(link)]

    assert {answer.status_code for answer in answers} == {200}
    assert site.known().subscription.state == "active"
    assert site.link(site.known(), Purpose.PREFERENCES) in answers[1].text


def test_an_old_link_offers_a_fresh_one_and_sends_it(site, link):
    """Gone after three days, with a button and not a riddle; the fresh one works."""
    settle(site)
    site.now += timedelta(days=3, seconds=1)
    before = site.rows()
    answers = [site.get(link), site.post(link)]

    assert {answer.status_code for answer in answers} == {410}
    assert site.rows() == before
    assert f'action="{link}/again"' in answers[0].text
    assert "Look into your mail" in site.post(f"{link}/again").text
    with site.database.begin() as tx:
        fresh = tx.execute(select(notices).order_by(notices.c.id.desc()).limit(1)).one()
    assert fresh.address == ADDRESS
    token = tokens.sign_confirm(fresh.token, fresh.facts["asked"], keys=KEYS, now=site.now)
    assert site.post(f"/confirm/{token}").status_code == 200


def test_a_link_that_is_years_old_offers_the_form(site, link):
    """Nothing is known of it any more but that it was ours."""
    site.now += timedelta(days=800)
    page = site.get(link)

    assert page.status_code == 410
    assert 'name="address"' in page.text


def test_an_old_link_does_not_undo_leaving(site, link):
    """Whoever left after it was sent stays away: 410, and the way to a fresh one."""
    site.post(link)
    service.unsubscribe(site.database, ADDRESS, now=NOW, how="one-click")

    assert site.post(link).status_code == 410
    assert site.known().subscription.state == "unsubscribed"


def test_a_link_for_another_purpose_or_person_or_cut_confirms_nothing(site, link):
    """One plain page with status 404 for all of them."""
    known = site.known()
    wrong = [site.link(known, purpose).rpartition("/")[2] for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES)]
    wrong += [link.removeprefix("/confirm/")[:-1], "x", "%00", tokens.sign(Purpose.CONFIRM, "someone/1", keys=KEYS)]
    before = site.rows()
    answers = [site.ask(method, f"/confirm/{token}") for token in wrong for method in ("GET", "POST")]
    answers += [site.ask(method, f"/confirm/{wrong[2]}/again") for method in ("GET", "POST")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({words(answer.text) for answer in answers}) <= 2
    assert site.rows() == before
