"""What a reader can do after leaving: say why, and come back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.schema import consents, notices
from subscribers import service
from subscribers.tokens import Purpose
from subscribers.web.leaving import REASONS
from tests.web.visiting import ADDRESS, words


@pytest.fixture
def link(site):
    """The link of a reader in all their mails."""
    [known] = site.subscribe(ADDRESS)
    return site.link(known)


def said(site):
    with site.database.read() as tx:
        return tx.execute(select(consents).order_by(consents.c.id)).all()


def test_leaving_is_kept_as_evidence(site, link):
    """What, how and from which network; a second press adds nothing."""
    site.post(link, {"from": "page"}, client="198.51.100.9")
    site.post(link, {"from": "page"}, client="198.51.100.9")
    [left] = [one for one in said(site) if one.what == "withdrawn"]

    assert (left.how, left.origin) == ("page", "198.51.100.0/24")


def test_the_page_before_offers_less_than_leaving(site, link):
    """Who only wants fewer papers or a pause finds the way to their preferences."""
    assert site.link(site.known(), Purpose.PREFERENCES) in site.get(link).text


def test_one_press_brings_back_who_left_by_mistake(site, link):
    """At once, and as often as one presses."""
    site.post(link)
    answers = [site.post(f"{link}/back"), site.post(f"{link}/back")]

    assert {answer.status_code for answer in answers} == {200}
    assert "Welcome back" in answers[1].text
    assert site.known().subscription.state == "active"


def test_who_complained_comes_back_only_by_a_mail(site, link):
    """An old mail in the wrong hands must not start the mail again: a fresh confirmation goes to the address."""
    service.unsubscribe(site.database, ADDRESS, now=site.now, how="complaint")
    service.suppress(site.database, ADDRESS, reason="complaint", detail="", now=site.now)
    answer = site.post(f"{link}/back")
    with site.database.read() as tx:
        kinds = list(tx.scalars(select(notices.c.kind)))

    assert "Look into your mail" in answer.text
    assert kinds == ["confirm"]
    assert site.woken == 1
    assert site.known().subscription.state == "unsubscribed"


def test_who_left_long_ago_confirms_again(site, link):
    """After a day the link alone is not enough."""
    site.post(link)
    site.now += timedelta(days=30)

    assert "Look into your mail" in site.post(f"{link}/back").text
    assert site.known().subscription.state == "unsubscribed"


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ({"reason": "1"}, REASONS[1]),
        ({"reason": "0", "why": "  ten\r\n a day "}, f"{REASONS[0]}. ten a day"),
        ({"why": "x" * 1_000}, "x" * 400),
        ({"why": "<b>\u202e\0"}, "<b>"),
        ({"reason": "99", "why": ""}, ""),
        ({"reason": "-1"}, ""),
        ({}, ""),
    ],
)
def test_why_is_kept_in_their_words_and_shown_to_nobody(site, link, form, kept):
    """Cut, on one line, without what turns lines around; who says nothing is asked again."""
    site.post(link)
    answer = site.post(f"{link}/why", form)
    [left] = [one for one in said(site) if one.what == "withdrawn"]

    assert left.note == kept
    assert ("Thank you" in words(answer.text)) is bool(kept)
    assert "<b>" not in answer.text


def test_who_came_back_is_not_told_that_they_are_unsubscribed(site, link):
    """They said why on a page that was still open."""
    site.post(link)
    site.post(f"{link}/back")
    answer = site.post(f"{link}/why", {"reason": "0"})

    assert "Welcome back" in answer.text
    assert "no more mail" not in words(answer.text)


@pytest.mark.parametrize("what", ["", "/back", "/why"])
def test_who_is_gone_from_the_database_is_told_the_truth(site, link, what):
    """No form for somebody who is not there, no trace of them, and no error."""
    with site.database.begin() as tx:
        tx.exec_driver_sql("DELETE FROM subscribers")
    answer = site.post(link + what, {"why": "x"})

    assert answer.status_code == 200
    assert "no more mail" in answer.text
    assert "<form" not in answer.text


def test_looking_at_the_answers_changes_nothing(site, link):
    """GET and HEAD of what only a button does: refused, and nothing happens."""
    before = site.rows()
    answers = [site.ask(method, link + what) for method in ("GET", "HEAD") for what in ("/back", "/why")]

    assert {answer.status_code for answer in answers} == {405}
    assert site.rows() == before
