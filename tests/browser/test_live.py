"""The preferences page's script: it shows what is typed while it is typed, and what goes wrong costs nothing."""

import pytest

from flows import wiring
from subscribers import service, tokens
from subscribers.tokens import Purpose
from tests.steps.conftest import capture, paper
from tests.subscribers.people import set_state

pytestmark = pytest.mark.slow

ADDRESS = "ada@example.com"


@pytest.fixture
def page(house, visit):
    """The page of a reader who came by the site, with an edition of twelve papers, its preview there."""
    house.subscribe(f"subscribers:\n  - address: {ADDRESS}\n")
    set_state(house.database, ADDRESS, "active")
    house.run(capture(*[paper(number) for number in range(12)], day=house.today), day=house.today)
    with house.database.read() as tx:
        token = service.find(tx, ADDRESS).token
    signed = tokens.sign(Purpose.PREFERENCES, token, keys=(wiring.secret(house.settings),))
    opened = visit().page
    opened.goto(f"{house.site}/preferences/{signed}")
    opened.locator("#preview", has_text="12 of 12 papers").wait_for()
    return opened


def test_the_last_word_counts_however_quickly_one_types(page):
    """Three changes in a row are one question, and the answer to an old one never comes after a new one."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for words in ("protein folding", "video diffusion", "robot grasping"):
        page.get_by_label("Words and phrases").fill(words)
    page.locator("#preview", has_text="matches robot grasping").wait_for()

    assert len([url for url in asked if "/preview" in url]) == 1
    assert "matches protein folding" not in page.inner_text("#preview")
    assert page.inner_text("#state").startswith("Not saved yet.")
    assert page.get_attribute("#state", "aria-live") == "polite"


def test_an_answer_that_does_not_come_leaves_the_preview_and_says_so(page):
    """The line drops: what was shown stays, the page says it is old, and the next change is shown again."""
    before = page.inner_text("#preview")
    page.route("**/preview*", lambda route: route.abort())
    page.get_by_label("Words and phrases").fill("robot grasping")
    page.locator("#state", has_text="could not be made anew").wait_for()
    assert page.inner_text("#preview") == before

    page.unroute("**/preview*")
    page.get_by_label("Words and phrases").fill("video diffusion")
    page.locator("#preview", has_text="matches video diffusion").wait_for()
    assert "could not" not in page.inner_text("#state")


def test_a_site_that_asks_to_wait_is_asked_again(page):
    """503 with a sentence: the sentence is said, and the preview comes by itself."""
    answers = iter([503])

    def busy(route):
        if next(answers, 0):
            route.fulfill(status=503, headers={"Retry-After": "1"}, body="Many people are choosing just now.")
        else:
            route.continue_()

    page.route("**/preview*", busy)
    page.get_by_label("Words and phrases").fill("robot grasping")
    page.locator("#state", has_text="Many people are choosing").wait_for()
    page.locator("#preview", has_text="matches robot grasping").wait_for()


def test_a_mistake_is_told_while_the_preview_goes_on(page):
    """A field that is wrong counts as it was; what is wrong stands above the papers."""
    page.get_by_label("arXiv categories").fill("computer vision")
    page.get_by_label("Words and phrases").fill("robot grasping")
    page.locator("#preview", has_text="did you mean cs.CV").wait_for()

    assert "matches robot grasping" in page.inner_text("#preview")
