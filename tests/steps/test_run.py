"""A run from listings to mail: what is collected, composed, promised, delivered and accounted for."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from newsletter import encoding, steps
from newsletter.database import Database
from newsletter.errors import LedgerError, SourceMalformed, SourceUnavailable
from newsletter.models import Digest, State
from newsletter.queries import editions
from newsletter.reports import EnqueueReport
from newsletter.schema import deliveries, edition_papers, listings, papers
from newsletter.settings import Settings
from newsletter.steps.collect import days_to_ask
from subscribers import service
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper, trouble

TWO_READERS = """
subscribers:
  - address: decoding@example.org
    name: Dee
    keywords: [speculative decoding]
    discovery: false
  - address: anything@example.org
    name: Any
"""

DAYS = [FRIDAY + timedelta(days=number) for number in range(8)]


def test_a_first_run_mails_everybody_and_a_second_one_nobody(newsroom):
    """The same day run twice: the second finds nothing new, mails nobody, and says why."""
    newsroom.subscribe(TWO_READERS)
    today = capture(*(paper(number) for number in range(12)))
    first = newsroom.run(today)
    second = newsroom.run(today, run="again")

    assert (first.collect.new, first.compose.papers, first.enqueue.queued) == (12, 12, 2)
    assert first.deliver.states == {"accepted": 2}
    assert len(newsroom.mails) == 2
    assert (second.collect.new, second.compose.made, second.enqueue.queued) == (0, False, 0)
    assert second.enqueue.skipped == {"nothing_new": 2}
    assert "frozen" in second.compose.reason
    assert len(newsroom.mails) == 2


def test_the_mail_in_the_outbox_holds_what_was_chosen(newsroom):
    """The file decodes to the digest: the reader's papers, and none of the others."""
    newsroom.subscribe(TWO_READERS)
    newsroom.run(capture(*(paper(number) for number in range(12))))
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in newsroom.mails]
    [mail] = [mail for mail in mails if "decoding@example.org" in mail["To"]]
    text = mail.get_body(("plain",)).get_content()

    assert "speculative decoding of language models, part 0" in text
    assert "robot grasping" not in text
    assert mail["List-Id"] == "Paperboy <paperboy.localhost>"


def test_a_broken_source_fails_alone(newsroom):
    """The edition is made from the others, and says which one was missing."""
    broken = trouble(SourceMalformed("arxiv (cs.CL): no feed", source="arxiv", listing="cs.CL"))
    report = newsroom.run(capture(paper(1)), broken)

    assert [(one.source, one.word) for one in report.collect.sources] == [
        ("huggingface", "fresh"),
        ("arxiv", "broken"),
    ]
    assert report.compose.papers == 1


def test_all_sources_down_fails_the_run_and_stores_nothing(newsroom):
    """An installation that has seen live listings reports an outage as an outage."""
    newsroom.run(capture(paper(1)))
    down = trouble(SourceUnavailable("huggingface: no answer", source="huggingface"))

    with pytest.raises(SourceUnavailable, match="no source could be listed: huggingface: no answer"):
        newsroom.collect(down, day=FRIDAY + timedelta(days=1))


def test_a_closed_network_on_the_first_run_brings_the_samples(newsroom):
    """Without any live listing ever, the sample listings come instead, and the report says so."""
    down = trouble(SourceUnavailable("huggingface: no answer", source="huggingface"))
    report = newsroom.collect(down, samples=(capture(paper(1), sample=True),))
    composed = steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))

    assert (report.sample, report.new) == (True, 1)
    assert "invented samples" in report.notice
    with newsroom.database.begin() as tx:
        assert editions.load(tx, composed.edition_id).sample


def test_samples_never_reach_a_real_inbox(newsroom):
    """With the smtp transport a closed network is an outage."""
    newsroom.settings = newsroom.settings.model_copy(update={"transport": "smtp"})
    down = trouble(SourceUnavailable("huggingface: no answer", source="huggingface"))

    with pytest.raises(SourceUnavailable):
        newsroom.collect(down, samples=(capture(paper(1), sample=True),))


def test_live_listings_after_a_day_of_samples_make_their_own_edition(newsroom):
    """The network opens at noon: the day's real edition is not held back by the samples'."""
    newsroom.subscribe(TWO_READERS)
    down = trouble(SourceUnavailable("huggingface: no answer", source="huggingface"))
    newsroom.collect(down, samples=(capture(paper(1), sample=True),))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    report = newsroom.run(capture(paper(2), paper(4)))

    assert (report.compose.made, report.compose.papers) == (True, 2)


def test_the_same_listing_is_stored_once(newsroom):
    """Reading an unchanged list again stores nothing; a new figure stores a new capture."""
    for _ in range(2):
        newsroom.collect(capture(paper(1)))
    newsroom.collect(capture(paper(1, upvotes=99)))

    with newsroom.database.begin() as tx:
        assert tx.scalar(select(func.count()).select_from(listings)) == 2
        assert editions.papers_by_key(tx, ["2611.00001"])[0].upvotes == 99


def test_an_edition_keeps_the_facts_it_was_composed_with(newsroom):
    """Upvotes that rise afterwards do not change a frozen edition."""
    newsroom.collect(capture(paper(1, upvotes=5)))
    composed = steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.collect(capture(paper(1, upvotes=50)))

    with newsroom.database.begin() as tx:
        assert editions.load(tx, composed.edition_id).papers[0].upvotes == 5


def test_a_scheduled_run_waits_for_the_edition_hour(newsroom):
    """Before 06:00 UTC papers wait; a run started by hand does not."""
    newsroom.collect(capture(paper(1)))
    early = {"settings": newsroom.settings, "day": FRIDAY, "now": at(FRIDAY, 5)}
    waiting = steps.compose(newsroom.database, scheduled=True, **early)

    assert (waiting.edition_id, waiting.reason) == (None, "1 papers wait for the edition hour, 06:00 UTC")
    assert steps.compose(newsroom.database, scheduled=False, **early).made


def test_a_dry_run_counts_the_same_and_writes_nothing(newsroom):
    """Who would be mailed is known, and nobody's cursor moves."""
    newsroom.subscribe(TWO_READERS)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    dry = newsroom.enqueue(dry_run=True)
    real = newsroom.enqueue()

    assert dry == real
    assert dry.queued == 2


def test_a_reader_whom_nothing_matches_is_skipped_and_not_asked_about_those_papers_again(newsroom):
    """No match moves the cursor: the papers were considered."""
    newsroom.subscribe("subscribers: [{address: a@example.org, name: A, keywords: [medieval falconry]}]")

    assert newsroom.run(capture(paper(1))).enqueue.skipped == {"no_match": 1}
    assert newsroom.run(capture(paper(1)), run="again").enqueue.skipped == {"nothing_new": 1}


def test_who_unsubscribes_after_the_queue_is_not_mailed(newsroom):
    """Consent is asked again just before each mail."""
    newsroom.subscribe(TWO_READERS)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()
    service.unsubscribe(newsroom.database, "anything@example.org", now=at(FRIDAY), how="page")

    assert newsroom.deliver().states == {"accepted": 1, "suppressed": 1}
    assert len(newsroom.mails) == 1


def test_a_delivery_too_old_expires_and_its_papers_come_with_the_next_edition(newsroom):
    """After a day without a mailer the reader gets one digest that covers both days."""
    newsroom.subscribe(TWO_READERS)
    newsroom.collect(capture(paper(0)))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()
    later = FRIDAY + timedelta(days=3)

    assert newsroom.deliver(day=later).states == {}
    newsroom.run(capture(paper(4), day=later), day=later)
    with newsroom.database.begin() as tx:
        counted = dict(tx.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state)).all())
        kept = tx.execute(select(deliveries.c.digest).where(deliveries.c.state == State.ACCEPTED)).scalars().all()
    assert counted == {"expired": 2, "accepted": 2}
    assert {encoding.load(Digest, digest).considered for digest in kept} == {2}


def test_an_account_that_does_not_close_fails_the_run(newsroom):
    """A subscriber neither queued nor skipped is a lost one, and the run says so."""
    report = newsroom.run(capture(paper(1)))

    with pytest.raises(LedgerError, match="does not close: 3 subscribers, 2 accounted for"):
        steps.report(
            newsroom.database,
            run="broken",
            day=FRIDAY,
            collect=report.collect,
            compose=report.compose,
            enqueue=EnqueueReport(3, 0, {"paused": 2}),
            deliver=[],
            where="",
            now=at(FRIDAY),
        )


def test_days_that_were_missed_are_asked_for():
    """A late run catches up; Hugging Face's last day is read again, arXiv's weekends are not asked for."""
    monday = FRIDAY + timedelta(days=3)

    assert days_to_ask("huggingface", None, FRIDAY, 7) == (FRIDAY - timedelta(days=1), FRIDAY)
    assert days_to_ask("huggingface", FRIDAY, FRIDAY, 7) == (FRIDAY - timedelta(days=1), FRIDAY)
    assert days_to_ask("huggingface", FRIDAY - timedelta(days=30), FRIDAY, 7)[0] == FRIDAY - timedelta(days=7)
    assert days_to_ask("arxiv", FRIDAY, monday, 7) == (monday,)
    assert days_to_ask("arxiv", FRIDAY - timedelta(days=2), monday, 7) == (
        FRIDAY - timedelta(days=1),
        FRIDAY,
        monday,
    )
    assert days_to_ask("arxiv", None, monday, 7) == (FRIDAY, monday)
    assert days_to_ask("arxiv", monday, monday, 7) == (monday,)


history = st.lists(st.lists(st.integers(1, 30), max_size=6), min_size=1, max_size=len(DAYS))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listed=history, runs=st.lists(st.integers(1, 2), min_size=len(DAYS), max_size=len(DAYS)))
def test_nobody_is_sent_a_paper_twice_whatever_is_listed_and_however_often_it_runs(listed, runs, tmp_path_factory):
    """Invariants 1 to 4: one edition a paper, no paper twice to anyone, one delivery an edition, the account closes."""
    folder = tmp_path_factory.mktemp("history")
    database = Database(f"sqlite:///{folder / 'paperboy.db'}")
    database.migrate()
    newsroom = Newsroom(database, Settings(data_dir=folder))
    newsroom.subscribe(TWO_READERS + "  - {address: weekly@example.org, name: W, cadence: weekly, weekday: friday}\n")
    for day, numbers, times in zip(DAYS, listed, runs, strict=False):
        for turn in range(times):
            newsroom.run(capture(*map(paper, dict.fromkeys(numbers)), day=day), day=day, run=f"{day}-{turn}")
    with database.begin() as tx:
        composed = tx.scalars(select(edition_papers.c.paper_key)).all()
        known = tx.scalars(select(papers.c.key)).all()
        rows = tx.execute(select(deliveries.c.subscriber_id, deliveries.c.edition_id, deliveries.c.digest)).all()
    sent = [
        (row.subscriber_id, pick.paper_key)
        for row in rows
        for section in encoding.load(Digest, row.digest).sections
        for pick in section.picks
    ]

    assert sorted(composed) == sorted(known)
    assert len(sent) == len(set(sent))
    assert len(rows) == len({(row.subscriber_id, row.edition_id) for row in rows})
