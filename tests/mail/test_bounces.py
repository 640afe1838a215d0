"""What returned mail says, read from invented mail in the formats of the wild."""

import pytest

from newsletter.mail.bounces import Reading, read
from newsletter.mail.diagnosis import Kind
from tests.mail.returned import (
    BOUNCES,
    FULL,
    NOBODY,
    POLICY,
    RETURN_PATH,
    TOKEN,
    complaint,
    daemon,
    plain,
    recipient,
    report,
)


def reading(raw: bytes) -> Reading:
    return read(raw, bounce_address=BOUNCES)


def kind(raw: bytes) -> Kind:
    return reading(raw).kind


# ---- reports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.1.1", NOBODY, Kind.HARD),
        ("5.1.1", "", Kind.HARD),
        ("5.1.2", "dns; the domain does not exist", Kind.HARD),
        ("5.1.10", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound", Kind.HARD),
        ("5.7.1", "smtp; 550 5.7.1 Recipient address rejected: User unknown", Kind.HARD),
        ("5.0.0", "smtp; 550 No such user here", Kind.HARD),
        ("", "smtp; 550 5.1.1 no such mailbox", Kind.HARD),
        ("5.2.2", FULL, Kind.SOFT),
        ("5.1.1", "smtp; 550 5.1.1 account over quota", Kind.SOFT),
        ("4.2.2", "smtp; 452 4.2.2 mailbox full", Kind.SOFT),
        ("4.4.7", "", Kind.SOFT),
        ("4.4.1", "X-Postfix; connection timed out", Kind.SOFT),
        ("4.1.1", "smtp; 450 4.1.1 user unknown, for now", Kind.SOFT),
        ("5.2.1", "smtp; 550 5.2.1 account disabled", Kind.SOFT),
        ("5.4.4", "Host not found, try again", Kind.SOFT),
        ("5.0.0", "", Kind.SOFT),
        ("5.7.1", POLICY, Kind.POLICY),
        ("5.1.1", "smtp; 550 5.7.1 your address is blacklisted", Kind.POLICY),
        ("5.7.26", "smtp; 550 5.7.26 This mail is unauthenticated (SPF, DKIM)", Kind.POLICY),
        ("5.1.8", "smtp; 501 5.1.8 domain of sender address does not resolve", Kind.POLICY),
        ("4.7.1", "smtp; 451 4.7.1 blocked using a dnsbl", Kind.POLICY),
    ],
)
def test_status_and_words_of_a_report_decide(status, words, expected):
    """Words go before the status, and what excuses the reader before what ends the address."""
    assert expected is kind(report(recipient(status, words)))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("delayed", Kind.DELAYED),
        ("delivered", Kind.NOTHING),
        ("relayed", Kind.NOTHING),
        ("expanded (to a list)", Kind.NOTHING),
        ("FAILED", Kind.HARD),
        ("", Kind.HARD),
    ],
)
def test_the_action_of_a_report_counts(action, expected):
    """A delay is no bounce yet, a delivery is none at all."""
    assert expected is kind(report(recipient(action=action)))


def test_a_report_without_a_reason_is_read_by_its_words_for_people():
    """Status 5.0.0 without a diagnostic says nothing; the first part may."""
    raw = report(recipient("5.0.0", ""), human="550 <ada@example.org>: there is no such user")

    assert Kind.HARD is kind(raw)


def test_a_report_in_another_language_is_read_by_its_fields():
    """The words for people may be anything."""
    raw = report(human="Ваше письмо не может быть доставлено. 您的邮件无法送达。")

    assert Kind.HARD is kind(raw)


@pytest.mark.parametrize("address", [r"utf-8; j\x{F6}rg@example.org", "utf-8; jörg@example.org"])
def test_a_report_in_utf_8_is_read(address):
    """RFC 6533: `message/global-delivery-status`, the address written out in hexadecimal or as it is."""
    block = recipient(address=address)
    [failure] = reading(report(block, kind="message/global-delivery-status")).failures

    assert failure.kind is Kind.HARD
    assert failure.address == "jörg@example.org"


def test_of_several_recipients_the_luckiest_speaks_for_all():
    """Somebody who forwards to two mailboxes still reads one of them."""
    found = reading(report(recipient(), recipient("5.2.2", FULL, address="rfc822; second@example.org")))

    assert [one.kind for one in found.failures] == [Kind.HARD, Kind.SOFT]
    assert found.kind is Kind.SOFT


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": 'multipart/mixed; boundary="edge"'},
        {"Content-Type": 'multipart/odd7x; boundary="edge"'},
        {"CONTENT-TYPE": 'Multipart/Report; boundary="edge"', "Content-Type": "text/plain"},
    ],
)
def test_the_type_of_the_whole_does_not_matter(headers):
    """Many servers write another than multipart/report."""
    assert Kind.HARD is kind(report(**headers))


def test_a_report_whose_part_has_a_wrong_type_is_read():
    """The fields are known by their names."""
    assert reading(report(kind="text/plain")).how == "report"


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
def test_line_ends_do_not_matter(end):
    """LF, CRLF, and the bare CR of old machines."""
    assert Kind.HARD is kind(report().replace(b"\n", end))


# ---- complaints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        ("abuse", Kind.COMPLAINT),
        ("Fraud", Kind.COMPLAINT),
        ("opt-out", Kind.COMPLAINT),
        ("not-spam", Kind.NOTHING),
        ("auth-failure", Kind.NOTHING),
    ],
)
def test_a_complaint_is_one_by_its_type(feedback, expected):
    """`not-spam` is the opposite of a complaint, and a DMARC report is not a reader's word."""
    assert expected is kind(complaint(feedback))


def test_a_complaint_with_its_address_blacked_out_has_our_token():
    """It is in the return path of the mail that comes with it."""
    assert reading(complaint()).tokens == (TOKEN,)


def test_a_complaint_in_outlooks_manner_is_one():
    """Without a report: the returned mail names its recipient in a field of its own."""
    raw = (
        "From: staff@hotmail.example\nTo: fbl@papers.example\nSubject: complaint about message from 192.0.2.7\n"
        'Content-Type: multipart/mixed; boundary="edge"\n\n--edge\nContent-Type: message/rfc822\n\n'
        f"X-HmXmrOriginalRecipient: ada@example.org\nReturn-Path: {RETURN_PATH}\nSubject: Today's papers\n\nHello\n--edge--\n"
    )

    assert reading(raw.encode()).kind is Kind.COMPLAINT


# ---- robots ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"auto-submitted": "Auto-Replied (vacation)"},
        {"PRECEDENCE": "Auto_Reply"},
        {"X-AutoReply": "yes"},
        {"Subject": "Out of Office: Today's papers"},
        {"Subject": "=?utf-8?q?Automatische_Antwort=3A_Heute?="},
        {"From": "postmaster@example.org", "Subject": "Automatic reply: away"},
    ],
)
def test_answers_of_robots_mean_nothing(headers):
    """Whatever the case of the header; their words are not a server's."""
    found = reading(plain("I am away; for quota matters ask my colleague: user unknown at this desk.", **headers))

    assert found.how == "auto-reply"
    assert found.kind is Kind.NOTHING


def test_a_receipt_means_nothing():
    """A disposition notification says that somebody has read it."""
    raw = report("Final-Recipient: rfc822; ada@example.org\nDisposition: manual-action; displayed\n")

    assert kind(raw.replace(b"message/delivery-status", b"message/disposition-notification")) is Kind.NOTHING


def test_mail_of_people_means_nothing():
    """A question is not a bounce, even if it speaks of unknown users."""
    assert Kind.NOTHING is kind(plain("Hello, my user is unknown to your site: 550 5.1.1. Can you help?"))


# ---- in plain words --------------------------------------------------------------------------------------------------

QMAIL = """Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ada@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <x@y.example>
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ada@example.org
    host mx.example [192.0.2.1]: 552 5.2.2 mailbox is full

------ This is a copy of the message, including all the headers. ------

Subject: no such user
"""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (daemon(QMAIL), Kind.HARD),
        (daemon(EXIM, "Mail delivery failed", X_Failed_Recipients="ada@example.org"), Kind.SOFT),
        (daemon("Your message was refused: blocked for its poor reputation", "Undelivered"), Kind.POLICY),
        (daemon("Warning: delivery has been delayed and will be retried for 3 days", "Warning"), Kind.DELAYED),
        (daemon("It did not work.", "Delivery failure"), Kind.SOFT),
        (daemon("", "Undeliverable"), Kind.SOFT),
    ],
)
def test_bounces_in_plain_words_are_read(raw, expected):
    """What looks like a bounce and gives no reason is a soft one."""
    assert expected is kind(raw)


def test_what_the_returned_mail_says_is_not_what_the_server_says():
    """A digest about spam policies comes back for a full mailbox."""
    raw = daemon(EXIM.replace("no such user", "spam policies that are blocked and the unknown user"))

    assert Kind.SOFT is kind(raw)


# ---- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        {"To": RETURN_PATH},
        {"Delivered-To": RETURN_PATH.upper()},
        {"X-Original-To": f"<{RETURN_PATH}>"},
        {"X-Envelope": f"rfc822;bounces+2B{TOKEN}@papers.example"},
    ],
)
def test_the_token_is_found_wherever_it_came_back(place):
    """Folded to capitals, in brackets, or encoded as in ORCPT."""
    raw = report(to="someone@else.example", **place)

    assert reading(raw).tokens == (TOKEN,)


@pytest.mark.parametrize(
    "strange",
    [
        f"bounces+{TOKEN}@papers.example.evil.example",
        f"bounces+{TOKEN[:-1]}@papers.example",
        f"bounces+{TOKEN}x@papers.example",
        f"other-bounces+{TOKEN}@papers.example",
        f"bounces+{TOKEN}@other.example",
    ],
)
def test_what_only_resembles_our_return_path_is_no_token(strange):
    """Local part, length and host are ours exactly."""
    assert reading(report(to=strange)).tokens == ()


def test_without_a_bounce_address_nothing_is_a_token():
    """Nothing went out with one."""
    assert read(report(), bounce_address="").tokens == ()
