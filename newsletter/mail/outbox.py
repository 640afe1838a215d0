"""The outbox transport: one .eml file per delivery at `<directory>/<day>/<key>.eml`, and reading them again."""

import asyncio
import itertools
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes
from email.errors import MessageError
from email.policy import default as policy
from pathlib import Path
from types import TracebackType
from typing import Self

from newsletter.errors import MailerUnavailable
from newsletter.mail.transport import NOT_BEGUN, Begin, Parcel, at_once
from newsletter.models import Outcome, Phase, State

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
"""What a delivery key may look like, so that it can be a file's name."""

_WRITERS = 8
HEADER_BYTES = 16_384  # enough for our own headers; more is not read to list a message
_PROCESS = secrets.token_hex(4)  # tells our half-written files from those of a dead process that had our pid
_NUMBERS = itertools.count()


class Outbox:
    """Writes each parcel to a file of its own; a parcel sent twice is still one file."""

    name = "outbox"

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def capacity(self) -> int:
        """Writers at once; the disk is what they wait for."""
        return _WRITERS

    async def __aenter__(self) -> Self:
        """Make the directory and sweep what dead processes left half-written.

        Raises:
            MailerUnavailable: the directory cannot be made or written.

        """
        try:
            await asyncio.to_thread(self._open)
        except OSError as error:
            raise MailerUnavailable(
                f"outbox ({self.directory}): it cannot be written: {error.strerror or error}; "
                "make room or set PAPERBOY_DATA_DIR to a folder that can be written"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open."""

    async def send(self, parcel: Parcel, begin: Begin = at_once) -> Outcome:
        """Write one file, whole or not at all; a full disk stops the batch and loses nothing."""
        path = self.path(parcel.delivery_key, parcel.day)
        if not await begin():
            return NOT_BEGUN
        try:
            # A cancelled batch waits for the write it has begun: a file without its outcome would still settle as sent.
            await asyncio.shield(asyncio.to_thread(_write, path, parcel.content))
        except OSError as error:
            reply = f"outbox ({self.directory}): it cannot be written: {error.strerror or error}; make room"
            return Outcome(State.QUEUED, Phase.DATA, reply=reply, stop=True)
        return Outcome(State.ACCEPTED, Phase.DATA, reply=f"written to {parcel.day}/{path.name}")

    def settle(self, parcel_key: str, day: date) -> State | None:
        """The file is there, or it is not: nothing is ever uncertain here."""
        return State.ACCEPTED if self.path(parcel_key, day).is_file() else State.QUEUED

    def path(self, key: str, day: date) -> Path:
        """Where the file of a delivery is.

        Raises:
            ValueError: the key cannot be a file's name.

        """
        if KEY.fullmatch(key) is None:
            raise ValueError(f"delivery key {key!r} cannot be a file's name")
        return self.directory / day.isoformat() / f"{key}.eml"

    def _open(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if not os.access(self.directory, os.W_OK | os.X_OK):
            raise PermissionError(0, "no permission to write there")
        for left in self.directory.glob("*/.*.tmp"):
            if not _is_alive(left):
                left.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Durable when it returns: the bytes are on disk before the name is, and the name before we say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.stem}.{os.getpid()}.{_PROCESS}.{next(_NUMBERS)}.tmp")
    try:
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_alive(half: Path) -> bool:
    """Whether the process that writes this file still runs; the name says which it is."""
    try:
        pid, process = half.name.split(".")[-4:-2]
        if int(pid) == os.getpid():
            return process == _PROCESS
        os.kill(int(pid), 0)
    except PermissionError:
        return True  # it runs, and is not ours
    except (ValueError, ProcessLookupError, OverflowError):
        return False
    return True


# ---- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """One message in the outbox, as its headers tell; what cannot be read is empty."""

    day: date
    key: str
    path: Path
    size: int  # bytes of the whole file
    written: float  # when, in seconds since the epoch
    subject: str = ""
    recipient: str = ""


def messages(directory: Path, *, only: date | None = None) -> Iterator[Written]:
    """What is in the outbox, newest day first and newest first within a day; only headers are read, one at a time."""
    for day in days(directory) if only is None else (only,):
        found = []
        for entry in _entries(directory, day):
            with suppress(OSError):
                facts = entry.stat(follow_symlinks=False)
                key = entry.name.removesuffix(".eml")
                found.append(Written(day, key, Path(entry.path), facts.st_size, facts.st_mtime))
        for written in sorted(found, key=lambda each: (-each.written, each.key)):
            yield _with_headers(written)


def count(directory: Path) -> dict[date, int]:
    """How many messages each day has, newest day first; days without one are left out."""
    counted = {day: sum(1 for _ in _entries(directory, day)) for day in days(directory)}
    return {day: number for day, number in counted.items() if number}


def _entries(directory: Path, day: date) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(directory / day.isoformat()) as entries:
        for entry in entries:
            key = entry.name.removesuffix(".eml")
            if key != entry.name and KEY.fullmatch(key) and entry.is_file(follow_symlinks=False):
                yield entry


def days(directory: Path) -> tuple[date, ...]:
    """The days that have a folder in the outbox, newest first."""
    found = []
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            with suppress(ValueError):
                found.append(date.fromisoformat(entry.name))
    return tuple(sorted(found, reverse=True))


def _with_headers(written: Written) -> Written:
    try:
        with written.path.open("rb") as file:
            head = file.read(HEADER_BYTES).partition(b"\r\n\r\n")[0]
        read = message_from_bytes(head, policy=policy)
        subject, recipient = str(read["Subject"] or ""), str(read["To"] or "")
    except (OSError, MessageError, ValueError, IndexError, RecursionError, AttributeError):
        return written  # a broken file is listed, and says so when it is opened
    return Written(
        written.day, written.key, written.path, written.size, written.written, subject=subject, recipient=recipient
    )
