"""What a report says of people: enough to know them by, and no more."""

import pytest

from newsletter.reports import masked_in


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("5.7.1 <ada@example.org>: Relay access denied", "5.7.1 <a…@example.org>: Relay access denied"),
        ("RCPT TO:<ada.b+news@mail.example.org> rejected", "RCPT TO:<a…@mail.example.org> rejected"),
        ("no such user ada@example.org.", "no such user a…@example.org."),
        ("rfc822;ada@example.org, bo@example.net", "rfc822;a…@example.org, b…@example.net"),
        ('<"ada of x"@example.org> unknown', "<a…@example.org> unknown"),
        ("see https://example.org/why?id=ada%40example.net&ip=192.0.2.1", "see https:/…@example.net&ip=192.0.2.1"),
        ("мария@пример.example: нет такого", "м…@пример.example: нет такого"),
        ("454 4.7.0 too fast, at most 10 @ a time", "454 4.7.0 too fast, at most 10 @ a time"),
        ("", ""),
    ],
)
def test_the_addresses_in_a_servers_words_are_masked(said, told):
    """In brackets, bare, quoted, in a link, in another script: the first letter and the domain stay, and all other words."""
    assert masked_in(said) == told
