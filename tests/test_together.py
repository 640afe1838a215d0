"""Writes that are done together: one commit for many, and nobody's trouble is another's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, text

from newsletter.database import Database
from newsletter.errors import PaperboyError
from newsletter.together import Together


class Rows:
    """Work that puts a row for each wish; it waits where it is told to, and "bad" is nothing it can put."""

    def __init__(self):
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self, tx, wishes):
        for name in wishes:
            if name == "wait":
                self.entered.set()
                assert self.opened.wait(10)
            tx.execute(text("INSERT INTO topics (name, declaration) VALUES (:name, '{}')"), {"name": name})
            if name == "bad":
                raise PaperboyError("nothing of this")
        return [f"put {name}" for name in wishes]


@pytest.fixture
def rows():
    """What is done."""
    return Rows()


@pytest.fixture
def together(database, rows):
    """Over a real database, ended after the test."""
    made = Together(database, rows)
    yield made
    rows.opened.set()
    made.close()


def names(database):
    """The rows there are."""
    with database.read() as tx:
        return set(tx.scalars(text("SELECT name FROM topics")))


def held(together, rows):
    """Its thread is in a transaction that ends with `rows.opened`, so that the rest is asked meanwhile."""
    first = together.ask("wait")
    assert rows.entered.wait(10)
    return first


def test_what_is_asked_meanwhile_is_committed_together(database, together, rows):
    """Fifty that wait behind one transaction share the next, and each has its own answer."""
    counted = []
    event.listen(database.engine, "commit", counted.append)
    held(together, rows)
    asked = [together.ask(f"t{number}") for number in range(50)]
    rows.opened.set()

    assert [each.result(10) for each in asked] == [f"put t{number}" for number in range(50)]
    assert len(counted) == 2
    assert len(names(database)) == 51


def test_an_answer_comes_after_its_commit(database, together):
    """Whoever has an answer finds the row in the database, over another connection."""

    def is_there(number):
        together.ask(f"t{number}").result(10)
        return f"t{number}" in names(database)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(is_there, range(40)))


def test_trouble_of_one_is_not_the_others(database, together, rows):
    """A wish that cannot be done gets its error and leaves nothing; all that shared its transaction are done."""
    held(together, rows)
    before, failing, after = (together.ask(name) for name in ("a", "bad", "b"))
    rows.opened.set()

    assert (before.result(10), after.result(10)) == ("put a", "put b")
    with pytest.raises(PaperboyError, match="nothing of this"):
        failing.result(10)
    assert names(database) == {"wait", "a", "b"}


def test_trouble_of_the_database_is_told_to_all(tmp_path, rows):
    """Where no transaction can begin, nobody is answered as if it had."""
    folder = tmp_path / "gone"
    database = Database(f"sqlite:///{folder / 'x.db'}")
    folder.rmdir()
    together = Together(database, rows)
    asked = [together.ask("a") for _ in range(3)]

    assert all("unable to open" in str(each.exception(10)) for each in asked)
    together.close()
    database.close()


def test_closing_finishes_what_was_asked(database, together, rows):
    """Nothing that was asked before the end is dropped, however much it is, and it can be used again."""
    held(together, rows)
    asked = [together.ask(f"t{number}") for number in range(450)]
    rows.opened.set()
    together.close()

    assert all(each.done() for each in asked)
    assert len(names(database)) == 451
    assert together.ask("later").result(10) == "put later"


def test_a_wish_that_was_cancelled_in_time_is_not_begun(database, together, rows):
    """Whoever gave up before their turn leaves no row."""
    held(together, rows)
    given_up, kept = together.ask("given up"), together.ask("kept")
    assert given_up.cancel()
    rows.opened.set()
    kept.result(10)

    assert names(database) == {"wait", "kept"}
