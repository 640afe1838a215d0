"""A mail taken apart for the preview page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.web.reading import Link, links, read, shaded

MAIL = (
    b"From: Paperboy <papers@example.org>\r\nTo: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\n"
    b"Subject: =?utf-8?q?Twelve_papers_for?=\r\n =?utf-8?q?_caf=C3=A9s?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"na=C3=AFve\r\n--b\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"<p>na=C3=AFve</p>\r\n--b--\r\n"
)


def test_parts_headers_and_size_are_what_a_mail_program_has():
    """Headers decoded beside raw, both parts decoded, the size that of the HTML itself."""
    mail = read(MAIL)
    assert (mail.header("to"), mail.header("Subject")) == ("Jürgen <j@example.org>", "Twelve papers for cafés")
    assert "=?utf-8?q?" in next(each.raw for each in mail.headers if each.name == "Subject")
    assert mail.text.strip() == "naïve"
    assert mail.html.strip() == "<p>naïve</p>"
    assert mail.html_size == len(mail.html.encode())
    assert mail.troubles == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not look like a mail"),
        (b"\0\xff\xfe", "does not look like a mail"),
        (b"Subject: x\r\nContent-Type: text/html; charset=no-such\r\n\r\n<p>", "HTML part cannot be decoded"),
        (b"Subject: x\r\nContent-Type: image/png\r\n\r\n", "neither a text nor an HTML part"),
    ],
)
def test_a_broken_mail_is_a_sentence(content, words):
    """What cannot be read is said, and nothing raises."""
    assert words in " ".join(read(content).troubles)


@pytest.mark.parametrize(
    "content",
    [
        b"To: " + b"(" * 20_000 + b"\r\n\r\n",
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(1_500)),
        b"Subject: =?no-such?q?x?=\r\nTo: =?utf-8?b?!!!?=\r\n\r\nx",
    ],
    ids=["brackets", "nested", "encodings"],
)
def test_a_mail_made_to_break_parsers_does_not(content):
    """Nested bombs and impossible encodings are read as far as they go."""
    read(content)


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda rest: MAIL[:150] + rest))
def test_any_bytes_can_be_read(content):
    """No file can break the page: the result is text that can be sent."""
    mail = read(content)
    told = [mail.text, mail.html, *mail.troubles, *(each.shown + each.raw + each.name for each in mail.headers)]
    for each in told:
        each.encode()


STYLED = (
    '<html><head><meta name="color-scheme" content="light dark"><style>'
    "@media (prefers-color-scheme: dark) { p { color: white } }"
    "@media screen and ( Prefers-Color-Scheme:LIGHT ) { p { color: black } }</style></head><body>x</body></html>"
)


def test_dark_rules_hold_in_the_dark_view_and_only_there():
    """The question whether the reader prefers dark is answered in the style sheet, whatever the browser prefers."""
    dark, light = shaded(STYLED, dark=True), shaded(STYLED, dark=False)
    assert "@media (min-width: 0px) { p { color: white } }" in dark
    assert "screen and (max-width: 0px) { p { color: black } }" in dark
    assert "@media (max-width: 0px) { p { color: white } }" in light
    assert "screen and (min-width: 0px) { p { color: black } }" in light
    assert "color-scheme: only dark" in dark
    assert "color-scheme: only light" in light


def test_a_mail_without_dark_rules_is_left_as_it_is():
    """A mail that knows nothing of dark looks the same in both views, and its links open nothing."""
    assert shaded("<p>x</p>", dark=True) == shaded("<p>x</p>", dark=False) == '<base target="_blank"><p>x</p>'


def test_links_are_listed_once_with_their_words():
    """Every address of the HTML, in order, with the words it stands under."""
    html = '<a href="https://a.example">One <b>word</b></a> <a name="x">no</a> <a href="https://a.example">again</a>'
    assert links(html + '<a href="mailto:b@example.org"></a>') == (
        Link("One word", "https://a.example"),
        Link("", "mailto:b@example.org"),
    )
    assert links("<a href='x'<<<!DOCTYPE <![if") is not None
