"""A newsroom that mails over SMTP to a server of the test's own, which counts copies."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from newsletter.mail.smtp import Smtp, SmtpConfig
from tests.smtpd import Fault, FaultServer, late
from tests.steps.conftest import Newsroom

SLOW = (late("dot", 0.01, "250 2.0.0 taken"),)
"""A server that takes its time over each mail, so that something can happen between two."""


def over_smtp(
    newsroom: Newsroom,
    *work: Callable[[], object],
    meanwhile: Callable[[], None] | None = None,
    script: Sequence[Fault] = SLOW,
    **config: object,
) -> Counter[str]:
    """Do things one after another while a server takes mail, and one more once it has the first; copies by reader."""

    async def serve() -> Counter[str]:
        users = {config["user"]: "right"} if "user" in config else None
        async with FaultServer(script, users=users) as server:
            usual = {"host": "127.0.0.1", "port": server.port, "security": "none", "connections": 2}
            newsroom.transport = lambda: Smtp(SmtpConfig(**(usual | config)))
            other = asyncio.create_task(interfere(server))
            for each in work:
                await asyncio.to_thread(each)
            await other
            return Counter(mail.recipient for mail in server.mails)

    async def interfere(server: FaultServer) -> None:
        if meanwhile is not None:
            await server.arrived.wait()
            await asyncio.to_thread(meanwhile)

    return asyncio.run(serve())
