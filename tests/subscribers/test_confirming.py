"""Confirming, leaving and coming back: what each link does, and what it does no longer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from newsletter.errors import LinkExpired, LinkInvalid
from newsletter.queries.notices import Queued
from newsletter.steps.notices import NoticePrinter
from subscribers import allowance, consent, houses, queries, service, tokens
from subscribers.consent import Asked, Origin
from subscribers.models import SubscriptionState
from subscribers.tokens import Purpose
from tests.subscribers.asking import (
    HOUSE,
    KEYS,
    SETTINGS,
    WEB,
    WORDING,
    ask,
    asked,
    confirm,
    evidence,
    known,
    link,
    rows,
    sent,
    subscribed,
    suppressed,
    waiting,
)
from tests.subscribers.people import NOW, make_editions, person, roster_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAIL = Origin("mail", message_id="<answer@example.org>")
ACTIVE, LEFT = SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED


def leave(database, *, now=NOW, how="page", origin=WEB):
    return consent.leave(database, known(database).token, how=how, origin=origin, now=now)


def back(database, *, now=NOW):
    return consent.come_back(database, known(database).token, origin=WEB, now=now, house=HOUSE)


def test_the_link_of_the_mail_lets_the_subscription_begin(database):
    """With evidence of who confirmed what; the newest edition is their first."""
    make_editions(database, 1, 2, 3)
    token = asked(database)
    make_editions(database, 4)
    found = confirm(database, token, now=NOW + HOUR)

    said = rows(database, "consents")[-1]
    assert found.subscription.state is ACTIVE
    assert (found.origin, found.subscription.how, found.cursor) == ("web", "web", 3)
    assert (said.what, said.at, said.origin, said.wording) == ("confirmed", NOW + HOUR, WEB.network, WORDING)


def test_looking_at_the_link_changes_nothing(database):
    """Scanners open every link of a mail, as often as they like."""
    token = asked(database)
    before = {table: rows(database, table) for table in ("subscriptions", "consents", "notices")}
    for _ in range(3):
        found = consent.confirming(database, token, keys=KEYS, now=NOW)

    assert found.subscriber.address == "ada@example.org"
    assert {table: rows(database, table) for table in before} == before


def test_confirming_twice_is_harmless(database):
    """Also at the same moment: one word of evidence."""
    token = asked(database)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: confirm(database, token), range(8)))

    assert {each.subscription.state for each in found} == {ACTIVE}
    assert evidence(database) == [("asked", "web"), ("confirmed", "web")]


def test_a_link_holds_for_three_days(database):
    """And then says that it is too old."""
    token = asked(database)
    assert consent.confirming(database, token, keys=KEYS, now=NOW + 3 * DAY)
    with pytest.raises(LinkExpired):
        confirm(database, token, now=NOW + 3 * DAY + timedelta(seconds=1))

    assert known(database).subscription.state is SubscriptionState.PENDING


def test_confirming_leaving_and_asking_at_the_same_moment_end_in_what_was_said_last(database):
    """The subscription is what the evidence says, on both databases, and nobody waits for ever."""
    token = asked(database)
    person = known(database).token

    def say(turn):
        try:
            if turn % 4 == 0:
                confirm(database, token)
            elif turn % 4 == 1:
                consent.leave(database, person, how="page", now=NOW)
            elif turn % 4 == 2:
                ask(database)
            else:
                consent.come_back(database, person, origin=WEB, now=NOW, house=HOUSE)
        except LinkExpired:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(24)))
    last = [what for what, _ in evidence(database) if what != "asked"][-1]

    assert (known(database).subscription.state is LEFT) is (last == "withdrawn")


@pytest.mark.parametrize("how", ["page", "one-click", "mail", "command"])
def test_an_old_confirmation_does_not_undo_a_later_withdrawal(database, how):
    """Whichever way they left, the links of before are dead; a new one is not."""
    token = asked(database)
    confirm(database, token)
    leave(database, how=how)
    with pytest.raises(LinkExpired):
        confirm(database, token)
    with pytest.raises(LinkExpired):
        consent.confirming(database, token, keys=KEYS, now=NOW)

    assert known(database).subscription.state is LEFT
    assert confirm(database, asked(database, now=NOW + DAY), now=NOW + DAY).subscription.state is ACTIVE


def test_a_no_to_a_confirmation_kills_its_link_though_nothing_was_to_end(database):
    """They had left already, somebody asked for them, and they say once more that they do not want it."""
    subscribed(database)
    leave(database)
    token = asked(database)
    leave(database, how="one-click")
    with pytest.raises(LinkExpired):
        confirm(database, token)


def test_a_complaint_about_a_confirmation_kills_its_link(database):
    """Whoever marks it as spam wants no more, and only a fresh confirmation lifts that."""
    token = asked(database)
    number = known(database).id
    with database.begin() as tx:
        queries.end_subscriptions(tx, [number], how="complaint", now=NOW)
    suppressed(database, "ada@example.org", "complaint")
    with pytest.raises(LinkExpired):
        confirm(database, token)
    assert known(database).suppressed
    found = confirm(database, asked(database, now=NOW + DAY), now=NOW + DAY)

    assert (found.subscription.state, found.suppressed) == (ACTIVE, False)


def test_what_an_operator_suppressed_stays_so_whoever_confirms(database):
    """A link from before confirms, and nothing is mailed all the same."""
    token = asked(database)
    suppressed(database, "ada@example.org", "operator")

    assert confirm(database, token).suppressed


def test_a_cut_or_foreign_link_is_invalid(database):
    """Cut, changed, signed with another key, or for another purpose."""
    token = asked(database)
    person = known(database)
    forged = tokens.sign_confirm(person.token, 1, keys=["another"], now=NOW)
    other = tokens.sign(Purpose.UNSUBSCRIBE, person.token, keys=KEYS)
    cuts = [piece for cut in (1, 5, 40) for piece in (token[:-cut], token[cut:])]
    for bad in (*cuts, forged, other, token + "x", ""):
        with pytest.raises(LinkInvalid):
            confirm(database, bad)

    assert known(database).subscription.state is SubscriptionState.PENDING


def test_one_persons_link_confirms_nobody_else(database):
    """The number of what was asked belongs to one person."""
    asked(database)
    asked(database, "bo@example.org")
    crossed = tokens.sign_confirm(known(database).token, 2, keys=KEYS, now=NOW)
    with pytest.raises(LinkExpired):
        confirm(database, crossed)


def test_keys_rotate_without_killing_links(database):
    """A link of an older key holds as long as the key is believed."""
    ask(database)
    old = houses.house(SETTINGS, keys=KEYS[:1])
    token = tokens.sign_confirm(known(database).token, 1, keys=KEYS[:1], now=NOW)

    assert old.can_ask
    assert confirm(database, token).subscription.state is ACTIVE


def test_an_answer_to_the_mail_confirms_too(database):
    """By the signed part of the address it goes to, in whatever case it comes back; the mail is the evidence."""
    ask(database, origin=Origin("mail", message_id="<wish@example.org>"))
    (notice,) = waiting(database)
    code = tokens.sign_reply(notice.key, keys=KEYS).upper()
    found = consent.confirm_by_answer(database, code, keys=KEYS, origin=MAIL, now=NOW)

    assert (found.subscription.state, found.subscription.how, found.origin) == (ACTIVE, "mail", "mail")
    assert [row.origin for row in rows(database, "consents")] == ["<wish@example.org>", "<answer@example.org>"]
    with pytest.raises(LinkInvalid):
        consent.confirm_by_answer(database, tokens.sign_key(notice.key, keys=KEYS), keys=KEYS, origin=MAIL, now=NOW)


def test_an_answer_that_comes_too_late_confirms_nothing(database):
    """Three days, as the link; and a notice that is nobody's confirmation never does."""
    ask(database)
    code = tokens.sign_reply(waiting(database)[0].key, keys=KEYS)
    with pytest.raises(LinkExpired):
        consent.confirm_by_answer(database, code, keys=KEYS, origin=MAIL, now=NOW + 4 * DAY)
    with pytest.raises(LinkExpired):
        consent.confirm_by_answer(database, tokens.sign_reply("0" * 32, keys=KEYS), keys=KEYS, origin=MAIL, now=NOW)


# ---- leaving and coming back -----------------------------------------------------------------------------------------


def test_leaving_keeps_how_and_from_where_once(database):
    """As often as one clicks; nobody's token leaves nobody."""
    subscribed(database)
    for _ in range(3):
        assert leave(database, how="one-click").subscription.state is LEFT

    assert evidence(database)[2:] == [("withdrawn", "one-click")]
    assert consent.leave(database, "nobody's", how="page", now=NOW) is None


def test_what_waits_for_the_mail_server_is_called_off_when_its_reader_leaves(database):
    """Or it would say that they are subscribed, or ask with a link that is dead; who asks again is asked anew."""
    subscribed(database)
    ask(database)
    leave(database)
    assert waiting(database) == []
    ask(database)
    leave(database)
    assert waiting(database) == []
    ask(database)

    (notice,) = waiting(database)
    assert confirm(database, link(notice)).subscription.state is ACTIVE


def test_why_they_left_is_kept_in_one_short_line(database):
    """What strangers write is cut, and drives no terminal."""
    subscribed(database)
    leave(database)
    consent.say_why(database, known(database).token, "too\r\nmany \x1b[31m\u202e" + "x" * 600)
    consent.say_why(database, "nobody's", "why")

    note = rows(database, "consents")[-1].note
    assert note.startswith("too many [31m x")
    assert len(note) == consent.LONGEST_REASON


@pytest.mark.parametrize("how", ["page", "one-click", "mail"])
def test_one_click_brings_back_who_left_a_moment_ago(database, how):
    """With its evidence, and once more is harmless; a mail that left for them may have been forged."""
    subscribed(database)
    leave(database, how=how)

    assert [back(database), back(database)] == [True, True]
    assert known(database).subscription.state is ACTIVE
    assert evidence(database)[2:] == [("withdrawn", how), ("returned", "web")]
    assert waiting(database) == []


@pytest.mark.parametrize(
    "case", ["later", "command", "complaint", "bounce", "never confirmed", "roster", "roster, then page"]
)
def test_anything_else_needs_a_fresh_confirmation(database, case):
    """An old mail with its link may be in other hands, and who complained said no."""
    if case == "never confirmed":
        asked(database)
    elif case.startswith("roster"):
        service.apply_roster(database, roster_of(person("ada")), now=NOW - 300 * DAY)
        service.apply_roster(database, roster_of(), now=NOW)
    else:
        subscribed(database)
    if case != "roster":  # whoever has an old mail of theirs may press its button long after they were let go
        leave(database, how=case if case in {"command", "complaint"} else "page")
    if case == "bounce":
        suppressed(database, "ada@example.org", case)
    assert back(database, now=NOW + (2 * DAY if case == "later" else HOUR)) is False

    (notice,) = waiting(database)
    assert notice.kind == "confirm"
    assert known(database).subscription.state is LEFT


def test_who_leaves_and_comes_back_all_day_confirms_at_last(database):
    """Each word is kept, so one link must not write as many as it likes."""
    token = subscribed(database).token
    with database.begin() as tx:
        assert all(allowance.take(tx, [(allowance.CHANGES, token)], now=NOW) for _ in range(99))
    answers = []
    for _ in range(3):
        leave(database)
        answers.append(back(database))

    assert answers == [True, False, False]
    returned = [("withdrawn", "page"), ("returned", "web"), ("withdrawn", "page")]
    assert evidence(database)[2:] == [*returned, ("asked", "web"), ("withdrawn", "page"), ("asked", "web")]


def test_who_was_suppressed_by_an_operator_does_not_come_back(database):
    """And learns nothing of it."""
    subscribed(database)
    leave(database)
    suppressed(database, "ada@example.org", "operator")

    assert back(database) is False
    assert waiting(database) == []


def test_the_roster_does_not_touch_who_subscribed_by_themselves(database):
    """Neither thrown out where it does not name them, nor overwritten where it does; the plan says why."""
    subscribed(database)
    before = known(database)
    service.apply_roster(database, roster_of(person("bo")), now=NOW)
    assert known(database) == before
    plan = service.apply_roster(database, roster_of(person("ada", topics=()), person("bo")), now=NOW)

    assert [(one.address, one.why) for one in plan.kept_out] == [("ada@example.org", "own choices")]
    assert known(database) == before


def test_an_operator_may_declare_who_asked_and_never_confirmed(database):
    """From then on they are the roster's."""
    token = asked(database)
    service.apply_roster(database, roster_of(person("ada")), now=NOW)

    assert (known(database).subscription.state, known(database).origin) == (ACTIVE, "roster")
    assert confirm(database, token).origin == "roster"


def test_whom_the_roster_let_go_may_subscribe_by_themselves(database):
    """And is then no longer the roster's to remove."""
    service.apply_roster(database, roster_of(person("ada")), now=NOW)
    service.apply_roster(database, roster_of(), now=NOW)
    subscribed(database, now=NOW + HOUR)
    service.apply_roster(database, roster_of(), now=NOW + HOUR)

    assert (known(database).subscription.state, known(database).origin) == (ACTIVE, "web")
    assert ask(database, now=NOW + HOUR) is Asked.ALREADY


def test_who_left_the_roster_and_confirmed_anew_is_not_removed_by_it(database):
    """They left by themselves, were taken out of the file then, and are here of their own now."""
    service.apply_roster(database, roster_of(person("ada")), now=NOW)
    leave(database)
    service.apply_roster(database, roster_of(), now=NOW + HOUR)
    subscribed(database, now=NOW + 40 * DAY)
    plan = service.apply_roster(database, roster_of(), now=NOW + 41 * DAY)

    assert plan.empty
    assert (known(database).subscription.state, known(database).origin) == (ACTIVE, "web")


def test_a_notice_is_the_same_bytes_whenever_it_is_printed(database):
    """Its links are signed with the moment at which it was queued."""
    ask(database)
    (notice,) = waiting(database)

    assert isinstance(notice, Queued)
    assert NoticePrinter(HOUSE)(notice) == NoticePrinter(HOUSE)(notice)
    sent(database)
