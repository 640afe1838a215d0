"""Example papers that readers name by id are looked up, and never become news by that."""

from datetime import UTC, datetime, timedelta

from newsletter import steps
from newsletter.errors import SourceUnavailable
from newsletter.queries import editions
from newsletter.steps.seeds import known_seeds
from tests.steps.conftest import FRIDAY, capture, paper

OLD = paper(1, published=datetime(2026, 5, 1, tzinfo=UTC), sources=("arxiv",))
RECENT = paper(2, published=datetime(2026, 11, 18, tzinfo=UTC), sources=("arxiv",))


def test_an_example_paper_is_looked_up_once_and_is_not_news(newsroom):
    """It is remembered as old: it informs choices and is never mailed."""
    asked = []

    def look_up(ids):
        asked.append(tuple(ids))
        return (OLD,)

    assert [steps.learn_seeds(newsroom.database, look_up, {OLD.key}, day=FRIDAY) for _ in range(2)] == [1, 0]
    assert asked == [(OLD.key,)]
    assert newsroom.run(capture(OLD)).collect.new == 0
    with newsroom.database.begin() as tx:
        assert set(editions.papers_by_arxiv_id(tx, {OLD.key})) == {OLD.key}


def test_a_recent_example_paper_is_left_to_the_listings(newsroom):
    """Naming this week's paper cannot keep it from being news for everybody else."""
    assert steps.learn_seeds(newsroom.database, lambda _ids: (RECENT,), {RECENT.key}, day=FRIDAY) == 0
    assert newsroom.run(capture(RECENT), day=FRIDAY + timedelta(days=1)).collect.new == 1


def test_trouble_with_the_look_up_costs_nobody_a_digest(newsroom):
    """Without an answer nothing is learned, nothing is raised, and the next run asks again."""

    def look_up(_ids):
        raise SourceUnavailable("arxiv: no answer", source="arxiv")

    assert steps.learn_seeds(newsroom.database, look_up, {OLD.key}, day=FRIDAY) == 0
    assert steps.learn_seeds(newsroom.database, lambda _ids: (OLD,), {OLD.key}, day=FRIDAY) == 1


def test_a_reader_with_one_example_paper_gets_what_is_near_to_it(newsroom):
    """The reason names the example."""
    seed = paper(4, published=datetime(2026, 5, 1, tzinfo=UTC))
    steps.learn_seeds(newsroom.database, lambda _ids: (seed,), {seed.key}, day=FRIDAY)
    newsroom.subscribe(f'subscribers: [{{address: a@example.org, name: A, seeds: ["{seed.key}"], discovery: false}}]')
    newsroom.run(capture(*(paper(number) for number in range(8, 24))))
    text = newsroom.mails[0].read_text().replace("=\n", "")

    assert "speculative decoding" in text
    assert f"{seed.key}, which you named" in text
    assert "robot grasping" not in text


def test_a_pasted_title_of_a_known_paper_is_that_paper(newsroom):
    """Case and punctuation do not count; another title stays a text, and an id in any form names its paper."""
    newsroom.run(capture(paper(8), paper(9)))
    pasted = "A STUDY of speculative decoding of language models -- part 8\n\nSomething else."
    with newsroom.database.begin() as tx:
        found = known_seeds(tx, {pasted, "A title that nobody knows", "arXiv:2611.00009v2", "2611.99999", " "})

    assert {name: one.key for name, one in found.items()} == {pasted: "2611.00008", "2611.00009": "2611.00009"}
