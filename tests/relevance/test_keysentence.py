"""The key sentence: the one that says what is new, or none where none clearly does."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.keysentence import JUDGED, agreement, read_judged, read_papers
from newsletter.mail.cards import card
from newsletter.relevance.keysentence import FEWEST, key_sentence, weighed
from newsletter.relevance.sentences import sentences

TITLE = "Gated Drafts: Faster Speculative Decoding"
BACKGROUND = "Large language models are slow. However, existing methods of speculative decoding draft too many tokens."
NEWS = "We propose Gated Drafts, a speculative decoder that stops drafting when it is unsure."
DETAILS = "Specifically, a threshold ends each draft. We also introduce a new cache."
RESULTS = "Extensive experiments show that our method outperforms the state of the art by 12%."
LINK = "The code is available at https://example.org/gated."


def found(abstract, title=TITLE):
    span = key_sentence(title, abstract)
    return span and abstract[slice(*span)]


@pytest.mark.parametrize(
    "news",
    [
        NEWS,
        "In this paper, we present a decoder that stops drafting when it is unsure.",
        "This work introduces a decoder that stops drafting when it is unsure.",
        "To address this, a decoder that stops drafting when it is unsure is proposed.",
        "While others draft on, we put forward a decoder that stops when it is unsure.",
        "Here we show that drafts should end where the small model is unsure.",
        "Objective: We investigated whether drafts should end where the small model is unsure.",
        "This survey provides an overview of how speculative decoders end their drafts.",
        "Our approach, the gate, proposes to end drafts where the model is unsure.",
        "We gate the length of the draft on what the small model is unsure of.",
        "Gated Drafts is a decoder designed to end drafts where the model is unsure.",
    ],
)
def test_the_sentence_that_announces_is_the_key_sentence(news):
    """However the authors say it, it is found between background, details, results and link."""
    assert found(f"{BACKGROUND} {news} {DETAILS} {RESULTS} {LINK}") == news


@pytest.mark.parametrize("place", range(4))
def test_it_is_found_wherever_it_stands(place):
    """The place of the announcement does not decide, not even as the last sentence."""
    others = ["Language models are slow.", "Drafts help a little.", "Long drafts are mostly thrown away."]
    others.insert(place, NEWS)

    assert found(" ".join(others)) == NEWS


def test_of_two_announcements_the_one_of_the_title_is_taken():
    """What the title names is the news; the benchmark beside it is not."""
    abstract = (
        "Decoding is slow. To measure it, we propose DraftBench, a benchmark of 900 prompts. "
        "We then propose Gated Drafts, a faster speculative decoder. Both are simple."
    )

    assert found(abstract) == "We then propose Gated Drafts, a faster speculative decoder."


@pytest.mark.parametrize(
    "abstract",
    [
        "",
        "  ",
        NEWS,
        f"Decoding is slow. {NEWS}",
        "Decoding is slow. Memory is dear. Nobody knows why. It has always been so.",
        "Withdrawn. Withdrawn. Withdrawn.",
        "我们提出了一种新的缓存方法。它很快。质量没有变化。",
        "אנו סוקרים מודלים. המדד פשוט. הוא מהיר.",
    ],
)
def test_where_nothing_clearly_says_what_is_new_there_is_none(abstract):
    """Too few sentences, no announcement, or a language whose announcements are not known: no sentence, not a wrong one."""
    assert found(abstract) is None


@pytest.mark.parametrize("title", ["", "?", "Gated Drafts: ", "大规模语言模型"])
def test_a_title_that_says_nothing_does_no_harm(title):
    """Without words in the title the announcement still counts."""
    assert found(f"{BACKGROUND} {NEWS} {RESULTS}", title) == NEWS


def test_what_others_proposed_is_not_new():
    """ "Has been proposed" tells of the past, and so does a sentence that begins with what exists."""
    abstract = f"Many decoders have been proposed. Recent works introduce long drafts. {NEWS} {RESULTS}"

    assert found(abstract) == NEWS


def test_what_is_not_announced_is_not_new():
    """ "This work does not introduce a method" announces nothing; "not only" still does."""
    denied = "This work does not introduce a new method of speculative decoding."
    both = "We not only propose a gate, but prove that it is optimal."

    assert found(f"{denied} Instead, we show that gated drafts suffice. {RESULTS}").startswith("Instead, we show")
    assert found(f"{BACKGROUND} {both} {RESULTS}") == both


@given(
    st.text(max_size=60),
    st.lists(st.sampled_from([NEWS, RESULTS, LINK, "So. ", "(1) x. ", "\n"]) | st.text(max_size=40)),
)
def test_the_key_sentence_is_a_sentence_of_the_abstract(title, parts):
    """Whatever is written, it is one of the abstract's sentences to the letter, and the same every time."""
    abstract = " ".join(parts)
    span = key_sentence(title, abstract)

    assert span is None or span in sentences(abstract)
    assert span == key_sentence(title, abstract)
    assert span is None or len(sentences(abstract)) >= FEWEST


def test_every_sentence_is_weighed_in_order():
    """The table of what each is worth follows the abstract; the link is worth least."""
    abstract = f"{BACKGROUND} {NEWS} {RESULTS} {LINK}"
    spans = sentences(abstract)
    marked = weighed(TITLE, abstract, spans)

    assert [one.span for one in marked] == spans
    assert min(marked, key=lambda one: one.worth).span == spans[-1]


def test_the_judgements_name_sentences_and_hold_no_text():
    """Each of the three hundred lines is an arXiv id, its part and numbers; the accepted sentences exist."""
    judged = read_judged()

    assert len({one.arxiv_id for one in judged}) == len(judged) == 300
    assert {one.part for one in judged} == {"tuning", "held_out", "unseen"}
    assert all(one.key <= set(range(1, one.sentences + 1)) and one.key for one in judged)
    with Path(JUDGED).open(newline="") as rows:
        for row in csv.reader(rows):
            assert all(re.fullmatch(r"[\w. ]+", cell) and len(cell) <= 12 for cell in row)


def test_it_agrees_with_what_was_judged(shared_data):
    """On abstracts it was not tuned on it names an accepted sentence in more than 85 of 100, and a wrong one in fewer than 10."""
    judged = [one for one in read_judged() if one.part != "tuning"]
    papers = read_papers(shared_data, frozenset(one.arxiv_id for one in judged))
    cards = {one.arxiv_id: card(papers[one.arxiv_id]) for one in judged}
    figures = agreement(judged, cards)

    assert all(len(sentences(cards[one.arxiv_id].abstract)) == one.sentences for one in judged)
    assert figures["key_sentence"] > 0.85
    assert figures["key_sentence"] > figures["first_cue"] + 0.05
    assert figures["wrong"] < 0.1 * len(judged)
