"""DKIM signatures (RFC 6376, RFC 8463) for mail of our own writer; off where the relay signs.

The writer's headers stand on one line each and its bodies are canonical as they are (`newsletter.mail.quoted`), so they
are hashed as they stand. A mail from elsewhere would get a signature that does not hold.
"""

import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from newsletter.errors import ConfigurationError
from newsletter.mail.mime import Unsigned, relaxed

SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "list-unsubscribe",  # RFC 8058 wants both covered
    "list-unsubscribe-post",
    "list-id",
    "mime-version",
    "content-type",
)
"""Each is named twice, there or not: then nobody on the way can change, add or double one."""

FEEDBACK = "feedback-id"
"""Signed where it is there, and named once: a relay may add one of its own."""

_SHORTEST_RSA = 1_024  # RFC 8301
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_LINE = 72


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name under the domain, and how it signs."""

    selector: str
    algorithm: str  # as the tag a= says it
    sign: Callable[[bytes], bytes]
    public: str = ""  # the public half as the DNS has it, in p=


class Signer:
    """Puts a signature of each key above a mail; the same mail gives the same bytes."""

    def __init__(self, domain: str, keys: tuple[Key, ...]) -> None:
        """Raises ConfigurationError where the domain is not one."""
        if not _NAME.fullmatch(domain):
            raise ConfigurationError(f"the DKIM domain {domain!r} is not a name in the DNS; write it as example.org")
        self.domain, self.keys = domain, keys
        self._ready = [
            ([_start(domain, key, feedback=feedback) for feedback in (False, True)], key.sign) for key in keys
        ]

    def __call__(self, mail: bytes) -> bytes:
        """A mail of our own writer, signed."""
        end = mail.index(b"\r\n\r\n") + 4
        headers = {
            name.lower(): value
            for name, _, value in [line.partition(":") for line in mail[: end - 4].decode("ascii").split("\r\n")]
        }
        names = (*SIGNED, FEEDBACK)
        covered = "".join([f"{name}:{relaxed(headers[name])}\r\n" for name in names if name in headers])
        return self.stamp(Unsigned(mail[:end], mail[end:], covered, FEEDBACK in headers))

    def stamp(self, mail: Unsigned) -> bytes:
        """The same of a mail that is not joined yet: its header lines need not be read back."""
        body = _base64(hashlib.sha256(mail.body).digest())
        signatures = []
        for starts, sign in self._ready:
            written, canonical = starts[mail.feedback]
            made = _base64(sign(f"{mail.covered}{canonical} bh={body}; b=".encode("ascii")))
            folded = "\r\n ".join([made[place : place + _LINE] for place in range(0, len(made), _LINE)])
            signatures.append(f"{written}\r\n bh={body};\r\n b={folded}\r\n")
        return b"".join(["".join(signatures).encode("ascii"), mail.head, mail.body])


def _start(domain: str, key: Key, *, feedback: bool) -> tuple[str, str]:
    """The header up to the hash of the body, as it is written and in canonical form."""
    names = [*SIGNED, *SIGNED, *([FEEDBACK] if feedback else [])]
    listed = ":\r\n  ".join(":".join(names[place : place + 5]) for place in range(0, len(names), 5))
    value = f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={domain};\r\n s={key.selector};\r\n h={listed};"
    unfolded = value.replace("\r\n", "")
    return f"DKIM-Signature: {value}", f"dkim-signature:{relaxed(unfolded)}"


def _base64(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


# ---- keys ------------------------------------------------------------------------------------------------------------


def rsa_key(selector: str, path: Path) -> Key:
    """The RSA key that every receiver can verify.

    Raises:
        ConfigurationError: the file cannot be read or holds no such key.

    """
    found = _read(path, selector)
    if not isinstance(found, rsa.RSAPrivateKey) or found.key_size < _SHORTEST_RSA:
        raise ConfigurationError(
            f"the DKIM key {path} is not an RSA key of at least {_SHORTEST_RSA} bits; "
            f"make one with `openssl genrsa -out {path.name} 2048`"
        )
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()
    public = found.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(selector, "rsa-sha256", lambda data: found.sign(data, scheme, digest), _base64(public))


def ed25519_key(selector: str, path: Path) -> Key:
    """The Ed25519 key of a second signature, for the receivers that know it (RFC 8463).

    Raises:
        ConfigurationError: the file cannot be read or holds no such key.

    """
    found = _read(path, selector)
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise ConfigurationError(
            f"the second DKIM key {path} is not an Ed25519 key; "
            f"make one with `openssl genpkey -algorithm ed25519 -out {path.name}`"
        )
    public = found.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)  # RFC 8463, 4
    sign = lambda data: found.sign(hashlib.sha256(data).digest())  # noqa: E731
    return Key(selector, "ed25519-sha256", sign, _base64(public))


def _read(path: Path, selector: str) -> object:
    if not _NAME.fullmatch(selector):
        raise ConfigurationError(f"the DKIM selector {selector!r} is not a name in the DNS; use letters and digits")
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigurationError(
            f"the DKIM key {path} cannot be read ({error.strerror}); correct the path, or let the relay sign"
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"the DKIM key {path} is not a private key in PEM without a password; correct the path, or make a new one"
        ) from error
