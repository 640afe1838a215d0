"""The account a run closes with: what was perhaps sent is named, in this run and before it."""

from datetime import timedelta

from sqlalchemy import select, update

from newsletter import steps
from newsletter.models import Decision, State
from newsletter.queries import deliveries as outbox
from newsletter.schema import deliveries
from tests.steps.conftest import FRIDAY, at, capture, paper

ROSTER = "subscribers:\n" + "".join(f"  - {{address: {name}@example.org, name: N}}\n" for name in ("ann", "ben", "cy"))
MONDAY = FRIDAY + timedelta(days=3)


def doubt(newsroom, run: str, *names: str) -> None:
    """Make deliveries of a run uncertain, as a dropped line does."""
    addresses = [f"{name}@example.org" for name in names]
    with newsroom.database.begin() as tx:
        tx.execute(
            update(deliveries)
            .where(deliveries.c.address.in_(addresses), deliveries.c.made_by == run)
            .values(state=State.UNCERTAIN, reply="the line dropped", run=run)
        )


def served(newsroom, run: str, *, day=FRIDAY):
    """A whole run of a day."""
    numbers = range(8) if day == FRIDAY else range(8, 16)
    return newsroom.run(capture(*(paper(number) for number in numbers), day=day), day=day, run=run)


def again(newsroom, told, run: str):
    """The report of a run once more, after what a test did to its deliveries."""
    return steps.report(
        newsroom.database,
        run=run,
        day=told.day,
        collect=told.collect,
        compose=told.compose,
        enqueue=told.enqueue,
        deliver=[told.deliver],
        where="",
        now=at(told.day),
    )


def test_uncertain_deliveries_are_listed_masked_and_those_of_earlier_runs_counted(newsroom):
    """Friday's two are listed in Friday's report, and in Monday's only counted until somebody decides."""
    newsroom.subscribe(ROSTER)
    told = served(newsroom, "friday")
    doubt(newsroom, "friday", "ann", "ben")
    friday = again(newsroom, told, "friday").doubts
    later = served(newsroom, "monday", day=MONDAY)
    doubt(newsroom, "monday", "cy")
    monday = again(newsroom, later, "monday").doubts

    assert told.doubts.new == told.doubts.earlier == 0
    assert (friday.new, friday.earlier) == (2, 0)
    assert [(one.day, one.address, one.reply) for one in friday.newest] == [
        (FRIDAY, "a…@example.org", "the line dropped"),
        (FRIDAY, "b…@example.org", "the line dropped"),
    ]
    assert (later.doubts.new, later.doubts.earlier) == (0, 2)
    assert (monday.new, monday.earlier) == (1, 2)


def test_a_decision_ends_the_doubt(newsroom):
    """What was decided is in no later report, and only what is uncertain can be decided."""
    newsroom.subscribe(ROSTER)
    told = served(newsroom, "friday")
    doubt(newsroom, "friday", "ann", "ben")
    now, expires_at = at(FRIDAY, 15), at(FRIDAY, 23)
    with newsroom.database.begin() as tx:
        everybody = list(tx.scalars(select(deliveries.c.id)))
        ann, ben = outbox.uncertain(tx, day=FRIDAY)
        decided = outbox.resolve(tx, everybody, Decision.ACCEPTED, note="seen", now=now, expires_at=expires_at)
        nobody = outbox.resolve(tx, [ann, ben], Decision.DROPPED, note="late", now=now, expires_at=expires_at)
        states = outbox.states_of(tx, everybody)

    assert (decided, nobody) == (2, 0)
    assert set(states.values()) == {"accepted"}
    assert again(newsroom, told, "friday").doubts.new == 0


def test_what_is_sent_again_expires_as_late_as_a_new_delivery(newsroom):
    """Due at once, unclaimed, under its old key."""
    newsroom.subscribe(ROSTER)
    served(newsroom, "friday")
    doubt(newsroom, "friday", "ann")
    with newsroom.database.begin() as tx:
        [ann] = outbox.uncertain(tx)
        key = tx.execute(select(deliveries.c.key).where(deliveries.c.id == ann)).scalar_one()
        outbox.resolve(tx, [ann], Decision.AGAIN, note="lost", now=at(FRIDAY, 15), expires_at=at(FRIDAY, 23))
        row = tx.execute(select(deliveries).where(deliveries.c.id == ann)).one()

    assert (row.state, row.key, row.claim) == ("queued", key, None)
    assert (row.due_at, row.expires_at) == (at(FRIDAY, 15), at(FRIDAY, 23))
    assert row.reply == "lost; before that: the line dropped"
