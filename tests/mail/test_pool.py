"""The pool alone: whatever opens, is refused, dies and is given back, nobody waits for ever."""

import asyncio
from random import Random

import pytest

from newsletter.mail.classify import classify
from newsletter.mail.line import LineNotOpened, SmtpConfig
from newsletter.mail.pool import Pool
from newsletter.models import Phase

TURNS = 3_000  # of the loop: far more than anything here can need


class QuietLine:
    """A line on which nothing is said."""

    lost = 0

    def __init__(self, width):
        self.width = width
        self.is_usable = True

    async def send(self, parcel, begin):
        raise AssertionError("the pool sends nothing itself")

    async def quit(self):
        await asyncio.sleep(0)
        self.is_usable = False

    def close(self):
        self.is_usable = False


async def turns(number):
    for _ in range(number):
        await asyncio.sleep(0)


async def comes_to_an_end(tasks):
    for _ in range(TURNS):
        if all(task.done() for task in tasks):
            return True
        await asyncio.sleep(0)
    return False


def dialler(script, *, width):
    """What opens a line: for each try the turns it takes and what it comes to; in the end as at last."""
    tries = iter(script)
    last = (0, "open")

    async def dial():
        nonlocal last
        last = next(tries, last)
        takes, comes_to = last
        await turns(takes)
        if comes_to == "open":
            return QuietLine(width)
        raise LineNotOpened("not opened", classify(Phase.CONNECT, 421 if comes_to == "421" else None, "no"))

    return dial


@pytest.mark.parametrize("seed", range(8))
def test_every_take_comes_to_an_end(seed):
    """A seat, or the error that no line can be opened: also where a place is given up and mails want a newer line."""
    for number in range(150):
        every_take_comes_to_an_end(Random(150 * seed + number))


def every_take_comes_to_an_end(dice):
    """One invented course of events: how lines open, how long mails stay, which lines die, who is cancelled."""
    width = dice.randint(1, 4)
    config = SmtpConfig(
        "mail.invalid",
        connections=dice.randint(2, 4),
        mails_per_connection=dice.choice([2, 7, 100, 100]),
        idle_timeout=dice.choice([0.0, 60.0, 60.0]),
    )
    comings = ["open", "open", "421", "421", "unreachable"]
    dials = [(dice.randint(0, 6), dice.choice(comings)) for _ in range(dice.randint(1, 8))]
    # How many turns a mail stays on a line, and whether the line is dead then: its mails want a newer one.
    mails = [
        [(dice.randint(0, 6), dice.random() < 0.2) for _ in range(dice.randint(1, 4))]
        for _ in range(dice.randint(4, 16))
    ]
    cancelled = [(dice.randrange(len(mails)), dice.randint(0, 20)) for _ in range(dice.choice([0, 0, 3]))]

    async def run():
        pool = Pool(config, dialler([(0, "open"), *dials], width=width))
        await pool.open()
        on_line = {}

        async def send(visits):
            newer_than = 0
            for stays, kills in visits:
                opened = pool.opened
                try:
                    berth = await pool.take(newer_than)
                except LineNotOpened:
                    return
                try:
                    on_line[berth.line] = on_line.get(berth.line, 0) + 1
                    assert on_line[berth.line] <= config.mails_per_connection
                    assert berth.taken <= width
                    await turns(stays)
                    if kills:
                        berth.line.close()
                finally:
                    pool.give_back(berth)
                newer_than = 0 if berth.line.is_usable else opened

        async def cancel(task, after):
            await turns(after)
            task.cancel()

        tasks = [asyncio.create_task(send(visits)) for visits in mails]
        tasks += [asyncio.create_task(cancel(tasks[who], after)) for who, after in cancelled]
        assert await comes_to_an_end(tasks)
        assert not [task.exception() for task in tasks if not task.cancelled() and task.exception()]
        await pool.close()

    asyncio.run(run())


def test_who_wants_a_newer_line_takes_an_old_one_where_no_newer_one_may_come():
    """The server refuses a third connection: those who met the dead one make do with the one there is."""

    async def run():
        pool = Pool(SmtpConfig("mail.invalid", connections=2), dialler([(0, "open"), (0, "open"), (3, "421")], width=4))
        await pool.open()
        first = [await pool.take() for _ in range(5)]
        dead = first[0].line
        dead.close()
        opened = pool.opened
        for berth in first:
            pool.give_back(berth)
        tasks = [asyncio.create_task(pool.take(opened)) for _ in range(3)]
        assert await comes_to_an_end(tasks)
        late = asyncio.create_task(pool.take(opened))  # it met the dead line before the place was given up
        assert await comes_to_an_end([late])
        return {berth.number for berth in (*(task.result() for task in tasks), late.result())}

    assert asyncio.run(run()) == {2}
