"""What the last days would have brought: the same window, the same matching, nothing written."""

from datetime import timedelta

import pytest

from newsletter import steps
from newsletter.errors import PaperboyError
from newsletter.models import Interest, InterestKind, Profile
from newsletter.steps.trial import Trial, suggest, trial
from tests.steps.conftest import FRIDAY, at, capture, paper


def wanting(*wanted: tuple[str, str], **limits) -> Profile:
    """A profile of (kind, value) pairs."""
    return Profile(tuple(Interest(InterestKind(kind), value) for kind, value in wanted), **limits)


def tried(newsroom, *wanted: tuple[str, str], days: int = 7, **limits) -> Trial:
    """The trial of a profile."""
    return trial(newsroom.database, wanting(*wanted, **limits), newsroom.settings, days=days)


@pytest.fixture
def two_days(newsroom):
    """Editions of Thursday and Friday, eight papers each."""
    for day, first in ((FRIDAY - timedelta(days=1), 8), (FRIDAY, 16)):
        newsroom.collect(capture(*(paper(number) for number in range(first, first + 8)), day=day), day=day)
        steps.compose(newsroom.database, settings=newsroom.settings, day=day, now=at(day))
    return newsroom


def keys(matches) -> set[str]:
    return {match.paper.key for match in matches}


def test_a_trial_covers_the_days_that_were_asked_for(two_days):
    """Counted back from the newest edition; what passes is about the interest, and its parts sum to the score."""
    week, day = tried(two_days, ("keyword", "robot grasping")), tried(two_days, ("keyword", "robot grasping"), days=1)

    assert (week.days, week.considered) == ((FRIDAY - timedelta(days=1), FRIDAY), 16)
    assert (day.days, day.considered) == ((FRIDAY,), 8)
    assert keys(week.passing) == {"2611.00010", "2611.00014", "2611.00018", "2611.00022"}
    assert keys(day.passing) == {"2611.00018", "2611.00022"}
    for match in week.matches:
        assert abs(sum(part.value for part in match.pick.parts) - match.pick.score) < 1e-9


def test_an_interest_that_nothing_answers_is_idle(two_days):
    """An unknown word, and an example paper that nobody knows; what is muted is never called idle."""
    found = tried(two_days, ("keyword", "robot grasping"), ("keyword", "phlogiston"), ("seed", "1901.00001"),
                  ("mute", "caloric"))  # fmt: skip

    assert [one.value for one in found.idle] == ["phlogiston", "1901.00001"]


def test_what_is_muted_is_named_with_each_mute_that_does_it(two_days):
    """Only papers that would have come; a mute that changes nothing is not named."""
    found = tried(two_days, ("keyword", "robot grasping"), ("mute", "part 10"), ("mute", "grasping robot"),
                  ("mute", "case 10"), ("mute", "video diffusion"))  # fmt: skip
    muted = {one.match.paper.key: [by.value for by in one.by] for one in found.muted}

    assert muted == {"2611.00010": ["part 10", "case 10"]}
    assert keys(found.passing) == {"2611.00014", "2611.00018", "2611.00022"}


def test_all_that_is_wanted_may_be_muted(two_days):
    """Then nothing comes, and the trial says what would have."""
    found = tried(two_days, ("keyword", "robot grasping"), ("mute", "cs"))

    assert found.matches == ()
    assert found.personal
    assert len(found.muted) == 4


def test_a_profile_without_interests_has_the_most_noticed_papers(two_days):
    """As the digest would: the mail to somebody who wants nothing in particular."""
    found = tried(two_days, ("mute", "video diffusion"), max_papers=5)

    assert not found.personal
    assert len(found.passing) == len(found.matches) == 5
    assert not any("video" in match.paper.title for match in found.matches)


def test_a_pasted_title_of_a_known_paper_brings_its_like(two_days):
    """It is found in the database and counts as that paper."""
    found = tried(two_days, ("seed", "A study of Robot Grasping: part 10"), floor=0.0)
    known = tried(two_days, ("seed", "2611.00010"), floor=0.0)

    assert [match.paper.key for match in found.matches] == [match.paper.key for match in known.matches]
    assert found.matches[0].paper.key == "2611.00010"
    assert found.idle == ()


def test_without_an_edition_nothing_can_be_tried(newsroom):
    """One sentence says what to do, for trials and suggestions."""
    with pytest.raises(PaperboyError, match="no edition to try it on yet; `paperboy run`"):
        tried(newsroom, ("keyword", "robots"))
    with pytest.raises(PaperboyError, match="no papers to find them in yet; `paperboy run`"):
        suggest(newsroom.database, wanting(("keyword", "robots")).interests, newsroom.settings)


def test_suggestions_say_how_many_papers_they_come_from(two_days):
    """A corpus of sixteen papers knows no related terms."""
    found = suggest(two_days.database, wanting(("keyword", "robot grasping")).interests, two_days.settings)

    assert (found.papers, found.terms) == (16, ())
