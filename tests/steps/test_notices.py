"""Notices: queued once, sent once, over the outbox and over SMTP; deferred, refused, expired, cut off, suppressed."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import insert, select, update

from newsletter import schema
from newsletter.errors import MailerUnavailable, RenderError
from newsletter.mail import outbox
from newsletter.mail.mime import to_bytes
from newsletter.mail.outbox import Outbox
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.mail.transport import NOT_BEGUN
from newsletter.models import Message, Outcome, Phase, State
from newsletter.queries import notices as queries
from newsletter.settings import Settings
from newsletter.steps.notices import Notice, NoticePost, NoticePrinter, queue, send_notices
from subscribers import houses
from tests.mail.invented import envelope
from tests.smtpd import FaultServer, drop, refuse
from tests.subscribers.asking import KEYS
from tests.subscribers.people import NOW

SETTINGS = Settings(
    site_url="https://papers.example.org",
    sender="Paperboy <papers@example.org>",
    list_host="papers.example.org",
    bounce_address="bounces@example.org",
    inbox_address="papers@in.example.org",
)
PRINTER = NoticePrinter(houses.house(SETTINGS, keys=KEYS))


def notice(name="ada", *, kind="confirm", **more):
    facts = {"asked": 1} if kind == "confirm" else {}
    given = {"token": f"token-of-{name}", "facts": facts} | more
    return Notice(kind, f"{name}@example.org", f"{name}@example.org", **given)


def queued(database, *wanted, now=NOW):
    with database.begin() as tx:
        return [queue(tx, one, now=now) for one in wanted]


def post(database, transport, *, now=NOW):
    return NoticePost(database, transport, PRINTER, lambda: now)


def rows(database):
    with database.begin() as tx:
        return tx.execute(select(schema.notices).order_by(schema.notices.c.id)).all()


def states(database):
    return [row.state for row in rows(database)]


def over_smtp(database, *script, times=1, step=timedelta(minutes=5)):
    """Send to a real server that misbehaves as scripted, so many times, with time between."""

    async def serve():
        async with FaultServer(script) as server:
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=2)
            counted = [
                await asyncio.to_thread(send_notices, post(database, Smtp(config), now=NOW + turn * step))
                for turn in range(times)
            ]
            return counted, server.mails

    return asyncio.run(serve())


def headers(content):
    return message_from_bytes(content, policy=policy.default)


def test_a_notice_is_written_to_the_outbox_once(database, tmp_path):
    """It is accepted, and the next round finds nothing."""
    queued(database, notice())
    sender = post(database, Outbox(tmp_path))

    assert [send_notices(sender), send_notices(sender)] == [1, 0]
    assert states(database) == ["accepted"]
    assert [mail.recipient for mail in outbox.messages(tmp_path)] == ["ada@example.org"]


def test_the_same_key_is_the_same_mail(database, tmp_path):
    """Whoever reads an inbox twice answers once."""
    assert queued(database, notice(key="a" * 32), notice("bo", key="a" * 32), notice()) == [True, False, True]
    assert send_notices(post(database, Outbox(tmp_path))) == 2


def test_a_confirmation_says_what_it_must_in_its_headers(database):
    """No answer by itself is wanted, no click ends anything, and an answer by a person confirms."""
    queued(database, notice())
    _, (mail,) = over_smtp(database)
    head = headers(mail.content)

    assert head["Auto-Submitted"] == "auto-generated"
    assert head["List-Unsubscribe"] is None
    assert head["List-Unsubscribe-Post"] is None
    assert head["To"] == "ada@example.org"
    assert head["Reply-To"].startswith("papers+")
    assert head["Reply-To"].endswith("@in.example.org")
    assert mail.sender.startswith("bounces+")
    assert mail.sender.partition("@")[0].partition("+")[2] != head["Reply-To"].partition("@")[0].partition("+")[2]


def test_who_is_subscribed_may_leave_with_one_click_from_a_notice_too(database):
    """The mail that says so has the headers of a digest."""
    queued(database, notice(kind="already"))
    _, (mail,) = over_smtp(database)
    head = headers(mail.content)

    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "https://papers.example.org/unsubscribe/" in head["List-Unsubscribe"]
    assert head["Reply-To"] is None


def test_an_answer_names_the_mail_it_answers_and_has_no_return_path(database):
    """RFC 3834: whoever answers by itself must not be answered in turn."""
    facts = {"subject": "How to write to us", "paragraphs": ["Like this.", "Or so."]}
    queued(database, notice(kind="reply", facts=facts, token="", in_reply_to="<their.mail@example.net>"))
    _, (mail,) = over_smtp(database)
    head = headers(mail.content)

    assert (head["Auto-Submitted"], head["In-Reply-To"]) == ("auto-replied", "<their.mail@example.net>")
    assert head["References"] == "<their.mail@example.net>"
    assert mail.sender == ""


@pytest.mark.parametrize("bad", ["<a@b>\r\nBcc: eve@example.org", "a@b", "<a b@c>", "<ä@b>", "<" + "x" * 990 + ">"])
def test_a_message_id_that_is_none_is_no_header(bad):
    """A stranger's header never becomes a header of ours."""
    with pytest.raises(RenderError, match="to be answered is none"):
        to_bytes(Message("Subject", "<p>", "text"), replace(envelope(), in_reply_to=bad))


def test_a_message_id_that_is_none_costs_only_its_own_mail(database):
    """The others go on."""
    queued(database, notice(in_reply_to="<a@b>\r\nBcc: eve@example.org"), notice("bo"))
    counted, mails = over_smtp(database)

    assert counted == [1]
    assert [mail.recipient for mail in mails] == ["bo@example.org"]
    assert states(database) == ["refused", "accepted"]


def test_a_notice_nobody_can_render_is_refused(database, tmp_path):
    """A kind nobody knows does not hold up the others."""
    queued(database, notice(kind="love letter"), notice("bo"))

    assert send_notices(post(database, Outbox(tmp_path))) == 1
    assert states(database) == ["refused", "accepted"]


def test_what_a_server_defers_is_tried_again_later(database):
    """Not before its time; greylisting is the usual answer to a first mail."""
    queued(database, notice())
    counted, mails = over_smtp(database, refuse("rcpt", "450 4.7.1 greylisted", times=1), times=3)

    assert counted == [0, 1, 0]
    assert len(mails) == 1
    assert rows(database)[0].attempts == 2


def test_an_address_that_does_not_exist_is_tried_once_a_day_from_then_on(database):
    """It is suppressed as refused, which its owner can lift by confirming."""
    queued(database, notice())
    over_smtp(database, refuse("rcpt", "550 5.1.1 no such user"))
    with database.begin() as tx:
        assert tx.execute(select(schema.suppressions.c.address_key, schema.suppressions.c.reason)).all() == [
            ("ada@example.org", "refused")
        ]
    assert states(database) == ["refused"]


def test_a_line_that_drops_after_the_message_leaves_it_uncertain_and_is_not_tried_again(database):
    """Perhaps it arrived; whoever waits for it asks again."""
    queued(database, notice())
    counted, mails = over_smtp(database, drop("dot", times=1), times=3, step=timedelta(hours=1))

    assert counted == [0, 0, 0]
    assert len(mails) == 1
    assert states(database) == ["uncertain"]


def test_a_server_that_is_down_costs_no_notice(database, tmp_path):
    """It says so, and everything stays queued."""
    queued(database, notice())
    nowhere = Smtp(SmtpConfig(host="127.0.0.1", port=1, security="none", connections=1))
    with pytest.raises(MailerUnavailable):
        send_notices(post(database, nowhere))

    assert send_notices(post(database, Outbox(tmp_path))) == 1


def test_what_waits_for_a_day_expires(database, tmp_path):
    """A confirmation that comes days later is no use to anybody."""
    queued(database, notice())

    assert send_notices(post(database, Outbox(tmp_path), now=NOW + timedelta(days=1))) == 0
    assert states(database) == ["expired"]


@pytest.mark.parametrize(
    ("kind", "reason", "state"),
    [
        ("confirm", "operator", "suppressed"),
        ("confirm", "complaint", "accepted"),
        ("already", "bounce", "suppressed"),
        ("reply", "complaint", "suppressed"),
    ],
)
def test_a_suppression_is_asked_for_just_before_sending(database, tmp_path, kind, reason, state):
    """Only a confirmation goes to an address whose owner may lift it."""
    facts = {"asked": 1, "subject": "Help", "paragraphs": ["Like this."]}
    queued(database, notice(kind=kind, facts=facts))
    with database.begin() as tx:
        row = {"address_key": "ada@example.org", "reason": reason, "detail": "", "at": NOW}
        tx.execute(insert(schema.suppressions).values(row))
    send_notices(post(database, Outbox(tmp_path)))

    assert states(database) == [state]


@dataclass
class Slow:
    """A transport that counts the copies of each parcel, and takes its time."""

    name: str = "slow"
    capacity: int = 4
    copies: list = field(default_factory=list)
    dies: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return None

    async def send(self, parcel, begin):
        if not await begin():
            return NOT_BEGUN
        if self.dies:
            raise RuntimeError("the process died")
        await asyncio.sleep(0.002)
        with self.lock:
            self.copies.append(parcel.delivery_key)
        return Outcome(State.ACCEPTED, Phase.DOT)

    def settle(self, parcel_key, day):
        return None


def test_many_who_send_at_the_same_moment_send_each_notice_once(database):
    """The site, the inbox and the daily run may all do it; each claims under a lease of its own."""
    queued(database, *(notice(f"reader{number}") for number in range(24)))
    slow = Slow()
    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(lambda _: send_notices(post(database, slow), limit=10), range(8)))

    assert sum(counted) == len(slow.copies) == len(set(slow.copies)) == 24
    assert set(states(database)) == {"accepted"}


def test_a_process_that_dies_while_sending_leaves_an_uncertain_notice_and_the_others_queued(database, tmp_path):
    """What had begun is not sent again; what had not, is."""
    queued(database, notice(), notice("bo"))
    with pytest.raises(RuntimeError, match="the process died"):
        send_notices(post(database, Slow(capacity=1, dies=True)))
    assert states(database) == ["sending", "queued"]

    assert send_notices(post(database, Outbox(tmp_path))) == 1
    assert states(database) == ["uncertain", "accepted"]


def test_the_outbox_can_look_what_became_of_a_notice(database, tmp_path):
    """No file was written, so it is sent."""
    queued(database, notice())
    with database.begin() as tx:
        tx.execute(update(schema.notices).values(state="sending", claim="notices outbox gone"))

    assert send_notices(post(database, Outbox(tmp_path))) == 1


def test_the_address_goes_a_day_after_a_notice_is_settled(database, tmp_path):
    """And the row after a month; what waits keeps it."""
    queued(database, notice())
    send_notices(post(database, Outbox(tmp_path)))
    queued(database, notice("bo"), now=NOW)
    with database.begin() as tx:
        assert queries.forget(tx, now=NOW + timedelta(hours=23)) == 0
        assert queries.forget(tx, now=NOW + timedelta(hours=25)) == 1
    assert [(row.address, row.token, row.reply) for row in rows(database)] == [
        ("", "", ""),
        ("bo@example.org", "token-of-bo", ""),
    ]
    with database.begin() as tx:
        assert queries.forget(tx, now=NOW + timedelta(days=31)) == 1
    assert [row.address for row in rows(database)] == ["bo@example.org"]
