"""The schema: the same on both databases, and doors that refuse an old one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from newsletter.database import Database, head
from newsletter.errors import ConfigurationError
from newsletter.schema import metadata


def test_the_migrations_make_exactly_the_tables_of_the_schema(database):
    """Migrating an empty database gives what schema.py declares, and the index for search, which no Table can say."""
    with database.begin() as tx:
        not_search = lambda name, kind, _parents: not (kind == "table" and name.split("_")[0] == "search")  # noqa: E731
        context = MigrationContext.configure(tx, opts={"compare_type": False, "include_name": not_search})

        assert compare_metadata(context, metadata) == []


def test_migrating_twice_is_harmless(database):
    """A second migrate changes nothing."""
    database.migrate()

    assert head() == database.revision()
    database.check()


def test_an_empty_database_is_refused_with_the_command_that_mends_it(tmp_path):
    """A door names `paperboy migrate` when there is no schema."""
    with pytest.raises(ConfigurationError, match="is empty; run `paperboy migrate`"):
        Database(f"sqlite:///{tmp_path / 'a b.db'}").check()


def test_a_newer_schema_is_refused(database):
    """A database that a later version migrated is not touched."""
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))

    with pytest.raises(ConfigurationError, match="newer than this Paperboy"):
        database.check()


@pytest.mark.parametrize("url", ["mysql://x/y", "not a url"])
def test_a_url_that_is_no_supported_database_is_refused(url):
    """The sentence names the setting."""
    with pytest.raises(ConfigurationError, match="PAPERBOY_DATABASE_URL"):
        Database(url)


def test_a_block_that_raises_leaves_nothing_behind(database):
    """`begin` rolls back as a whole."""
    with pytest.raises(RuntimeError), database.begin() as tx:
        tx.execute(text("INSERT INTO topics (name, declaration) VALUES ('a', '{}')"))
        raise RuntimeError

    with database.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM topics")).scalar() == 0


def test_an_error_of_the_database_shows_no_address(database):
    """What a statement was given holds addresses, and errors are logged and shown in Prefect."""
    with pytest.raises(DBAPIError) as error, database.begin() as tx:
        tx.execute(text("SELECT nothing FROM nowhere WHERE address = :address"), {"address": "ann@example.org"})

    assert "ann@example.org" not in str(error.value)


# ---- reading ---------------------------------------------------------------------------------------------------------


COUNT = text("SELECT count(*) FROM topics")
NEW = text("INSERT INTO topics (name, declaration) VALUES (:name, '{}')")


def test_reading_waits_for_no_writer(database):
    """`read` answers, without what is not committed, while another transaction writes."""
    with database.begin() as tx:
        tx.execute(NEW, {"name": "a"})
        with database.read() as seen:
            assert seen.execute(COUNT).scalar() == 0

    with database.read() as seen:
        assert seen.execute(COUNT).scalar() == 1


def test_reading_sees_one_state(database):
    """What is committed meanwhile is seen by the next `read`, not by this one."""
    with database.read() as seen:
        assert seen.execute(COUNT).scalar() == 0
        with database.begin() as tx:
            tx.execute(NEW, {"name": "a"})
        assert seen.execute(COUNT).scalar() == 0


def test_nothing_is_written_while_reading(database):
    """A statement that writes is refused in `read`."""
    with pytest.raises(DBAPIError), database.read() as seen:
        seen.execute(NEW, {"name": "a"})

    with database.read() as seen:
        assert seen.execute(COUNT).scalar() == 0


def test_readers_have_connections_while_every_writer_waits(database):
    """Writers that wait for their turn, as many as may be, take no connection from those who read."""
    with ThreadPoolExecutor(20) as threads:
        with database.begin() as tx:
            tx.execute(NEW, {"name": "a"})
            waiting = [threads.submit(write_the_same, database) for _ in range(20)]
            with database.read() as seen:
                assert seen.execute(COUNT).scalar() == 0
        for each in waiting:
            each.result()

    with database.read() as seen:
        assert seen.execute(COUNT).scalar() == 1


def write_the_same(database):
    """A row that waits for whoever writes the same, in a transaction of its own."""
    with database.begin() as tx:
        tx.execute(text(f"{NEW} ON CONFLICT DO NOTHING"), {"name": "a"})
