"""Sentences of scientific text: where one ends, and where a full stop ends none."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.relevance.sentences import sentences


def cut(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "Some methods, e.g. BERT, and i.e. Transformers, differ.",
        "As Vaswani et al. (2017) showed, cf. Fig. 3 and Eq. (4), attention suffices.",
        "It beats GPT-4 vs. Llama by 3.5 points w.r.t. accuracy, p < 0.05.",
        "See Sec. 4.2 and No. 12 of vol. 3, approx. 20 pp. in all.",
        "J. R. Smith and Dr. Lee agree.",
        "Code is at https://example.org/a.b/C.html?x=1.5 for all.",
        "We use U.S. patents.",
        "It scores $1.5\\times 10^{-3}$ on the set $\\{a. b. c\\}$.",
        "The types are: (1) known but rare. (2) unknown. (3) ambiguous.",
        "We show: 1. Speed matters.",
        "The loss is small. vs. the baseline.",
        "This is nuScenes v1.0.",
    ],
)
def test_a_full_stop_within_a_sentence_ends_none(whole):
    """Abbreviations, initials, numbers, addresses, TeX and open lists leave the sentence whole."""
    assert cut(whole) == [whole]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It works. We show how. Why not? Yes!", ["It works.", "We show how.", "Why not?", "Yes!"]),
        ("We follow Lee et al. We extend it.", ["We follow Lee et al.", "We extend it."]),
        ("It takes 82 ms. A demo follows.", ["It takes 82 ms.", "A demo follows."]),
        ("It needs images, text, etc. This is hard.", ["It needs images, text, etc.", "This is hard."]),
        ("The answer is no. We agree.", ["The answer is no.", "We agree."]),
        ("We test nuScenes. nuScenes is large.", ["We test nuScenes.", "nuScenes is large."]),
        ('It said "no." We stopped. (It ended.) 3D is next.', ['It said "no."', "We stopped.", "(It ended.)", "3D is next."]),
        ("It lost a blank.We found it.", ["It lost a blank.", "We found it."]),
        ("Wait… What? It goes on... Then ends.", ["Wait…", "What?", "It goes on...", "Then ends."]),
        ("我们提出了一种方法。它很快！真的吗？", ["我们提出了一种方法。", "它很快！", "真的吗？"]),
        ("「速い。」新手法を提案する。", ["「速い。」", "新手法を提案する。"]),
        ("यह नया है। यह तेज़ है।", ["यह नया है।", "यह तेज़ है।"]),
        ("הוא חדש. הוא מהיר.", ["הוא חדש.", "הוא מהיר."]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text, expected):
    """Stops of many scripts end a sentence, with what closes behind them; a lost blank is forgiven."""
    assert cut(text) == expected


def test_the_headings_of_a_structured_abstract_belong_to_what_follows():
    """ "Methods." alone is no sentence, and "Results:" begins one."""
    text = "Objective: We ask why. Methods. We asked 22 people. Results: They knew."

    assert cut(text) == ["Objective: We ask why.", "Methods. We asked 22 people.", "Results: They knew."]


def test_nothing_has_no_sentence():
    """Empty text and blanks have none; a text without a stop has one."""
    assert sentences("") == []
    assert sentences("  \n ") == []
    assert cut(" one and all ") == ["one and all"]


@given(st.text(alphabet=st.sampled_from("aB1 .!?…。\"')(。:$we\n"), max_size=120) | st.text(max_size=120))
def test_every_letter_is_in_exactly_one_sentence(text):
    """The spans are in order, hold all that is no blank, and neither begin nor end with one."""
    spans = sentences(text)

    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


def test_a_strangers_run_of_stops_is_cut_like_any_text():
    """Thousands of stops, or a list that never ends, are cut like any other text."""
    assert len(sentences("." * 4_000)) == 1
    assert len(sentences("!? " * 1_300)) >= 1
    assert len(sentences("(1) a. " * 600)) == 1
