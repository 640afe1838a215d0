"""Killed in mid-delivery: nothing is lost, nobody is mailed twice, and what cannot be known is listed."""

import asyncio
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter import steps
from newsletter.errors import RunInProgress
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.queries import deliveries as outbox
from newsletter.queries import runs
from tests.smtpd import FaultServer
from tests.steps.conftest import FRIDAY, at, capture, paper

ROOT = Path(__file__).resolve().parents[2]
READERS = 6
ROSTER = "subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R{n}}}\n" for n in range(READERS))


def promise(newsroom) -> None:
    """Six deliveries wait in the outbox."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()


def die(newsroom, moment: str, count: int, *more: str) -> None:
    """Deliver in a process of its own that is killed with SIGKILL."""
    url = newsroom.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.steps.dying", url, str(newsroom.settings.data_dir), moment, str(count)]
    died = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)

    assert died.returncode == -signal.SIGKILL, died.stderr


@pytest.mark.parametrize("moment", ["before", "begun", "after"])
@pytest.mark.parametrize("count", [1, READERS])
def test_after_a_kill_the_outbox_holds_one_copy_for_each_reader(newsroom, moment, count):
    """The outbox can look what was written, so the next run finishes the day exactly."""
    promise(newsroom)
    die(newsroom, moment, count)
    with steps.lease(newsroom.database, holder="next", clock=lambda: at(FRIDAY)):
        judged = steps.recover(newsroom.post("next"))
        newsroom.deliver(run="next")
    copies = Counter(message_from_bytes(path.read_bytes())["To"] for path in newsroom.mails)

    assert bool(judged) is (moment != "before")  # what is not begun was never in doubt
    assert len(copies) == READERS
    assert set(copies.values()) == {1}
    with newsroom.database.begin() as tx:
        assert outbox.states(tx) == {"accepted": READERS}


@pytest.mark.parametrize("moment", ["before", "begun", "after"])
def test_after_a_kill_over_smtp_no_reader_has_two_copies_and_the_unknown_ones_are_listed(newsroom, moment):
    """Nobody can know whether the server took what was begun: it becomes uncertain, and is not sent again."""
    promise(newsroom)

    async def serve() -> Counter[str]:
        async with FaultServer() as server:
            await asyncio.to_thread(die, newsroom, moment, 3, str(server.port))
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=1)
            newsroom.transport = lambda: Smtp(config)
            await asyncio.to_thread(finish)
            return Counter({f"r{n}@example.org": server.copies(f"r{n}@example.org") for n in range(READERS)})

    def finish() -> None:
        with steps.lease(newsroom.database, holder="next", clock=lambda: at(FRIDAY)):
            steps.recover(newsroom.post("next"))
            newsroom.deliver(run="next")

    copies = asyncio.run(serve())
    with newsroom.database.begin() as tx:
        states = outbox.states(tx)
        uncertain = {row.address for row in outbox.listed(tx, state="uncertain")}

    # Before the third began nothing of it was in doubt; of the second the answer may not be written yet.
    assert set(states) | {"uncertain"} == {"accepted", "uncertain"}
    assert states.get("uncertain", 0) <= 2
    assert sum(states.values()) == READERS
    assert max(copies.values()) == 1
    assert {address for address in (f"r{n}@example.org" for n in range(READERS)) if not copies[address]} <= uncertain


def test_a_dead_holder_of_the_lease_holds_nobody_up(newsroom):
    """The lease of a killed process on this host is taken over at once."""
    promise(newsroom)
    die(newsroom, "before", 1)

    with steps.lease(newsroom.database, holder="next", clock=lambda: at(FRIDAY)):
        pass


def test_two_runs_do_not_overlap(newsroom):
    """A second run is told who holds the lease."""
    clock = lambda: at(FRIDAY)  # noqa: E731  a clock is a value here
    with (
        steps.lease(newsroom.database, holder="first", clock=clock),
        pytest.raises(RunInProgress, match="another run holds the lease"),
        steps.lease(newsroom.database, holder="second", clock=clock),
    ):
        pass


def test_a_lease_given_back_can_be_taken(newsroom):
    """After a run the next one goes ahead, also when the first one failed."""
    with pytest.raises(ZeroDivisionError), steps.lease(newsroom.database, holder="a", clock=lambda: at(FRIDAY)):
        raise ZeroDivisionError

    with steps.lease(newsroom.database, holder="b", clock=lambda: at(FRIDAY)):
        pass


def test_a_lease_that_ran_out_is_taken_over(newsroom):
    """A run on another host that lost power holds nobody up for longer than its term."""
    with (
        steps.lease(newsroom.database, holder="first", clock=lambda: at(FRIDAY, 1)),
        steps.lease(newsroom.database, holder="second", clock=lambda: at(FRIDAY, 2)),
    ):
        pass


def test_of_two_runs_that_find_a_dead_holder_at_once_only_one_goes_ahead(newsroom):
    """Both look at the same stale lease in the same moment: one takes it over, the other is told so."""
    with newsroom.database.begin() as tx:
        runs.take(tx, "run", token="dead", host="elsewhere", pid=1, until=at(FRIDAY, 1))
    told: queue.Queue[str] = queue.Queue()
    over = threading.Event()

    def try_it(holder: str) -> None:
        try:
            with steps.lease(newsroom.database, holder=holder, clock=lambda: at(FRIDAY)):
                told.put("goes ahead")
                over.wait(30)
        except RunInProgress:
            told.put("is refused")

    threads = [threading.Thread(target=try_it, args=(holder,)) for holder in ("first", "second")]
    with newsroom.database.begin() as tx:
        runs.holder(tx, "run")  # so that both wait at the same place
        for thread in threads:
            thread.start()
        time.sleep(0.5)
    said = {told.get(timeout=30), told.get(timeout=30)}
    over.set()
    for thread in threads:
        thread.join()

    assert said == {"goes ahead", "is refused"}


def test_of_two_runs_that_find_no_lease_at_once_only_one_goes_ahead(newsroom):
    """The other gets the same sentence as ever, not the database's."""
    begin = threading.Barrier(2)
    over = threading.Barrier(2)

    def try_it(holder: str) -> str:
        begin.wait(30)
        try:
            with steps.lease(newsroom.database, holder=holder, clock=lambda: at(FRIDAY)):
                over.wait(30)
                return "goes ahead"
        except RunInProgress:
            over.wait(30)
            return "is refused"

    with ThreadPoolExecutor(2) as pool:
        for turn in range(10):
            said = sorted(pool.map(try_it, (f"first {turn}", f"second {turn}")))

            assert said == ["goes ahead", "is refused"]
