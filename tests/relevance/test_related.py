"""Terms that go with what a reader gave: found in the corpus, shown, never added by themselves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Interest, InterestKind, Paper
from newsletter.relevance.abbreviations import abbreviations
from newsletter.relevance.features import Background
from newsletter.relevance.related import related
from newsletter.relevance.words import tokenise

SUBJECTS = (
    ("Speculative decoding (SD)", "a draft model proposes tokens and the target model checks the acceptance rate"),
    ("Federated learning (FL)", "clients train a global model on non-IID data under differential privacy"),
    ("Mixture-of-experts (MoE)", "a router sends tokens to specialised experts under load balancing losses"),
    ("Magnetic resonance imaging (MRI)", "k-space samples are reconstructed with compressed sensing"),
    ("Robot grasping (RG)", "a gripper follows imitation policies that human demonstrations taught"),
    ("Renormalisation group (RG)", "spins on a lattice lose their short waves step by step"),
    ("Key-value (KV) cache", "KV cache eviction of the key-value cache saves memory bandwidth"),
    ("Graph neural networks (GNNs)", "message passing over molecules suffers from graph heterophily"),
)


def told(subject: int, number: int) -> Paper:
    """A paper about one of the subjects."""
    name, about = SUBJECTS[subject]
    return Paper(
        key=f"2501.{subject}{number:04}",
        title=f"{name.split(' (')[0]} revisited, study {number}",
        abstract=f"{name} is studied. In case {number}, {about}. Case {number + 7} of site {number * 31} differs.",
    )


def filler(number: int) -> Paper:
    """A paper about something else: in a real corpus no subject is common."""
    one, two, three = f"alloy{number % 97}", f"enzyme{number % 89}", f"comet{number % 83}"
    return Paper(f"2412.{number:05}", f"{one} and {two}", f"We heat {one}, dissolve {two} and watch {three}.")


CORPUS = [
    *(told(subject, number) for subject in range(len(SUBJECTS)) for number in range(6)),
    *map(filler, range(200)),
]
BACKGROUND = Background.fit(CORPUS)


def beside(*given: tuple[str, str], papers=CORPUS, seeds=None, limit=8):
    """Related terms of (kind, value) pairs."""
    background = BACKGROUND if papers is CORPUS else Background.fit(papers)
    interests = [Interest(InterestKind(kind), value) for kind, value in given]
    return related(interests, papers, background, seeds, limit)


def terms(*given: tuple[str, str], **options) -> list[str]:
    """The terms alone."""
    return [one.term for one in beside(*given, **options)]


def test_a_keyword_brings_what_its_papers_speak_of():
    """With the number of papers that hold both, and the title of the newest of them."""
    found = beside(("keyword", "speculative decoding"))
    draft = next(one for one in found if one.term == "draft model")

    assert (draft.to, draft.papers, draft.same) == ("speculative decoding", 6, False)
    assert draft.example == "Speculative decoding revisited, study 5"
    assert {"draft model", "acceptance rate"} <= {one.term for one in found}
    assert not any("gripper" in one.term or "clients" in one.term for one in found)


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ("federated learning", "FL"),
        ("FL", "Federated learning"),
        ("mixture of experts", "MoE"),
        ("MoE", "Mixture-of-experts"),
        ("graph neural network", "GNN"),
        ("MRI", "Magnetic resonance imaging"),
    ],
)
def test_the_short_and_the_long_form_come_first_and_bring_the_same(given, first):
    """A paper that holds only one of them speaks of both."""
    found = beside(("keyword", given))

    assert (found[0].term, found[0].same) == (first, True)
    assert not any(one.same for one in found[1:])
    assert len(found) > 1


def test_a_short_form_within_a_keyword_is_written_out_where_papers_do():
    """KV cache is key-value cache; what no paper writes is not made up."""
    assert terms(("keyword", "KV cache"))[0] == "Key-value cache"
    assert not any("graph neural network" in one for one in terms(("keyword", "GNN training")))


def test_a_short_form_of_many_meanings_is_not_offered():
    """Where half of the papers mean something else by RG, it would bring those."""
    assert not any(one.same for one in beside(("keyword", "robot grasping"), ("keyword", "RG")))


def test_nothing_that_was_given_comes_back():
    """Neither the given words, nor a part of them, nor a phrase that holds them; nor what another keyword brought."""
    given = ["speculative decoding", "draft models", "MoE", "mixture of experts"]
    found = terms(*(("keyword", one) for one in given), ("keyword", "speculative decoding"))
    folded = [set(tokenise(one)) for one in found]

    assert len(found) == len(set(found)) > 0
    for one in folded:
        for word in given:
            assert not one <= set(tokenise(word))
            assert not set(tokenise(word)) <= one


def test_a_text_and_an_example_paper_bring_what_the_papers_near_to_them_speak_of():
    """The text's own words are left out; an example may be known by its id or be pasted."""
    text = "I study how a draft model proposes tokens that the target model checks"
    paper = told(0, 50)
    known = beside(("seed", "2501.09999"), seeds={"2501.09999": paper})
    pasted = beside(("seed", f"{paper.title}\n\n{paper.abstract}"))

    assert "acceptance rate" in terms(("text", text))
    assert "draft model" not in terms(("text", text))
    assert "draft model" in [one.term for one in known]
    assert {one.to for one in known} == {"2501.09999"}
    assert [one.term for one in pasted] == [one.term for one in known]
    assert {one.to for one in pasted} == {paper.title}


@pytest.mark.parametrize(
    "given",
    [
        ("keyword", "quantum chromodynamics"),
        ("keyword", "the"),
        ("keyword", "!!!"),
        ("keyword", "C++ (and [brackets"),
        ("keyword", "推测解码"),
        ("text", ""),
        ("text", "of the"),
        ("seed", "1901.00001"),
        ("category", "cs.CL"),
        ("author", "Ada Example"),
        ("mute", "federated learning"),
    ],
)
def test_what_nobody_writes_about_brings_nothing(given):
    """Unknown words, no words, an example that is not known, and interests that are not words."""
    assert beside(given) == ()


def test_an_empty_corpus_and_empty_papers_bring_nothing():
    """No paper, or papers without a word."""
    assert terms(("keyword", "federated learning"), ("text", "robots that grasp"), papers=[]) == []
    assert terms(("keyword", "federated learning"), papers=[Paper("a", ""), Paper("b", "$\\alpha$")]) == []


@settings(max_examples=10)
@given(
    st.randoms(use_true_random=False),
    st.lists(
        st.sampled_from([
            ("keyword", "MoE"), ("keyword", "draft model"), ("text", "clients train robots"), ("keyword", "k-space"),
        ]),
        max_size=3,
    ),
    st.integers(1, 6),
)  # fmt: skip
def test_the_order_of_the_corpus_does_not_matter_and_the_limit_holds(chance, given, limit):
    """The same papers, the same terms, byte for byte; each is held by the papers it counts."""
    found = beside(*given, limit=limit)
    shuffled = chance.sample(CORPUS, len(CORPUS))
    interests = [Interest(InterestKind(kind), value) for kind, value in given]

    assert related(interests, [*shuffled, *shuffled[:9]], BACKGROUND, None, limit) == found
    for to in {one.to for one in found}:
        assert len([one for one in found if one.to == to]) <= limit
    assert all(one.papers > 0 and one.example for one in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We use a mixture of experts (MoE) here.", [("MoE", "mixture of experts")]),
        ("Large language models (LLMs) are large.", [("LLM", "Large language models")]),
        ("MoE (mixture of experts) layers", [("MoE", "mixture of experts")]),
        ("a key-value (KV) cache", [("KV", "key-value")]),
        ("SARS (severe acute respiratory syndrome)", [("SARS", "severe acute respiratory syndrome")]),
        ("the results (see Table 2) of Smith (2020) are good (p < .05)", []),
        ("in the evening (NASA) we rest", []),
        ("a (b (c", []),
        ("(MoE)", []),
        ("", []),
    ],
)
def test_abbreviations_are_read_where_they_are_defined(text, found):
    """Before or after the bracket; what is no definition is none."""
    assert list(abbreviations(text)) == found


@given(st.text(max_size=80))
def test_any_text_may_hold_abbreviations(text):
    """Nothing strangers write breaks it."""
    for short, long in abbreviations(f"{text} ({text[:9]})"):
        assert short
        assert len(long) >= len(short)
