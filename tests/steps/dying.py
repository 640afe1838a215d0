"""A process that delivers and is killed in the middle: `python -m tests.steps.dying URL FOLDER MOMENT COUNT [PORT [no-lease]]`.

MOMENT is `before` the transport's COUNT-th send, when it is `begun` in the ledger, or `after` it; the process ends by SIGKILL, so nothing of it is cleaned up.
At `never` it goes on to the end; with `no-lease` beside a run. With PORT the mail goes over SMTP to that port, else into the outbox under FOLDER.
"""

import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path

from newsletter import steps
from newsletter.database import Database
from newsletter.mail.outbox import Outbox
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.mail.transport import Begin, Parcel, at_once
from newsletter.models import Outcome
from newsletter.settings import Settings
from tests.steps.conftest import FRIDAY, Newsroom, at


class Dying:
    """A transport that takes its process down at a chosen moment."""

    def __init__(self, inner: Outbox | Smtp, moment: str, count: int) -> None:
        self.inner, self.moment, self.count, self.sent = inner, moment, count, 0
        self.name = inner.name
        self.settle = inner.settle

    @property
    def capacity(self) -> int:
        return self.inner.capacity

    async def __aenter__(self):
        await self.inner.__aenter__()
        return self

    async def __aexit__(self, *trouble):
        await self.inner.__aexit__(*trouble)

    async def send(self, parcel: Parcel, begin: Begin = at_once) -> Outcome:
        self.sent += 1
        is_last = self.sent == self.count
        if is_last and self.moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)

        async def begin_and_die() -> bool:
            await begin()
            os.kill(os.getpid(), signal.SIGKILL)
            return False

        outcome = await self.inner.send(parcel, begin_and_die if is_last and self.moment == "begun" else begin)
        if is_last and self.moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome


def transport(folder: Path, port: int | None) -> Outbox | Smtp:
    """Where the mail goes."""
    if port is None:
        return Outbox(folder / "outbox")
    return Smtp(SmtpConfig(host="127.0.0.1", port=port, security="none", connections=1))


def main() -> None:
    """Deliver what is due, until the chosen moment."""
    url, folder, moment, count = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    port = int(sys.argv[5]) if len(sys.argv) > 5 else None
    database = Database(url)
    newsroom = Newsroom(database, Settings(data_dir=folder))
    newsroom.transport = lambda: Dying(transport(folder, port), moment, count)
    beside = (
        nullcontext() if "no-lease" in sys.argv else steps.lease(database, holder="dying", clock=lambda: at(FRIDAY))
    )
    with beside:
        newsroom.deliver(run="dying")


if __name__ == "__main__":
    main()
