"""Which days are asked for again, and what a run for a day in the past reads and composes."""

from datetime import date, timedelta

import pytest

from newsletter import steps
from newsletter.errors import SourceUnavailable
from newsletter.steps.collect import days_to_ask
from tests.steps.conftest import FRIDAY, at, capture, paper, trouble

MONDAY = FRIDAY + timedelta(days=3)
TUESDAY = FRIDAY + timedelta(days=4)
CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG")


def feeds(day: date, *, but: tuple[str, ...] = (), number: int = 0) -> list:
    """arXiv's feeds of a day; those in `but` did not answer."""
    read = [
        capture(paper(number + place), day=day, source="arxiv", name=name)
        for place, name in enumerate(CATEGORIES)
        if name not in but
    ]
    return read + [
        trouble(SourceUnavailable("arxiv: no answer", source="arxiv", listing=name), day=day) for name in but
    ]


def test_a_day_on_which_only_the_ranking_answered_is_asked_for_again(newsroom):
    """Hugging Face's trending list says nothing of what the daily lists of broken days held."""
    newsroom.collect(capture(paper(1)))
    down = SourceUnavailable("huggingface: no answer", source="huggingface", listing="daily")
    for day in (MONDAY, TUESDAY):
        ranking = capture(paper(1), day=day, name="trending", dated=False)
        newsroom.collect(trouble(down, day=day), ranking, day=day)
    newsroom.collect(capture(paper(2), day=TUESDAY), day=TUESDAY + timedelta(days=1))

    assert newsroom.asked[-1]["days"]["huggingface"][0] == FRIDAY


def test_a_category_that_was_broken_for_a_day_is_asked_for_that_day_again(newsroom):
    """The other categories' feeds of that day do not stand for it."""
    newsroom.collect(*feeds(FRIDAY, but=("cs.CL",)))
    newsroom.collect(*feeds(MONDAY, number=10), day=MONDAY)

    assert newsroom.asked[-1]["days"]["arxiv"] == (FRIDAY, MONDAY)


def test_a_missed_day_that_could_not_be_read_then_is_asked_for_again(newsroom):
    """The feed of today does not stand for the missed day before it."""
    newsroom.collect(*feeds(FRIDAY))
    newsroom.collect(*feeds(TUESDAY, number=10), day=TUESDAY)
    newsroom.collect(*feeds(TUESDAY, number=10), day=TUESDAY)
    assert newsroom.asked[-1]["days"]["arxiv"] == (MONDAY, TUESDAY)

    newsroom.collect(*feeds(MONDAY, number=20), *feeds(TUESDAY, number=10), day=TUESDAY)
    newsroom.collect(*feeds(TUESDAY, number=10), day=TUESDAY)
    assert newsroom.asked[-1]["days"]["arxiv"] == (TUESDAY,)


def test_a_long_absence_is_forgotten_after_the_days_a_late_run_catches_up(newsroom):
    """Older gaps stay gaps: they are not asked for in every run from then on."""
    newsroom.collect(*feeds(FRIDAY - timedelta(days=60)), day=FRIDAY - timedelta(days=60))
    newsroom.collect(*feeds(FRIDAY), day=FRIDAY)
    assert newsroom.asked[-1]["days"]["arxiv"][0] == FRIDAY - timedelta(days=7)

    for back in range(8):
        newsroom.collect(*feeds(FRIDAY - timedelta(days=back), number=10 * back), day=FRIDAY)
    newsroom.collect(*feeds(FRIDAY))
    assert newsroom.asked[-1]["days"]["arxiv"] == (FRIDAY,)


def test_a_new_category_is_asked_for_the_weekday_before(newsroom):
    """As on a first run, and only once."""
    newsroom.collect(*feeds(FRIDAY))
    more = (*CATEGORIES, "cs.RO")
    newsroom.settings = newsroom.settings.model_copy(update={"arxiv_categories": more})
    newsroom.collect(*feeds(MONDAY, number=10), day=MONDAY)
    assert newsroom.asked[-1]["days"]["arxiv"] == (FRIDAY, MONDAY)

    for day in (FRIDAY, MONDAY):
        newsroom.collect(capture(paper(50), day=day, source="arxiv", name="cs.RO"), day=MONDAY)
    newsroom.collect(*feeds(MONDAY, number=10), day=MONDAY)
    assert newsroom.asked[-1]["days"]["arxiv"] == (MONDAY,)


@pytest.mark.parametrize("late", [timedelta(days=1), timedelta(days=5)])
def test_a_run_for_a_past_day_tells_the_sources_what_day_it_is(newsroom, late):
    """Else arXiv would answer with today's feed, and Hugging Face with today's ranking."""
    told = []

    def fetch(asked, *, today, now, sample):
        told.append(today)
        return (capture(paper(1)),)

    steps.collect(newsroom.database, fetch, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY + late, 1))

    assert told == [FRIDAY + late]


def test_an_edition_of_a_past_day_leaves_later_papers_to_their_own(newsroom):
    """What was listed since waits for the edition of its day."""
    newsroom.collect(capture(paper(1)))
    newsroom.collect(capture(paper(2), day=MONDAY), day=MONDAY)
    past = steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(MONDAY))
    today = steps.compose(newsroom.database, settings=newsroom.settings, day=MONDAY, now=at(MONDAY))

    assert [(one.made, one.papers) for one in (past, today)] == [(True, 1), (True, 1)]


def test_days_to_ask_never_reach_behind_the_catch_up_days():
    """A source last listed a year ago costs no more requests than one last listed a week ago."""
    asked = days_to_ask("arxiv", FRIDAY - timedelta(days=365), FRIDAY, 7)

    assert (asked[0], asked[-1]) == (FRIDAY - timedelta(days=7), FRIDAY)
