"""Telling: the parts of a score, and the reason as a reader reads it."""

import math
from dataclasses import replace

import pytest

from newsletter.models import Interest, InterestKind, Paper, Profile
from newsletter.relevance.examples import CLOSE
from newsletter.relevance.features import Background
from newsletter.relevance.matching import Window
from tests.relevance.corpus import day_of, edition_of, made, pasted, picks_of, profile, unrelated

BACKGROUND = Background.fit([*day_of(6, start=20), *unrelated(200)])
CACHE = made("decoding", 2)
ARM = Paper(
    key="2503.00001",
    arxiv_id="2503.00001",
    title="Imitation policy for robot manipulation",
    abstract="Robot manipulation with dexterous contact, from demonstrations.",
)
SPEECH = made("speech", 3, upvotes=4)
PAPERS = [CACHE, ARM, SPEECH, *unrelated(4)]
EXAMPLE = replace(made("decoding", 50), key="2401.10774", arxiv_id="2401.10774")
HANDS = made("robots", 51)
PASTED = pasted(HANDS)
WINDOW = Window([edition_of(1, PAPERS)], BACKGROUND, {paper.key: paper for paper in (EXAMPLE, HANDS)})


def told(paper, *wanted, window=WINDOW):
    """The pick of a paper for a profile of (kind, value) pairs."""
    interests = profile(*wanted) if wanted and not isinstance(wanted[0], Interest) else Profile(wanted)
    return next(match.pick for match in window.explain(interests, 99) if match.paper == paper)


@pytest.mark.parametrize(
    ("paper", "wanted", "clauses"),
    [
        (CACHE, [("keyword", "KV cache"), ("liked", "2401.10774")], ["matches KV cache", "close to 2401.10774, which you liked"]),
        (CACHE, [("seed", "https://arxiv.org/abs/2401.10774v2")], ["close to 2401.10774, which you named"]),
        (ARM, [("seed", "2503.00001")], ["it is 2503.00001, which you named"]),
        (ARM, [("liked", "2503.00001")], ["it is 2503.00001, which you liked"]),
        (ARM, [("seed", PASTED)], [f"close to “{HANDS.title}”, which you named"]),
        (ARM, [("keyword", "gripper")], ["close to papers on gripper"]),
        (ARM, [("text", "I build grippers for robot arms")], ["close to what you describe: robot"]),
        (ARM, [("text", "Gripper and teleoperation")], ["close to what you describe"]),
        (SPEECH, [("author", "Speech, Ada")], ["by Ada Speech, whom you follow"]),
        (SPEECH, [("category", "eess.AS")], ["in eess.AS, which you follow"]),
    ],
)  # fmt: skip
def test_a_reason_says_by_what_a_paper_came(paper, wanted, clauses):
    """The words of the reader that the paper answers, and nothing else."""
    assert sorted(told(paper, *wanted).reason.split("; ")) == sorted(clauses)


def test_a_keyword_brings_papers_that_do_not_hold_it():
    """What the background writes about a keyword is close enough for the usual floor; another theme is not."""
    digest = WINDOW.digest(profile(("keyword", "gripper")))

    assert [(pick.paper_key, pick.reason) for pick in picks_of(digest)] == [(ARM.key, "close to papers on gripper")]


def test_what_came_with_a_topic_is_told_as_the_topics():
    """Examples and descriptions of an operator's topic are not called the reader's own."""
    example = Interest(InterestKind.SEED, "2401.10774", "Fast models")
    words = Interest(InterestKind.TEXT, "robots that grasp", "Hands")

    assert told(CACHE, example).reason == "close to 2401.10774, which Fast models names"
    assert told(ARM, words).reason.startswith("close to what Hands describes")


def test_a_long_pasted_title_is_shortened():
    """A reason stays one line, and an abstract is never in it."""
    title = "Robot manipulation with a gripper and an arm in one very long title that goes on and on"
    pick = told(ARM, ("seed", f"{title}\nDexterous contact."))

    assert pick.reason.startswith("close to “Robot manipulation with a gripper and an arm in one very")
    assert pick.reason.endswith("…”, which you named")
    assert len(pick.reason) < 100


def test_the_nearest_of_several_examples_is_told():
    """Of the papers a reader named or liked, the one whose words are nearest; of one theme too."""
    nearer = f"{ARM.title}\nDexterous contact."
    pick = told(ARM, ("seed", "2401.10774"), ("seed", nearer), ("liked", HANDS.key))

    assert [part.kind for part in pick.parts if part.kind != "popularity"] == ["seed"]
    assert pick.reason == f"close to “{ARM.title}”, which you named"
    assert told(ARM, ("seed", "2401.10774"), ("liked", HANDS.key)).reason == f"close to {HANDS.key}, which you liked"


def test_closeness_is_shared_out_among_what_it_came_by():
    """Papers, keywords and texts have each a part; together they are worth what closeness is worth."""
    wanted = (("seed", HANDS.key), ("keyword", "gripper"), ("text", "robots that grasp"))
    pick = told(ARM, *wanted)
    parts = {part.kind: part.value for part in pick.parts}

    assert {*parts} == {"seed", "related", "text", "popularity"}
    assert math.isclose(math.fsum(parts.values()), pick.score, abs_tol=1e-9)
    assert parts["seed"] > parts["text"]
    assert CLOSE < math.fsum(parts.values()) - parts["popularity"] < 1


def test_parts_are_told_strongest_first_and_being_noticed_last():
    """The order of the parts is that of what they are worth."""
    pick = told(SPEECH, ("author", "Ada Speech"), ("category", "eess.AS"), ("keyword", "speech recognition"))
    values = [part.value for part in pick.parts[:-1]]

    assert values == sorted(values, reverse=True)
    assert (pick.parts[-1].kind, pick.parts[-1].because) == ("popularity", "4 upvotes")


def test_a_vote_against_a_paper_is_no_part():
    """What takes off is in no reason: a part is always a gain."""
    pick = told(ARM, ("liked", HANDS.key), ("disliked", EXAMPLE.key))

    assert all(part.value > 0 for part in pick.parts)
    assert EXAMPLE.key not in pick.reason
