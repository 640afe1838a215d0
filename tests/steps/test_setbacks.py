"""Outages and late days: whatever is down and for how long, every paper reaches every reader once."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter import encoding
from newsletter.database import Database
from newsletter.mail.outbox import Outbox
from newsletter.models import Digest, Outcome, Phase, State
from newsletter.schema import deliveries
from newsletter.settings import Settings
from tests.steps.conftest import FRIDAY, Newsroom, capture, paper

READERS = """
defaults: {max_papers: 100, max_per_topic: 100}
subscribers:
  - {address: any@example.org, name: Any}
  - {address: falcon@example.org, name: Fay, keywords: [robot grasping]}
"""

DAYS = tuple(FRIDAY + timedelta(days=number) for number in range(6))


class Busy(Outbox):
    """A server that greets everybody and takes nothing: come back later."""

    async def send(self, parcel):
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


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
