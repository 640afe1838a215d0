"""Signed links: one salt per purpose, and a list of keys, so that a new key does not break yesterday's links.

The last key signs, every key is believed. Untimed links are the same bytes each time, as a digest must be.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any

from itsdangerous import (
    BadSignature,
    SignatureExpired,
    Signer,
    TimestampSigner,
    URLSafeSerializer,
    URLSafeTimedSerializer,
)
from itsdangerous.exc import BadData

from newsletter.errors import LinkExpired, LinkInvalid

CONFIRM_AGE = timedelta(days=3)
"""How long a confirmation link holds."""

_INVALID = "This link is not one of ours; please copy it whole from the mail."
_KEY, _SIGNATURE = 16, 10  # bytes; in base32 26 and 16 characters
_RETURN, _REPLY = "paperboy.bounce", "paperboy.reply"  # salts
_JSON = json.JSONEncoder(ensure_ascii=False)
_BETWEEN = "/"  # in no subscriber's token, which is base64 for URLs
_LONGEST = 2000  # characters; ours are about a hundred, and nobody else's is worth decoding


class Purpose(StrEnum):
    """What a link is for; one for another purpose is invalid here."""

    CONFIRM = "confirm"  # timed
    UNSUBSCRIBE = "unsubscribe"  # never expires: an old digest must still let its reader go
    PREFERENCES = "preferences"  # never expires
    DIGEST = "digest"  # one's own digest in the browser; never expires
    VOTES = "votes"  # votes on what one digest holds; never expires


def sign(purpose: Purpose, value: str, *, keys: Sequence[str]) -> str:
    """An untimed link's token, safe in a URL; `value` can be read by anyone, but not changed."""
    # What URLSafeSerializer.dumps writes, without trying to compress: it takes the most time, and no token gains by it.
    payload = _unpadded(_JSON.encode(value).encode())
    mac = _mac(_salt(purpose), _checked(keys)[-1], "sha1").copy()
    mac.update(payload)
    return f"{payload.decode()}.{_unpadded(mac.digest()).decode()}"


def read(purpose: Purpose, token: str, *, keys: Sequence[str]) -> str:
    """The value of an untimed token.

    Raises:
        LinkInvalid: not ours, not for this purpose, cut or changed.

    """
    return _load(_plain(purpose, keys).loads, token)


def sign_digest(purpose: Purpose, subscriber: str, edition_id: int, *, keys: Sequence[str]) -> str:
    """The token of a link in one digest, to look at it or to vote on what it holds: whose, and which it is."""
    if _BETWEEN in subscriber:
        raise ValueError(f"the subscriber's token {subscriber!r} holds a {_BETWEEN}")
    return sign(purpose, f"{subscriber}{_BETWEEN}{edition_id}", keys=keys)


def read_digest(purpose: Purpose, token: str, *, keys: Sequence[str]) -> tuple[str, int]:
    """The subscriber's token, and the id of the edition that the digest reaches.

    Raises:
        LinkInvalid: not ours, not for this purpose, cut or changed.

    """
    subscriber, _, edition_id = read(purpose, token, keys=keys).partition(_BETWEEN)
    if not subscriber:
        raise LinkInvalid(_INVALID)
    return subscriber, _number(edition_id)


def sign_confirm(subscriber: str, asked: int, *, keys: Sequence[str], now: datetime) -> str:
    """The token of a confirmation link: whose it is, and what they asked for, by the number of that consent."""
    return sign_timed(Purpose.CONFIRM, f"{subscriber}{_BETWEEN}{asked}", keys=keys, now=now)


def read_confirm(token: str, *, keys: Sequence[str], now: datetime) -> tuple[str, int]:
    """The subscriber's token, and the number of the consent that waits for the confirmation.

    Raises:
        LinkExpired: ours, and too old.
        LinkInvalid: not ours, not for this purpose, cut, changed, or from the future.

    """
    subscriber, _, asked = read_timed(Purpose.CONFIRM, token, keys=keys, now=now).partition(_BETWEEN)
    if not subscriber:
        raise LinkInvalid(_INVALID)
    return subscriber, _number(asked)


def _number(text: str) -> int:
    """An id; one with more digits is none, and more than a database takes."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise LinkInvalid(_INVALID)
    return int(text)


def sign_timed(purpose: Purpose, value: str, *, keys: Sequence[str], now: datetime) -> str:
    """A timed link's token, safe in a URL, signed at `now`."""
    return str(_timed(purpose, keys, now).dumps(value))


def read_timed(
    purpose: Purpose, token: str, *, keys: Sequence[str], now: datetime, max_age: timedelta = CONFIRM_AGE
) -> str:
    """The value of a timed token that is at most `max_age` old.

    Raises:
        LinkExpired: ours, and too old.
        LinkInvalid: not ours, not for this purpose, cut, changed, or from the future.

    """
    loads = partial(_timed(purpose, keys, now).loads, max_age=int(max_age.total_seconds()))
    return _load(loads, token)


def sign_key(delivery_key: str, *, keys: Sequence[str]) -> str:
    """A delivery's key with its signature, for the return path: 42 letters and digits that survive folding.

    Servers may fold the part before the @, so it is base32 in lower case; `delivery_key` has 32 hexadecimal digits.
    """
    return _signed_key(delivery_key, _RETURN, keys)


def read_key(token: str, *, keys: Sequence[str]) -> str:
    """The delivery key of a return path's signed part, in whatever case it came back.

    Raises:
        LinkInvalid: not ours, cut or changed.

    """
    return _read_key(token, _RETURN, keys)


def sign_reply(notice_key: str, *, keys: Sequence[str]) -> str:
    """A notice's key with its signature, for the address to which the answer that confirms goes; as `sign_key`."""
    return _signed_key(notice_key, _REPLY, keys)


def read_reply(token: str, *, keys: Sequence[str]) -> str:
    """The key of the notice that is answered, in whatever case the address came back.

    Raises:
        LinkInvalid: not ours, cut or changed.

    """
    return _read_key(token, _REPLY, keys)


def _signed_key(delivery_key: str, salt: str, keys: Sequence[str]) -> str:
    raw = bytes.fromhex(delivery_key)
    if len(raw) != _KEY:
        raise ValueError(f"the delivery key {delivery_key!r} has not {2 * _KEY} hexadecimal digits")
    # Ten bytes fill their characters, so both go at once.
    both = _folded(_signature(raw, salt, _checked(keys)[-1]) + raw)
    return both[16:] + both[:16]


def _read_key(token: str, salt: str, keys: Sequence[str]) -> str:
    key, signature = token[:26].upper(), token[26:].lower()
    try:
        raw = base64.b32decode(key + "======")
    except (binascii.Error, ValueError) as error:
        raise LinkInvalid("This return path is not one of ours.") from error
    # The key's last character has bits to spare: only its one way of writing is ours.
    whole = _folded(raw) == key.lower() and signature.isascii()
    if not whole or not any(
        hmac.compare_digest(_folded(_signature(raw, salt, each)), signature) for each in _checked(keys)
    ):
        raise LinkInvalid("This return path is not one of ours.")
    return raw.hex()


def _signature(raw: bytes, salt: str, key: str) -> bytes:
    mac = _mac(salt, key, "sha256").copy()
    mac.update(raw)
    return mac.digest()[:_SIGNATURE]


@lru_cache(64)
def _mac(salt: str, key: str, digest: str) -> hmac.HMAC:
    """Keyed as the library keys its own; each signature starts from a copy."""
    derived = Signer(key, salt=salt, digest_method=getattr(hashlib, digest)).derive_key()
    return hmac.new(derived, digestmod=digest)


def _unpadded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _folded(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def _salt(purpose: Purpose) -> str:
    return f"paperboy.{purpose}"


def _plain(purpose: Purpose, keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(_checked(keys), salt=_salt(purpose))


def _timed(purpose: Purpose, keys: Sequence[str], now: datetime) -> URLSafeTimedSerializer:
    class At(TimestampSigner):
        """The library's signer with a clock that is an argument."""

        def get_timestamp(self) -> int:
            return int(now.timestamp())

    # A salt of its own: an untimed token must never pass as a timed one.
    return URLSafeTimedSerializer(_checked(keys), salt=f"paperboy.{purpose}.timed", signer=At)


def _checked(keys: Sequence[str]) -> list[str]:
    if not keys or not all(keys):
        raise ValueError("links need at least one key, and no key may be empty")
    return list(keys)


def _load(loads: Callable[[str], Any], token: str) -> str:
    if len(token) > _LONGEST:
        raise LinkInvalid(_INVALID)
    try:
        value = loads(token)
    except SignatureExpired as error:
        raise LinkExpired("This link is too old; please ask for a new one.") from error
    except (BadSignature, BadData, UnicodeError) as error:
        raise LinkInvalid(_INVALID) from error
    if not isinstance(value, str):
        raise LinkInvalid(_INVALID)
    return value
