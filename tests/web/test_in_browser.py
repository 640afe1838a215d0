"""One's own digest in the browser: the mail itself, for whoever holds its link, and for nobody else."""

import pytest

from subscribers import tokens
from subscribers.tokens import Purpose
from tests.steps.conftest import FRIDAY, Newsroom, capture, paper
from tests.web.visiting import KEYS

ADDRESS = "reader@example.org"


@pytest.fixture
def served(site, tmp_path):
    """A site whose reader was sent a digest, and the path of its page."""
    newsroom = Newsroom(site.database, site.settings.model_copy(update={"data_dir": tmp_path, "site_url": ""}))
    newsroom.subscribe(
        f"subscribers:\n  - address: {ADDRESS}\n    name: Ada <b>Reader</b>\n    keywords: [robot grasping]\n"
    )
    newsroom.run(capture(*(paper(number) for number in range(12))))
    token = site.known(ADDRESS).token
    return site, token, path(token, 1)


def path(token: str, edition: object, purpose: Purpose = Purpose.DIGEST) -> str:
    """The address of a digest."""
    return f"/digest/{tokens.sign(purpose, f'{token}/{edition}', keys=KEYS)}"


def test_a_digest_can_be_read_in_the_browser(served):
    """The mail as it was sent, with its reasons and the ways out; styles may stand in it, and nothing else may."""
    site, _token, address = served

    page = site.get(address)

    assert page.status_code == 200
    assert "A study of robot grasping, part 2" in page.text
    assert "robot grasping</" in page.text or "matches" in page.text
    assert "Ada &lt;b&gt;Reader&lt;/b&gt;" in page.text
    for way_on in ("unsubscribe", "preferences", "vote"):
        assert f"https://papers.example.org/{way_on}/" in page.text
    assert f"https://papers.example.org/editions/{FRIDAY}" in page.text
    policy = page.headers["content-security-policy"]
    assert "style-src 'unsafe-inline'" in policy
    assert "script" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]


def test_a_digest_is_nobody_elses(served):
    """Forged, cut, of another purpose, of another edition, of nobody: the same plain page, and the database is as it was."""
    site, token, address = served
    before = site.rows()

    answers = [
        site.get(one)
        for one in (
            address[:-1],
            address + "x",
            "/digest/x",
            path(token, 1, Purpose.UNSUBSCRIBE),
            path(token, 2),
            path(token, "1 OR 1=1"),
            path(token, "99999999999999999999"),
            path("somebody", 1),
            path("", 1),
            f"/digest/{tokens.sign(Purpose.DIGEST, token, keys=KEYS)}",
        )
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert not any("A study of" in answer.text or ADDRESS in answer.text for answer in answers)
    assert site.rows() == before
