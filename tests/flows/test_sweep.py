"""What a start puts right."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun

from flows.sweep import overtaken

HOURLY, OTHER = uuid4(), uuid4()


def late(hour: int, *, deployment: UUID = HOURLY, by_schedule: bool = True) -> FlowRun:
    """A run that should have started at an hour."""
    return FlowRun(
        flow_id=uuid4(),
        deployment_id=deployment,
        auto_scheduled=by_schedule,
        expected_start_time=datetime(2026, 11, 21, hour, 5, tzinfo=UTC),
    )


def test_after_a_night_switched_off_only_the_newest_late_run_is_left():
    """It catches up on the days of the others, which would each be cancelled or run an old day."""
    night = [late(hour) for hour in (3, 1, 2)]

    assert overtaken(night) == [night[1], night[2]]


def test_a_run_that_a_person_asked_for_is_never_swept():
    """However late it is."""
    asked, older, newest = late(1, by_schedule=False), late(2), late(3)

    assert overtaken([asked, older, newest]) == [older]
    assert overtaken([asked, newest]) == []


def test_each_deployment_keeps_its_own_newest():
    """One deployment's run does not do another's work."""
    assert overtaken([late(1), late(2, deployment=OTHER)]) == []
