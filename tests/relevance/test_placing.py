"""Which papers stand under a heading once it is known, and the topics of those that are left."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.fields import about, fits, shown_by
from newsletter.relevance.gathering import gather
from newsletter.relevance.labels import read_alike
from newsletter.relevance.topics import group, place
from newsletter.relevance.tree import largest
from tests.relevance.corpus import day_of, made

NOTHING = Background.fit([])
SPLATS = [Paper(f"2501.1000{one}", f"Gaussian splatting of {what}") for one, what in enumerate(("barns", "mills"))]
SONGS = [Paper(f"2501.1100{one}", f"Music and melody of {what}") for one, what in enumerate(("barns", "mills", "inns"))]
OAK = Paper("2501.12000", "Oaks in May")
POOL = [*SPLATS, *SONGS, OAK, *day_of(3), Paper(key="empty", title="")]

POINTS = np.array([[1.0, 0.0], [0.9, 0.1], [0.8, 0.6], [0.0, 1.0], [0.1, 0.9], [-1.0, -0.1]])
POINTS /= np.linalg.norm(POINTS, axis=1, keepdims=True)
GROUPS = [[0, 1, 2], [3, 4]]


def sure(*rows):
    """How surely two headings are true for each of six papers."""
    return np.array(rows, dtype=np.float64)


def test_a_paper_that_its_heading_is_not_true_for_leaves_and_joins_the_one_that_is():
    """The third paper was grouped with the first two, and is about what the others are about."""
    true = sure([1, 0], [1, 0], [0, 1], [0, 1], [0, 0.5], [0, 0])

    assert place(POINTS, GROUPS, true, knows=False) == [[0, 1], [3, 4, 2]]


def test_what_is_close_stays_where_the_background_knows_enough():
    """A heading's cues are never complete; among few papers closeness says nothing."""
    true = sure([1, 0], [1, 0], [0, 0], [0, 1], [0, 1], [0, 0])

    assert place(POINTS, GROUPS, true, knows=True) == [[0, 1, 2], [3, 4]]
    assert place(POINTS, GROUPS, true, knows=False) == [[0, 1], [3, 4]]


def test_a_paper_far_from_every_topic_is_in_none():
    """One cue does not bring it there from the other end of the day."""
    true = sure([1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [1, 1])

    assert place(POINTS, GROUPS, true, knows=True) == [[0, 1, 2], [3, 4]]


def test_a_topic_that_is_left_with_one_paper_is_none():
    """Its paper goes where another heading is true for it."""
    true = sure([1, 0], [1, 0], [1, 0], [1, 1], [0, 0], [0, 0])

    assert place(POINTS, GROUPS, true, knows=False) == [[0, 1, 2, 3], []]


def test_papers_that_are_left_are_gathered_by_field():
    """Two fields of the table have a topic each; what is about neither stays out."""
    found = gather([*SPLATS, *SONGS, OAK], [], NOTHING, least=2, room=9, most=9)

    assert {name.label: [paper.key for paper in mine] for name, mine in found} == {
        "Music": [paper.key for paper in SONGS],
        "Gaussian Splatting": [paper.key for paper in SPLATS],
    }


def test_what_is_gathered_reads_like_no_topic_of_the_day():
    """Nor is it smaller, larger or more than asked."""
    papers = [*SPLATS, *SONGS]

    def found(labels=(), least=2, room=9, most=9):
        return {name.label for name, _mine in gather(papers, labels, NOTHING, least=least, room=room, most=most)}

    assert not any(read_alike(label, "Gaussian Splatting") for label in found(labels=["Gaussian Splatting"]))
    assert found(least=3) == {"Music"}
    assert "Music" not in found(room=2)
    assert len(found(most=1)) == 1
    assert found(most=0) == set()


@settings(max_examples=40)
@given(st.lists(st.sampled_from(POOL), unique=True), st.randoms(use_true_random=False))
def test_what_is_gathered_is_surely_true_whatever_the_order(papers, chance):
    """Each paper is in one of the topics at most, and its heading holds by the cues."""
    found = gather(papers, ["LLM Agents"], NOTHING, least=2, room=12, most=9)
    keys = [paper.key for _name, mine in found for paper in mine]

    assert len(keys) == len(set(keys))
    assert all(about(paper)[name.label] >= 1.0 for name, mine in found for paper in mine)
    shuffled = chance.sample(papers, len(papers))
    assert gather(shuffled, ["LLM Agents"], NOTHING, least=2, room=12, most=9) == found


@settings(max_examples=25)
@given(st.lists(st.sampled_from(POOL), unique=True, max_size=40))
def test_on_a_young_background_every_heading_is_true_for_its_papers(papers):
    """Whatever the day is about: by a cue, the category or the words of the heading."""
    young = Background.fit(papers)
    by_key = {paper.key: paper for paper in papers}
    topics = group(papers, young)

    assert all(fits(one.label, by_key[key]) for one in topics if one.kind == "found" for key in one.paper_keys)
    assert all(len(one.paper_keys) <= largest(len(papers)) for one in topics if one.kind == "found")


def test_a_heading_fits_by_its_cues_its_category_or_its_words():
    """Surely where a cue is in the title; half where it is said once, or only the category says so."""
    song = made("speech", 1, title="A song", abstract="", categories=("cs.SD",))

    assert fits("Music", song) == 1.0
    assert fits("Sound and Audio", song) == fits("Wood Wide Web", Paper("a", "Oaks", "A wood wide web.")) == 0.5
    assert fits("Wood Wide Web", Paper("a", "The wood wide web")) == 1.0
    assert fits("Image Restoration", song) == 0.0


def test_words_that_only_look_like_a_cue_are_none():
    """`New` is no news, after training is no post, and a scaling law is not for lawyers."""
    said = about(Paper("a", "New scaling laws for post-training: a sound, transparent teacher of students"))

    assert {"News and Journalism", "Social Media Analysis", "Legal NLP", "Education and Tutoring"}.isdisjoint(said)
    assert {"Audio Understanding and Generation", "Image Matting and Harmonization"}.isdisjoint(said)
    assert said["Scaling Laws"] == 1.0
    assert "Supply Chains and Logistics" not in about(Paper("b", "Logistic regression"))


def test_a_phrase_shows_the_headings_it_is_a_cue_of():
    """By itself: not those that want another cue beside it."""
    assert "Video Generation" in shown_by("video generation")
    assert shown_by("speculative decoding") >= {"Speculative Decoding"}
    assert shown_by("reasoning") == shown_by("") == frozenset()
