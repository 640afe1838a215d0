"""The readers' site over a real database, and whoever visits it: a browser, a mailbox provider, a link scanner."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from newsletter.database import Database
from newsletter.schema import metadata
from newsletter.settings import Settings
from subscribers import roster, service, tokens
from subscribers.models import KnownSubscriber
from subscribers.tokens import Purpose
from subscribers.web.app import create_app
from subscribers.web.frame import Frame

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
KEYS = ("the key of these tests",)
BASE = "https://papers.example.org"
ADDRESS = "reader@example.org"


@dataclass
class Site:
    """The site over a database, with a clock that a test can move, and how often the postman was woken."""

    database: Database
    settings: Settings = field(default_factory=lambda: Settings(list_name="Morning Papers", site_url=BASE))
    now: datetime = NOW
    woken: int = 0

    def __post_init__(self) -> None:
        self.frame = Frame(self.database, self.settings, KEYS, lambda: self.now, self._wake)
        self.app: FastAPI = create_app(self.frame)

    def _wake(self) -> None:
        self.woken += 1

    def ask(self, method: str, path: str, *, client: str = "203.0.113.7", **options) -> httpx.Response:
        """One request without cookies, from an address; no redirect is followed."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(client, 4711))
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as browser:
                return await browser.request(method, path, **options)

        return asyncio.run(asked())

    def get(self, path: str, **options) -> httpx.Response:
        """Open a page."""
        return self.ask("GET", path, **options)

    def post(self, path: str, data: dict | None = None, **options) -> httpx.Response:
        """Press a button of a page."""
        return self.ask("POST", path, data=data, **options)

    def subscribe(self, *addresses: str) -> list[KnownSubscriber]:
        """Active readers by the roster."""
        people = "".join(f"  - address: {address}\n" for address in addresses)
        service.apply_roster(self.database, roster.parse(f"subscribers:\n{people}", path="r.yaml"), now=self.now)
        return [self.known(address) for address in addresses]

    def known(self, address: str = ADDRESS) -> KnownSubscriber:
        """A reader as the database has them now."""
        with self.database.read() as tx:
            found = service.find(tx, address)
        assert found is not None
        return found

    def link(self, known: KnownSubscriber, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
        """The path of one of a reader's links."""
        return f"/{purpose}/{tokens.sign(purpose, known.token, keys=KEYS)}"

    def rows(self) -> str:
        """Everything in the database, in words: to see that nothing has changed."""
        with self.database.read() as tx:
            return json.dumps(
                {table.name: sorted(map(str, tx.execute(select(table)))) for table in metadata.tables.values()}
            )


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[-1])).split())
