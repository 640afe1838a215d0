"""The flow under `paperboy serve`: started as the UI does, scheduled, never twice at once, and after a power cut."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from flows import server
from flows.parameters import RunParameters
from flows.running import run_flow
from newsletter import steps
from newsletter.database import Database
from newsletter.errors import RunInProgress
from newsletter.queries import deliveries as outbox
from tests.flows.conftest import READERS, until
from tests.inbox.conftest import mail

pytestmark = pytest.mark.slow


def test_a_run_from_the_form_mails_every_reader_and_leaves_its_artifacts(served):
    """The whole job on sample listings: report, edition, one digest and progress can be seen afterwards."""
    run = served.begin(sources=["huggingface"])
    ended = served.end(run)
    found = served.artifacts(run)

    assert ended["state_name"] == "CompletedWithRemarks"
    assert "invented" in ended["state"]["message"]
    assert ended["name"].startswith(f"{datetime.now(UTC):%a %d %b %Y}")
    assert len(served.mails) == READERS
    assert set(found) == {"report", "edition", "digest", "delivering"}
    assert f"| **everybody** | **{READERS}** |" in found["report"]["data"]
    assert "## " in found["edition"]["data"]
    assert "Reader 0" not in found["digest"]["data"]  # it points to nobody
    assert found["delivering"]["data"] == 100.0


def test_every_task_run_is_in_the_history(served):
    """Unlike with Prefect's ephemeral server, which loses them."""
    run = served.begin()
    served.end(run)

    def tasks():
        return served.ask("task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})

    until(lambda: len(tasks()) == 5, seconds=20, what="five task runs")
    names = [one["name"].split("-")[0].split(" ")[0] for one in tasks()]
    assert sorted(names) == ["collect", "compose", "deliver", "enqueue", "report"]
    until(lambda: {one["state_type"] for one in tasks()} == {"COMPLETED"}, seconds=20, what="all completed")


def test_the_command_line_uses_the_server_that_serves(served):
    """`paperboy run` beside `paperboy serve` keeps its history in the same place, and hands back the report."""
    said = []
    told = run_flow(served.settings, RunParameters(ignore_hours=True), echo=said.append)
    again = run_flow(served.settings, RunParameters(ignore_hours=True, only=["reader1@example.org"]), echo=said.append)

    assert told.enqueue.queued == READERS
    assert told.deliver.states == {"accepted": READERS}
    assert again.enqueue.skipped == {"nothing_new": 1}
    assert not any("starting the Prefect server" in one for one in said)
    assert any("composing" in one for one in said)


def test_a_dry_run_counts_and_shows_and_mails_nobody(served):
    """Papers and edition are kept, digests are counted, and everybody stays due."""
    dry = run_flow(served.settings, RunParameters(ignore_hours=True, dry_run=True), echo=lambda _: None)
    database = Database(served.settings.url)
    with database.begin() as tx:
        promised = outbox.states(tx)
    database.close()

    assert dry.dry_run
    assert (dry.compose.edition_id, dry.enqueue.queued, dry.deliver.states) == (1, READERS, {})
    assert promised == {}
    assert served.mails == []


def test_the_form_offers_every_parameter_in_order(served):
    """Prefect's UI makes its form from this schema: titles, descriptions, choices, order."""
    schema = served.deployment["parameter_openapi_schema"]
    form = schema["definitions"]["RunParameters"]["properties"]
    ordered = sorted(form.values(), key=lambda one: one["position"])

    assert [one["title"] for one in ordered] == [
        "Day",
        "Dry run",
        "Only these subscribers",
        "Sources",
        "Ignore hours",
    ]
    assert all(one["description"] for one in ordered)
    assert form["sources"]["items"]["enum"] == ["huggingface", "arxiv"]
    assert {one.get("format") for one in form["day"]["anyOf"]} == {"date", None}


def test_the_cron_schedule_really_makes_runs(serving):
    """With the wrong SQLAlchemy Prefect schedules nothing and says so only in its log."""

    def scheduled():
        of_the_day = {"deployments": {"id": {"any_": [serving.deployment["id"]]}}, "limit": 200}
        return [one for one in serving.ask("flow_runs/filter", of_the_day) if one["auto_scheduled"]]

    until(scheduled, seconds=60, what="a run made by the schedule")
    times = [datetime.fromisoformat(one["expected_start_time"]) for one in scheduled()]
    assert all(one.minute == 5 for one in times)
    assert min(times) - datetime.now(UTC) < timedelta(hours=1)


def test_a_run_that_gives_no_sign_of_life_is_crashed_by_an_automation(serving):
    """So a killed run frees its slot while the server goes on; a second start makes no second one."""
    [made] = serving.ask("automations/filter")

    assert made["enabled"]
    assert made["trigger"]["within"] == 90.0
    assert [action["state"] for action in made["actions"]] == ["CRASHED"]


def test_a_mistake_in_the_form_fails_the_run_with_a_sentence(served):
    """A day that has not come, an address that is nobody's: said in the state, and nothing is queued."""
    early = served.begin(day="2999-01-01")
    assert "it has not come yet" in served.end(early)["state"]["message"]
    nobody = served.begin(only=["reader1@example.org", "nobody@example.org"])
    assert "1 of the addresses is nobody's" in served.end(nobody)["state"]["message"]
    assert served.mails == []


def test_a_second_run_is_cancelled_while_one_goes_on(served):
    """The deployment's limit of one: the newcomer is cancelled at once, the first goes on undisturbed."""
    database = Database(served.settings.url)
    with database.engine.connect() as writer:
        held = writer.begin()  # nobody else can write: the first run waits in its first step
        writer.execute(text("SELECT 1"))
        first = served.begin()
        until(lambda: served.flow_run(first)["state_type"] == "RUNNING", seconds=30, what="the first run")
        second = served.end(served.begin())
        assert served.flow_run(first)["state_type"] == "RUNNING"
        held.rollback()
    database.close()

    assert second["state_name"] == "Cancelled"
    assert "concurrency limit" in second["state"]["message"]
    assert served.end(first)["state_type"] == "COMPLETED"


def test_a_run_by_hand_gives_way_to_whoever_holds_the_lease(served):
    """Prefect knows nothing of runs started elsewhere; the database's lease does."""
    database = Database(served.settings.url)
    with (
        steps.lease(database, holder="another", clock=lambda: datetime.now(UTC)),
        pytest.raises(RunInProgress, match="another run holds the lease"),
    ):
        run_flow(served.settings, RunParameters(), echo=lambda _: None)
    database.close()


def test_serving_twice_is_refused_with_a_sentence(served):
    """One supervisor per data directory."""
    second = served.popen()
    said, _ = second.communicate(timeout=30)

    assert second.returncode != 0
    assert f"`paperboy serve` runs already (process {served.process.pid}" in said


def test_after_a_power_cut_the_next_run_goes_ahead_and_nobody_has_two_mails(served):
    """Everything is killed in mid-delivery; the next start frees the slot, and the next run finishes the day."""
    many = 8 * READERS  # so that delivering takes its time
    served.renew(many)
    cut = served.begin()
    until(lambda: len(served.mails) >= 5, seconds=60, what="the first mails")
    served.cut_the_power()
    before = len(served.mails)
    served.start()
    crashed = served.flow_run(cut)
    ended = served.end(served.begin())

    assert before < many
    assert crashed["state_name"] == "Crashed"
    assert ended["state_type"] == "COMPLETED"
    copies = Counter(message_from_bytes(path.read_bytes())["To"] for path in served.mails)
    assert len(copies) == many
    assert set(copies.values()) == {1}
    database = Database(served.settings.url)
    with database.begin() as tx:
        assert outbox.states(tx) == {"accepted": many}
    database.close()


def test_the_readers_site_is_served_too_and_comes_back_when_it_dies(served):
    """Who signs up there is written to at once; what kills it does not keep it down."""
    site = f"http://127.0.0.1:{served.settings.site_port}"

    def answers():
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{site}/healthz", trust_env=False).is_success
        return False

    until(answers, seconds=30, what="the site")
    [pid] = [pid for pid in served.family() if "flows.site" in Path(f"/proc/{pid}/cmdline").read_text()]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists(), seconds=10, what="the end of the site")
    until(answers, seconds=30, what="the site again")
    httpx.post(f"{site}/subscribe", data={"address": "new@example.org"}, trust_env=False)

    until(lambda: len(served.mails) == 1, seconds=20, what="the confirmation")


def test_mail_that_readers_write_is_read_by_a_flow_of_its_own(served):
    """It leaves an artifact, its state says what came of it, and the confirmation is sent."""
    box = served.settings.data_dir / "box"
    (box / "new" / "1").write_bytes(mail(to="subscribe@papers.example"))
    (box / "new" / "2").write_bytes(mail(subject="A question", number=2))

    ended = served.end(served.read_inbox())

    # A scheduled run may have been faster: then this one finds nothing, and its page is that run's.
    assert ended["state_type"] == "COMPLETED"
    assert "answered" in ended["state"]["message"]
    assert len(served.mails) == 1
    assert [path.name for path in (box / "cur").iterdir()] == ["1:2,S"]
    [page] = served.ask("artifacts/filter", {"artifacts": {"key": {"any_": ["inbox"]}}})
    assert "| asked to subscribe | 1 |" in page["data"]
    assert "it asks for nothing we know" in page["data"]


def test_nothing_listens_beyond_this_machine(served):
    """Server, UI, worker and site are for 127.0.0.1 only."""
    if shutil.which("ss") is None:
        pytest.skip("the command ss is not here to look with")
    assert server.answers(served.settings.prefect_port)
    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=False).stdout.splitlines()
    ours = [line for line in listening if any(f"pid={pid}," in line for pid in served.family())]
    assert ours
    assert all(line.split()[3].startswith("127.0.0.1:") for line in ours)
