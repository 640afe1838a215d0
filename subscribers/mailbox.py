"""A mailbox as we read it, by IMAP or as a Maildir: what is unread, a mail of it, and marks for what was done with it.

Only the beginning of a mail is fetched, and reading marks nothing: a mail stays unread until somebody says it is done.
"""

import imaplib
import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from newsletter.errors import PaperboyError
from newsletter.mail.received import LONGEST

_TIMEOUT = 60.0  # seconds for any answer
_OPENED_AGAIN = 10  # times in one reading, after the server hung up
_TROUBLE = (OSError, imaplib.IMAP4.error, ImapToolsError)  # `abort` of imaplib is an `error` too


class MailboxUnavailable(PaperboyError):
    """The mailbox cannot be read now; what was read of it before is done."""


class MailUnreadable(MailboxUnavailable):
    """One mail of it cannot be read; the others can."""


class Mailbox(Protocol):
    """A mailbox while it is open: `with mailbox: …`; each method raises MailboxUnavailable where it cannot be reached.

    A place names a mail for as long as it lies where it is.
    """

    name: str

    def __enter__(self) -> Self:
        """Open it."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; never raises."""
        ...

    def unread(self) -> Sequence[str]:
        """The places of what is unread, the oldest first."""
        ...

    def read(self, place: str) -> bytes | None:
        """The beginning of a mail; None where it is gone. Raises MailUnreadable where this one alone is in trouble."""
        ...

    def done(self, place: str) -> None:
        """Mark it as read, or move it to the folder for that."""
        ...

    def leave(self, place: str) -> None:
        """Leave it unread for the operator, in the folder for that where there is one."""
        ...


# ---- IMAP ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImapConfig:
    """Where the mailbox is and how to log in; `done` and `aside` are folders, empty: mail stays where it is."""

    host: str
    port: int = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    done: str = ""
    aside: str = ""


class Imap:
    """A folder of an IMAP server; mails are known by UID, which holds while the folder's UIDVALIDITY does."""

    def __init__(self, config: ImapConfig) -> None:
        self.config = config
        self.name = f"{config.host}:{config.port} {config.folder}"
        self._stack = ExitStack()
        self._box: BaseMailBox
        self._able: frozenset[str] = frozenset()
        self._prefix = ""
        self._opened_again = 0

    def __enter__(self) -> Self:
        """Connect, log in and select the folder.

        Raises:
            MailboxUnavailable: one of these fails; the sentence names the setting to look at.

        """
        config = self.config
        with self._in_words(f"it cannot be reached: {{}}; check PAPERBOY_INBOX_HOST, {_PORT_AND_SECURITY}"):
            self._box = self._connect()
        self._stack.callback(self._log_out)
        try:
            with self._in_words("the login was refused: {}; check PAPERBOY_INBOX_USER and PAPERBOY_INBOX_PASSWORD"):
                plain = config.user.isascii() and config.password.isascii()
                login = self._box.login if plain else self._box.login_utf8
                login(config.user, config.password, initial_folder=None)
            with self._in_words("its folders cannot be opened: {}; check PAPERBOY_INBOX_FOLDER, _DONE and _ASIDE"):
                self._open_folders()
        except MailboxUnavailable:
            self._stack.close()
            raise
        return self

    def _connect(self) -> BaseMailBox:
        config = self.config
        if config.security == "tls":
            context = ssl.create_default_context()
            return MailBox(config.host, config.port, timeout=_TIMEOUT, ssl_context=context)
        if config.security == "starttls":
            context = ssl.create_default_context()
            return MailBoxStartTls(config.host, config.port, timeout=_TIMEOUT, ssl_context=context)
        return MailBoxUnencrypted(config.host, config.port, timeout=_TIMEOUT)

    def _open_folders(self) -> None:
        config, box = self.config, self._box
        # Servers offer more after the login than before it, and the library asks only then.
        self._able = frozenset(box.client.capability()[1][-1].decode("ascii", "replace").upper().split())
        box.client.capabilities = tuple(self._able)
        for folder in filter(None, (config.done, config.aside)):
            if not box.folder.exists(folder):
                box.folder.create(folder)
        box.folder.set(config.folder)
        validity = box.client.response("UIDVALIDITY")[1][0]
        known = validity.decode("ascii", "replace") if isinstance(validity, bytes) else "0"
        self._prefix = f"imap:{config.user}@{config.host}/{config.folder}/{known}/"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Log out."""
        self._stack.close()

    def _log_out(self) -> None:
        with suppress(*_TROUBLE):
            self._box.logout()

    def unread(self) -> Sequence[str]:
        """The places of what is unread, the oldest first."""
        with self._in_words("its mail cannot be listed: {}"):
            return [f"{self._prefix}{uid}" for uid in sorted(map(int, self._box.uids("UNSEEN UNDELETED")))]

    def read(self, place: str) -> bytes | None:
        """The beginning of a mail; None where it is gone.

        Servers hang up over a mail whose file they cannot read, so we come again, and leave it out the second time.

        Raises:
            MailUnreadable: the server says no to this one, and still answers.

        """
        try:
            return self._fetch(place)
        except MailUnreadable:
            raise
        except MailboxUnavailable as error:
            self._open_again(error)
        try:
            return self._fetch(place)
        except MailUnreadable:
            raise
        except MailboxUnavailable as error:
            self._open_again(error)
            raise MailUnreadable(str(error)) from error

    def _fetch(self, place: str) -> bytes | None:
        with self._in_words("a mail cannot be fetched: {}"):
            kind, answer = self._box.client.uid("FETCH", self._uid(place), f"(BODY.PEEK[]<0.{LONGEST}>)")
        if kind != "OK":
            raise MailUnreadable(f"mailbox ({self.name}): a mail cannot be fetched: {_words(answer)}")
        return next((piece[1] for piece in answer if isinstance(piece, tuple)), None)

    def _open_again(self, error: MailboxUnavailable) -> None:
        """Connect anew, to the same mails."""
        before = self._prefix
        self._opened_again += 1
        if self._opened_again > _OPENED_AGAIN:
            raise error
        self._stack.close()
        self.__enter__()
        if self._prefix != before:
            raise error  # the places name other mails by now

    def done(self, place: str) -> None:
        """Mark it as read, or move it to the folder for that."""
        with self._in_words("a mail cannot be marked: {}"):
            self._store(place, r"(\Seen)")
            if self.config.done:
                self._move(place, self.config.done)

    def leave(self, place: str) -> None:
        """Leave it unread, in the folder for that where there is one."""
        if self.config.aside:
            with self._in_words("a mail cannot be moved: {}"):
                self._move(place, self.config.aside)

    def _move(self, place: str, folder: str) -> None:
        uid = self._uid(place)
        if "MOVE" in self._able:
            self._box.move([uid], folder)
            return
        self._box.copy([uid], folder)
        self._store(place, r"(\Deleted)")
        if "UIDPLUS" in self._able:  # without it an expunge would take what others have deleted too
            self._box.client.uid("EXPUNGE", uid)

    def _store(self, place: str, flags: str) -> None:
        kind, answer = self._box.client.uid("STORE", self._uid(place), "+FLAGS.SILENT", flags)
        if kind != "OK":
            raise imaplib.IMAP4.error(_words(answer))

    def _uid(self, place: str) -> str:
        return place.removeprefix(self._prefix)

    @contextmanager
    def _in_words(self, sentence: str) -> Iterator[None]:
        """Trouble in one sentence; `{}` stands for what the library or the server says."""
        try:
            yield
        except _TROUBLE as error:
            raise MailboxUnavailable(f"mailbox ({self.name}): {sentence.format(_said(error))}") from error


_PORT_AND_SECURITY = "PAPERBOY_INBOX_PORT and PAPERBOY_INBOX_SECURITY"


def _said(error: Exception) -> str:
    """What went wrong, without the library's own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    if isinstance(error, MailboxLoginError | MailboxFolderSelectError):
        return _words(error.command_result[1])
    return str(error) or type(error).__name__


def _words(answer: object) -> str:
    pieces = answer if isinstance(answer, list | tuple) else [answer]
    said = " ".join(piece.decode("utf-8", "replace") for piece in pieces if isinstance(piece, bytes))
    return " ".join(said.split())[:200] or "without a reason"


# ---- Maildir ---------------------------------------------------------------------------------------------------------


class Maildir:
    """A Maildir on this disk; what is unread lies in new/, or in cur/ without the flag S."""

    def __init__(self, folder: Path, *, done: str = "", aside: str = "") -> None:
        self.folder = folder
        self.name = str(folder)
        self._done = self._beside(done)
        self._aside = self._beside(aside)

    def __enter__(self) -> Self:
        """Look whether it is one.

        Raises:
            MailboxUnavailable: it is not.

        """
        if not ((self.folder / "new").is_dir() and (self.folder / "cur").is_dir()):
            raise MailboxUnavailable(
                f"mailbox ({self.name}): this is no Maildir, it has no new/ and cur/; check PAPERBOY_INBOX_MAILDIR"
            )
        with self._in_words("its folders cannot be made"):
            for folder in filter(None, (self._done, self._aside)):
                make_maildir(folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open."""

    def unread(self) -> Sequence[str]:
        """The places of what is unread: their unique names begin with the time, so the oldest are first."""
        with self._in_words("its mail cannot be listed"):
            new = [entry.name for entry in os.scandir(self.folder / "new") if entry.is_file()]
            cur = [entry.name for entry in os.scandir(self.folder / "cur") if entry.is_file()]
        unseen = [name for name in cur if not {"S", "T"} & set(_flags(name))]
        return [f"maildir:{_unique(name)}" for name in sorted((*new, *unseen)) if not name.startswith(".")]

    def read(self, place: str) -> bytes | None:
        """The beginning of a mail; None where it is gone.

        Raises:
            MailUnreadable: we may not read it, or the disk cannot.

        """
        path = self._path(place)
        try:
            with (path or self.folder / "gone").open("rb") as file:
                return file.read(LONGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MailUnreadable(f"mailbox ({self.name}): {place} cannot be read: {error.strerror}") from error

    def done(self, place: str) -> None:
        """Mark it as seen, or move it to the folder for that."""
        path = self._path(place)
        if path is not None:
            flags = "".join(sorted({*_flags(path.name), "S"}))
            self._move(path, (self._done or self.folder) / "cur" / f"{_unique(path.name)}:2,{flags}")

    def leave(self, place: str) -> None:
        """Leave it unread, in the folder for that where there is one."""
        path = self._path(place) if self._aside is not None else None
        if path is not None and self._aside is not None:
            self._move(path, self._aside / "new" / _unique(path.name))

    def _move(self, path: Path, target: Path) -> None:
        with self._in_words("a mail cannot be moved"), suppress(FileNotFoundError):  # another reader was faster
            path.rename(target)

    def _path(self, place: str) -> Path | None:
        """Where a mail lies now: other programs move it and change its flags."""
        unique = place.removeprefix("maildir:")
        if (self.folder / "new" / unique).is_file():
            return self.folder / "new" / unique
        with self._in_words("its mail cannot be listed"):
            names = [entry.name for entry in os.scandir(self.folder / "cur")]
        return next((self.folder / "cur" / name for name in names if _unique(name) == unique), None)

    def _beside(self, name: str) -> Path | None:
        """A folder of the Maildir, as Maildir++ writes it: `.Name` within it."""
        return self.folder / f".{name.lstrip('.').replace('/', '.')}" if name else None

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise MailboxUnavailable(f"mailbox ({self.name}): {what}: {error.strerror or error}") from error


def make_maildir(folder: Path) -> None:
    """Make a Maildir where there is none."""
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def keep(folder: Path, name: str, raw: bytes) -> Path:
    """Write a mail into a Maildir, on the disk when it returns; the same name is the same mail."""
    make_maildir(folder)
    path, half = folder / "new" / name, folder / "tmp" / f"{name}.{os.getpid()}"
    with half.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return path


def _unique(name: str) -> str:
    return name.partition(":")[0]


def _flags(name: str) -> str:
    return name.partition(":2,")[2]
