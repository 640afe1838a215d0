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
from newsletter.database import Database
from newsletter.errors import PaperboyError, RestoredBackup
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import Announcement, Entry
from newsletter.novelty import may_have_been_sent
from newsletter.schema import attempts, deliveries, skips, subscribers
from newsletter.settings import Settings
from newsletter.steps import restored
from tests.smtpd import FaultServer, Mail, drop, refuse
from tests.steps.backup import Backup, Marked, copy, restore
from tests.steps.conftest import FRIDAY, at, capture, paper
from tests.steps.test_upgrade import rewind

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


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


# ---- one thing at a time ---------------------------------------------------------------------------------------------


def waiting(newsroom: Marked) -> Backup:
    """A digest for everybody is queued; a copy of that."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(paper(1), paper(2)))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()
    return copy(newsroom.database)


def states(newsroom: Marked) -> Counter[tuple[str, str]]:
    with newsroom.database.begin() as tx:
        return Counter(tuple(row) for row in tx.execute(select(deliveries.c.state, deliveries.c.reply)))


def test_what_was_queued_is_uncertain_and_says_why(marked):
    """Nothing of it goes out by itself, not even in part."""
    backup = waiting(marked)
    mails = with_server(marked, marked.deliver)
    restore(marked.database, backup)
    told = marked.put_in_order(at(FRIDAY, 13))
    again = with_server(marked, lambda: marked.deliver(hour=13))

    assert (len(mails), again) == (6, [])
    assert (told.doubtful, told.until) == (6, at(FRIDAY))
    assert states(marked) == {("uncertain", "perhaps sent after the backup was made"): 6}


def test_the_copy_of_a_copy_that_was_put_in_order_is_found_too(marked):
    """The same backup restored a second time, before another mail went out."""
    backup = waiting(marked)
    with_server(marked, marked.deliver)
    restore(marked.database, backup)
    marked.put_in_order(at(FRIDAY, 13))
    restore(marked.database, backup)

    assert marked.is_overtaken()
    assert marked.put_in_order(at(FRIDAY, 14)).doubtful == 6
    assert not marked.is_overtaken()


def test_a_database_that_only_went_on_is_never_found_to_be_older(marked):
    """Deferred, sent again by hand, with two data directories: what the marks say stays true."""
    waiting(marked)
    elsewhere = Marked(
        marked.database, marked.settings.model_copy(update={"data_dir": marked.mark.path.parent / "two"})
    )
    with_server(marked, marked.deliver, (refuse("data", "450 4.3.0 later", times=3),))
    with_server(elsewhere, lambda: elsewhere.deliver(hour=18))

    assert elsewhere.mark.read() is not None
    assert not marked.is_overtaken()
    assert not elsewhere.is_overtaken()


def test_a_delivery_that_was_deleted_is_no_backup(marked):
    """What came after it is still there."""
    waiting(marked)
    with_server(marked, marked.deliver)
    begun = marked.mark.read().begun
    with marked.database.begin() as tx:
        tx.execute(attempts.delete())
        tx.execute(deliveries.update().where(deliveries.c.id != begun.id).values(id=deliveries.c.id + 100))
        tx.execute(deliveries.delete().where(deliveries.c.id == begun.id))

    assert not marked.is_overtaken()


def test_the_mark_of_another_database_says_nothing(marked, tmp_path):
    """A new database in the old data directory starts anew, and the mark is its own from its first mail on."""
    waiting(marked)
    with_server(marked, marked.deliver)
    before = marked.mark.read().database
    made = Database(f"sqlite:///{tmp_path / 'another.db'}")
    made.migrate()
    other = Marked(made, marked.settings)
    waiting(other)
    overtaken = other.is_overtaken()
    with_server(other, other.deliver)
    made.close()

    assert not overtaken
    assert other.mark.read().database != before


def test_a_copy_from_before_this_version_has_the_name_of_its_database(marked):
    """Each time an old database with readers is migrated it gets the same one, so its mark goes on to count."""
    waiting(marked)
    rewind(marked.database, "0002")
    marked.database.migrate()
    with_server(marked, marked.deliver)
    with marked.database.begin() as tx:
        tx.execute(deliveries.update().values(state="queued", attempts=0))  # as they were in the old version's copy
        tx.execute(attempts.delete())
    rewind(marked.database, "0002")
    marked.database.migrate()

    assert marked.is_overtaken()


def test_what_an_operator_lets_go_goes_out_again(marked):
    """Nothing is kept back, the Message-IDs are the same, and the database counts as whole from then on."""
    backup = waiting(marked)
    first = with_server(marked, marked.deliver)
    restore(marked.database, backup)
    told = marked.put_in_order(at(FRIDAY, 13), send_again=True)
    whole = not marked.is_overtaken()
    second = with_server(marked, lambda: marked.deliver(hour=13))

    assert (told.doubtful, told.readers, told.papers, whole) == (0, 0, 0, True)
    assert copies(first)[1] == copies(second)[1]


def test_without_a_mark_the_operator_says_until_when_mail_was_sent(marked):
    """A new machine: nothing can be known, and what is told is believed."""
    waiting(marked)
    unknown = marked.put_in_order(at(FRIDAY, 13))
    told = marked.put_in_order(at(FRIDAY, 13), until=at(FRIDAY, 12))

    assert unknown is None
    assert told.doubtful == 6
    with pytest.raises(PaperboyError, match="has not come yet"):
        marked.put_in_order(at(FRIDAY, 13), until=at(FRIDAY, 14))


def test_a_clock_that_was_set_back_does_not_shorten_the_mark(marked):
    """What was sent at one o'clock was sent, whatever the clock says now."""
    waiting(marked)
    with_server(marked, lambda: marked.deliver(hour=13), (refuse("data", "450 4.3.0 later", to="r1@example.org"),))
    with marked.database.begin() as tx:
        tx.execute(deliveries.update().values(due_at=at(FRIDAY, 11)))
    with_server(marked, lambda: marked.deliver(hour=12))

    assert marked.mark.read().until == at(FRIDAY, 13)


def test_a_damaged_mark_is_a_sentence(marked):
    """Neither taken for none nor believed."""
    waiting(marked)
    with_server(marked, marked.deliver)
    line = marked.mark.path.read_bytes()
    marked.mark.path.write_bytes(line.replace(b'"attempts":1', b'"attempts":0'))

    with pytest.raises(PaperboyError, match="it is damaged"):
        restored.check(marked.database, marked.mark)


def test_an_edition_that_was_perhaps_sent_is_not_composed_anew(marked):
    """Not even of papers that are dated later: its digests would carry the Message-IDs of those that were sent."""
    waiting(marked)
    with marked.database.begin() as tx:
        tx.execute(deliveries.delete())
    marked.put_in_order(at(MONDAY + 7 * DAY, 13), until=at(MONDAY + 7 * DAY, 12))
    day = MONDAY + 7 * DAY
    marked.collect(capture(paper(9, published=at(day, 13)), day=day + DAY), day=day)
    composed = steps.compose(marked.database, settings=marked.settings, day=day, now=at(day, 14))
    tomorrow = steps.compose(marked.database, settings=marked.settings, day=day + DAY, now=at(day + DAY))

    assert "a backup was restored" in composed.reason
    assert (composed.made, tomorrow.made) == (False, True)


@pytest.mark.parametrize(
    ("facts", "first_listed", "announced", "sent"),
    [
        ({}, FRIDAY, None, True),
        ({"published": at(FRIDAY, 13)}, FRIDAY, None, True),
        ({}, FRIDAY + DAY, FRIDAY + DAY, False),
        ({"published": at(FRIDAY, 11)}, FRIDAY + DAY, None, True),
        ({"published": at(FRIDAY, 13)}, FRIDAY + DAY, None, False),
        ({}, FRIDAY + 14 * DAY, None, True),
        ({}, FRIDAY + 15 * DAY, None, False),
    ],
    ids=["listed then", "listed that day", "announced later", "published before", "published later", "undated", "far"],
)
def test_a_paper_was_perhaps_sent_unless_no_list_can_have_held_it(facts, first_listed, announced, sent):
    """Mail was sent until Friday noon."""
    told = may_have_been_sent(paper(1, **facts), first_listed=first_listed, announced=announced, until=at(FRIDAY))

    assert told is sent
