"""Questions to the DNS, each bounded in time, and all of them together."""

import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver
from dns.rdata import Rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

_EACH = 3.0  # seconds for one question, retries over all name servers included
_ALL = 15.0  # seconds for all of them
_IN_VAIN = 2  # questions in a row that nobody answered: the rest need not be asked


class NotAnsweredError(Exception):
    """The DNS did not say whether there is something; the message is a clause for the operator."""


@dataclass(frozen=True, slots=True)
class MailHost:
    """One host that takes a domain's mail; an empty name says that none does (RFC 7505)."""

    preference: int
    name: str


class Lookups:
    """Asks the name servers of this machine, or one that is named, and remembers what they said."""

    def __init__(self, server: str = "", *, each: float = _EACH, within: float = _ALL) -> None:
        """`server` is an IP address, with `:port` (IPv6 in brackets) where it is not 53; seconds `each` and in all.

        Raises:
            ValueError: that is no such address.

        """
        self._each, self._left, self._in_vain = each, within, 0
        self._known: dict[tuple[str, str], Sequence[Rdata] | NotAnsweredError] = {}
        self._resolver: dns.resolver.Resolver | None
        if server:
            self._resolver = dns.resolver.Resolver(configure=False)
            host, port = _address(server)
            self._resolver.nameservers, self._resolver.port = [host], port
        else:
            try:
                self._resolver = dns.resolver.Resolver()
            except (dns.exception.DNSException, OSError):
                self._resolver = None  # a machine that names none
        if self._resolver is not None:
            self._resolver.timeout = each / 2  # of one try, so that a lost packet costs one

    def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, the strings of each joined; empty where there are none.

        Raises:
            NotAnsweredError: nobody knows.

        """
        found = []
        for each in self._ask(name, "TXT"):
            assert isinstance(each, TXT)
            found.append(b"".join(each.strings).decode("utf-8", "replace"))
        return tuple(sorted(found))  # the DNS gives them in any order

    def mail_hosts(self, domain: str) -> tuple[MailHost, ...]:
        """The MX records of a domain, the most preferred first; empty where there are none.

        Raises:
            NotAnsweredError: nobody knows.

        """
        found = []
        for each in self._ask(domain, "MX"):
            assert isinstance(each, MX)
            found.append((each.preference, each.exchange.to_text(omit_final_dot=True)))
        return tuple(MailHost(number, name.rstrip(".")) for number, name in sorted(found))

    def addresses(self, host: str) -> tuple[str, ...]:
        """The IPv4 and IPv6 addresses of a host; empty where it has none.

        Raises:
            NotAnsweredError: nobody knows.

        """
        return tuple(each.to_text() for kind in ("A", "AAAA") for each in sorted(self._ask(host, kind)))

    def _ask(self, name: str, kind: str) -> Sequence[Rdata]:
        if (name, kind) not in self._known:
            began = time.monotonic()
            try:
                self._known[name, kind] = self._answer(name, kind)
            except NotAnsweredError as error:
                self._known[name, kind] = error
            self._left -= time.monotonic() - began
        answer = self._known[name, kind]
        if isinstance(answer, NotAnsweredError):
            raise answer
        return answer

    def _answer(self, name: str, kind: str) -> Sequence[Rdata]:
        if self._resolver is None:
            raise NotAnsweredError("this machine names no name server")
        if self._left <= 0 or self._in_vain >= _IN_VAIN:
            raise NotAnsweredError("the name servers did not answer before")
        found: Sequence[Rdata] = ()
        try:
            found = tuple(self._resolver.resolve(dns.name.from_text(name), kind, lifetime=min(self._each, self._left)))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            pass  # an answer, too
        except dns.exception.Timeout as error:
            self._in_vain += 1
            raise NotAnsweredError("the name servers did not answer in time") from error
        except dns.resolver.NoNameservers as error:  # SERVFAIL, REFUSED, nonsense
            raise NotAnsweredError("the name servers answered with an error") from error
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise NotAnsweredError(f"it could not be asked: {str(error) or type(error).__name__}") from error
        self._in_vain = 0
        return found


def _address(server: str) -> tuple[str, int]:
    host, port = server, "53"
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif server.count(":") == 1:
        host, _, port = server.partition(":")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"{server!r} is no address of a name server")
    return str(ipaddress.ip_address(host)), int(port)
