"""From a delivery to the parcel a transport takes: rendered, addressed, in bytes."""

from collections.abc import Callable, Mapping
from email.utils import parseaddr

from newsletter.mail.mime import Unsigned, join, unsigned
from newsletter.mail.rendering import Links, Renderer
from newsletter.mail.transport import Parcel
from newsletter.models import Envelope, Paper
from newsletter.queries.claims import Delivery
from newsletter.settings import Settings

Stamp = Callable[[Unsigned], bytes]
"""Signs a mail."""

SignLink = Callable[[str], str]
"""The signed part of a subscriber's links, from their token."""

SignMore = Callable[[str, str], str]
"""The signed part of a link, from its purpose (preferences · digest · votes) and its value."""

SignKey = Callable[[str], str]
"""The signed part of a return path, from a delivery's key."""


class Printer:
    """Prints deliveries; a renderer is prepared once for all deliveries that cover the same papers.

    `sign` signs the link to leave, `sign_more` the others, and without it the mail has none of them; `sign_key` signs
    return paths; `stamp` signs the mail (DKIM), and is left out where the relay does.
    """

    def __init__(
        self,
        settings: Settings,
        sign: SignLink,
        sign_key: SignKey | None = None,
        *,
        sign_more: SignMore | None = None,
        stamp: Stamp | None = None,
    ) -> None:
        self.settings, self.sign, self.sign_key, self.stamp = settings, sign, sign_key, stamp
        self.sign_more = sign_more
        self._sender = parseaddr(settings.sender)[1]
        self._site = settings.site_url.rstrip("/")
        self._list_id = f"{settings.list_name} <{settings.list_host}>"
        self._bounces = settings.bounce_address.partition("@") if settings.bounce_address else None
        self._renderers: dict[int, tuple[Mapping[str, Paper], Renderer]] = {}

    def __call__(self, delivery: Delivery, papers: Mapping[str, Paper]) -> Parcel:
        """The parcel of one delivery: the same bytes whenever it is printed.

        Raises:
            RenderError: this one cannot be rendered.

        """
        links = self.links(delivery.token, delivery.edition_id)
        parts = self.renderer(papers).parts(delivery.digest, recipient_name=delivery.name, links=links)
        envelope = self.envelope(delivery, links)
        return Parcel(
            delivery_key=delivery.key,
            return_path=envelope.return_path,
            recipient=delivery.address,
            content=self.stamp(unsigned(parts, envelope)) if self.stamp is not None else join(parts, envelope),
            day=delivery.digest.day,
            token=delivery.token,
        )

    def renderer(self, papers: Mapping[str, Paper]) -> Renderer:
        """The renderer for a set of papers, prepared the first time it is asked for."""
        # By identity: the step hands over the same mapping for every delivery of a window; keeping it keeps its id.
        kept = self._renderers.get(id(papers))
        if kept is None:
            settings = self.settings
            renderer = Renderer(
                papers,
                list_name=settings.list_name,
                postal_address=settings.postal_address,
                unsubscribe_address=settings.inbox_address or self._sender,
            )
            kept = self._renderers[id(papers)] = (papers, renderer)
        return kept[1]

    def links(self, token: str, edition_id: int) -> Links:
        """A subscriber's links in one digest; none where there is no public site, and one then leaves by mail."""
        site, sign = self._site, self.sign_more
        if not site:
            return Links()
        leave = f"{site}/unsubscribe/{self.sign(token)}"
        if sign is None:
            return Links(leave)
        this = f"{token}/{edition_id}"
        return Links(
            unsubscribe=leave,
            preferences=f"{site}/preferences/{sign('preferences', token)}",
            browser=f"{site}/digest/{sign('digest', this)}",
            votes=f"{site}/vote/{sign('votes', this)}",
        )

    def return_path(self, delivery_key: str) -> str:
        """The envelope sender of one delivery, which comes back with its bounce; empty where bounces are not read."""
        if self._bounces is None or self.sign_key is None:
            return ""
        local, _, host = self._bounces
        return f"{local}+{self.sign_key(delivery_key)}@{host}"

    def envelope(self, delivery: Delivery, links: Links) -> Envelope:
        """Who it is from and to, and what its headers need."""
        settings = self.settings
        address = self._sender
        return Envelope(
            delivery_key=delivery.key,
            sender=settings.sender,
            recipient=delivery.address,
            recipient_name=delivery.name,
            return_path=self.return_path(delivery.key) or settings.return_path or address,
            list_id=self._list_id,
            date=delivery.queued_at,
            unsubscribe_url=links.unsubscribe,
            unsubscribe_mailto=self._mailto(delivery.token),
            feedback_id=f"{delivery.edition_id}:digest:{settings.list_host}",
        )

    def _mailto(self, token: str) -> str:
        """A mail that unsubscribes: where our own inbox reads it, signed, so that it counts whoever it is from."""
        inbox = self.settings.inbox_address
        return f"mailto:{inbox or self._sender}?subject=unsubscribe" + (f"%20{self.sign(token)}" if inbox else "")
