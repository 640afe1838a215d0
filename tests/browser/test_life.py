"""A reader's whole life on the site, in a real browser: with and without scripts, on a desk and on a phone."""

import shutil
from datetime import timedelta

import httpx
import pytest

from newsletter.database import Database
from tests.browser.conftest import House
from tests.steps.conftest import capture, paper

pytestmark = pytest.mark.slow

ADDRESS = "ada@example.com"
TOPICS = """
topics:
  decoding: {label: Fast decoding, keywords: [speculative decoding]}
  robots: {label: Robots, keywords: [robot grasping]}
"""


@pytest.fixture
def database(migrated_file, tmp_path):
    """SQLite alone: what the pages do is tested on both."""
    path = tmp_path / "paperboy.db"
    shutil.copyfile(migrated_file, path)
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()


def next_day(house: House, first: int) -> None:
    """Another day's edition, of twelve papers about four subjects, mailed to whoever is due."""
    house.today += timedelta(days=1)
    papers = [paper(number) for number in range(first, first + 12)]
    house.run(capture(*papers, day=house.today), day=house.today)


def subscribe(house: House, reader) -> str:
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
    assert preferences
