"""Mail by LMTP over a real socket: an answer for each recipient, and nothing lost."""

import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows import mailroom
from newsletter.errors import ConfigurationError
from subscribers import lmtp
from tests.inbox.conftest import mail
from tests.inbox.lmtp_server import client, connected, raw, receiving
from tests.mail.returned import report

SUBSCRIBE, HELP = "subscribe@papers.example", "help@papers.example"


class Counter:
    """The door as the command makes it, at the room's time, and what it told."""

    def __init__(self, room) -> None:
        self.told = []
        self.folder = room.settings.data_dir / "inbox"
        self.woken = 0
        self.desk = mailroom.counter(
            room.desk, folder=self.folder, wake=self._wake, tell=self.told.append, clock=lambda: room.now
        )

    def _wake(self) -> None:
        self.woken += 1

    @property
    def kept(self) -> list[bytes]:
        """What is left to the operator."""
        return [path.read_bytes() for path in sorted(self.folder.glob("new/*"))]


@pytest.fixture
def counter(room) -> Counter:
    """A door for the room."""
    return Counter(room)


def send(where: str, raw_mail: bytes, *to: str, sender: str = "ada@example.org") -> dict:
    """One mail; what was said to the recipients that were refused."""
    with client(where) as line:
        return line.sendmail(sender, to, raw_mail)


def test_a_mail_is_taken_when_it_is_done(counter, room):
    """The confirmation is queued before the answer, and whoever sends mails is woken."""
    with receiving(counter.desk) as where:
        assert send(where, mail(to=SUBSCRIBE), SUBSCRIBE) == {}

    assert (room.state(), counter.woken, counter.kept) == ("pending", 1, [])
    assert len(room.post()) == 1


@pytest.mark.parametrize("where", ["127.0.0.1:0", "[::1]:0", "socket"])
def test_it_listens_on_this_machine_alone(counter, room, tmp_path, where):
    """On the loopback, of either kind, or on a socket with a name, which is gone afterwards."""
    where = str(tmp_path / "lmtp.sock") if where == "socket" else where
    with receiving(counter.desk, where) as found:
        assert send(found, mail(to=HELP), HELP) == {}

    assert not (tmp_path / "lmtp.sock").exists()
    assert len(room.post()) == 1


@pytest.mark.parametrize(
    "where", ["0.0.0.0:8024", "192.0.2.1:25", "example.org:24", "8024", "127.0.0.1:", "127.0.0.1:99999", ""]
)
def test_nothing_listens_beyond_this_machine(counter, where):
    """Nor at what is no address."""
    with pytest.raises(ConfigurationError, match="PAPERBOY_INBOX_LMTP"):
        lmtp.serve(where, counter.desk, hostname="x", echo=print, stop=threading.Event())


def test_a_place_that_is_taken_is_named(counter, tmp_path):
    """A port or a socket; a socket that a killed process left is taken over."""
    path = str(tmp_path / "lmtp.sock")
    with receiving(counter.desk, path), receiving(counter.desk) as port:
        for where in (path, port):
            with pytest.raises(ConfigurationError, match=r"listen"):
                lmtp.serve(where, counter.desk, hostname="x", echo=print, stop=threading.Event())
    with connected_and_left(path), receiving(counter.desk, path) as where:
        assert where == path


def connected_and_left(path):
    """A socket file whose process was killed."""
    import socket
    from contextlib import closing

    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    return closing(socket.socket())


def test_each_recipient_has_an_answer_of_its_own(counter, room):
    """One is taken, one is nobody's here, one is ours for the operator."""
    to = (HELP, "nobody@papers.example", "papers@papers.example")
    lines = [b"RCPT TO:<%b>" % each.encode() for each in to]
    with receiving(counter.desk) as where:
        message = mail(to=", ".join(to), subject="Hello") + b"."
        said = raw(where, b"LHLO x", b"MAIL FROM:<ada@example.org>", *lines, b"DATA", message, b"QUIT")

    codes = [line[:3] for line in said.splitlines() if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"550", b"250", b"354", b"250", b"250", b"221"]
    assert [str(one.deed) for one in counter.told] == ["got help", "left to you"]
    assert len(counter.kept) == 1


def test_while_the_database_is_away_the_mail_server_keeps_the_mail(counter, room):
    """451 for each recipient; the same mail is taken once it is back, and done once."""
    message = mail(to=SUBSCRIBE)
    with room.database.begin() as tx:
        tx.exec_driver_sql("ALTER TABLE consents RENAME TO away")
    with receiving(counter.desk) as where:
        with pytest.raises(smtplib.SMTPDataError) as said, client(where) as line:
            line.sendmail("ada@example.org", [SUBSCRIBE], message)
        assert said.value.smtp_code == 451
        with room.database.begin() as tx:
            tx.exec_driver_sql("ALTER TABLE away RENAME TO consents")
        assert send(where, message, SUBSCRIBE) == {}
        assert send(where, message, SUBSCRIBE) == {}

    assert [str(one.deed) for one in counter.told] == ["asked to subscribe", "read before"]
    assert len(room.post()) == 1


def test_what_cannot_be_kept_is_not_taken(counter, room):
    """A full disk, or a folder that is none: the mail server tries again, and the mail is not known meanwhile."""
    counter.folder.parent.mkdir(parents=True, exist_ok=True)
    counter.folder.write_text("a file where a folder should be")
    question = mail(subject="A question")
    with receiving(counter.desk) as where:
        with pytest.raises(smtplib.SMTPDataError) as said:
            send(where, question, "papers@papers.example")
        assert said.value.smtp_code == 451
        counter.folder.unlink()
        assert send(where, question, "papers@papers.example") == {}

    assert len(counter.kept) == 1


def test_what_is_left_is_kept_whole(counter):
    """With every byte, also of a long mail whose lines are longer than the standard allows."""
    question = mail(subject="A question", text="\r\n".join(["x" * 5_000] * 200))
    with receiving(counter.desk) as where:
        send(where, question, "papers@papers.example")
        send(where, question, "papers@papers.example")

    written = b"Return-Path: <ada@example.org>\r\nDelivered-To: papers@papers.example\r\n"
    assert counter.kept == [written + question]


def test_a_mail_that_is_too_large_is_refused_for_each_recipient(counter):
    """For good, so that its sender hears of it; and the line goes on with the next mail."""
    counter.desk.largest = 20_000
    large = mail(to=HELP, text="\r\n".join(["x" * 70] * 1_000))
    with receiving(counter.desk) as where, client(where) as line:
        line.ehlo_or_helo_if_needed()
        line.docmd("MAIL", "FROM:<ada@example.org>")
        line.docmd("RCPT", f"TO:<{HELP}>")
        line.docmd("RCPT", f"TO:<{SUBSCRIBE}>")
        line.docmd("DATA")
        line.send(large + b".\r\n")
        assert [line.getreply()[0] for _ in range(2)] == [552, 552]
        assert line.docmd("MAIL", "FROM:<ada@example.org> SIZE=30000")[0] == 552
        assert line.docmd("NOOP")[0] == 250

    assert counter.told == []


def test_a_line_without_end_is_refused_for_each_recipient(counter):
    """And not kept in memory."""
    with receiving(counter.desk) as where, client(where) as line:
        line.ehlo_or_helo_if_needed()
        line.docmd("MAIL", "FROM:<ada@example.org>")
        line.docmd("RCPT", f"TO:<{HELP}>")
        line.docmd("RCPT", f"TO:<{SUBSCRIBE}>")
        line.docmd("DATA")
        line.send(b"x" * 3_000_000 + b"\r\n.\r\n")
        assert [line.getreply()[0] for _ in range(2)] == [500, 500]


def test_the_null_sender_is_nobody_to_answer(counter, room):
    """A bounce, whatever its headers say."""
    with receiving(counter.desk) as where:
        assert send(where, mail(to=HELP), HELP, sender="") == {}

    assert (room.post(), len(counter.kept)) == ([], 1)


def test_a_bounce_is_known_by_the_envelope_alone(counter, room):
    """Its signed return path stands nowhere in the mail itself."""
    room.join()
    to = room.delivered()
    with receiving(counter.desk) as where:
        send(where, report(to="undisclosed-recipients:;"), to, sender="")

    assert [one.why for one in counter.told] == ["suppressed"]


def test_it_speaks_lmtp_and_takes_many_commands_at_once(counter):
    """LHLO, not EHLO; with the extensions that RFC 2033 asks for."""
    lines = [b"EHLO x", b"LHLO x", b"MAIL FROM:<a@example.org>", b"RCPT TO:<%b>" % HELP.encode(), b"DATA"]
    with receiving(counter.desk) as where:
        said = raw(where, *lines, mail(to=HELP) + b".", b"QUIT")

    codes = [line[:3] for line in said.splitlines() if line[3:4] == b" "]
    assert codes == [b"220", b"500", b"250", b"250", b"250", b"354", b"250", b"221"]
    for extension in (b"PIPELINING", b"ENHANCEDSTATUSCODES", b"8BITMIME", b"SMTPUTF8", b"SIZE"):
        assert extension in said


def test_nonsense_ends_in_an_answer_and_harms_nobody(counter):
    """Nested signs, long commands, bytes that are no text: the next conversation is as ever."""
    with receiving(counter.desk) as where:
        for nonsense in (b"MAIL FROM:<" + b"(" * 450, b"x" * 100_000, b"\xff\xfe\0", b"RCPT TO:" + b"<" * 400):
            said = raw(where, b"LHLO x", b"MAIL FROM:<a@example.org>", nonsense, b"QUIT")
            assert said.splitlines()[-1].startswith(b"221"), said
        assert send(where, mail(to=HELP), HELP) == {}


def test_a_line_that_drops_in_the_middle_of_a_mail_does_nothing(counter):
    """The mail server sends it again."""
    with receiving(counter.desk) as where:
        with connected(where) as line:
            line.sendall(b"LHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<%b>\r\nDATA\r\nSubject: " % HELP.encode())
        assert send(where, mail(to=HELP, number=2), HELP) == {}

    assert len(counter.told) == 1


def test_many_at_once_are_all_taken(counter, room):
    """Forty mails over eight lines, each acted on once."""
    with receiving(counter.desk) as where, ThreadPoolExecutor(8) as pool:
        sent = [
            pool.submit(
                send,
                where,
                mail(to=SUBSCRIBE, sender=f"r{number}@example.org", number=number),
                SUBSCRIBE,
                sender=f"r{number}@example.org",
            )
            for number in range(40)
        ]
        assert [each.result() for each in sent] == [{}] * 40

    assert room.rows("consents") == 40
