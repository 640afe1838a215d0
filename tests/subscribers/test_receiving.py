"""What received mail does to a subscriber: only what carries our signed return path counts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from newsletter import schema
from newsletter.mail.bounces import Failure, Reading
from newsletter.mail.diagnosis import Kind
from subscribers import inbound, queries, service, tokens
from subscribers.inbound import Meaning
from subscribers.models import Score
from subscribers.receiving import receive
from tests.mail.returned import BOUNCES, FULL, POLICY, complaint, daemon, plain, recipient, report
from tests.subscribers.people import NOW, make_editions, person, roster_of

KEYS = ("old key", "new key")
KEY = "0123456789abcdef0123456789abcdef"
DAY = timedelta(days=1)


@pytest.fixture
def mailed(database):
    """Ada and Ben are subscribers, and a digest went to Ada under the key KEY."""
    service.apply_roster(database, roster_of(person("ada"), person("ben")), now=NOW)
    make_editions(database, 1)
    people = schema.subscribers
    with database.begin() as tx:
        ada = tx.execute(select(people).where(people.c.address == "ada@example.org")).one()
        row = {
            "key": KEY, "subscriber_id": ada.id, "edition_id": 1, "after": 0, "address": ada.address, "name": "Ada",
            "token": ada.token, "digest": {}, "state": "accepted", "queued_at": NOW, "due_at": NOW, "expires_at": NOW,
            "changed_at": NOW, "attempts": 1, "made_by": "a run", "reply": "250 ok",
        }  # fmt: skip
        tx.execute(insert(schema.deliveries).values(**row))
    return database


def back(key=KEY, keys=KEYS):
    """The return path of a delivery."""
    return f"bounces+{tokens.sign_key(key, keys=keys)}@papers.example"


def take(database, raw, now=NOW, keys=KEYS):
    return receive(database, raw, now=now, keys=keys, bounce_address=BOUNCES)


def suppressed(database):
    with database.begin() as tx:
        return {row.address_key: row.reason for row in tx.execute(select(schema.suppressions))}


def consent(database, address="ada@example.org"):
    with database.begin() as tx:
        return queries.by_address_key(tx, address).subscription


def soft(to=None):
    return report(recipient("5.2.2", FULL), to=to or back())


# ---- what it does ----------------------------------------------------------------------------------------------------


def test_a_hard_bounce_suppresses_the_address_and_leaves_consent_alone(mailed):
    """The person did not go; the address did."""
    done = take(mailed, report(to=back()))

    assert done.meaning is Meaning.SUPPRESSED
    assert done.status == "5.1.1"
    assert suppressed(mailed) == {"ada@example.org": "bounce"}
    assert consent(mailed).state == "active"


def test_a_complaint_suppresses_and_unsubscribes_whatever_address_it_names(mailed):
    """The address is blacked out; the return path in the mail that comes with it is ours."""
    done = take(mailed, complaint(return_path=back(), rcpt="ben@example.org"))

    assert done.meaning is Meaning.UNSUBSCRIBED
    assert suppressed(mailed) == {"ada@example.org": "complaint"}
    assert (consent(mailed).state, consent(mailed).how) == ("unsubscribed", "complaint")
    assert consent(mailed, "ben@example.org").state == "active"


def test_who_complained_is_not_brought_back_by_the_roster(mailed):
    """A complaint is the reader's own word."""
    take(mailed, complaint(return_path=back()))
    service.lift_suppression(mailed, "ada@example.org")

    plan = service.apply_roster(mailed, roster_of(person("ada"), person("ben")), now=NOW + DAY)

    assert [one.address for one in plan.kept_out] == ["ada@example.org"]


def test_a_bounce_counts_for_the_address_the_mail_went_to(mailed):
    """Ada forwards her mail, and the report names the other mailbox."""
    raw = report(recipient(address="rfc822; ada.private@mail.example"), to=back())

    assert take(mailed, raw).meaning is Meaning.SUPPRESSED
    assert suppressed(mailed) == {"ada@example.org": "bounce"}


def test_of_several_recipients_the_one_we_mailed_decides(mailed):
    """The other's mailbox is only full."""
    raw = report(recipient("5.2.2", FULL, address="rfc822; other@example.org"), recipient(), to=back())

    assert take(mailed, raw).meaning is Meaning.SUPPRESSED


@pytest.mark.parametrize(
    ("raw", "meaning"),
    [
        (report(recipient("5.7.1", POLICY), to=back()), Meaning.ALARM),
        (report(recipient(action="delayed"), to=back()), Meaning.NOTHING),
        (report(recipient(action="delivered"), to=back()), Meaning.NOTHING),
        (plain("I am away", to=back(), Subject="Out of office"), Meaning.NOTHING),
        (plain("Hello there", to=back()), Meaning.NOTHING),
        (complaint("not-spam", return_path=back()), Meaning.NOTHING),
    ],
)
def test_what_is_not_the_readers_fault_changes_nothing(mailed, raw, meaning):
    """Policy is the operator's to mend; delays and robots are nobody's fault."""
    assert take(mailed, raw).meaning is meaning
    assert suppressed(mailed) == {}
    assert consent(mailed).state == "active"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (report(to=back()), "came back (hard): 5.1.1 smtp; 550 5.1.1"),
        (report(recipient("5.7.1", POLICY), to=back()), "came back (policy): 5.7.1 smtp; 550 5.7.1 Message refused"),
        (complaint(return_path=back()), "came back (complaint): abuse"),
        (report(recipient(action="delayed"), to=back()), "250 ok"),
        (report(), "250 ok"),
    ],
)
def test_the_delivery_tells_what_came_back_for_it(mailed, raw, words):
    """`paperboy deliveries list` shows it; the delivery stays accepted, so every account still closes."""
    take(mailed, raw)

    with mailed.begin() as tx:
        row = tx.execute(select(schema.deliveries)).one()
    assert row.reply.startswith(words)
    assert row.state == "accepted"


# ---- whose it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    [
        "bounces@papers.example",
        back(keys=("somebody else's key",)),
        back()[:-20] + "aaaa@papers.example",
        back("f" * 32),
        f"bounces+{'a' * 42}@papers.example",
        f"bounces+{'7' * 42}@papers.example",
    ],
    ids=["no token", "another key", "cut", "a delivery there never was", "made up", "made up too"],
)
@pytest.mark.parametrize("make", [lambda to: report(to=to), lambda to: complaint(return_path=to), soft])
def test_a_forged_mail_removes_nobody(mailed, to, make):
    """It names Ada, and has no return path that we signed."""
    assert take(mailed, make(to)).meaning is Meaning.NOT_OURS
    assert suppressed(mailed) == {}
    assert consent(mailed).state == "active"


def test_a_return_path_folded_by_a_server_is_still_ours(mailed):
    """Some servers write addresses in capitals."""
    assert take(mailed, report(to=back().upper())).meaning is Meaning.SUPPRESSED


def test_a_return_path_signed_by_an_earlier_key_is_still_ours(mailed):
    """A new key does not lose yesterday's bounces."""
    assert take(mailed, report(to=back(keys=KEYS[:1]))).meaning is Meaning.SUPPRESSED


def test_reading_a_mail_twice_changes_nothing_more(mailed):
    """A mail server may hand it over again."""
    for raw in (report(to=back()), complaint(return_path=back()), soft()):
        first = take(mailed, raw)
        before = suppressed(mailed)

        assert take(mailed, raw).meaning is first.meaning
        assert suppressed(mailed) == before


# ---- soft bounces ----------------------------------------------------------------------------------------------------


def test_five_days_of_soft_bounces_suppress_an_address(mailed):
    """One a day counts, however many come."""
    for day in range(4):
        for hour in (0, 5):
            assert take(mailed, soft(), NOW + day * DAY + timedelta(hours=hour)).meaning is Meaning.COUNTED
    assert suppressed(mailed) == {}

    assert take(mailed, soft(), NOW + 4 * DAY).meaning is Meaning.SUPPRESSED
    assert suppressed(mailed) == {"ada@example.org": "bounce"}


def test_soft_bounces_with_a_quiet_week_between_them_never_suppress(mailed):
    """A mailbox that is full now and then has a reader."""
    for week in range(12):
        assert take(mailed, soft(), NOW + week * 8 * DAY).meaning is Meaning.COUNTED
    assert suppressed(mailed) == {}


def test_lifting_a_suppression_forgets_the_soft_bounces(mailed):
    """Or the next one would suppress the address again at once."""
    for day in range(5):
        take(mailed, soft(), NOW + day * DAY)
    service.lift_suppression(mailed, "ada@example.org")

    assert take(mailed, soft(), NOW + 5 * DAY).meaning is Meaning.COUNTED


def test_bounces_in_plain_words_count_too(mailed):
    """By the address they came to."""
    assert take(mailed, daemon("550 no such user", To=back())).meaning is Meaning.SUPPRESSED


instants = st.lists(st.integers(0, 60 * 24), min_size=1, max_size=60).map(
    lambda hours: [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=n) for n in sorted(hours)]
)


@given(instants)
def test_a_score_is_at_most_one_for_each_day(times):
    """It grows by one at most, never within a day, and starts again after a quiet week."""
    score = None
    for now in times:
        earlier, score = score, inbound.counted(score, now)
        if earlier is None or now - earlier.at > inbound.STALE:
            assert score == Score(1, now)
        else:
            assert score.days - earlier.days == (now.date() > earlier.at.date())

    assert score.days <= len({now.date() for now in times})


def test_a_clock_that_went_back_counts_nothing():
    """What was counted tomorrow is counted."""
    score = Score(3, NOW)

    assert inbound.counted(score, NOW - 3 * DAY) is score


def test_a_mail_about_others_only_is_as_grave_as_its_gentlest():
    """Its address may be written in any case."""
    reading = Reading((Failure(Kind.HARD, "ADA@Example.org"), Failure(Kind.SOFT, "not an address")))

    assert inbound.about(reading, "ada@example.org").kind is Kind.HARD
    assert inbound.about(reading, "ben@example.org").kind is Kind.SOFT
