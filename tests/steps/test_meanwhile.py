"""What happens between promise and sending, or while mail goes out: tasks tried again, readers who leave, memory that ends."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from newsletter import steps
from newsletter.errors import MailerUnavailable
from newsletter.mail.outbox import Outbox
from newsletter.mail.transport import Begin, Parcel, at_once
from newsletter.models import Outcome, Paper
from newsletter.queries import deliveries as outbox
from newsletter.queries.claims import Delivery
from newsletter.schema import attempts, subscribers
from subscribers import roster, service
from tests.smtpd import refuse
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper
from tests.steps.line import over_smtp

ROOT = Path(__file__).resolve().parents[2]
READERS = 12
ROSTER = "subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R{n}}}\n" for n in range(READERS))


def promise(newsroom: Newsroom) -> None:
    """A delivery for each reader waits in the outbox."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()


def states(newsroom: Newsroom) -> dict[str, int]:
    with newsroom.database.begin() as tx:
        return outbox.states(tx)


def test_a_run_without_readers_ends(newsroom):
    """Nobody to mail is not an error, and the account of nobody closes."""
    told = newsroom.run(capture(paper(1)))

    assert (told.compose.papers, told.enqueue.audience, told.deliver.states) == (1, 0, {})


def test_a_shard_that_is_tried_again_sends_nothing_again(newsroom):
    """Prefect repeats a task that failed after its mail had gone: the second try finds nothing to do."""
    promise(newsroom)
    [shard] = steps.shards(newsroom.database, now=at(FRIDAY))
    first = steps.deliver(newsroom.post("run"), shard)
    again = steps.deliver(newsroom.post("run"), shard)
    with newsroom.database.begin() as tx:
        tried = tx.scalar(select(func.count()).select_from(attempts))

    assert (first.states, again.states) == ({"accepted": READERS}, {})
    assert tried == READERS


class Leaving(Outbox):
    """After its first mail everybody who still waits unsubscribes."""

    def __init__(self, newsroom: Newsroom) -> None:
        super().__init__(newsroom.settings.outbox_dir)
        self.database, self.sent = newsroom.database, 0

    @property
    def capacity(self) -> int:
        return 1

    async def send(self, parcel: Parcel, begin: Begin = at_once) -> Outcome:
        outcome = await super().send(parcel, begin)
        self.sent += 1
        if self.sent == 1:
            for number in range(READERS):
                service.unsubscribe(self.database, f"r{number}@example.org", now=at(FRIDAY), how="page")
        return outcome


def test_who_unsubscribes_while_mail_goes_out_is_not_mailed(newsroom):
    """Those whose mail has not begun to leave count as suppressed, also when their delivery was claimed already."""
    promise(newsroom)
    newsroom.transport = lambda: Leaving(newsroom)

    assert newsroom.deliver().states == {"accepted": 1, "suppressed": READERS - 1}
    assert len(newsroom.mails) == 1


class OutOfMemory:
    """Prints until the memory ends."""

    def __init__(self, inner: steps.Printer, good: int) -> None:
        self.inner, self.good = inner, good

    def __call__(self, delivery: Delivery, papers: Mapping[str, Paper]) -> Parcel:
        self.good -= 1
        if self.good < 0:
            raise MemoryError
        return self.inner(delivery, papers)


@pytest.mark.parametrize("good", [0, 5])
def test_memory_that_ends_in_rendering_fails_the_run_loudly_and_loses_nothing(newsroom, good):
    """It is nobody's digest that was wrong, so nobody's is given up: the next run sends what is left, and none twice."""
    promise(newsroom)

    def fail() -> None:
        [shard] = steps.shards(newsroom.database, now=at(FRIDAY))
        post = newsroom.post("run")
        post.print = OutOfMemory(post.print, good)
        with pytest.raises(MemoryError):
            steps.deliver(post, shard)

    copies = over_smtp(newsroom, fail, lambda: newsroom.deliver(hour=13))
    counted = states(newsroom)

    assert set(copies.values()) == {1}
    assert set(counted) <= {"accepted", "uncertain"}  # one that was on the line when the run ended
    assert sum(counted.values()) == READERS
    assert counted["accepted"] >= READERS - 2


LOGIN = ("535 5.7.8 wrong user or password", "454 4.7.0 no login now")


@pytest.mark.parametrize("reply", LOGIN)
def test_a_login_that_is_refused_ends_the_run_before_its_first_mail(newsroom, reply):
    """One sentence and no attempt, instead of as many failures as there are readers; all of it waits."""
    promise(newsroom)

    def refused() -> None:
        with pytest.raises(MailerUnavailable, match="refused the login"):
            newsroom.deliver()

    script = (refuse("auth", reply, times=1),)
    copies = over_smtp(newsroom, refused, user="paperboy", password="right", script=script)
    with newsroom.database.begin() as tx:
        tried = tx.scalar(select(func.count()).select_from(attempts))

    assert (copies, tried, states(newsroom)) == ({}, 0, {"queued": READERS})


def test_a_run_killed_between_the_edition_and_its_digests_is_finished_by_the_next(newsroom):
    """Papers composed, nobody asked yet: everybody has the edition with the next run."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(paper(1)))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    told = newsroom.run(capture(paper(1)))

    assert told.deliver.states == {"accepted": READERS}


@pytest.mark.parametrize("statement", [1, 8, 31])
def test_a_run_killed_while_it_promises_is_finished_by_the_next(newsroom, statement):
    """Half of the readers have their delivery and half have none, or one is half written: then each has exactly one."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(paper(1)))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    url = newsroom.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.steps.planning", url, str(newsroom.settings.data_dir), str(statement)]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    half = sum(states(newsroom).values())
    next_run = newsroom.run(capture(paper(1)))

    assert half < READERS
    assert half > 0 or statement < 31, "it was half done"
    assert next_run.enqueue.queued == READERS - half
    assert states(newsroom) == {"accepted": READERS}
    assert len(newsroom.mails) == READERS


def test_two_who_apply_the_same_roster_at_once_make_nobody_twice(database):
    """One address is one subscriber by the database's own rule: who comes second adds nobody, or is told so."""
    declared = roster.parse(ROSTER, path="roster.yaml")
    together = Barrier(2)

    def apply(_number: int) -> bool:
        together.wait()
        try:
            service.apply_roster(database, declared, now=at(FRIDAY))
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(apply, range(2)))
    with database.begin() as tx:
        people = tx.scalars(select(subscribers.c.address_key)).all()

    assert any(done)
    assert sorted(people) == sorted(f"r{n}@example.org" for n in range(READERS))
