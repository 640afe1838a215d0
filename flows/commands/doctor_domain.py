"""doctor's look at the DNS: what receivers ask about the domain of our mail, and whether readers find the site."""

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import idna

if TYPE_CHECKING:
    from newsletter.mail.domain import Domain, Record
    from newsletter.settings import Settings


def records(settings: "Settings", name_server: str) -> Iterator["Record"]:
    """Each record that is there, or is missing; `name_server` is whom to ask, empty for those of this machine.

    Raises:
        ConfigurationError: a key cannot be read, or the name server is no address.

    """
    from newsletter.errors import ConfigurationError
    from newsletter.lookups import Lookups
    from newsletter.mail import domain

    try:
        ask = Lookups(name_server)
    except ValueError as error:
        raise ConfigurationError(
            f"--name-server {name_server}: it is no address; write one such as 192.0.2.53 or 127.0.0.1:5353"
        ) from error
    yield from domain.check(_names(settings), ask)


def _names(settings: "Settings") -> "Domain":
    from flows import wiring
    from newsletter.mail.domain import DkimKey, Domain

    sender = _of(parseaddr(settings.sender)[1])
    signer = wiring.signer(settings)
    keys = signer.keys if signer else ()
    envelope = settings.bounce_address or settings.return_path
    return Domain(
        sender=sender,
        envelope=_of(envelope) if envelope else sender,
        relay=settings.smtp_host,
        dkim=settings.dkim_domain.lower(),
        keys=tuple(DkimKey(key.selector, key.algorithm, key.public) for key in keys),
        inbound=(_of(settings.inbox_address),) if settings.inbox_address else (),
        site=_looked_up(urlsplit(settings.site_url).hostname or ""),
    )


def _of(address: str) -> str:
    """The domain of an address, as the DNS has it."""
    domain = address.rpartition("@")[2].strip("<> ")
    with suppress(idna.IDNAError):
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    return domain.lower()


def _looked_up(host: str) -> str:
    """A host that readers look up; empty where it is this machine or an address already."""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return ""
    return "" if host == "localhost" else _of(host)
