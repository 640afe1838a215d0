"""Outages and late days: whatever is down and for how long, every paper reaches every reader once."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from newsletter import encoding, steps
from newsletter.database import Database
from newsletter.errors import SourceUnavailable
from newsletter.mail.outbox import Outbox
from newsletter.mail.transport import at_once
from newsletter.models import Digest, Outcome, Phase, State
from newsletter.schema import deliveries, skips
from newsletter.settings import Settings
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper, trouble

READERS = """
defaults: {max_papers: 100, max_per_topic: 100}
subscribers:
  - {address: any@example.org, name: Any}
  - {address: falcon@example.org, name: Fay, keywords: [robot grasping]}
"""

DAYS = tuple(FRIDAY + timedelta(days=number) for number in range(6))


class Busy(Outbox):
    """A server that greets everybody and takes nothing: come back later."""

    async def send(self, parcel, begin=at_once):
        """Deferred, whoever it is for."""
        assert parcel.content
        return Outcome(State.QUEUED, Phase.RCPT, 451, "4.7.1", "greylisted, come back later")


def sent(newsroom) -> Counter[tuple[str, str]]:
    """How often each reader was sent each paper."""
    with newsroom.database.begin() as tx:
        rows = tx.execute(select(deliveries).where(deliveries.c.state == State.ACCEPTED)).all()
    return Counter(
        (row.address, pick.paper_key)
        for row in rows
        for section in encoding.load(Digest, row.digest).sections
        for pick in section.picks
    )


def live(newsroom, *, up: tuple[bool, ...], listed: tuple[int, ...] = (8,) * len(DAYS)) -> Counter[str]:
    """Days of eight papers each, with a mail server that is up on some; returns the papers listed."""
    number = 0
    for day, works, count in zip(DAYS, up, listed, strict=False):
        newsroom.transport = lambda works=works: (Outbox if works else Busy)(newsroom.settings.outbox_dir)
        newsroom.run(capture(*(paper(number + turn) for turn in range(count)), day=day), day=day)
        number += count
    return Counter(f"2611.{turn:05}" for turn in range(number))


@pytest.mark.parametrize("expiry", [6, 24, 72])
def test_a_mail_server_that_is_busy_for_days_costs_nobody_a_paper(newsroom, expiry):
    """Once it takes mail again each reader gets one digest that covers all the days, however soon mail expires."""
    newsroom.settings = newsroom.settings.model_copy(update={"delivery_expiry_hours": expiry})
    newsroom.subscribe(READERS)
    papers = live(newsroom, up=(False, False, False, True))

    assert Counter(key for address, key in sent(newsroom) if address == "any@example.org") == papers
    assert set(sent(newsroom).values()) == {1}
    assert len(newsroom.mails) == 2


def test_a_day_without_a_match_does_not_cost_a_reader_what_was_never_sent(newsroom):
    """A queued digest expires after the reader's place moved on: its papers still come with the next edition."""
    newsroom.subscribe(READERS)
    newsroom.transport = lambda: Busy(newsroom.settings.outbox_dir)
    newsroom.run(capture(paper(2)))  # about robot grasping
    newsroom.run(capture(paper(1), day=DAYS[1]), day=DAYS[1])  # about something else
    newsroom.deliver(day=DAYS[2])
    newsroom.transport = None
    newsroom.run(capture(paper(6), day=DAYS[3]), day=DAYS[3])

    assert {key for address, key in sent(newsroom) if address == "falcon@example.org"} == {"2611.00002", "2611.00006"}


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    up=st.lists(st.booleans(), min_size=5, max_size=5),
    listed=st.lists(st.integers(0, 3), min_size=5, max_size=5),
    expiry=st.sampled_from([6, 24, 40, 168]),
)
def test_whenever_the_mail_server_is_up_every_paper_is_sent_once(up, listed, expiry, tmp_path_factory):
    """After the last good day nothing is missing and nothing came twice."""
    folder = tmp_path_factory.mktemp("outage")
    database = Database(f"sqlite:///{folder / 'paperboy.db'}")
    database.migrate()
    newsroom = Newsroom(database, Settings(data_dir=folder, delivery_expiry_hours=expiry))
    newsroom.subscribe(READERS)
    papers = live(newsroom, up=(*up, True), listed=(*listed, 1))

    assert Counter(key for address, key in sent(newsroom) if address == "any@example.org") == papers
    assert set(sent(newsroom).values()) == {1}


# ---- samples ---------------------------------------------------------------------------------------------------------

DOWN = trouble(SourceUnavailable("huggingface: no answer", source="huggingface"))


def try_out(newsroom, *, compose: bool) -> None:
    """A first start with the network closed: sample listings come, and are composed or wait for the edition hour."""
    newsroom.collect(DOWN, samples=(capture(paper(900), paper(901), sample=True),))
    if compose:
        steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))


def test_samples_that_waited_when_the_network_opened_never_become_an_edition(newsroom):
    """Once there are live listings, a day without news is a quiet day and not one of invented papers."""
    newsroom.subscribe(READERS)
    try_out(newsroom, compose=False)
    newsroom.run(capture(paper(1)))
    quiet = newsroom.run(capture(paper(1), day=DAYS[1]), day=DAYS[1])

    assert (quiet.compose.made, quiet.compose.edition_id, quiet.enqueue.queued) == (False, None, 0)


def test_a_sample_edition_is_never_mailed_over_smtp(newsroom):
    """Tried out first, then set up for real: new readers wait for the first live edition."""
    try_out(newsroom, compose=True)
    newsroom.settings = newsroom.settings.model_copy(update={"transport": "smtp"})
    newsroom.subscribe(READERS)
    before = newsroom.enqueue()
    newsroom.run(capture(paper(2)))

    assert (before.queued, before.skipped) == (0, {"nothing_new": 2})
    assert {key for _address, key in sent(newsroom)} == {"2611.00002"}


def test_a_sample_digest_still_queued_is_never_mailed_over_smtp(newsroom):
    """What was queued for the outbox while trying out is replaced by the first live digest, or expires."""
    newsroom.subscribe(READERS)
    try_out(newsroom, compose=True)
    newsroom.enqueue()
    newsroom.settings = newsroom.settings.model_copy(update={"transport": "smtp"})
    newsroom.enqueue()
    early = newsroom.deliver(hour=13)
    newsroom.run(capture(paper(2), day=DAYS[1]), day=DAYS[1])

    assert early.states == {}
    assert {key for _address, key in sent(newsroom)} == {"2611.00002"}


def test_samples_asked_for_are_mailed_after_live_days_too(newsroom):
    """PAPERBOY_SAMPLES=always is the operator's word."""
    newsroom.subscribe(READERS)
    newsroom.run(capture(paper(1)))
    newsroom.settings = newsroom.settings.model_copy(update={"samples": "always"})
    newsroom.collect(samples=(capture(paper(902), day=DAYS[1], sample=True),), day=DAYS[1])
    made = steps.compose(newsroom.database, settings=newsroom.settings, day=DAYS[1], now=at(DAYS[1]))

    assert made.made
    assert newsroom.enqueue(day=DAYS[1]).queued == 2


def test_the_reason_of_the_day_is_not_lost_to_the_hours_after_it(newsroom):
    """A reader whom nothing matched at their hour is not due in the next: what is recorded still says why."""
    newsroom.subscribe("subscribers: [{address: a@example.org, name: A, keywords: [medieval falconry]}]")
    newsroom.run(capture(paper(1)))
    newsroom.enqueue(respect_hours=True)
    with newsroom.database.begin() as tx:
        assert tx.scalars(select(skips.c.reason)).all() == ["no_match"]

    newsroom.enqueue(day=DAYS[1], respect_hours=True)
    with newsroom.database.begin() as tx:
        assert tx.scalars(select(skips.c.reason).order_by(skips.c.day)).all() == ["no_match", "nothing_new"]


# ---- rendering -------------------------------------------------------------------------------------------------------


def test_a_setting_that_spoils_every_mail_gives_up_nobodys(newsroom):
    """Where nothing can be rendered the batch stops, says why, and all of it is sent once the setting is right."""
    newsroom.subscribe("subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R}}\n" for n in range(6)))
    right = newsroom.settings
    newsroom.settings = right.model_copy(update={"list_host": "no host"})
    spoilt = newsroom.run(capture(paper(1)))
    newsroom.settings = right
    mended = newsroom.deliver(hour=13)

    assert (spoilt.deliver.states, mended.states) == ({"queued": 6}, {"accepted": 6})
    assert "set the list's name and host" in spoilt.deliver.stopped


def test_one_mail_that_cannot_be_rendered_is_given_up_alone(newsroom):
    """The others show that the fault is its own."""
    newsroom.subscribe("subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R}}\n" for n in range(3)))
    newsroom.collect(capture(paper(1)))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()
    with newsroom.database.begin() as tx:
        last = tx.scalar(select(func.max(deliveries.c.id)))
        tx.execute(update(deliveries).where(deliveries.c.id == last).values(name="a\nb"))

    assert newsroom.deliver().states == {"accepted": 2, "refused": 1}
