"""What commands open: the settings, the clock, the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from newsletter.errors import ConfigurationError, PaperboyError

if TYPE_CHECKING:
    from newsletter.database import Database
    from newsletter.settings import Settings

DAY_FORMATS = ["%Y-%m-%d"]
"""How a day is written on the command line."""


def settings() -> "Settings":
    """The settings in force.

    Raises:
        ConfigurationError: one of them is wrong.

    """
    from newsletter.settings import load

    return load()


def now() -> datetime:
    """This instant; only doors read the clock."""
    return datetime.now(UTC)


def day_of(asked: datetime | None) -> date | None:
    """The day that was written on the command line.

    Raises:
        PaperboyError: it has not come yet.

    """
    if asked is None:
        return None
    day = asked.date()
    if day > now().date():
        raise PaperboyError(f"day ({day}): it has not come yet; name today (UTC) or an earlier one")
    return day


@contextmanager
def database(chosen: "Settings") -> Iterator["Database"]:
    """The database, refused where its schema is not this version's.

    Raises:
        ConfigurationError: the schema is missing, old or newer; the sentence names the command that mends it.

    """
    with unchecked(chosen) as opened:
        opened.check()
        yield opened


@contextmanager
def unchecked(chosen: "Settings") -> Iterator["Database"]:
    """The database whatever its schema, for the commands that make one.

    Raises:
        ConfigurationError: its folder cannot be made.

    """
    from newsletter.database import Database

    try:
        opened = Database(chosen.url)
    except OSError as error:
        raise ConfigurationError(
            f"database ({chosen.url}): its folder cannot be made: {error.strerror}; check PAPERBOY_DATA_DIR"
        ) from error
    try:
        yield opened
    finally:
        opened.close()


def address_key(text: str) -> str:
    """An address in the form in which people are told apart.

    Raises:
        PaperboyError: it is no address.

    """
    from subscribers import addresses

    try:
        return addresses.fold(text)
    except ValueError as error:
        raise PaperboyError(f"address: {error}") from error


def trouble_of_the_database(error: Exception) -> str | None:
    """One sentence where the database is full, locked or closed for writing; None where it is something else."""
    if not type(error).__module__.startswith("sqlalchemy."):
        return None  # told without the import, which takes its time
    from newsletter.database import in_words

    return in_words(error)
