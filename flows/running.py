"""`run_flow`: the daily flow once, from the command line, with a real Prefect server keeping the history."""

import json
import sys
from contextlib import suppress
from typing import Any

from flows import server
from flows.environment import environment
from flows.parameters import RunParameters
from flows.processes import Child
from flows.server import Echo
from flows.stopping import Stopping
from newsletter import encoding
from newsletter.errors import ConfigurationError, PaperboyError, RunInProgress
from newsletter.reports import RunReport
from newsletter.settings import ROOT, Settings

STOP_SECONDS = 10.0


class RunFailed(PaperboyError):
    """The run did not come to its end; the sentence is its error's."""


class RunStopped(RunFailed):
    """A signal ended the run before it had a report."""


def run_flow(settings: Settings, parameters: RunParameters, *, echo: Echo, stop: Stopping | None = None) -> RunReport:
    """Run the flow once in a process of its own and hand back its report.

    Where the mailer or a signal stopped it before the end, the report's `deliver.stopped` says so. The signals that
    `stop` hears are passed on to the run.

    Raises:
        RunInProgress: another run is going on.
        RunStopped: a signal ended it before anything was delivered.
        RunFailed: it failed; the sentence says why.
        ConfigurationError: a setting or the database's schema is wrong.
        ServerFailed: the Prefect server did not start.

    """
    stop = stop or Stopping()
    with stop, server.running_server(settings, echo) as found:
        env = environment(settings, found.port)
        # Where the server is that of `paperboy serve` its runs are alive, and not ours to sweep.
        options = ("--sweep",) if found.process else ()
        # It imports what it needs while the server starts, and begins when it is handed its parameters.
        child = Child(
            "run",
            (sys.executable, "-m", "flows.runner", *options),
            env=env,
            cwd=ROOT,
            log=server.logs(settings) / "run.log",
            talk=True,
        )
        stop.tell = child.process.terminate
        try:
            server.wait_until_healthy(found, echo, stopped=stop.asked.is_set)
            end = {} if stop.asked.is_set() else _listen(child, parameters, echo)
        finally:
            child.stop(STOP_SECONDS)
    if stop.asked.is_set() and (not end or end["report"] is None):
        raise RunStopped("the run was stopped before it had delivered; nothing is lost, the next run goes on from here")
    return _judge(end, child)


def _listen(child: Child, parameters: RunParameters, echo: Echo) -> dict[str, Any]:
    """Hand the run its parameters, pass on its sentences, and return its last message; empty where it died."""
    process = child.process
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):  # it died already: the end of its output says so
        process.stdin.write(parameters.model_dump_json().encode())
        process.stdin.close()
    for line in process.stdout:
        message = json.loads(line)
        if "sentence" in message:
            echo(message["sentence"])
        else:
            return dict(message)
    return {}


def _judge(end: dict[str, Any], child: Child) -> RunReport:
    """The report, or the error that the end of a run stands for."""
    if not end:
        raise RunFailed(f"the run's process ended early ({child.last_words()}); its log is {child.log}")
    if end["state"] == "Cancelled":
        raise RunInProgress(end["message"])
    if end["report"] is not None and end["error"] is None:
        return encoding.load(RunReport, end["report"])
    if end["error"] == "ConfigurationError":
        raise ConfigurationError(end["message"])
    expected = "" if end["expected"] else f"; this was not foreseen, and its log is {child.log}"
    raise RunFailed(f"{end['message']}{expected}")
