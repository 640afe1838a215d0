"""Rounds of delivering: two at once, one that is told to stop, one that is too fast, one whose lease is taken."""

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter import steps
from newsletter.mail.outbox import Outbox
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.mail.transport import NOT_BEGUN, at_once
from newsletter.models import Outcome, Phase, State
from newsletter.queries import claims, runs
from newsletter.queries import deliveries as outbox
from newsletter.schema import deliveries, leases, rates
from newsletter.steps.lease import lease
from tests.smtpd import FaultServer, late, refuse
from tests.steps.conftest import FRIDAY, at, capture, paper

ROOT = Path(__file__).resolve().parents[2]
NOON = at(FRIDAY)


def promise(newsroom, readers: int) -> None:
    """So many deliveries wait in the outbox."""
    people = "".join(f"  - {{address: r{n}@d{n % 3}.example.org, name: R{n}}}\n" for n in range(readers))
    newsroom.subscribe(f"subscribers:\n{people}")
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=NOON)
    newsroom.enqueue()


def states(newsroom) -> dict[str, int]:
    with newsroom.database.begin() as tx:
        return outbox.states(tx)


def claimed(newsroom) -> int:
    with newsroom.database.begin() as tx:
        return len(tx.execute(select(deliveries.c.id).where(deliveries.c.claim.is_not(None))).all())


def smtp(server: FaultServer, connections: int = 2) -> Smtp:
    return Smtp(SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=connections))


def test_two_processes_that_deliver_at_once_send_one_copy_to_each_reader(newsroom):
    """Neither waits for the other, and neither sends what the other has."""
    promise(newsroom, 30)
    url = newsroom.database.engine.url.render_as_string(hide_password=False)

    async def serve() -> FaultServer:
        async with FaultServer((late("dot", 0.02),)) as server:
            command = [
                sys.executable, "-m", "tests.steps.dying", url, str(newsroom.settings.data_dir), "never", "0",
                str(server.port), "no-lease",
            ]  # fmt: skip
            both = [await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
            for each in both:
                _, said = await each.communicate()

                assert each.returncode == 0, said.decode()
            return server

    server = asyncio.run(serve())
    copies = Counter(mail.recipient for mail in server.mails)

    assert len(copies) == 30
    assert set(copies.values()) == {1}
    assert states(newsroom) == {"accepted": 30}


class Stopping(Outbox):
    """Tells its round to stop as soon as the first mail is under way."""

    stop: threading.Event
    begun = 0

    async def send(self, parcel, begin=at_once):
        """Written as ever where it was begun, after everybody was told."""
        if not await begin():
            return NOT_BEGUN
        self.begun += 1
        self.stop.set()
        await asyncio.sleep(0.5)  # so that the round has looked
        return await super().send(parcel)


def test_a_round_that_is_told_to_stop_finishes_what_is_in_flight_and_gives_the_rest_back(newsroom):
    """Nothing stays claimed, nothing is in doubt, and the report says that it was stopped."""
    promise(newsroom, 30)
    transport = Stopping(newsroom.settings.outbox_dir)
    newsroom.transport = lambda: transport
    post = newsroom.post("run")
    transport.stop = post.stop
    (shard,) = steps.shards(newsroom.database, now=NOON)
    told = steps.deliver(post, shard)

    assert told.stopped == "it was told to stop"
    assert 1 <= transport.begun <= transport.capacity
    assert states(newsroom) == {"accepted": transport.begun, "queued": 30 - transport.begun}
    assert len(newsroom.mails) == transport.begun
    with newsroom.database.begin() as tx:
        assert len(claims.due_ids(tx, now=NOON)) == 30 - transport.begun


def test_a_round_that_was_stopped_before_it_began_claims_nothing(newsroom):
    """The next shard of a stopped run is not even opened."""
    promise(newsroom, 3)
    post = newsroom.post("run")
    post.stop.set()
    (shard,) = steps.shards(newsroom.database, now=NOON)

    assert steps.deliver(post, shard).states == {}
    assert states(newsroom) == {"queued": 3}


def test_a_round_claims_in_batches_and_forgets_nobody(newsroom):
    """More deliveries than are claimed at once: each of them is accepted, and none is left behind between batches."""
    promise(newsroom, 600)
    newsroom.transport = Nowhere
    told = newsroom.deliver()

    assert told.states == {"accepted": 600}
    assert states(newsroom) == {"accepted": 600}


def test_after_a_round_no_claim_and_no_lease_is_left(newsroom):
    """The tables are as tidy as before."""
    promise(newsroom, 5)
    newsroom.deliver()

    assert claimed(newsroom) == 0
    with newsroom.database.begin() as tx:
        assert tx.execute(select(leases)).all() == []


class Nowhere(Outbox):
    """Takes everything and keeps nothing: writing six hundred files is not what is tried here."""

    def __init__(self) -> None:
        super().__init__(Path())

    async def __aenter__(self):
        return self

    async def send(self, parcel, begin=at_once):
        """Taken, if the ledger says that it may leave."""
        return Outcome(State.ACCEPTED, Phase.DOT, 250) if await begin() else NOT_BEGUN


class Unforeseen(Outbox):
    """A transport with a fault nobody thought of, at the third mail."""

    sent = 0

    async def send(self, parcel, begin=at_once):
        """The third one breaks after it was begun."""
        self.sent += 1
        if self.sent == 3:
            await begin()
            raise ZeroDivisionError
        return await super().send(parcel, begin)


def test_what_nobody_foresaw_is_loud_and_leaves_every_delivery_settled_or_due(newsroom):
    """The round ends with the error itself; its mails are judged at once and the rest is free."""
    promise(newsroom, 12)
    newsroom.transport = lambda: Unforeseen(newsroom.settings.outbox_dir)
    with pytest.raises(ZeroDivisionError):
        newsroom.deliver()

    assert set(states(newsroom)) <= {"accepted", "queued"}
    with newsroom.database.begin() as tx:
        assert len(claims.due_ids(tx, now=NOON)) == outbox.states(tx)["queued"]
    newsroom.transport = None
    newsroom.deliver(run="next")

    assert states(newsroom) == {"accepted": 12}
    assert len(newsroom.mails) == 12


def test_a_rate_that_a_server_taught_is_kept_for_the_next_run(newsroom):
    """Told once that it is too fast, the next round starts at the slower rate."""
    promise(newsroom, 3)

    async def serve() -> None:
        async with FaultServer(
            (refuse("dot", "454 4.7.0 Throttling failure, try again in 1 second", times=1),)
        ) as server:
            newsroom.transport = lambda: smtp(server, 1)
            await asyncio.to_thread(run)

    def run() -> None:
        post = newsroom.post("run")
        post.rate = 40.0
        for shard in steps.shards(newsroom.database, now=NOON):
            steps.deliver(post, shard)

    asyncio.run(serve())
    with newsroom.database.begin() as tx:
        (kept,) = tx.execute(select(rates)).all()

    assert kept.name == "smtp"
    assert 20.0 <= kept.rate < 21.0
    assert states(newsroom) == {"accepted": 2, "queued": 1}


def test_a_mailbox_that_is_full_is_counted_as_a_soft_bounce_while_we_deliver(newsroom):
    """What the server says at RCPT is scored like what comes back by mail."""
    promise(newsroom, 2)
    learned: list[tuple[int, Outcome]] = []

    async def serve() -> None:
        full = refuse("rcpt", "452 4.2.2 mailbox full", to="r0@d0.example.org")
        async with FaultServer((full,)) as server:
            newsroom.transport = lambda: smtp(server)
            await asyncio.to_thread(run)

    def run() -> None:
        post = newsroom.post("run")
        post.learn = lambda _tx, answered, /, *, now: learned.extend(answered) if now else None
        for shard in steps.shards(newsroom.database, now=NOON):
            steps.deliver(post, shard)

    asyncio.run(serve())

    assert sorted((outcome.state, outcome.phase) for _, outcome in learned) == [
        (State.ACCEPTED, Phase.DOT),
        (State.QUEUED, Phase.RCPT),
    ]


def test_a_refused_recipient_was_never_in_doubt(newsroom):
    """Refused at RCPT, a delivery is settled without having been begun: a kill there would cost nothing."""
    promise(newsroom, 1)
    seen: list[str] = []

    class Watching(Smtp):
        async def send(self, parcel, begin=at_once):
            async def begin_and_tell() -> bool:
                seen.append("begun")
                return await begin()

            return await super().send(parcel, begin_and_tell)

    async def serve() -> None:
        async with FaultServer((refuse("rcpt", "550 5.1.1 no such user"),)) as server:
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=1)
            newsroom.transport = lambda: Watching(config)
            await asyncio.to_thread(newsroom.deliver)

    asyncio.run(serve())

    assert seen == []
    assert states(newsroom) == {"refused": 1}


def test_a_lease_that_somebody_else_has_is_known_to_be_lost(newsroom):
    """Who slept through it finds out at the next renewal, and stops."""
    term = timedelta(seconds=0.2)
    with lease(newsroom.database, holder="a", clock=lambda: NOON, name="deliver outbox a", term=term) as held:
        with newsroom.database.begin() as tx:
            runs.release(tx, "deliver outbox a", token="a")

        assert held.lost.wait(30)


def test_what_is_due_again_later_is_not_claimed_before(newsroom):
    """A server's "try again in 300 seconds" is kept."""
    promise(newsroom, 1)

    async def serve() -> None:
        async with FaultServer((refuse("rcpt", "450 4.2.0 greylisted, try again in 300 seconds"),)) as server:
            newsroom.transport = lambda: smtp(server)
            await asyncio.to_thread(newsroom.deliver)

    asyncio.run(serve())
    with newsroom.database.begin() as tx:
        soon = claims.due_ids(tx, now=NOON + timedelta(seconds=299))
        then = claims.due_ids(tx, now=NOON + timedelta(seconds=300))

    assert (len(soon), len(then)) == (0, 1)
