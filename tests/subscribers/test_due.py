"""Exactly one slot for each day of the cadence, whatever the clocks do."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subscribers.due import has_slot, is_day_due, is_due, latest_slot, slot
from subscribers.models import Cadence, Schedule
from tests.subscribers.people import ZONES, schedules

MONDAY = date(2026, 8, 31)
days = st.dates(date(1990, 1, 1), date(2037, 12, 1))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def served_local_days(schedule: Schedule, first: date, length: int) -> Counter[date]:
    """How often a run every quarter of an hour serves somebody, by the date on their wall."""
    now, end = at(first, 0), at(first, 0) + timedelta(days=length)
    served_at = now
    counted: Counter[date] = Counter()
    while now < end:
        if is_due(schedule, served_at=served_at, now=now):
            counted[now.astimezone(ZoneInfo(schedule.zone)).date()] += 1
            served_at = now
        now += timedelta(minutes=15)
    return counted


@given(
    st.sampled_from([zone for zone in ZONES if zone != "Pacific/Apia"]), st.sampled_from(Cadence), st.integers(0, 22),
    days,
)  # fmt: skip
@example("Europe/Zurich", Cadence.DAILY, 2, date(2026, 3, 25))  # 02:00 does not exist on the 29th
@example("Europe/Zurich", Cadence.DAILY, 2, date(2026, 10, 21))  # 02:00 comes twice on the 25th
@example("America/Sao_Paulo", Cadence.DAILY, 0, date(2018, 11, 1))  # no midnight on the 4th
@example("America/St_Johns", Cadence.DAILY, 0, date(2006, 10, 26))  # midnight of the 29th comes twice
@example("Australia/Lord_Howe", Cadence.WEEKLY, 2, date(2026, 10, 1))
@example("Antarctica/Troll", Cadence.WEEKDAYS, 2, date(2026, 3, 25))
def test_every_day_of_the_cadence_is_served_once_never_twice_never_not(zone, cadence, hour, first):
    """Running all day long serves each local day of the cadence exactly once, over every change of clocks."""
    schedule = Schedule(cadence, 2, hour, zone)
    counted = served_local_days(schedule, first, 10)
    inside = [first + timedelta(days=n) for n in range(2, 8)]  # whole days in every zone

    assert {day: 1 for day in inside if has_slot(schedule, day)} == {d: counted[d] for d in inside if counted[d]}


def test_a_day_that_a_zone_left_out_is_served_together_with_the_next():
    """Samoa had no 30 December 2011: one digest on the 31st, not two."""
    schedule = Schedule(hour=7, zone="Pacific/Apia")
    counted = served_local_days(schedule, date(2011, 12, 27), 8)

    assert counted[date(2011, 12, 30)] == 0
    assert 1 == counted[date(2011, 12, 29)] == counted[date(2011, 12, 31)] == counted[date(2012, 1, 1)]


@given(schedules, days, st.integers(0, 24 * 60 - 1))
def test_the_latest_slot_is_past_and_no_later_one_is(schedule, day, minute):
    """It is a slot of a day of the cadence, not after now, and the following one is after now."""
    now = at(day, 0) + timedelta(minutes=minute)
    around = [day + timedelta(days=n) for n in range(-12, 12)]
    slots = [slot(schedule, each) for each in around if has_slot(schedule, each)]

    assert max(each for each in slots if each <= now) == latest_slot(schedule, now)


@given(schedules, days)
def test_slots_never_run_backwards(schedule, day):
    """A later day's slot is never before an earlier day's."""
    assert slot(schedule, day) <= slot(schedule, day + timedelta(days=1))


@pytest.mark.parametrize(
    ("hour", "minute", "served", "due"),
    [
        (6, 59, at(MONDAY - timedelta(days=1), 7, 1), False),
        (7, 0, at(MONDAY - timedelta(days=1), 7, 1), True),
        (23, 0, at(MONDAY - timedelta(days=1), 7, 1), True),
        (23, 0, at(MONDAY, 7, 0), False),
        (6, 0, at(MONDAY - timedelta(days=5), 7, 1), True),  # days were missed: caught up at once
        (6, 0, None, True),  # never served: at once
    ],
)
def test_a_reader_is_due_from_their_hour_on_once_a_day(hour, minute, served, due):
    """A daily reader at 07:00."""
    assert due == is_due(Schedule(hour=7), served_at=served, now=at(MONDAY, hour, minute))


def test_a_clock_that_jumps_back_serves_nobody_again():
    """With a served_at in the future nobody is due."""
    assert not is_due(Schedule(), served_at=at(MONDAY, 12), now=at(MONDAY, 8))


@pytest.mark.parametrize(
    ("cadence", "today", "served", "due"),
    [
        (Cadence.DAILY, MONDAY, at(MONDAY, 5), True),  # a day of the cadence: the cursor decides
        (Cadence.WEEKDAYS, MONDAY + timedelta(days=5), at(MONDAY + timedelta(days=4), 9), False),  # Saturday
        (Cadence.WEEKDAYS, MONDAY + timedelta(days=5), at(MONDAY + timedelta(days=3), 9), True),  # Friday was missed
        (Cadence.WEEKLY, MONDAY + timedelta(days=2), at(MONDAY, 1), False),
        (Cadence.WEEKLY, MONDAY + timedelta(days=2), at(MONDAY - timedelta(days=1), 23), True),
        (Cadence.WEEKLY, MONDAY + timedelta(days=2), None, True),
    ],
)
def test_without_the_hour_the_day_still_counts(cadence, today, served, due):
    """A run by hand ignores the hour, not the cadence."""
    assert due == is_day_due(Schedule(cadence, 0, 23), served_at=served, now=at(today, 1))
