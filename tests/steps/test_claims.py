"""Claims: who may send a delivery, in two processes at once, after a kill, and after a sleep that outlasted the lease."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter import steps
from newsletter.models import Outcome, Phase, State
from newsletter.queries import claims
from newsletter.queries import deliveries as outbox
from newsletter.schema import attempts
from newsletter.steps.lease import lease, sweep
from newsletter.steps.ledger import Ledger
from tests.steps.conftest import FRIDAY, at, capture, paper

READERS = 5
ROSTER = "subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R{n}}}\n" for n in range(READERS))
NOON = at(FRIDAY)
TAKEN = Outcome(State.ACCEPTED, Phase.DOT, 250, "2.0.0", "taken")


@pytest.fixture
def queued(newsroom):
    """A newsroom with five deliveries in the outbox."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=NOON)
    newsroom.enqueue()
    return newsroom


def due(newsroom) -> list[int]:
    with newsroom.database.begin() as tx:
        return claims.due_ids(tx, now=NOON)


def claim(newsroom, name: str, ids: list[int]) -> list[claims.Delivery]:
    with newsroom.database.begin() as tx:
        return claims.claim(tx, name, ids, now=NOON)


def begin(newsroom, name: str, *ids: int) -> set[int]:
    with newsroom.database.begin() as tx:
        return claims.begin(tx, name, ids, run="run", now=NOON)


def settle(newsroom, name: str, delivery: claims.Delivery, outcome: Outcome = TAKEN) -> None:
    with newsroom.database.begin() as tx:
        claims.settle(tx, name, [claims.Settled(delivery, outcome, NOON, NOON)], run="run", now=NOON)


def states(newsroom) -> dict[str, int]:
    with newsroom.database.begin() as tx:
        return outbox.states(tx)


def held(newsroom, name: str):
    return lease(newsroom.database, holder=name, clock=lambda: NOON, name=name)


def test_what_one_has_claimed_the_other_does_not_get(queued):
    """Two workers share the outbox without meeting."""
    ids = due(queued)
    with held(queued, "deliver outbox a"), held(queued, "deliver outbox b"):
        first = claim(queued, "deliver outbox a", ids[:3])
        second = claim(queued, "deliver outbox b", ids)

        assert [one.id for one in first] == ids[:3]
        assert [one.id for one in second] == ids[3:]
        assert due(queued) == []


def test_a_claim_whose_lease_is_gone_is_free_again(queued):
    """A process that died before it began holds nobody up."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        claim(queued, "deliver outbox a", ids)

    assert due(queued) == ids


def test_a_released_claim_is_free_at_once(queued):
    """What a stopped round gives back goes out with the next."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        claim(queued, "deliver outbox a", ids)
        with queued.database.begin() as tx:
            claims.release(tx, "deliver outbox a", ids[1:])

        assert due(queued) == ids[1:]


def test_who_slept_through_the_lease_may_not_begin_what_another_has_claimed(queued):
    """The fence: the claim is in the WHERE of the statement that lets a message leave."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        claim(queued, "deliver outbox a", ids)
        sweep(queued.database, now=NOON + timedelta(hours=1), prefix="deliver ")  # another host's look at the clock
        with held(queued, "deliver outbox b"):
            claim(queued, "deliver outbox b", ids)

            assert begin(queued, "deliver outbox a", *ids) == set()
            assert begin(queued, "deliver outbox b", *ids) == set(ids)


def test_nobody_begins_twice(queued):
    """A second begin of the same delivery finds it gone, also by the same holder."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        claim(queued, "deliver outbox a", ids)

        assert begin(queued, "deliver outbox a", ids[0]) == {ids[0]}
        assert begin(queued, "deliver outbox a", ids[0]) == set()


def test_what_was_in_flight_under_a_living_lease_is_not_judged(queued):
    """A run that starts beside a delivering process leaves its mails alone."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        claim(queued, "deliver outbox a", ids)
        begin(queued, "deliver outbox a", ids[0])

        assert steps.recover(queued.post("next")) == {}
        assert states(queued)["sending"] == 1


def test_what_was_in_flight_under_a_lease_that_is_gone_is_judged_one_by_one(queued):
    """Begun and not written is queued again; claimed and not begun never was anything else."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        claim(queued, "deliver outbox a", ids)
        begin(queued, "deliver outbox a", *ids[:2])

    assert steps.recover(queued.post("next")) == {"queued": 2}
    assert due(queued) == [*ids[2:], *ids[:2]]  # those tried least come first


def test_an_answer_that_comes_after_all_settles_what_was_thought_uncertain(queued):
    """A process that only slept still knows what the server said."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        one = claim(queued, "deliver outbox a", ids)[0]
        begin(queued, "deliver outbox a", one.id)
    with queued.database.begin() as tx:
        (left,) = claims.in_flight(tx)
        judged = claims.judge(tx, left, Outcome(State.UNCERTAIN, Phase.DOT, reply="?"), run="next", now=NOON)
    assert judged
    assert states(queued)["uncertain"] == 1

    settle(queued, "deliver outbox a", one)

    assert states(queued)["accepted"] == 1
    with queued.database.begin() as tx:
        assert tx.execute(select(attempts.c.outcome, attempts.c.code)).all() == [("accepted", 250)]


def test_an_answer_to_what_is_not_ours_changes_nothing(queued):
    """Who was fenced off cannot settle what another has."""
    ids = due(queued)
    with held(queued, "deliver outbox a"), held(queued, "deliver outbox b"):
        one = claim(queued, "deliver outbox a", ids)[0]
        begin(queued, "deliver outbox a", one.id)
        settle(queued, "deliver outbox b", one)

        assert states(queued)["sending"] == 1


def test_what_is_judged_once_is_not_judged_again(queued):
    """Two runs that find the same dead process agree on one judgement."""
    ids = due(queued)
    with held(queued, "deliver outbox a"):
        claim(queued, "deliver outbox a", ids)
        begin(queued, "deliver outbox a", ids[0])
    uncertain = Outcome(State.UNCERTAIN, Phase.DOT, reply="?")
    with queued.database.begin() as tx:
        (left,) = claims.in_flight(tx)
        first = claims.judge(tx, left, uncertain, run="b", now=NOON)
        second = claims.judge(tx, left, uncertain, run="c", now=NOON)

    assert (first, second) == (True, False)


def test_an_expired_delivery_is_not_claimed(queued):
    """What is too old is not sent, even if nobody has swept it yet."""
    ids = due(queued)
    late = NOON + timedelta(hours=25)
    with held(queued, "deliver outbox a"), queued.database.begin() as tx:
        assert claims.claim(tx, "deliver outbox a", ids, now=late) == []


# ---- the ledger --------------------------------------------------------------------------------------------------------


def ledger(newsroom, name: str, **changes) -> Ledger:
    post = newsroom.post("run")
    known = {
        "run": "run",
        "clock": post.clock,
        "still_wanted": post.still_wanted,
        "learn": post.learn,
        "patience": 1.0,
        "note": post.note,
        "stop": post.stop,
    }
    return Ledger(newsroom.database, name, **(known | changes))


def test_the_ledger_begins_and_settles_many_at_once(queued):
    """Each asker gets its own answer out of one commit."""
    ids = due(queued)

    async def work() -> list[bool]:
        async with ledger(queued, "deliver outbox a") as book:
            claimed = await book.claim(ids[:4])
            begun = await asyncio.gather(*(book.begin(one) for one in claimed))
            for one in claimed[:3]:
                book.settle(claims.Settled(one, TAKEN, NOON, NOON))
            return begun

    with held(queued, "deliver outbox a"):
        begun = asyncio.run(work())

    assert begun == [True] * 4
    assert states(queued) == {"accepted": 3, "sending": 1, "queued": 1}


def test_who_left_while_the_mail_waited_is_not_mailed(queued):
    """The last look is in the transaction that lets the message leave."""
    ids = due(queued)

    async def work() -> list[bool]:
        async with ledger(queued, "deliver outbox a", still_wanted=lambda _tx, who: set(sorted(who)[1:])) as book:
            return await asyncio.gather(*(book.begin(one) for one in await book.claim(ids)))

    with held(queued, "deliver outbox a"):
        begun = asyncio.run(work())

    assert begun == [False] + [True] * (READERS - 1)
    assert states(queued) == {"suppressed": 1, "sending": READERS - 1}


def test_a_database_error_lets_no_message_leave(queued):
    """Who asks to begin gets the error, and so does everybody after."""

    def broken(_tx, _who):
        raise ZeroDivisionError

    async def work() -> list[object]:
        book = ledger(queued, "deliver outbox a", still_wanted=broken)
        await book.__aenter__()
        claimed = await book.claim(due(queued))
        first = await asyncio.gather(book.begin(claimed[0]), return_exceptions=True)
        later = await asyncio.gather(book.begin(claimed[1]), return_exceptions=True)
        with pytest.raises(ZeroDivisionError):
            await book.__aexit__(None, None, None)
        return [*first, *later]

    with held(queued, "deliver outbox a"):
        told = asyncio.run(work())

    assert [type(each) for each in told] == [ZeroDivisionError] * 2
    assert states(queued) == {"queued": READERS}
