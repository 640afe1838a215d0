"""The pages behind the mail's vote links."""

import re
from dataclasses import replace
from datetime import date

import pytest

from newsletter.models import Topic
from newsletter.queries.editions import save
from subscribers import allowance, tokens, vote_queries
from subscribers.tokens import Purpose
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper
from tests.web.visiting import ADDRESS, KEYS, words

OLD_KEY = "title:an old paper / with a slash"


@pytest.fixture
def link(site, tmp_path):
    """The link of a paper's card in the reader's digest."""
    site.subscribe(ADDRESS)
    newsroom = Newsroom(site.database, site.settings.model_copy(update={"data_dir": tmp_path}))
    odd = replace(paper(9), key=OLD_KEY, arxiv_id=None, title="An old paper <b>& markup</b>")
    papers = [paper(0), paper(4), odd]
    newsroom.collect(capture(*papers))
    groups = [
        Topic("sd", "Speculative Decoding", (), (papers[0].key, papers[1].key)),
        Topic("o", "Other", (), (odd.key,), "other"),
    ]
    with site.database.begin() as tx:
        save(tx, day=FRIDAY, members=papers, topics=groups, remarks=(), sample=False, now=at(FRIDAY))
    return vote_link(site, papers[0].key)


def vote_link(site, key, edition=1):
    signed = tokens.sign_digest(Purpose.VOTES, site.known().token, edition, keys=KEYS)
    return f"/vote/{signed}/{key.replace('/', '%2F')}"


def said(site):
    reader = site.known().id
    with site.database.read() as tx:
        return {(vote.what, vote.about, vote.how) for vote in vote_queries.of(tx, reader)}


def test_one_link_votes_so_often_in_a_day(site, link):
    """Every vote is kept, so whoever changes their mind all day is asked to go on tomorrow; what they said counts."""
    with site.database.begin() as tx:
        token = site.known().token
        assert all(allowance.take(tx, [(allowance.CHANGES, token)], now=site.now) for _ in range(99))
    answers = [site.post(link, {"what": what}) for what in ("more", "more", "less")]

    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert "go on tomorrow" in words(answers[-1].text)
    assert {what for what, _about, _how in said(site)} == {"more"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("what", ["", "?what=more", "?what=less", "?what=mute_topic", "?what=nonsense"])
def test_looking_changes_nothing(site, link, method, what):
    """A scanner that follows every link of a mail casts no vote."""
    before = site.rows()

    assert site.ask(method, link + what).status_code == 200
    assert site.rows() == before


def test_the_page_offers_more_less_and_the_topic(site, link):
    """The paper by its title, and three buttons; the one that was clicked in the mail comes first."""
    page = site.get(link).text
    chosen = site.get(f"{link}?what=less").text

    assert re.findall(r'name="what" value="(\w+)"', page) == ["more", "less", "mute_topic"]
    assert re.findall(r'name="what" value="(\w+)"', chosen)[0] == "less"
    assert "A study of speculative decoding of language models, part 0" in page
    assert "Less like this?" in chosen


def test_a_button_votes_another_one_changes_the_vote_and_undo_takes_it_back(site, link):
    """As often as one likes, each answered with 200 and a page that says what is so now."""
    key = link.rpartition("/")[2]
    steps_taken = [("", "more"), ("", "more"), ("", "less"), ("/undo", "paper"), ("/undo", "paper")]
    seen = []
    for suffix, what in steps_taken:
        answer = site.post(link + suffix, {"what": what})
        assert answer.status_code == 200
        assert 'role="status"' in answer.text
        seen.append({one[0] for one in said(site)})

    assert seen == [{"more"}, {"more"}, {"less"}, set(), set()]
    site.post(link, {"what": "more"})
    assert said(site) == {("more", key, "page")}


def test_a_topic_is_muted_by_its_label_and_comes_back(site, link):
    """The label is the edition's own; what the browser says of it does not count."""
    site.post(link, {"what": "mute_topic", "about": "something else"})
    [(what, label, _how)] = said(site)

    assert what == "mute_topic"
    assert f"Undo “Nothing more on {label}”" in words(site.get(link).text)
    site.post(f"{link}/undo", {"what": "topic"})
    assert said(site) == set()


def test_a_key_may_hold_anything(site, link):
    """Slashes in a key, markup in a title: the page and its buttons work; what is left over is no topic to mute."""
    odd = vote_link(site, OLD_KEY)
    page = site.get(odd).text

    assert re.findall(r'name="what" value="(\w+)"', page) == ["more", "less"]
    assert site.post(odd, {"what": "mute_topic"}).status_code == 422
    assert "&lt;b&gt;&amp; markup" in page
    assert site.post(odd, {"what": "more"}).status_code == 200
    assert site.post(f"{odd}/undo", {"what": "paper"}).status_code == 200
    assert said(site) == set()


@pytest.mark.parametrize("what", ["", "nonsense", "MORE", "more\0", "<script>"])
def test_what_is_no_vote_is_refused(site, link, what):
    """422 with a sentence; nothing changes."""
    before = site.rows()

    assert site.post(link, {"what": what}).status_code in ({200} if what == "more\0" else {422})
    assert site.rows() == before or what == "more\0"


def test_other_peoples_and_other_links_vote_nothing(site, link):
    """Forged, cut, for another purpose, of a reader or a paper that is gone: one plain page."""
    signed, key = link.split("/")[2:]
    wrong = [
        f"/vote/{signed[:-1]}/{key}",
        f"/vote/{site.link(site.known(), Purpose.PREFERENCES).rpartition('/')[2]}/{key}",
        f"/vote/{tokens.sign(Purpose.VOTES, f'{site.known().token}/x', keys=KEYS)}/{key}",
        f"/vote/{tokens.sign_digest(Purpose.VOTES, 'nobody', 1, keys=KEYS)}/{key}",
        f"/vote/{signed}/9999.99999",
        f"/vote/{signed}/",
    ]
    before = site.rows()
    answers = [site.ask(method, path) for path in wrong for method in ("GET", "POST")]
    answers += [site.post(f"{path}/undo") for path in wrong[:4]]

    assert {answer.status_code for answer in answers} == {404}
    assert len({words(answer.text) for answer in answers}) == 1
    assert site.rows() == before


def test_the_link_works_for_ever(site, link):
    """An old mail still votes; the vote has the day on which it was cast."""
    site.now = site.now.replace(year=2031)
    site.post(link, {"what": "less"})
    reader = site.known().id
    with site.database.read() as tx:
        [vote] = vote_queries.of(tx, reader)

    assert vote.at.date() == date(2031, 11, 21)
