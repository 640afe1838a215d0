"""Names that stay, and named topics."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Interest, InterestKind, NamedInterests, Paper
from newsletter.relevance.features import Background
from newsletter.relevance.labels import Name
from newsletter.relevance.named import topics_of
from newsletter.relevance.naming import Earlier, continued, keep_names
from newsletter.relevance.topics import group
from tests.relevance.corpus import THEMES, day_of, made

BACKGROUND = Background.fit(day_of(12))
TODAY = {theme: [made(theme, number) for number in range(6)] for theme in THEMES}
MONDAY, TUESDAY = date(2025, 3, 3), date(2025, 3, 4)


def earlier(theme, label, *, day=MONDAY, key="", start=6):
    """A topic of an edition before, of six papers of a theme."""
    papers = tuple(made(theme, number) for number in range(start, start + 6))
    return Earlier(day, key or label.lower().replace(" ", "-"), label, (), papers)


def keep(names, groups, rest, before):
    """The names of some groups of today."""
    return keep_names(names, continued(names, groups, rest, BACKGROUND, before))


def kept(*before, names=("Draft Models", "Tumour Boundaries")):
    """The labels of two groups of today, decoding and segmentation."""
    found = [Name(name.lower().replace(" ", "-"), name, ("today",)) for name in names]
    groups = [TODAY["decoding"], TODAY["segmentation"]]
    rest = [paper for theme in ("robots", "graphs", "speech") for paper in TODAY[theme]]
    return tuple(name and name.label for name in keep(found, groups, rest, before))


def test_a_group_that_continues_a_topic_keeps_its_name():
    """Key and label are those of before, the terms are today's."""
    groups = [TODAY["decoding"]]
    names = keep(
        [Name("draft-model", "Draft Models", ("draft",))],
        groups,
        day_of(6)[6:],
        [earlier("decoding", "Speculative Decoding", key="kept")],
    )

    assert names == (Name("kept", "Speculative Decoding", ("draft",)),)


def test_a_name_that_is_not_true_any_more_is_given_up():
    """Of the same subject, but today's papers do not hold its words."""
    assert kept(earlier("decoding", "Lookahead Trees")) == ("Draft Models", "Tumour Boundaries")


def test_a_heading_of_the_tables_is_kept_where_its_cues_are():
    """No paper of today says `efficient models`, and speculative decoding is just that."""
    assert kept(earlier("decoding", "Efficient Models and Inference"))[0] == "Efficient Models and Inference"
    assert kept(earlier("decoding", "Speech, Audio and Music"))[0] == "Draft Models"


def test_a_kept_name_does_not_read_like_another_of_today():
    """Two sections of nearly one name help nobody."""
    names = ("Draft Models", "Fast Speculative Decoding")

    assert kept(earlier("decoding", "Speculative Decoding"), names=names) == names


def test_a_name_half_of_which_is_not_true_is_given_up():
    """Each part of a joined heading must be held."""
    assert kept(earlier("decoding", "Speculative Decoding and Lookahead Trees"))[0] == "Draft Models"


def test_another_subject_lends_no_name():
    """A group whose papers hold the words, but are about something else, gets none."""
    assert kept(earlier("graphs", "Speculative Decoding"))[0] == "Draft Models"


def test_a_broad_name_is_not_kept_over_a_telling_one():
    """`Language Models` is true of every group, and of none."""
    assert kept(earlier("decoding", "Language Models"))[0] == "Draft Models"


def test_one_word_is_kept_only_where_the_new_name_has_it_too():
    """`Decoding` goes on as `Decoding` where today's name is about decoding, not where it is about drafts."""
    before = earlier("decoding", "Decoding")

    assert kept(before)[0] == "Draft Models"
    assert kept(before, names=("Decoding Cache", "Tumour Boundaries"))[0] == "Decoding"


def test_one_topic_is_continued_once():
    """Two groups of one subject: the nearer one has the name, the other its own."""
    halves = [TODAY["decoding"][:3], TODAY["decoding"][3:]]
    names = [Name("a", "Draft Models", ()), Name("b", "Inference Latency", ())]
    labels = [
        name.label for name in keep(names, halves, day_of(6)[6:], [earlier("decoding", "Speculative Decoding")]) if name
    ]

    assert labels.count("Speculative Decoding") == 1


def test_the_newest_name_of_a_topic_is_the_one_that_stays():
    """A topic of several days is called as it was called last."""
    old = earlier("decoding", "Speculative Decoding", key="one", start=6)
    new = earlier("decoding", "Speculative decoding", key="one", day=TUESDAY, start=2)

    assert kept(old, new)[0] == kept(new, old)[0] == "Speculative decoding"


def test_a_name_that_another_group_has_come_by_is_that_group_s():
    """Names are unique: who is called so anew today keeps it."""
    assert kept(earlier("decoding", "Speculative Decoding"), names=("Draft Models", "Speculative Decoding")) == (
        "Draft Models",
        "Speculative Decoding",
    )


def test_a_group_without_a_name_stays_without():
    """What nothing tells from the rest has no topic, whatever came before."""
    before = [earlier("decoding", "Speculative Decoding")]

    assert keep([None], [TODAY["decoding"]], day_of(6)[6:], before) == (None,)


@pytest.mark.parametrize("papers", [(), (Paper("x", "zq1 vw2"),), (Paper("文", "文字 認識"),)])
def test_earlier_topics_that_say_nothing_change_nothing(papers):
    """Without papers, without known words, in another script: today's names stand."""
    assert kept(Earlier(MONDAY, "k", "Speculative Decoding", (), papers)) == ("Draft Models", "Tumour Boundaries")


POOL = [*day_of(6), Paper(key="empty", title=""), Paper(key="tex", title="$\\alpha$")]
EARLIER = [
    earlier("decoding", "Speculative Decoding"),
    earlier("decoding", "KV Cache", day=TUESDAY),
    earlier("segmentation", "Medical Image"),
    earlier("graphs", "Node Classification", key="speculative-decoding"),
    earlier("speech", "Other", key="other"),
]
KEYWORD, SEED, CATEGORY, MUTE = InterestKind.KEYWORD, InterestKind.SEED, InterestKind.CATEGORY, InterestKind.MUTE


def named(name, *interests, label=""):
    """A named topic from (kind, value) pairs."""
    return NamedInterests(name, label or name.title(), tuple(Interest(kind, value) for kind, value in interests))


NAMED = [
    named("grippers", (KEYWORD, "robot manipulation"), (CATEGORY, "cs.RO")),
    named("scans", (SEED, "2501.01007"), (KEYWORD, "tumour MRI"), (MUTE, "radiology")),
    named("language", (CATEGORY, "cs.CL")),
    named("speech", (KEYWORD, "speech recognition"), label="Speech Recognition"),
    named("talk", (KEYWORD, "speech recognition"), (KEYWORD, "phoneme")),
    named("nothing", (KEYWORD, "!!!"), (KEYWORD, "")),
    named("other", (KEYWORD, "speculative decoding")),
]
SEEDS = {"2501.01007": made("segmentation", 7)}


@settings(max_examples=20)
@given(
    st.lists(st.sampled_from(POOL), unique=True, max_size=30),
    st.lists(st.sampled_from(EARLIER), unique=True, max_size=5),
    st.lists(st.sampled_from(NAMED), unique=True),
    st.randoms(use_true_random=False),
)
def test_topics_are_a_partition_with_unique_names_whatever_came_before(papers, before, wanted, chance):
    """Every paper once, named topics first in their order, Other last, no key or label twice; the order is nothing."""
    topics = topics_of(papers, BACKGROUND, named=wanted, seeds=SEEDS, earlier=before)
    shuffled = chance.sample(papers, len(papers)), chance.sample(before, len(before))

    assert sorted(key for topic in topics for key in topic.paper_keys) == sorted(paper.key for paper in papers)
    assert len({topic.key for topic in topics}) == len({topic.label for topic in topics}) == len(topics)
    places = {"named": 0, "found": 1, "other": 2}
    kinds = [places[topic.kind] for topic in topics]
    assert kinds == sorted(kinds)
    order = [one.name for one in wanted]
    leading = [topic.key for topic in topics if topic.kind == "named"]
    assert leading == sorted(leading, key=order.index)
    assert topics_of(shuffled[0], BACKGROUND, named=wanted, seeds=SEEDS, earlier=shuffled[1]) == topics


def sections(*wanted, papers=None):
    """The papers of each named topic, by theme number."""
    topics = topics_of(papers or day_of(6), BACKGROUND, named=wanted, seeds=SEEDS)
    return {topic.key: sorted(topic.paper_keys) for topic in topics if topic.kind == "named"}


def test_a_named_topic_takes_what_clearly_belongs():
    """Its phrases bring its theme's papers, and nothing else."""
    assert sections(NAMED[0]) == {"grippers": sorted(paper.key for paper in TODAY["robots"])}


def test_a_category_alone_brings_nothing():
    """It would take half of a day."""
    assert sections(NAMED[2]) == {}


def test_a_muted_phrase_keeps_papers_out_of_a_named_topic():
    """Even where everything else fits; the paper is in the edition all the same."""
    muted = made("robots", 9, abstract="Robot manipulation and robot manipulation in kitchens.")
    papers = [*day_of(6), muted]

    assert muted.key in sections(NAMED[0], papers=papers)["grippers"]
    quiet = NamedInterests("grippers", "Grippers", (*NAMED[0].interests, Interest(MUTE, "kitchens")))
    assert muted.key not in sections(quiet, papers=papers)["grippers"]
    assert any(muted.key in topic.paper_keys for topic in topics_of(papers, BACKGROUND, named=[quiet]))


def test_a_paper_that_fits_two_named_topics_is_in_the_better_one():
    """Who asks for more of what a paper holds has it, whatever the order."""
    speech = sorted(paper.key for paper in TODAY["speech"])

    assert sections(NAMED[3], NAMED[4]) == sections(NAMED[4], NAMED[3]) == {"talk": speech}


def test_example_papers_bring_what_is_close_to_them():
    """A named topic of seeds alone has a section."""
    rare = Background.fit([*(made(theme, number) for theme in THEMES if theme != "segmentation" for number in range(20)),
                           made("segmentation", 20), made("segmentation", 21)])  # fmt: skip
    seeds = {f"2501.01{number:03}": made("segmentation", number) for number in range(6, 9)}
    alike = named("scans", *((SEED, key) for key in seeds))
    topics = topics_of(day_of(6), rare, named=[alike], seeds=seeds)

    assert topics[0].key == "scans"
    assert set(topics[0].paper_keys) <= {paper.key for paper in TODAY["segmentation"]}


def test_a_single_paper_makes_no_section():
    """It is grouped like the others."""
    papers = [*TODAY["graphs"], *TODAY["speech"], TODAY["robots"][0]]

    assert sections(NAMED[0], papers=papers) == {}


def test_a_named_topic_does_not_swallow_the_day():
    """A quarter of the papers at most, the best of them."""
    papers = [made("robots", number) for number in range(40)]

    assert len(sections(NAMED[0], papers=papers)["grippers"]) == 10


def test_a_group_found_under_the_name_of_a_named_topic_is_part_of_it():
    """There are no two sections of one name; what the named topic mutes goes to Other instead."""
    spectral = made("graphs", 9, abstract="Graph neural network and spectral graph neural network.")
    calm = [replace(paper, abstract=paper.abstract.replace("spectral", "")) for paper in day_of(6)]
    unnamed = [paper for paper in (*calm, spectral) if paper.key not in {one.key for one in TODAY["robots"]}]
    found = next(topic for topic in group(unnamed, BACKGROUND) if spectral.key in topic.paper_keys)
    own = named("own", (KEYWORD, "robot manipulation"), (MUTE, "spectral"), label=found.label)
    topics = topics_of([*calm, spectral], BACKGROUND, named=[own])

    assert found.kind == "found"
    assert [topic.label for topic in topics].count(found.label) == 1
    assert set(topics[0].paper_keys) >= {paper.key for paper in TODAY["robots"]}
    assert set(topics[0].paper_keys) & {paper.key for paper in TODAY["graphs"]}
    assert spectral.key in topics[-1].paper_keys
    assert topics[-1].kind == "other"
