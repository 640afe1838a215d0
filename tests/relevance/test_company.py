"""What one reader's digest owes to nobody else, and to their own votes and limits."""

from dataclasses import replace

import pytest

from newsletter.models import Interest, InterestKind, Paper, Profile
from newsletter.relevance.features import Background
from newsletter.relevance.matching import Window
from tests.relevance.corpus import THEMES, day_of, edition_of, made, own_of, picks_of, profile, unrelated

PAPERS = [made(theme, number, upvotes=number) for theme in THEMES for number in range(6)]
BACKGROUND = Background.fit([*day_of(6, start=20), *unrelated(200)])


def fresh(seeds=()) -> Window:
    return Window([edition_of(1, PAPERS)], BACKGROUND, {paper.key: paper for paper in seeds})


@pytest.mark.parametrize(
    ("kind", "mine", "theirs"),
    [("keyword", "speech recognition", "SPEECH-recognitions!"), ("category", "cs.RO", "CS ro")],
)
def test_a_reason_is_in_the_readers_own_words(kind, mine, theirs):
    """Who asked the window first, and how they wrote it, shows in nobody else's mail."""
    window = fresh()
    _other, digest = window.digests([profile((kind, theirs)), profile((kind, mine))])

    assert digest == fresh().digest(profile((kind, mine)))
    assert all(mine in pick.reason for pick in own_of(digest))


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_a_digest_never_holds_more_than_asked_for(most):
    """The paper from beyond the interests takes a place, and where there are few places there is none."""
    for reader in map(str, range(8)):
        wanted = profile(("keyword", "speech"), max_papers=most, reader=reader)
        assert len(picks_of(fresh().digest(wanted))) <= most


def test_a_paper_that_was_voted_against_stays_out():
    """Whatever else speaks for it."""
    wanted = profile(("keyword", "speech"), ("category", "cs"), max_papers=99, max_per_topic=99)
    first = own_of(fresh().digest(wanted))[0].paper_key
    against = replace(wanted, interests=(*wanted.interests, Interest(InterestKind.DISLIKED, first)))

    assert first not in {pick.paper_key for pick in picks_of(fresh().digest(against))}
    assert first not in fresh().ranking(against)


def test_a_liked_paper_without_an_id_is_called_by_its_title():
    """Keys are for the database."""
    liked = replace(made("robots", 40), key="title:gripping things", arxiv_id=None)
    digest = fresh([liked]).digest(Profile((Interest(InterestKind.LIKED, liked.key),)))
    reasons = [pick.reason for pick in own_of(digest)]

    assert reasons
    assert not any("title:" in reason for reason in reasons)
    assert any("which you liked" in reason and "“" in reason for reason in reasons)


def test_many_likes_bring_no_less_than_a_few():
    """A reader's own papers in the background are not what is usual."""
    liked = [made(theme, 20 + number) for theme in THEMES for number in range(6)]
    brought = []
    for number in (6, len(liked)):
        votes = tuple(Interest(InterestKind.LIKED, paper.key) for paper in liked[:number])
        digest = fresh(liked).digest(Profile(votes, max_papers=99, max_per_topic=99))
        brought.append(0 if digest is None else digest.matched)

    assert brought[1] >= brought[0] > 0


def test_a_category_is_one_however_it_is_written():
    """Said twice it does not count twice."""
    once, twice = fresh().digests(
        [profile(("category", "cs.RO")), profile(("category", "cs.RO"), ("category", "cs ro"))]
    )

    assert [pick.score for pick in picks_of(once)] == [pick.score for pick in picks_of(twice)]


def test_a_pasted_title_of_two_words_counts():
    """What the roster accepts as an example is one here."""
    found = fresh().digest(profile(("seed", "Speech-to-text recognition")))

    assert found is not None
    assert found.personal


def test_line_breaks_in_links_and_categories_shift_nothing():
    """Each paper of the background keeps its own marks."""
    odd = Paper(key="x", title="Odd", project_url="https://a.example/x\nhttps://b.example/y", categories=("cs.CL\n",))
    background = Background.fit([odd, *day_of(2)])

    assert len(background.marks) == background.size
    assert background.marks[-1][0] == ("cs.CL",)
