"""What every page of the readers' site stands in: its data, its look, its links, and what a browser is told of it.

A page module has `def router(frame: Frame) -> APIRouter`; its handlers are plain functions, which run in a thread each.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from mimetypes import guess_type
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from newsletter.database import Database
from newsletter.settings import Settings
from newsletter.steps.house import House
from subscribers import houses, tokens
from subscribers.tokens import Purpose
from subscribers.web import forms
from subscribers.web.forms import Form

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "web"
PUBLIC_AGE = 300
"""Seconds for which a public page may be shown without asking again."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the pages need."""

    database: Database
    settings: Settings
    keys: Sequence[str]  # that sign links; the last one signs, all are believed
    clock: Callable[[], datetime]
    wake: Callable[[], None]  # mail waits to be sent

    # ---- answers ---------------------------------------------------------------------------------------------------

    def page(
        self, template: str, status: int = 200, *, public: bool = False, age: int = PUBLIC_AGE, **values: Any
    ) -> Response:
        """A page: private unless said otherwise, that is for this reader alone, kept and indexed nowhere.

        Templates extend `site_base.html` and have `list_name`, `link(path)` for links within the site, `url(path)` for
        whole addresses, and `static(name)` for a file of `templates/web/static`. A public page has an ETag and may be
        kept for `age` seconds.
        """
        html = (
            templates()
            .get_template(template)
            .render(list_name=self.settings.list_name, link=self.link, url=self.url, static=self.static, **values)
        )
        return self.public(HTMLResponse(html, status), age=age) if public else HTMLResponse(html, status)

    @staticmethod
    def public(answer: Response, *, age: int = PUBLIC_AGE) -> Response:
        """An answer that anybody may see and keep for a while: its ETag, so that asking again costs nothing."""
        answer.headers["Cache-Control"] = f"public, max-age={age}"
        answer.headers["ETag"] = f'W/"{hashlib.blake2b(bytes(answer.body), digest_size=12).hexdigest()}"'
        answer.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        answer.headers["X-Robots-Tag"] = "all"
        return answer

    # ---- addresses -------------------------------------------------------------------------------------------------

    @property
    def base(self) -> str:
        """The site's address without a slash at its end."""
        return self.settings.site or f"http://127.0.0.1:{self.settings.site_port}"

    def url(self, path: str) -> str:
        """The whole address of a path such as `/editions`: for feeds, mails and Open Graph."""
        return self.base + path

    def link(self, path: str) -> str:
        """The address of a path within the site, which may live in a folder of its domain."""
        return urlsplit(self.base).path + path

    def static(self, name: str) -> str:
        """The address of a file of `templates/web/static`; it changes with the file, so it may be kept for ever.

        Raises:
            KeyError: there is no such file.

        """
        return self.link(f"/static/{static_files()[name].digest}/{name}")

    @property
    def house(self) -> House:
        """What the short mails that a page causes need to know."""
        return houses.house(self.settings, keys=self.keys, site=self.settings.site)

    def sign(self, purpose: Purpose, value: str) -> str:
        """An untimed link's token."""
        return tokens.sign(purpose, value, keys=self.keys)

    def read(self, purpose: Purpose, token: str) -> str:
        """The value of an untimed token.

        Raises:
            LinkInvalid: not ours, not for this purpose, cut or changed; the reader gets a plain page.

        """
        return tokens.read(purpose, token, keys=self.keys)

    # ---- what came in ----------------------------------------------------------------------------------------------

    @staticmethod
    async def form(request: Request) -> Form:
        """The form of a POST, at most 256 KB; for a handler: `form: Annotated[Form, Depends(frame.form)]`.

        Raises:
            HTTPException: it is too long, does not arrive, or is none.

        """
        return await forms.read(request)

    @staticmethod
    def network(request: Request) -> str:
        """The network of whoever asks, `203.0.113.0/24` or `2001:db8:1:2::/64`; empty where it is not known.

        The server believes a proxy about the address only where PAPERBOY_SITE_PROXIES names the proxy.
        """
        return network_of(request.client.host if request.client else "")


def network_of(host: str) -> str:
    """The network that is one household or one office: /24 of IPv4, /64 of IPv6; empty where it is no address."""
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]  # some proxies add the port
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


# ---- templates and files ---------------------------------------------------------------------------------------------


@cache
def templates() -> Environment:
    """The site's templates; a misspelt name is an error, not a blank."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["day"] = lambda day: f"{day:%A} {day.day} {day:%B %Y}"
    made.filters["shortday"] = lambda day: f"{day.day} {day:%B %Y}"
    return made


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that pages load."""

    content: bytes
    kind: str  # its media type
    digest: str  # of its content, part of its address


@cache
def static_files() -> Mapping[str, StaticFile]:
    """The files of `templates/web/static` by name, read once."""
    found = {}
    for path in sorted((FOLDER / "static").iterdir()):
        content = path.read_bytes()
        kind = guess_type(path.name)[0] or "application/octet-stream"
        found[path.name] = StaticFile(content, kind, hashlib.blake2b(content, digest_size=8).hexdigest())
    return MappingProxyType(found)
