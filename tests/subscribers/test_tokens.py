"""Signed links."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from newsletter.errors import LinkExpired, LinkInvalid
from subscribers.tokens import (
    CONFIRM_AGE,
    Purpose,
    read,
    read_digest,
    read_key,
    read_timed,
    sign,
    sign_digest,
    sign_key,
    sign_timed,
)

NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)
KEYS = ("old key", "new key")
LINK = "IlpxM3ZYSjhtUTB1VzJiVDdyTmZZaGci.hS0dLsCQGyyiim46ChtouO_4FMA"
RETURN_PATH = "aaisem2ekvthpcezvk54zxpo74qc2ttqi47rvlb3pj"


@given(st.sampled_from(Purpose), st.text(max_size=60))
def test_a_link_brings_back_what_was_signed(purpose, value):
    """Timed and untimed."""
    assert value == read(purpose, sign(purpose, value, keys=KEYS), keys=KEYS)
    assert value == read_timed(purpose, sign_timed(purpose, value, keys=KEYS, now=NOW), keys=KEYS, now=NOW)


def test_an_untimed_link_is_the_same_bytes_each_time_and_safe_in_a_url():
    """So that a digest rendered again is the same digest."""
    one = sign(Purpose.UNSUBSCRIBE, "tök/en?", keys=KEYS)

    assert one == sign(Purpose.UNSUBSCRIBE, "tök/en?", keys=KEYS)
    assert set(one) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(st.sampled_from(Purpose), st.binary(min_size=16, max_size=16))
def test_an_untimed_link_is_the_librarys(purpose, raw):
    """Signed here for speed, byte for byte as itsdangerous would, so that links of older mails and of newer are alike."""
    token = hashlib.sha256(raw).hexdigest()[:22]
    library = URLSafeSerializer(list(KEYS), salt=f"paperboy.{purpose}")

    assert library.dumps(token) == sign(purpose, token, keys=KEYS)
    assert library.loads(sign(purpose, raw.hex() * 9, keys=KEYS)) == raw.hex() * 9


def test_links_and_return_paths_of_older_mails_hold():
    """Written down once: what was mailed before must be what is signed today."""
    assert sign(Purpose.UNSUBSCRIBE, "Zq3vXJ8mQ0uW2bT7rNfYhg", keys=KEYS) == LINK
    assert sign_key("00112233445566778899aabbccddeeff", keys=KEYS) == RETURN_PATH


@pytest.mark.parametrize("other", [Purpose.CONFIRM, Purpose.PREFERENCES])
def test_a_link_for_one_purpose_is_invalid_for_another(other):
    """An unsubscribe link confirms nothing and opens no preferences."""
    with pytest.raises(LinkInvalid):
        read(other, sign(Purpose.UNSUBSCRIBE, "t", keys=KEYS), keys=KEYS)


OF_DIGESTS = [Purpose.DIGEST, Purpose.VOTES]


@given(st.sampled_from(OF_DIGESTS), st.integers(0, 999_999_999))
def test_a_link_in_a_digest_brings_back_whose_it_is_and_which_digest(purpose, edition_id):
    """To look at it, or to vote on what it holds."""
    link = sign_digest(purpose, "Zq3vXJ8m-Q_u", edition_id, keys=KEYS)

    assert read_digest(purpose, link, keys=KEYS) == ("Zq3vXJ8m-Q_u", edition_id)


@pytest.mark.parametrize("purpose", OF_DIGESTS)
def test_a_link_in_a_digest_counts_for_nothing_else_and_cannot_be_forged(purpose):
    """Another purpose, a changed character, another key, or a value that names no digest."""
    link = sign_digest(purpose, "token", 7, keys=KEYS)
    others = [one for one in Purpose if one is not purpose]
    of_none = [sign(purpose, value, keys=KEYS) for value in ("token", "token/", "/7", "", "token/-7", "token/2401.1")]
    forged = [*of_none, link.replace(".", ".x", 1), link.swapcase(), "x" + link, link[:9], ""]

    for other in others:
        with pytest.raises(LinkInvalid):
            read_digest(other, link, keys=KEYS)
    for each in forged:
        with pytest.raises(LinkInvalid):
            read_digest(purpose, each, keys=KEYS)
    with pytest.raises(LinkInvalid):
        read_digest(purpose, link, keys=("another key",))
    with pytest.raises(ValueError, match="holds a /"):
        sign_digest(purpose, "to/ken", 7, keys=KEYS)


def test_timed_and_untimed_links_are_not_taken_for_each_other():
    """A confirm link without a date does not exist, even for the same purpose."""
    with pytest.raises(LinkInvalid):
        read_timed(Purpose.CONFIRM, sign(Purpose.CONFIRM, "t", keys=KEYS), keys=KEYS, now=NOW)
    with pytest.raises(LinkInvalid):
        read(Purpose.CONFIRM, sign_timed(Purpose.CONFIRM, "t", keys=KEYS, now=NOW), keys=KEYS)


def test_a_confirm_link_holds_three_days_and_says_when_it_is_too_old():
    """At its age it holds, a second later it is expired, which is not the same as invalid."""
    link = sign_timed(Purpose.CONFIRM, "t", keys=KEYS, now=NOW)

    assert read_timed(Purpose.CONFIRM, link, keys=KEYS, now=NOW + CONFIRM_AGE) == "t"
    with pytest.raises(LinkExpired):
        read_timed(Purpose.CONFIRM, link, keys=KEYS, now=NOW + CONFIRM_AGE + timedelta(seconds=1))


def test_a_link_from_the_future_does_not_hold():
    """A clock that was wrong makes no link that lives longer."""
    link = sign_timed(Purpose.CONFIRM, "t", keys=KEYS, now=NOW + timedelta(days=400))

    with pytest.raises((LinkExpired, LinkInvalid)):
        read_timed(Purpose.CONFIRM, link, keys=KEYS, now=NOW)


def test_a_new_key_leaves_the_links_of_the_old_one_alive_until_it_is_dropped():
    """The last key signs, every key is believed."""
    link = sign(Purpose.UNSUBSCRIBE, "t", keys=("old key",))

    assert read(Purpose.UNSUBSCRIBE, link, keys=KEYS) == "t"
    assert sign(Purpose.UNSUBSCRIBE, "t", keys=KEYS) == sign(Purpose.UNSUBSCRIBE, "t", keys=("new key",))
    with pytest.raises(LinkInvalid):
        read(Purpose.UNSUBSCRIBE, link, keys=("new key",))


@given(st.data())
def test_no_changed_or_cut_link_holds(data):
    """Every single change of a character, and every cut, is noticed."""
    link = sign(Purpose.UNSUBSCRIBE, "subscriber-token", keys=KEYS)
    place = data.draw(st.integers(0, len(link) - 2))  # the last character has bits that mean nothing
    other = data.draw(st.sampled_from("abcXYZ019-_.é ").filter(lambda each: each != link[place]))

    for broken in (link[:place], link[:place] + other + link[place + 1 :]):
        with pytest.raises(LinkInvalid):
            read(Purpose.UNSUBSCRIBE, broken, keys=KEYS)


@given(st.text(max_size=200))
def test_gibberish_is_invalid_and_never_a_crash(text):
    """Whatever somebody types behind the address."""
    with pytest.raises(LinkInvalid):
        read(Purpose.PREFERENCES, text, keys=KEYS)
    with pytest.raises(LinkInvalid):
        read_timed(Purpose.CONFIRM, text, keys=KEYS, now=NOW)


def test_a_huge_link_is_refused_unread():
    """Nobody makes us decode a megabyte."""
    with pytest.raises(LinkInvalid):
        read(Purpose.UNSUBSCRIBE, "x" * 1_000_000 + "." + "y" * 27, keys=KEYS)


@pytest.mark.parametrize("keys", [(), ("",), ("a", "")])
def test_there_is_no_signing_without_a_key(keys):
    """An empty key would sign for everybody."""
    with pytest.raises(ValueError, match="key"):
        sign(Purpose.UNSUBSCRIBE, "t", keys=keys)


# ---- return paths ----------------------------------------------------------------------------------------------------

delivery_keys = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(delivery_keys)
def test_a_return_path_survives_folding(key):
    """42 letters and digits that bring the delivery's key back in either case."""
    token = sign_key(key, keys=KEYS)

    assert len(token) == 42
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert key == read_key(token, keys=KEYS) == read_key(token.upper(), keys=KEYS)
    assert key == read_key(sign_key(key, keys=KEYS[:1]), keys=KEYS)


@given(delivery_keys, st.integers(0, 41), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_return_path_with_one_character_changed_is_invalid(key, place, character):
    """Also where the changed bits are spare ones of the encoding."""
    token = sign_key(key, keys=KEYS)
    changed = token[:place] + character + token[place + 1 :]
    if changed == token:
        return

    with pytest.raises(LinkInvalid):
        read_key(changed, keys=KEYS)


@given(st.text(max_size=60))
def test_what_is_no_return_path_is_invalid(text):
    """Whatever the characters."""
    with pytest.raises(LinkInvalid):
        read_key(text, keys=KEYS)


def test_a_return_path_of_another_key_is_invalid():
    """Nor does a link's signature serve here."""
    with pytest.raises(LinkInvalid):
        read_key(sign_key("0" * 32, keys=["another"]), keys=KEYS)


@pytest.mark.parametrize("key", ["", "00", "0" * 34])
def test_only_a_delivery_key_is_signed(key):
    """It has 32 hexadecimal digits."""
    with pytest.raises(ValueError, match="hexadecimal"):
        sign_key(key, keys=KEYS)
