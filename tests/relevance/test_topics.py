"""Grouping and naming."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.labels import heading, slug
from newsletter.relevance.topics import group
from tests.relevance.corpus import THEMES, day_of, made

POOL = [*day_of(6), Paper(key="empty", title=""), Paper(key="tex", title="$\\alpha$")]
BACKGROUND = Background.fit(POOL)


@given(st.lists(st.sampled_from(POOL), unique=True, max_size=30), st.randoms(use_true_random=False), st.booleans())
def test_every_paper_is_in_exactly_one_topic_and_the_order_does_not_matter(papers, chance, alone):
    """Topics are a partition and a function of the set of papers, on a first day too."""
    background = Background.fit(papers) if alone else BACKGROUND
    topics = group(papers, background)
    shuffled = chance.sample(papers, len(papers))

    assert sorted(key for topic in topics for key in topic.paper_keys) == sorted(paper.key for paper in papers)
    assert group(shuffled, background) == topics
    assert len({topic.key for topic in topics}) == len({topic.label for topic in topics}) == len(topics)
    assert all(topic.kind == "found" for topic in topics[:-1])


def test_themes_become_topics():
    """Papers of one theme stand together, those of two apart."""
    topics = group(day_of(6), BACKGROUND)
    themes = [{key.split(".")[1][:2] for key in topic.paper_keys} for topic in topics if topic.kind == "found"]

    assert len(themes) >= len(THEMES) - 1
    assert all(len(theme) == 1 for theme in themes)


def test_labels_are_noun_phrases_of_the_theme():
    """A heading is made of words that the group's papers hold."""
    labels = {topic.label.lower() for topic in group(day_of(6), BACKGROUND)}

    assert any("speculative decoding" in label for label in labels)
    assert any("speech recognition" in label for label in labels)


@pytest.mark.parametrize("papers", [60, 1000])
def test_the_number_of_groups_stays_readable(papers):
    """At most 12 topics for 60 papers and 20 for 1,000, Other included once and last."""
    many = [made(theme, number) for number in range(papers // 5) for theme in THEMES]
    topics = group(many, Background.fit(random.Random(1).sample(many, min(200, papers))))

    assert len(topics) <= (12 if papers == 60 else 20) + 1
    assert [topic.kind for topic in topics].count("other") <= 1


def test_what_coheres_with_nothing_is_other():
    """Papers without a word in common are Other, not a topic with an invented name."""
    strangers = [Paper(key=str(number), title=f"zq{number}x vw{number}y kj{number}p") for number in range(3)]

    assert [(topic.key, topic.label, topic.kind) for topic in group(strangers, BACKGROUND)] == [
        ("other", "Other", "other")
    ]


def test_what_was_noticed_comes_first():
    """Between topics of one size the noticed one leads."""
    papers = [made(theme, number, upvotes=90 if theme == "graphs" else 0) for theme in THEMES for number in range(6)]

    assert papers[18].key in group(papers, BACKGROUND)[0].paper_keys


@pytest.mark.parametrize(
    ("written", "set_as"),
    [
        ("text-to-image generation", "Text-to-Image Generation"),
        ("LLM reasoning", "LLM Reasoning"),
        ("mixture of experts", "Mixture of Experts"),
        ("mRNA design", "mRNA Design"),
        ("3D scenes", "3D Scenes"),
    ],
)
def test_headings_are_set_in_title_case(written, set_as):
    """Acronyms and small words keep their case."""
    assert heading(written) == set_as


def test_a_key_is_a_slug_of_the_label():
    """Keys hold letters, digits and hyphens only."""
    assert slug("Chest X-Rays and CT Images") == "chest-x-ray-and-ct-image"
