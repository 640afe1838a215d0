"""One run of the flow in a process of its own: `python -m flows.runner`, parameters on stdin, JSON lines on stdout.

A process of its own because Prefect reads its settings when it is imported, and because the command line stays quick.
"""

import asyncio
import json
import logging
import os
import sys
from typing import TextIO

from flows import wiring
from flows.daily import daily_digest
from flows.parameters import RunParameters
from flows.sweep import prepare
from flows.tether import end_with
from newsletter import encoding
from newsletter.database import in_words
from newsletter.errors import ConfigurationError, PaperboyError


class _Sentences(logging.Handler):
    """Hands the sentences of `tasks.say` to the process that waits."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self.out = out

    def emit(self, record: logging.LogRecord) -> None:
        sentence = getattr(record, "sentence", None)
        if sentence is not None:
            tell(self.out, sentence=sentence)


def tell(out: TextIO, **message: object) -> None:
    """One JSON object on one line."""
    out.write(json.dumps(message) + "\n")
    out.flush()


def main() -> None:
    """Run the flow once and tell how it ended: a report, or the kind and sentence of an error."""
    end_with(os.getppid())
    out, sys.stdout = sys.stdout, sys.stderr  # what Prefect prints goes to the log
    parameters = RunParameters.model_validate_json(sys.stdin.read())  # comes when the server answers
    try:
        with wiring.shop() as shop:
            run(shop, parameters, out)
    except ConfigurationError as error:
        tell(out, state="Failed", message=str(error), error=type(error).__name__, expected=True, report=None)


def run(shop: wiring.Shop, parameters: RunParameters, out: TextIO) -> None:
    """Run the flow and tell its end."""
    if "--sweep" in sys.argv:
        asyncio.run(prepare(only_sweep=True))
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addHandler(_Sentences(out))
    state = daily_digest(parameters, return_state=True)
    report = shop.report_of(f"{state.state_details.flow_run_id}.1")
    error = asyncio.run(state.aresult(raise_on_failure=False)) if state.is_failed() or state.is_crashed() else None
    words = in_words(error) if isinstance(error, Exception) else None
    raised = isinstance(error, Exception) and (report is None or not report.deliver.stopped)
    tell(
        out,
        state=state.name,
        message=words or str(error) if raised else state.message,
        error=type(error).__name__ if raised else None,
        expected=isinstance(error, PaperboyError) or words is not None,
        report=None if report is None else encoding.dump(report),
    )


if __name__ == "__main__":
    main()
