"""The pool alone: whatever opens, is refused, dies and is given back, nobody waits for ever."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

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
        raise NotImplementedError

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


VISITS = st.tuples(st.integers(0, 6), st.sampled_from(["served", "served", "dies"]))
"""How many turns a mail stays on a line, and whether the line is dead then: the mail wants a newer one."""
DIALS = st.tuples(st.integers(0, 6), st.sampled_from(["open", "open", "421", "unreachable"]))


@given(
    width=st.integers(1, 4),
    connections=st.integers(1, 3),
    mails_per_connection=st.integers(1, 6),
    idle_timeout=st.sampled_from([0.0, 60.0]),
    dials=st.lists(DIALS, max_size=8),
    mails=st.lists(st.lists(VISITS, min_size=1, max_size=4), min_size=1, max_size=16),
    cancelled=st.dictionaries(st.integers(0, 15), st.integers(0, 20), max_size=4),
)
@settings(max_examples=300)
def test_every_take_comes_to_an_end(width, connections, mails_per_connection, idle_timeout, dials, mails, cancelled):
    """A seat, or the error that no line can be opened: also where a place is given up and mails want a newer line."""
    config = SmtpConfig(
        "mail.invalid",
        connections=connections,
        mails_per_connection=mails_per_connection,
        idle_timeout=idle_timeout,
    )

    async def run():
        pool = Pool(config, dialler([(0, "open"), *dials], width=width))
        await pool.open()
        on_line = {}

        async def send(visits):
            newer_than = 0
            for stays, comes_to in visits:
                opened = pool.opened
                try:
                    berth = await pool.take(newer_than)
                except LineNotOpened:
                    return
                try:
                    on_line[berth.line] = on_line.get(berth.line, 0) + 1
                    assert on_line[berth.line] <= mails_per_connection
                    assert berth.taken <= width
                    await turns(stays)
                    if comes_to == "dies":
                        berth.line.close()
                finally:
                    pool.give_back(berth)
                newer_than = opened if comes_to == "dies" else 0

        async def cancel(task, after):
            await turns(after)
            task.cancel()

        tasks = [asyncio.create_task(send(visits)) for visits in mails]
        tasks += [asyncio.create_task(cancel(tasks[who % len(mails)], after)) for who, after in cancelled.items()]
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
