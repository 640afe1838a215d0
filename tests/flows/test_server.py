"""The environment of our Prefect server, and what it forbids a browser."""

import asyncio
import os

import pytest
from pydantic import SecretStr

from flows import guarded, server
from flows.environment import environment
from flows.parameters import RunParameters
from flows.processes import Holder, exclusive
from flows.running import run_flow
from newsletter.errors import RunInProgress
from newsletter.settings import Settings, exported, inherited, load
from tests.flows.conftest import free_port


def test_nothing_of_it_calls_outside_and_everything_stays_on_this_machine(tmp_path):
    """Analytics off, loopback only, UI without its analytics, no private server of Prefect's own."""
    env = environment(Settings(data_dir=tmp_path, prefect_port=4321))

    assert env["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"
    assert (env["PREFECT_SERVER_API_HOST"], env["PREFECT_SERVER_API_PORT"]) == ("127.0.0.1", "4321")
    assert env["PREFECT_SERVER_EPHEMERAL_ENABLED"] == "false"
    assert env["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert env["PREFECT_SERVER_UI_V2_ENABLED"] == "false"
    assert env["DO_NOT_TRACK"] == "1"
    assert env["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"].endswith(".filesystem")
    assert env["PREFECT_HOME"] == str(tmp_path / "prefect")


def test_the_operators_own_prefect_settings_do_not_leak_in(tmp_path, monkeypatch):
    """A profile, an API key or a proxy meant for another Prefect changes nothing here."""
    monkeypatch.setenv("PREFECT_PROFILE", "cloud")
    monkeypatch.setenv("PREFECT_API_KEY", "theirs")
    monkeypatch.setenv("NO_PROXY", "intranet.example.org")
    env = environment(Settings(data_dir=tmp_path))

    assert "PREFECT_PROFILE" not in env
    assert "PREFECT_API_KEY" not in env
    assert env["NO_PROXY"] == "intranet.example.org,127.0.0.1,localhost"


def test_prefects_database_can_be_postgresql(tmp_path):
    """One setting moves Prefect's own history."""
    url = "postgresql+asyncpg://u:p@127.0.0.1/prefect"
    env = environment(Settings(data_dir=tmp_path, prefect_database_url=SecretStr(url)))

    assert env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] == url
    assert "PREFECT_SERVER_DATABASE_CONNECTION_URL" not in environment(Settings(data_dir=tmp_path))


def test_a_child_process_has_the_same_settings(tmp_path, monkeypatch):
    """What was set is exported, except secrets, which the child finds where its parent did."""
    settings = Settings(
        data_dir=tmp_path / "a folder",
        sources=("arxiv",),
        arxiv_categories=("cs.CL", "cs.AI"),
        huggingface_trending=False,
        secret=SecretStr("hush"),
    )
    variables = exported(settings)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert "hush" not in variables.values()
    assert load(secret=SecretStr("hush")) == settings
    assert "PAPERBOY_SOURCES" in inherited()


def test_every_answer_forbids_the_browser_to_ask_anybody_else():
    """The policy goes on each answer, and nothing else of it changes."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-theirs", b"1")]})
        await send({"type": "http.response.body", "body": b"page"})

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    policy = guarded.policy("127.0.0.1", 4200)
    asyncio.run(guarded.guard(app, policy)({"type": "http"}, receive, send))

    assert sent[0]["headers"] == [(b"x-theirs", b"1"), (b"content-security-policy", policy.encode())]
    assert sent[1] == {"type": "http.response.body", "body": b"page"}
    assert "connect-src 'self' http://127.0.0.1:4200 ws://127.0.0.1:4200" in policy
    assert "default-src 'self'" in policy


def test_a_run_beside_another_runs_own_server_is_refused(tmp_path):
    """That server ends with the other run, so it is not ours to use."""
    settings = Settings(data_dir=tmp_path, prefect_port=free_port())
    with exclusive(server.lock_path(settings)) as lock:
        lock.declare(Holder("run", os.getpid(), settings.prefect_port))
        with pytest.raises(RunInProgress, match=f"process {os.getpid()}"):
            run_flow(settings, RunParameters(), echo=lambda _: None)


def test_nobody_answers_on_a_free_port():
    """Whether a server is there is asked of the server."""
    port = free_port()

    assert server.port_is_free(port)
    assert not server.answers(port)
