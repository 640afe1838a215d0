"""enqueue, page by page: the same for any size of a page, whole wherever it ends, and beside what is sent meanwhile."""

from contextlib import contextmanager
from datetime import timedelta
from itertools import chain, islice

import pytest
from sqlalchemy import select, update

from newsletter import encoding, steps
from newsletter.database import Database
from newsletter.models import Digest, Skip, State
from newsletter.queries import promises as ledger
from newsletter.queries.bulk import given, insert_new
from newsletter.schema import deliveries, rates, skips, subscribers
from newsletter.settings import Settings
from subscribers import service
from subscribers.models import Audience
from tests.steps.conftest import FRIDAY, SUBJECTS, Newsroom, at, capture, paper

SATURDAY = FRIDAY + timedelta(days=1)
READERS = "subscribers:\n" + "".join(
    f"  - {{address: reader{number}@example.org, name: R{number}, keywords: [{subject.split()[0]}], discovery: false}}\n"
    for number, subject in enumerate([*SUBJECTS, "falconry", *SUBJECTS])
)


def compose(newsroom, *numbers, day=FRIDAY):
    newsroom.collect(capture(*map(paper, numbers), day=day), day=day)
    steps.compose(newsroom.database, settings=newsroom.settings, day=day, now=at(day))


def enqueue(newsroom, pages, *, day=FRIDAY, run="run"):
    """The step with an audience that is read by `pages`."""
    return steps.enqueue(
        newsroom.database, pages, settings=newsroom.settings, run=run, day=day, now=at(day), dry_run=False
    )


def audience(newsroom, size, day=FRIDAY):
    def read(latest):
        return service.audience(newsroom.database, now=at(day), latest_edition=latest, respect_hours=False, size=size)

    return read


def ledger_of(newsroom):
    """All that enqueue wrote, except for ids and tokens, which differ between two databases."""
    with newsroom.database.begin() as tx:
        promised = select(subscribers.c.address, deliveries.c.after, deliveries.c.digest, deliveries.c.state)
        promised = promised.join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        skipped = select(subscribers.c.address, skips.c.reason).join(subscribers)
        cursors = select(subscribers.c.address, subscribers.c.cursor)
        return [sorted(map(repr, tx.execute(query))) for query in (promised, skipped, cursors)]


def sent(newsroom):
    """(reader, paper) of every digest that was accepted."""
    with newsroom.database.begin() as tx:
        accepted = select(deliveries.c.subscriber_id, deliveries.c.digest).where(deliveries.c.state == State.ACCEPTED)
        return [
            (row.subscriber_id, pick.paper_key)
            for row in tx.execute(accepted)
            for section in encoding.load(Digest, row.digest).sections
            for pick in section.picks
        ]


def test_a_page_of_any_size_gives_the_same(tmp_path):
    """Digests, skips and cursors do not depend on who is read together with whom."""
    written = []
    for size in (1, 2, 1_000):
        database = Database(f"sqlite:///{tmp_path / str(size)}.db")
        database.migrate()
        newsroom = Newsroom(database, Settings(data_dir=tmp_path / str(size)))
        newsroom.subscribe(READERS)
        compose(newsroom, *range(12))
        report = enqueue(newsroom, audience(newsroom, size))
        written.append((report, ledger_of(newsroom)))
        database.close()

    assert written[0] == written[1] == written[2]
    assert written[0][0].skipped == {"no_match": 1}


def test_killed_between_two_pages_it_goes_on_where_it_was(newsroom):
    """What is entered is entered, skips and all; the next run finds the others due."""
    newsroom.subscribe(READERS)
    compose(newsroom, *range(12))

    def killed(latest):
        yield from islice(audience(newsroom, 2)(latest), 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enqueue(newsroom, killed, run="killed")
    with newsroom.database.begin() as tx:
        states = tx.execute(select(deliveries.c.made_by)).scalars().all()
        skipped = tx.execute(select(skips.c.reason)).scalars().all()
    again = enqueue(newsroom, audience(newsroom, 2), run="again")

    assert (states, skipped) == (["killed"] * 5, ["no_match"])
    assert (again.audience, again.queued, again.skipped) == (9, 3, {"nothing_new": 6})
    assert newsroom.deliver().states == {"accepted": 8}


def test_readers_of_many_cursors_each_get_what_is_new_to_them(newsroom):
    """More windows than are kept ready, in one page."""
    newsroom.subscribe(READERS)
    for number in range(6):
        compose(newsroom, *range(number * 4, number * 4 + 4), day=FRIDAY + timedelta(days=number))
    with newsroom.database.begin() as tx:
        who = tx.scalars(select(subscribers.c.id).order_by(subscribers.c.id)).all()
        for place, number in enumerate(who):
            tx.execute(update(subscribers).where(subscribers.c.id == number).values(cursor=place % 6))
    day = FRIDAY + timedelta(days=5)

    def at_once(latest):
        pages = list(audience(newsroom, 3, day)(latest))
        yield Audience(
            tuple(chain.from_iterable(page.recipients for page in pages)),
            tuple(chain.from_iterable(page.skips for page in pages)),
        )

    assert enqueue(newsroom, at_once, day=day).skipped == {"no_match": 1}
    with newsroom.database.begin() as tx:
        digests = tx.execute(select(deliveries.c.after, deliveries.c.digest)).all()
    assert sorted((row.after, encoding.load(Digest, row.digest).considered) for row in digests) == [
        (0, 24), (0, 24), (1, 20), (1, 20), (2, 16), (2, 16), (3, 12), (5, 4),
    ]  # fmt: skip


class Meanwhile(Database):
    """A database on which something happens just before one of our transactions."""

    def __init__(self, url, moment, work):
        super().__init__(url)
        self.left, self.work = moment, work

    @contextmanager
    def begin(self):
        self.left -= 1
        if self.left == 0:
            self.work()
        with super().begin() as tx:
            yield tx


@pytest.mark.parametrize("moment", range(1, 13))
def test_what_is_sent_while_the_next_digest_is_cut_is_not_in_it(newsroom, moment):
    """`paperboy deliver` beside a run: at whatever moment yesterday's digest leaves, no paper comes twice or never."""
    newsroom.subscribe(READERS)
    compose(newsroom, *range(8))
    newsroom.enqueue(run="friday")
    compose(newsroom, *range(8, 16), day=SATURDAY)
    url = newsroom.database.engine.url.render_as_string(hide_password=False)
    beside = Meanwhile(url, moment, lambda: newsroom.deliver(day=SATURDAY, hour=11, run="beside"))
    told = Newsroom(beside, newsroom.settings).enqueue(day=SATURDAY, run="saturday")
    beside.close()
    newsroom.deliver(day=SATURDAY, run="saturday")
    found = sent(newsroom)

    assert (told.audience, told.queued, told.skipped) == (9, 8, {"no_match": 1})
    assert len(found) == len(set(found)) == 8 * 4


@pytest.mark.parametrize("moment", range(1, 13))
def test_what_expires_while_the_next_digest_is_cut_is_in_it(newsroom, moment):
    """At whatever moment yesterday's digest is given up, its papers come with the next one."""
    newsroom.subscribe(READERS)
    compose(newsroom, *range(8))
    newsroom.enqueue(run="friday")
    compose(newsroom, *range(8, 16), day=SATURDAY)

    def expire():
        with newsroom.database.begin() as tx:
            ledger.expire(tx, now=at(SATURDAY))

    url = newsroom.database.engine.url.render_as_string(hide_password=False)
    beside = Meanwhile(url, moment, expire)
    told = Newsroom(beside, newsroom.settings).enqueue(day=SATURDAY, run="saturday")
    beside.close()
    newsroom.deliver(day=SATURDAY, run="saturday")

    assert (told.queued, told.skipped["no_match"]) == (8, 1)
    assert len(sent(newsroom)) == len(set(sent(newsroom))) == 8 * 4


def test_an_outage_gives_back_the_earliest_cursor(newsroom):
    """Whoever waits for two deliveries that both expire gets the papers of both with the next digest."""
    newsroom.subscribe(READERS)
    compose(newsroom, *range(4))
    newsroom.enqueue(run="friday")
    compose(newsroom, *range(4, 8), day=SATURDAY)
    newsroom.enqueue(run="saturday", day=SATURDAY)
    with newsroom.database.begin() as tx:  # as if the first had come back from being sent in between
        tx.execute(update(deliveries).where(deliveries.c.edition_id == 1).values(state=State.QUEUED))
        tx.execute(update(deliveries).where(deliveries.c.edition_id == 2).values(after=1))
        assert ledger.expire(tx, now=at(FRIDAY + timedelta(days=9))) == 16
        cursors = tx.execute(select(subscribers.c.cursor).order_by(subscribers.c.cursor)).scalars().all()

    assert cursors == [*[0] * 8, 2]


def test_a_later_reason_of_the_day_replaces_the_earlier_except_not_due(newsroom):
    """One skip for each reader and day."""
    newsroom.subscribe(READERS)
    with newsroom.database.begin() as tx:
        for first, second in ((Skip.NO_MATCH, Skip.NOT_DUE), (Skip.NOT_DUE, Skip.PAUSED)):
            ledger.skip(tx, [(1, first), (2, second)], day=FRIDAY, now=at(FRIDAY))
        kept = tx.execute(select(skips.c.subscriber_id, skips.c.reason).order_by(skips.c.subscriber_id)).all()

    assert [tuple(row) for row in kept] == [(1, "no_match"), (2, "paused")]


def test_given_rows_come_back_as_they_were(database):
    """Whatever is in a text, numbers as numbers, and nothing as nothing."""
    rows = [(1, 'a "quoted" \\ name\n', 2.5), (2, "数据 😀 '; --", 1e-9), (3, None, None), (4, "", 0.0)]
    columns = [deliveries.c.id, deliveries.c.name, rates.c.rate]
    with database.begin() as tx:
        wanted = given(tx, columns, rows)
        found = tx.execute(select(wanted.c.id, wanted.c.name, wanted.c.rate).order_by(wanted.c.id)).all()
        none = tx.execute(select(given(tx, columns, []))).all()

    assert [tuple(row) for row in found] == rows
    assert none == []


def test_only_rows_that_are_new_are_inserted_and_told(newsroom):
    """A row that breaks a rule of the database is left out, the one that was there stays."""
    newsroom.subscribe(READERS)
    row = subscribers.c
    with newsroom.database.begin() as tx:
        kept = tx.execute(select(row.address_key, row.token, row.name).where(row.id == 1)).one()
        same = {"zone": "UTC", "hour": 7, "cadence": "daily", "weekday": 0, "preferences": "{}", "origin": "web"}
        same |= {"cursor": 0, "created_at": "2026-11-20T00:00:00.000000+00:00"}
        rows = [(kept.address_key, kept.address_key, "Other", "t1"), ("z@example.org", "z@example.org", "Z", "t2")]
        told = insert_new(
            tx, subscribers, [row.address, row.address_key, row.name, row.token], rows, same=same, told=row.address
        )
        after = tx.execute(select(row.address_key, row.token, row.name).where(row.id == 1)).one()

    assert told == {"z@example.org"}
    assert after == kept
