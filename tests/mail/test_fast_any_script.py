"""Whatever a server does, on whatever kind of line: what is said of each mail agrees with the copies the server holds."""

import asyncio
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.smtp import Smtp
from newsletter.mail.transport import NOT_BEGUN
from tests.mail.sending import AS_SAID, KINDS, REPLIES, config, deliver, parcel, send, send_together
from tests.smtpd import Fault

READERS = [f"r{number}@example.org" for number in range(12)]

FAULTS = st.builds(
    Fault,
    at=st.sampled_from(["mail", "rcpt", "data", "bdat", "body", "dot", "rset", "quit"]),
    do=st.sampled_from(["reply", "reply", "reply", "drop", "drop", "stall"]),
    reply=st.sampled_from(
        [reply for reply in REPLIES if reply and "never" not in reply] + ["421 4.3.2 closing", "250 odd", "354 go on"]
    ),
    to=st.none() | st.sampled_from(READERS),
    times=st.integers(1, 2),
    after=st.integers(0, 9),
    # A server that says it took what it did not take cannot be found out.
).filter(lambda fault: fault.at not in {"body", "bdat"} or fault.reply[:1] != "2")


@pytest.mark.parametrize("how", [send, send_together], ids=["in turn", "at once"])
@pytest.mark.parametrize("kind", KINDS)
@given(script=st.lists(FAULTS, max_size=4), connections=st.integers(1, 2))
@settings(max_examples=30)
def test_whatever_the_server_does_the_ledger_agrees_with_it(kind, how, script, connections):
    """Accepted means one copy, deferred and refused none, uncertain at most one, and every send comes to an end."""
    parcels = [parcel(one, key=one) for one in READERS]
    timeouts = {"command_timeout": 0.05, "data_timeout": 0.05}
    outcomes, server = deliver(script, *parcels, kind=kind, how=how, connections=connections, **timeouts)
    for reader, outcome in zip(READERS, outcomes, strict=True):
        assert server.copies(reader) in AS_SAID[outcome.state], (reader, outcome)


@st.composite
def meddlings(draw):
    """For some readers: after how many turns of the loop their mail is cancelled, or may not begin."""
    return draw(
        st.dictionaries(
            st.sampled_from(READERS), st.tuples(st.sampled_from(["cancel", "refuse", "wait"]), st.integers(0, 12))
        )
    )


async def send_and_meddle(server, *parcels, meddling, **changes):
    """The outcomes of sending all at once, None for a cancelled one, while somebody cancels, says no or is slow."""

    async def send_one(smtp, each):
        what, turns = meddling.get(each.recipient, ("nothing", 0))

        async def begin():
            for _ in range(turns):
                await asyncio.sleep(0)
            return what != "refuse"

        return await smtp.send(each, begin)

    async with Smtp(config(server, **changes)) as smtp:
        tasks = [asyncio.create_task(send_one(smtp, each)) for each in parcels]
        for turn in range(13):
            for task, each in zip(tasks, parcels, strict=True):
                if meddling.get(each.recipient) == ("cancel", turn):
                    task.cancel()
            await asyncio.sleep(0.0005)
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("kind", KINDS)
@given(script=st.lists(FAULTS, max_size=2), meddling=meddlings(), connections=st.integers(1, 2))
@settings(max_examples=30)
def test_whoever_meddles_nobody_gets_two_and_everybody_hears_the_truth(kind, script, meddling, connections):
    """Mails that are cancelled, or may not begin after all, change nothing of what is promised to the others."""
    outcomes, server = deliver(
        script, *(parcel(one, key=one) for one in READERS), kind=kind, how=partial(send_and_meddle, meddling=meddling),
        connections=connections, command_timeout=0.05, data_timeout=0.05,
    )  # fmt: skip
    for reader, outcome in zip(READERS, outcomes, strict=True):
        if isinstance(outcome, asyncio.CancelledError):
            assert meddling[reader][0] == "cancel"
            assert server.copies(reader) <= 1
        else:
            assert server.copies(reader) in AS_SAID[outcome.state], (reader, outcome)
            assert outcome is not NOT_BEGUN or meddling[reader][0] == "refuse"
