"""A restored backup: found before a mail goes out, and put in order so that nobody is mailed anything twice."""

import asyncio
import email
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter import steps
from newsletter.errors import RestoredBackup
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import Announcement, Entry
from newsletter.schema import deliveries, skips, subscribers
from newsletter.settings import Settings
from newsletter.steps import restored
from tests.smtpd import FaultServer, Mail, drop, refuse
from tests.steps.backup import Backup, Marked, copy, restore
from tests.steps.conftest import FRIDAY, at, capture, paper

DAY = timedelta(days=1)
MONDAY = FRIDAY - 4 * DAY
DAILY = [f"r{n}@example.org" for n in range(5)]
ROSTER = "subscribers:\n" + "".join(f"  - {{address: {who}, name: R}}\n" for who in DAILY)
ROSTER += "  - {address: weekly@example.org, name: W, cadence: weekly, weekday: tuesday}\n"
LATE = ROSTER + "  - {address: late@example.org, name: L}\n"
TROUBLE = (
    refuse("rcpt", "450 4.2.0 greylisted", to="r1@example.org", times=1),
    refuse("rcpt", "550 5.1.1 no such user", to="r2@example.org", after=1),
    drop("dot", to="r3@example.org", times=1),
)


@pytest.fixture
def marked(database, tmp_path) -> Marked:
    """A newsroom with a mark, on SQLite and on PostgreSQL."""
    return Marked(database, Settings(data_dir=tmp_path / "var", transport="smtp", sender="P <p@example.org>"))


# ---- a small world ---------------------------------------------------------------------------------------------------


def number_of(day: date, place: int) -> int:
    return 100 * day.day + place


def listed(day: date, hour: int) -> list:
    """What the sources answer: the day before is read again, and nearly every paper is on several lists."""

    def own(one: date) -> list:  # submitted in the afternoon before, read by Hugging Face's users only
        return [paper(number_of(one, place), published=at(one - DAY, 18)) for place in (3, 4)]

    def daily(one: date) -> list:
        return [*own(one), *(paper(number_of(one - DAY, place), published=at(one - 2 * DAY, 9)) for place in (1, 2))]

    new = [paper(number_of(day, place), sources=("arxiv",)) for place in (1, 2)]
    crossed = Entry(paper(number_of(day - DAY, 1), sources=("arxiv",), version=1), 3, Announcement.CROSS)
    only_ranked = [paper(number_of(day - back * DAY, 5), published=at(day - back * DAY, 2)) for back in range(3)]
    this_evening = [paper(number_of(day, 6), published=at(day, 18))] if hour > 18 else []
    feed = capture(*new, day=day, source="arxiv", name="cs.CL")
    feed = replace(feed, listing=replace(feed.listing, entries=(*feed.listing.entries, crossed)))
    return [
        feed,
        capture(*daily(day - DAY), day=day - DAY),
        capture(*daily(day), *this_evening, day=day),
        capture(*daily(day), *only_ranked, day=day, name="trending", dated=False),
    ]


def run(newsroom: Marked, day: date, hour: int, moment: Callable[[], None]) -> None:
    """A whole run, with a moment between any two things it does."""
    name = f"run-{day}-{hour}"
    newsroom.collect(*listed(day, hour), day=day)
    moment()
    steps.compose(newsroom.database, settings=newsroom.settings, day=day, now=at(day, hour))
    moment()
    newsroom.enqueue(day=day, run=name)
    moment()
    newsroom.deliver(day=day, run=name, hour=hour, each=moment)
    moment()


def papers_in(mail: Mail) -> set[str]:
    """The papers one mail is about."""
    body = email.message_from_bytes(mail.content, policy=email.policy.default).get_body(("plain",))
    return set(re.findall(r"2611\.\d{5}", body.get_content()))


def copies(mails: list[Mail]) -> tuple[Counter, Counter]:
    """How often each reader got each paper, and each Message-ID."""
    by_paper = Counter((mail.recipient, one) for mail in mails for one in papers_in(mail))
    by_id = Counter((mail.recipient, email.message_from_bytes(mail.content)["Message-ID"]) for mail in mails)
    return by_paper, by_id


def with_server(newsroom: Marked, work: Callable[[], None], script=()) -> list[Mail]:
    """Do something while a real server takes mail; what it took."""

    async def serve() -> list[Mail]:
        async with FaultServer(script) as server:
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=2)
            newsroom.transport = lambda: Smtp(config)
            await asyncio.to_thread(work)
            return list(server.mails)

    return asyncio.run(serve())


# ---- whenever it is made, whenever it is put back --------------------------------------------------------------------


class Died(Exception):
    """The process ended here."""


@dataclass
class Accident:
    """Counts the moments of two days: at one a copy is made, at a later one everything ends."""

    newsroom: Marked
    made: int
    dies: int
    passed: int = 0
    kept: Backup | None = None

    def __call__(self) -> None:
        """A moment."""
        if self.passed == self.made:
            self.kept = copy(self.newsroom.database)
        if self.passed == self.dies:
            raise Died
        self.passed += 1

    def happen(self) -> date:
        """Two days until the end; the day on which it came."""
        day = MONDAY
        try:
            for day in (MONDAY, MONDAY + DAY):
                run(self.newsroom, day, 8, self)
                self.newsroom.subscribe(LATE, day=day)
                run(self.newsroom, day, 16, self)
        except (Died, BaseExceptionGroup):
            pass
        self.kept = self.kept or copy(self.newsroom.database)
        return day


def put_back(newsroom: Marked, accident: Accident, day: date) -> None:
    """The copy in its place, found to be older if it is, and put in order."""
    restore(newsroom.database, accident.kept)
    if newsroom.is_overtaken():
        with pytest.raises(RestoredBackup, match="run `paperboy restored`"):
            restored.check(newsroom.database, newsroom.mark)
        assert newsroom.put_in_order(at(day, 19)) is not None
    restored.check(newsroom.database, newsroom.mark)
    assert newsroom.put_in_order(at(day, 19)) is None


@pytest.fixture
def fresh(marked):
    """The newsroom before its first run: its readers, and nothing else."""
    marked.settings.data_dir.mkdir(parents=True)
    marked.subscribe(ROSTER, day=MONDAY - DAY)
    return copy(marked.database)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(made=0, later=10, evening=True)  # papers wait for an edition
@example(made=1, later=30, evening=False)  # an edition waits for its digests
@example(made=2, later=5, evening=True)  # digests wait to be sent
@example(made=5, later=1, evening=False)  # while they are sent
@example(made=10, later=5, evening=True)  # before somebody signs up
@given(made=st.integers(0, 30), later=st.integers(1, 30), evening=st.booleans())
def test_whenever_a_backup_is_made_and_restored_nobody_is_mailed_anything_twice(marked, fresh, made, later, evening):
    """Two days with trouble, dead in mid-air at any moment, an older copy put back: found by the first mail it lacks;
    put in order, no paper and no Message-ID comes twice, and everybody has a delivery or a reason."""
    newsroom = Marked(marked.database, marked.settings)
    restore(newsroom.database, fresh)
    newsroom.mark.path.unlink(missing_ok=True)

    def work() -> None:
        accident = Accident(newsroom, made, made + later)
        day = accident.happen()
        put_back(newsroom, accident, day)
        steps.recover(newsroom.post("next", day, 20))
        newsroom.subscribe(LATE, day=day)
        if evening:
            run(newsroom, day, 20, lambda: None)
        for ahead in range(1, 4):
            run(newsroom, day + ahead * DAY, 12, lambda: None)

    mails = with_server(newsroom, work, TROUBLE)
    by_paper, by_id = copies(mails)
    with newsroom.database.begin() as tx:
        everybody = set(tx.scalars(select(subscribers.c.id)))
        accounted = {*tx.scalars(select(deliveries.c.subscriber_id)), *tx.scalars(select(skips.c.subscriber_id))}

    assert {key: number for key, number in by_paper.items() if number > 1} == {}
    assert {key: number for key, number in by_id.items() if number > 1} == {}
    assert everybody == accounted
    assert by_paper["r0@example.org", f"2611.{number_of(MONDAY + 3 * DAY, 1):05}"] == 1  # announced after all of it
