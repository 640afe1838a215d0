"""The engine, `with database.begin() as tx`, and the schema's version."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool

from newsletter.errors import ConfigurationError
from newsletter.turns import in_turn

Transaction = Connection
"""The first argument of every query: a connection inside a transaction."""

_TROUBLE = {
    "SQLITE_FULL": "make room on its disk",
    "SQLITE_READONLY": "let its file and its folder be written",
    "SQLITE_BUSY": "end the program that holds it",
    "SQLITE_IOERR": "look after its disk",
    "53100": "make room on its disk",
    "53": "give it more room or fewer clients",
    "25006": "let it be written to, for now it only answers",
    "57P": "wait until it is up",
    "55P03": "end the program that holds it",
}
"""What to do, by how the database's code for an error begins."""

_SQLITE = {"timeout": 60, "check_same_thread": False}

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One SQLite file or PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._reading = _reader(self.engine)

    @property
    def dialect(self) -> str:
        """Name of the dialect: sqlite or postgresql."""
        return self.engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        with self._turn(), self.engine.begin() as tx:
            yield tx

    def _turn(self) -> AbstractContextManager[None]:
        file = self.engine.url.database
        return in_turn(file) if file and self.dialect == "sqlite" else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that only reads: one state of the database from its first query on, and no wait for a writer.

        Raises:
            DBAPIError: from whatever writes in it.

        """
        with self._reading.begin() as tx:
            yield tx

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._reading.dispose()

    # ---- schema ----------------------------------------------------------------------------------------------------

    def revision(self) -> str | None:
        """The schema revision of this database; None when it is empty."""
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def migrate(self) -> None:
        """Bring the schema to the newest revision; harmless when it is there already."""
        with self.engine.begin() as tx:
            command.upgrade(_alembic(tx), "head")

    def check(self) -> None:
        """Refuse a schema that is not this version's.

        Raises:
            ConfigurationError: the schema is missing, old or newer; the sentence names the command that mends it.

        """
        try:
            have = self.revision()
        except DBAPIError as error:
            raise ConfigurationError(
                f"database ({self.shown_url}): cannot be opened: {error.orig}; check PAPERBOY_DATABASE_URL"
            ) from error
        want = head()
        if have == want:
            return
        known = {script.revision for script in ScriptDirectory.from_config(_alembic(None)).walk_revisions()}
        if have is not None and have not in known:
            raise ConfigurationError(
                f"database ({self.shown_url}): its schema {have} is newer than this Paperboy; install the newer version"
            )
        state = "is empty" if have is None else f"has the old schema {have}"
        raise ConfigurationError(f"database ({self.shown_url}): it {state}; run `paperboy migrate`")

    @property
    def shown_url(self) -> str:
        """The URL with its password hidden."""
        return self.engine.url.render_as_string(hide_password=True)


def head() -> str:
    """The newest schema revision this version knows."""
    revision = ScriptDirectory.from_config(_alembic(None)).get_current_head()
    assert revision is not None, "migrations are shipped with the package"
    return revision


def in_words(error: BaseException) -> str | None:
    """One sentence for trouble of the database itself that an operator can mend; None for any other error."""
    if not isinstance(error, DBAPIError):
        return None
    said: Any = error.orig.args[0] if error.orig is not None and error.orig.args else error.orig
    if isinstance(said, dict):  # PostgreSQL's fields: SQLSTATE and message
        code, words = str(said.get("C", "")), str(said.get("M", ""))
    else:
        code, words = str(getattr(error.orig, "sqlite_errorname", "")), str(said)
    mend = next((what for start, what in _TROUBLE.items() if code.startswith(start)), None)
    return mend and f"database: {words}; {mend}, then start again: what is queued stays queued"


def _alembic(tx: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = tx
    return config


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(
            "PAPERBOY_DATABASE_URL is no database URL; write sqlite:////path/file.db "
            "or postgresql://user:password@host/name"
        ) from error
    backend = parsed.get_backend_name()
    # Parameters are hidden: an error is logged and shown, and they hold addresses.
    if backend == "postgresql":
        engine = create_engine(_for_pg8000(parsed), poolclass=QueuePool, pool_pre_ping=True, hide_parameters=True)
    elif backend == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # Kept open: with the last connection SQLite puts its log away, and a transaction would pay for that each time.
        engine = create_engine(parsed, poolclass=QueuePool, hide_parameters=True, connect_args=_SQLITE)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    else:
        raise ConfigurationError(f"PAPERBOY_DATABASE_URL: {backend} is not supported; use sqlite or postgresql")
    return engine


def _reader(engine: Engine) -> Engine:
    """An engine of its own for reading: who waits there for the turn to write must not hold a reader's connection."""
    room: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 10, "max_overflow": 30, "hide_parameters": True}
    if engine.dialect.name == "postgresql":
        reading = create_engine(engine.url, pool_pre_ping=True, **room)
        event.listen(reading, "connect", _prepare_postgresql_reader)
    else:
        reading = create_engine(engine.url, connect_args=_SQLITE, **room)
        event.listen(reading, "connect", _prepare_sqlite_reader)
        event.listen(reading, "begin", _begin_deferred)
    return reading


def _for_pg8000(url: URL) -> URL:
    """The usual `?host=/folder` of a server behind a Unix socket, in the words of this driver."""
    url = url.set(drivername="postgresql+pg8000")
    folder = url.query.get("host")
    if isinstance(folder, str) and folder.startswith("/"):
        url = url.difference_update_query(["host"]).update_query_dict(
            {"unix_sock": f"{folder}/.s.PGSQL.{url.port or 5432}"}
        )
    return url


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # We send BEGIN ourselves, so that a transaction takes the write lock at its start instead of failing midway.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=60000", "synchronous=FULL"):
        # FULL: a delivery marked `sending` must survive a power cut, or its reader could be mailed twice.
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_sqlite_reader(connection: sqlite3.Connection, record: Any) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA query_only=ON")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")


def _prepare_postgresql_reader(connection: Any, _record: Any) -> None:
    # Repeatable read, so that several queries see one state, as SQLite's do; one that only reads never fails for it.
    cursor = connection.cursor()
    cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    connection.commit()
    cursor.close()
