"""A server that refuses everybody, or answers nobody: a setting is wrong, and that costs no list."""

import asyncio

import pytest
from sqlalchemy import select

from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import State
from newsletter.schema import deliveries, suppressions
from tests.smtpd import CHUNKING, FaultServer, drop, late, refuse
from tests.steps.test_rounds import promise, states

UNKNOWN = "550 5.1.1 <x@example.org>: Recipient address rejected: User unknown"


def deliver(newsroom, *script, connections=1):
    """One round with a server that answers so."""

    async def serve():
        async with FaultServer(script, extensions=CHUNKING) as server:
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=connections)
            newsroom.transport = lambda: Smtp(config)
            return await asyncio.to_thread(newsroom.deliver)

    return asyncio.run(serve())


def suppressed(newsroom):
    with newsroom.database.begin() as tx:
        return set(tx.scalars(select(suppressions.c.address_key)))


def of_state(newsroom, state):
    with newsroom.database.begin() as tx:
        return set(tx.scalars(select(deliveries.c.address).where(deliveries.c.state == state)))


def test_a_relay_that_refuses_everybody_stops_the_batch_and_suppresses_nobody(newsroom):
    """A wrong sender, and Postfix calls each recipient unknown: nine are refused, the others wait for the mended one."""
    promise(newsroom, 40)
    told = deliver(newsroom, refuse("rcpt", UNKNOWN), connections=2)

    assert told.stopped == f"10 recipients in a row were refused and none accepted: {UNKNOWN}"
    assert states(newsroom) == {"queued": 31, "refused": 9}
    assert suppressed(newsroom) == set()

    told = deliver(newsroom)
    assert (told.stopped, told.states) == ("", {"accepted": 31})
    assert suppressed(newsroom) == set()


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "between", "last"])
def test_one_dead_address_is_suppressed_wherever_it_stands(newsroom, place):
    """Three readers, the address of one gone: what the server took of the others says that it means this one."""
    promise(newsroom, 3)
    dead = f"r{place}@d{place}.example.org"
    told = deliver(newsroom, refuse("rcpt", UNKNOWN, to=dead), late("dot", 0.05))

    assert (told.stopped, told.states) == ("", {"accepted": 2, "refused": 1})
    assert suppressed(newsroom) == {dead}


def test_a_relay_that_turns_against_us_in_the_middle_suppresses_nobody(newsroom):
    """Some were accepted before, none after: those refused in a row are told apart from those refused among others."""
    promise(newsroom, 40)
    told = deliver(newsroom, refuse("rcpt", UNKNOWN, after=6))

    assert told.stopped.startswith("10 recipients in a row were refused")
    assert states(newsroom) == {"accepted": 6, "queued": 25, "refused": 9}
    assert suppressed(newsroom) == set()


def test_a_proxy_that_drops_every_line_stops_the_batch(newsroom):
    """What was under way is uncertain, and a few more; all others still wait, and no second copy goes out."""
    promise(newsroom, 60)
    told = deliver(newsroom, drop("dot"))

    assert "mails in a row may or may not have been taken and none was accepted" in told.stopped
    lost = of_state(newsroom, State.UNCERTAIN)
    assert len(lost) < 40
    assert states(newsroom) == {"queued": 60 - len(lost), "uncertain": len(lost)}

    told = deliver(newsroom)
    assert (told.stopped, told.states) == ("", {"accepted": 60 - len(lost)})
    assert of_state(newsroom, State.UNCERTAIN) == lost
