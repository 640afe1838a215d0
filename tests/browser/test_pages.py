"""Every other page of the site, asked by axe-core on a phone, light and dark: nothing serious, and it fits the screen."""

from datetime import timedelta

import pytest

from flows import wiring
from subscribers import service, tokens
from subscribers.tokens import Purpose
from tests.browser.conftest import House
from tests.steps.conftest import capture, paper
from tests.subscribers.people import set_state

pytestmark = pytest.mark.slow

ADDRESS = "ada@example.com"


def test_pages_that_anybody_may_read_are_fit_for_everybody(house, visit):
    """The front page with its edition, the archive, search, and a page that is not there."""
    for first in (0, 12):
        house.today += timedelta(days=1)
        house.run(capture(*[paper(first + one) for one in range(12)], day=house.today), day=house.today)
    topic = house.ask("/topics.json")["topics"][0]["url"]
    pages = {
        "front": "/",
        "editions": "/editions",
        "edition": f"/editions/{house.today}",
        "paper": "/papers/2611.00001",
        "topics": "/topics",
        "topic": topic.removeprefix(house.site),
        "search": "/search",
        "found": "/search?q=speculative+decoding",
        "not-found": "/search?q=nothing+of+the+kind",
    }
    reader = visit(width=375)
    for name, path in pages.items():
        reader.go(house.site + path)
        reader.look(name)
    reader.page.goto(f"{house.site}/nowhere")
    reader.look("nowhere")
    assert all(url.startswith(house.site) for url in reader.asked), "nothing is loaded from elsewhere"


def test_pages_of_ones_own_are_fit_for_everybody(house, visit):
    """Links that are broken or old, mistakes in the form, erasing, and a roster's reader."""
    house.subscribe(f"subscribers:\n  - address: {ADDRESS}\n")
    house.run(capture(*[paper(number) for number in range(12)], day=house.today), day=house.today)
    link = _preferences(house)
    reader = visit(width=375)
    reader.go(link)
    reader.look("of-the-roster")
    set_state(house.database, ADDRESS, "active")
    reader.go(link)
    reader.page.get_by_label("Time zone").fill("Europe/Atlantis")
    reader.page.get_by_role("button", name="Save", exact=True).click()
    reader.says("Nothing was saved yet")
    reader.look("with-a-mistake")
    reader.page.goto(f"{link}x")
    reader.look("broken-link")
    reader.go(f"{link}/erase")
    reader.look("erase")
    reader.page.get_by_label("Yes, erase it all").check()
    reader.press("Erase everything")
    reader.says("is erased")
    reader.look("erased")


def _preferences(house: House) -> str:
    with house.database.begin() as tx:
        known = service.find(tx, ADDRESS)
    assert known is not None
    signed = tokens.sign(Purpose.PREFERENCES, known.token, keys=[wiring.secret(house.settings)])
    return f"{house.site}/preferences/{signed}"
