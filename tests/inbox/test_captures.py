"""Real mail that broke other readers, and heaps of scraps: everything is read, nobody is answered who should not be."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.mail.received import LONGEST
from tests.inbox.conftest import INBOX, mail

SCRAPS = (
    "From: ada@example.org\n", "From: <<>>\n", "To: subscribe@papers.example\n", f"To: {INBOX}\n", "Subject: unsubscribe\n",
    "Subject: =?utf-8?b?//8=?=\n", "Message-ID: <1@x>\n", "Message-ID: \r\n", "Content-Type: multipart/mixed; boundary=e\n",
    "Content-Type: message/rfc822\n", "Content-Type: text/html\n", "Content-Transfer-Encoding: base64\n", "--e\n", "--e--\n", "\n",
    "Auto-Submitted: no\n", "Return-Path: <>\n", "> quoted\n", "help\n", "\0", "é", "=?x?q?", "subscribe", ";" * 50, "<" * 50,
)  # fmt: skip


def test_every_captured_mail_is_read(shared_data, room):
    """Hundreds of them: malformed, nested, in every charset, reports and digests; none takes the reader down."""
    files = [path for path in sorted((shared_data / "mime").rglob("*")) if _is_mail(path)]

    told = [room.act(path.read_bytes()[:LONGEST], place=str(path)) for path in files]

    assert len(told) > 150
    assert not [one for one in told if one.why.startswith("it could not be read")]
    assert not any(one.answered for one in told)
    assert room.rows("subscribers") == 0


def test_every_captured_mail_to_an_address_of_ours_is_read(shared_data, room):
    """The same handed over by LMTP to each of our addresses: whatever is understood, nothing breaks."""
    files = [path for path in sorted((shared_data / "mime").rglob("*")) if _is_mail(path)][::8]

    told = [
        room.act(path.read_bytes()[:LONGEST], sender="x@example.org", recipient=f"{word}@papers.example")
        for path in files
        for word in ("subscribe", "unsubscribe", "help", "papers+abcdefghijklmnopqrstuvwxyz234567abcdefghij")
    ]

    assert not [one for one in told if one.why.startswith("it could not be read")]
    assert room.rows("subscriptions") == room.rows("subscribers")


def _is_mail(path) -> bool:
    return path.is_file() and path.suffix not in {".json", ".xml", ".md", ".rb", ".py"}


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(SCRAPS), max_size=25), st.sampled_from(("subscribe", "unsubscribe", "help", "papers")))
def test_any_heap_of_scraps_is_acted_on(room, scraps, word):
    """Nothing raises, and whoever is answered is who it is from."""
    raw = "".join(scraps).encode("utf-8", "surrogateescape")

    told = room.act(raw, sender="ada@example.org", recipient=f"{word}@papers.example")
    sent = room.post()

    assert not told.why.startswith("it could not be read")
    assert {each["To"] for each in sent} <= {"ada@example.org"}


def test_a_header_of_ours_holds_nothing_of_theirs(room):
    """What is answered is a plain Message-ID; everything else of a mail stays out of our headers."""
    for number, said in enumerate(
        ("<a@b>\r\n Bcc: <x@y.example>", "<a b@c>", "<é@b>", f"<{'x' * 300}@y>", "<a@b>,<c@d>")
    ):
        room.act(mail(to="help@papers.example", number=number, Message_ID=said, sender=f"r{number}@example.org"))

    assert [(sent["In-Reply-To"], sent["Bcc"]) for sent in room.post()] == [("<a@b>", None)] * 2
