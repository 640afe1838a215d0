"""Unsubscribing, suppressing, and asking again before sending."""

import pytest
from sqlalchemy import select

from newsletter import schema
from newsletter.errors import PaperboyError
from subscribers import queries, service
from subscribers.models import NamedTopic, SubscriptionState
from tests.subscribers.people import NOW, contents, person, roster_of, set_state


def known(database, name):
    with database.begin() as tx:
        return queries.everyone(tx)[f"{name}@example.org"]


def setup(database, *names):
    service.apply_roster(database, roster_of(*(person(name) for name in names)), now=NOW)


@pytest.mark.parametrize("by", ["token", "address"])
def test_a_subscription_ends_by_token_or_by_address(database, by):
    """Whatever the letters of the address; nobody else's ends."""
    setup(database, "ada", "bo")
    handle = known(database, "ada").token if by == "token" else " Ada@EXAMPLE.org"
    found = service.unsubscribe(database, handle, now=NOW, how="one-click")

    assert (found.subscription.state, found.subscription.how) == (SubscriptionState.UNSUBSCRIBED, "one-click")
    assert known(database, "bo").subscription.state is SubscriptionState.ACTIVE


def test_unsubscribing_twice_is_harmless_and_keeps_the_first_word(database):
    """A second click answers alike and changes nothing."""
    setup(database, "ada")
    first = service.unsubscribe(database, "ada@example.org", now=NOW, how="page")

    assert service.unsubscribe(database, "ada@example.org", now=NOW, how="mail") == first


@pytest.mark.parametrize("handle", ["nobody@example.org", "no-such-token", "", "@", "x@y@z"])
def test_unsubscribing_somebody_unknown_is_no_error(database, handle):
    """It answers None and changes nothing."""
    setup(database, "ada")
    before = contents(database)

    assert service.unsubscribe(database, handle, now=NOW, how="page") is None
    assert contents(database) == before


def test_only_active_and_unsuppressed_people_are_still_wanted(database):
    """Asked just before sending, so an unsubscribe after queueing still counts."""
    setup(database, "ada", "left", "pending", "suppressed")
    with database.begin() as tx:
        ids = tx.scalars(select(schema.subscribers.c.id)).all()
    service.unsubscribe(database, "left@example.org", now=NOW, how="page")
    set_state(database, "pending@example.org", "pending")
    service.suppress(database, "suppressed@example.org", reason="bounce", detail="", now=NOW)
    ada = known(database, "ada").id
    with database.begin() as tx:
        assert service.still_wanted(tx, [*ids, 999]) == {ada}
        assert service.still_wanted(tx, []) == set()


def test_a_suppression_keeps_its_first_reason_until_it_is_lifted(database):
    """It needs no subscriber, and is found whatever the letters."""
    assert service.suppress(database, "Zoe@example.org", reason="complaint", detail="ARF", now=NOW)
    assert not service.suppress(database, "zoe@example.org", reason="bounce", detail="", now=NOW)
    with database.begin() as tx:
        assert service.suppression(tx, "ZOE@example.org").reason == "complaint"
    assert service.lift_suppression(database, "zoe@example.org")
    assert not service.lift_suppression(database, "zoe@example.org")


def test_lifting_a_suppression_does_not_undo_an_unsubscribe(database):
    """Two different promises."""
    setup(database, "ada")
    service.unsubscribe(database, "ada@example.org", now=NOW, how="page")
    service.suppress(database, "ada@example.org", reason="complaint", detail="", now=NOW)
    service.lift_suppression(database, "ada@example.org")

    assert known(database, "ada").subscription.state is SubscriptionState.UNSUBSCRIBED


def test_a_suppression_outlives_the_subscriber(database):
    """Deleting the person leaves the promise not to mail the address."""
    setup(database, "ada")
    service.suppress(database, "ada@example.org", reason="complaint", detail="", now=NOW)
    with database.begin() as tx:
        tx.execute(schema.subscribers.delete())
        assert service.suppression(tx, "ada@example.org") is not None
        assert tx.execute(select(schema.subscriptions)).all() == []


def test_suppressing_what_is_no_address_is_refused(database):
    """A typing error must not look like a promise kept."""
    with pytest.raises(ValueError, match="is no e-mail address"):
        service.suppress(database, "ada", reason="operator", detail="", now=NOW)


def test_a_topic_is_found_by_name_or_the_nearest_one_is_suggested(database):
    """For the command line."""
    topics = (NamedTopic("speech", "Speech"), NamedTopic("robotics", "Robotics"))
    service.apply_roster(database, roster_of(topics=topics), now=NOW)
    with database.begin() as tx:
        assert service.known_topic(tx, "speech") == topics[0]
        assert [each.name for each in service.named_topics(tx)] == ["robotics", "speech"]
        with pytest.raises(PaperboyError, match=r"topic \(speach\): there is no such topic; did you mean speech\?"):
            service.known_topic(tx, "speach")
        with pytest.raises(PaperboyError, match="`paperboy topics list` shows them all"):
            service.known_topic(tx, "qqqq")
