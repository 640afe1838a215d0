"""What a reader's mail asks for, and whether a person wrote it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.received import take_apart
from subscribers import commands
from subscribers.commands import Ask, Names
from tests.mail.returned import plain, report

INBOX = "papers@papers.example"
NAMES = Names(INBOX, frozenset({"bounces@papers.example", "editor@papers.example"}))
REPLY = "abcdefghijklmnopqrstuvwxyz234567abcdefghij"
SIGNED = "ImFkYS1sb3ZlbGFjZSI.kYV9zaWduYXR1cmVfb2Zfb3Vycw"
TOPICS = {"decoding": "Fast decoding", "vision": "Computer Vision", "nlp-all": "NLP", "中文": "汉语"}


def letter(text="", *, to=INBOX, raw=None, sender=None, recipient=None, **headers):
    """One mail, read."""
    rows = {"Message-ID": "<one@mail.example>", "Return-Path": "<ada@example.org>", "From": "Ada <ada@example.org>"}
    rows |= {"Subject": ""} | {name.replace("_", "-"): value for name, value in headers.items()}
    told = {name: value for name, value in rows.items() if value is not None}
    return commands.read(take_apart(raw or plain(text, to=to, **told)), names=NAMES, sender=sender, recipient=recipient)


@pytest.mark.parametrize(
    ("to", "ask"),
    [
        ("subscribe@papers.example", Ask.SUBSCRIBE),
        ("Papers+Subscribe@PAPERS.example", Ask.SUBSCRIBE),
        ("papers-join@papers.example", Ask.SUBSCRIBE),
        ("unsubscribe@papers.example", Ask.UNSUBSCRIBE),
        ("papers+leave@papers.example", Ask.UNSUBSCRIBE),
        ("help@papers.example", Ask.HELP),
        (f"papers+{REPLY}@papers.example", Ask.CONFIRM),
        (f"PAPERS+{REPLY.upper()}@papers.example", Ask.CONFIRM),
        (f"confirm+{REPLY}@papers.example", Ask.CONFIRM),
        (INBOX, Ask.NOTHING),
        ("papers+holiday@papers.example", Ask.NOTHING),
        ("subscribe@elsewhere.example", Ask.NOTHING),
        ("somebody@papers.example", Ask.NOTHING),
    ],
)
def test_the_address_says_what_is_asked_for(to, ask):
    """In any letter case, with a plus, a hyphen, or as an address of its own; another domain's is not ours."""
    assert letter("Dear all", to=to, Subject="Good morning").ask is ask


@pytest.mark.parametrize(
    ("subject", "ask"),
    [
        ("subscribe", Ask.SUBSCRIBE),
        ("Please subscribe me, thanks!", Ask.SUBSCRIBE),
        ("Re: Unsubscribe", Ask.UNSUBSCRIBE),
        ("AW: Re: [2]: unsubscribe me from this list", Ask.UNSUBSCRIBE),
        ("I would like to unsubscribe", Ask.UNSUBSCRIBE),
        ("STOP", Ask.UNSUBSCRIBE),
        ("help", Ask.HELP),
        ("info", Ask.HELP),
        ("Help wanted for a survey", Ask.NOTHING),
        ("Leave of absence", Ask.NOTHING),
        ("Join us for a seminar", Ask.NOTHING),
        ("Confirm your booking", Ask.NOTHING),
        ("Question about a paper", Ask.NOTHING),
        ("", Ask.NOTHING),
        ("=?utf-8?q?unsubscribe?=", Ask.UNSUBSCRIBE),
    ],
)
def test_a_subject_says_it_too_where_the_address_does_not(subject, ask):
    """One word, perhaps with politeness around it; ordinary subjects are no commands."""
    assert letter("", Subject=subject).ask is ask


def test_with_an_empty_subject_the_first_line_counts():
    """Not a line that is quoted."""
    assert letter("\n  Unsubscribe \n\n-- \nAda").ask is Ask.UNSUBSCRIBE
    assert letter("> unsubscribe\nHello there").ask is Ask.NOTHING


def test_whoever_wants_to_leave_may_say_so_at_any_address():
    """Also at the one to subscribe, and in the answer to a confirmation."""
    assert letter("", to="subscribe@papers.example", Subject="unsubscribe").ask is Ask.UNSUBSCRIBE
    for refusal in (
        "No!", "Stop this", "unsubscribe", "Cancel please", "not me", "Nein, danke", "Who is this? I didn't sign up!",
        "Hello,\nI have never asked for your mails.", "This was not me", "Please remove me", "We are not interested.",
    ):  # fmt: skip
        answer = letter(f"{refusal}\n\n> To confirm, answer", to=f"papers+{REPLY}@papers.example")
        assert answer.ask is Ask.UNSUBSCRIBE, refusal
    for consent in (
        "yes",
        "No problem!",
        "Sure, I don't mind",
        "",
        "I want them all",
        "Not sure what to write, but OK",
    ):
        assert letter(consent, to=f"papers+{REPLY}@papers.example").ask is Ask.CONFIRM, consent


def test_whoever_answers_a_digest_with_the_word_leaves():
    """In a line of its own, whatever the subject, a greeting above it; a sentence with the word is the operator's."""
    subject = "Re: 12 papers for you"

    assert letter("Unsubscribe, please\n\n> Today", Subject=subject).ask is Ask.UNSUBSCRIBE
    assert letter("stop", Subject=subject).ask is Ask.UNSUBSCRIBE
    assert letter("Dear all,\n\nplease unsubscribe me.\n\nAda", Subject=subject).ask is Ask.UNSUBSCRIBE
    assert letter("Hi,\n\nthis is good.\n\nAda\n\nUnsubscribe", Subject=subject).ask is Ask.NOTHING
    assert letter("Where can my colleague unsubscribe?", Subject=subject).ask is Ask.NOTHING
    assert letter("Subscribe", Subject=subject).ask is Ask.NOTHING


def test_a_signed_part_is_found_where_it_stands():
    """After the plus, in the subject, and in a link that an answer quotes; whole and in its own case."""
    assert letter("yes", to=f"papers+{REPLY.upper()}@papers.example").token == REPLY
    for written in (" {}", "+{}", ": {}", " <{}>", ' "{}"'):
        assert letter("", Subject=f"unsubscribe{written.format(SIGNED)}").token == SIGNED
    assert letter("", to="unsubscribe@papers.example", Subject=SIGNED).token == SIGNED
    quoted = letter(f"OK\n\n> https://papers.example/confirm/{SIGNED}.x\n")
    assert (quoted.ask, quoted.token) == (Ask.CONFIRM, f"{SIGNED}.x")


def test_what_the_mail_server_wrote_goes_before_what_the_sender_did():
    """The envelope's recipient first, then Delivered-To, then To."""
    assert letter("", recipient="help@papers.example", to="subscribe@papers.example").ask is Ask.HELP
    assert letter("", Delivered_To="help@papers.example", to="subscribe@papers.example").ask is Ask.HELP


# ---- who wrote it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "sender"),
    [
        ("ada@example.org", "ada@example.org"),
        ('"Lovelace, Ada" <ada@example.org>', "ada@example.org"),
        ("=?utf-8?q?=3Cbob=40example=2Ecom=3E?= <ada@example.org>", ""),
        ("ada@example.org, bob@example.com", ""),
        ("<ada@example.org> <bob@example.com>", ""),
        ("Ada", ""),
        ("ada@", ""),
        ("ada@münchen.example", "ada@xn--mnchen-3ya.example"),
        ("<" * 3_000, ""),
        ("(" * 3_000 + "ada@example.org", ""),
    ],
)
def test_a_mail_is_from_one_address_or_from_nobody(said, sender):
    """From is read without the parsers that nested signs break."""
    assert letter("", From=said).sender == sender


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Auto-Submitted", "auto-replied"),
        ("AUTO-SUBMITTED", "Auto-Generated (vacation)"),
        ("Precedence", "bulk"),
        ("precedence", "LIST"),
        ("PRECEDENCE", "Auto_Reply"),
        ("X-Auto-Response-Suppress", "All"),
        ("x-auto-response-suppress", "OOF"),
        ("Return-Path", "<>"),
        ("List-Id", "<cats.example>"),
        ("list-unsubscribe", "<mailto:leave@cats.example>"),
        ("X-BeenThere", "cats@example.org"),
        ("X-Autoreply", "yes"),
        ("From", "MAILER-DAEMON@example.org"),
        ("From", "No-Reply <noreply+17@example.org>"),
        ("From", "owner-cats@example.org"),
        ("From", "cats-bounces@example.org"),
        ("From", INBOX),
        ("From", "subscribe@papers.example"),
        ("From", "Bounces+x@papers.example"),
        ("From", "Editor@papers.example"),
        ("X-Loop", INBOX),
        ("X-Loop", INBOX.title()),
        ("Subject", "Automatic reply: unsubscribe"),
        ("Subject", "Out of Office"),
        ("X-Spam-Flag", "YES"),
        ("Authentication-Results", "mx.example; spf=pass; dmarc=fail (p=none)"),
    ],
)
def test_robots_lists_and_ourselves_are_no_person(name, value):
    """Whatever the letter case of the header or of its value."""
    assert letter("", to="subscribe@papers.example", **{name.replace("-", "_"): value}).no_person


def test_a_report_and_the_null_sender_of_an_envelope_are_no_person():
    """A bounce is known by its form too, and by the sender that the mail server was given."""
    assert letter(raw=report(**{"From": "x@example.org", "Auto-Submitted": "no"})).no_person
    assert letter("", sender="").no_person
    assert not letter("", sender="ada@example.org", Return_Path=None).no_person


def test_a_person_is_a_person():
    """With an ordinary mail, also one that says that it is not automatic."""
    assert not letter("", Auto_Submitted="no", X_Auto_Response_Suppress="None", Subject="subscribe").no_person


# ---- topics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("subscribe decoding, vision", ("decoding", "vision")),
        ("I like Fast Decoding\nand nlp all", ("decoding", "nlp-all")),
        ("COMPUTER VISION please", ("vision",)),
        ("television and decodings", ()),
        ("汉语", ("中文",)),
        ("", ()),
    ],
)
def test_topics_are_named_by_name_or_label(text, named):
    """As whole words, in any letter case."""
    assert commands.topics_named(text, TOPICS) == named


def test_only_topics_may_stand_beside_the_word_subscribe():
    """At the plain address "Subscribe to our webinar" is an advertisement."""
    assert commands.names_only("decoding, Computer Vision and nlp please", TOPICS)
    assert commands.names_only("", TOPICS)
    assert not commands.names_only("our webinar", TOPICS)


def test_the_text_is_their_own():
    """Subject and first lines, without what they quote and without their signature."""
    found = letter("vision\n> decoding\n\nOn Friday Bo wrote:\nnlp\n", Subject="Re: subscribe").text

    assert commands.topics_named(found, TOPICS) == ("vision",)
    assert "Ada" not in letter("nlp\n-- \nAda, vision\n").text


def test_a_mail_in_html_alone_is_read():
    """Without its tags and what is not seen."""
    raw = plain("<style>decoding</style><p>vision</p><br>nlp", Content_Type="text/html")

    assert commands.topics_named(letter(raw=raw).text, TOPICS) == ("vision", "nlp-all")


# ---- which one it is -------------------------------------------------------------------------------------------------


def test_a_mail_is_the_same_however_it_came():
    """By its Message-ID and sender; without one by what it says, not by what servers wrote above it."""
    one = letter("a", Subject="subscribe")

    assert one.identity == letter("a", Subject="subscribe", Received="from mx", X_Spam="no").identity
    assert one.identity != letter("a", Message_ID="<two@mail.example>").identity
    assert one.identity != letter("a", From="bob@example.com").identity
    assert letter("a", Message_ID=None).identity == letter("a", Message_ID=None, Received="from mx").identity
    assert letter("a", Message_ID=None).identity != letter("b", Message_ID=None).identity


@pytest.mark.parametrize("said", ["<a@b> <c@d>", "no brackets", "<a b@c>", "<ä@b>", "<>", f"<{'x' * 400}@y>"])
def test_a_message_id_is_one_that_may_stand_in_our_header(said):
    """In brackets, of visible letters, and not too long; else the first that is, or none."""
    found = letter("", Message_ID=said).message_id

    assert found in {"", "<a@b>"}


@settings(max_examples=50)
@given(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [
                "From: ",
                "To: ",
                "Subject: ",
                "\n",
                "\n\n",
                "papers@papers.example",
                "subscribe ",
                "confirm ",
                "=?utf-8?b?",
                "?=",
                "<",
                ">",
                "\0",
                "multipart/mixed",
                "Content-Type: ",
            ]
        ),
        max_size=20,
    ),
)
def test_any_bytes_are_read(raw, scraps):
    """Nothing raises, and what is found is plain."""
    found = letter(raw="".join(scraps).encode() + raw)

    assert found.ask in set(Ask)
    assert len(found.identity) == 64
