"""A new version installed while mail was going out: what the old one left is judged and finished."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import delete, func, insert, inspect, select, text, update

from newsletter import steps
from newsletter.database import Database
from newsletter.errors import ConfigurationError
from newsletter.queries import deliveries as outbox
from newsletter.schema import deliveries, metadata
from subscribers import voting
from subscribers.votes import What
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper
from tests.steps.line import over_smtp

MIGRATIONS = Path(__file__).resolve().parents[2] / "newsletter" / "migrations"
ROSTER = "subscribers:\n" + "".join(f"  - {{address: r{n}@example.org, name: R{n}}}\n" for n in range(6))


def rewind(database: Database, revision: str) -> None:
    """The same rows in the tables of an earlier version, as far as those have room for them."""
    with database.begin() as tx:
        kept = {table: tx.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
        metadata.drop_all(tx)
        tx.execute(text("DROP TABLE alembic_version"))
        tx.execute(text("DROP TABLE search"))  # the one table that schema.py cannot say
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = tx
        command.upgrade(config, revision)
        there = {
            name: {column["name"] for column in inspect(tx).get_columns(name)} for name in inspect(tx).get_table_names()
        }
        for table, rows in kept.items():
            columns = there.get(table.name, set())
            if rows and columns:
                tx.execute(delete(table))  # what a migration wrote by itself
                tx.execute(insert(table), [{name: row[name] for name in row if name in columns} for row in rows])
            if columns and "id" in columns and database.dialect == "postgresql":
                last = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
                tx.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last, False)))


def died_in_mid_send(newsroom: Newsroom) -> None:
    """Version 0002 had sent one mail, was sending another, and had four to go."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(*(paper(number) for number in range(8))))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()
    with newsroom.database.begin() as tx:
        for address, state in (("r0@example.org", "accepted"), ("r1@example.org", "sending")):
            tx.execute(
                update(deliveries).where(deliveries.c.address == address).values(state=state, run="old", attempts=1)
            )
    rewind(newsroom.database, "0002")


def test_an_old_schema_is_refused_until_it_is_migrated(newsroom):
    """Nothing is sent from tables that this version does not know; the sentence names the command."""
    died_in_mid_send(newsroom)

    with pytest.raises(ConfigurationError, match="has the old schema 0002; run `paperboy migrate`"):
        newsroom.database.check()


def test_after_an_upgrade_in_mid_send_the_next_run_finishes_the_day(newsroom):
    """What was sent stays sent, what was on the line is uncertain, the rest goes out once, and the next day is whole."""
    died_in_mid_send(newsroom)
    newsroom.database.migrate()
    newsroom.database.check()

    def next_run() -> None:
        with steps.lease(newsroom.database, holder="next", clock=lambda: at(FRIDAY)):
            steps.recover(newsroom.post("next"))
            newsroom.deliver(run="next")

    copies = over_smtp(newsroom, next_run)
    with newsroom.database.begin() as tx:
        uncertain = tx.scalars(select(deliveries.c.address).where(deliveries.c.state == "uncertain")).all()
        assert outbox.states(tx) == {"accepted": 5, "uncertain": 1}
    assert uncertain == ["r1@example.org"]
    assert copies == {f"r{n}@example.org": 1 for n in range(2, 6)}

    monday = FRIDAY.replace(day=23)
    following = over_smtp(newsroom, lambda: newsroom.run(capture(paper(20), day=monday), day=monday))
    assert following == {f"r{n}@example.org": 1 for n in range(6)}


def test_readers_of_a_version_without_votes_can_vote_after_the_upgrade(newsroom):
    """Version 0003 knew no votes: nothing is lost, and the first one counts."""
    newsroom.subscribe(ROSTER)
    newsroom.run(capture(*(paper(number) for number in range(8))))
    rewind(newsroom.database, "0003")
    with pytest.raises(ConfigurationError, match="has the old schema 0003; run `paperboy migrate`"):
        newsroom.database.check()
    newsroom.database.migrate()
    key = paper(1).key
    voted = voting.vote(newsroom.database, "r0@example.org", What.MORE, key, now=at(FRIDAY, 13), how="page")
    with newsroom.database.begin() as tx:
        assert outbox.states(tx) == {"accepted": 6}
        assert [vote.about for vote in voting.votes_of(tx, "r0@example.org")] == [key]
    assert voted is not None
    assert voted.vote.edition_id == 1
