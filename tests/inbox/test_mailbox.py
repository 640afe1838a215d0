"""Mailboxes on a real IMAP server and as a Maildir: what is unread, what was done with it, and what is left."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.errors import RunInProgress
from newsletter.mail.received import LONGEST
from newsletter.steps.lease import lease
from subscribers import inbox
from subscribers.mailbox import Imap, ImapConfig, MailboxUnavailable, Maildir, MailUnreadable, keep
from tests.inbox.conftest import mail
from tests.inbox.dovecot import PASSWORD

SUBSCRIBE = "subscribe@papers.example"


class Box:
    """A mailbox of either kind, and what a test may do to it from outside."""

    def __init__(self, kind: str, request, tmp_path: Path) -> None:
        self.kind = kind
        if kind == "maildir":
            self.folder, self.server = tmp_path / "box", None
            for name in ("tmp", "new", "cur"):
                (self.folder / name).mkdir(parents=True)
        else:
            self.server = request.getfixturevalue("imap")
            self.folder = self.server.folder / kind / "Maildir"

    def open(self, **folders: str):
        """As a door makes it; not yet open."""
        if self.server is None:
            return Maildir(self.folder, **folders)
        return Imap(ImapConfig("127.0.0.1", self.server.tls, user=self.kind, password=PASSWORD, **folders))

    def put(self, raw: bytes, name: str = "1") -> None:
        """A mail arrives."""
        if self.server is None:
            (self.folder / "new" / name).write_bytes(raw)
        else:
            self.server.deliver(raw, user=self.kind, name=name)

    def unread(self, folder: str = "") -> int:
        """How many are unread."""
        within = self.folder / f".{folder}" if folder else self.folder
        return sum("S" not in path.name.partition(":2,")[2] for path in _files(within))

    def all(self, folder: str = "") -> int:
        """How many there are."""
        return len(_files(self.folder / f".{folder}" if folder else self.folder))


def _files(folder: Path) -> list[Path]:
    return [*folder.glob("new/*"), *folder.glob("cur/*")]


@pytest.fixture(params=["papers", "old", "oldest", "maildir"])
def box(request, tmp_path) -> Box:
    """By IMAP of today, without MOVE, without MOVE and UIDPLUS; and as a Maildir."""
    return Box(request.param, request, tmp_path)


@pytest.fixture(params=["papers", "maildir"])
def any_box(request, tmp_path) -> Box:
    """By IMAP and as a Maildir."""
    return Box(request.param, request, tmp_path)


def read(room, mailbox, **more):
    return inbox.read(room.desk, mailbox, clock=lambda: room.now, **more)


def test_what_was_done_is_read_and_what_was_not_stays_unread(any_box, room):
    """The report counts both, with the reason; a second reading finds nothing new."""
    any_box.put(mail(to=SUBSCRIBE), "1")
    any_box.put(mail(subject="A question", number=2), "2")

    told = read(room, any_box.open())

    assert (told.read, told.deeds) == (2, {"asked to subscribe": 1, "left to you": 1})
    assert (told.left, told.trouble) == ({"it asks for nothing we know": 1}, "")
    assert (any_box.unread(), any_box.all()) == (1, 2)
    assert read(room, any_box.open()).read == 0
    assert len(room.post()) == 1


def test_mail_moves_to_the_folders_that_are_named(box, room):
    """Made where they are missing, also on servers that cannot move."""
    folders = {"done": "Done", "aside": "For you"}
    box.put(mail(to=SUBSCRIBE), "1")
    box.put(mail(subject="A question", number=2), "2")

    told = read(room, box.open(**folders))

    assert told.trouble == ""
    assert (box.all("Done"), box.unread("Done")) == (1, 0)
    assert (box.all("For you"), box.unread("For you")) == (1, 1)
    left = [path for path in _files(box.folder) if "T" not in path.name.partition(":2,")[2]]
    assert left == []
    assert read(room, box.open(**folders)).read == 0


def test_what_was_done_before_a_process_died_is_marked_the_next_time(any_box, room):
    """It was committed, the mark was not: nothing is done twice."""
    any_box.put(mail(to=SUBSCRIBE))
    with any_box.open() as opened:
        [place] = opened.unread()
        room.act(opened.read(place), place=place)

    told = read(room, any_box.open())

    assert (told.read, any_box.unread()) == (0, 0)
    assert len(room.post()) == 1


def test_nothing_is_marked_while_the_database_is_away(any_box, room):
    """What could not be done stays unread, and is done the next time."""
    any_box.put(mail(to=SUBSCRIBE))
    with room.database.begin() as tx:
        tx.exec_driver_sql("ALTER TABLE consents RENAME TO away")
    with pytest.raises(Exception, match="no such table"):
        read(room, any_box.open())
    assert any_box.unread() == 1

    with room.database.begin() as tx:
        tx.exec_driver_sql("ALTER TABLE away RENAME TO consents")
    assert read(room, any_box.open()).deeds == {"asked to subscribe": 1}


def test_two_readers_do_not_read_at_once(any_box, room):
    """The second one is told so, and touches nothing."""
    any_box.put(mail(to=SUBSCRIBE))
    with lease(room.database, holder="other", clock=lambda: room.now, name=inbox.LEASE), pytest.raises(RunInProgress):
        read(room, any_box.open())

    assert any_box.unread() == 1


def test_a_reading_ends_somewhere_and_the_next_goes_on(any_box, room):
    """What is left over is counted; what was left to the operator does not take the place of what is new."""
    for number in range(5):
        any_box.put(mail(subject="A question", number=number), f"{number}")

    assert [read(room, any_box.open(), most=2).waiting for _ in range(3)] == [3, 1, 0]
    any_box.put(mail(to=SUBSCRIBE, number=9), "9")
    assert read(room, any_box.open(), most=2).deeds == {"asked to subscribe": 1}


def test_only_the_beginning_of_a_huge_mail_is_fetched(any_box, room):
    """Its command stands there."""
    any_box.put(mail(to=SUBSCRIBE, text="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 20_000))
    with any_box.open() as opened:
        [place] = opened.unread()
        assert len(opened.read(place)) == LONGEST

    assert read(room, any_box.open()).deeds == {"asked to subscribe": 1}


def test_a_mail_that_breaks_its_reader_is_set_aside_and_the_next_is_read(any_box, room):
    """Bombs of parts and nesting, noise and nothing."""
    many = "".join(f"--e\r\n\r\n{number}\r\n" for number in range(3_000))
    nested = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(500))
    bombs = [
        mail(text=many, Content_Type='multipart/mixed; boundary="e"'),
        mail(number=2)[:-4] + b"\r\n" + nested.encode(),
        b"\xff\x00\r\n" * 50,
        b"",
        mail(to=SUBSCRIBE, sender="<" * 20_000, number=5),
        mail(to="(" * 20_000, number=6),
    ]
    for number, raw in enumerate(bombs):
        any_box.put(raw, f"{number}")
    any_box.put(mail(to=SUBSCRIBE, number=9), "9")

    told = read(room, any_box.open())

    assert told.deeds == {"left to you": len(bombs), "asked to subscribe": 1}
    assert any_box.unread() == len(bombs)


class Stubborn(Maildir):
    """A mailbox that marks nothing, as one over its quota."""

    def done(self, place: str) -> None:
        raise MailboxUnavailable(f"{place} cannot be moved: Disk quota exceeded")


def test_what_cannot_be_marked_holds_up_nobody(tmp_path, room):
    """All are acted on, in this reading and the next ones; the trouble is told, and nothing is done twice."""
    box = Box("maildir", None, tmp_path)
    for number in (1, 2):
        box.put(mail(to=SUBSCRIBE, number=number, sender=f"r{number}@example.org"), str(number))

    told = read(room, Stubborn(box.folder))
    assert (told.read, told.trouble) == (2, "maildir:1 cannot be moved: Disk quota exceeded")

    box.put(mail(to=SUBSCRIBE, number=3, sender="r3@example.org"), "3")
    assert read(room, Stubborn(box.folder)).read == 1
    assert (len(room.post()), box.unread()) == (3, 3)


class Torn(Maildir):
    """A mailbox with one mail that it cannot give out."""

    def read(self, place: str) -> bytes | None:
        if place == "maildir:1":
            raise MailUnreadable("Input/output error")
        return super().read(place)


def test_a_mail_that_its_mailbox_cannot_give_out_holds_up_nobody(tmp_path, room):
    """The others are read, it is told of, and read once that is possible."""
    box = Box("maildir", None, tmp_path)
    for number in (1, 2):
        box.put(mail(to=SUBSCRIBE, number=number, sender=f"r{number}@example.org"), str(number))

    told = read(room, Torn(box.folder))

    assert (told.read, told.left) == (1, {"its mailbox cannot give it out": 1})
    assert read(room, box.open()).read == 1


def test_what_was_left_before_a_process_died_is_set_aside_the_next_time(any_box, room):
    """The operator finds it in the folder for that."""
    any_box.put(mail(subject="A question"))
    with any_box.open() as opened:
        [place] = opened.unread()
        room.act(opened.read(place), place=place)

    told = read(room, any_box.open(aside="For you"))

    assert (told.read, any_box.all("For you"), any_box.unread()) == (0, 1, 0)


# ---- IMAP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "login was refused.*PAPERBOY_INBOX_USER and PAPERBOY_INBOX_PASSWORD"),
        ({"password": "fälsch"}, "login was refused"),
        ({"port": 1}, "cannot be reached.*PAPERBOY_INBOX_HOST, PAPERBOY_INBOX_PORT"),
        ({"folder": "Nowhere"}, "folders cannot be opened.*PAPERBOY_INBOX_FOLDER"),
        ({"security": "starttls"}, "cannot be reached"),
    ],
)
def test_what_is_wrong_is_one_sentence_that_names_the_setting(imap, room, changed, said):
    """And no password stands in it."""
    known = {"host": "127.0.0.1", "port": imap.tls, "user": "papers", "password": PASSWORD}
    if changed == {"security": "starttls"}:
        changed |= {"port": 1}

    told = read(room, Imap(ImapConfig(**(known | changed))))

    with pytest.raises(MailboxUnavailable, match=said):
        raise MailboxUnavailable(told.trouble)
    assert "wrong" not in told.trouble
    assert "\n" not in told.trouble


def test_a_certificate_that_nobody_vouches_for_is_refused(imap, room, monkeypatch, tmp_path):
    """No password is sent to whoever answers there."""
    (tmp_path / "none.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))

    told = read(room, Imap(ImapConfig("127.0.0.1", imap.tls, user="papers", password=PASSWORD)))

    assert "its certificate does not hold" in told.trouble


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_the_other_ways_to_connect_are_chosen_by_hand(imap, room, security):
    """STARTTLS, or clear text where somebody wants it."""
    imap.deliver(mail(to=SUBSCRIBE))

    told = read(room, Imap(ImapConfig("127.0.0.1", imap.plain, security, "papers", PASSWORD)))

    assert (told.read, told.trouble) == (1, "")


def test_a_server_that_goes_away_in_the_middle_costs_nothing(imap_server, room):
    """What was done stands in the report, beside why it ended."""
    told = []

    class Leaving(Imap):
        """A mailbox whose line drops after the first mail."""

        def done(self, place: str) -> None:
            super().done(place)
            self._box.client.shutdown()
            self.config = replace(self.config, port=1)

    imap_server.clear()
    for number in (1, 2):
        imap_server.deliver(mail(to=SUBSCRIBE, number=number, sender=f"r{number}@example.org"), name=str(number))
    config = ImapConfig("127.0.0.1", imap_server.plain, "none", "papers", PASSWORD)

    told = read(room, Leaving(config))

    assert (told.read, bool(told.trouble)) == (1, True)
    assert read(room, Imap(config)).deeds == {"asked to subscribe": 1}


def test_a_line_that_drops_is_opened_again(imap, room):
    """All is read in one go, where the server is still there."""

    class Dropping(Imap):
        """A mailbox whose line drops after each mail."""

        def done(self, place: str) -> None:
            super().done(place)
            self._box.client.shutdown()

    for number in (1, 2, 3):
        imap.deliver(mail(to=SUBSCRIBE, number=number, sender=f"r{number}@example.org"), name=str(number))

    told = read(room, Dropping(ImapConfig("127.0.0.1", imap.tls, user="papers", password=PASSWORD)))

    assert (told.read, told.trouble) == (3, "")


def test_a_mail_over_which_the_server_hangs_up_holds_up_nobody(imap, room):
    """The server cannot open its file; those behind it are read, and it is told of."""
    for number in (1, 2):
        imap.deliver(mail(to=SUBSCRIBE, number=number, sender=f"r{number}@example.org"), name=str(number))
    config = ImapConfig("127.0.0.1", imap.tls, user="papers", password=PASSWORD)
    with Imap(config) as opened:
        assert len(opened.unread()) == 2
    [torn] = [path for path in _files(imap.folder / "papers" / "Maildir") if path.name.startswith("1:")]
    torn.chmod(0)

    told = read(room, Imap(config))

    assert (told.read, told.left) == (1, {"its mailbox cannot give it out": 1})
    torn.chmod(0o644)
    assert read(room, Imap(config)).read == 1


def test_mail_that_another_program_deleted_is_not_read(imap, room):
    """Neither marked as deleted nor gone between listing and reading."""
    imap.deliver(mail(to=SUBSCRIBE))
    config = ImapConfig("127.0.0.1", imap.tls, user="papers", password=PASSWORD)
    with ExitStack() as stack:
        opened, other = (stack.enter_context(Imap(config)) for _ in range(2))
        [place] = opened.unread()
        other._store(place, r"(\Deleted)")
        assert other.unread() == []
        other._box.expunge()
        assert opened.read(place) is None
        opened.done(place)


@pytest.mark.parametrize(("user", "able"), [("papers", True), ("old", False), ("oldest", False)])
def test_the_test_server_lacks_what_it_should_lack(imap, user, able):
    """Otherwise the ways for older servers would not be tested."""
    imap.deliver(mail(), user=user)
    with Imap(ImapConfig("127.0.0.1", imap.tls, user=user, password=PASSWORD)) as opened:
        assert ("MOVE" in opened._able) is able


# ---- Maildir ---------------------------------------------------------------------------------------------------------


def test_a_mail_that_a_mail_program_looked_at_is_read_while_it_is_unread(tmp_path, room):
    """It moves what it lists to cur/; with the flag S somebody has read it."""
    box = Box("maildir", None, tmp_path)
    for name, number in (("1:2,", 1), ("2:2,S", 2), ("3:2,FR", 3)):
        (box.folder / "cur" / name).write_bytes(mail(to=SUBSCRIBE, number=number, sender=f"r{number}@example.org"))

    assert read(room, box.open()).read == 2
    assert sorted(path.name for path in (box.folder / "cur").iterdir()) == ["1:2,S", "2:2,S", "3:2,FRS"]


def test_a_folder_that_is_no_maildir_is_named(tmp_path, room):
    """With the setting to look at."""
    assert "PAPERBOY_INBOX_MAILDIR" in read(room, Maildir(tmp_path)).trouble


def test_what_is_kept_is_whole_and_the_same_mail_is_one_file(tmp_path):
    """Written beside and renamed, as every program that delivers does."""
    for _ in range(2):
        keep(tmp_path / "box", "name", b"From: a\r\n\r\nb\r\n")

    assert [path.read_bytes() for path in _files(tmp_path / "box")] == [b"From: a\r\n\r\nb\r\n"]
    assert list((tmp_path / "box" / "tmp").iterdir()) == []
