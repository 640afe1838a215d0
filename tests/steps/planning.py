"""A process that promises digests one by one and is killed in the middle: `python -m tests.steps.planning URL FOLDER N`.

It ends by SIGKILL before its N-th statement since it began to promise, so nothing of it is cleaned up.
"""

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import event

from newsletter import steps
from newsletter.database import Database
from newsletter.settings import Settings
from subscribers import service
from subscribers.models import Audience
from tests.steps.conftest import FRIDAY, at


def main() -> None:
    """Promise to everybody who is due, until the chosen statement."""
    database, last = Database(sys.argv[1]), int(sys.argv[3])
    numbers = itertools.count(1)

    def one_by_one(latest: int | None) -> Iterator[Audience]:
        event.listen(database.engine, "before_cursor_execute", die)
        for page in service.audience(database, now=at(FRIDAY), latest_edition=latest, respect_hours=False):
            for who in page.recipients:
                yield Audience((who,), ())

    def die(*_statement: object) -> None:
        if next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    steps.enqueue(
        database, one_by_one, settings=Settings(data_dir=Path(sys.argv[2])), run="dying", day=FRIDAY, now=at(FRIDAY)
    )


if __name__ == "__main__":
    main()
