"""A reader's browser before the whole house: the real site and steps, and headless Chromium driven by Playwright."""

import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from flows import wiring
from newsletter.database import Database
from newsletter.reports import RunReport
from newsletter.settings import Settings
from newsletter.sources import Capture
from newsletter.steps.notices import send_notices
from subscribers.web.app import create_app
from subscribers.web.frame import Frame
from tests.browser.reading import Mail, read
from tests.browser.tls import certificate
from tests.steps.conftest import FRIDAY, Newsroom

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SWITCHES = (
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class House(Newsroom):
    """The newsroom with its doors: mail with real links, and the site on a port of its own, on one clock."""

    def __init__(self, database: Database, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        site = f"https://127.0.0.1:{port}"
        settings = Settings(
            data_dir=folder,
            list_name="Morning Papers",
            sender="Morning Papers <papers@example.org>",
            samples="never",
            site_url=site,
            site_port=port,
        )
        super().__init__(database, settings)
        self.site, self.today, self.hour = site, FRIDAY, 12
        self.shop = wiring.Shop(settings, database)
        frame = Frame(database, settings, (wiring.secret(settings),), self.clock, self.send_notices)
        self.certificate, key = certificate(folder / "tls")
        config = uvicorn.Config(
            create_app(frame),
            port=port,
            log_level="warning",
            access_log=False,
            ssl_certfile=self.certificate,
            ssl_keyfile=key,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def clock(self) -> datetime:
        """The house's only clock."""
        return datetime(self.today.year, self.today.month, self.today.day, self.hour, tzinfo=UTC)

    def post(self, run: str, day: date = FRIDAY, hour: int = 12):
        """What delivering needs, as the doors wire it."""
        return replace(self.shop.post(run), clock=lambda: datetime(day.year, day.month, day.day, hour, tzinfo=UTC))

    def run(self, *captures: Capture, day: date = FRIDAY, run: str = "") -> RunReport:
        """A whole run, in a thread of its own: Playwright has this one's event loop."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(super().run, *captures, day=day, run=run).result()

    def send_notices(self) -> None:
        """What the site's postman does when it is woken."""
        send_notices(replace(self.shop.notices(), clock=self.clock))

    def mails_to(self, address: str) -> list[Mail]:
        """What is in somebody's inbox, the oldest first."""
        found = [read(path) for path in self.mails]
        ours = [mail for mail in found if address in mail.to]
        return sorted(ours, key=lambda mail: mail.path.stat().st_mtime_ns)

    def ask(self, path: str) -> Any:
        """The JSON at a path of the site."""
        answer = httpx.get(self.site + path, verify=ssl.create_default_context(cafile=self.certificate))
        return answer.raise_for_status().json()

    def open(self) -> None:
        """Serve."""
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            self._thread.join(0.02)

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture
def database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: what the pages hold and do is tested on both."""
    path = tmp_path / "paperboy.db"
    shutil.copyfile(migrated_file, path)
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    """A house with an edition every day, and its site open."""
    made = House(database, tmp_path / "var")
    made.open()
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; closed with the module, for while it is open Playwright's event loop has the thread."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed here (apt install chromium)")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES)) as started,
    ):
        yield started


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where screenshots go: `--pictures FOLDER` keeps them."""
    chosen = request.config.getoption("--pictures")
    folder = Path(chosen) / re.sub(r".*\[(.*)\]", r"\1", request.node.name) if chosen else tmp_path / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Visitor:
    """One reader at one screen: goes to pages, and has each looked at by axe-core."""

    def __init__(self, page: Page, pictures: Path, *, scripts: bool) -> None:
        self.page, self.pictures, self.scripts = page, pictures, scripts
        self.asked: list[str] = []
        self.seen = 0
        page.on("request", lambda request: self.asked.append(request.url))

    def go(self, address: str) -> None:
        """Open an address."""
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address}: {answer.status}"

    def open_mail(self, mail: Mail) -> None:
        """Show the HTML part, apart from the site and its content policy."""
        self.page.goto("about:blank")
        self.page.set_content(mail.html)

    def press(self, words: str) -> None:
        """Press the button, or follow the link, that says so; and wait for the page."""
        found = self.page.get_by_role("button", name=words)
        (found if found.count() else self.page.get_by_role("link", name=words)).first.click()
        self.page.wait_for_load_state()

    def says(self, words: str) -> None:
        """The page says these words."""
        text = " ".join(self.page.inner_text("body").split())
        assert words.casefold() in text.casefold(), f"{words!r} is not in: {text[:2000]}"

    def look(self, name: str) -> None:
        """A picture of the whole page, light and dark; axe-core finds nothing serious in either, and it fits the screen."""
        self.seen += 1
        for shade in ("light", "dark"):
            self.page.emulate_media(color_scheme=shade)
            self.page.screenshot(path=self.pictures / f"{self.seen:02}-{name}-{shade}.png", full_page=True)
            if self.scripts:
                found = Axe().run(self.page).response["violations"]
                serious = [
                    f"{one['id']}: {one['nodes'][0]['html'][:300]}"
                    for one in found
                    if one["impact"] in {"serious", "critical"}
                ]
                assert serious == [], f"{name}, {shade}"
        if self.scripts:
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name}: {wide} px wider than the screen"


@pytest.fixture
def visit(browser: Browser, pictures: Path) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with a browser of their own that keeps nothing."""
    contexts = []

    def made(*, width: int = 1000, scripts: bool = True) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts, ignore_https_errors=True
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return Visitor(context.new_page(), pictures, scripts=scripts)

    yield made
    for context in contexts:
        context.close()
