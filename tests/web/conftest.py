"""The readers' site over a database of its own for each test."""

import pytest

from newsletter.database import Database
from tests.web.visiting import Site


@pytest.fixture
def site(database: Database) -> Site:
    """On SQLite and on PostgreSQL."""
    return Site(database)
