"""When a digest is due: one slot for each local day of the cadence, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from subscribers.models import Cadence, Schedule

# A weekly schedule's last slot lies at most seven days back; one day more for a day that a zone left out.
_REACH = 9


def slot(schedule: Schedule, day: date) -> datetime:
    """The instant of the schedule's hour on `day`, in UTC.

    An hour that the clocks skip is taken by the offset before the change, an hour that comes twice is its first
    coming: so every day has exactly one slot.
    """
    return datetime.combine(day, time(schedule.hour), ZoneInfo(schedule.zone)).astimezone(UTC)


def has_slot(schedule: Schedule, day: date) -> bool:
    """Whether the cadence takes in `day`."""
    match schedule.cadence:
        case Cadence.DAILY:
            return True
        case Cadence.WEEKDAYS:
            return day.weekday() < 5
        case Cadence.WEEKLY:
            return day.weekday() == schedule.weekday


def local_day(schedule: Schedule, now: datetime) -> date:
    """The date on the subscriber's wall."""
    return now.astimezone(ZoneInfo(schedule.zone)).date()


@lru_cache(maxsize=1_024)  # many readers have one schedule
def latest_slot(schedule: Schedule, now: datetime) -> datetime:
    """The last slot that is not after `now`."""
    # From tomorrow: where clocks step back over midnight, tomorrow's slot may come before the wall says today again.
    last = local_day(schedule, now) + timedelta(days=1)
    days = (last - timedelta(days=back) for back in range(_REACH + 1))
    return max(at for day in days if has_slot(schedule, day) and (at := slot(schedule, day)) <= now)


def is_due(schedule: Schedule, *, served_at: datetime | None, now: datetime) -> bool:
    """Whether a slot has come since they were served; at once for someone never served."""
    return served_at is None or latest_slot(schedule, now) > served_at


def is_day_due(schedule: Schedule, *, served_at: datetime | None, now: datetime) -> bool:
    """The same with the hour taken as reached: always on a day of the cadence, else if the last such day was missed."""
    today = local_day(schedule, now)
    if served_at is None or has_slot(schedule, today):
        return True
    last = next(day for back in range(1, 8) if has_slot(schedule, day := today - timedelta(days=back)))
    return local_day(schedule, served_at) < last
