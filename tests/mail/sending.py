"""Sending parcels one after another to a server of the test's own."""

import asyncio
from dataclasses import replace
from datetime import date

from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.mail.transport import Parcel
from tests.smtpd import CHUNKING, EXTENSIONS, PIPELINING, FaultServer

ANN, BOB, CAT = "ann@example.org", "bob@example.org", "cat@example.org"
BODY = b"Subject: today\r\n\r\n.hidden { display: none }\r\n..\r\n.\r\nThe end.\r\n"


def parcel(recipient=ANN, *, return_path="papers@example.org", content=BODY, key="k1"):
    return Parcel(key, return_path, recipient, content, date(2026, 11, 20), "token")


def config(server, **changes):
    usual = SmtpConfig(
        host="127.0.0.1", port=server.port, security="none", connections=1, local_hostname="paperboy.invalid",
        connect_timeout=2, command_timeout=0.3, data_timeout=0.3,
    )  # fmt: skip
    return replace(usual, **changes)


KINDS = {"plain": EXTENSIONS, "pipelining": PIPELINING, "chunking": CHUNKING}
"""The ways a line can work, by what makes a server offer it; what is promised is promised of all of them."""


def served(kind, script=(), **options):
    """A server that is spoken to in that way."""
    return FaultServer(script, extensions=KINDS[kind], **options)


async def send(server, *parcels, **changes):
    """The outcomes of sending parcels one after another to a server that runs."""
    async with Smtp(config(server, **changes)) as smtp:
        return [await smtp.send(each) for each in parcels]


async def send_together(server, *parcels, **changes):
    """The outcomes of sending parcels all at once to a server that runs."""
    async with Smtp(config(server, **changes)) as smtp:
        return await asyncio.gather(*(smtp.send(each) for each in parcels))


def deliver(script, *parcels, server=None, kind="plain", how=send, **changes):
    """The outcomes of sending parcels, and the server with what it holds."""
    made = served(kind, script) if server is None else server

    async def run():
        async with made:
            return await how(made, *(parcels or (parcel(),)), **changes)

    return asyncio.run(run()), made
