"""The mark: a small file beside the database that says which message began to leave last. A backup knows less than it.

One line of fixed length, written in place: 512 bytes reach a disk whole, and a sum tells where they did not.
"""

import logging
import os
import time
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from newsletter import encoding
from newsletter.errors import PaperboyError
from newsletter.queries.marks import Begun

log = logging.getLogger("newsletter.mark")

_LENGTH = 512
_SYNC = 1.0  # seconds after which the disk is waited for again; a killed process loses nothing of what it wrote
_LOOKS = 5  # at a line that somebody may be writing just now


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known outside of the database of the mail that was sent from it."""

    database: str  # who it is
    until: datetime  # the latest moment at which a message began to leave
    begun: Begun | None = None  # the one that did so last; None since the database was put in order
    order: str = ""  # under which name it was put in order last


class Mark:
    """The file of one data directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = -_SYNC

    def read(self) -> Sent | None:
        """What the file says; None where there is none.

        Raises:
            PaperboyError: it cannot be read.

        """
        for _ in range(_LOOKS):
            try:
                line = self.path.read_bytes()
            except FileNotFoundError:
                return None
            except OSError as error:
                raise PaperboyError(
                    f"mark ({self.path}): it cannot be read: {error.strerror}; let it be read, then start again"
                ) from error
            if (sent := _understood(line)) is not None:
                return sent
            time.sleep(0.01)
        raise PaperboyError(
            f"mark ({self.path}): it is damaged, so nobody can tell whether the database is older than the mail that "
            "was sent; delete the file, and if a backup was restored say `paperboy restored --until TIME` first"
        )

    def note(self, database: str, begun: Begun, *, now: datetime) -> None:
        """Write which message is about to leave, once the database has it; trouble here keeps no mail from leaving."""
        try:
            known = self.read()
            if known is None or known.database != database:
                known = Sent(database, now)
            # A clock that was set back must not make us forget what was sent before.
            self.write(replace(known, until=max(known.until, now), begun=begun))
        except (OSError, PaperboyError) as error:
            log.warning("mark.not_written", extra={"reason": str(error)})

    def write(self, sent: Sent) -> None:
        """Put a new line in the place of the old one."""
        said = encoding.dump_json(sent).encode()
        line = f"{zlib.crc32(said):08x} ".encode() + said
        assert len(line) < _LENGTH, "a mark is short"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(handle, line.ljust(_LENGTH - 1) + b"\n", 0)
            if time.monotonic() - self._synced >= _SYNC:
                os.fsync(handle)
                self._synced = time.monotonic()
        finally:
            os.close(handle)


def _understood(line: bytes) -> Sent | None:
    total, _, said = line.strip().partition(b" ")
    if total != f"{zlib.crc32(said):08x}".encode():
        return None
    try:
        return encoding.load_json(Sent, said.decode())
    except (ValidationError, UnicodeDecodeError):
        return None
