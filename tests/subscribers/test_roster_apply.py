"""Applying a roster: the plan, all or nothing, and people's own word."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from newsletter import schema
from subscribers import queries, service
from subscribers.models import Defaults, Limits, NamedTopic, Schedule, SubscriptionState, Wants
from subscribers.roster import KeptOut, plan
from tests.subscribers.people import NOW, clear, contents, make_editions, person, roster_of, rosters, set_state

on_both = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


def apply(database, roster, **options):
    return service.apply_roster(database, roster, now=NOW, **options)


def state(database, name):
    with database.begin() as tx:
        return queries.everyone(tx)[f"{name}@example.org"].subscription


def test_a_new_subscriber_gets_the_newest_edition_first(database):
    """Their cursor stands before it; with one edition or none it is 0."""
    apply(database, roster_of(person("ada")))
    make_editions(database, 3)
    apply(database, roster_of(person("ada"), person("bo")))
    make_editions(database, 5, 9)
    apply(database, roster_of(person("ada"), person("bo"), person("cy")))

    with database.begin() as tx:
        assert [each.cursor for each in queries.everyone(tx).values()] == [0, 0, 5]


def test_the_plan_names_the_fields_that_change(database):
    """As the file calls them."""
    apply(database, roster_of(person("ada"), person("bo")))
    changed = person("ada", wants=Wants(keywords=("x",)), schedule=Schedule(hour=9), limits=Limits(floor=0.2))
    found = apply(database, roster_of(replace(changed, name="Ada B."), person("bo")))

    assert [each.fields for each in found.changed] == [("name", "keywords", "floor", "hour")]
    assert found.unchanged == ("bo@example.org",)


def test_the_plan_names_the_topics_that_come_change_and_go(database):
    """Topics are part of it."""
    one, two, three = (NamedTopic(name, name.title()) for name in ("one", "two", "three"))
    apply(database, roster_of(topics=(one, two)))
    found = apply(database, roster_of(topics=(replace(two, label="Zwei"), three)))

    assert (found.topics_added, found.topics_changed, found.topics_removed) == (("three",), ("two",), ("one",))
    with database.begin() as tx:
        assert {each.label for each in service.named_topics(tx)} == {"Zwei", "Three"}


@given(rosters(), rosters())
@on_both
def test_applying_a_roster_twice_changes_nothing_the_second_time(database, first, second):
    """Whatever was there before."""
    clear(database)
    apply(database, first)
    apply(database, second)
    before = contents(database)
    again = apply(database, second)

    assert again.empty
    assert len(again.unchanged) == len(second.subscribers)
    assert contents(database) == before


@given(rosters(), rosters())
@on_both
def test_the_database_then_holds_what_the_roster_declares(database, first, second):
    """Exporting it with the same defaults gives the same topics and people."""
    clear(database)
    apply(database, first)
    apply(database, second)
    found = service.export_roster(database, second.defaults)

    assert set(found.subscribers) == set(second.subscribers)
    assert set(found.topics) == set(second.topics)


@given(rosters(), rosters())
@on_both
def test_a_dry_run_shows_the_same_plan_and_writes_nothing(database, first, second):
    """The plan that was shown is the plan that is carried out."""
    clear(database)
    apply(database, first)
    before = contents(database)
    shown = apply(database, second, dry_run=True)

    assert contents(database) == before
    assert apply(database, second) == shown


@given(rosters(), rosters(), st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
@on_both
def test_every_address_of_the_roster_is_in_exactly_one_group_of_the_plan(database, first, second, left, suppressed):
    """Added, changed, unchanged or kept out; and those removed are not in the roster."""
    clear(database)
    apply(database, first)
    for number in left:
        service.unsubscribe(database, f"reader{number}@example.org", now=NOW, how="page")
    for number in suppressed:
        service.suppress(database, f"reader{number}@example.org", reason="bounce", detail="", now=NOW)
    found = apply(database, second)
    groups = [
        *(each.address for each in found.added),
        *(each.subscriber.address for each in found.changed),
        *found.unchanged,
        *(each.address for each in found.kept_out),
    ]

    assert sorted(groups) == sorted(each.address for each in second.subscribers)
    assert not {each.address for each in found.removed} & set(groups)


@pytest.mark.parametrize("how", ["one-click", "page", "mail", "command"])
def test_a_reader_who_left_stays_out_whatever_the_file_says(database, how):
    """The file cannot undo a reader's own word, nor does it change their row."""
    apply(database, roster_of(person("ada")))
    service.unsubscribe(database, "ada@example.org", now=NOW, how=how)
    before = contents(database)
    found = apply(database, roster_of(person("ada", wants=Wants(keywords=("x",)))))

    assert found.kept_out == (KeptOut("ada@example.org", "unsubscribed"),)
    assert contents(database) == before


def test_somebody_the_roster_removed_comes_back_with_it(database):
    """Removal ends the subscription and keeps the row, so the cursor is not lost either."""
    apply(database, roster_of(person("ada")))
    removed = apply(database, roster_of())
    after = state(database, "ada")
    back = apply(database, roster_of(person("ada")))

    assert [each.address for each in removed.removed] == ["ada@example.org"]
    assert (after.state, after.how) == (SubscriptionState.UNSUBSCRIBED, "roster")
    assert [each.fields for each in back.changed] == [("subscription",)]
    assert state(database, "ada").state is SubscriptionState.ACTIVE


def test_a_reader_who_leaves_after_the_roster_removed_them_does_not_come_back(database):
    """An old digest's link still counts."""
    apply(database, roster_of(person("ada")))
    apply(database, roster_of())
    service.unsubscribe(database, "ada@example.org", now=NOW, how="one-click")

    assert apply(database, roster_of(person("ada"))).kept_out == (KeptOut("ada@example.org", "unsubscribed"),)


def test_a_suppressed_address_stays_so_and_is_not_even_added(database):
    """Until the suppression is lifted."""
    service.suppress(database, "ADA@example.org", reason="complaint", detail="", now=NOW)
    kept = apply(database, roster_of(person("ada")))
    service.lift_suppression(database, "ada@example.org")

    assert kept.kept_out == (KeptOut("ada@example.org", "suppressed"),)
    assert [each.address for each in apply(database, roster_of(person("ada"))).added] == ["ada@example.org"]


def test_readers_who_came_by_themselves_are_not_removed_by_a_file_that_does_not_name_them(database):
    """Only people the roster brought are the roster's to remove."""
    apply(database, roster_of(person("ada"), person("bo")))
    set_state(database, "ada@example.org", "active")
    found = apply(database, roster_of())

    assert [each.address for each in found.removed] == ["bo@example.org"]
    assert state(database, "ada").state is SubscriptionState.ACTIVE


def test_the_same_person_in_other_letters_is_not_a_second_person(database):
    """Only the address as it is mailed changes."""
    apply(database, roster_of(person("ada")))
    found = apply(database, roster_of(replace(person("ada"), address="Ada@example.org")))

    assert [each.fields for each in found.changed] == [("address",)]
    with database.begin() as tx:
        assert [each.subscriber.address for each in queries.everyone(tx).values()] == ["Ada@example.org"]


def test_a_failure_in_the_middle_leaves_everything_as_it_was(database):
    """Topics, additions, changes and removals are one transaction."""
    topic = NamedTopic("speech", "Speech")
    apply(database, roster_of(person("ada"), person("bo"), person("cy"), topics=(topic,)))
    before = contents(database)
    _refuse_the_name_bomb(database)
    wanted = roster_of(person("new"), person("ada", limits=Limits(max_papers=1)), replace(person("bo"), name="bomb"))

    with pytest.raises(DBAPIError):
        apply(database, wanted)

    assert contents(database) == before


def _refuse_the_name_bomb(database) -> None:
    """A real constraint, so that a real row fails."""
    with database.begin() as tx:
        if database.dialect == "postgresql":
            tx.execute(text("ALTER TABLE subscribers ADD CONSTRAINT no_bomb CHECK (name <> 'bomb')"))
        else:
            tx.exec_driver_sql(
                "CREATE TRIGGER no_bomb BEFORE UPDATE ON subscribers WHEN NEW.name = 'bomb' "
                "BEGIN SELECT RAISE(ABORT, 'bomb'); END"
            )


def test_an_unsubscribe_between_plan_and_apply_wins(database):
    """The statement that re-activates asks again: a click in between is not lost."""
    apply(database, roster_of(person("ada")))
    apply(database, roster_of())
    with database.begin() as tx:
        known = queries.everyone(tx)["ada@example.org"]
    service.unsubscribe(database, known.token, now=NOW, how="one-click")
    with database.begin() as tx:
        queries.activate_from_roster(tx, [known.id], NOW)

    assert state(database, "ada").how == "one-click"


def test_tokens_are_stable_opaque_and_all_different(database):
    """They stay the same over changes, and hold nothing of the address."""
    apply(database, roster_of(*(person(f"reader{n}") for n in range(50))))
    with database.begin() as tx:
        before = {key: each.token for key, each in queries.everyone(tx).items()}
    apply(database, roster_of(*(person(f"reader{n}", limits=Limits(max_papers=3)) for n in range(50))))
    with database.begin() as tx:
        after = {key: each.token for key, each in queries.everyone(tx).items()}

    assert before == after
    assert len(set(before.values())) == 50
    assert all(len(token) >= 20 and "@" not in token for token in before.values())


def test_many_subscribers_are_added_in_one_go(database):
    """More than one statement's worth of rows."""
    people = [person(f"reader{n}") for n in range(6_000)]
    apply(database, roster_of(*people))
    with database.begin() as tx:
        count = tx.scalar(select(func.count()).select_from(schema.subscriptions))
        ids = tx.scalars(select(schema.subscribers.c.id)).all()
        wanted = service.still_wanted(tx, ids)

    assert count == 6_000 == len(wanted)
    assert len(apply(database, roster_of()).removed) == 6_000


def test_a_plan_for_an_empty_database_adds_everybody():
    """The plan is pure: it needs no database."""
    found = plan(roster_of(person("ada")), {})

    assert [each.address for each in found.added] == ["ada@example.org"]
    assert not found.empty
    assert plan(roster_of(), {}).empty


def test_what_changed_is_dated(database):
    """The subscription says when it last changed."""
    apply(database, roster_of(person("ada")))
    service.apply_roster(database, roster_of(), now=NOW + timedelta(days=1))

    assert state(database, "ada").changed_at == NOW + timedelta(days=1)


def test_an_export_has_the_active_people_only(database):
    """Those who left or have not confirmed are nobody's to declare."""
    apply(database, roster_of(person("ada"), person("bo"), person("cy")))
    service.unsubscribe(database, "bo@example.org", now=NOW, how="page")
    set_state(database, "cy@example.org", "pending")

    assert service.export_roster(database, Defaults()).subscribers == (person("ada"),)
