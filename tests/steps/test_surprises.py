"""What nobody foresees while mail goes out: it costs its own delivery, and never the answers of the others."""

import asyncio
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from newsletter import steps
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import Outcome, Phase, State
from newsletter.queries import claims, deliveries, promises
from newsletter.schema import subscribers
from newsletter.steps.lease import lease
from tests.smtpd import CHUNKING, FaultServer, late
from tests.steps.conftest import FRIDAY, capture, paper
from tests.steps.test_rounds import NOON, promise, states


def over(server: FaultServer, connections: int = 2) -> Smtp:
    return Smtp(SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=connections))


def go(newsroom, post) -> None:
    for shard in steps.shards(newsroom.database, now=NOON):
        steps.deliver(post, shard)


def test_a_surprise_in_one_delivery_leaves_the_others_their_answers(newsroom):
    """It is raised in the end; nothing on its way became uncertain for it, and the delivery itself waits its turn."""
    promise(newsroom, 30)

    async def serve() -> FaultServer:
        async with FaultServer((late("dot", 0.2, "250 2.0.0 taken"),), extensions=CHUNKING) as server:
            newsroom.transport = lambda: over(server)
            post = newsroom.post("run")
            printed: list[int] = []
            well = post.print

            def badly(delivery, papers):
                printed.append(delivery.id)
                if len(printed) == 12:
                    raise ZeroDivisionError("a fault of our own")
                return well(delivery, papers)

            post.print = badly
            with pytest.raises(ZeroDivisionError):
                await asyncio.to_thread(go, newsroom, post)
            return server

    server = asyncio.run(serve())
    found = states(newsroom)

    assert set(found) == {"accepted", "queued"}
    assert found["accepted"] == len(server.mails)
    with newsroom.database.begin() as tx:
        assert len(claims.due_ids(tx, now=NOON)) == found["queued"] - 1  # the one that failed comes later


def test_a_domain_that_must_wait_holds_up_nobody_behind_it(newsroom):
    """Hundreds of mails to one slow domain were queued first; the others are all sent while those wait."""
    people = "".join(f"  - {{address: r{n}@slow.example.org, name: R{n}}}\n" for n in range(300))
    people += "".join(f"  - {{address: q{n}@d{n}.example.org, name: Q{n}}}\n" for n in range(40))
    newsroom.subscribe(f"subscribers:\n{people}")
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=NOON)
    newsroom.enqueue()

    async def serve() -> FaultServer:
        async with FaultServer((), extensions=CHUNKING) as server:
            newsroom.transport = lambda: over(server)
            post = newsroom.post("run")
            post.domain_rate = 1.0
            working = asyncio.create_task(asyncio.to_thread(go, newsroom, post))
            async with asyncio.timeout(60):
                while sum("slow" not in mail.recipient for mail in server.mails) < 40:
                    server.arrived.clear()
                    await server.arrived.wait()
            post.stop.set()
            await working
            return server

    server = asyncio.run(serve())

    assert sum("slow" in mail.recipient for mail in server.mails) < 150


class Forgetful:
    """A database whose first commit that begins mail holds, and whose answer to it is lost on the way."""

    def __init__(self, database) -> None:
        self.database = database
        self.lost = False

    def __getattr__(self, name):
        return getattr(self.database, name)

    @contextmanager
    def begin(self):
        """As ever, once with an error after it."""
        with self.database.begin() as tx:
            yield tx
            sending = deliveries.states(tx).get("sending", 0)
        if sending and not self.lost:
            self.lost = True
            raise OperationalError("COMMIT", {}, Exception("the line dropped"))


def test_a_commit_whose_answer_is_lost_leaves_nothing_in_doubt(newsroom):
    """Asked again, the ledger finds its own mark and lets the messages go."""
    promise(newsroom, 6)

    async def serve() -> FaultServer:
        async with FaultServer((), extensions=CHUNKING) as server:
            newsroom.transport = lambda: over(server, 1)
            post = newsroom.post("run")
            post.database = Forgetful(newsroom.database)
            await asyncio.to_thread(go, newsroom, post)
            assert post.database.lost
            return server

    server = asyncio.run(serve())

    assert len(server.mails) == 6
    assert states(newsroom) == {"accepted": 6}


def test_only_the_transport_that_began_a_mail_says_what_became_of_it(newsroom):
    """Switched to the outbox meanwhile, what an SMTP process left is in doubt, and not sent again."""
    promise(newsroom, 2)
    with newsroom.database.begin() as tx:
        got = claims.claim(tx, "deliver smtp gone", claims.due_ids(tx, now=NOON), now=NOON)
        claims.begin(tx, "deliver smtp gone", [one.id for one in got], run="gone", now=NOON)

    assert steps.recover(newsroom.post("next")) == {"uncertain": 2}


def test_what_begins_to_leave_while_it_expires_does_not_expire(newsroom):
    """Whoever comes second looks again: a mail on its way is neither given up nor are its papers sent once more."""
    promise(newsroom, 2)
    then = NOON + timedelta(hours=25)
    with newsroom.database.begin() as tx:
        before = list(tx.execute(select(subscribers.c.cursor).order_by(subscribers.c.id)))
        mine, _ = claims.claim(tx, "deliver smtp x", claims.due_ids(tx, now=NOON), now=NOON)

    def expire() -> None:
        with newsroom.database.begin() as tx:
            promises.expire(tx, now=then)

    with lease(newsroom.database, holder="x", clock=lambda: then, name="deliver smtp x"):
        second = threading.Thread(target=expire)
        with newsroom.database.begin() as tx:
            claims.begin(tx, "deliver smtp x", [mine.id], run="run", now=then)
            second.start()
            time.sleep(0.5)  # so that it waits for us
        second.join()
        taken = claims.Settled(mine, Outcome(State.ACCEPTED, Phase.DOT, 250, None, "ok"), then, then)
        with newsroom.database.begin() as tx:
            claims.settle(tx, "deliver smtp x", [taken], run="run", now=then)
            after = list(tx.execute(select(subscribers.c.cursor).order_by(subscribers.c.id)))

    assert states(newsroom) == {"accepted": 1, "expired": 1}
    assert [one == two for one, two in zip(before, after, strict=True)].count(True) == 1
