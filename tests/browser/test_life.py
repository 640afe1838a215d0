"""A reader's whole life on the site, in a real browser: with and without scripts, on a desk and on a phone."""

import ssl
from datetime import timedelta

import httpx
import pytest

from tests.browser.conftest import House, Visitor
from tests.browser.reading import Mail
from tests.steps.conftest import SUBJECTS, capture, paper

pytestmark = pytest.mark.slow

ADDRESS = "ada@example.com"
TOPICS = """
topics:
  decoding: {label: Fast decoding, keywords: [speculative decoding]}
  robots: {label: Robots, keywords: [robot grasping]}
"""


def next_day(house: House, first: int) -> None:
    """Another day's edition, of twelve papers about four subjects, mailed to whoever is due."""
    house.today += timedelta(days=1)
    papers = [paper(number) for number in range(first, first + 12)]
    house.run(capture(*papers, day=house.today), day=house.today)


def subscribe(house: House, reader: Visitor) -> str:
    """Sign up and confirm from the mail; the address of the preferences."""
    reader.go(house.site)
    reader.look("front")
    reader.page.get_by_label("Your e-mail address").fill(ADDRESS)
    reader.press("Subscribe")
    reader.says("We have written to")
    reader.look("asked")
    (mail,) = house.mails_to(ADDRESS)
    reader.open_mail(mail)
    reader.look("mail-confirmation")
    reader.go(mail.link("send me the papers"))
    reader.look("confirm")
    reader.press("Yes, subscribe me")
    reader.says("You are subscribed")
    reader.look("confirmed")
    link = reader.page.get_by_role("link", name="Choose your topics").get_attribute("href")
    assert link is not None
    return httpx.URL(house.site).join(link).__str__()


@pytest.mark.parametrize(
    ("width", "scripts"), [(1000, True), (375, True), (1000, False)], ids=["desk", "phone", "no-scripts"]
)
def test_a_reader_signs_up_chooses_reads_votes_pauses_leaves_and_comes_back(house, visit, width, scripts):
    """Each step is done on the page or in the mail that leads to it, and holds in the next mail."""
    house.subscribe(TOPICS)
    house.run(capture(*[paper(number) for number in range(12)], day=house.today), day=house.today)
    reader = visit(width=width, scripts=scripts)

    preferences = subscribe(house, reader)
    choose(house, reader, preferences)

    next_day(house, 100)
    first = house.mails_to(ADDRESS)[-1]
    assert "speculative decoding" in chosen(first)
    assert "robot grasping" not in chosen(first)
    reader.open_mail(first)
    reader.look("mail-digest")
    reader.go(first.link("Read in your browser"))
    reader.says("speculative decoding")

    liked = vote(reader, first)
    next_day(house, 200)
    moved = house.mails_to(ADDRESS)[-1]
    assert liked in chosen(moved), "what was beyond their interests yesterday is chosen for them today"
    reader.go(f"{preferences}/votes")
    reader.says(liked)
    reader.look("votes")

    pause(house, reader, preferences)
    leave_and_come_back(house, reader, moved)
    leave_by_one_click(house, reader)


def choose(house: House, reader: Visitor, preferences: str) -> None:
    """Tick a topic and type a word: the preview changes before anything is saved."""
    reader.go(preferences)
    reader.look("preferences-empty")
    page = reader.page
    assert "12 of 12 papers" in page.inner_text("#preview")
    page.get_by_label("Fast decoding").check()
    if reader.scripts:
        page.locator("#preview", has_text="matches Fast decoding").wait_for()
        assert page.url == preferences, "the page stayed where it is"
    else:
        reader.press("Show me")
    shown = page.inner_text("#preview")
    assert "speculative decoding" in shown
    assert "matches Fast decoding" in shown
    assert "12 of 12 papers" not in shown
    reader.look("preferences-preview")
    reader.go(preferences)
    assert not page.get_by_label("Fast decoding").is_checked(), "nothing was saved"
    page.get_by_label("Fast decoding").check()
    reader.press("Save")
    reader.says("Saved")
    reader.look("preferences-saved")


def chosen(mail: Mail) -> str:
    """What their interests chose."""
    return mail.text.partition("Beyond your interests")[0]


def vote(reader: Visitor, mail: Mail) -> str:
    """More like the paper from beyond their interests, by the link on its card; the subject of that paper."""
    (subject,) = [one for one in SUBJECTS if one in mail.text.partition("Beyond your interests")[2]]
    assert subject not in chosen(mail)
    reader.go(mail.links("More or less of this")[-1])
    reader.says(subject)
    reader.look("vote")
    reader.press("More like this")
    reader.says("Noted")
    reader.look("voted")
    return subject


def pause(house: House, reader: Visitor, preferences: str) -> None:
    """A week without mail, then all of it."""
    reader.go(preferences)
    reader.press("For a week")
    reader.look("paused")
    before = len(house.mails_to(ADDRESS))
    next_day(house, 300)
    assert len(house.mails_to(ADDRESS)) == before
    reader.go(preferences)
    reader.press("End the pause now")
    next_day(house, 400)
    assert len(house.mails_to(ADDRESS)) == before + 1


def leave_and_come_back(house: House, reader: Visitor, mail: Mail) -> None:
    """By the link of any mail; looking alone changes nothing."""
    reader.go(mail.link("Unsubscribe"))
    reader.look("leave")
    reader.press("Unsubscribe")
    reader.says("You are unsubscribed")
    reader.look("left")
    before = len(house.mails_to(ADDRESS))
    next_day(house, 500)
    assert len(house.mails_to(ADDRESS)) == before
    reader.go(mail.link("Unsubscribe"))
    reader.press("subscribe me again")
    reader.says("Welcome back")
    reader.look("back")
    next_day(house, 600)
    assert len(house.mails_to(ADDRESS)) == before + 1


def leave_by_one_click(house: House, reader: Visitor) -> None:
    """What a mailbox provider posts; no cookie, no redirect."""
    mail = house.mails_to(ADDRESS)[-1]
    trusting = ssl.create_default_context(cafile=house.certificate)
    answer = httpx.post(mail.one_click, data={"List-Unsubscribe": "One-Click"}, verify=trusting)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    before = len(house.mails_to(ADDRESS))
    next_day(house, 700)
    assert len(house.mails_to(ADDRESS)) == before
    reader.go(mail.link("Unsubscribe"))
    reader.press("subscribe me again")
    next_day(house, 800)
    assert len(house.mails_to(ADDRESS)) == before + 1
