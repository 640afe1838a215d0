"""What receivers look up about the domain of our mail: SPF, DKIM, DMARC, and where answers go.

Each check says either that all is well or, in one sentence, the exact record to add.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.lookups import Lookups, NotAnsweredError

MOST_LOOKUPS = 10
"""Of one SPF record, those of its includes counted (RFC 7208, 4.6.4); a receiver stops there, and believes nothing."""

_DEEPEST = 20  # includes in includes; more than the lookups allow, so it only stops a ring
_SPF = re.compile(r"v=spf1(\s|$)", re.IGNORECASE)
_DMARC = re.compile(r"v\s*=\s*DMARC1\s*(;|$)")
_TERM = re.compile(
    r"[-+~?]?(all|include:\S+|(a|mx|ptr)(:[^\s/]+)?(//?\d+){0,2}|exists:\S+|ip4:\S+|ip6:\S+)|[a-z][a-z0-9._-]*=\S*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Record:
    """What one check came to: `said` is a fact where it is ok, else what is wrong and the record to add."""

    part: str
    ok: bool
    said: str


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key that mail is signed with."""

    selector: str
    algorithm: str  # rsa-sha256 · ed25519-sha256
    public: str  # as p= has it


@dataclass(frozen=True, slots=True)
class Domain:
    """The names that our mail bears; all in ASCII."""

    sender: str  # the domain in From
    envelope: str  # of the return path
    relay: str  # the host that mail is handed to
    dkim: str = ""  # d= of our signatures; empty: the relay signs
    keys: tuple[DkimKey, ...] = ()
    inbound: tuple[str, ...] = ()  # domains of the addresses that mail comes back to
    site: str = ""  # host of the readers' site


def check(names: Domain, ask: Lookups) -> Iterator[Record]:
    """Everything the DNS should say; what nobody answers is said, and holds nothing up."""
    yield _asked("spf", lambda: _spf(names, ask))
    if names.keys:
        for key in names.keys:
            yield _asked("dkim", lambda key=key: _dkim(names.dkim, key, ask))  # type: ignore[misc]
    else:
        yield Record(
            "dkim",
            ok=True,
            said=f"the relay signs: look for dkim=pass with a d= of {names.sender} in a mail of `paperboy send-test`",
        )
    yield _asked("dmarc", lambda: _dmarc(names, ask))
    for domain in dict.fromkeys((names.envelope, *names.inbound)):
        yield _asked("mx", lambda domain=domain: _mx(domain, ask))  # type: ignore[misc]
    if names.site:
        yield _asked("site", lambda: _site(names.site, ask))
    yield Record("reverse", ok=True, said=f"{names.relay} sends: that its address has a name is for its operator to do")


def _asked(part: str, look: Callable[[], str]) -> Record:
    try:
        return Record(part, ok=True, said=look())
    except _Wrong as wrong:
        return Record(part, ok=False, said=str(wrong))
    except NotAnsweredError as error:
        return Record(part, ok=False, said=f"not known: {error}; try again, or say --offline")


class _Wrong(Exception):
    """The sentence that says what to do."""


# ---- SPF -------------------------------------------------------------------------------------------------------------


def _spf(names: Domain, ask: Lookups) -> str:
    domain = names.envelope
    found = _spf_records(domain, ask)
    if not found:
        raise _Wrong(
            f'{domain} has no SPF record: add the TXT record {domain} "v=spf1 {_ours(names.relay)} ~all", '
            "with the include: that your mail provider names in place of its host"
        )
    if len(found) > 1:
        raise _Wrong(
            f"{domain} has {len(found)} SPF records, so receivers believe none: "
            f'put one TXT record in their place, {domain} "{_merged(found)}"'
        )
    if re.search(r"(^|\s)\+?all(\s|$)", found[0], re.IGNORECASE):
        raise _Wrong(f'the SPF record of {domain} lets everybody send: end it with ~all in place of "+all"')
    count = _lookups(domain, found[0], ask, (domain,))
    if count > MOST_LOOKUPS:
        raise _Wrong(
            f"the SPF record of {domain} takes {count} lookups, and receivers stop at {MOST_LOOKUPS}: "
            "take out the include: of services that you no longer use, or name their networks with ip4: and ip6:"
        )
    return f"{domain}: {found[0]} ({count} of {MOST_LOOKUPS} lookups)"


def _spf_records(domain: str, ask: Lookups) -> list[str]:
    return [text for text in ask.texts(domain) if _SPF.match(text)]


def _ours(relay: str) -> str:
    try:
        address = ipaddress.ip_address(relay)
    except ValueError:
        return "a mx" if relay in {"", "localhost"} else f"a:{relay}"
    return "a mx" if address.is_loopback else f"ip{address.version}:{address}"


def _merged(records: Sequence[str]) -> str:
    terms = [term for record in records for term in record.split()[1:]]
    others = [term for term in dict.fromkeys(terms) if term.lstrip("+-~?").lower() != "all"]
    return " ".join(["v=spf1", *others, "~all"])


def _lookups(domain: str, record: str, ask: Lookups, on_the_way: tuple[str, ...]) -> int:
    """How many lookups a record takes, with all it includes; counting ends soon after what is allowed."""
    count = 0
    for term in record.split()[1:]:
        if not _TERM.fullmatch(term) or not _is_network(term):
            raise _Wrong(f"the SPF record of {domain} holds {term!r}, which no receiver understands: correct it")
        word = term.lstrip("+-~?").lower()
        name, _, value = word.partition(":") if word.startswith("include:") else word.partition("=")
        if name in {"include", "redirect"} and value:
            count += 1
            if "%" in value:
                continue  # depends on the mail: nobody can look it up beforehand
            if value in on_the_way or len(on_the_way) > _DEEPEST:
                raise _Wrong(f"the SPF record of {domain} includes {value}, which includes itself: take it out")
            inner = _spf_records(value, ask)
            if len(inner) != 1:
                which = "has no SPF record" if not inner else f"has {len(inner)} SPF records"
                raise _Wrong(f"the SPF record of {domain} says {term}, but {value} {which}: correct the name")
            count += _lookups(value, inner[0], ask, (*on_the_way, value))
        elif re.match(r"(a|mx|ptr|exists)([:/]|$)", word):
            count += 1
        if count > 3 * MOST_LOOKUPS:
            break
    return count


def _is_network(term: str) -> bool:
    kind, _, value = term.lstrip("+-~?").partition(":")
    if kind.lower() not in {"ip4", "ip6"}:
        return True
    try:
        return ipaddress.ip_network(value, strict=False).version == int(kind[2])
    except ValueError:
        return False


# ---- DKIM ------------------------------------------------------------------------------------------------------------


def _dkim(domain: str, key: DkimKey, ask: Lookups) -> str:
    name = f"{key.selector}._domainkey.{domain}"
    kind = key.algorithm.partition("-")[0]
    ours = f'the TXT record {name} "v=DKIM1; k={kind}; p={key.public}"'
    found = ask.texts(name)
    if not found:
        raise _Wrong(f"nobody can check our signatures: add {ours}")
    if len(found) > 1:
        raise _Wrong(f"{name} has {len(found)} TXT records, and receivers may take the wrong one: keep only {ours}")
    tags = _tags(found[0])
    public = re.sub(r"\s", "", tags.get("p", ""))
    if not public:
        raise _Wrong(f"the key at {name} is withdrawn, or the record holds none: put in its place {ours}")
    if tags.get("k", "rsa").lower() != kind or public != key.public:
        raise _Wrong(f"the key at {name} is not the one we sign with: put in its place {ours}")
    test = (
        "; it says t=y, for testing, so some receivers do not count it" if "y" in tags.get("t", "").split(":") else ""
    )
    return f"{name} is the key we sign with{test}"


def _tags(record: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


# ---- DMARC -----------------------------------------------------------------------------------------------------------


def _dmarc(names: Domain, ask: Lookups) -> str:
    owner, found = _policy(names.sender, ask)
    if not found:
        raise _Wrong(
            f"{names.sender} has no DMARC record, and large receivers want one: add the TXT record "
            f'_dmarc.{names.sender} "v=DMARC1; p=none; rua=mailto:postmaster@{names.sender}"'
        )
    if len(found) > 1:
        raise _Wrong(f"_dmarc.{owner} has {len(found)} DMARC records, so receivers believe none: keep one of them")
    tags = _tags(found[0])
    policy = tags.get("p", "").lower()
    if policy not in {"none", "quarantine", "reject"}:
        raise _Wrong(f'the DMARC record of {owner} has no policy: write _dmarc.{owner} "v=DMARC1; p=none"')
    by_spf = _aligned(names.envelope, names.sender, owner, ask, strict=tags.get("aspf", "r").lower() == "s")
    by_dkim = bool(names.dkim) and _aligned(
        names.dkim, names.sender, owner, ask, strict=tags.get("adkim", "r").lower() == "s"
    )
    if names.dkim and not (by_spf or by_dkim):
        raise _Wrong(
            f"mail says From {names.sender}, but SPF is of {names.envelope} and DKIM of {names.dkim}, so DMARC fails: "
            f"set PAPERBOY_DKIM_DOMAIN to {names.sender}"
        )
    how = " and ".join(each for each, holds in (("SPF", by_spf), ("DKIM", by_dkim)) if holds)
    told = f"aligned by {how}" if how else f"aligned only if the relay signs for {names.sender}"
    return f"_dmarc.{owner}: p={policy}, {told}"


def _policy(domain: str, ask: Lookups) -> tuple[str, list[str]]:
    """The DMARC records that hold for a domain: its own, or those of the nearest domain above that has some."""
    return next(_policies(domain, ask), (domain, []))


def _policies(domain: str, ask: Lookups) -> Iterator[tuple[str, list[str]]]:
    """The DMARC records of a domain and of those above it that have some, the nearest first."""
    labels = domain.split(".")
    for place in range(max(1, len(labels) - 1)):
        owner = ".".join(labels[place:])
        found = [text for text in ask.texts(f"_dmarc.{owner}") if _DMARC.match(text)]
        if found:
            yield owner, found


def _aligned(domain: str, sender: str, owner: str, ask: Lookups, *, strict: bool) -> bool:
    """Whether a domain stands for the one in From: the same, or, unless strict, one of the same owner.

    Both may have records of their own below their owner's, so those further up are asked for too.
    """
    if domain == sender or strict:
        return domain == sender
    if domain == owner or domain.endswith(f".{owner}"):
        return True
    if domain.endswith(f".{sender}") or sender.endswith(f".{domain}"):
        return True
    return any(domain == above or domain.endswith(f".{above}") for above, _ in _policies(sender, ask))


# ---- where mail and readers go ---------------------------------------------------------------------------------------


def _mx(domain: str, ask: Lookups) -> str:
    hosts = ask.mail_hosts(domain)
    if not hosts:
        if ask.addresses(domain):
            return f"{domain} has no MX record, so its mail goes to the host of that name"
        raise _Wrong(
            f"mail to {domain} goes nowhere, neither bounces nor answers: "
            f"add the record {domain} MX 10 and the name of the server that takes its mail"
        )
    if any(not host.name for host in hosts):
        raise _Wrong(
            f"{domain} says that it takes no mail (MX 0 .): put in its place an MX with the name of its server"
        )
    dead = [host.name for host in hosts if not ask.addresses(host.name)]
    if dead:
        raise _Wrong(f"{domain} names {dead[0]} for its mail, which has no address: add the record {dead[0]} A")
    return f"mail to {domain} goes to {', '.join(host.name for host in hosts)}"


def _site(host: str, ask: Lookups) -> str:
    found = ask.addresses(host)
    if not found:
        raise _Wrong(f"{host} has no address, so no link works: add the record {host} A and the address of its server")
    return f"{host} is {', '.join(found)}"
