"""What our short mails need to know of the house: its name, its addresses, how it signs; and a notice as a parcel."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from newsletter.mail.mime import to_bytes
from newsletter.mail.notices import words
from newsletter.mail.rendering import Links, Renderer
from newsletter.mail.transport import Parcel
from newsletter.models import Envelope
from newsletter.queries.notices import ALREADY, CONFIRM, Queued
from newsletter.settings import Settings

Stamp = Callable[[bytes], bytes]
"""Signs a finished mail."""


@dataclass(frozen=True, slots=True)
class House:
    """The settings a notice needs, and how its links are signed: the newsletter knows no keys."""

    settings: Settings
    sign: Callable[[str, str], str]  # purpose and value: an untimed link's token
    sign_confirm: Callable[[str, datetime], str]  # value and when: a confirmation link's token
    sign_reply: Callable[[str], str]  # a notice's key: the part of an address that confirms by an answer
    sign_key: Callable[[str], str]  # a notice's key: the part of a return path
    answers_to: str = ""  # address at which mail is read, `papers@example.org`; empty: nobody reads answers
    site: str = ""  # the site's address; empty: none

    @property
    def can_ask(self) -> bool:
        """Whether anybody could confirm."""
        return bool(self.site or self.answers_to)

    def links(self, token: str) -> Links:
        """A subscriber's links."""
        if not (self.site and token):
            return Links()
        return Links(
            unsubscribe=f"{self.site}/unsubscribe/{self.sign('unsubscribe', token)}",
            preferences=f"{self.site}/preferences/{self.sign('preferences', token)}",
        )

    def confirm_link(self, value: str, at: datetime) -> str | None:
        """Where a confirmation leads; None without a site."""
        return f"{self.site}/confirm/{self.sign_confirm(value, at)}" if self.site else None


class NoticePrinter:
    """Prints notices: the same bytes whenever one is printed. `stamp` signs the mail (DKIM)."""

    def __init__(self, house: House, *, stamp: Stamp | None = None) -> None:
        settings = house.settings
        self.house, self.stamp = house, stamp
        self._sender = parseaddr(settings.sender)[1]
        self._renderer = Renderer(
            {},
            list_name=settings.list_name,
            postal_address=settings.postal_address,
            unsubscribe_address=house.answers_to or self._sender,
        )

    def __call__(self, notice: Queued) -> Parcel:
        """The parcel of one notice.

        Raises:
            RenderError: it cannot be rendered.

        """
        house, asked = self.house, notice.facts.get("asked")
        value = f"{notice.token}/{asked}"
        said = words(
            notice.kind,
            notice.facts,
            list_name=house.settings.list_name,
            confirm=house.confirm_link(value, notice.queued_at) if asked else None,
            answer=bool(house.answers_to),
            links=house.links(notice.token),
        )
        message = self._renderer.notice(
            subject=said.subject, paragraphs=said.paragraphs, action=said.action, links=said.links
        )
        envelope = self._envelope(notice, said.links)
        content = to_bytes(message, envelope)
        return Parcel(
            delivery_key=notice.key,
            return_path=envelope.return_path,
            recipient=notice.address,
            content=content if self.stamp is None else self.stamp(content),
            day=notice.queued_at.date(),
            token=notice.token,
        )

    def _envelope(self, notice: Queued, links: Links) -> Envelope:
        settings = self.house.settings
        subscribed = notice.kind == ALREADY
        return Envelope(
            delivery_key=notice.key,
            sender=settings.sender,
            recipient=notice.address,
            recipient_name="",
            return_path=self._return_path(notice),
            list_id=f"{settings.list_name} <{settings.list_host}>",
            date=notice.queued_at,
            # One click in a mail to somebody who is not subscribed would end nothing.
            unsubscribe_url=links.unsubscribe if subscribed else None,
            unsubscribe_mailto=self._mailto(notice.token) if subscribed else None,
            reply_to=self._reply_to(notice),
            in_reply_to=notice.in_reply_to,
        )

    def _mailto(self, token: str) -> str:
        """A mail that unsubscribes: where our own inbox reads it, signed, so that it counts whoever it is from."""
        inbox = self.house.answers_to
        signed = f"%20{self.house.sign('unsubscribe', token)}" if inbox else ""
        return f"mailto:{inbox or self._sender}?subject=unsubscribe{signed}"

    def _return_path(self, notice: Queued) -> str:
        if notice.in_reply_to:
            return ""  # RFC 3834: what answers a mail by itself must not be answered in turn
        settings = self.house.settings
        if settings.bounce_address:
            local, _, host = settings.bounce_address.partition("@")
            return f"{local}+{self.house.sign_key(notice.key)}@{host}"
        return settings.return_path or self._sender

    def _reply_to(self, notice: Queued) -> str:
        """Where an answer confirms: the address is as good as the link, for only who got the mail knows it."""
        if notice.kind != CONFIRM or not self.house.answers_to:
            return ""
        local, _, host = self.house.answers_to.partition("@")
        return f"{local}+{self.house.sign_reply(notice.key)}@{host}"
