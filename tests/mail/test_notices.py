"""The words and the look of the mails that are no digests."""

import pytest

from newsletter.errors import RenderError
from newsletter.mail.notices import words
from newsletter.mail.rendering import Links, Renderer
from tests.mail.gallery import LINKS, SHORT_KINDS, short
from tests.mail.test_rendering import Reader

CONFIRM = "https://papers.example.org/confirm/abc"


def said(kind, facts=None, *, confirm=CONFIRM, answer=False, links=LINKS, list_name="Paperboy"):
    return words(kind, facts or {}, list_name=list_name, confirm=confirm, answer=answer, links=links)


def rendered(told, list_name="Paperboy"):
    renderer = Renderer({}, list_name=list_name, unsubscribe_address="leave@example.org")
    return renderer.notice(subject=told.subject, paragraphs=told.paragraphs, action=told.action, links=told.links)


def test_a_confirmation_has_one_link_and_it_confirms():
    """No way to leave what one is not subscribed to, and no word that somebody typed."""
    mail = rendered(said("confirm"))

    assert Reader(mail.html).links == [CONFIRM]
    assert f"Yes, send me the papers:\n{CONFIRM}\n" in mail.text
    assert "you subscribed" not in mail.text
    assert "do nothing" in mail.text


def test_a_confirmation_says_that_an_answer_will_do_only_where_it_does():
    """With a mailbox beside the site, or instead of it; with neither it is not sent."""
    assert "answer this mail" not in rendered(said("confirm")).text
    assert "you can simply answer this mail" in rendered(said("confirm", answer=True)).text
    alone = rendered(said("confirm", confirm=None, answer=True))
    assert "To confirm, simply answer this mail" in " ".join(alone.text.split())
    assert Reader(alone.html).links == []
    with pytest.raises(RenderError, match="PAPERBOY_SITE_URL"):
        said("confirm", confirm=None)


def test_who_is_subscribed_already_sees_what_they_chose_and_can_leave():
    """Without a site the mail says how to leave by mail."""
    assert {LINKS.preferences, LINKS.unsubscribe} <= set(Reader(rendered(said("already")).html).links)
    assert rendered(said("already", links=Links())).subject == "You are subscribed to Paperboy already"


def test_an_answer_says_what_it_is_told_and_nothing_is_markup():
    """Its sentences are escaped; links only where they are asked for."""
    told = said("reply", {"subject": "Help", "paragraphs": ["<b>Write</b> to us.", "Or & not."]})
    mail = rendered(told, list_name="<i>{{ 7*7 }}</i>")

    assert "&lt;b&gt;Write&lt;/b&gt; to us." in mail.html
    assert "<i>" not in mail.html
    assert Reader(mail.html).links == []
    linked = said("reply", {"subject": "Done", "paragraphs": ["You have left."], "links": True})
    assert linked.links == LINKS


@pytest.mark.parametrize(("kind", "facts"), [("party", {}), ("reply", {}), ("reply", {"subject": "x"})])
def test_a_notice_nobody_knows_cannot_be_rendered(kind, facts):
    """It is refused, not sent empty."""
    with pytest.raises(RenderError, match="nobody knows"):
        said(kind, facts)


@pytest.mark.parametrize("kind", SHORT_KINDS)
def test_a_notice_looks_like_a_digest_and_fetches_nothing(kind):
    """The same shell, headings, a language, and no address that opens by itself."""
    mail = short(kind)
    seen = Reader(mail.html)

    assert seen.headings == ["h1"]
    assert '<html lang="en"' in mail.html
    assert not {"img", "script", "form", "link", "iframe"} & seen.tags
    assert all(len(line) <= 72 or line.startswith("https://") for line in mail.text.splitlines())
