"""Editions x profile: the cut, its reasons, its limits."""

import random
from dataclasses import replace

import pytest

from newsletter.models import Interest, InterestKind, Paper, Profile, Topic
from newsletter.relevance.features import Background
from newsletter.relevance.matching import Window
from newsletter.relevance.telling import POPULARITY
from newsletter.relevance.topics import group
from tests.relevance.corpus import THEMES, beyond_of, day_of, edition_of, made, own_of, pasted, picks_of, profile

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
    """A window keeps what it looked up; a later profile gets what it would have got first, also when it forgot."""
    many = [profile(("keyword", theme), ("liked", PAPERS[7].key)) for theme in THEMES]
    fresh = [Window(EDITIONS, BACKGROUND).digest(one) for one in many]
    used = Window(EDITIONS, BACKGROUND)
    for one in random.Random(5).sample(many, len(many)):
        used.digest(one)

    assert [used.digest(one) for one in many] == fresh
    used.digest(profile(*(("author", f"Nobody Number{number}") for number in range(5_001))))
    assert [used.digest(one) for one in many] == fresh


# ---- votes ---------------------------------------------------------------------------------------------------------


def test_a_liked_paper_counts_like_an_example():
    """A vote for a paper brings what naming it brings, and says so."""
    liked, named = (WINDOW.explain(profile((kind, PAPERS[14].key))) for kind in ("liked", "seed"))

    assert [match.pick.parts for match in liked] == [match.pick.parts for match in named]
    assert {match.pick.reason.replace("which you liked", "which you named") for match in liked} == {
        match.pick.reason for match in named
    }


def test_a_liked_paper_without_an_arxiv_id_is_known_by_its_key():
    """What a vote is about is looked up by key, and need not be in the window."""
    key = "title:holding things"
    held = replace(made("robots", 77), key=key, arxiv_id=None)
    matches = Window(EDITIONS, BACKGROUND, {key: held}).explain(profile(("liked", key)), 3)

    assert [match.paper.categories for match in matches] == [("cs.RO",)] * 3


def test_a_vote_against_a_paper_takes_off_and_never_adds():
    """Of what a reader wants nothing is worth more for it, and what is close to it is worth less."""
    wanted = (("liked", made("robots", 77).key), ("keyword", "speech recognition"))
    window = Window(EDITIONS, BACKGROUND, {paper.key: paper for paper in day_of(1, start=77)})
    before = {match.paper.key: match.pick.score for match in window.explain(profile(*wanted), 99)}
    voted = window.explain(profile(*wanted, ("disliked", PAPERS[14].key)), 99)
    after = {match.paper.key: match.pick.score for match in voted}

    assert {*after} <= {*before}
    assert all(after[key] <= before[key] for key in after)
    assert after.get(PAPERS[14].key, 0.0) < before[PAPERS[14].key]


@pytest.mark.parametrize("kind", ["liked", "disliked"])
def test_an_older_vote_moves_a_digest_less(kind):
    """The smaller a vote's weight beside another example, the nearer its papers are to what they were without it."""
    wanted = profile(("liked", PAPERS[0].key), ("liked", PAPERS[25].key)).interests

    def score(*votes):
        matches = WINDOW.explain(Profile((*wanted, *votes)), 99)
        return sum(match.pick.score for match in matches if "eess.AS" in match.paper.categories)

    without, old, new = score(), *(score(Interest(InterestKind(kind), PAPERS[27].key, weight=w)) for w in (0.2, 1.0))

    assert without < old < new if kind == "liked" else without > old > new


def test_a_reader_with_only_votes_against_papers_gets_others():
    """The most noticed papers, without those like what they do not want."""
    window = Window([edition_of(1, PAPERS)], BACKGROUND)
    everything = Profile(max_papers=99, max_per_topic=99)
    digest = window.digest(replace(everything, interests=profile(("disliked", PAPERS[14].key)).interests))
    there = {pick.paper_key for pick in picks_of(digest)}

    assert PAPERS[14].key not in there
    assert {pick.paper_key for pick in picks_of(window.digest(everything))} > there
    assert {paper.key for paper in PAPERS if "cs.RO" not in paper.categories} <= there


def test_a_pasted_text_is_an_example_of_its_own():
    """Title and abstract bring what the paper itself brings."""
    paper = made("speech", 77)
    window = Window(EDITIONS, BACKGROUND, {paper.key: paper})
    matches = [window.explain(profile(("seed", value))) for value in (pasted(paper), paper.key)]
    keys = [{match.paper.key for match in found} for found in matches]

    assert keys[0] == keys[1] == {paper.key for paper in PAPERS if "eess.AS" in paper.categories}


@pytest.mark.parametrize("label", ["Robots", "ROBOTS", "Other"])
def test_a_muted_topic_is_gone(label):
    """Its papers come neither for an interest nor for being noticed; case does not count, and Other is a topic too."""
    papers = [made("robots", number, upvotes=90) for number in range(4)]
    topic = Topic("robots", label.title(), (), tuple(paper.key for paper in papers))
    window = Window([edition_of(1, papers, [topic])], BACKGROUND)

    assert window.digest(profile(("muted_topic", label))) is None
    assert window.digest(profile(("muted_topic", label), ("keyword", "robot"))) is None
    assert window.ranking(profile(("muted_topic", label), ("liked", papers[0].key))) == ()
    assert window.digest(profile(("muted_topic", "Robot"), ("keyword", "robot"))).matched == 4


# ---- beyond the interests ------------------------------------------------------------------------------------------


def test_a_full_digest_of_three_or_more_gives_its_last_place():
    """One paper from beyond the interests, in the place of the reader's last one."""
    wanted = profile(("keyword", "speech recognition"), max_papers=3)
    before, digest = WINDOW.digest(wanted), WINDOW.digest(replace(wanted, reader="ada"))

    assert len(picks_of(before)) == 3
    assert own_of(digest) == picks_of(before)[:2]
    assert len(beyond_of(digest)) == 1
    assert "outside what you follow" in beyond_of(digest)[0].reason


def test_beyond_the_interests_holds_nothing_like_what_was_voted_against():
    """Whoever voted against a theme is not shown it as a discovery, whatever the reader's name."""
    against = {paper.key for paper in PAPERS if "cs.RO" in paper.categories}
    wanted = profile(("keyword", "speech recognition"), ("disliked", PAPERS[14].key))
    digests = WINDOW.digests([replace(wanted, reader=f"reader {number}") for number in range(60)])
    shown = {pick.paper_key for digest in digests for pick in beyond_of(digest)}

    assert shown
    assert not shown & against


@pytest.mark.parametrize(("kind", "value"), [("mute", "MRI"), ("mute", "eess.IV"), ("muted_topic", "Scans")])
def test_what_is_muted_is_not_beyond_the_interests_either(kind, value):
    """Muted words, categories and topics come to no reader as a discovery, though others get them."""
    scans = [paper for paper in PAPERS if "eess.IV" in paper.categories]
    topic = Topic("scans", "Scans", (), tuple(paper.key for paper in scans))
    window = Window([edition_of(1, PAPERS, [topic])], BACKGROUND)
    wanted = profile(("keyword", "speech recognition"))

    def shown(*more):
        interests = (*wanted.interests, *more)
        many = [replace(wanted, interests=interests, reader=f"reader {number}") for number in range(40)]
        return {pick.paper_key for digest in window.digests(many) for pick in beyond_of(digest)}

    assert shown() & {paper.key for paper in scans}
    assert not shown(Interest(InterestKind(kind), value)) & {paper.key for paper in scans}
