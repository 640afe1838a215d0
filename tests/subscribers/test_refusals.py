"""What servers refuse while we deliver is scored with the bounces that come back by mail."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter import schema
from newsletter.mail.classify import classify
from newsletter.models import Outcome, Phase, State
from subscribers import inbound, queries, service
from subscribers.models import Score
from subscribers.receiving import count_refusals
from tests.mail.test_smtp_classify import TABLE
from tests.subscribers.people import NOW, person, roster_of

DAY = timedelta(days=1)
FULL = classify(Phase.RCPT, 552, "5.2.2 mailbox full")
CLOSED = classify(Phase.RCPT, 550, "5.2.1 mailbox disabled")


@pytest.fixture
def ids(database):
    """Ada and Ben are subscribers; their ids by name."""
    service.apply_roster(database, roster_of(person("ada"), person("ben")), now=NOW)
    with database.begin() as tx:
        rows = tx.execute(select(schema.subscribers.c.name, schema.subscribers.c.id)).all()
    return {row.name: row.id for row in rows}


def refuse(database, *refused, now=NOW):
    with database.begin() as tx:
        count_refusals(tx, refused, now=now)


def scores(database):
    with database.begin() as tx:
        return dict(tx.execute(select(schema.bounces.c.address_key, schema.bounces.c.score)).all())


def suppressed(database):
    with database.begin() as tx:
        return {row.address_key: (row.reason, row.detail) for row in tx.execute(select(schema.suppressions))}


SOFT = {
    (Phase.RCPT, 550, "mailbox unavailable"),
    (Phase.RCPT, 550, "5.2.1 mailbox disabled"),
    (Phase.RCPT, 550, "4.2.1 confused"),
    (Phase.RCPT, 551, "user not local"),
    (Phase.RCPT, 559, "what?"),
    (Phase.RCPT, 452, "4.2.2 mailbox full"),
    (Phase.DOT, 452, "4.2.2 The recipient's inbox is out of storage space"),
    (Phase.DOT, 552, "5.2.2 The email account is over quota and inactive"),
    (Phase.RCPT, 552, "5.2.2 mailbox full"),
    (Phase.DATA, 552, "5.2.2 mailbox full"),
    (Phase.DOT, 552, "5.2.2 mailbox full"),
    (Phase.RCPT, 552, "exceeded storage allocation"),
    (Phase.RCPT, 552, ""),
    (Phase.DOT, 552, "over quota"),
}


def test_of_all_answers_only_those_about_the_mailbox_count():
    """Full, or refused by RCPT: not greylisting, not policy, not size, not content, not what is suppressed anyway."""
    answers = [(phase, code, reply) for phases, code, reply, _meaning, _why in TABLE for phase in phases]

    assert {answer for answer in answers if inbound.is_soft(classify(*answer))} == SOFT


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(State.REFUSED, Phase.RCPT, reply="not sent: the server takes no such address"),
        Outcome(State.REFUSED, Phase.CONNECT, reply="not rendered: no such paper"),
        classify(Phase.RCPT, 550, "5.2.0 your host is on a blocklist"),
        classify(Phase.DOT, 554, "5.3.0 something else"),
        classify(Phase.DOT, 554, "5.2.0 permanent exception"),
        Outcome(State.REFUSED, Phase.DOT, 554, "5.2.252", "5.2.252 SendAsDenied"),
        classify(Phase.DOT, 550, "5.4.5 Daily user sending limit exceeded"),
        classify(Phase.RCPT, 550, "Sender verify failed"),
    ],
    ids=[
        "never asked",
        "never rendered",
        "policy in words",
        "the message",
        "only that it failed",
        "our sender",
        "our limit",
        "our sender, before the message",
    ],
)
def test_what_is_our_own_doing_is_nobodys_bounce(outcome):
    """What was not sent at all, and what is said of us or of the message."""
    assert not inbound.is_soft(outcome)


def test_a_mailbox_refused_on_five_days_is_suppressed(database, ids):
    """One a day counts, however often it is tried; the other reader's score is their own."""
    for day in range(4):
        refuse(database, (ids["Ada"], FULL), (ids["Ben"], CLOSED), now=NOW + day * DAY)
        refuse(database, (ids["Ada"], FULL), now=NOW + day * DAY + timedelta(hours=3))
    assert suppressed(database) == {}
    assert scores(database) == {"ada@example.org": 4, "ben@example.org": 4}

    refuse(database, (ids["Ada"], CLOSED), now=NOW + 4 * DAY)

    assert suppressed(database) == {
        "ada@example.org": ("bounce", "soft bounces on 5 days; the last: 550 5.2.1 mailbox disabled")
    }


def test_a_quiet_week_starts_the_count_again(database, ids):
    """As with bounces that come back by mail."""
    for day in (0, 1, 2, 3, 12, 13):
        refuse(database, (ids["Ada"], FULL), now=NOW + day * DAY)

    assert scores(database) == {"ada@example.org": 2}
    assert suppressed(database) == {}


def test_who_is_refused_twice_in_one_batch_counts_once(database, ids):
    """Two deliveries of one reader are one mailbox."""
    refuse(database, (ids["Ada"], FULL), (ids["Ada"], CLOSED), (ids["Ben"], FULL))

    assert scores(database) == {"ada@example.org": 1, "ben@example.org": 1}


def test_other_answers_write_nothing(database, ids):
    """Whole batches may be handed over: accepted, deferred and suppressed ones are left alone."""
    others = [
        classify(Phase.DOT, 250, "2.0.0 taken"),
        classify(Phase.RCPT, 451, "4.7.1 greylisted"),
        classify(Phase.RCPT, 550, "5.1.1 no such user"),
        classify(Phase.RCPT, 550, "5.7.1 blocked by policy"),
        Outcome(State.UNCERTAIN, Phase.DOT),
    ]
    refuse(database, *((ids["Ada"], outcome) for outcome in others))
    refuse(database)

    with database.begin() as tx:
        assert tx.scalar(select(func.count()).select_from(schema.bounces)) == 0


def test_a_refusal_adds_to_what_came_back_by_mail(database, ids):
    """One score for an address; lifting its suppression forgets it."""
    with database.begin() as tx:
        queries.put_score(tx, "ada@example.org", Score(4, NOW), "bounces that came by mail")
    refuse(database, (ids["Ada"], FULL), now=NOW + DAY)

    assert set(suppressed(database)) == {"ada@example.org"}
    assert service.lift_suppression(database, "ada@example.org")
    assert scores(database) == {}
