"""The preview page over a real outbox: what it shows, and what it keeps to itself."""

import asyncio
import re
import socket
from datetime import date
from email.message import EmailMessage

import httpx
import pytest
from fastapi import FastAPI

from newsletter.errors import ConfigurationError
from newsletter.mail.outbox import Outbox
from newsletter.mail.transport import Parcel
from newsletter.models import State
from subscribers.web.preview import PER_PAGE, make_app, serve

FRIDAY, THURSDAY = date(2026, 11, 20), date(2026, 11, 19)
HTML = (
    '<html><head><meta name="color-scheme" content="light dark"><style>@media (prefers-color-scheme: dark)'
    ' { p { color: white } }</style></head><body><script>alert(1)</script><p>Hello <a href="https://x.example">x</a></p>'
    "</body></html>"
)


def mail(subject="Twelve papers", to="Ann <ann@example.org>", html=HTML):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Paperboy <papers@example.org>", to, subject
    made["List-Unsubscribe"] = "<https://papers.example.org/u/abc>"
    made.set_content("Hello in text")
    if html:
        made.add_alternative(html, subtype="html")
    return made.as_bytes().replace(b"\n", b"\r\n")


@pytest.fixture
def outbox(tmp_path):
    """A folder to be filled by the real transport."""
    return tmp_path / "outbox"


def put(folder, key="ann", day=FRIDAY, **changes):
    async def run():
        async with Outbox(folder) as transport:
            return await transport.send(Parcel(key, "", "ann@example.org", mail(**changes), day, "t"))

    assert asyncio.run(run()).state is State.ACCEPTED


class Browser:
    """A browser on this machine."""

    def __init__(self, app: FastAPI):
        self.app = app

    def request(self, method: str, path: str, **options) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str, **options) -> httpx.Response:
        return self.request("GET", path, **options)


@pytest.fixture
def page(outbox):
    """The preview page over the outbox of the test."""
    return Browser(make_app(outbox))


def test_an_empty_outbox_says_how_to_fill_it(page):
    """Before the first run there is a way forward, not an error."""
    answer = page.get("/")
    assert answer.status_code == 200
    assert "make run" in answer.text


def test_the_list_shows_day_recipient_subject_and_size(page, outbox):
    """Newest day first; markup in a subject is text; the bar tells a mail too large for Gmail."""
    put(outbox, "early", THURSDAY, subject="Yesterday")
    put(outbox, "ann", subject="<b>Twelve</b>")
    put(outbox, "big", to="Bob <bob@example.org>", html="<p>x</p>" * 15_000)
    text = page.get("/").text
    assert text.index("Friday 20 November 2026") < text.index("Thursday 19 November 2026")
    assert "&lt;b&gt;Twelve&lt;/b&gt;" in text
    assert "Bob &lt;bob@example.org&gt;" in text
    assert re.search(r'class="gauge over".*?117 KB', text, re.DOTALL)
    assert 'href="/mail/2026-11-20/ann"' in text


def test_the_list_can_be_narrowed(page, outbox):
    """By day and by words of recipient or subject."""
    put(outbox, "early", THURSDAY, subject="Yesterday")
    put(outbox, "ann")
    put(outbox, "bob", to="Bob <bob@example.org>")
    assert "/2026-11-20/" not in page.get("/?day=2026-11-19").text
    found = page.get("/?find=BOB").text
    assert "/mail/2026-11-20/bob" in found
    assert "/mail/2026-11-20/ann" not in found
    assert "matches" in page.get("/?find=nobody").text


def test_a_long_list_has_pages(page, outbox):
    """Every message is on exactly one page."""
    keys = [f"k{number}" for number in range(PER_PAGE + 3)]
    for key in keys:
        put(outbox, key, html="")
    pages = [page.get(f"/?page={number}").text for number in (1, 2)]
    listed = [re.findall(r'href="/mail/2026-11-20/(\w+)"', text) for text in pages]
    assert [len(each) for each in listed] == [PER_PAGE, 3]
    assert sorted(listed[0] + listed[1]) == sorted(keys)


def test_a_mail_is_shown_at_both_widths_light_and_dark(page, outbox):
    """Two frames that let nothing run, each with the chosen shade; one alone on request."""
    put(outbox)
    text = page.get("/mail/2026-11-20/ann").text
    assert re.findall(r'<iframe sandbox="" src="([^"]+)"', text) == ["/mail/2026-11-20/ann/frame?shade=light"] * 2
    text = page.get("/mail/2026-11-20/ann?width=375&shade=dark").text
    assert re.findall(r'<iframe sandbox="" src="([^"]+)"', text) == ["/mail/2026-11-20/ann/frame?shade=dark"]


def test_text_headers_and_links_have_their_views(page, outbox):
    """The text part as it is, headers decoded and raw, every address of the HTML."""
    put(outbox, subject="Twelve cafés")
    assert "Hello in text" in page.get("/mail/2026-11-20/ann?part=text").text
    headers = page.get("/mail/2026-11-20/ann?part=headers").text
    assert "Twelve cafés" in headers
    assert "=?utf-8?" in headers
    assert "List-Unsubscribe" in headers
    assert "https://x.example" in page.get("/mail/2026-11-20/ann?part=links").text


def test_the_frame_lets_nothing_run_or_load(page, outbox):
    """The mail's HTML comes with a policy that forbids scripts, remote loads and framing elsewhere."""
    put(outbox)
    answer = page.get("/mail/2026-11-20/ann/frame?shade=dark")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "http" not in policy
    assert "@media (min-width: 0px)" in answer.text
    page_policy = page.get("/").headers["content-security-policy"]
    assert "frame-src 'self'" in page_policy
    assert "script" not in page_policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_file_itself_can_be_had(page, outbox):
    """Download gives the bytes as they were written."""
    put(outbox)
    answer = page.get("/mail/2026-11-20/ann/raw")
    assert answer.content == (outbox / "2026-11-20/ann.eml").read_bytes()
    assert answer.headers["content-disposition"] == 'attachment; filename="ann.eml"'


def test_neighbours_are_one_step_away(page, outbox):
    """Previous and next walk the day in the order of the list."""
    put(outbox, "a")
    put(outbox, "b")
    listed = re.findall(r'href="/mail/2026-11-20/(\w+)"', page.get("/").text)
    text = page.get(f"/mail/2026-11-20/{listed[0]}").text
    assert f'rel="next" href="/mail/2026-11-20/{listed[1]}' in text
    assert 'rel="prev"' not in text


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\xff", b"no mail", b"To: " + b"(" * 20_000 + b"\r\n\r\nx"],
    ids=["empty", "bytes", "text", "deep"],
)
def test_a_bad_file_is_shown_with_a_sentence(page, outbox, content):
    """A file that is no mail breaks neither the list nor its own page."""
    put(outbox)
    (outbox / "2026-11-20/bad.eml").write_bytes(content)
    assert page.get("/").status_code == 200
    for view in ("", "?part=text", "?part=headers", "?part=links", "/frame"):
        assert page.get(f"/mail/2026-11-20/bad{view}").status_code == 200
    if not content.startswith(b"To:"):
        assert "does not look like a mail" in page.get("/mail/2026-11-20/bad").text


@pytest.mark.parametrize(
    "path",
    [
        "/mail/2026-11-20/..%2F..%2Fsecret",
        "/mail/2026-11-20/%2e%2e%2f%2e%2e%2fsecret/raw",
        "/mail/2026-11-20/....%2F%2Fsecret/raw",
        "/mail/..%2F..%2Fetc/passwd",
        "/mail/2026-11-20/link",
        "/mail/2026-11-20/link/raw",
        "/mail/2026-11-20/%2Fetc%2Fpasswd",
        "/mail/2026-11-20/none",
        "/mail/2026-13-45/ann",
        "/mail/2026-11-20/ann%00/raw",
        "/nowhere",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_path_leaves_the_outbox(page, outbox, path):
    """Climbing, links out of the folder and unknown pages are one plain sentence."""
    put(outbox)
    (outbox.parent / "secret.eml").write_bytes(mail(subject="secret"))
    (outbox / "2026-11-20/link.eml").symlink_to(outbox.parent / "secret.eml")
    answer = page.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("..%2F", "").replace("message link", "")
    assert "Nothing here" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8025", "127.0.0.1.evil.example", ""])
def test_another_sites_name_is_turned_away(page, outbox, host):
    """A name that was pointed at this machine (DNS rebinding) reads nothing."""
    put(outbox)
    answer = page.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "ann@example.org" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8025", "localhost:8025", "localhost"])
def test_this_machines_names_are_let_in(page, host):
    """With or without a port."""
    assert page.get("/", headers={"Host": host}).status_code == 200


def test_nothing_can_be_changed(page, outbox):
    """The page only reads."""
    put(outbox)
    for method in ("POST", "PUT", "DELETE"):
        assert page.request(method, "/mail/2026-11-20/ann").status_code == 405


def test_a_taken_port_is_a_sentence(outbox):
    """Two previews at once: the second says what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigurationError, match="PAPERBOY_PREVIEW_PORT"):
            serve(outbox, taken.getsockname()[1], open_browser=False)
