"""Reasons: one short clause from the causes of a score."""

from itertools import permutations

import pytest

from newsletter.models import Interest, InterestKind, Part
from newsletter.relevance.reasons import UNNAMED, Cause, reason

_MEANT = {"terms": "keyword", "related": "keyword"}


def because(kind, value, words, *, by=None, topic=None, meant=None, **facts):
    """A cause; `by` is the kind of interest it came by, `meant` what that says."""
    interest = Interest(InterestKind(by or _MEANT.get(kind, kind)), meant or words, topic)
    return Cause(Part(kind, value, words), interest, **facts)


KEYWORD = because("terms", 0.3, "KV cache")
LIKED = because("seed", 0.2, "close to 2401.10774", by="liked", meant="2401.10774")


@pytest.mark.parametrize(
    ("causes", "clause"),
    [
        ([KEYWORD], "matches KV cache"),
        ([KEYWORD, LIKED], "matches KV cache; close to 2401.10774, which you liked"),
        ([KEYWORD, because("terms", 0.4, "draft model")], "matches draft model, KV cache"),
        (
            [because("terms", 0.4, "draft model", topic="Inference"), KEYWORD],
            "matches Inference: draft model; matches KV cache",
        ),
        ([because("seed", 0.2, "close to 2401.10774")], "close to 2401.10774, which you named"),
        (
            [because("seed", 0.2, "close to 2401.10774", topic="Inference")],
            "close to 2401.10774, which Inference names",
        ),
        ([because("seed", 0.2, "2401.10774", itself=True)], "it is 2401.10774, which you named"),
        ([because("related", 0.2, "KV cache")], "close to papers on KV cache"),
        ([because("related", 0.4, "KV cache"), KEYWORD], "matches KV cache"),
        (
            [because("related", 0.4, "codecs"), KEYWORD],
            "close to papers on codecs; matches KV cache",
        ),
        ([because("text", 0.2, "robots, grasping")], "close to what you describe: robots, grasping"),
        ([because("text", 0.2, UNNAMED)], "close to what you describe"),
        ([because("text", 0.2, UNNAMED, topic="Hands")], "close to what Hands describes"),
        ([because("author", 0.5, "Ada One")], "by Ada One, whom you follow"),
        (
            [because("author", 0.5, "Ada One"), because("author", 0.5, "Bo Two"), because("author", 0.5, "Cy Three")],
            "by Ada One, Bo Two and Cy Three, whom you follow",
        ),
        ([because("category", 0.1, "cs.CL")], "in cs.CL, which you follow"),
        ([because("category", 0.1, "cs.CL"), because("category", 0.07, "cs")], "in cs.CL and cs, which you follow"),
    ],
)
def test_a_reason_is_one_clause_of_true_words(causes, clause):
    """The strongest cause first, those of one kind together, in whatever order they came."""
    assert {reason(turned) for turned in permutations(causes)} == {clause}


def test_what_is_faint_is_said_only_where_nothing_else_is():
    """Beside a stronger cause it is left out; alone, or among the faint, the strongest is said."""
    faint = because("seed", 0.03, "a little like 2401.10774", faint=True)
    fainter = because("related", 0.02, "codecs", faint=True)

    assert reason([KEYWORD, faint, fainter]) == "matches KV cache"
    assert reason([faint]) == "a little like 2401.10774, which you named"
    assert reason([fainter, faint]) == "a little like 2401.10774, which you named"


def test_a_reason_stays_short():
    """Three clauses and three words of a kind at most, each once."""
    many = [because("terms", 0.9 - number / 100, f"word {number}") for number in range(5)]
    others = [LIKED, because("author", 0.15, "Ada One"), because("category", 0.1, "cs.CL")]

    found = reason([*many, because("terms", 0.8, "word 0"), *others])

    assert found == "matches word 0, word 1, word 2; close to 2401.10774, which you liked; by Ada One, whom you follow"
