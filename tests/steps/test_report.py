"""The account a run closes with: what was perhaps sent is named, in this run and before it; whoever sent it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter import steps
from newsletter.errors import LedgerError
from newsletter.models import Decision, State
from newsletter.queries import claims
from newsletter.queries import deliveries as outbox
from newsletter.reports import CollectReport, ComposeReport, DeliverReport
from newsletter.schema import deliveries
from newsletter.steps.lease import lease
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


# ---- whoever sent it -------------------------------------------------------------------------------------------------


def queued(newsroom, run: str = "friday"):
    """Three digests are queued; the report of what queued them."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    return newsroom.enqueue(run=run)


def closed(newsroom, enqueued, *told: DeliverReport, run: str = "friday", shards=()):
    """The account of a run that did nothing but enqueue and deliver."""
    return steps.report(
        newsroom.database,
        run=run,
        day=FRIDAY,
        collect=CollectReport(FRIDAY, (), 8),
        compose=ComposeReport(FRIDAY, 1, True, 8),
        enqueue=enqueued,
        deliver=told,
        where="",
        now=at(FRIDAY),
        shards=shards,
    )


def test_what_another_process_is_sending_is_told_and_fails_nothing(newsroom):
    """One is under way and two are claimed beside the run: all three are somebody's, and the account closes."""
    enqueued = queued(newsroom)
    now = at(FRIDAY)
    with lease(newsroom.database, holder="beside", clock=lambda: now, name="deliver beside"):
        with newsroom.database.begin() as tx:
            claimed = claims.claim(tx, "deliver beside", claims.due_ids(tx, now=now), now=now)
            claims.begin(tx, "deliver beside", [claimed[0].id], run="beside", now=now)
        told = newsroom.deliver(run="friday")
        report = closed(newsroom, enqueued, told)
        with newsroom.database.begin() as tx:
            waiting = outbox.waiting(tx)

    assert told.states == {}
    assert report.deliver.states == {"sending": 3}
    assert (waiting.number, waiting.taken) == (0, 3)


def test_what_nobody_is_sending_any_more_fails_the_run(newsroom):
    """In mid-air under a lease that is gone: somebody would be lost, and the run says so."""
    enqueued = queued(newsroom)
    with newsroom.database.begin() as tx:
        tx.execute(update(deliveries).where(deliveries.c.address == "ann@example.org").values(state=State.SENDING))

    with pytest.raises(LedgerError, match="1 left in mid-air"):
        closed(newsroom, enqueued)


def test_the_numbers_are_those_of_the_outbox(newsroom):
    """A task that was tried again knows only its last try; the report knows all of them."""
    enqueued = queued(newsroom)
    newsroom.deliver(run="friday")

    assert closed(newsroom, enqueued, DeliverReport({"accepted": 1})).deliver.states == {"accepted": 3}


def test_what_an_earlier_run_had_queued_is_counted_by_the_run_that_sent_it(newsroom):
    """Beside its own; and once somebody else has sent it, by nobody."""
    queued(newsroom, run="earlier")
    shards = steps.shards(newsroom.database, now=at(FRIDAY))
    newsroom.deliver(run="friday")
    nothing = newsroom.enqueue(run="friday")

    assert closed(newsroom, nothing, shards=shards).deliver.states == {"accepted": 3}
    assert closed(newsroom, nothing, run="later", shards=shards).deliver.states == {}


def test_no_address_of_a_reader_leaves_with_a_servers_words(newsroom):
    """Servers repeat addresses; the outbox keeps them for the operator, and the report has them masked."""
    newsroom.subscribe(ROSTER)
    told = served(newsroom, "friday")
    doubt(newsroom, "friday", "ann")
    with newsroom.database.begin() as tx:
        tx.execute(
            update(deliveries)
            .where(deliveries.c.state == State.UNCERTAIN)
            .values(reply="451 4.3.0 <ann@example.org>: lost")
        )
    report = closed(
        newsroom, told.enqueue, DeliverReport(stopped="5.7.1 <ben@example.org>: Relay denied"), run="friday"
    )

    assert report.deliver.stopped == "5.7.1 <b…@example.org>: Relay denied"
    assert [one.reply for one in report.doubts.newest] == ["451 4.3.0 <a…@example.org>: lost"]
