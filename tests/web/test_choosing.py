"""The preferences page without JavaScript and with: what is typed is previewed, kept, or explained, and never lost."""

import re
from dataclasses import replace
from datetime import date

import pytest

from subscribers import roster
from subscribers.models import Cadence, Schedule, Wants
from subscribers.tokens import Purpose
from tests.web.choosing import desk, shown, titles
from tests.web.visiting import words

EVIL = "<script>alert(1)</script>\" onfocus='x' {{ 7*7 }} &amp; </textarea>"


def test_the_page_shows_what_is_chosen_and_what_it_would_bring(at_desk):
    """Every field as it is kept, the topics that are offered, and the newest edition as this reader's digest."""
    at_desk.press("preview")  # the page alone would not wait for it to be prepared
    answer = at_desk.site.get(at_desk.link)

    assert answer.status_code == 200
    assert shown(answer.text) == {name: values for name, values in at_desk.form().items() if values}
    assert "Folding &lt;b&gt;proteins&lt;/b&gt;" in answer.text
    assert "6 of 16 papers of Friday 20 November 2026" in words(answer.text)
    assert "the papers that were noticed most" in words(answer.text)
    assert len(titles(answer.text)) == 6, "the most of one topic"


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


def test_too_much_altogether_is_one_sentence(at_desk):
    """A profile that would slow everybody is refused, and stays typed."""
    typed = "\n".join(f"{number} {'x' * 190}" for number in range(450))
    answer = at_desk.press(keywords=typed)

    assert answer.status_code == 422
    assert "too much to keep" in words(answer.text)
    assert shown(answer.text)["keywords"] == [typed]


def test_more_than_a_form_is_not_read(at_desk):
    """Beyond a megabyte nothing is waited for."""
    answer = at_desk.press(files={"file": ("big.bib", b"x" * 1_100_000, "text/plain")})

    assert answer.status_code == 413
    assert at_desk.known.subscriber.wants == Wants()


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
