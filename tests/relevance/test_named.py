"""What clearly belongs to an operator's named topics, and what does not."""

from dataclasses import replace

import pytest

from newsletter.models import Interest, InterestKind, NamedInterests, Paper
from newsletter.relevance.features import Background
from newsletter.relevance.named import topics_of
from tests.relevance.corpus import day_of, made

BACKGROUND = Background.fit(day_of(12))


def named(name, *keywords, label=""):
    """A named topic of phrases."""
    interests = tuple(Interest(InterestKind.KEYWORD, keyword) for keyword in keywords)
    return NamedInterests(name, label or name.title(), interests)


def sections(*wanted, papers, background=BACKGROUND):
    """The papers of each named topic."""
    topics = topics_of(papers, background, named=wanted)
    return {topic.key: set(topic.paper_keys) for topic in topics if topic.kind == "named"}


def test_a_phrase_that_is_said_once_brings_nothing():
    """A paper that mentions pruning is about something else; in its title, or twice, it is about it."""
    said = [
        Paper("2502.1", "Splats in real time", "We use pruning."),
        Paper("2502.2", "Pruning of splats", "They are small."),
        Paper("2502.3", "Small splats", "We use pruning. The pruning is fast."),
    ]

    assert sections(named("small", "pruning"), papers=[*day_of(3), *said]) == {"small": {"2502.2", "2502.3"}}


def test_several_phrases_said_once_bring_a_paper():
    """Who speaks of pruning and of quantization is about small models."""
    said = [Paper(f"2502.{one}", "Splats", "By quantization and by pruning.") for one in range(2)]

    assert sections(named("small", "pruning", "quantization"), papers=[*day_of(3), *said]) == {
        "small": {"2502.0", "2502.1"}
    }


def test_a_phrase_every_field_uses_is_asked_for_in_title_and_text():
    """Of a day where most papers say `we look at`, it is no evidence in the title alone."""
    usual = Background.fit([replace(paper, abstract=paper.abstract + " Reasoning matters.") for paper in day_of(12)])
    titled = [Paper(f"2502.{one}", "Reasoning of oaks", "") for one in range(2)]
    both = [Paper(f"2502.{one}", "Reasoning of oaks", "Their reasoning is slow.") for one in (2, 3)]

    assert sections(named("thinking", "reasoning"), papers=[*titled, *both], background=usual) == {
        "thinking": {"2502.2", "2502.3"}
    }


def test_what_a_topic_is_called_brings_its_field():
    """`Robotics` is about robots, whatever its phrases are; `Speech and Audio` about both."""
    papers = [*day_of(2), *(Paper(f"2502.{one}", "Audio of oaks", "A tape.") for one in range(2))]
    found = sections(named("arms", "teleoperation arms"), named("ears", label="Speech and Audio"), papers=papers)
    robots = sections(named("arms", "teleoperation arms", label="Robotics"), papers=papers)

    assert "arms" not in found
    assert robots["arms"] == {made("robots", number).key for number in range(2)}
    assert found["ears"] >= {made("speech", 0).key, "2502.0", "2502.1"}


@pytest.mark.parametrize("label", ["Moving Pictures", "Vision and Video Generation"])
def test_a_found_topic_that_a_phrase_is_another_word_for_is_part_of_it(label):
    """There are no two sections of one field: its phrase says so, or its name."""
    videos = [
        Paper(f"2502.{one}", f"Video generation of {what}", "Video diffusion and video generation.")
        for one, what in enumerate(("seas", "hills", "dunes"))
    ]
    loose = [
        Paper(f"2502.{one}", f"Video synthesis of {what}", "Video diffusion.")
        for one, what in ((7, "seas"), (8, "hills"))
    ]
    topics = topics_of(
        [*videos, *loose, *day_of(1)], BACKGROUND, named=[named("films", "video generation", label=label)]
    )

    assert topics[0].key == "films"
    assert set(topics[0].paper_keys) == {paper.key for paper in (*videos, *loose)}
