"""The outbox: a file per delivery, whole or not at all, once."""

import asyncio
import errno
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import MailerUnavailable
from newsletter.mail.outbox import KEY, Outbox, messages
from newsletter.mail.transport import Parcel
from newsletter.models import State

DAY = date(2026, 11, 20)
CONTENT = b"From: a@example.org\r\nTo: Ann <ann@example.org>\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n\r\nHello.\r\n"
PARCEL = Parcel("20261120-ann", "papers@example.org", "ann@example.org", CONTENT, DAY, "token")


def send(folder: Path, *parcels: Parcel):
    async def run():
        async with Outbox(folder) as outbox:
            return await asyncio.gather(*(outbox.send(each) for each in parcels))

    return asyncio.run(run())


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_delivery_is_a_file_named_by_its_key(tmp_path):
    """`<day>/<key>.eml` holds the bytes as given; nothing else is left beside it."""
    (outcome,) = send(tmp_path / "outbox", PARCEL)
    assert outcome.state is State.ACCEPTED
    assert outcome.reply == "written to 2026-11-20/20261120-ann.eml"
    assert files(tmp_path / "outbox") == ["2026-11-20/20261120-ann.eml"]
    assert (tmp_path / "outbox/2026-11-20/20261120-ann.eml").read_bytes() == CONTENT


def test_sending_again_is_still_one_file(tmp_path):
    """The key decides: twice, or twice at once, is one copy."""
    send(tmp_path, PARCEL)
    outcomes = send(tmp_path, *[PARCEL] * 8)
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert files(tmp_path) == ["2026-11-20/20261120-ann.eml"]


def test_what_became_of_a_delivery_can_be_looked_up(tmp_path):
    """After a crash the file says whether the delivery was made: nothing is ever uncertain."""
    outbox = Outbox(tmp_path)
    assert outbox.settle(PARCEL.delivery_key, DAY) is State.QUEUED
    send(tmp_path, PARCEL)
    assert outbox.settle(PARCEL.delivery_key, DAY) is State.ACCEPTED
    assert outbox.settle("another", DAY) is State.QUEUED


def test_a_process_killed_in_mid_write_leaves_nothing_that_counts(tmp_path):
    """Half a file is never taken for a delivery, and the next run sweeps it."""
    program = (
        "import os, signal, sys; from pathlib import Path; from newsletter.mail import outbox\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "outbox._write(Path(sys.argv[1]), b'half')\n"
    )
    path = Outbox(tmp_path).path(PARCEL.delivery_key, DAY)
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert killed.returncode < 0
    (left,) = files(tmp_path)
    assert left.endswith(".tmp")
    assert Outbox(tmp_path).settle(PARCEL.delivery_key, DAY) is State.QUEUED
    assert list(messages(tmp_path)) == []
    send(tmp_path, PARCEL)
    assert files(tmp_path) == ["2026-11-20/20261120-ann.eml"]


def test_the_half_written_file_of_a_live_process_is_left_alone(tmp_path):
    """Another run may be writing: its file is not swept away; that of a dead one with our pid is."""
    (tmp_path / "2026-11-20").mkdir()
    live = tmp_path / f"2026-11-20/.k.{os.getppid()}.abcd1234.0.tmp"
    reused = tmp_path / f"2026-11-20/.k.{os.getpid()}.abcd1234.0.tmp"
    strange = tmp_path / "2026-11-20/.k.tmp"
    for path in (live, reused, strange):
        path.write_bytes(b"half")
    send(tmp_path)
    assert files(tmp_path) == [str(live.relative_to(tmp_path))]


def test_a_full_disk_stops_the_batch_and_loses_nothing(tmp_path, monkeypatch):
    """No room: the delivery stays queued, the batch stops, the reason is said, and no half file is left."""

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # the system's answer, not our code
    (outcome,) = send(tmp_path, PARCEL)
    assert (outcome.state, outcome.stop) == (State.QUEUED, True)
    assert "No space left on device" in outcome.reply
    assert files(tmp_path) == []
    monkeypatch.undo()
    (outcome,) = send(tmp_path, PARCEL)
    assert outcome.state is State.ACCEPTED


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_sent(tmp_path):
    """A file where the outbox should be: one sentence that names the setting."""
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(MailerUnavailable, match="PAPERBOY_DATA_DIR"):
        send(tmp_path / "outbox", PARCEL)


def test_a_day_that_cannot_be_written_stops_the_batch(tmp_path):
    """The same trouble found later is an outcome, not an exception."""
    (tmp_path / "2026-11-20").write_text("in the way")
    (outcome,) = send(tmp_path, PARCEL)
    assert (outcome.state, outcome.stop) == (State.QUEUED, True)


@given(st.text(max_size=20) | st.sampled_from(["..", "../x", "a/b", ".hidden", "", "a\n", "a" * 200, "CON\0"]))
def test_no_key_leaves_its_day(key):
    """A key that could be a path is refused; any other stays in the folder of its day."""
    outbox = Outbox(Path("/outbox"))
    if KEY.fullmatch(key):
        assert outbox.path(key, DAY).parent == Path("/outbox/2026-11-20")
        assert ".." not in outbox.path(key, DAY).parts
    else:
        with pytest.raises(ValueError, match="delivery key"):
            outbox.path(key, DAY)


def test_messages_come_newest_day_first_with_their_headers(tmp_path):
    """Day, key, size, subject and recipient, decoded; other files are not messages."""
    earlier = replace(PARCEL, day=date(2026, 11, 19), delivery_key="early")
    send(tmp_path, earlier, PARCEL)
    (tmp_path / "notes").mkdir()
    (tmp_path / "2026-11-20/readme.txt").write_text("no mail")
    (tmp_path / "2026-11-20/link.eml").symlink_to("/etc/passwd")
    found = list(messages(tmp_path))
    assert [(each.day, each.key) for each in found] == [(DAY, "20261120-ann"), (date(2026, 11, 19), "early")]
    assert (found[0].subject, found[0].recipient) == ("café", "Ann <ann@example.org>")
    assert found[0].size == len(CONTENT)


def test_a_broken_file_is_listed_all_the_same(tmp_path):
    """Whatever a file holds, listing the outbox goes on."""
    folder = tmp_path / "2026-11-20"
    folder.mkdir(parents=True)
    for number, content in enumerate([b"", b"\0\xff\xfe", b"To: " + b"(" * 9_000 + b"\r\n\r\n", os.urandom(500)]):
        (folder / f"broken-{number}.eml").write_bytes(content)
    assert len(list(messages(tmp_path))) == 4
    assert list(messages(tmp_path / "nowhere")) == []
