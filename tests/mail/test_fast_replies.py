"""What a server sends, cut into replies: the same however it arrives, and never more than fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.replies import LONGEST_LINE, LONGEST_REPLY, Replies

WORDS = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=20).map(str.rstrip)
REPLY = st.tuples(st.integers(200, 599), st.lists(WORDS, min_size=1, max_size=4))


def on_the_wire(code, lines):
    marks = ["-"] * (len(lines) - 1) + [" "]
    return "".join(f"{code}{mark}{words}\r\n" for mark, words in zip(marks, lines, strict=True)).encode()


@given(st.lists(REPLY, max_size=6), st.lists(st.integers(0, 400), max_size=8))
def test_replies_are_the_same_however_they_are_cut(replies, cuts):
    """Whether they come byte by byte or all at once, with one line or many, in any script: code and words are whole."""
    stream = b"".join(on_the_wire(*reply) for reply in replies)
    reader, found, start = Replies(), [], 0
    for cut in (*sorted(cuts), len(stream)):
        found += reader.feed(stream[start:cut])
        start = max(start, cut)
    assert found == [(code, "\n".join(lines)) for code, lines in replies]


@pytest.mark.parametrize(
    "line",
    [b"Wibble", b"", b"99 short", b"999 what", b"199 early", b"2500 long", b"25x what", b"-250 what", "２５０ wide".encode(),
     b"HTTP/1.1 400 Bad Request", b"\0\0\0", b" 250 ok", b"250_ok"],
)  # fmt: skip
def test_what_is_no_reply_is_the_last_that_is_read(line):
    """Replies before it count; after it nothing can be paired any more."""
    found = Replies().feed(b"250 ok\r\n" + line + b"\r\n250 ok\r\n")
    assert [code for code, _ in found] == [250, None]


def test_lines_of_one_reply_have_one_code():
    """A yes that ends as a no is neither."""
    assert [code for code, _ in Replies().feed(b"250-yes\r\n550 no\r\n")] == [None]


def test_odd_bytes_and_bare_codes_are_still_replies():
    """Bytes that are no text are replaced, a code alone or a bare line feed is enough."""
    assert Replies().feed(b"550 \xff\xfe\r\n250\r\n354\n") == [(550, "\ufffd\ufffd"), (250, ""), (354, "")]


@pytest.mark.parametrize("flood", [b"2" * 1_000, b"250-" + b"x" * 996, b"250-more\r\n", b"250-" + b"x" * 900 + b"\r\n"])
def test_a_reply_without_an_end_is_cut_off(flood):
    """A server that talks on without ever finishing is given up after a few kilobytes, in a line or in lines."""
    reader, fed = Replies(), 0
    while not (found := reader.feed(flood)):
        fed += len(flood)
        assert fed <= max(LONGEST_LINE, LONGEST_REPLY) * 2
    assert [code for code, _ in found] == [None]
