"""What stands above the papers: subject, preview line, days, numbers, topics, the sample's banner."""

from dataclasses import replace
from datetime import date

import pytest

from newsletter.mail.wording import introduction
from newsletter.models import OTHER, Section
from tests.mail.gallery import kinds, message
from tests.mail.invented import many
from tests.mail.reading import Reader, rendered

PAGES = {kind: message(kind) for kind in kinds()}


def test_the_subject_names_day_number_and_topics():
    """The subject is short, keeps topics whole, and starts with what a reader looks for."""
    assert PAGES["personal"].subject == "12 papers, 18 to 21 Nov: Speculative Decoding, Video Generation"
    assert PAGES["one_paper"].subject.startswith("1 paper for Sat 21 Nov: Draft Less, Accept More")
    assert all(len(page.subject) <= 74 for page in PAGES.values())


@pytest.mark.parametrize(
    ("since", "day", "subject", "dateline"),
    [
        ("2026-11-18", "2026-11-21", "2 papers, 18 to 21 Nov: ", "Wednesday 18 to Saturday 21 November 2026 · for Ada"),
        ("2026-11-28", "2026-12-04", "2 papers, 28 Nov to 4 Dec: ", "Saturday 28 November to Friday 4 December 2026"),
        (
            "2026-12-30",
            "2027-01-02",
            "2 papers, 30 Dec to 2 Jan: ",
            "Wednesday 30 December 2026 to Saturday 2 January 2027",
        ),
        ("2026-11-21", "2026-11-21", "2 papers for Sat 21 Nov: ", "Saturday 21 November 2026"),
    ],
)
def test_several_days_are_told_as_several(since, day, subject, dateline):
    """A digest over several editions says its first day and its last; month and year stand once where they are one."""
    papers, made = many(2, since=date.fromisoformat(since), day=date.fromisoformat(day))
    mail = rendered(papers, made)

    assert mail.subject.startswith(subject)
    assert dateline in " ".join(mail.text.split())


def test_papers_outside_every_topic_are_not_a_topic():
    """What was left over gives no subject, and alone it needs no such heading."""
    papers, made = many(4)
    picks = tuple(pick for section in made.sections for pick in section.picks)
    alone = rendered(papers, replace(made, sections=(Section(OTHER, picks),)))
    beside = rendered(papers, replace(made, sections=(Section(OTHER, picks[:2]), Section("Video", picks[2:]))))

    assert alone.subject.startswith("4 papers for Sat 21 Nov: Draft Less, Accept")
    assert alone.subject.endswith("… and 3 more")
    assert "\nNew papers\n" in alone.text
    assert "\nOther\n" in beside.text
    assert beside.subject.endswith(": Video")


def test_the_line_after_the_subject_does_not_repeat_it():
    """The preview line shows titles; of a paper that the subject names, what is new in it."""
    papers, made = many(1)
    text = Reader(rendered(papers, made).html).text

    assert " ".join(text.split()).index("We gate the draft length") < text.index("Paperboy")


def test_the_head_says_how_many_of_how_many_and_from_when():
    """One sentence tells what was chosen from what, and by what."""
    text = {kind: " ".join(page.text.split()) for kind, page in PAGES.items()}

    assert "38 of 240 new papers match your interests; here are 12 of the best." in text["personal"]
    assert (
        "12 of 240 new papers, the most noticed across the topics; there are no interests of yours to go by yet."
        in text["no_interests"]
    )
    assert "The one new paper matches your interests." in text["one_paper"]
    assert "arXiv could not be reached; its papers follow in a later mail." in text["no_site"]


def test_a_sample_is_marked_in_subject_and_banner():
    """Nobody takes invented papers for real ones."""
    made = PAGES["sample"]

    assert made.subject.startswith("[SAMPLE] ")
    assert "These papers are invented." in made.html
    assert "These papers are invented." in made.text
    assert "invented" not in PAGES["personal"].html


def test_the_topics_at_the_top_are_few_and_counted():
    """Seven lines of a phone at most: the first topics, with a number where it is more than one, and how many follow."""
    papers, made = many(12)
    picks = tuple(pick for section in made.sections for pick in section.picks)
    sections = (Section("Topic 0", picks[:2]), *(Section(f"Topic {n}", (picks[n],)) for n in range(2, 11)))
    told = " ".join(rendered(papers, replace(made, sections=sections)).text.split())

    assert "Topic 0 (2) · Topic 2 · Topic 3 · Topic 4 · Topic 5 · Topic 6 · 4 more topics Topic 0 -" in told


@pytest.mark.parametrize(("matched", "told"), [(3, "3 of 60 new papers match your interests."), (17, "3 of the best.")])
def test_what_no_interest_chose_is_no_match_and_no_topic(matched, told):
    """The paper from beyond the interests is named apart, and not in the subject."""
    said = introduction(3, 60, matched, personal=True, beyond=1)

    assert told in said
    assert said.endswith(" One more comes from beyond them.")
