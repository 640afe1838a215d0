"""Editions x profile: the cut, its reasons, its limits."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Interest, InterestKind, Paper, Profile, Topic
from newsletter.relevance.features import Background
from newsletter.relevance.interests import person
from newsletter.relevance.matching import POPULARITY, Window
from newsletter.relevance.topics import group
from newsletter.relevance.words import passages, tokenise
from tests.relevance.corpus import THEMES, day_of, edition_of, made, profile, profiles

PAPERS = [
    made(theme, number, upvotes=(number * 7) % 40, comments=number % 3) for theme in THEMES for number in range(6)
]
BACKGROUND = Background.fit(day_of(12))
EDITIONS = (
    edition_of(1, PAPERS[:18], group(PAPERS[:18], BACKGROUND)),
    edition_of(2, PAPERS[18:], group(PAPERS[18:], BACKGROUND)),
)
SEEDS = {paper.arxiv_id: paper for paper in day_of(1, start=1) if paper.arxiv_id}
WINDOW = Window(EDITIONS, BACKGROUND, SEEDS)
BY_KEY = {paper.key: paper for paper in PAPERS}


def picks_of(digest):
    return [pick for section in digest.sections for pick in section.picks]


def read(paper):
    return [tokenise(passage) for passage in passages(paper)]


def holds(paper, phrase):
    words = tokenise(phrase)
    return any(text[at : at + len(words)] == words for text in read(paper) for at in range(len(text)))


@given(profiles)
def test_parts_sum_to_the_score_and_every_pick_has_its_reason(wanted):
    """A score is nothing but its parts, and a reason is never empty."""
    digest = WINDOW.digest(wanted)
    for pick in picks_of(digest) if digest else ():
        assert math.isclose(sum(part.value for part in pick.parts), pick.score, abs_tol=1e-9)
        assert pick.reason
        assert all(part.value > 0 and part.because for part in pick.parts)


@given(profiles)
def test_limits_floor_and_counts_hold(wanted):
    """Never more papers than asked for, none twice, none below the floor without popularity."""
    digest = WINDOW.digest(wanted)
    if digest is None:
        return
    picks = picks_of(digest)

    assert len({pick.paper_key for pick in picks}) == len(picks) <= min(wanted.max_papers, digest.matched)
    assert all(0 < len(section.picks) <= wanted.max_per_topic for section in digest.sections)
    assert digest.matched <= digest.considered == len(PAPERS)
    if digest.personal:
        relevance = [sum(part.value for part in pick.parts if part.kind != "popularity") for pick in picks]
        assert all(value >= wanted.floor - 1e-8 and value > 0 for value in relevance)


@given(profiles)
def test_what_is_muted_never_appears(wanted):
    """A muted phrase or category excludes a paper whatever speaks for it."""
    mutes = [one.value for one in wanted.interests if one.kind is InterestKind.MUTE]
    digest = WINDOW.digest(wanted)
    for pick in picks_of(digest) if digest else ():
        paper = BY_KEY[pick.paper_key]
        assert not any(holds(paper, mute) for mute in mutes if tokenise(mute))
        assert not set(mutes) & set(paper.categories)


@given(profiles)
def test_a_reason_is_true_of_its_paper(wanted):
    """Every term named occurs in the paper, every author wrote it, every category is its own."""
    digest = WINDOW.digest(wanted)
    for pick in picks_of(digest) if digest else ():
        paper = BY_KEY[pick.paper_key]
        for part in pick.parts:
            if part.kind == "terms" and part.because != "words of your description":
                assert all(holds(paper, term) for term in part.because.replace(" and ", ", ").split(", "))
            elif part.kind == "author":
                assert person(part.because) in {person(author) for author in paper.authors}
            elif part.kind == "category":
                assert any(own == part.because or own.split(".")[0] == part.because for own in paper.categories)


@given(profiles, st.randoms(use_true_random=False))
def test_the_same_inputs_in_any_order_give_the_same_digest(wanted, chance):
    """Editions, papers and interests are sets to the matching."""
    shuffled = Profile(
        tuple(chance.sample(wanted.interests, len(wanted.interests))),
        wanted.max_papers, wanted.max_per_topic, wanted.floor,
    )  # fmt: skip

    assert repr(Window(EDITIONS[::-1], BACKGROUND, SEEDS).digest(shuffled)) == repr(WINDOW.digest(wanted))


@given(st.lists(profiles, max_size=8))
def test_many_at_once_get_what_each_gets_alone(many):
    """A batch changes nobody's digest."""
    assert WINDOW.digests(many) == [WINDOW.digest(one) for one in many]


@given(profiles)
def test_without_usable_interests_there_is_always_something(wanted):
    """Only mutes leave a reader with the most noticed papers."""
    mutes = tuple(one for one in wanted.interests if one.kind is InterestKind.MUTE)
    digest = WINDOW.digest(Profile(mutes))

    assert digest is not None
    assert not digest.personal


def test_a_phrase_counts_whole_before_in_pieces():
    """`graph neural network` as a phrase beats its words apart; a shared pair alone stays below the floor."""
    whole = Paper(key="a", title="A graph neural network for roads")
    pieces = Paper(key="b", title="A neural network for roads")
    apart = Paper(key="c", title="Networks for a neural graph")
    window = Window([edition_of(1, [whole, pieces, apart])], BACKGROUND)
    matches = window.explain(profile(("keyword", "graph neural networks")))

    assert [match.paper.key for match in matches] == ["a", "c", "b"]
    assert matches[0].pick.reason == "matches graph neural networks"
    assert matches[1].pick.reason == "matches graph, neural and network"
    assert matches[2].pick.reason == "matches neural network"
    assert [match.passes for match in matches][0::2] == [True, False]


def test_a_common_keyword_still_reaches_the_floor():
    """Who names a word that half of all papers hold gets the papers that hold it."""
    papers = [Paper(key=str(number), title="learning", abstract="learning " + "word " * 300) for number in range(9)]
    window = Window([edition_of(1, papers)], Background.fit(papers))

    assert window.digest(profile(("keyword", "learning"))).matched == 9


def test_a_followed_author_is_found_by_the_exact_name():
    """Accents, case and `Last, First` do not count; another first name does."""
    papers = [
        Paper(key="a", title="One", authors=("Zoë Müller",)),
        Paper(key="b", title="Two", authors=("Zac Müller",)),
    ]
    digest = Window([edition_of(1, papers)], BACKGROUND).digest(profile(("author", "Muller, Zoe")))

    assert [(pick.paper_key, pick.reason) for pick in picks_of(digest)] == [("a", "by Zoë Müller, whom you follow")]


def test_a_named_topic_is_named_in_the_reason():
    """A match that came by an operator's topic says so."""
    wanted = Profile(
        (
            Interest(InterestKind.KEYWORD, "KV cache", "Efficient inference"),
            Interest(InterestKind.KEYWORD, "draft model", "Efficient inference"),
        )
    )
    reasons = {pick.reason for pick in picks_of(WINDOW.digest(wanted))}

    assert any(reason.startswith("matches Efficient inference: ") and "KV cache" in reason for reason in reasons)


def test_a_seed_brings_its_like():
    """An example paper brings papers of its theme first, and the reason names it."""
    seed = made("robots", 77)
    window = Window(EDITIONS, BACKGROUND, {seed.arxiv_id: seed})
    matches = window.explain(profile(("seed", f"https://arxiv.org/abs/{seed.arxiv_id}v1")), 6)

    assert {match.paper.categories for match in matches} == {("cs.RO",)}
    assert all(seed.arxiv_id in match.pick.reason for match in matches)


def test_an_unknown_seed_alone_counts_as_no_interest():
    """A reader whose examples are not known here gets the most noticed papers rather than nothing."""
    assert WINDOW.digest(profile(("seed", "1901.00001"))).personal is False


def test_being_noticed_never_passes_the_floor_alone():
    """However many upvotes, a paper that answers no interest is not in a personal digest."""
    loud = Paper(key="z", title="Unrelated", upvotes=100_000, comments=900)
    window = Window([edition_of(1, [loud])], BACKGROUND)

    assert window.digest(profile(("keyword", "tumour"), floor=0.0)) is None
    assert Profile().floor > POPULARITY


def test_being_noticed_orders_what_is_alike():
    """Of two papers with the same words the noticed one comes first."""
    quiet, loud = made("graphs", 3), made("graphs", 3, upvotes=50)
    facts = {"title": loud.title, "abstract": loud.abstract, "categories": loud.categories}
    papers = [quiet, Paper(key="9999.00001", upvotes=50, **facts)]
    picks = picks_of(Window([edition_of(1, papers)], BACKGROUND).digest(profile(("keyword", "graph"))))

    assert [pick.paper_key for pick in picks] == ["9999.00001", quiet.key]


def test_mutes_need_whole_words():
    """Muting `MR` does not mute `MRI`, muting `agent` mutes `agents`."""
    papers = [
        Paper(key="a", title="MRI scans"),
        Paper(key="b", title="LLM agents"),
        Paper(key="c", title="x", keywords=("agents",)),
    ]
    digest = Window([edition_of(1, papers)], BACKGROUND).digest(profile(("mute", "MR"), ("mute", "agent")))

    assert [pick.paper_key for pick in picks_of(digest)] == ["a"]


def test_a_phrase_is_not_found_across_title_and_abstract():
    """The end of a title and the start of an abstract are not one phrase."""
    paper = Paper(key="a", title="On speech", abstract="Recognition of birds", keywords=("one", "two"))
    matches = Window([edition_of(1, [paper])], BACKGROUND).explain(profile(("keyword", "speech recognition")))

    assert [match.pick.reason for match in matches] == ["matches speech and recognition"]


def test_an_archive_stands_for_its_categories():
    """`cs` is followed as all of cs, primary before cross-listed."""
    digest = WINDOW.digest(profile(("category", "cs"), max_papers=30, max_per_topic=30))
    values = {part.value for pick in picks_of(digest) for part in pick.parts if part.kind == "category"}

    assert digest.matched == len(PAPERS)
    assert len(values) == 2


def test_the_most_noticed_of_each_topic_is_called_so_once():
    """Without interests each topic leads with its most noticed paper, and Other comes last."""
    digest = WINDOW.digest(Profile(max_papers=30))
    for section in digest.sections:
        firsts = [pick.reason.startswith("most noticed") for pick in section.picks if "noticed" in pick.reason]
        assert firsts == [True] + [False] * (len(firsts) - 1)

    assert "Other" not in [section.label for section in digest.sections[:-1]]


def test_without_figures_the_central_papers_come():
    """Where no source has figures, the reason claims none."""
    papers = day_of(4)
    digest = Window([edition_of(1, papers, group(papers, BACKGROUND))], BACKGROUND).digest(Profile())

    assert all(pick.reason.startswith(("central to ", "one of the day's")) for pick in picks_of(digest))


def test_topics_of_the_same_name_are_one_section():
    """Several editions are read as one, under the labels they share."""
    one, two = made("graphs", 1), made("graphs", 2)
    label = "Graph Neural Networks"
    editions = [
        edition_of(number, [paper], [Topic("g", label, (), (paper.key,))]) for number, paper in ((1, one), (2, two))
    ]
    digest = Window(editions, BACKGROUND).digest(profile(("keyword", "graph")))

    assert [(section.label, len(section.picks)) for section in digest.sections] == [(label, 2)]
    assert (digest.edition_id, digest.since.day, digest.day.day) == (2, 1, 2)


@pytest.mark.parametrize("editions", [(), (edition_of(1, []),)])
def test_an_empty_window_has_no_digest(editions):
    """Nothing new is nothing to send, with or without interests."""
    window = Window(editions, BACKGROUND)

    assert window.digests([Profile(), profile(("keyword", "x"))]) == [None, None]
    assert window.explain(profile(("keyword", "x"))) == ()


def test_explain_shows_the_picks_of_the_digest():
    """What `topics try` shows is what the mail brings, with the same scores; only variety may leave some out."""
    wanted = profile(("keyword", "speech"), ("text", "robots that grasp"), max_papers=5, max_per_topic=99)
    shown = [match.pick for match in WINDOW.explain(wanted, 50)]
    brought = sorted(picks_of(WINDOW.digest(wanted)), key=lambda pick: (-pick.score, pick.paper_key))

    assert len(brought) == 5
    assert brought[0] == shown[0]
    assert all(pick in shown for pick in brought)


def test_matching_does_not_depend_on_who_came_before():
    """A window keeps what it looked up; a later profile gets what it would have got first."""
    many = [profile(("keyword", theme)) for theme in THEMES]
    fresh = [Window(EDITIONS, BACKGROUND).digest(one) for one in many]
    used = Window(EDITIONS, BACKGROUND)
    for one in random.Random(5).sample(many, len(many)):
        used.digest(one)

    assert [used.digest(one) for one in many] == fresh
