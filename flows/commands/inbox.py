"""inbox, lmtp: mail that readers write to us."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, screen
from newsletter.errors import MailerUnavailable, PaperboyError, RestoredBackup

if TYPE_CHECKING:
    from flows.wiring import Shop
    from subscribers.inbox import InboxReport
    from subscribers.replying import Handled


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    app.command("inbox", rich_help_panel="Every day")(inbox)
    app.command("lmtp", rich_help_panel="Every day")(lmtp)


def inbox(
    maildir: Annotated[
        Path | None,
        typer.Option(help="Read this Maildir instead of the mailboxes of the settings.", show_default=False),
    ] = None,
) -> None:
    """Read what readers wrote: to subscribe, to confirm, to leave, for help; and bounces and complaints.

    The mailbox is that of `PAPERBOY_INBOX_HOST` (IMAP) or `PAPERBOY_INBOX_MAILDIR`. Each mail is acted on once and then
    marked as read; what is not understood stays unread, and is told here with the reason. Robots, lists and our own
    mails are never answered. `paperboy serve` does it every five minutes.

    Example: `paperboy inbox`. Changes subscriptions, and sends the short mails that follow.
    """
    from flows import mailroom, wiring
    from subscribers import inbox as reader

    settings = opening.settings()
    with wiring.shop(settings) as shop:
        desk = mailroom.desk(shop)
        boxes = mailroom.mailboxes(settings, maildir)
        if not boxes:
            raise PaperboyError(
                "no mailbox is named: set PAPERBOY_INBOX_HOST (IMAP) or PAPERBOY_INBOX_MAILDIR, or use --maildir"
            )
        told = [reader.read(desk, box, clock=wiring.now) for box in boxes]
        for one in told:
            _show(one)
        trouble = [*(one.trouble for one in told if one.trouble), *_sent(shop)]
    for sentence in trouble:
        screen.complain(PaperboyError(sentence))
    if trouble:
        raise typer.Exit(1)


def _sent(shop: "Shop") -> list[str]:
    """Send what waits; trouble, in a sentence."""
    try:
        number = shop.send_notices()
    except (MailerUnavailable, RestoredBackup) as error:
        return [f"{error}; the answers wait for the next run"]
    if number:
        screen.say(f"{screen.count(number, 'mail')} sent.")
    return []


def _show(told: "InboxReport") -> None:
    screen.say(
        f"{told.where}: {screen.count(told.read, 'mail')} read, {told.answered} answered" + (":" * bool(told.read))
    )
    for deed, number in told.deeds.items():
        screen.say(f"  {number:>5,}  {deed}")
    for why, number in told.left.items():
        screen.say(f"  left to you ({number}): {why}", "yellow")
    for said, number in told.alarms.items():
        screen.say(f"  refused ({number}): {said}", "yellow")
    if told.waiting:
        screen.say(f"  {told.waiting:>5,}  wait for the next time")


def lmtp() -> None:
    """Receive mail from the mail server of this machine by LMTP, until Ctrl-C.

    It listens at `PAPERBOY_INBOX_LMTP`, on this machine only. A mail is taken when what it asks for is done; while the
    database is away the mail server is told to try again. What only you can answer is kept in the Maildir `inbox` of
    the data directory.

    Example: `paperboy lmtp`. Changes subscriptions, and sends the short mails that follow.
    """
    from flows import mailroom, wiring
    from flows.site import Postman
    from flows.stopping import Stopping
    from subscribers import lmtp as door

    settings = opening.settings()
    with wiring.shop(settings) as shop:
        postman = Postman(shop)
        folder = settings.data_dir / "inbox"
        counter = mailroom.counter(mailroom.desk(shop), folder=folder, wake=postman.wake, tell=_tell(folder))
        # Firm: mails in hand are answered first.
        with Stopping(firm=True) as stopping:
            postman.start()
            try:
                door.serve(
                    settings.inbox_lmtp,
                    counter,
                    hostname=settings.list_host,
                    echo=screen.say,
                    stop=stopping.asked,
                )
            finally:
                postman.close()


def _tell(folder: Path) -> "Callable[[Handled], None]":
    def tell(handled: "Handled") -> None:
        why = f" ({handled.why}); it is in {folder}" if not handled.is_done else ""
        screen.say(f"{handled.deed}{why}")

    return tell
