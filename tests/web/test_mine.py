"""What is a reader's own behind their link: their votes, all their data, and having everything erased."""

import json

import pytest
from sqlalchemy import func, select

from newsletter.schema import erasures, votes
from subscribers import voting
from subscribers.votes import What
from tests.web.choosing import desk
from tests.web.visiting import ADDRESS, words

PAPER, OTHER = "2611.00003", "2611.00004"


@pytest.fixture
def at_desk(database, tmp_path):
    """A reader who voted on two papers and muted a topic."""
    made = desk(database, tmp_path)
    token = made.known.token
    for what, about in ((What.MORE, PAPER), (What.LESS, OTHER), (What.MUTE_TOPIC, "Folding <b>proteins</b>")):
        voting.vote(database, token, what, about, now=made.site.now, how="page")
    return made


def count(desk, table):
    with desk.site.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(table))


def current(desk):
    with desk.site.database.read() as tx:
        return {vote.about for vote in voting.votes_of(tx, desk.known.token)}


def test_votes_are_listed_and_each_can_be_undone(at_desk):
    """By title and day, the topic by its label as text; the button undoes that one, as often as one likes."""
    page = at_desk.site.get(f"{at_desk.link}/votes")
    assert "A study of protein folding, part 3" in words(page.text)
    assert "Nothing on this topic · 21 November 2026 Folding <b>proteins</b>" in words(page.text)
    assert "<b>proteins" not in page.text

    for _ in range(2):
        at_desk.site.post(f"{at_desk.link}/votes", {"what": "paper", "about": PAPER})
        assert current(at_desk) == {OTHER, "Folding <b>proteins</b>"}
    page = at_desk.site.post(f"{at_desk.link}/votes", {"what": "topic", "about": "Folding <b>proteins</b>"})
    assert "Undone" in words(page.text)
    assert current(at_desk) == {OTHER}


def test_all_votes_can_be_undone_at_once(at_desk):
    """One button; the page says that none is left."""
    page = at_desk.site.post(f"{at_desk.link}/votes", {"what": "all"})

    assert current(at_desk) == set()
    assert "No vote of yours counts at the moment" in words(page.text)


@pytest.mark.parametrize("form", [{}, {"what": "paper"}, {"what": "nonsense", "about": PAPER}])
def test_what_is_no_vote_is_refused(at_desk, form):
    """A plain page, and nothing is undone."""
    assert at_desk.site.post(f"{at_desk.link}/votes", form).status_code == 422
    assert len(current(at_desk)) == 3


def test_all_data_is_handed_over_as_json(at_desk):
    """A file to keep, with the address, the choices and the votes; nobody may cache it."""
    answer = at_desk.site.get(f"{at_desk.link}/data.json")
    held = answer.json()

    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert held["person"]["address"] == ADDRESS
    assert {one["about"] for one in held["votes"]} == {PAPER, OTHER, "Folding <b>proteins</b>"}
    assert json.dumps(held)


def test_erasing_is_asked_before_it_is_done(at_desk):
    """The page says what goes and what stays and changes nothing; without the tick nothing happens either."""
    before = at_desk.site.rows()
    page = at_desk.site.get(f"{at_desk.link}/erase")
    unticked = at_desk.site.post(f"{at_desk.link}/erase", {})

    assert "What goes" in words(page.text)
    assert "a salted hash of your address" in words(page.text)
    assert unticked.status_code == 422
    assert "tick the box first" in words(unticked.text)
    assert at_desk.site.rows() == before


def test_erased_everything_is_gone_and_the_links_end(at_desk):
    """Nothing of theirs is left but the hash and, for a day, an empty row; their page is nobody's."""
    link = at_desk.link
    page = at_desk.site.post(f"{link}/erase", {"sure": "yes"})

    assert "Everything about you is erased" in words(page.text)
    assert (count(at_desk, votes), count(at_desk, erasures)) == (0, 1)
    assert at_desk.site.get(link).status_code == 404
    assert at_desk.site.post(f"{link}/erase", {"sure": "yes"}).status_code == 404
    assert ADDRESS not in at_desk.site.rows()


def test_whom_the_roster_declares_may_be_erased_too(database, tmp_path):
    """With the word that the operator's file is another thing."""
    fixed = desk(database, tmp_path, origin="roster", papers=0)

    assert "take you out of it" in words(fixed.site.get(f"{fixed.link}/erase").text)
    assert fixed.site.post(f"{fixed.link}/erase", {"sure": "yes"}).status_code == 200
    assert ADDRESS not in fixed.site.rows()
