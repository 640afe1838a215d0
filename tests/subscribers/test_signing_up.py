"""Asking for the digest: what is queued, for whom, and when nothing is."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from newsletter.errors import ConfigurationError
from newsletter.settings import Settings
from subscribers import allowance, consent, houses, service
from subscribers.consent import AddressError, Asked, Origin
from subscribers.models import Defaults, Limits, NamedTopic, SubscriptionState
from tests.subscribers.asking import (
    HOUSE,
    KEYS,
    WORDING,
    ask,
    asked,
    confirm,
    evidence,
    known,
    rows,
    sent,
    subscribed,
    suppressed,
    waiting,
)
from tests.subscribers.people import NOW, person, roster_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_asking_queues_one_confirmation_and_subscribes_nobody(database):
    """The person is pending; what was said is kept with when, how, from where and the exact text."""
    assert ask(database) is Asked.SENT

    (notice,) = waiting(database)
    (said,) = rows(database, "consents")
    assert (notice.kind, notice.address, notice.name) == ("confirm", "ada@example.org", "")
    assert known(database).subscription.state is SubscriptionState.PENDING
    assert (said.what, said.at, said.how, said.origin, said.wording) == (
        "asked", NOW, "web", "203.0.113.0/24", WORDING,
    )  # fmt: skip


def test_whoever_is_pending_is_not_in_the_audience(database):
    """Nobody is mailed a digest who did not confirm."""
    ask(database)

    (page,) = service.audience(database, now=NOW, latest_edition=1)
    assert page.recipients == ()


@pytest.mark.parametrize(
    "text", ["ada", "ada@", "@example.org", "a b@example.org", "ada@exa_mple", "ada@example.org\r\nBcc: eve@example.org",
             "ada@example.org,eve@example.org", "ada@[127.0.0.1]", '"a b"@example.org', "", "x" * 65 + "@example.org",
             "ada@example.org\u202c", "ada\0@example.org", "a@" + "x" * 260 + ".org"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_one_sentence(text):
    """Without a line break, and with a full stop."""
    with pytest.raises(AddressError) as error:
        consent.mailable(text)

    assert str(error.value).count("\n") == 0
    assert str(error.value).endswith(".")


def test_nothing_is_written_for_what_is_no_address(database):
    """No row, and no allowance used."""
    with pytest.raises(AddressError):
        ask(database, "ada@example.org\r\nBcc: eve@example.org")

    assert [rows(database, table) for table in ("subscribers", "notices", "allowances")] == [[], [], []]


def test_letters_that_many_servers_do_not_take_are_refused_before_a_mail_is_tried():
    """A part before the @ outside ASCII needs SMTPUTF8, and its owner is told to give another address."""
    with pytest.raises(AddressError, match="please use another address"):
        consent.mailable("jürgen@example.org")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ada@Example.ORG", " ada@example.org "),
        ("x@中文.com", "x@xn--fiq228c.com"),
        ("a+b@BÜCHER.example", "A+b@bücher.example"),
    ],
)
def test_one_person_has_one_row_however_the_address_is_written(database, first, second):
    """Case, blanks, and the two ways to write a domain make no other person."""
    ask(database, first)
    sent(database)
    ask(database, second)

    assert len(rows(database, "subscribers")) == 1


def test_plus_addresses_and_dots_are_kept(database):
    """They may be other people's, and are mailed as they were written."""
    for address in ("ada+papers@example.org", "ada@example.org", "a.da@example.org"):
        ask(database, address)

    assert [each.address for each in waiting(database)] == [
        "ada+papers@example.org", "ada@example.org", "a.da@example.org",
    ]  # fmt: skip


def test_many_who_ask_at_the_same_moment_make_one_row_and_one_mail(database):
    """The database's rule, not a look before the insert; on both databases."""
    spellings = ["ada@example.org", "ADA@example.org", "Ada@EXAMPLE.org", " ada@example.org"] * 3
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: ask(database, text), spellings))

    assert set(answers) <= {Asked.SENT, Asked.LIMITED}
    assert len(rows(database, "subscribers")) == len(rows(database, "subscriptions")) == 1
    assert len(waiting(database)) == 1


def test_a_second_click_before_the_mail_left_queues_no_second_mail(database):
    """The first one is on its way."""
    ask(database)

    assert ask(database) is Asked.SENT
    assert len(waiting(database)) == 1


def test_an_address_gets_three_confirmations_and_then_one_every_eight_hours(database):
    """Whoever asks, and from wherever: list bombing ends there."""
    answers = []
    for number in range(5):
        answers.append(ask(database, origin=Origin("web", network=f"203.0.{number}.0/24")))
        sent(database)

    assert answers == [Asked.SENT] * 3 + [Asked.LIMITED] * 2
    assert ask(database, now=NOW + 7 * HOUR) is Asked.LIMITED
    assert ask(database, now=NOW + 8 * HOUR) is Asked.SENT
    assert len(rows(database, "notices")) == 4


def test_one_network_cannot_bomb_many_addresses(database):
    """After twenty it waits; another network is not concerned, and asking by mail is not either."""
    answers = [ask(database, f"reader{number}@example.org") for number in range(22)]

    assert answers == [Asked.SENT] * 20 + [Asked.LIMITED] * 2
    assert ask(database, "other@example.org", origin=Origin("web", network="2001:db8::/64")) is Asked.SENT
    assert ask(database, "mail@example.org", origin=Origin("mail", message_id="<a@b>")) is Asked.SENT


def test_many_networks_cannot_bomb_one_domain(database):
    """Two hundred mails at once, and the next wish has to wait."""
    with database.begin() as tx:
        for _ in range(199):
            assert allowance.take(tx, [(allowance.DOMAINS, "victim.example.org")], now=NOW)
    answers = [
        ask(database, f"r{number}@victim.example.org", origin=Origin("web", network=f"198.51.{number}.0/24"))
        for number in range(2)
    ]

    assert answers == [Asked.SENT, Asked.LIMITED]


def test_one_mailbox_cannot_be_bombed_by_other_spellings_of_its_address(database):
    """What stands behind a plus, and dots, make another address of most mailboxes no other mailbox."""
    spellings = [*(f"ada.b+{number}@example.org" for number in range(4)), "a.dab@example.org", "adab@example.org"]
    answers = [
        ask(database, address, origin=Origin("web", network=f"198.51.{number}.0/24"))
        for number, address in enumerate([*spellings, "a.d.a.b@example.org", "ADAB+7@example.org", "bo@example.org"])
    ]

    assert answers == [Asked.SENT] * 6 + [Asked.LIMITED] * 2 + [Asked.SENT]


def test_asking_for_whom_an_operator_suppressed_costs_as_much_as_for_anybody(database):
    """Or whoever asks twenty times, and then for themselves, could tell by the mail that comes."""
    suppressed(database, "ada@example.org", "operator")
    answers = [ask(database) for _ in range(20)]

    assert answers == [Asked.REFUSED] * 20
    assert ask(database, "mine@example.org") is Asked.LIMITED


def test_limits_hold_names_that_tell_nobodys_address(database):
    """Salted hashes: a copy of the table is no list of addresses."""
    ask(database)

    names = [row.name for row in rows(database, "allowances")]
    assert len(names) == 4
    assert all(re.fullmatch(r"(confirm|domain|mailbox|network):[0-9a-f]{64}", name) for name in names)


def test_whoever_is_subscribed_gets_a_mail_that_says_so_once_a_day(database):
    """With a link to what they chose; their subscription is not touched."""
    subscribed(database)
    answers = [ask(database) for _ in range(3)]

    (notice,) = waiting(database)
    assert answers == [Asked.ALREADY] * 3
    assert notice.kind == "already"
    sent(database)
    assert ask(database, now=NOW + DAY) is Asked.ALREADY
    assert len(waiting(database)) == 1


def test_what_an_operator_suppressed_gets_nothing(database):
    """Not even a confirmation."""
    suppressed(database, "ada@example.org", "operator")

    assert ask(database) is Asked.REFUSED
    assert rows(database, "notices") == []
    assert rows(database, "subscribers") == []


@pytest.mark.parametrize("reason", ["bounce", "refused", "complaint"])
def test_an_address_that_bounced_or_complained_may_be_tried_once_a_day(database, reason):
    """Its owner may have come back; confirming lifts it, asking does not."""
    suppressed(database, "ada@example.org", reason, at=NOW - DAY)
    first = asked(database)

    assert ask(database, now=NOW + HOUR) is Asked.LIMITED
    assert [row.reason for row in rows(database, "suppressions")] == [reason]
    assert not confirm(database, first).suppressed
    assert rows(database, "suppressions") == []


def test_topics_are_followed_from_the_start_where_they_are_offered(database):
    """Unknown ones are left out, and whoever chose already keeps what they have."""
    topics = (NamedTopic("speech", "Speech"), NamedTopic("vision", "Vision"))
    service.apply_roster(database, roster_of(topics=topics), now=NOW)
    ask(database, topics=("speech", "nonsense", "speech"), defaults=Defaults(limits=Limits(max_papers=3)))
    sent(database)
    ask(database, topics=("vision",))

    assert known(database).subscriber.topics == ("speech",)
    assert known(database).subscriber.limits.max_papers == 3


def test_without_a_way_to_confirm_nobody_is_asked(database):
    """Neither a site nor a mailbox: the operator is told which setting is missing."""
    nowhere = houses.house(Settings(), keys=KEYS)
    with pytest.raises(ConfigurationError, match="PAPERBOY_SITE_URL"):
        ask(database, house=nowhere)


def test_somebody_of_the_roster_who_left_must_confirm(database):
    """Asking alone brings nobody back; who confirmed anew is here of their own, and what they choose is theirs."""
    service.apply_roster(database, roster_of(person("ada")), now=NOW)
    service.unsubscribe(database, "ada@example.org", now=NOW, how="page")
    token = asked(database)

    assert known(database).subscription.state is SubscriptionState.UNSUBSCRIBED
    confirm(database, token)
    assert known(database).subscription.state is SubscriptionState.ACTIVE
    assert known(database).origin == "web"
    assert evidence(database) == [("withdrawn", "page"), ("asked", "web"), ("confirmed", "web")]


def test_who_never_confirmed_is_forgotten_after_a_week(database):
    """Unless they asked again since; whoever confirmed stays."""
    subscribed(database, "bo@example.org")
    for address in ("ada@example.org", "zoe@example.org"):
        asked(database, address)
    asked(database, "zoe@example.org", now=NOW + 5 * DAY)
    consent.tidy(database, now=NOW + 6 * DAY)
    assert known(database) is not None
    consent.tidy(database, now=NOW + 8 * DAY)

    assert known(database) is None
    assert known(database, "zoe@example.org") is not None
    assert known(database, "bo@example.org") is not None
    assert "ada@example.org" not in repr(rows(database, "notices"))


def test_the_confirmation_holds_no_word_of_whoever_asked(database):
    """No name, no topic, nothing a stranger typed: the mail is no use to a spammer."""
    service.apply_roster(database, roster_of(topics=(NamedTopic("speech", "Buy pills at evil"),)), now=NOW)
    ask(database, topics=("speech",))
    (notice,) = waiting(database)

    assert notice.facts.keys() == {"asked"}
    assert HOUSE.can_ask
