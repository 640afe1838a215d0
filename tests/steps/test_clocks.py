"""Clocks that jump, hours that come twice or never, readers who move: one digest for each edition all the same."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter import encoding, steps
from newsletter.database import Database
from newsletter.models import Digest, State
from newsletter.schema import deliveries
from newsletter.settings import Settings
from subscribers import service
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper
from tests.subscribers.people import mark_served

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READERS = "subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R}}\n" for n in range(5))


def publish(newsroom: Newsroom, day: date, *numbers: int) -> None:
    """The edition of a day."""
    newsroom.collect(capture(*map(paper, numbers), day=day), day=day)
    steps.compose(newsroom.database, settings=newsroom.settings, day=day, now=at(day))


def queue(newsroom: Newsroom, now: datetime, *, respect_hours: bool = False) -> int:
    """Promise what is due at an instant; how many digests that is."""
    told = steps.enqueue(
        newsroom.database,
        lambda latest: service.audience(newsroom.database, now=now, latest_edition=latest, respect_hours=respect_hours),
        settings=newsroom.settings,
        run=f"run {now}",
        day=now.date(),
        now=now,
    )
    return told.queued


def deliver(newsroom: Newsroom, *instants: datetime) -> dict[str, int]:
    """Deliver while the clock shows these instants, over and over; what became of the deliveries."""
    told = cycle(instants)
    post = newsroom.post("run")
    post.clock = lambda: next(told)
    shards = steps.shards(newsroom.database, now=post.clock())
    return steps.sum_up([steps.deliver(post, shard) for shard in shards]).states


def promised(newsroom: Newsroom) -> list:
    """Every delivery."""
    with newsroom.database.begin() as tx:
        return list(tx.execute(select(deliveries).order_by(deliveries.c.id)))


def sent(newsroom: Newsroom) -> Counter[tuple[str, str]]:
    """How often each reader was sent each paper."""
    return Counter(
        (row.address, pick.paper_key)
        for row in promised(newsroom)
        if row.state == State.ACCEPTED
        for section in encoding.load(Digest, row.digest).sections
        for pick in section.picks
    )


# ---- summer time -----------------------------------------------------------------------------------------------------

CHANGING = {
    "Europe/Zurich": (1, 2, 3),  # in spring there is no 02:00, in autumn there are two
    "Europe/London": (1, 2),
    "Atlantic/Azores": (0, 1),
    "Antarctica/Troll": (1, 2, 3),  # two hours
    "Asia/Tokyo": (8, 10),  # never changes
}
PEOPLE = {
    f"{zone.split('/')[1].lower()}{hour}@example.org": (zone, hour)
    for zone, hours in CHANGING.items()
    for hour in hours
}


@pytest.mark.parametrize("night", [date(2026, 3, 29), date(2026, 10, 25)], ids=["spring", "autumn"])
def test_over_the_change_of_clocks_each_reader_has_one_digest_a_night(newsroom, night):
    """An hour that does not exist is not a night without a digest, an hour that comes twice is not a night with two."""
    rows = "".join(
        f"  - {{address: {who}, name: R, zone: {zone}, hour: {hour}}}\n" for who, (zone, hour) in PEOPLE.items()
    )
    newsroom.subscribe(f"subscribers:\n{rows}", day=night - 3 * DAY)
    evening = at(night - 2 * DAY, 20)
    for who in PEOPLE:
        mark_served(newsroom.database, who, cursor=0, at=evening)
    for turn in range(3):
        publish(newsroom, night + (turn - 2) * DAY, turn)
        for hour in range(2, 10):  # the night that follows
            queue(newsroom, evening + turn * DAY + hour * HOUR, respect_hours=True)
    nights = Counter(
        (row.address, row.queued_at.astimezone(ZoneInfo(PEOPLE[row.address][0])).date()) for row in promised(newsroom)
    )

    assert nights == Counter((who, night + offset * DAY) for who in PEOPLE for offset in (-1, 0, 1))


# ---- clocks that jump ------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_back_only_delays(newsroom):
    """What was promised in the future waits until that moment has come again, and is sent once."""
    newsroom.subscribe(READERS)
    publish(newsroom, FRIDAY, 1, 2)
    queue(newsroom, at(FRIDAY, 12))
    early = deliver(newsroom, at(FRIDAY, 11))
    again = queue(newsroom, at(FRIDAY, 11))
    later = deliver(newsroom, at(FRIDAY, 12))

    assert (early, again, later) == ({}, 0, {"accepted": 5})
    assert len(newsroom.mails) == 5


def test_a_clock_that_jumps_forward_and_back_costs_nobody_a_paper(newsroom):
    """What expired by a wrong clock comes with the next edition, and nothing comes twice."""
    newsroom.subscribe(READERS)
    publish(newsroom, FRIDAY, 1, 2)
    queue(newsroom, at(FRIDAY, 12))
    ahead = deliver(newsroom, at(FRIDAY + 40 * DAY))
    back = queue(newsroom, at(FRIDAY, 13))
    publish(newsroom, FRIDAY + DAY, 3)
    queue(newsroom, at(FRIDAY + DAY, 12))
    after = deliver(newsroom, at(FRIDAY + DAY, 12))

    assert (ahead, back, after) == ({}, 0, {"accepted": 5})
    assert sent(newsroom) == Counter(
        (f"r{n}@example.org", f"2611.0000{number}") for n in range(5) for number in (1, 2, 3)
    )


def test_a_clock_that_jumps_while_mail_goes_out_sends_nothing_twice(newsroom):
    """An hour back, half a minute on, two hours back: what is left waits for the next round."""
    newsroom.subscribe(READERS)
    publish(newsroom, FRIDAY, 1, 2)
    noon = at(FRIDAY, 12)
    queue(newsroom, noon)
    deliver(newsroom, noon, noon - HOUR, noon + timedelta(seconds=30), noon - 2 * HOUR, noon + 5 * HOUR)
    deliver(newsroom, noon + 6 * HOUR)
    with newsroom.database.begin() as tx:
        attempts = tx.scalars(select(deliveries.c.attempts)).all()

    assert {row.state for row in promised(newsroom)} == {"accepted"}
    assert attempts == [1] * 5
    assert len(newsroom.mails) == 5


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jumps=st.lists(st.lists(st.integers(-48, 48), min_size=1, max_size=4), min_size=1, max_size=4))
def test_whatever_the_clock_shows_every_paper_is_sent_once(jumps, tmp_path_factory):
    """Rounds at any hours, each with a clock that jumps about; then one good day, and nothing is missing or double."""
    folder = tmp_path_factory.mktemp("clocks")
    database = Database(f"sqlite:///{folder / 'paperboy.db'}")
    database.migrate()
    newsroom = Newsroom(database, Settings(data_dir=folder))
    newsroom.subscribe(READERS)
    publish(newsroom, FRIDAY, 1, 2)
    noon = at(FRIDAY, 12)
    queue(newsroom, noon)
    for hours in jumps:
        deliver(newsroom, *(noon + number * HOUR for number in hours))
        queue(newsroom, noon + hours[-1] * HOUR)
    publish(newsroom, FRIDAY + 5 * DAY, 3)
    queue(newsroom, noon + 5 * DAY)
    deliver(newsroom, noon + 5 * DAY)

    assert sent(newsroom) == Counter(
        (f"r{n}@example.org", f"2611.0000{number}") for n in range(5) for number in (1, 2, 3)
    )
    database.close()


# ---- readers who move ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zones", [("Asia/Tokyo", "Pacific/Honolulu"), ("Pacific/Honolulu", "Asia/Tokyo")])
def test_a_reader_who_moves_between_promise_and_sending_has_each_edition_once(newsroom, zones):
    """What was promised goes out; from then on the hour of the new place counts, and no edition comes twice or not at all."""
    before, after = (f"subscribers: [{{address: r@example.org, name: R, zone: {zone}, hour: 7}}]" for zone in zones)
    newsroom.subscribe(before)
    publish(newsroom, FRIDAY, 1)
    noon = at(FRIDAY, 12)
    promises = queue(newsroom, noon, respect_hours=True)
    newsroom.subscribe(after, day=FRIDAY)
    for number in range(1, 48):
        if number == 4:
            publish(newsroom, FRIDAY + DAY, 2)
        promises += queue(newsroom, noon + number * HOUR, respect_hours=True)
        deliver(newsroom, noon + number * HOUR)
    last = promised(newsroom)[-1].queued_at.astimezone(ZoneInfo(zones[1]))

    assert promises == 2
    assert sent(newsroom) == Counter({("r@example.org", "2611.00001"): 1, ("r@example.org", "2611.00002"): 1})
    assert last.hour == 7
