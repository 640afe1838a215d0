"""Killed in mid-delivery: nothing is lost, nobody is mailed twice, and what cannot be known is listed."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter import steps
from newsletter.errors import RunInProgress
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.queries import deliveries as outbox
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


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("count", [1, READERS])
def test_after_a_kill_the_outbox_holds_one_copy_for_each_reader(newsroom, moment, count):
    """The outbox can look what was written, so the next run finishes the day exactly."""
    promise(newsroom)
    die(newsroom, moment, count)
    with steps.lease(newsroom.database, holder="next", clock=lambda: at(FRIDAY)):
        judged = steps.recover(newsroom.post("next"))
        newsroom.deliver(run="next")
    copies = Counter(message_from_bytes(path.read_bytes())["To"] for path in newsroom.mails)

    assert sum(judged.values()) >= 1
    assert len(copies) == READERS
    assert set(copies.values()) == {1}
    with newsroom.database.begin() as tx:
        assert outbox.states(tx) == {"accepted": READERS}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_after_a_kill_over_smtp_no_reader_has_two_copies_and_the_unknown_ones_are_listed(newsroom, moment):
    """Nobody can know whether the server took the last mail: it becomes uncertain, and is not sent again."""
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

    assert set(states) == {"accepted", "uncertain"}
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
