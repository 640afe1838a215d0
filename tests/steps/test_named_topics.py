"""An operator's named topics in the edition, and names that stay from one edition to the next."""

from datetime import timedelta

from newsletter import steps
from newsletter.models import Interest, InterestKind, NamedInterests, Topic
from newsletter.queries import editions as queries
from newsletter.queries import topics
from newsletter.steps.trends import trends_of
from tests.steps.conftest import FRIDAY, at, capture, paper

DAY = timedelta(days=1)
GRASPING = NamedInterests("grippers", "Hands of Robots", (Interest(InterestKind.KEYWORD, "robot grasping"),))


def compose(newsroom, *numbers, day=FRIDAY, named=()):
    """An edition of some papers."""
    newsroom.collect(capture(*(paper(number) for number in numbers), day=day), day=day)
    told = steps.compose(newsroom.database, settings=newsroom.settings, day=day, now=at(day), named=named)
    return edition(newsroom, told.edition_id)


def edition(newsroom, edition_id):
    """One edition as it was frozen."""
    with newsroom.database.begin() as tx:
        return queries.load(tx, edition_id)


def test_a_named_topic_stands_first_with_its_papers(newsroom):
    """Its section leads the edition under its label, and every paper is still in one topic only."""
    made = compose(newsroom, *range(24), named=[GRASPING])

    assert (made.topics[0].key, made.topics[0].label, made.topics[0].kind) == ("grippers", "Hands of Robots", "named")
    assert made.topics[0].terms == ("robot grasping",)
    assert set(made.topics[0].paper_keys) == {f"2611.{number:05}" for number in range(2, 24, 4)}
    assert sorted(key for topic in made.topics for key in topic.paper_keys) == sorted(one.key for one in made.papers)


def test_an_edition_stays_as_it_is_when_a_topic_is_named_later(newsroom):
    """A frozen edition is not grouped again."""
    made = compose(newsroom, *range(12))
    again = steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY), named=[GRASPING])

    assert not again.made
    assert edition(newsroom, again.edition_id) == made


def test_a_topic_that_goes_on_keeps_its_name_for_a_week(newsroom):
    """What yesterday's papers were called, today's of the same subject are; the name is read from the edition."""
    yesterday = compose(newsroom, *range(24))
    today = compose(newsroom, *range(24, 48), day=FRIDAY + DAY)

    named = {topic.key: topic.label for topic in yesterday.topics if topic.kind == "found"}
    assert named
    assert {topic.key: topic.label for topic in today.topics if topic.kind == "found"} == named


def test_the_roster_s_topics_come_with_the_run(newsroom):
    """A reader who follows a named topic finds its section in the digest, as the edition has it."""
    newsroom.subscribe(
        "topics:\n  grippers:\n    label: Hands of Robots\n    keywords: [robot grasping]\n"
        "subscribers:\n  - address: reader@example.org\n    topics: [grippers]\n"
    )
    made = compose(newsroom, *range(24), named=[GRASPING])
    newsroom.enqueue()
    newsroom.deliver()

    assert len(newsroom.mails) == 1
    assert b"Hands of Robots" in newsroom.mails[0].read_bytes()
    assert made.topics[0].kind == "named"


def freeze(newsroom, day, *numbers, sample, label="Robots"):
    """An edition of one found topic, written by hand."""
    members = [paper(number) for number in numbers]
    topic = Topic(label.lower(), label, ("grasping",), tuple(one.key for one in members))
    with newsroom.database.begin() as tx:
        queries.save(tx, day=day, members=members, topics=[topic], remarks=(), sample=sample, now=at(day))


def test_earlier_topics_are_of_the_days_before_and_of_the_same_kind(newsroom):
    """Seven days back, today not among them; samples lend live editions no name."""
    freeze(newsroom, FRIDAY - 8 * DAY, 1, sample=False, label="Older")
    freeze(newsroom, FRIDAY - 7 * DAY, 3, 2, sample=False, label="Robots")
    freeze(newsroom, FRIDAY - DAY, 4, sample=True, label="Invented")
    freeze(newsroom, FRIDAY, 5, sample=False, label="Today")
    with newsroom.database.begin() as tx:
        live = topics.found_between(tx, FRIDAY - 7 * DAY, FRIDAY, sample=False)
        samples = topics.found_between(tx, FRIDAY - 7 * DAY, FRIDAY, sample=True)

    assert [(one.day, one.key, one.label, one.terms) for one in live] == [
        (FRIDAY - 7 * DAY, "robots", "Robots", ("grasping",))
    ]
    assert [one.key for one in live[0].papers] == ["2611.00003", "2611.00002"]
    assert [one.label for one in samples] == ["Invented"]


def test_trends_are_read_from_the_editions(newsroom):
    """The weeks end with the newest edition, and count those of its kind."""
    assert trends_of(newsroom.database) is None
    freeze(newsroom, FRIDAY - 7 * DAY, 1, 2, sample=False)
    freeze(newsroom, FRIDAY - 7 * DAY, 9, sample=True)
    freeze(newsroom, FRIDAY, 3, sample=False)
    found = trends_of(newsroom.database, weeks=3)

    assert found is not None
    assert (found.until, found.papers) == (FRIDAY, (0, 2, 1))
    assert [(topic.label, topic.papers) for topic in found.topics] == [("Robots", (0, 2, 1))]
