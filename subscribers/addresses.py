"""One person, one address: the address as it is mailed, and the folded key under which it is unique."""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from subscribers.wording import quoted

_LONGEST_LOCAL = 64  # octets, RFC 5321 4.5.3.1.1
_LONGEST = 254  # octets, what fits in a path of RFC 5321


@dataclass(frozen=True, slots=True)
class Address:
    """A valid address, twice."""

    mailed: str  # domain in ASCII where the part before the @ allows it, so that any server can take it
    key: str  # NFC, case folded, domain in punycode; plus tags and dots are kept, for they may be other people


def read(text: str) -> Address:
    """The address in `text`; surrounding spaces are dropped, no name server is asked.

    Raises:
        ValueError: it is no address; the message is a sentence.

    """
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(f"{quoted(text)} is no e-mail address: {_lower_first(str(error).rstrip('.'))}") from error
    local = unicodedata.normalize("NFC", found.local_part)
    mailed = found.ascii_email or found.normalized
    if len(local.encode()) > _LONGEST_LOCAL or len(mailed.encode()) > _LONGEST:
        raise ValueError(f"{quoted(text)} is too long: at most {_LONGEST_LOCAL} octets before the @, {_LONGEST} in all")
    folded = unicodedata.normalize("NFC", local.casefold())
    return Address(mailed, f"{folded}@{found.ascii_domain.lower()}")


def fold(text: str) -> str:
    """The key of an address.

    Raises:
        ValueError: it is no address.

    """
    return read(text).key


def mailbox(key: str) -> str:
    """What all spellings of a key that may reach one mailbox share: no plus tag, no dots before the @.

    Only for counting: of some domains these are other people's, so nobody is found or mailed by it.
    """
    local, _, domain = key.rpartition("@")
    name = local.partition("+")[0].replace(".", "")
    return f"{name or local}@{domain}"


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
