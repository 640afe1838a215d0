"""Sending parcels one after another to a server of the test's own."""

import asyncio
from dataclasses import replace
from datetime import date

from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.mail.transport import Parcel
from newsletter.models import State
from tests.smtpd import CHUNKING, EXTENSIONS, PIPELINING, FaultServer

ANN, BOB, CAT = "ann@example.org", "bob@example.org", "cat@example.org"
BODY = b"Subject: today\r\n\r\n.hidden { display: none }\r\n..\r\n.\r\nThe end.\r\n"

REPLIES = ["450 4.2.0 greylisted", "451 4.3.0 later", "452 4.5.3 too many", "550 5.1.1 no such user", "550 5.7.1 policy",
           "552 5.2.2 full", "501 5.1.3 syntax", "503 5.5.1 sequence", "550 unavailable", "999 what", "Wibble wobble",
           "250-never ending\r\n250-", "550-5.1.1 one\r\n550-5.1.1 two\r\n550 5.1.1 three", "550 \udcff\udcfe \0 \x1b[31m",
           "550 " + "long " * 5_000, "504 5.5.2 <paperboy>: Helo command rejected", "500 what?", ""]  # fmt: skip
"""What servers answer, and what they should not."""


def parcel(recipient=ANN, *, return_path="papers@example.org", content=BODY, key="k1"):
    return Parcel(key, return_path, recipient, content, date(2026, 11, 20), "token")


def config(server, **changes):
    usual = SmtpConfig(
        host="127.0.0.1", port=server.port, security="none", connections=1, local_hostname="paperboy.invalid",
        connect_timeout=2, command_timeout=0.3, data_timeout=0.3,
    )  # fmt: skip
    return replace(usual, **changes)


KINDS = {"plain": EXTENSIONS, "pipelining": PIPELINING, "chunking": CHUNKING, "probing": CHUNKING}
"""The ways a line can work, by what the server offers; what is promised is promised of all of them.

`chunking` is a busy line, which risks a message at once; `probing` one that has rested, which asks first.
"""
PROBING = {"chunking": 60.0, "probing": 0.0}

AS_SAID = {State.ACCEPTED: {1}, State.REFUSED: {0}, State.QUEUED: {0}, State.UNCERTAIN: {0, 1}}
"""How many copies a server may hold of a mail that came to that."""


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
    changes = {"probe_after": PROBING.get(kind, 60.0)} | changes

    async def run():
        async with made:
            return await how(made, *(parcels or (parcel(),)), **changes)

    return asyncio.run(run()), made
