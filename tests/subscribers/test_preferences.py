"""What readers choose themselves, and whose choices are the operator's."""

from datetime import date

import pytest

from newsletter.errors import LinkInvalid, PaperboyError
from subscribers import consent, preferences, service
from subscribers.models import Cadence, Limits, NamedTopic, Schedule, Subscriber, Wants
from tests.subscribers.asking import known, subscribed
from tests.subscribers.people import NOW, person, roster_of

WANTED = Subscriber(
    address="eve@example.org",
    name="Eve",
    topics=("speech", "gone"),
    wants=Wants(keywords=("KV cache",), mute=("crypto",), text="I work on 数据."),
    limits=Limits(max_papers=5),
    schedule=Schedule(Cadence.WEEKLY, 4, 18, "Asia/Tokyo"),
    paused_until=date(2026, 9, 20),
)


def choose(database, wanted=WANTED):
    return preferences.set_preferences(database, known(database).token, wanted)


def test_what_a_reader_chooses_is_kept_and_their_address_stays(database):
    """Nobody becomes somebody else by a form; topics that are not offered are left out."""
    service.apply_roster(database, roster_of(topics=(NamedTopic("speech", "Speech"),)), now=NOW)
    subscribed(database)
    found = choose(database).subscriber

    assert (found.address, found.name, found.topics) == ("ada@example.org", "", ("speech",))
    assert (found.wants, found.limits, found.schedule) == (WANTED.wants, WANTED.limits, WANTED.schedule)
    assert found == known(database).subscriber


def test_the_roster_keeps_its_people_and_says_so(database):
    """Choosing and pausing are the operator's file; leaving always works."""
    service.apply_roster(database, roster_of(person("ada")), now=NOW)
    ada = known(database)
    with pytest.raises(PaperboyError, match="in a file of theirs"):
        choose(database)
    with pytest.raises(PaperboyError, match="You can leave at any time"):
        preferences.pause(database, ada.token, date(2026, 10, 1))

    assert not preferences.may_choose(ada)
    assert known(database) == ada
    assert consent.leave(database, ada.token, how="page", now=NOW).subscription.how == "page"


def test_a_pause_begins_and_ends(database):
    """Until a day, or until they say so."""
    token = subscribed(database).token
    preferences.pause(database, token, date(2026, 10, 1))
    assert known(database).subscriber.paused_until == date(2026, 10, 1)
    preferences.pause(database, token, None)

    assert known(database).subscriber.paused_until is None


def test_a_link_that_is_nobodys_any_more_says_so(database):
    """As any link that does not hold."""
    with database.begin() as tx, pytest.raises(LinkInvalid, match="nobody's any more"):
        preferences.preferences(tx, "nobody")
    with pytest.raises(preferences.NotSubscribed):
        preferences.set_preferences(database, "nobody", WANTED)


def test_too_much_to_keep_is_refused_in_one_sentence(database):
    """And what they had before stays."""
    subscribed(database)
    before = known(database)
    with pytest.raises(PaperboyError, match="too much to keep"):
        choose(database, Subscriber("x@example.org", wants=Wants(text="a" * 70_000)))

    assert known(database) == before
