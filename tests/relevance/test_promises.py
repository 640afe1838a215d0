"""What a digest promises to every reader, whatever they want: held against many profiles."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import InterestKind, Paper
from newsletter.relevance.features import Background
from newsletter.relevance.interests import person
from newsletter.relevance.matching import Window
from newsletter.relevance.reasons import UNNAMED
from newsletter.relevance.topics import group
from newsletter.relevance.words import passages, tokenise
from tests.relevance.corpus import THEMES, beyond_of, day_of, edition_of, made, own_of, picks_of, profiles, unrelated

PAPERS = [
    made(theme, number, upvotes=(number * 7) % 40, comments=number % 3) for theme in THEMES for number in range(6)
]
BACKGROUND = Background.fit([*day_of(6, start=20), *unrelated(150)])
EDITIONS = (
    edition_of(1, PAPERS[:18], group(PAPERS[:18], BACKGROUND)),
    edition_of(2, PAPERS[18:], group(PAPERS[18:], BACKGROUND)),
)
SEEDS = {paper.key: paper for paper in [*day_of(1, start=77), *unrelated(3)]}
WINDOW = Window(EDITIONS, BACKGROUND, SEEDS)
WORDLESS = [Paper(key="w1", title=""), Paper(key="w2", title="$x$ !!!", categories=("cs.CL",), upvotes=3)]
FIRST_DAY = Window([edition_of(1, [*PAPERS, *WORDLESS])], Background.fit([]), {**SEEDS, "1901.00001": WORDLESS[0]})
BY_KEY = {paper.key: paper for paper in PAPERS}
TOPICS = {key: topic.label for edition in EDITIONS for topic in edition.topics for key in topic.paper_keys}


def read(paper):
    return [tokenise(passage) for passage in passages(paper)]


def holds(paper, phrase):
    words = tokenise(phrase)
    return any(text[at : at + len(words)] == words for text in read(paper) for at in range(len(text)))


@settings(max_examples=30)
@given(profiles)
def test_parts_sum_to_the_score_and_every_pick_has_its_reason(wanted):
    """A score is nothing but its parts, also beyond the interests, and a reason is never empty."""
    digest = WINDOW.digest(wanted)
    for pick in picks_of(digest) if digest else ():
        assert math.isclose(sum(part.value for part in pick.parts), pick.score, abs_tol=1e-9)
        assert pick.reason
        assert all(part.value > 0 and part.because for part in pick.parts)


@settings(max_examples=30)
@given(profiles)
def test_limits_floor_and_counts_hold(wanted):
    """Never more of the reader's own papers than asked for, none twice, none below the floor without popularity."""
    digest = WINDOW.digest(wanted)
    if digest is None:
        return
    own = own_of(digest)

    assert len({pick.paper_key for pick in picks_of(digest)}) == len(picks_of(digest))
    assert 0 < len(own) <= min(wanted.max_papers, digest.matched)
    assert all(0 < len(section.picks) <= wanted.max_per_topic for section in digest.sections)
    assert digest.matched <= digest.considered == len(PAPERS)
    if digest.personal:
        relevance = [sum(part.value for part in pick.parts if part.kind != "popularity") for pick in own]
        assert all(value >= wanted.floor - 1e-8 and value > 0 for value in relevance)


@settings(max_examples=30)
@given(profiles)
def test_beyond_the_interests_is_one_paper_that_does_not_answer_them(wanted):
    """Only for a named reader who wants it; of none of those that reach the floor, and nothing else gives way to it."""
    digest = WINDOW.digest(wanted)
    plain = WINDOW.digest(replace(wanted, discovery=False))
    every = WINDOW.digest(replace(wanted, discovery=False, max_papers=99, max_per_topic=99))
    if digest is None:
        assert plain is None
        return
    beyond = [pick.paper_key for pick in beyond_of(digest)]
    kept, before = own_of(digest), own_of(plain)

    assert len(beyond) <= (1 if wanted.discovery and wanted.reader and digest.personal else 0)
    assert not {*beyond} & {pick.paper_key for pick in picks_of(every)}
    assert picks_of(digest) == [*kept, *beyond_of(digest)]
    assert len(before) - len(kept) <= len(beyond)
    assert all(pick in before for pick in kept)


@settings(max_examples=30)
@given(profiles)
def test_what_is_muted_never_appears(wanted):
    """A muted phrase, category or topic excludes a paper whatever speaks for it, also from beyond the interests."""
    mutes = [one.value for one in wanted.interests if one.kind is InterestKind.MUTE]
    topics = {one.value.casefold() for one in wanted.interests if one.kind is InterestKind.MUTED_TOPIC}
    digest = WINDOW.digest(wanted)
    for pick in picks_of(digest) if digest else ():
        paper = BY_KEY[pick.paper_key]
        assert not any(holds(paper, mute) for mute in mutes if tokenise(mute))
        assert not set(mutes) & set(paper.categories)
        assert TOPICS[paper.key].casefold() not in topics


@settings(max_examples=30)
@given(profiles)
def test_a_reason_is_true_of_its_paper(wanted):
    """Every term named occurs in the paper, every author wrote it, every category is its own, every example is theirs."""
    examples = [one.value for one in wanted.interests if one.kind in {InterestKind.SEED, InterestKind.LIKED}]
    digest = WINDOW.digest(wanted)
    for pick in picks_of(digest) if digest else ():
        paper = BY_KEY[pick.paper_key]
        for part in pick.parts:
            if part.kind in {"terms", "text"} and part.because != UNNAMED:
                assert all(holds(paper, term) for term in part.because.replace(" and ", ", ").split(", "))
            elif part.kind == "author":
                assert person(part.because) in {person(author) for author in paper.authors}
            elif part.kind == "category":
                assert any(own == part.because or own.split(".")[0] == part.because for own in paper.categories)
            elif part.kind == "seed":
                name = part.because.split("like ")[-1].split("close to ")[-1].strip("“”")
                assert any(name in example for example in examples)


@settings(max_examples=12)
@given(profiles, st.randoms(use_true_random=False))
def test_the_same_inputs_in_any_order_give_the_same_digest(wanted, chance):
    """Editions, papers and interests are sets to the matching."""
    shuffled = replace(wanted, interests=tuple(chance.sample(wanted.interests, len(wanted.interests))))
    editions = [
        replace(edition, papers=tuple(chance.sample(edition.papers, len(edition.papers)))) for edition in EDITIONS[::-1]
    ]

    assert repr(Window(editions, BACKGROUND, SEEDS).digest(shuffled)) == repr(WINDOW.digest(wanted))


@settings(max_examples=12)
@given(st.lists(profiles, max_size=4))
def test_many_at_once_get_what_each_gets_alone(many):
    """A batch changes nobody's digest."""
    assert WINDOW.digests(many) == [WINDOW.digest(one) for one in many]


@settings(max_examples=20)
@given(profiles)
def test_without_usable_interests_there_is_always_something(wanted):
    """Only mutes, or only votes against papers, leave a reader with the most noticed of the others."""
    mutes = tuple(one for one in wanted.interests if one.kind is InterestKind.MUTE)
    dislikes = tuple(one for one in wanted.interests if one.kind is InterestKind.DISLIKED)
    for unwanted in (mutes, dislikes, ()):
        digest = WINDOW.digest(replace(wanted, interests=unwanted))

        assert digest is not None
        assert not digest.personal
        assert not beyond_of(digest)


@settings(max_examples=8)
@given(st.lists(profiles, min_size=1, max_size=4))
def test_on_the_first_day_everybody_has_a_digest_or_none(many):
    """Without a background, and with papers that hold no words, nothing breaks and parts still sum."""
    for digest in FIRST_DAY.digests(many):
        for pick in picks_of(digest) if digest else ():
            assert math.isclose(sum(part.value for part in pick.parts), pick.score, abs_tol=1e-9)
            assert pick.reason
