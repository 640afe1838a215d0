"""A database that is locked, full, closed for writing or restored from a backup: nobody is mailed twice."""

import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from newsletter import encoding, steps
from newsletter.database import Database, in_words
from newsletter.models import Digest
from newsletter.queries import deliveries as outbox
from newsletter.schema import deliveries
from newsletter.settings import Settings
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper
from tests.steps.line import over_smtp

READERS = 60
ROSTER = "subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R{n}}}\n" for n in range(READERS))
ONE_EACH = Counter({f"r{n}@example.org": 1 for n in range(READERS)})


def promise(newsroom: Newsroom) -> None:
    """A delivery for each reader waits in the outbox."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()


def states(newsroom: Newsroom) -> dict[str, int]:
    with newsroom.database.begin() as tx:
        return outbox.states(tx)


# ---- locked ----------------------------------------------------------------------------------------------------------


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Another writer has what delivering needs, for half a second beyond the block."""
    has, done = threading.Event(), threading.Event()

    def hold() -> None:
        with database.begin() as tx:  # on SQLite this alone is the write lock
            if database.dialect == "postgresql":
                tx.execute(text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
            has.set()
            done.wait()

    writer = threading.Thread(target=hold)
    writer.start()
    has.wait()
    end = threading.Timer(0.5, done.set)
    end.start()
    try:
        yield
    finally:
        writer.join()


def test_a_database_held_by_another_writer_is_waited_for(newsroom):
    """Locked when delivering starts: it begins when the other has finished."""
    promise(newsroom)

    def deliver() -> None:
        with held(newsroom.database):
            newsroom.deliver()

    assert over_smtp(newsroom, deliver) == ONE_EACH
    assert states(newsroom) == {"accepted": READERS}


def test_a_database_that_is_locked_while_mail_goes_out_costs_nothing(newsroom):
    """Locked after the first mail: the answers are kept until they can be written, and nothing goes out twice."""
    promise(newsroom)

    def lock() -> None:
        with held(newsroom.database):
            pass

    assert over_smtp(newsroom, newsroom.deliver, newsroom.deliver, meanwhile=lock) == ONE_EACH
    assert states(newsroom) == {"accepted": READERS}


# ---- full, or closed for writing -------------------------------------------------------------------------------------


class Disk:
    """What a database lies on: its SQLite file can be kept from growing, and from changing at all."""

    FULL = "PRAGMA max_page_count = 1"  # SQLite takes the number of pages there are for that
    CLOSED = "PRAGMA query_only = ON"
    USUAL = ("PRAGMA max_page_count = 1073741823", "PRAGMA query_only = OFF")

    def __init__(self, database: Database) -> None:
        self.pragmas = self.USUAL
        self.errors: list[str] = []
        self.struck = threading.Event()
        event.listen(database.engine, "checkout", self._checkout)
        event.listen(database.engine, "handle_error", self._error)

    def fill(self) -> None:
        """From now on no page more than there are."""
        self.pragmas = (self.FULL,)

    def close(self) -> None:
        """From now on it can only be read."""
        self.pragmas = (self.CLOSED,)

    def mend(self) -> None:
        """As before."""
        self.pragmas = self.USUAL

    def _checkout(self, connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        for pragma in self.pragmas:
            connection.execute(pragma)

    def _error(self, context) -> None:
        self.errors.append(str(context.original_exception))
        self.struck.set()


@pytest.fixture
def on_sqlite(tmp_path) -> Iterator[Newsroom]:
    """A newsroom whose database is a file."""
    database = Database(f"sqlite:///{tmp_path / 'paperboy.db'}")
    database.migrate()
    yield Newsroom(database, Settings(data_dir=tmp_path / "var"))
    database.close()


def test_a_disk_that_is_full_for_a_while_costs_nothing(on_sqlite):
    """From the first mail on nothing can be written; once there is room again each reader has one copy, on the record."""
    promise(on_sqlite)
    disk = Disk(on_sqlite.database)

    def fill_and_mend() -> None:
        disk.fill()
        disk.struck.wait(30)
        disk.mend()

    assert over_smtp(on_sqlite, on_sqlite.deliver, on_sqlite.deliver, meanwhile=fill_and_mend) == ONE_EACH
    assert "database or disk is full" in disk.errors
    assert states(on_sqlite) == {"accepted": READERS}


def test_a_disk_that_stays_full_ends_the_run_in_one_sentence_and_the_next_one_mails_nobody_twice(on_sqlite):
    """What was on the line then is uncertain: its answer could not be written. The others have one copy."""
    promise(on_sqlite)
    disk = Disk(on_sqlite.database)
    sentences = []

    def fails() -> None:
        with pytest.raises(DBAPIError) as error:
            on_sqlite.deliver()
        sentences.append(in_words(error.value))
        disk.mend()

    def next_run() -> None:
        steps.recover(on_sqlite.post("next"))
        on_sqlite.deliver(hour=13)

    copies = over_smtp(on_sqlite, fails, next_run, meanwhile=disk.fill)
    with on_sqlite.database.begin() as tx:
        rows = dict(tx.execute(select(deliveries.c.address, deliveries.c.state)).all())

    assert sentences == [
        "database: database or disk is full; make room on its disk, then start again: what is queued stays queued"
    ]
    assert set(copies.values()) == {1}
    assert set(rows.values()) == {"accepted", "uncertain"}
    assert {who for who, state in rows.items() if state == "accepted"} <= set(copies)


@pytest.fixture
def closed(newsroom) -> Callable[[bool], None]:
    """Closes the newsroom's database for writing, and opens it again."""

    def close(on: bool) -> None:
        if newsroom.database.dialect == "sqlite":
            (disk.close if on else disk.mend)()
            return
        operator = Database(newsroom.database.url)
        name = operator.engine.url.database
        with operator.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(
                text(f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if on else 'off'}")
            )
        operator.close()
        newsroom.database.close()  # the setting holds for new connections

    if newsroom.database.dialect == "sqlite":
        disk = Disk(newsroom.database)
    return close


def test_a_database_closed_for_writing_lets_no_mail_out_and_is_one_sentence(newsroom, closed):
    """What cannot be written down is not begun; opened again, everybody has one copy."""
    promise(newsroom)
    closed(True)

    def refused() -> None:
        with pytest.raises(DBAPIError) as error:
            newsroom.deliver()
        sentence = in_words(error.value)
        assert sentence.startswith("database: ")
        assert sentence.endswith("then start again: what is queued stays queued")
        assert "\n" not in sentence

    assert over_smtp(newsroom, refused) == {}
    closed(False)
    assert over_smtp(newsroom, newsroom.deliver) == ONE_EACH


def test_other_errors_of_a_database_are_no_sentence(database):
    """A mistake of ours keeps its traceback, and so does what is no error of a database."""
    with pytest.raises(DBAPIError) as error, database.begin() as tx:
        tx.execute(text("SELECT nothing FROM nowhere"))

    assert in_words(error.value) is None
    assert in_words(RuntimeError("database or disk is full")) is None


def test_a_commit_is_on_the_disk_when_it_returns(database):
    """Or a power cut could forget that a mail was on its way; PostgreSQL's own setting is left as it is, on."""
    with database.begin() as tx:
        if database.dialect == "postgresql":
            assert tx.scalar(text("SHOW synchronous_commit")) == "on"
        else:
            assert tx.scalar(text("PRAGMA synchronous")) == 2
            assert tx.scalar(text("PRAGMA journal_mode")) == "wal"


# ---- an old backup ---------------------------------------------------------------------------------------------------


def copy(newsroom: Newsroom, to: Path) -> None:
    """The database as it is, in another file: what `sqlite3 paperboy.db ".backup COPY"` makes."""
    source = sqlite3.connect(newsroom.database.engine.url.database)
    target = sqlite3.connect(to)
    with target:
        source.backup(target)
    source.close()
    target.close()


def restore(newsroom: Newsroom, backup: Path) -> None:
    """The copy in the place of the database, with nothing running."""
    newsroom.database.close()
    file = Path(newsroom.database.engine.url.database)
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()
    shutil.copy(backup, file)


def test_a_backup_older_than_the_expiry_sends_nothing_again(on_sqlite, tmp_path):
    """Copied before a delivery, restored two days later: what it has queued has expired, its papers are in the next digest."""
    promise(on_sqlite)
    backup = tmp_path / "backup.db"
    copy(on_sqlite, backup)

    def restored() -> None:
        restore(on_sqlite, backup)
        on_sqlite.deliver(day=FRIDAY + timedelta(days=2))

    assert over_smtp(on_sqlite, on_sqlite.deliver, restored) == ONE_EACH
    assert states(on_sqlite) == {"expired": READERS}

    later = FRIDAY + timedelta(days=3)
    assert over_smtp(on_sqlite, lambda: on_sqlite.run(capture(paper(20), day=later), day=later)) == ONE_EACH
    with on_sqlite.database.begin() as tx:
        digests = tx.scalars(select(deliveries.c.digest).where(deliveries.c.state == "accepted")).all()
    assert {encoding.load(Digest, digest).considered for digest in digests} == {9}


def test_what_a_young_backup_sends_again_has_the_same_message_id(on_sqlite, tmp_path):
    """Within the expiry nothing can know what was sent since: it is the same mail to the byte, and the same one file."""
    promise(on_sqlite)
    backup = tmp_path / "backup.db"
    copy(on_sqlite, backup)
    on_sqlite.deliver()
    first = {path: path.read_bytes() for path in on_sqlite.mails}
    restore(on_sqlite, backup)
    again = on_sqlite.deliver(hour=13)

    assert again.states == {"accepted": READERS}
    assert {path: path.read_bytes() for path in on_sqlite.mails} == first
