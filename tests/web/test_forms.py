"""Forms as strangers send them."""

import asyncio
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from subscribers.web import forms
from subscribers.web.forms import Form, parse

URL_ENCODED = "application/x-www-form-urlencoded"
names = st.text(st.characters(codec="utf-8", exclude_characters='"\\\r\n\0'), min_size=1, max_size=10)
words = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=30)
fields = st.lists(st.tuples(names, words), max_size=8)


def multipart(pairs, edge="an-edge-of-ours"):
    part = '--{}\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return ("".join(part.format(edge, name, value) for name, value in pairs) + f"--{edge}--\r\n").encode()


@given(fields)
def test_what_a_browser_sends_comes_back(pairs):
    """In order, empty values too, whichever of the two encodings it chose."""
    told = tuple(pairs)

    assert parse(URL_ENCODED, urlencode(pairs).encode()).fields == told
    assert parse("multipart/form-data; boundary=an-edge-of-ours", multipart(pairs)).fields == told


@given(st.one_of(st.just(URL_ENCODED), st.text(max_size=40), st.just("multipart/form-data; boundary=x")), st.binary())
def test_any_bytes_are_a_form_or_none(kind, body):
    """Nothing but text without NUL comes out, and nothing is raised."""
    form = parse(kind, body)

    assert "\0" not in "".join(name + value for name, value in form.fields)
    assert form.get("no such field", "else") in {"else", *dict(form.fields).values()}


def test_a_file_is_bytes_and_its_name_is_not_looked_at():
    """What a file is called is the stranger's; the field's name is ours."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../etc/passwd"\r\n'
        b"Content-Type: text/plain\r\n\r\n\0\xff\r\nbytes\r\n--x\r\n"
        b'content-disposition: form-data; name="word"\r\n\r\ntext\r\n--x--\r\n'
    )
    form = parse('multipart/form-data; boundary="x"', body)

    assert form == Form((("word", "text"),), {"file": b"\0\xff\r\nbytes"})


def test_ticked_boxes_share_a_name():
    """All of them, the first, and whether there is one."""
    form = parse(URL_ENCODED, b"topic=a&topic=b&none=")

    assert form.all("topic") == ("a", "b")
    assert form.get("topic") == "a"
    assert "none" in form
    assert "other" not in form


def trickling(*pieces):
    """A request whose body stops coming without an end."""
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]

    async def receive():
        if waiting:
            return waiting.pop(0)
        return await asyncio.Future()

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


def test_a_form_that_never_ends_is_given_up():
    """408, and the connection is free again."""
    with pytest.raises(HTTPException) as given_up:
        asyncio.run(forms.read(trickling(b"address="), patience=0.05))

    assert given_up.value.status_code == 408


def test_of_a_one_click_that_stalls_what_came_counts():
    """A provider's POST unsubscribes even where its end is lost on the way."""
    body = asyncio.run(forms.beginning(trickling(b"List-Unsub", b"scribe=One-Click"), 4_096, patience=0.05))

    assert body == b"List-Unsubscribe=One-Click"
