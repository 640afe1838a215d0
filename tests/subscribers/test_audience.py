"""The audience: everybody is due, or has a reason."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter import schema
from newsletter.models import Interest, InterestKind, Profile, Skip
from subscribers import roster, service
from subscribers.models import Audience, Cadence, Limits, NamedTopic, Schedule, Wants
from tests.subscribers.people import NOW, clear, mark_served, person, roster_of, rosters, set_state

on_both = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
WEEKLY_MONDAY = Schedule(Cadence.WEEKLY, 0, 7)


def audience(database, **options):
    """All pages as one."""
    asked = {"now": NOW, "latest_edition": 5, **options}
    pages = list(service.audience(database, **asked))
    return Audience(
        tuple(each for page in pages for each in page.recipients), tuple(each for page in pages for each in page.skips)
    )


def outcome(database, name, **options):
    """The skip of one person, or "due"."""
    with database.begin() as tx:
        number = tx.scalar(select(schema.subscribers.c.id).where(schema.subscribers.c.address == f"{name}@example.org"))
    found = audience(database, **options)
    if number in [each.subscriber_id for each in found.recipients]:
        return "due"
    return dict(found.skips).get(number)


def setup(database, *people, **options):
    service.apply_roster(database, roster_of(*people, **options), now=NOW)


@given(
    rosters(most=8), st.integers(0, 90 * 24), st.none() | st.integers(0, 6), st.booleans(),
    st.lists(st.sampled_from(["left", "pending", "suppressed", "served", "removed", "as they are"]), min_size=8, max_size=8),
    st.integers(1, 9),
)  # fmt: skip
@on_both
def test_everybody_who_has_not_unsubscribed_is_in_exactly_one_place(
    database, roster, hours, latest, respect, fates, size
):
    """Recipients and skips are a partition of the pending and the active, whatever the size of a page."""
    clear(database)
    service.apply_roster(database, roster, now=NOW)
    for each, fate in zip(roster.subscribers, fates, strict=False):
        if fate == "left":
            service.unsubscribe(database, each.address, now=NOW, how="page")
        elif fate == "pending":
            set_state(database, each.address, "pending")
        elif fate == "suppressed":
            service.suppress(database, each.address, reason="bounce", detail="", now=NOW)
        elif fate == "served":
            mark_served(database, each.address, cursor=3, at=NOW)
        elif fate == "removed":
            set_state(database, each.address, "unsubscribed", how="roster")
    found = audience(
        database, now=NOW + timedelta(hours=hours), latest_edition=latest, respect_hours=respect, size=size
    )
    with database.begin() as tx:
        consent = schema.subscriptions.c
        expected = tx.scalars(select(consent.subscriber_id).where(consent.state != "unsubscribed")).all()
        wanted = service.still_wanted(tx, expected)
    due = [each.subscriber_id for each in found.recipients]

    assert sorted([*due, *(number for number, _ in found.skips)]) == sorted(expected)
    assert set(due) <= wanted
    assert all(each.cursor < (latest or 0) for each in found.recipients)


def test_each_reason_has_its_word(database):
    """From the lasting reasons to those of the hour."""
    setup(
        database,
        person("due"),
        person("suppressed"),
        person("pending"),
        person("paused", paused_until=date(2026, 9, 5)),
        person("weekly", schedule=WEEKLY_MONDAY),
        person("served"),
    )
    service.suppress(database, "suppressed@example.org", reason="bounce", detail="5.1.1", now=NOW)
    set_state(database, "pending@example.org", "pending")
    mark_served(database, "weekly@example.org", cursor=3, at=NOW - timedelta(days=4))
    mark_served(database, "served@example.org", cursor=5, at=NOW - timedelta(days=1))

    assert outcome(database, "due") == "due"
    assert outcome(database, "suppressed") is Skip.SUPPRESSED
    assert outcome(database, "pending") is Skip.UNCONFIRMED
    assert outcome(database, "paused") is Skip.PAUSED
    assert outcome(database, "weekly") is Skip.NOT_DUE
    assert outcome(database, "served") is Skip.NOTHING_NEW


def test_without_an_edition_there_is_nothing_new_for_anybody(database):
    """Not even for somebody new."""
    setup(database, person("ada"))

    assert outcome(database, "ada", latest_edition=None) is Skip.NOTHING_NEW


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 9, 4, 14, 59, tzinfo=UTC), Skip.PAUSED),  # still the 4th in Tokyo
        (datetime(2026, 9, 4, 15, 0, tzinfo=UTC), "due"),  # the 5th
    ],
)
def test_a_pause_ends_with_the_date_on_the_readers_own_wall(database, now, expected):
    """Paused until the 5th, in Tokyo."""
    setup(database, person("emi", schedule=Schedule(zone="Asia/Tokyo"), paused_until=date(2026, 9, 5)))

    assert outcome(database, "emi", now=now) == expected


def test_a_reader_is_due_once_in_their_slot(database):
    """Before the hour, at the hour, and after being served."""
    setup(database, person("ada", schedule=Schedule(hour=14)))
    mark_served(database, "ada@example.org", cursor=4, at=NOW - timedelta(days=1, hours=-2))

    assert outcome(database, "ada", now=NOW) is Skip.NOT_DUE
    assert outcome(database, "ada", now=NOW + timedelta(hours=2, seconds=1)) == "due"
    mark_served(database, "ada@example.org", cursor=5, at=NOW + timedelta(hours=2, seconds=1))
    assert outcome(database, "ada", now=NOW + timedelta(hours=3), latest_edition=6) is Skip.NOT_DUE


def test_a_run_by_hand_ignores_the_hour_and_leaves_the_rest_to_the_cursor(database):
    """Before the hour somebody is due all the same; who has the newest edition has nothing new."""
    setup(database, person("ada", schedule=Schedule(hour=23)), person("weekly", schedule=WEEKLY_MONDAY))
    mark_served(database, "ada@example.org", cursor=4, at=NOW - timedelta(hours=1))
    mark_served(database, "weekly@example.org", cursor=4, at=NOW - timedelta(days=2))

    assert outcome(database, "ada") is Skip.NOT_DUE
    assert outcome(database, "ada", respect_hours=False) == "due"
    assert outcome(database, "ada", respect_hours=False, latest_edition=4) is Skip.NOTHING_NEW
    assert outcome(database, "weekly", respect_hours=False) is Skip.NOT_DUE


def test_the_audience_can_be_narrowed_to_some_addresses(database):
    """Compared folded; what is nobody's address is named, not dropped silently."""
    setup(database, person("ada"), person("bo"))
    asked = ["ADA@example.org", "zoe@example.org", "gibberish"]
    found = audience(database, only=asked)
    with database.begin() as tx:
        unknown = service.unknown(tx, asked)

    assert [each.address for each in found.recipients] == ["ada@example.org"]
    assert found.skips == ()
    assert unknown == ("zoe@example.org", "gibberish")
    assert audience(database, only=["zoe@example.org", "gibberish"]) == Audience()


def test_who_is_served_between_two_pages_is_not_read_again(database):
    """Their cursor moves to where the reading has been; the page of those who have the newest edition comes first."""
    names = ["ada", "bo", "cy", "di", "ed"]
    setup(database, *map(person, names))
    mark_served(database, "cy@example.org", cursor=5, at=NOW - timedelta(days=1))
    mark_served(database, "ed@example.org", cursor=2, at=NOW - timedelta(days=1))
    considered = []
    for page in service.audience(database, now=NOW, latest_edition=5, size=1):
        for each in page.recipients:
            mark_served(database, each.address, cursor=5, at=NOW)
        considered += [*(each.address.split("@")[0] for each in page.recipients), *(why for _who, why in page.skips)]

    assert considered == [Skip.NOTHING_NEW, "ed", "ada", "bo", "di"]


def test_a_profile_is_the_readers_own_interests_and_those_of_their_topics(database):
    """Each topic's interests carry its label; what is said twice counts once, as the reader's own."""
    speech = NamedTopic("speech", "Speech & audio", Wants(keywords=("TTS", "asr"), mute=("music",)))
    other = NamedTopic("other", "Other", Wants(keywords=("never",)))
    ada = person(
        "ada",
        topics=("speech",),
        wants=Wants(keywords=("ASR",), seeds=("2401.10774",), text="I listen."),
        limits=Limits(3, 2, 0.5, discovery=False),
    )
    setup(database, ada, topics=(speech, other))
    expected = (
        Interest(InterestKind.KEYWORD, "ASR"),
        Interest(InterestKind.SEED, "2401.10774"),
        Interest(InterestKind.TEXT, "I listen."),
        Interest(InterestKind.KEYWORD, "TTS", "Speech & audio"),
        Interest(InterestKind.MUTE, "music", "Speech & audio"),
    )

    found = audience(database).recipients[0]

    assert found.profile == Profile(expected, 3, 2, 0.5, discovery=False, reader=found.token)


def test_a_topic_that_is_gone_says_nothing(database):
    """A reader who came by the web may follow what the roster no longer names."""
    setup(database, person("ada", topics=("speech",)), topics=(NamedTopic("speech", "Speech", Wants(("asr",))),))
    set_state(database, "ada@example.org", "active")
    setup(database)

    assert audience(database).recipients[0].profile.interests == ()


def test_example_papers_are_those_of_readers_and_of_the_topics_they_follow(database):
    """What is looked up is what somebody's digest depends on."""
    text = """
    topics:
      followed: {seeds: ["2401.10774"]}
      nobody-follows: {seeds: ["2401.10775"]}
    subscribers:
      - {address: a@example.org, name: A, topics: [followed], seeds: ["hep-th/9901001"]}
    """
    service.apply_roster(database, roster.parse(text, path="roster.yaml"), now=datetime(2026, 11, 20, tzinfo=UTC))
    with database.begin() as tx:
        assert service.example_papers(tx) == {"2401.10774", "hep-th/9901001"}
