"""From settings to what reading mail needs: the desk that acts on it, the mailboxes, and the door for LMTP."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from flows import wiring
from newsletter.errors import ConfigurationError
from newsletter.settings import ROOT, Settings
from subscribers import houses, lmtp, mailbox, replying
from subscribers.commands import Names
from subscribers.mailbox import Imap, ImapConfig, Mailbox, Maildir
from subscribers.replying import Desk


def desk(shop: wiring.Shop) -> Desk:
    """What acting on a mail needs.

    Raises:
        ConfigurationError: there is no address that readers write to.

    """
    settings = shop.settings
    if not settings.inbox_address:
        raise ConfigurationError(
            "PAPERBOY_INBOX_ADDRESS is not set, so no mail is for us; "
            "set it to the address readers write to (docs/operate.md)"
        )
    keys = wiring.signing_keys(settings)
    others = (parseaddr(settings.sender)[1], settings.return_path, settings.bounce_address)
    return Desk(
        shop.database,
        houses.house(settings, keys=keys, site=settings.site),
        keys,
        Names(settings.inbox_address, frozenset(filter(None, others))),
        settings.bounce_address,
    )


def mailboxes(settings: Settings, maildir: Path | None = None) -> tuple[Mailbox, ...]:
    """The mailboxes of the settings, or this Maildir alone; none is open yet."""
    folders = {"done": settings.inbox_done, "aside": settings.inbox_aside}
    if maildir is not None:
        return (Maildir(maildir, **folders),)
    found: list[Mailbox] = []
    if settings.inbox_host:
        config = ImapConfig(
            settings.inbox_host,
            settings.inbox_port,
            settings.inbox_security,
            settings.inbox_user or settings.inbox_address,
            settings.inbox_password.get_secret_value(),
            settings.inbox_folder,
            **folders,
        )
        found.append(Imap(config))
    if settings.inbox_maildir:
        found.append(Maildir(ROOT / settings.inbox_maildir, **folders))
    return tuple(found)


def counter(
    desk: Desk,
    *,
    folder: Path,
    wake: Callable[[], None],
    tell: Callable[[replying.Handled], None],
    clock: Callable[[], datetime] = wiring.now,
) -> lmtp.Counter:
    """What is done with mail that arrives by LMTP; what is left to the operator is kept in a Maildir, `folder`.

    `wake` is called when a mail may be to be sent, `tell` with what became of each.
    """

    def take(body: bytes, sender: str, recipient: str) -> str:
        # What whoever delivers for good writes above a mail (RFC 5321, 4.4): a bounce's token may stand there alone.
        traces = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
        raw = traces.encode("utf-8", "replace") + body
        handled = replying.act(desk, raw, now=clock(), sender=sender, recipient=recipient)
        if not handled.is_done:
            name = hashlib.sha256(raw).hexdigest()[:32]
            mailbox.keep(folder, f"{name}.paperboy", raw)
        wake()
        tell(handled)
        return f"done: {handled.deed}"

    return lmtp.Counter(desk.names.is_ours, take)
