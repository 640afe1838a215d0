"""What a reader's mail does, once; and everything that it must not do."""

import pytest
from sqlalchemy import select

from newsletter import schema
from subscribers import consent
from subscribers.consent import Origin
from subscribers.replying import Deed
from tests.inbox.conftest import INBOX, SITE, mail
from tests.mail.returned import POLICY, complaint, recipient, report

SUBSCRIBE, LEAVE = "subscribe@papers.example", "papers+unsubscribe@papers.example"


def to_of(found) -> str:
    return found["To"].addresses[0].addr_spec


# ---- to subscribe ----------------------------------------------------------------------------------------------------


def test_who_writes_is_asked_and_not_subscribed(any_room):
    """From is easily forged: its owner gets one confirmation, and nothing else happens."""
    room = any_room
    told = room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()

    assert (told.deed, room.state()) == (Deed.ASKED, "pending")
    assert to_of(asked) == "ada@example.org"
    assert asked["In-Reply-To"] == "<1@mail.example.org>"
    assert asked["Auto-Submitted"] == "auto-replied"


def test_nothing_of_a_strangers_words_is_in_what_we_send(room):
    """Neither subject, text nor name: nobody advertises through us."""
    room.offer(vision="Computer Vision")
    for number, to in enumerate((SUBSCRIBE, "help@papers.example", LEAVE)):
        room.act(
            mail(
                to=to, subject="BUY http://pills.example", text="CHEAP", sender="Pills <ada@example.org>", number=number
            )
        )

    for sent in room.post():
        whole = sent.as_string()
        assert not any(word in whole for word in ("pills", "Pills", "BUY", "CHEAP"))


def test_a_forged_sender_is_asked_a_few_times_and_then_not(room):
    """Three confirmations a day at most, however often somebody writes in their name."""
    for number in range(20):
        room.act(mail(to=SUBSCRIBE, number=number))
        room.post()

    with room.database.begin() as tx:
        assert len(tx.execute(select(schema.notices.c.id)).all()) <= 3


def test_topics_may_be_named(room):
    """In the subject or the text, by name or label."""
    room.offer(decoding="Fast decoding", vision="Computer Vision")
    room.act(mail(to=SUBSCRIBE, subject="Fast decoding", text="and vision, please\n-- \nAda"))

    assert room.known().subscriber.topics == ("decoding", "vision")


def test_at_the_plain_address_the_word_alone_counts(room):
    """Subscribe, with topics at most: not "Subscribe to our webinar"."""
    room.offer(vision="Computer Vision")

    assert room.act(mail(subject="Subscribe to our webinar")).deed is Deed.ASIDE
    assert room.act(mail(subject="subscribe vision please", number=2)).deed is Deed.ASKED


def test_the_answer_to_a_confirmation_confirms(any_room):
    """Also where a server folded the address to lower or upper case; thanks come back with the way to leave."""
    room = any_room
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()

    told = room.act(mail(to=asked["Reply-To"].upper(), subject="RE: Please confirm", text="Yes", number=2))
    [thanks] = room.post()

    assert (told.deed, told.answered, room.state()) == (Deed.CONFIRMED, True, "active")
    assert thanks["In-Reply-To"] == "<2@mail.example.org>"
    assert "papers+unsubscribe@papers.example" in thanks.get_body(("plain",)).get_content()


def test_a_robot_that_answers_a_confirmation_does_not_confirm(room):
    """Out of office is no consent, whatever it says of itself in whichever header."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    robots = [
        {"Auto_Submitted": "auto-replied"},
        {"PRECEDENCE": "Bulk"},
        {"Subject": "Automatic reply: Please confirm"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
    ]

    for number, headers in enumerate(robots, start=2):
        assert room.act(mail(to=asked["Reply-To"], number=number, **headers)).deed in {Deed.IGNORED, Deed.ASIDE}
    assert (room.state(), room.post()) == ("pending", [])


def test_who_answers_no_is_not_subscribed(room):
    """A word of refusal in the answer withdraws the wish."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()

    assert room.act(mail(to=asked["Reply-To"], text="No, this was not me", number=2)).deed is Deed.LEFT
    assert room.act(mail(to=asked["Reply-To"], text="yes", number=3)).deed is Deed.LATE
    assert room.state() == "unsubscribed"


@pytest.mark.parametrize("text", ["No, I never asked for this", "Stop this!"])
def test_who_answers_no_above_a_quoted_link_is_not_subscribed(room, text):
    """The link that their mail program quotes is not what they say."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    link = next(line for line in asked.get_body(("plain",)).get_content().split() if "/confirm/" in line)

    assert room.act(mail(text=f"{text}\n\n> {link}", subject="Re: Please confirm", number=2)).deed is Deed.LEFT
    assert room.state() == "unsubscribed"


def test_who_forwards_a_confirmation_confirms_nothing(room):
    """They ask somebody what it is."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    link = next(line for line in asked.get_body(("plain",)).get_content().split() if "/confirm/" in line)

    assert room.act(mail(text=f"Is this real?\n\n> {link}", subject="Fwd: Please confirm", number=2)).deed is Deed.ASIDE
    assert room.state() == "pending"


def test_a_robot_without_any_mark_does_not_confirm_with_what_it_says(room):
    """Not all of those that answer in somebody's place say so in a header; "no problem" is no refusal."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    robots = ("Hello,\nI am out of the office until Monday.", "We have received your request and opened case 17.")
    for number, text in enumerate(robots, start=2):
        assert room.act(mail(to=asked["Reply-To"], text=text, number=number)).deed is Deed.ASIDE
    assert room.state() == "pending"

    assert room.act(mail(to=asked["Reply-To"], text="No problem, yes please", number=9)).deed is Deed.CONFIRMED


def test_an_old_confirmation_is_said_to_be_old(room):
    """After three days; the answer says how to get a new one."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    room.later(days=4)

    assert room.act(mail(to=asked["Reply-To"], number=2)).deed is Deed.LATE
    assert room.state() == "pending"
    assert "too old" in room.post()[0]["Subject"]


def test_a_confirmation_that_is_not_ours_is_left_to_the_operator(room):
    """A changed or invented code confirms nobody, and is not answered."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    local, _, host = asked["Reply-To"].partition("@")
    other = local[:-1] + ("a" if local[-1] != "a" else "b")

    assert room.act(mail(to=f"{other}@{host}", number=2)).deed is Deed.ASIDE
    assert (room.state(), room.post()) == ("pending", [])


def test_a_quoted_link_confirms_where_the_answer_went_to_the_plain_address(room):
    """Some mail programs do not heed Reply-To."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    link = next(line for line in asked.get_body(("plain",)).get_content().split() if "/confirm/" in line)

    assert room.act(mail(text=f"Yes!\n\n> {link}", number=2)).deed is Deed.CONFIRMED


# ---- to leave --------------------------------------------------------------------------------------------------------


def test_the_signed_word_of_a_mail_program_ends_a_subscription_at_once(room):
    """List-Unsubscribe by mail: whoever sends it, robot or not, and nobody is answered."""
    room.join()
    told = room.act(
        mail(subject=f"unsubscribe {room.leaving()}", sender="other@example.com", Auto_Submitted="auto-generated")
    )

    assert (told.deed, told.answered) == (Deed.LEFT, False)
    assert (room.state(), room.post()) == ("unsubscribed", [])


def test_who_leaves_by_their_address_is_told_so_with_a_way_back(any_room):
    """Leaving is as easy as coming; and one link mends it where somebody else wrote it."""
    room = any_room
    room.join()
    told = room.act(mail(to=LEAVE))
    [said] = room.post()

    assert (told.deed, told.answered, room.state()) == (Deed.LEFT, True, "unsubscribed")
    assert to_of(said) == "ada@example.org"
    assert f"{SITE}/unsubscribe/{room.leaving()}" in said.get_body(("plain",)).get_content()
    origin = Origin("web")
    assert consent.come_back(room.database, room.known().token, origin=origin, now=room.now, house=room.desk.house)
    assert room.state() == "active"


def test_nobody_can_be_unsubscribed_without_hearing_of_it(room):
    """Not by using up their answers before, and not by a mail that must not be answered."""
    room.join()
    for number in range(10):
        room.act(mail(to="help@papers.example", number=number))
    room.post()

    assert room.act(mail(to=LEAVE, number=20, Precedence="bulk")).deed is Deed.ASIDE
    assert room.state() == "active"
    assert room.act(mail(to=LEAVE, number=21)).answered
    assert "You have left" in room.post()[0]["Subject"]


def test_a_stranger_who_wants_to_leave_is_told_that_nothing_comes_to_them(room):
    """The answer goes to the owner of the address only, so it tells nobody else who reads us."""
    assert room.act(mail(to=LEAVE)).deed is Deed.LEFT
    assert "not subscribed" in room.post()[0]["Subject"]
    assert room.rows("subscribers") == 0


def test_the_word_in_a_strangers_sentence_is_left_to_the_operator(room):
    """Of a reader it is a wish; of a stranger it may be anything."""
    room.join("bo@example.org")

    assert room.act(mail(subject="How do I unsubscribe my father?")).deed is Deed.ASIDE
    assert room.act(mail(subject="I would like to unsubscribe", sender="bo@example.org")).deed is Deed.LEFT


@pytest.mark.parametrize("signed", ["forged", "cut", "confirm"])
def test_a_signed_word_that_does_not_hold_ends_nothing_of_anybody_else(room, signed):
    """Forged, cut or for another purpose: then only the sender counts."""
    room.join()
    good = room.leaving()
    word = {"forged": good[:-4] + "AAAA", "cut": good[:-1], "confirm": good.replace(".", ".x")}[signed]
    room.act(mail(subject=f"unsubscribe {word}", sender="mallory@example.com"))

    assert room.state() == "active"


# ---- once, and not to robots -----------------------------------------------------------------------------------------


def test_the_same_mail_is_acted_on_once(any_room):
    """Read again in another folder, or delivered again: nothing more happens, also after they came back."""
    room = any_room
    room.join()
    raw = mail(to=LEAVE)
    room.act(raw, place="maildir:1")
    room.post()
    room.join(number=200)

    assert room.act(raw, place="maildir:2").deed is Deed.KNOWN
    assert (room.state(), room.post()) == ("active", [])


def test_a_process_that_died_after_acting_does_no_harm(room):
    """What it asked was committed, that it was done was not: the second time answers once."""
    room.join()
    raw = mail(to=LEAVE)
    room.act(raw)
    with room.database.begin() as tx:
        tx.execute(schema.received.delete())

    assert room.act(raw).deed is Deed.LEFT
    assert len(room.post()) == 1


def test_robots_lists_and_ourselves_are_never_answered(room):
    """And nothing of what they ask for is done, whichever address they write to."""
    robots = [
        {"Auto_Submitted": "auto-generated"},
        {"pREcedenCE": "JUNK"},
        {"X_Auto_Response_Suppress": "All"},
        {"Return_Path": "<>"},
        {"List_Id": "<cats.example>"},
        {"sender": "MAILER-DAEMON@mx.example"},
        {"sender": "Paperboy <editor@papers.example>"},
        {"sender": INBOX},
        {"X_Loop": INBOX},
    ]
    letters = [(to, robot) for to in (SUBSCRIBE, LEAVE, "help@papers.example", INBOX) for robot in robots]
    for number, (to, robot) in enumerate(letters):
        told = room.act(mail(to=to, subject="help", number=number, **robot))
        assert (told.deed, told.answered) == (Deed.ASIDE, False), (to, robot)

    assert (room.post(), room.rows("subscribers")) == ([], 0)


def test_two_robots_do_not_answer_each_other_for_ever(room):
    """One that hides its nature gets five answers a day at most."""
    answers = 0
    for number in range(50):
        room.act(mail(to="help@papers.example", number=number))
        answers += len(room.post())

    assert answers == 5
    room.later(days=1)
    room.act(mail(to="help@papers.example", number=60))
    assert len(room.post()) == 1


def test_our_own_answers_are_not_answered(room):
    """Whatever we send, sent back to us as it is."""
    room.act(mail(to=SUBSCRIBE))
    room.act(mail(to="help@papers.example", number=2))
    for sent in room.post():
        sent.replace_header("To", INBOX)
        told = room.act(bytes(sent))
        assert (told.deed in {Deed.ASIDE, Deed.IGNORED}, told.answered) == (True, False)
    assert room.post() == []


def test_an_answer_has_the_null_sender(room):
    """RFC 3834: a bounce of it goes nowhere, and nobody's robot finds an address to answer."""
    room.act(mail(to="help@papers.example"))
    with room.database.begin() as tx:
        assert tx.scalar(select(schema.notices.c.in_reply_to)) == "<1@mail.example.org>"
    [sent] = room.post()

    assert (sent["Auto-Submitted"], sent["Precedence"]) == ("auto-replied", "bulk")


# ---- what comes back -------------------------------------------------------------------------------------------------


def test_bounces_and_complaints_count_as_ever(any_room):
    """By the signed return path, also in the mailbox that readers write to."""
    room = any_room
    room.join()
    to = room.delivered()

    told = room.act(report(recipient("5.7.1", POLICY), to=to))
    assert (told.deed, told.why) == (Deed.RETURNED, "alarm")
    assert "our policy" in told.alarm
    assert room.act(complaint(return_path=to)).why == "unsubscribed"
    assert room.state() == "unsubscribed"


def test_a_forged_bounce_is_left_to_the_operator(room):
    """Without our signed return path it removes nobody."""
    room.join()

    assert room.act(report()).deed is Deed.ASIDE
    assert room.act(complaint(rcpt="ada@example.org")).deed is Deed.ASIDE
    assert room.state() == "active"


def test_a_confirmation_that_comes_back_suppresses_its_address(room):
    """It is mailed again only when its owner asks anew."""
    room.act(mail(to=SUBSCRIBE))
    [asked] = room.post()
    with room.database.begin() as tx:
        key = tx.scalar(select(schema.notices.c.key))
    back = f"bounces+{room.desk.house.sign_key(key)}@papers.example"

    assert room.act(report(to=back)).why == "suppressed"
    assert asked["To"]
    assert room.rows("suppressions") == 1


def test_an_answer_of_somebody_absent_needs_nobody(room):
    """It is no mail for the operator."""
    told = room.act(mail(subject="Out of office", Auto_Submitted="auto-replied"))

    assert told.deed is Deed.IGNORED


# ---- what is left ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        mail(subject="A question", text="Dear editor"),
        mail(to="papers+holiday@papers.example"),
        mail(to=SUBSCRIBE, sender="nobody at all"),
        mail(to=SUBSCRIBE, sender="ada@example.org, bo@example.org"),
        mail(to=SUBSCRIBE, sender="münz@example.org"),
        b"",
        b"\xff\0" * 100,
        b"From: <" + b"<" * 5_000,
    ],
    ids=["a question", "an unknown tag", "no sender", "two senders", "not ascii", "nothing", "noise", "brackets"],
)
def test_what_is_not_understood_is_left_to_the_operator(room, raw):
    """Not answered, not lost: it stays unread, with a reason."""
    told = room.act(raw)

    assert (told.deed, told.answered) == (Deed.ASIDE, False)
    assert told.why
    assert room.post() == []
