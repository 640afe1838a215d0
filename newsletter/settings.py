"""The only reader of the environment: `PAPERBOY_*` variables, or the same names in a file `.env`."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from newsletter.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: templates, the roster and `var/` are found from here, whatever the working directory."""


class Settings(BaseSettings):
    """Every setting with its default; relative paths are relative to the checkout."""

    model_config = SettingsConfigDict(env_prefix="PAPERBOY_", extra="ignore", frozen=True)

    # where things are kept
    data_dir: Path = Field(Path("var"), description="Database, outbox, caches and payloads live here.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite in the data directory.")
    roster: Path = Field(Path("subscribers/roster.yaml"), description="The YAML file of topics and subscribers.")

    # papers in
    sources: Annotated[tuple[str, ...], NoDecode] = Field(
        ("huggingface", "arxiv"), description="Sources to list, by name, separated by commas."
    )
    arxiv_categories: Annotated[tuple[str, ...], NoDecode] = Field(
        ("cs.AI", "cs.CL", "cs.CV", "cs.LG"), description="arXiv categories to list, separated by commas."
    )
    huggingface_trending: bool = Field(True, description="Also read Hugging Face's undated trending page.")
    catch_up_days: int = Field(7, ge=0, le=60, description="How many missed days a late run fetches again.")
    contact: str = Field("", description="Address or URL put in the User-Agent, so that sources can reach you.")
    samples: Literal["auto", "never", "always"] = Field(
        "auto",
        description="Sample listings: auto uses them until a live listing was reached, and only with the outbox.",
    )

    # choosing
    edition_hour: int = Field(6, ge=0, le=23, description="UTC hour from which a scheduled run composes the edition.")

    # mail out
    transport: Literal["outbox", "smtp"] = Field("outbox", description="outbox writes .eml files; smtp sends.")
    sender: str = Field("Paperboy <papers@localhost>", description="From: name and address.")
    return_path: str = Field("", description="Envelope sender; empty means the From address.")
    bounce_address: str = Field(
        "", description="Address that bounces come back to, each delivery with a signed part of its own; empty: off."
    )
    list_name: str = Field("Paperboy", description="The newsletter's name in subjects, headers and pages.")
    list_host: str = Field("paperboy.localhost", description="Domain of List-Id and Message-ID.")
    site_url: str = Field("", description="Public https address of the readers' site; empty: links by mail only.")
    postal_address: str = Field("", description="Postal address shown in the footer, where the law wants one.")
    smtp_host: str = Field("localhost", description="SMTP server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="SMTP port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls is required when chosen: mail never falls back to clear text."
    )
    smtp_user: str = Field("", description="SMTP login; empty means none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="SMTP password.")
    smtp_connections: int = Field(4, ge=1, le=64, description="Connections kept open while delivering.")
    smtp_pipelining: bool = Field(
        True, description="Use PIPELINING and CHUNKING where the server offers them; false: one command at a time."
    )
    rate: float = Field(10, ge=0, allow_inf_nan=False, description="Mails a second, at most; 0: no limit.")
    domain_rate: float = Field(
        0,
        ge=0,
        allow_inf_nan=False,
        description="Mails a second to one recipient domain, at most; 0: no limit of its own.",
    )
    dkim_domain: str = Field("", description="Domain of our DKIM signatures; empty: not signed here, the relay does.")
    dkim_selector: str = Field("", description="Name of the RSA key under _domainkey.")
    dkim_key: str = Field("", description="File of the RSA private key, PEM.")
    dkim_ed25519_selector: str = Field("", description="Name of the Ed25519 key of a second signature.")
    dkim_ed25519_key: str = Field("", description="File of the Ed25519 private key, PEM.")
    delivery_expiry_hours: int = Field(24, ge=1, le=168, description="A delivery not accepted by then expires.")

    # mail in
    inbox_address: str = Field(
        "", description="Address readers write to; a confirmation's answers come to it with a signed part; empty: off."
    )
    inbox_host: str = Field("", description="IMAP server of its mailbox; empty: none is read by IMAP.")
    inbox_port: int = Field(993, ge=1, le=65535, description="IMAP port.")
    inbox_security: Literal["tls", "starttls", "none"] = Field(
        "tls", description="tls from the start, or starttls: a password never goes in clear text by itself."
    )
    inbox_user: str = Field("", description="IMAP login; empty means the address.")
    inbox_password: SecretStr = Field(SecretStr(""), description="IMAP password.")
    inbox_folder: str = Field("INBOX", description="IMAP folder that is read.")
    inbox_maildir: str = Field("", description="A Maildir that is read; empty: none.")
    inbox_done: str = Field("", description="Folder for mail that was dealt with; empty: it stays, marked as read.")
    inbox_aside: str = Field("", description="Folder for mail left to the operator; empty: it stays, unread.")
    inbox_lmtp: str = Field(
        "127.0.0.1:8024", description="Where `paperboy lmtp` listens: a port here, or a socket's path."
    )

    # doors
    secret: SecretStr = Field(
        SecretStr(""), description="Key that signs links; empty means one made once and kept in the data directory."
    )
    old_secrets: SecretStr = Field(
        SecretStr(""), description="Keys that signed before, separated by commas: links in old mails still work."
    )
    prefect_port: int = Field(4200, ge=1, le=65535, description="Port of the Prefect server and UI.")
    prefect_database_url: SecretStr = Field(
        SecretStr(""),
        description="Prefect's own database, postgresql+asyncpg://…; empty means SQLite in the data directory.",
    )
    site_port: int = Field(
        8080, ge=0, le=65535, description="Port of the readers' site on 127.0.0.1; 0: `paperboy serve` serves none."
    )
    site_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1",), description="Addresses of proxies whose X-Forwarded-For is believed, separated by commas."
    )
    preview_port: int = Field(8025, ge=0, le=65535, description="Port of the preview page; 0 picks a free one.")

    @field_validator("sources", "arxiv_categories", "site_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Commas in the environment, tuples in code."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("data_dir", "roster", mode="after")
    @classmethod
    def _from_checkout(cls, value: Path) -> Path:
        """A relative path means the checkout, not wherever the command was started."""
        return value if value.is_absolute() else ROOT / value

    @model_validator(mode="after")
    def _possible(self) -> "Settings":
        """Impossible combinations are refused at the door, with a sentence."""
        if not self.sources:
            raise ValueError("PAPERBOY_SOURCES names no source; name at least one, such as huggingface")
        if self.site_url and not self.site_url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            raise ValueError(f"PAPERBOY_SITE_URL is {self.site_url!r}; one-click links need https://")
        _check_room("PAPERBOY_BOUNCE_ADDRESS", self.bounce_address, "bounces@example.org")
        _check_room("PAPERBOY_INBOX_ADDRESS", self.inbox_address, "papers@example.org")
        if self.transport == "smtp" and self.sender.endswith("@localhost>"):
            raise ValueError("PAPERBOY_TRANSPORT is smtp but PAPERBOY_SENDER is not set; set the From address")
        if self.dkim_domain and not (self.dkim_selector and self.dkim_key):
            raise ValueError(
                "PAPERBOY_DKIM_DOMAIN is set but not PAPERBOY_DKIM_SELECTOR and PAPERBOY_DKIM_KEY; "
                "set both, or unset the domain to let the relay sign"
            )
        if bool(self.dkim_ed25519_selector) is not bool(self.dkim_ed25519_key):
            raise ValueError("PAPERBOY_DKIM_ED25519_SELECTOR and PAPERBOY_DKIM_ED25519_KEY belong together; set both")
        return self

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'paperboy.db'}"

    @property
    def site(self) -> str:
        """Where readers find the site, without a slash at its end; empty where they do not.

        Mails of the outbox stay on this machine, so that there it is the address on this machine.
        """
        local = f"http://127.0.0.1:{self.site_port}" if self.site_port and self.transport == "outbox" else ""
        return self.site_url.rstrip("/") or local

    @property
    def outbox_dir(self) -> Path:
        """Where the outbox transport writes."""
        return self.data_dir / "outbox"

    @property
    def cache_dir(self) -> Path:
        """What can be made again: HTTP answers, fitted features."""
        return self.data_dir / "cache"

    @property
    def payload_dir(self) -> Path:
        """Answers of sources that could not be understood, kept for the operator."""
        return self.data_dir / "payloads"


def _check_room(setting: str, address: str, example: str) -> None:
    """Room for the signed part: a local part has 64 characters, and ours takes 43 with its plus."""
    local, _, host = address.partition("@")
    if address and not (re.fullmatch(r"[A-Za-z0-9._-]{1,21}", local) and re.fullmatch(r"[A-Za-z0-9.-]+", host)):
        raise ValueError(
            f"{setting} is {address!r}; write a plain address such as {example}, "
            "with at most 21 letters, digits, dots or hyphens before the @"
        )


def load(**overrides: object) -> Settings:
    """Settings from the environment, `.env` and overrides.

    Raises:
        ConfigurationError: a value is wrong; the sentence names the variable.

    """
    try:
        return Settings(_env_file=ROOT / ".env", **overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "PAPERBOY_" + str(problem["loc"][0]).upper() if problem["loc"] else "settings"
            lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
        raise ConfigurationError("; ".join(lines)) from error


def origins(settings: Settings) -> dict[str, str]:
    """Where each setting comes from: the environment, the file `.env`, or its default."""
    given = {name.upper() for name in os.environ}
    found = {}
    for name in type(settings).model_fields:
        by = "environment" if f"PAPERBOY_{name}".upper() in given else ".env"
        found[name] = by if name in settings.model_fields_set else "default"
    return found


def inherited() -> dict[str, str]:
    """The environment a child process starts from: ours, without `PREFECT_*`, which Paperboy alone decides."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def exported(settings: Settings) -> dict[str, str]:
    """The settings that differ from their defaults as `PAPERBOY_*` variables, so that a child process has the same.

    Secrets are left out: the child finds them where this process did.
    """
    variables = {}
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        if not isinstance(value, SecretStr):
            variables[f"PAPERBOY_{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
    return variables
