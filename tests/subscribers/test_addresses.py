"""One person, one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.addresses import fold, read


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A@X.example.org", "a@x.example.org"),
        (" a@example.org ", "a@example.org"),
        ("straße@example.org", "STRASSE@example.org"),
        ("e\u0301va@example.org", "\u00e9va@example.org"),  # NFD and NFC
        ("x@中文.com", "x@xn--fiq228c.com"),
        ("x@BÜCHER.example.org", "x@xn--bcher-kva.example.org"),
    ],
)
def test_what_reaches_one_mailbox_has_one_key(one, other):
    """Case, normal form, outer spaces and the spelling of the domain do not make another person."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize("one", ["a+papers@example.org", "a.b@example.org", "ab@example.net"])
def test_tags_dots_and_domains_make_another_address(one):
    """Only the host knows what a tag or a dot means, so they are kept."""
    assert fold(one) not in {fold("a@example.org"), fold("ab@example.org")}


def test_the_mailed_address_is_ascii_where_it_can_be():
    """An international domain is mailed in punycode; an international name before the @ needs a server that takes it."""
    assert read("Ada@中文.com").mailed == "Ada@xn--fiq228c.com"
    assert read("ådne@中文.com").mailed != "ådne@xn--fiq228c.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@exa\u202cmple.org",
        "ada@example.org\r\nBcc: x@example.net",
        "a\u202eda@example.org",
        "ada@example.org\x00",
        "Ada <ada@example.org>",
        "ada@[127.0.0.1]",
        "a" * 65 + "@example.org",
        "a@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 63 + "." + "e" * 63 + ".org",
    ],
)
def test_what_is_no_address_is_refused_in_a_sentence_without_its_dangerous_characters(text):
    """Header injection, direction marks and overlong parts never become an address."""
    with pytest.raises(ValueError) as refused:
        read(text)

    assert all(character not in str(refused.value) for character in "\r\n\x00\u202c\u202e")


@given(st.text(max_size=40), st.sampled_from(("@example.org", "@Bücher.example", "", "@")))
def test_folding_is_idempotent_or_refuses(local, domain):
    """A key is an address with the same key; nothing but ValueError is ever raised."""
    try:
        key = fold(local + domain)
    except ValueError:
        return

    assert key == fold(key)
