"""Mail that was made to break its reader: it neither raises nor hangs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.bounces import Failure, Reading, read
from newsletter.mail.diagnosis import GRAVITY, Kind
from newsletter.mail.received import LONGEST, take_apart
from tests.mail.returned import BOUNCES, RETURN_PATH, TOKEN, complaint, daemon, plain, report

DAEMON = b"From: mailer-daemon@mx.example\nSubject: failure notice\n"
REPORT = DAEMON + b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"


def nested(levels: int) -> bytes:
    return DAEMON + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(levels)
    )


BOMBS = {
    "parts in parts": nested(5_000),
    "mails in mails": DAEMON + b"Content-Type: message/rfc822\n\n" * 5_000,
    "a hundred thousand parts": DAEMON + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000,
    "nested brackets": b"To: " + b"(" * 3_000 + b"<" * 60_000 + b"\n\nx",
    "a type of semicolons": b"Content-Type: text/plain" + b";" * 400_000 + b"\n\nx",
    "a type of folded semicolons": b"Content-Type: text/plain" + b";\n a" * 100_000 + b"\n\nx",
    "sixty thousand headers": b"".join(b"X-%d: y\n" % n for n in range(60_000)) + b"\nx",
    "a header of lines": b"Subject: x\n" + b" y\n" * 170_000 + b"\n",
    "one line": DAEMON + b"\n" + b"a@" * 400_000,
    "lines of dashes": DAEMON + b"\n" + (b"-" * 1_999 + b"\n") * 250,
    "ten thousand recipients": REPORT + b"Final-Recipient: rfc822; a@b\nStatus: 5.1.1\n\n" * 10_000,
    "a long diagnostic": REPORT + b"Final-Recipient: rfc822; a@b\nDiagnostic-Code: user" + b"\n user not" * 50_000,
    "an address written out": REPORT + b"Final-Recipient: utf-8; " + b"\\x{E9}" * 80_000 + b"\n",
    "no character": REPORT + rb"Final-Recipient: utf-8; \x{D800}\x{FFFFFF}@b" + b"\nStatus: 5.1.1\n",
    "brackets of HTML": DAEMON + b"Content-Type: text/html\n\n" + b"<" * 500_000,
    "zeros": b"\0" * 500_000,
    "empty lines": b"\n" * 500_000,
    "a boundary of nothing": DAEMON + b'Content-Type: multipart/mixed; boundary=""\n\n' + b"--\n" * 900,
    "a charset that is none": DAEMON + b'Content-Type: text/plain; charset="rot13"\n\nx',
    "a charset of bytes": DAEMON + b'Content-Type: text/plain; charset="base64"\n\nx',
    "a word that is none": b"Subject: =?utf-8?b?a?=\n\nx",
    "a word of an unknown charset": b"Subject: =?nothing?q?a?=\n\nx",
    "no sender": b"Subject: failure notice\n\nx",
    "half a surrogate": b"Subject: =?utf-8?q?=ED=A0=80?=\nFrom: \xed\xa0\x80\n\n\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS)
def test_a_bomb_neither_raises_nor_condemns_anybody(raw):
    """It is read as far as it is safe; without our token it means nothing anyway."""
    assert read(raw, bounce_address=BOUNCES).tokens == ()


@pytest.mark.parametrize("name", ["parts in parts", "a hundred thousand parts"])
def test_what_is_too_deep_or_too_many_is_not_opened(name):
    """The reading says why, and means nothing."""
    found = read(BOMBS[name], bounce_address=BOUNCES)

    assert found.kind is Kind.NOTHING
    assert found.how.startswith("more than")


def test_a_mail_of_any_size_is_cut_before_it_is_read():
    """A report stands before the mail it returns, so what is cut is ours."""
    raw = report() + b"x" * 5_000_000

    assert len(take_apart(raw).disarmed) <= LONGEST
    assert read(raw, bounce_address=BOUNCES).kind is Kind.HARD


@pytest.mark.parametrize("charset", ["punycode", "PUNYCODE", "idna", "unicode_escape", "raw_unicode_escape"])
def test_an_encoding_that_is_pythons_own_is_not_decoded(charset):
    """Some of them take time with the square of the text, others write half characters and zeros."""
    found = take_apart(
        f"Subject: =?{charset}?q?mnchen-3ya?=\nContent-Type: text/plain; charset={charset}\n\nmnchen-3ya".encode()
    )

    assert found.parts[0].text == "mnchen-3ya"
    assert found.header("subject") == f"=?{charset}?q?mnchen-3ya?="


pieces = st.sampled_from(
    [
        b"\n", b"\n\n", b"\r\n", b"\r", b"--edge\n", b"--edge--\n", b"Content-Type: ", b"message/delivery-status",
        b"multipart/report; boundary=edge", b"text/plain; charset=utf-8", b"message/rfc822", b"text/html",
        b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: uuencode\n", b"begin 644 x\n",
        b"Final-Recipient: rfc822; a@b\n", b"Final-Recipient: utf-8; \\x{E9}@b\n", b"Action: failed\n", b"Status: 5.1.1\n",
        b"Diagnostic-Code: smtp; 550 user unknown\n", b"Feedback-Type: abuse\n", b"From: mailer-daemon@x\n",
        b"Subject: =?utf-8?q?x?=\n", b"Auto-Submitted: auto-replied\n", b";", b"=?", b"?=", b'"', b"(", b"\xff\xfe", b"\0",
        RETURN_PATH.encode(), b"message/feedback-report",
    ]
)  # fmt: skip
scraps = st.lists(st.one_of(pieces, st.binary(max_size=20)), max_size=60).map(b"".join)


@given(scraps)
def test_any_heap_of_scraps_is_read(raw):
    """Whatever the bytes, there is a reading with kinds, words of one line, and tokens of our form."""
    found = read(raw, bounce_address=BOUNCES)

    assert isinstance(found, Reading)
    assert all("\n" not in one.words and len(one.words) <= 500 for one in found.failures)
    assert set(found.tokens) <= {TOKEN}


WHOLE = st.sampled_from([report(), complaint(), daemon("no such user"), plain("hello")])


@given(WHOLE, st.data())
def test_a_good_mail_with_a_piece_cut_out_or_put_in_is_read(raw, data):
    """Mail is cut and mangled on its way."""
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))

    assert read(raw[:start] + data.draw(scraps) + raw[end:], bounce_address=BOUNCES).kind in Kind


@given(st.lists(st.sampled_from(Kind), max_size=6))
def test_a_mail_is_as_grave_as_its_gentlest_failure(kinds):
    """And a mail without failures means nothing."""
    found = Reading(tuple(Failure(one) for one in kinds))

    assert found.kind is min(kinds, key=GRAVITY.index, default=Kind.NOTHING)


def test_real_mail_is_read_as_others_read_it(shared_data):
    """Of the real collections, hardly any mail suppresses somebody whom the expectations keep."""
    folder = shared_data / "bounces"
    kept = wrong = 0
    for name, case in json.loads((folder / "sisimai_expected.json").read_text()).items():
        reasons = {one["reason"] for one in case["expected"]}
        if any(one["hardbounce"] for one in case["expected"]) or reasons & {"feedback", "filtered"}:
            continue
        kept += 1
        wrong += read((folder / "sisimai/maildir/bsd" / name).read_bytes(), bounce_address=BOUNCES).kind is Kind.HARD

    assert kept > 100
    assert wrong <= 0.03 * kept
