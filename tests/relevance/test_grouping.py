"""Themes of the background, and a day's groups cut from their tree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.themes import Themes, fit_themes
from newsletter.relevance.topics import bounds, cluster, group
from newsletter.relevance.tree import cut, largest, settle
from tests.relevance.corpus import THEMES, day_of, made

POOL = [*day_of(12), Paper(key="empty", title=""), Paper(key="tex", title="$\\alpha$")]
BACKGROUND = Background.fit(POOL)
DAY = sorted(day_of(8, start=100), key=lambda paper: paper.key)


def together(groups):
    """Which pairs of rows stand together."""
    return np.equal.outer(groups, groups)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(DAY + POOL), unique=True, max_size=60), st.integers(1, 12))
def test_a_clustering_is_a_partition_numbered_from_0_with_at_most_the_groups_asked_for(papers, number):
    """Every paper has one group; numbers have no gaps; no group is above 30 % of a day of 30 and more where it can."""
    groups = cluster(BACKGROUND.vectors(papers), BACKGROUND, number)

    assert len(groups) == len(papers)
    assert sorted(set(groups.tolist())) == list(range(len(set(groups.tolist()))))
    assert len(set(groups.tolist())) <= number
    if papers and number * largest(len(papers)) > len(papers) and len(set(groups.tolist())) > 3:
        assert np.bincount(groups).max() <= largest(len(papers))


@settings(max_examples=30)
@given(st.permutations(range(len(DAY))))
def test_who_stands_together_does_not_depend_on_the_order(order):
    """The same papers in another order are grouped alike."""
    groups = cluster(BACKGROUND.vectors(DAY), BACKGROUND)
    turned = cluster(BACKGROUND.vectors([DAY[number] for number in order]), BACKGROUND)

    assert (together(groups)[np.ix_(order, order)] == together(turned)).all()


@settings(max_examples=40)
@given(st.integers(0, len(DAY) - 1))
def test_a_paper_less_leaves_the_others_where_they_were(missing):
    """Of the pairs that are left at least nine in ten stand as before."""
    rest = [paper for number, paper in enumerate(DAY) if number != missing]
    before = np.delete(np.delete(together(cluster(BACKGROUND.vectors(DAY), BACKGROUND)), missing, 0), missing, 1)

    assert (before == together(cluster(BACKGROUND.vectors(rest), BACKGROUND))).mean() >= 0.9


@settings(max_examples=25)
@given(st.lists(st.sampled_from(DAY + POOL), unique=True, min_size=30, max_size=60))
def test_no_topic_takes_more_than_30_percent_of_a_day(papers):
    """From 30 papers on, whatever the day is about; what has no room is Other."""
    topics = group(papers, BACKGROUND)

    assert all(len(topic.paper_keys) <= largest(len(papers)) for topic in topics if topic.kind == "found")


def test_a_day_of_one_theme_is_parted_all_the_same():
    """Forty papers of one field do not make one heading."""
    topics = group([made("speech", number) for number in range(40)], BACKGROUND)

    assert max(len(topic.paper_keys) for topic in topics if topic.kind == "found") <= 12


@pytest.mark.parametrize("papers", [0, 1, 2, 5])
def test_a_small_day_is_grouped_without_ado(papers):
    """Nothing, one paper, and a few: each in exactly one topic."""
    topics = group(DAY[:papers], BACKGROUND)

    assert sorted(key for topic in topics for key in topic.paper_keys) == [paper.key for paper in DAY[:papers]]


@pytest.mark.parametrize("past", [[], POOL[:1], POOL[:3], [Paper(key="empty", title="")] * 5])
def test_without_a_past_there_are_no_themes_and_one_group(past):
    """A background of next to nothing knows no themes."""
    background = Background.fit(past)

    assert set(cluster(background.vectors(DAY), background).tolist()) == {0}


def test_papers_of_a_theme_are_grouped_together():
    """As many groups as themes, and none of two."""
    groups = cluster(BACKGROUND.vectors(DAY), BACKGROUND, len(THEMES))
    themes = [paper.key[5:7] for paper in DAY]

    assert len(set(zip(themes, groups.tolist(), strict=True))) == len(THEMES)


@given(st.integers(0, 5_000))
def test_the_number_of_groups_fits_the_day(papers):
    """Never more than 20, never more than the day bears, and the fewest are at most the most."""
    least, most = bounds(papers)

    assert 0 <= least <= most <= 20
    assert papers < 60 or 4 <= least <= 6


def test_a_split_that_explains_little_is_not_made():
    """Between the fewest and the most, a further group must be worth it."""
    points = np.array([[1.0, 0.0], [0.999, 0.0447], [0.0, 1.0], [0.0447, 0.999]])
    leaves, tree = np.arange(4), np.array([[0, 1], [2, 3], [4, 5]], np.int32)

    assert cut(points, leaves, tree, least=1, most=4, worth=0.1).tolist() == [0, 0, 1, 1]
    assert cut(points, leaves, tree, least=1, most=4, worth=0.0).tolist() == [0, 1, 2, 3]
    assert cut(points, leaves, tree, least=3, most=3, worth=0.1).max() == 2


def test_the_tree_is_opened_past_themes_without_a_paper_that_day():
    """A node whose papers are all on one side is no split."""
    points, tree = np.eye(2), np.array([[0, 1], [2, 3], [4, 5]], np.int32)

    assert cut(points, np.array([0, 1]), tree, least=2, most=2).tolist() == [0, 1]


def test_settling_moves_a_paper_to_the_group_it_is_nearest_to():
    """A paper that the background put with others goes to its like."""
    points = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])

    assert settle(points, np.array([0, 0, 0, 1, 1])).tolist() == [0, 0, 1, 1, 1]


def test_a_full_group_keeps_its_nearest():
    """Forty points of one kind and twenty of another share three groups of at most eighteen, or as near as that goes."""
    near = np.linspace(0.0, 0.3, 60)
    points = np.column_stack([np.cos(near), np.sin(near)])
    groups = settle(points, np.repeat([0, 1, 2, 3], [45, 5, 5, 5]))

    assert np.bincount(groups).max() <= largest(60)


def test_themes_are_the_same_for_the_same_papers_and_few():
    """Two fits agree byte for byte; there are never more than 64 themes."""
    rows = BACKGROUND.latent(BACKGROUND.vectors(POOL * 3))
    one, two = fit_themes(rows), fit_themes(rows.copy())

    assert all(one[name].tobytes() == two[name].tobytes() for name in one)
    assert len(Themes.of(one).centres) <= 64
    assert len(one["theme_tree"]) == len(one["theme_centres"]) - 1
