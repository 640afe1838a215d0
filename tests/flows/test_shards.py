"""Shards in their turn: a mailer that stops ends the run, not the shard."""

import threading

import pytest
from prefect import flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import tasks, wiring
from flows.commands.deliver import in_turn
from newsletter import steps
from newsletter.reports import Shard
from newsletter.settings import Settings, exported
from tests.flows.commandline import Terminal
from tests.flows.test_stopping import NOBODY, ROSTER, smtp, with_server
from tests.smtpd import FaultServer, refuse

SIZE = 10
CLOSED = refuse("rcpt", "554 5.7.1 <reader0@example.org>: Relay access denied")


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A fresh clone with forty readers, all of whose mail is queued."""
    made = Terminal(tmp_path)
    made.roster.write_text(ROSTER)
    made.run(**smtp(NOBODY))
    return made


def settings_of(terminal: Terminal, port: int | str) -> Settings:
    """Its settings, with this mail server."""
    env = smtp(port)
    return Settings(
        data_dir=terminal.data, **{name.removeprefix("PAPERBOY_").lower(): value for name, value in env.items()}
    )


def shards_of(shop: wiring.Shop) -> tuple[Shard, ...]:
    return steps.shards(shop.database, now=wiring.now(), size=SIZE)


def test_what_one_shard_heard_no_other_one_asks_again(paperboy):
    """A relay that takes nothing of ours is asked by the first of four shards, and the rest stays queued."""

    def scenario(server: FaultServer) -> None:
        with wiring.shop(settings_of(paperboy, server.port)) as shop:
            stop = threading.Event()
            told = in_turn(shop, "run", shards_of(shop), lambda _: None, stop)

        assert len(told) == 1
        assert "Relay access denied" in told[0].stopped

    with_server(scenario, CLOSED)


def test_a_mailer_that_cannot_be_reached_is_tried_by_one_shard(paperboy):
    """It is a report, and one only."""
    with wiring.shop(settings_of(paperboy, NOBODY)) as shop:
        told = in_turn(shop, "run", shards_of(shop), lambda _: None, threading.Event())

    assert len(told) == 1
    assert "cannot be reached" in told[0].stopped


@pytest.mark.slow
def test_a_flow_stops_at_the_first_shard_that_says_so(paperboy, serving, monkeypatch):
    """Prefect's task tells it masked, and no second one is begun."""
    api = f"http://127.0.0.1:{serving.settings.prefect_port}/api"

    def scenario(server: FaultServer) -> None:
        settings = settings_of(paperboy, server.port)
        for name, value in exported(settings).items():
            monkeypatch.setenv(name, value)
        with wiring.shop(settings) as shop:
            shards = shards_of(shop)
        with temporary_settings({PREFECT_API_URL: api}):
            told = flow(tasks.deliver_all)("run", shards)

        assert len(shards) == 4
        assert [one.stopped for one in told] == ["5.7.1 <r…@example.org>: Relay access denied"]

    with_server(scenario, CLOSED)
