"""The preferences page without JavaScript and with: what is typed is previewed, kept, or explained, and never lost."""

import asyncio
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta

import httpx
import pytest

from newsletter.database import Database
from subscribers import roster, voting
from subscribers.models import Cadence, Schedule, Wants
from subscribers.tokens import Purpose
from subscribers.votes import What
from tests.steps.conftest import FRIDAY
from tests.web.choosing import desk, publish, shown, titles
from tests.web.visiting import words

EVIL = "<script>alert(1)</script>\" onfocus='x' {{ 7*7 }} &amp; </textarea>"


@pytest.fixture
def at_desk(migrated_file, tmp_path):
    """A reader who came by the site, with one edition to look at; on SQLite, which is quicker."""
    path = tmp_path / "site.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield desk(database, tmp_path)
    database.close()


@pytest.fixture
def on_both(database, tmp_path):
    """The same on SQLite and on PostgreSQL."""
    return desk(database, tmp_path)


def test_the_page_shows_what_is_chosen_and_what_it_would_bring(at_desk):
    """Every field as it is kept, the topics that are offered, and the newest edition as this reader's digest."""
    at_desk.press("preview")  # what the page alone would not wait for
    answer = at_desk.site.get(at_desk.link)

    assert answer.status_code == 200
    assert shown(answer.text) == {name: values for name, values in at_desk.form().items() if values}
    assert "Folding &lt;b&gt;proteins&lt;/b&gt;" in answer.text
    assert "12 of 16 papers of Friday 20 November 2026" in words(answer.text)
    assert "the papers that were noticed most" in words(answer.text)
    assert len(titles(answer.text)) == 12


def test_looking_at_the_page_changes_nothing(at_desk):
    """Link scanners open every address in a mail; the page is private and loads nothing from elsewhere."""
    before = at_desk.site.rows()
    answer = at_desk.site.get(at_desk.link)

    assert at_desk.site.rows() == before
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text)
    assert not re.findall(r"<script(?! src=)|<style| on[a-z]+=| style=", answer.text)


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


def test_choices_are_saved_and_bring_what_the_preview_showed(on_both):
    """Save: the same papers, and when they come."""
    changed = {"topics": ("decoding",), "hour": "6", "zone": "Asia/Tokyo", "discovery": (), "text": "I fold."}
    foreseen = titles(on_both.press("preview", **changed).text)
    answer = on_both.press(**changed)
    person = on_both.known.subscriber

    assert answer.status_code == 200
    assert "Saved. Your next digest is due on Sunday 22 November at 6:00 Asia/Tokyo." in words(answer.text)
    assert (person.topics, person.wants, person.schedule.hour) == (("decoding",), Wants(text="I fold."), 6)
    assert foreseen
    assert titles(answer.text) == titles(on_both.site.get(on_both.link).text) == foreseen


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


WRONG = ["seeds", "categories", "max_papers", "max_per_topic", "zone", "paused_until"]


@pytest.mark.parametrize("button", ["", "preview"])
def test_a_mistake_stands_at_its_field_and_nothing_typed_is_lost(at_desk, button):
    """What, why and what to do; a list of what to look at again; every field as it was typed, and nothing kept."""
    before = at_desk.site.rows()
    typed = {
        "topics": ("folding",), "keywords": "a, b\nc", "authors": "Hinton, Geoffrey", "categories": "computer vision",
        "seeds": "2401.1077\nanything", "text": "My\nwork", "mute": "x", "max_papers": "0", "max_per_topic": "many",
        "cadence": "weekly", "weekday": "friday", "hour": "5", "zone": "Mars", "paused_until": "soon",
        "discovery": (),
    }  # fmt: skip
    answer = at_desk.press(button, **typed)
    told = words(answer.text)

    assert answer.status_code == (200 if button else 422)
    assert {name: values for name, values in shown(answer.text).items() if name != "whole"} == {
        name: [value] if isinstance(value, str) else list(value) for name, value in typed.items() if value
    }
    assert "Nothing was saved yet" in told
    assert '"computer vision" is no arXiv category; did you mean cs.CV (Computer Vision)?' in told
    assert '"2401.1077" is no arXiv id' in told
    assert re.findall(r'<a href="#([a-z_]+)">', answer.text.split('role="alert"')[1].split("</div>")[0]) == WRONG
    for name in WRONG:
        assert re.search(rf'<(?:input|textarea) id="{name}"[^>]*aria-describedby="{name}-wrong', answer.text)
        assert f'id="{name}-wrong"' in answer.text
    assert at_desk.site.rows() == before


TEXTS = ("keywords", "authors", "text", "mute", "add")  # where anything may be written
OTHERS = (
    "categories", "seeds", "max_papers", "max_per_topic", "cadence", "weekday", "hour", "zone", "paused_until",
    "topics", "kept", "name", "address", "whole", "do", "nonsense",
)  # fmt: skip


@pytest.mark.parametrize("names", [TEXTS, OTHERS, (*TEXTS, *OTHERS)], ids=["texts", "others", "all"])
def test_no_field_becomes_markup(at_desk, names):
    """Whatever is typed stands on the page as text, in its field, in its mistake, in the file, and after it was kept."""
    typed = dict.fromkeys(names, EVIL)
    answers = [at_desk.press(button, **typed) for button in ("preview", "preview?part=1", "")]
    answers.append(at_desk.site.get(at_desk.link))

    for answer in answers:
        assert answer.status_code in {200, 422}
        assert "<script>alert" not in answer.text
        assert " onfocus='x'" not in answer.text
        assert "{{ 49" not in answer.text
        assert answer.text.count("</textarea>") == answer.text.count("<textarea")
    known = at_desk.known.subscriber
    down = at_desk.site.get(f"{at_desk.link}.yaml")
    assert roster.parse_person(down.text, known, topics={"folding"}, path="x").wanted == known
    assert (bool(known.wants.text), known.address) == (names is TEXTS, "reader@example.org")


def test_example_papers_come_from_a_file_too(on_both):
    """An export of a library, in the same form; the page names those that are known."""
    export = b"@misc{a, eprint={2611.00002}}\n@misc{b, title={A title of words}}\n@book{c, title={No}}"
    answer = on_both.press(files={"file": ("library.bib", export, "text/plain")})

    assert on_both.known.subscriber.wants.seeds == ("2611.00002", "A title of words")
    assert "A study of robot grasping, part 2" in words(answer.text)
    assert "One entry of the export had neither" in words(answer.text)


def test_a_file_is_not_lost_with_a_mistake_elsewhere(at_desk):
    """Its papers stand in the field, for a browser does not choose a file again."""
    export = b"@misc{a, eprint={2611.00002}}"
    answer = at_desk.press(files={"file": ("library.bib", export, "text/plain")}, hour="soon")

    assert shown(answer.text)["seeds"] == ["2611.00002"]
    answer = at_desk.press(files={"file": ("paper.pdf", b"%PDF-1.7", "application/pdf")})
    assert "this is no text file; export the papers as BibTeX" in words(answer.text)


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


def test_too_much_altogether_is_one_sentence(at_desk):
    """A profile that would slow everybody is refused, and stays typed."""
    typed = "\n".join(f"{number} {'x' * 190}" for number in range(450))
    answer = at_desk.press(keywords=typed)

    assert answer.status_code == 422
    assert "too much to keep" in words(answer.text)
    assert shown(answer.text)["keywords"] == [typed]


def test_the_largest_profile_is_previewed(at_desk):
    """Five hundred of everything: a preview all the same."""
    many = "\n".join(f"word{number}" for number in range(499))
    answer = at_desk.press("preview?part=1", keywords=f"{many}\nprotein folding", authors=many, mute=many, discovery=())

    assert titles(answer.text)
    assert all("protein folding" in title for title in titles(answer.text))


def test_more_than_a_form_is_not_read(at_desk):
    """Beyond a megabyte nothing is waited for."""
    answer = at_desk.press(files={"file": ("big.bib", b"x" * 1_100_000, "text/plain")})

    assert answer.status_code == 413
    assert at_desk.known.subscriber.wants == Wants()


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


@pytest.mark.parametrize("path", ["", "/preview", "/upload", "/pause", ".yaml", "/votes", "/data.json", "/erase"])
def test_only_the_reader_s_own_link_opens_anything(at_desk, path):
    """Forged, cut, for another purpose, or nobody's any more: one plain page, and nothing changes."""
    before = at_desk.site.rows()
    link = at_desk.link
    other = at_desk.site.link(at_desk.known).replace("unsubscribe", "preferences")
    gone = at_desk.site.link(replace(at_desk.known, token="nobody"), Purpose.PREFERENCES)
    for wrong in (link[:-3], f"{link}x", other, gone, "/preferences/forged"):
        answers = [at_desk.site.get(wrong + path), at_desk.site.post(wrong + path, at_desk.form(keywords="x"))]
        assert {answer.status_code for answer in answers} <= {404, 405}
    assert at_desk.site.rows() == before


def test_whom_the_roster_declares_sees_that_and_can_leave(database, tmp_path):
    """Read only, with who manages the file and no word of where it is; votes, data, leaving and erasing are theirs."""
    fixed = desk(database, tmp_path, origin="roster")
    fixed.press("preview")
    page = fixed.site.get(fixed.link)
    before = fixed.site.rows()

    assert "keeps your choices in a file of their own" in words(page.text)
    assert '<fieldset class="all" disabled>' in page.text
    assert 'value="save"' not in page.text
    assert "/unsubscribe/" in page.text
    assert str(tmp_path) not in page.text
    assert "roster" not in page.text
    assert titles(page.text)
    saved = fixed.press(keywords="x")
    uploaded = fixed.site.post(f"{fixed.link}/upload", files={"file": ("a.yaml", b"keywords: [x]")})
    paused = fixed.site.post(f"{fixed.link}/pause", {"for": "week"})
    for answer in (saved, uploaded, paused):
        assert answer.status_code == 422
        assert "in a file of theirs" in words(answer.text)
    assert fixed.site.rows() == before
    assert fixed.site.get(f"{fixed.link}.yaml").status_code == 200


def test_a_pause_begins_ends_and_says_when_it_goes_on(on_both):
    """For a week, until a day, and over again; a day that has begun is a mistake."""
    path = f"{on_both.link}/pause"
    answer = on_both.site.post(path, {"for": "week"})
    assert "Your digests pause. The next one is due on Saturday 28 November" in words(answer.text)
    assert on_both.known.subscriber.paused_until == date(2026, 11, 28)
    assert "pause until Saturday 28 November 2026" in words(on_both.site.get(on_both.link).text)

    on_both.site.post(path, {"for": "day", "until": "2027-02-03"})
    assert on_both.known.subscriber.paused_until == date(2027, 2, 3)
    for wrong in ("2026-11-21", "soon", ""):
        answer = on_both.site.post(path, {"for": "day", "until": wrong})
        assert answer.status_code == 422
        assert 'href="#pause"' in answer.text
    assert on_both.known.subscriber.paused_until == date(2027, 2, 3)
    assert "Your digests come again" in words(on_both.site.post(path, {"for": "none"}).text)
    assert on_both.known.subscriber.paused_until is None
    assert on_both.site.post(path, {"for": "ever"}).status_code == 422


@pytest.mark.parametrize("until", ["9999-12-31", "2200-01-01", "0001-01-01"])
def test_a_pause_without_end_is_a_pause(at_desk, until):
    """Whatever day the calendar knows, typed or paused to: kept, shown, and no trouble."""
    answers = [
        at_desk.press(paused_until=until),
        at_desk.site.get(at_desk.link),
        at_desk.site.get(f"{at_desk.link}.yaml"),
    ]
    answers.append(at_desk.site.post(f"{at_desk.link}/pause", {"for": "day", "until": until}))

    assert {answer.status_code for answer in answers} <= {200, 422}
    assert "Saved." in words(answers[0].text)
    assert at_desk.known.subscriber.paused_until == date.fromisoformat(until)


def test_choices_come_as_a_file_and_from_one(on_both):
    """Down and up again nothing has changed; changed in an editor, that is what counts."""
    on_both.press(keywords='KV cache\n"a, b"', cadence="weekly", topics=("folding",), seeds="2401.10774")
    before = on_both.known.subscriber
    down = on_both.site.get(f"{on_both.link}.yaml")
    assert down.headers["content-disposition"] == 'attachment; filename="my-choices.yaml"'
    answer = on_both.site.post(f"{on_both.link}/upload", files={"file": ("my.yaml", down.content)})
    assert "Saved." in words(answer.text)
    assert on_both.known.subscriber == before
    assert before.schedule == Schedule(Cadence.WEEKLY)

    changed = down.text.replace("KV cache", "protein folding").replace("reader@", "colleague@").encode()
    answer = on_both.site.post(f"{on_both.link}/upload", files={"file": ("my.yaml", changed)})
    assert "The file was written for another address; yours stayed as it is." in words(answer.text)
    assert on_both.known.subscriber == replace(
        before, wants=replace(before.wants, keywords=("protein folding", "a, b"))
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "No file was chosen"),
        (b"hour: 99\nkeyword: [x]", 'Line 1: hour: "99" is too large; the most is 23'),
        (b"keywords: &a [x]\nmute: *a", "holds an anchor or an alias"),
        (b"[" * 5_000, "nested too deeply"),
        (b"\xff", "no UTF-8"),
        (b"x" * 300_000, "256 KB at most"),
        (f"text: '{EVIL}'\nhour: 99".encode(), "Line"),
    ],
)
def test_a_wrong_file_changes_nothing_and_says_why(at_desk, content, said):
    """All its mistakes with their lines, on the page, as text."""
    before = at_desk.site.rows()
    answer = at_desk.site.post(f"{at_desk.link}/upload", files={"file": ("my.yaml", content)})

    assert answer.status_code == 422
    assert said in words(answer.text)
    assert "<script>alert" not in answer.text
    assert at_desk.site.rows() == before


def test_who_has_left_may_choose_and_is_told(at_desk):
    """Choices are kept for when they come back; nothing of it brings mail."""
    at_desk.site.post(at_desk.site.link(at_desk.known))
    answer = at_desk.press(keywords="KV cache")

    assert "You get no mail from Morning Papers at the moment" in words(answer.text)
    assert at_desk.known.subscriber.wants.keywords == ("KV cache",)
    assert at_desk.known.subscription.state == "unsubscribed"
