"""Writes that are committed together: one commit for many, and nobody's trouble is another's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, text

from newsletter.database import Database
from newsletter.errors import PaperboyError
from newsletter.together import Together


@pytest.fixture
def together(database):
    """Over a real database, ended after the test."""
    made = Together(database)
    yield made
    made.close()


def put(name):
    """One row; its name is the answer."""

    def work(tx):
        tx.execute(text("INSERT INTO topics (name, declaration) VALUES (:name, '{}')"), {"name": name})
        return name

    return work


def names(database):
    """The rows there are."""
    with database.read() as tx:
        return set(tx.scalars(text("SELECT name FROM topics")))


def commits(database):
    """A list that grows with each commit."""
    seen = []
    event.listen(database.engine, "commit", seen.append)
    return seen


class Gate:
    """Work that holds the thread until it is opened, so that the rest is asked meanwhile."""

    def __init__(self, together):
        self.entered, self.opened = threading.Event(), threading.Event()
        self.done = together.ask(self)
        assert self.entered.wait(10)

    def __call__(self, _tx):
        self.entered.set()
        assert self.opened.wait(10)


def test_what_is_asked_meanwhile_is_committed_together(database, together):
    """Fifty that wait behind one transaction share the next, and each has its own answer."""
    counted = commits(database)
    gate = Gate(together)
    asked = [together.ask(put(f"t{number}")) for number in range(50)]
    gate.opened.set()

    assert [each.result(10) for each in asked] == [f"t{number}" for number in range(50)]
    assert len(counted) == 2
    assert len(names(database)) == 50


def test_an_answer_comes_after_its_commit(database, together):
    """Whoever has an answer finds the row in the database, from another connection."""

    def ask(number):
        return together.write(put(f"t{number}")) in names(database)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(40)))


def test_trouble_of_one_is_not_the_others(database, together):
    """Work that raises gets its error and leaves nothing; all that shared its transaction are done."""

    def fails(tx):
        put("half")(tx)
        raise PaperboyError("nothing of this")

    gate = Gate(together)
    before, failing, after = together.ask(put("a")), together.ask(fails), together.ask(put("b"))
    gate.opened.set()

    assert (before.result(10), after.result(10)) == ("a", "b")
    with pytest.raises(PaperboyError, match="nothing of this"):
        failing.result(10)
    assert names(database) == {"a", "b"}


def test_trouble_of_the_database_is_told_to_all(tmp_path):
    """Where no transaction can begin, nobody is answered as if it had."""
    folder = tmp_path / "gone"
    database = Database(f"sqlite:///{folder / 'x.db'}")
    folder.rmdir()
    together = Together(database)
    asked = [together.ask(put("a")) for _ in range(3)]

    assert all("unable to open" in str(each.exception(10)) for each in asked)
    together.close()
    database.close()


def test_closing_finishes_what_was_asked(database, together):
    """Nothing that was asked before the end is dropped, and it can be used again."""
    gate = Gate(together)
    asked = [together.ask(put(f"t{number}")) for number in range(250)]
    gate.opened.set()
    together.close()

    assert all(each.done() for each in asked)
    assert len(names(database)) == 250
    assert together.write(put("later")) == "later"


def test_a_future_that_was_cancelled_in_time_is_not_begun(database, together):
    """Whoever gave up before their turn leaves no row."""
    gate = Gate(together)
    given_up, kept = together.ask(put("given up")), together.ask(put("kept"))
    assert given_up.cancel()
    gate.opened.set()
    kept.result(10)

    assert names(database) == {"kept"}
