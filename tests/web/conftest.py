"""The readers' site over a database of its own for each test."""

import shutil

import pytest

from newsletter.database import Database
from tests.web.choosing import desk
from tests.web.visiting import Site


@pytest.fixture
def site(database: Database) -> Site:
    """On SQLite and on PostgreSQL."""
    return Site(database)


@pytest.fixture
def at_desk(migrated_file, tmp_path):
    """A reader who came by the site, with one edition to look at; on SQLite, which is quicker."""
    path = tmp_path / "site.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield desk(database, tmp_path)
    database.close()


@pytest.fixture
def on_both(database, tmp_path):
    """The same on SQLite and on PostgreSQL."""
    return desk(database, tmp_path)
