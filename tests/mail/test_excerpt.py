"""What a card shows of an abstract, and how the key sentence stands out in both parts of a mail."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from newsletter.mail.cards import FULL_ABSTRACT, SHORT_ABSTRACT, card
from newsletter.mail.excerpt import excerpt
from newsletter.relevance.sentences import sentences
from tests.mail.invented import digest, paper, window
from tests.mail.reading import Reader, rendered

BACKGROUND = "Language models are slow, and nobody likes to wait for them at all. "
NEWS = "We propose drafts that end where the small model is unsure."
DETAIL = " A threshold ends each draft, and it needs no training of any kind."


def shown(abstract, limit=FULL_ABSTRACT, *, key_first=False):
    made = card(replace(paper(0), abstract=abstract))
    return excerpt(made.abstract, made.key, limit, key_first=key_first)


def mail(abstract, budget=80_000, **facts):
    odd = replace(paper(0), abstract=abstract, **facts)
    return rendered(window(odd), digest(("Topic", (odd,))), budget=budget)


def test_an_abstract_that_has_room_is_shown_whole():
    """Nothing is cut or moved, and the key sentence is where it was."""
    abstract = f"{BACKGROUND}{NEWS}{DETAIL}"
    made = shown(abstract)

    assert made.text == abstract
    assert (made.before, made.key, made.after) == (BACKGROUND, NEWS, DETAIL)
    assert shown(abstract, SHORT_ABSTRACT, key_first=True).text == abstract


def test_a_beginning_that_holds_the_key_sentence_is_kept():
    """A long abstract begins at its beginning if its key sentence is within the space."""
    made = shown(f"{BACKGROUND}{NEWS}{DETAIL * 20}")

    assert made.before == BACKGROUND
    assert made.key == NEWS
    assert made.after.endswith("\u00a0…")


def test_after_a_long_background_the_card_begins_with_the_key_sentence():
    """What is shown then is the key sentence and whole sentences after it, with the signs of a cut on both sides."""
    made = shown(f"{BACKGROUND * 9}{NEWS}{DETAIL * 20}")

    assert made.before == "…\u00a0"
    assert made.key == NEWS
    assert made.after == DETAIL * ((FULL_ABSTRACT - 4 - len(NEWS)) // len(DETAIL)) + "\u00a0…"


def test_a_key_sentence_at_the_end_is_led_up_to():
    """Where little follows, whole sentences before it fill the space, and nothing says that it goes on."""
    made = shown(f"{BACKGROUND * 12}{NEWS}")

    assert made.before.startswith("…\u00a0Language models")
    assert made.before.endswith(BACKGROUND)
    assert made.key == NEWS
    assert made.after == ""


def test_when_space_is_short_the_key_sentence_comes_first():
    """The short form has nothing before it, even where a sentence would have room."""
    made = shown(f"{BACKGROUND}{NEWS}{DETAIL * 9}", SHORT_ABSTRACT, key_first=True)

    assert made.text.startswith(f"…\u00a0{NEWS} A threshold")
    assert len(made.text) <= SHORT_ABSTRACT


def test_a_key_sentence_longer_than_the_space_is_cut():
    """It stands alone, with the sign of a cut and no second one."""
    long = NEWS.replace("drafts", "drafts of many kinds and lengths" * 9)
    made = shown(f"{BACKGROUND}{long}{DETAIL}", SHORT_ABSTRACT, key_first=True)

    assert made.key.startswith("We propose drafts of many kinds")
    assert made.text.count("…") == 2
    assert made.text.startswith("…")
    assert len(made.text) <= SHORT_ABSTRACT + 4


def test_without_a_key_sentence_the_beginning_is_shown():
    """Abstracts without one are cut as ever; an empty one shows nothing."""
    assert shown(BACKGROUND * 20).before.startswith("Language models are slow")
    assert shown(BACKGROUND * 20).key == ""
    assert shown("").text == ""


@given(
    st.lists(
        st.sampled_from([BACKGROUND, NEWS + " ", DETAIL + " ", "短い文。", "We show (e.g. 3.5) x. "]), max_size=14
    ).map("".join),
    st.integers(60, 600),
    st.booleans(),
)
def test_an_excerpt_is_made_of_the_abstract(abstract, limit, key_first):
    """Its pieces stand in the abstract as they are, in one run, within the limit and beside the signs of a cut."""
    made = card(replace(paper(0), abstract=abstract))
    spans = sentences(made.abstract)
    for key in {None, made.key, *spans}:
        part = excerpt(made.abstract, key, limit, key_first=key_first)

        assert part.text.replace("\u00a0…", "").removeprefix("…\u00a0").strip("…") in made.abstract
        assert len(part.text) <= limit + 4
        assert key is None or part.key
        assert key is None or len(part.key) < key[1] - key[0] or part.key == made.abstract[slice(*key)]


@pytest.mark.parametrize("sign", ["<b>", "</p>", "&amp;", "{{ x }}", "'\"", "$\\alpha$", 'K\\"ahler', "a  b", "\u202e"])
def test_what_is_bold_is_the_sentence_to_the_letter(sign):
    """Markup, LaTeX and odd blanks in the key sentence change nothing but themselves: one bold run, escaped."""
    abstract = f"{BACKGROUND}We propose {sign} drafts that end where the model is unsure.{DETAIL}"
    made = card(replace(paper(0), abstract=abstract))
    page = mail(abstract).html
    bold = re.findall(r"<b>(.*?)</b>", page)

    assert made.key
    assert bold[0] == str(escape(made.abstract[slice(*made.key)]))
    assert bold[1:] == ["Why:"]
    assert made.abstract in Reader(page).text


def test_the_text_part_sets_the_key_sentence_between_asterisks():
    """As mail in plain text has always marked what is bold; a sentence with asterisks of its own gets none."""
    plain = " ".join(mail(f"{BACKGROUND}{NEWS}{DETAIL}").text.split())
    starred = " ".join(mail(f"{BACKGROUND}{NEWS}{DETAIL} A* search is used.").text.split())

    assert f"*{NEWS}*" in plain
    assert f" {NEWS} " in starred


def test_a_card_short_of_space_shows_the_news_in_both_parts():
    """Under a small budget the background goes first, not the news, and the bytes of the markup are counted."""
    abstract = f"{BACKGROUND * 4}{NEWS}{DETAIL * 12}"
    papers = tuple(replace(paper(number), abstract=abstract) for number in range(9))
    made = digest(("Topic", papers))
    whole = rendered(window(*papers), made)
    budget = len(whole.html.encode()) - 20
    short = rendered(window(*papers), made, budget=budget)

    assert len(short.html.encode()) <= budget
    assert short.html.count(f"<b>{NEWS}</b>") == short.html.count("<h3") == 9
    assert short.html.count(BACKGROUND) < whole.html.count(BACKGROUND) == 9 * 4
    assert " ".join(short.text.split()).count(f"*{NEWS}*") == 9


def test_the_line_beside_the_subject_of_one_paper_is_its_news():
    """With a single paper the inbox shows what is new in it, not its background."""
    page = mail(f"{BACKGROUND}{NEWS}{DETAIL}").html

    assert page.index(NEWS) < page.index(BACKGROUND.strip())
