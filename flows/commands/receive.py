"""receive: bounces and complaints that came back."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, screen
from newsletter.errors import ConfigurationError, PaperboyError

if TYPE_CHECKING:
    from subscribers.inbound import Received

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and hands it over later."""

_WORDS = {
    "suppressed": "never mailed again",
    "unsubscribed": "unsubscribed after a complaint",
    "counted": "counted as a soft bounce",
    "alarm": "refused for what we are or sent",
    "not ours": "without a return path of ours, ignored",
    "nothing": "about no failed delivery",
}


def register(app: typer.Typer) -> None:
    """Put the command in its place."""
    app.command("receive", rich_help_panel="Upkeep")(receive)


def receive(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", help="One mail each; standard input by default.", show_default=False),
    ] = None,
    maildir: Annotated[
        Path | None,
        typer.Option(help="Read what is in this Maildir's new/, and move it to cur/.", show_default=False),
    ] = None,
) -> None:
    """Read mail that came back: bounces and complaints of readers, known by the signed return path they carry.

    An address that does not exist, or bounced on five days without a quiet week, is never mailed again; who complains
    is unsubscribed; answers of robots and mail without a return path of ours change nothing. What a server refused for
    policy is shown, for it is yours to mend. Without FILE one mail is read from standard input, as a mail server pipes
    it: status 75 then means that it should try again later.

    Example: `paperboy receive --maildir /var/mail/bounces`. Changes suppressed addresses and subscriptions.
    """
    if maildir is not None and files:
        raise typer.BadParameter("name files or a Maildir, not both")
    if maildir is None and not files:
        _from_standard_input()
        return
    bad: list[str] = []
    _report(_done(_in_maildir(maildir, bad) if maildir else _in_files(files or [], bad)))
    for sentence in bad:
        screen.complain(PaperboyError(sentence))
    if bad:
        raise typer.Exit(1)


def _from_standard_input() -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from newsletter.mail.received import LONGEST

    if sys.stdin.isatty():
        raise typer.BadParameter("name the files to read, a Maildir, or pipe one mail to the command")
    raw = sys.stdin.buffer.read(LONGEST)
    while sys.stdin.buffer.read(65_536):
        pass  # a mail server whose pipe is closed too early takes that for a failure
    try:
        _report(_done(iter([raw])))
    except (PaperboyError, ConfigurationError, SQLAlchemyError, OSError) as error:
        screen.complain(error)
        raise typer.Exit(TRY_AGAIN) from None


def _done(mails: Iterator[bytes]) -> list["Received"]:
    from flows import wiring
    from subscribers import receiving

    settings = opening.settings()
    if not settings.bounce_address:
        raise ConfigurationError(
            "PAPERBOY_BOUNCE_ADDRESS is not set, so nothing that comes back can be known as ours; "
            "set it to the address bounces should go to (docs/operate.md)"
        )
    keys, address = wiring.signing_keys(settings), settings.bounce_address
    with opening.database(settings) as database:
        return [receiving.receive(database, raw, now=opening.now(), keys=keys, bounce_address=address) for raw in mails]


def _in_files(files: list[Path], bad: list[str]) -> Iterator[bytes]:
    for file in files:
        try:
            yield _read(file)
        except OSError as error:
            bad.append(f"mail ({file}): cannot be read: {error.strerror}")


def _in_maildir(maildir: Path, bad: list[str]) -> Iterator[bytes]:
    """Each new mail; it is moved once what it means is done, so that a failure leaves it where it is."""
    new, cur = maildir / "new", maildir / "cur"
    if not (new.is_dir() and cur.is_dir()):
        raise PaperboyError(
            f"mail ({maildir}): this is no Maildir, it has no new/ and cur/; name the folder above them"
        )
    for file in sorted(new.iterdir()):
        try:
            yield _read(file)
            file.rename(cur / f"{file.name.partition(':')[0]}:2,S")
        except FileNotFoundError:
            continue  # another reader of the Maildir was faster
        except OSError as error:
            bad.append(f"mail ({file}): cannot be read and moved: {error.strerror}")


def _read(file: Path) -> bytes:
    from newsletter.mail.received import LONGEST

    with file.open("rb") as opened:
        return opened.read(LONGEST)


def _report(done: list["Received"]) -> None:
    counted = Counter(one.meaning.value for one in done)
    screen.say(f"{screen.count(len(done), 'mail')} read" + (":" if done else "."))
    for meaning, words in _WORDS.items():
        if counted[meaning]:
            screen.say(f"  {counted[meaning]:>5,}  {words}")
    alarms = Counter(f"{one.status} {one.words}".strip() for one in done if one.meaning.value == "alarm")
    for said, number in alarms.most_common(5):
        screen.say(f"  refused {number} times: {said}" if number > 1 else f"  refused: {said}", "yellow")
