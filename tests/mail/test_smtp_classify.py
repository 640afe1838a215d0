"""The table from reply to outcome, cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.classify import classify, clean, is_confused, retry_after
from newsletter.models import Phase, State

LATER, STOP, REFUSED, FOR_GOOD, SLOWER, BOTH, UNCERTAIN, ACCEPTED = (
    "later", "stop", "refused", "for good", "slower", "stop and slower", "uncertain", "accepted",
)  # fmt: skip

OPENING = (Phase.CONNECT, Phase.EHLO, Phase.TLS, Phase.AUTH)
AFTER_MAIL = (Phase.RCPT, Phase.DATA, Phase.DOT)
BEFORE_DOT = (Phase.MAIL, Phase.RCPT, Phase.DATA)

US = "<papers@example.org>"

TABLE = [
    # phases, code, reply, what it comes to, why
    (OPENING, None, "Connection refused", STOP, "nothing can be sent to anybody"),
    (OPENING, 554, "5.7.1 go away", STOP, "a banner refuses everybody"),
    (OPENING, 421, "4.3.2 closing", STOP, "the server is going down"),
    ((Phase.AUTH,), 535, "5.7.8 bad credentials", STOP, "ten thousand failures would not mend a password"),
    ((Phase.AUTH,), 454, "4.7.0 temporary failure", STOP, "no login now, for anybody"),
    ((Phase.MAIL, Phase.RCPT, Phase.DATA), None, "Connection lost", LATER, "before the 354 nothing was sent"),
    ((Phase.DOT,), None, "Connection lost", UNCERTAIN, "the server may hold it"),
    ((Phase.DOT,), -1, "Malformed SMTP response line: Wibble", UNCERTAIN, "gibberish tells nothing"),
    ((Phase.DOT,), 354, "go on", UNCERTAIN, "an answer to another question"),
    ((Phase.MAIL, Phase.RCPT, Phase.DATA), -1, "Wibble", LATER, "gibberish before the 354 means not sent"),
    ((Phase.MAIL, Phase.RCPT, Phase.DATA), 999, "out of range", LATER, "no such class of reply"),
    ((Phase.DATA,), 250, "ok", LATER, "no 354, so nothing was sent"),
    ((Phase.DOT,), 250, "2.0.0 queued as 1", ACCEPTED, "the server took it"),
    ((Phase.DOT,), 250, "2.6.0 queued mail for delivery", ACCEPTED, "another way to say so"),
    ((Phase.DOT,), 250, "2.1.5 recipient ok", UNCERTAIN, "the answer to another command"),
    ((Phase.DOT,), 251, "forwarded", ACCEPTED, "any 2xx takes it"),
    ((Phase.MAIL, *AFTER_MAIL), 421, "4.7.0 too many connections", SLOWER, "we are too fast"),
    ((Phase.DOT,), 454, "Throttling failure: Maximum sending rate exceeded", SLOWER, "some count only at the end"),
    ((Phase.RCPT, Phase.DOT), 450, "4.7.28 unusual rate of mail", SLOWER, "a rate limit by its enhanced code"),
    ((Phase.MAIL,), 451, "4.3.0 local error", LATER, "trouble of the server's own"),
    ((Phase.MAIL,), 452, "4.3.1 insufficient storage", LATER, "its disk, not the recipient"),
    ((Phase.RCPT,), 450, "4.2.0 greylisted", LATER, "greylisting wants a second try"),
    ((Phase.RCPT,), 451, "4.7.1 greylisted", LATER, "a temporary policy passes"),
    ((Phase.RCPT,), 452, "4.5.3 too many recipients", LATER, "too many for one conversation"),
    ((Phase.RCPT,), 452, "4.2.2 mailbox full", LATER, "full today"),
    ((Phase.DOT,), 451, "4.3.0 try again", LATER, "it says it has not taken it"),
    ((Phase.RCPT,), 450, "5.1.1 confused", LATER, "the basic code decides whether it is for ever"),
    ((Phase.MAIL,), 550, "5.7.1 sender rejected", STOP, "the sender is everybody's"),
    ((Phase.MAIL,), 553, "5.1.8 no such sender domain", STOP, "the sender is everybody's"),
    ((Phase.MAIL,), 530, "5.7.0 authentication required", STOP, "login wanted"),
    ((Phase.MAIL,), 555, "parameters not recognized", STOP, "it would refuse every mail alike"),
    ((Phase.MAIL,), 552, "5.3.4 message size exceeds fixed limit", REFUSED, "this message is too large"),
    ((Phase.MAIL,), 552, "message too big", REFUSED, "this message is too large"),
    ((Phase.MAIL,), 503, "5.5.1 nested MAIL", LATER, "the conversation was off; a new one may not be"),
    (AFTER_MAIL, 550, "5.1.1 no such user", FOR_GOOD, "the address does not exist"),
    (AFTER_MAIL, 550, "5.1.2 no such domain", FOR_GOOD, "the domain does not exist"),
    ((Phase.RCPT,), 501, "5.1.3 bad syntax", FOR_GOOD, "no server will ever take this address"),
    ((Phase.RCPT,), 556, "5.1.10 null MX", FOR_GOOD, "the domain takes no mail"),
    ((Phase.RCPT,), 550, "No such user here", FOR_GOOD, "said in words alone"),
    ((Phase.RCPT,), 550, "5.1.8 bad sender", STOP, "says address, means ours"),
    ((Phase.RCPT,), 553, "5.1.7 bad sender address", STOP, "says address, means ours"),
    ((Phase.RCPT,), 550, "mailbox unavailable", REFUSED, "refused, but who knows for how long"),
    ((Phase.RCPT,), 550, "5.2.1 mailbox disabled", REFUSED, "may be opened again"),
    ((Phase.RCPT,), 551, "user not local", REFUSED, "somewhere else, we do not follow"),
    ((Phase.RCPT,), 559, "what?", REFUSED, "nothing else of the table fits"),
    (BEFORE_DOT, 500, "5.5.2 what?", LATER, "the server lost the thread"),
    (BEFORE_DOT, 502, "not implemented", LATER, "and so here"),
    ((Phase.RCPT,), 504, "what?", LATER, "and so here"),
    (BEFORE_DOT, 504, "5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", STOP, "our name"),
    ((Phase.DOT,), 504, "5.5.2 <localhost>: Helo command rejected", UNCERTAIN, "too late to be said of a name"),
    ((Phase.DOT,), 502, "what?", UNCERTAIN, "whatever it made of the message"),
    ((Phase.DOT,), 500, "5.5.2 what?", UNCERTAIN, "whatever it made of the message"),
    ((Phase.RCPT,), 500, "5.1.1 no such user", FOR_GOOD, "the enhanced code knows better"),
    (AFTER_MAIL, 552, "5.2.2 mailbox full", LATER, "full is soft"),
    ((Phase.RCPT,), 552, "exceeded storage allocation", LATER, "full is soft, in words too"),
    ((Phase.RCPT,), 552, "", LATER, "before the body a bare 552 is about the mailbox"),
    ((Phase.RCPT,), 552, "message size exceeds limit", REFUSED, "size was announced with MAIL"),
    ((Phase.DOT,), 552, "message exceeds fixed maximum message size", REFUSED, "this message is too large"),
    ((Phase.DOT,), 552, "over quota", LATER, "full is soft"),
    ((Phase.DOT,), 552, "5.2.3 message length exceeds limit", REFUSED, "this message is too large"),
    (AFTER_MAIL, 550, "5.7.1 blocked by policy", STOP, "policy is ours to mend, no reader is dropped for it"),
    (AFTER_MAIL, 550, "5.7.515 access denied, sender does not authenticate", STOP, "policy of a large receiver"),
    (AFTER_MAIL, 550, "5.7.26 unauthenticated", STOP, "policy of a large receiver"),
    (AFTER_MAIL, 530, "5.7.0 must issue STARTTLS first", STOP, "about the line"),
    (AFTER_MAIL, 535, "login again", STOP, "login wanted"),
    (AFTER_MAIL, 554, "Message rejected: Email address is not verified", STOP, "the account's own state"),
    (AFTER_MAIL, 550, "relay not permitted", STOP, "the account's own state"),
    (AFTER_MAIL, 503, "5.5.1 bad sequence", LATER, "the conversation was off; a new one may not be"),
    ((Phase.DATA, Phase.DOT), 554, "transaction failed", REFUSED, "this message, this recipient"),
    ((Phase.DOT,), 550, "5.6.0 content rejected", REFUSED, "this message"),
    (AFTER_MAIL, 550, "4.2.1 confused", REFUSED, "an enhanced code of another class is not believed"),
    # The sender is refused where the recipient is: the words are those for recipients, the list's own address is meant.
    (AFTER_MAIL, 550, f"5.1.0 {US}: Sender address rejected: User unknown in virtual mailbox table", STOP, "Postfix"),
    (AFTER_MAIL, 550, f"5.1.0 {US}: Sender address rejected: undeliverable address: unknown user", STOP, "Postfix"),
    (AFTER_MAIL, 550, f"5.1.1 {US}: Sender address rejected: Domain not found", STOP, "the words know better"),
    (AFTER_MAIL, 550, f"Verification failed for {US}\nNo Such User Here\nSender verify failed", STOP, "Exim"),
    (AFTER_MAIL, 550, f"Verification failed for {US}\nResponse: 550 5.1.1 unknown\nSender verify fail", STOP, "Exim"),
    (AFTER_MAIL, 550, "Sender verify failed", STOP, "Exim, in short"),
    (AFTER_MAIL, 553, "Domain of sender address papers@example.org does not exist", STOP, "Sendmail"),
    (AFTER_MAIL, 550, "sorry, your envelope sender is in my badmailfrom list", STOP, "qmail"),
    ((Phase.RCPT,), 550, "<[192.0.2.1]>: Client host rejected: cannot find your hostname", STOP, "Postfix, no status"),
    ((Phase.RCPT,), 450, f"4.1.8 {US}: Sender address rejected: Domain not found", LATER, "it is not sure"),
    ((Phase.DOT,), 554, "5.2.252 SendAsDenied; bob@example.com not allowed to send as papers@example.com", STOP,
     "Microsoft: the login may not use this sender"),
    ((Phase.DOT,), 550, "The from address does not match a verified Sender Identity.", STOP, "SendGrid"),
    ((Phase.DOT,), 554, "Message rejected: Sending suspended for this account.", STOP, "Amazon"),
    ((Phase.RCPT,), 550, "5.1.1 <sender@from-address.example>: no such user", FOR_GOOD, "words in an address are none"),
    ((Phase.RCPT,), 550, "5.1.1 User unknown; return to sender", FOR_GOOD, "the sender is named, and not blamed"),
    # What we may send is spent: nobody's refusal, and the next mail would have the same answer.
    ((Phase.MAIL, *AFTER_MAIL), 550, "5.4.5 Daily user sending limit exceeded. For more information", BOTH, "Gmail"),
    ((Phase.DOT,), 550, "Daily sending quota exceeded", BOTH, "in words alone"),
    ((Phase.DOT,), 554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process", BOTH,
     "Microsoft: the subject digit says mailbox"),
    ((Phase.DOT,), 432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", SLOWER, "Microsoft"),
    ((Phase.MAIL, Phase.DOT), 432, "4.3.2 Concurrent connections limit exceeded", SLOWER, "Microsoft"),
    ((Phase.DOT,), 454, "Throttling failure: Daily message quota exceeded.", SLOWER, "Amazon counts after the message"),
    ((Phase.DOT,), 552, "5.3.4 message exceeds the sender's limit", REFUSED, "of size: this message"),
    # What the large receivers have announced.
    ((Phase.DOT,), 421, "4.7.28 unusual rate of mail with the same Message-ID", SLOWER, "Gmail"),
    *[((Phase.DOT,), 421, f"4.7.{code} unauthenticated", SLOWER, "Gmail's goodbye") for code in (23, 27, 29, 30, 32)],
    *[((Phase.DOT,), 451, f"4.7.{code} unauthenticated", LATER, "a policy that is not final")
      for code in (23, 27, 29, 30, 32)],
    *[((Phase.DOT,), 550, f"5.7.{code} unauthenticated", STOP, "Gmail's rules") for code in range(25, 31)],
    ((Phase.DOT,), 552, "5.2.2 The email account is over quota and inactive", LATER, "Gmail: full"),
    ((Phase.DOT,), 452, "4.2.2 The recipient's inbox is out of storage space", LATER, "Gmail: full today"),
    ((Phase.RCPT,), 450, "4.2.1 The user you are trying to contact is receiving mail too quickly", LATER, "Gmail"),
    ((Phase.RCPT,), 550, "5.4.1 Recipient address rejected: Access denied", REFUSED, "Microsoft, of an unknown user"),
    ((Phase.RCPT, Phase.DOT), 451, "4.3.0 try again in 300 seconds", LATER, "it says when"),
]  # fmt: skip

CELLS = [
    pytest.param(phase, code, reply, meaning, id=f"{phase}-{code}-{reply[:24]}")
    for phases, code, reply, meaning, _why in TABLE
    for phase in phases
]


@pytest.mark.parametrize(("phase", "code", "reply", "meaning"), CELLS)
def test_every_cell_of_the_table(phase, code, reply, meaning):
    """Each answer in each phase comes to exactly what the table says."""
    outcome = classify(phase, code, reply)
    got = (outcome.state, outcome.stop, outcome.suppress)
    want = {
        LATER: (State.QUEUED, False, False),
        SLOWER: (State.QUEUED, False, False),
        STOP: (State.QUEUED, True, False),
        BOTH: (State.QUEUED, True, False),
        REFUSED: (State.REFUSED, False, False),
        FOR_GOOD: (State.REFUSED, False, True),
        UNCERTAIN: (State.UNCERTAIN, False, False),
        ACCEPTED: (State.ACCEPTED, False, False),
    }[meaning]
    assert got == want
    if phase not in OPENING:
        assert outcome.throttled == (meaning in {SLOWER, BOTH})


ANYTHING = st.text(st.characters(codec=None, categories=("L", "N", "P", "S", "Z", "C")), max_size=300)


@given(st.sampled_from(Phase), st.none() | st.integers(-5, 1100), ANYTHING)
def test_any_reply_has_an_outcome_that_can_be_stored(phase, code, reply):
    """Whatever a server says, the outcome is one of four states, and its reply is one printable line of UTF-8."""
    outcome = classify(phase, code, reply)
    assert outcome.state in {State.ACCEPTED, State.QUEUED, State.REFUSED, State.UNCERTAIN}
    assert outcome.reply.encode() and outcome.reply.isprintable() if outcome.reply else True
    assert len(outcome.reply) <= 500


@given(st.sampled_from(Phase), st.none() | st.integers(-5, 1100), ANYTHING)
def test_only_the_dot_can_accept_or_leave_a_doubt(phase, code, reply):
    """A delivery is accepted by a 2xx after the dot, uncertain only without an answer there, and else neither."""
    state = classify(phase, code, reply).state
    answered = code is not None and 200 <= code <= 599 and code // 100 != 3 and not is_confused(code, None)
    assert (state is State.ACCEPTED) == (phase is Phase.DOT and answered and code // 100 == 2)
    assert (state is State.UNCERTAIN) == (phase is Phase.DOT and not answered)


@given(st.sampled_from((Phase.MAIL, *AFTER_MAIL)), st.sampled_from([500, 502, 504]), ANYTHING)
def test_a_command_that_was_not_known_never_loses_a_reader(phase, code, reply):
    """No 500, 502 or 504 without an enhanced code refuses a delivery or suppresses an address."""
    outcome = classify(phase, code, reply)
    assert outcome.state is (State.UNCERTAIN if phase is Phase.DOT else State.QUEUED)
    assert not outcome.suppress


@given(st.sampled_from(Phase), st.integers(400, 499), ANYTHING)
def test_a_temporary_answer_never_loses_a_reader(phase, code, reply):
    """No 4xx refuses a delivery or suppresses an address."""
    outcome = classify(phase, code, reply)
    assert outcome.state is State.QUEUED
    assert not outcome.suppress


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        ("4.7.1 Greylisted, try again in 300 seconds", 300),
        ("please retry in 5 minutes", 300),
        ("Greylisted for 2 mins", 120),
        ("come back after 1 hour", 3600),
        ("retry after 90s", 90),
        ("try again in 45 days", None),
        ("try again later", None),
        ("you sent 300 seconds too late", None),
        ("try again in 900000 seconds", 86_400),
    ],
)
def test_the_wait_a_server_asks_for_is_read(reply, seconds):
    """ "Try again in …" becomes seconds, at most a day; other figures are left alone."""
    assert retry_after(reply) == seconds


def test_the_enhanced_code_is_kept():
    """The enhanced code stands in the outcome where it belongs to the basic code's class."""
    assert classify(Phase.RCPT, 550, "5.1.1 gone").enhanced == "5.1.1"
    assert classify(Phase.RCPT, 550, "4.2.1 odd").enhanced is None
    assert classify(Phase.RCPT, 550, "10.5.1.1 is an address").enhanced is None


def test_a_reply_is_made_one_printable_line():
    """Line breaks, NULs, escapes and broken bytes never reach the database or a terminal."""
    assert clean("a\r\nb\0c\x1b[31m \udcff") == "a b c [31m \ufffd\ufffd\ufffd"
