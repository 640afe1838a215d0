"""The newest edition as one reader's digest: what is typed moves it, and it holds up nobody."""

import asyncio
import re
import shutil
from datetime import timedelta

import httpx

from newsletter.database import Database
from subscribers import voting
from subscribers.models import Wants
from subscribers.votes import What
from tests.steps.conftest import FRIDAY, paper
from tests.web.choosing import desk, publish, save_edition, shown, titles
from tests.web.visiting import words


def test_the_preview_moves_with_what_is_typed_and_says_why(at_desk):
    """Show me: other papers, each with its reason, and the form as it was typed; nothing is kept yet."""
    before = at_desk.site.rows()
    answer = at_desk.press("preview", keywords="protein folding\nzzyzx", max_papers="3", discovery=())

    assert answer.status_code == 200
    assert len(titles(answer.text)) == 3
    assert all("protein folding" in title for title in titles(answer.text))
    assert "matches protein folding" in words(answer.text)
    assert "No paper of that day is about zzyzx" in words(answer.text)
    assert shown(answer.text)["keywords"] == ["protein folding\nzzyzx"]
    assert at_desk.site.rows() == before


def test_the_script_gets_the_preview_alone(at_desk):
    """A fragment, with how it differs from what is saved, and a summary to be read aloud."""
    answer = at_desk.press("preview?part=1", keywords="robot grasping", hour="soon", discovery=())

    assert "<html" not in answer.text
    assert all("robot grasping" in title for title in titles(answer.text))
    assert re.search(r'data-summary="4 papers(, \d+ new)?, \d+ gone"', answer.text)
    assert 'Hour: "soon" is no whole number' in words(answer.text)


def test_papers_of_strangers_are_text_in_the_preview(migrated_file, tmp_path):
    """Titles, authors and the labels of topics, whatever stands in them; TeX is shown as letters."""
    path = tmp_path / "site.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    made = desk(database, tmp_path, papers=0)
    odd = paper(1, title="<img src=x onerror=alert(1)> in $\\alpha$-space", authors=("<b>Ada</b>", "\u202eBo"))
    save_edition(made.newsroom, [odd], label="<i>Loud</i>")
    page = made.press("preview", authors="Ada", keywords="<img").text

    assert titles(page) == ["<img src=x onerror=alert(1)> in α-space"]
    assert not [tag for tag in ("<img", "<b>", "<i>", "\u202e") if tag in page]
    assert "&lt;i&gt;Loud" in page
    database.close()


def test_what_was_voted_counts_in_the_preview(on_both):
    """It is the digest as it would be, and votes are part of that."""
    everything = titles(on_both.press("preview", max_papers="50", max_per_topic="50").text)
    voting.vote(on_both.site.database, on_both.known.token, What.LESS, "2611.00003", now=on_both.site.now, how="page")
    after = titles(on_both.press("preview", max_papers="50", max_per_topic="50").text)

    assert "A study of protein folding, part 3" in everything
    assert "A study of protein folding, part 3" not in after


def test_a_weekly_reader_sees_the_last_week(on_both):
    """Several editions as one digest; a daily reader the newest alone, as soon as it is there."""
    assert len(titles(on_both.press("preview", max_papers="50", max_per_topic="50").text)) == 16
    publish(on_both.newsroom, 4, day=FRIDAY + timedelta(days=1), first=100)
    daily = on_both.press("preview", max_papers="50", max_per_topic="50")
    weekly = on_both.press("preview", max_papers="50", max_per_topic="50", cadence="weekly")

    assert "4 of 4 papers of Saturday 21 November 2026" in words(daily.text)
    assert "20 of 20 papers of the week up to Saturday 21 November 2026" in words(weekly.text)


def test_before_the_first_edition_the_page_can_be_used(database, tmp_path):
    """No papers yet: a sentence in the place of the preview, and choices are kept."""
    empty = desk(database, tmp_path, papers=0)

    assert "There is no edition yet" in words(empty.site.get(empty.link).text)
    assert "There is no edition yet" in words(empty.press("preview?part=1", keywords="x").text)
    assert "no papers yet in which related words" in words(empty.press(do="related", keywords="x").text)
    assert "Saved." in words(empty.press(keywords="KV cache").text)
    assert empty.known.subscriber.wants.keywords == ("KV cache",)


def test_the_largest_profile_is_previewed(at_desk):
    """Five hundred of everything: a preview all the same."""
    many = "\n".join(f"word{number}" for number in range(499))
    answer = at_desk.press("preview?part=1", keywords=f"{many}\nprotein folding", authors=many, mute=many, discovery=())

    assert titles(answer.text)
    assert all("protein folding" in title for title in titles(answer.text))


def test_related_words_are_shown_before_they_count(at_desk):
    """Suggested beside their reason, unticked; ticked they are keywords, and what was typed stays."""
    for day in range(1, 4):
        publish(at_desk.newsroom, 16, day=FRIDAY + timedelta(days=day), first=100 * day)
    answer = at_desk.press(do="related", keywords="speculative decoding", authors="Ada Example")

    assert answer.status_code == 200
    assert 'id="related"' in answer.text
    assert shown(answer.text)["keywords"] == ["speculative decoding"]
    assert at_desk.known.subscriber.wants == Wants()
    at_desk.press(keywords="speculative decoding", add=("draft model",))
    assert at_desk.known.subscriber.wants.keywords == ("speculative decoding", "draft model")


def test_one_link_previews_and_saves_so_often_in_a_minute(at_desk):
    """Then it says so, and a moment later it goes on; other pages are not held up."""
    fragments = [at_desk.press("preview?part=1").status_code for _ in range(32)]
    assert fragments[:30] == [200] * 30
    assert fragments[30:] == [429] * 2
    refused = at_desk.press("preview?part=1")
    assert refused.headers["retry-after"] == "5"
    assert "many previews in a minute" in refused.text
    assert at_desk.site.get(at_desk.link).status_code == 200  # the page comes, without its preview

    saves = [at_desk.press(hour=str(number % 24)).status_code for number in range(21)]
    assert saves == [200] * 20 + [429]


def test_a_link_has_some_files_a_minute(at_desk):
    """To read a file costs more than to read a form, so the one after many is not even looked at."""
    bad = {"files": {"file": ("my.yaml", b"hour: 99")}}
    answers = [at_desk.site.post(f"{at_desk.link}/upload", **bad) for _ in range(7)]

    assert [one.status_code for one in answers] == [422] * 6 + [429]
    assert "try again in a moment" in answers[-1].text
    at_desk.site.now += timedelta(minutes=1)
    assert at_desk.press(hour="3").status_code == 200
    assert at_desk.known.subscriber.schedule.hour == 3


def test_many_readers_at_once_are_served_or_told_to_wait(at_desk):
    """More than may wait: each gets the preview or a sentence, and the rest of the site answers meanwhile."""

    async def all_at_once():
        at_desk.site.now += timedelta(hours=1)
        transport = httpx.ASGITransport(at_desk.site.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://papers.example.org") as browser:
            path, form = f"{at_desk.link}/preview?part=1", at_desk.form(keywords="video diffusion")
            asked = [browser.post(path, data=form) for _ in range(25)]
            return await asyncio.gather(*asked, browser.get("/healthz"))

    *previews, health = asyncio.run(all_at_once())

    assert health.status_code == 200
    assert {answer.status_code for answer in previews} <= {200, 503}
    assert {answer.text for answer in previews if answer.status_code == 200}
    assert all("in a moment" in answer.text for answer in previews if answer.status_code == 503)
