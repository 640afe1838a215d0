"""A mail's bytes as a person reads them: headers, text, HTML, links; pure, and never surprised by a broken mail."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as policy
from html.parser import HTMLParser

GMAIL_CLIPS_AT = 102 * 1024
"""Bytes of HTML after which Gmail shows the rest only on request."""

CLOSE_TO_IT = 80 * 1024  # our own budget: a relay may lengthen links

_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)", re.IGNORECASE)
_SCHEME = re.compile(r"color-scheme", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"  # media features that say the same everywhere
_STRANGE = (LookupError, ValueError, RecursionError, AttributeError, TypeError, AssertionError)
"""What the standard library raises on mails that are none."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header as it stands in the file, and as a mail program shows it."""

    name: str
    raw: str
    shown: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the HTML part."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail taken apart; what it lacks is empty, what could not be read is said in `troubles`."""

    headers: tuple[Header, ...]
    text: str
    html: str
    html_size: int  # bytes of the HTML as a mail program has it
    troubles: tuple[str, ...]

    def header(self, name: str) -> str:
        """The first header of that name as it is shown; empty where there is none."""
        return next((each.shown for each in self.headers if each.name.lower() == name.lower()), "")


def read(content: bytes) -> Reading:
    """Take a mail apart."""
    try:
        mail = message_from_bytes(content, policy=policy)
        headers = tuple(_header(name, str(raw)) for name, raw in mail.raw_items())
    except _STRANGE:
        return Reading((), "", "", 0, ("This file cannot be read as a mail.",))
    troubles = []
    if not any(each.name.lower() in {"from", "subject", "to"} for each in headers):
        troubles.append("This file does not look like a mail: it has no From, To or Subject.")
    text, html, size = "", "", 0
    for kind in ("plain", "html"):
        try:
            payload, decoded = _part(mail, kind)
        except _STRANGE:
            troubles.append(f"The {kind.replace('plain', 'text').replace('html', 'HTML')} part cannot be decoded.")
            continue
        if kind == "plain":
            text = decoded
        else:
            html, size = decoded, len(payload)
    if not text and not html and not troubles:
        troubles.append("This mail has neither a text nor an HTML part.")
    return Reading(headers, text, html, size, tuple(troubles))


def _part(mail: EmailMessage, kind: str) -> tuple[bytes, str]:
    for part in mail.walk():
        if part.get_content_type() == f"text/{kind}" and not part.is_multipart():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload, payload.decode(part.get_content_charset("utf-8"), "replace")
    return b"", ""


def _header(name: str, raw: str) -> Header:
    raw = raw.encode("utf-8", "replace").decode()
    try:
        shown = str(make_header(decode_header(re.sub(r"[\r\n]+\s*", " ", raw))))
    except _STRANGE:
        shown = raw
    return Header(name.encode("utf-8", "replace").decode(), raw, shown.encode("utf-8", "replace").decode())


def shaded(html: str, *, dark: bool) -> str:
    """The HTML as in a dark or a light mail program, whatever the browser prefers; links open nothing by themselves.

    A frame follows the browser's own preference, so the question "does the reader prefer dark?" is answered in the
    mail's style sheet before the browser asks.
    """
    scheme = "dark" if dark else "light"
    declares = _SCHEME.search(html) is not None
    html = _DARK.sub(_ALWAYS if dark else _NEVER, html)
    html = _LIGHT.sub(_NEVER if dark else _ALWAYS, html)
    # In a sandbox that allows no new window, a link to a new window stays where it is.
    added = '<base target="_blank">'
    if declares:
        added += f"<style>:root {{ color-scheme: only {scheme} !important; }}</style>"
    head = _HEAD.search(html)
    if head is None:
        return added + html
    return html[: head.end()] + added + html[head.end() :]


def links(html: str) -> tuple[Link, ...]:
    """Every link of the HTML with its words, in order, each address once."""
    parser = _Links()
    try:
        parser.feed(html)
        parser.close()
    except _STRANGE:
        pass  # what was found so far is shown
    found: dict[str, Link] = {}
    for url, words in parser.found:
        found.setdefault(url, Link(" ".join("".join(words).split()), url))
    return tuple(found.values())


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            url = dict(attrs).get("href")
            self._inside = bool(url)
            if url:
                self.found.append((url, []))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1][1].append(data)
