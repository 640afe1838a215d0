"""preview, send-test: look at the mail, and try the way it takes."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, screen
from newsletter.models import Outcome, State

if TYPE_CHECKING:
    from newsletter.mail.transport import Parcel, Transport
    from newsletter.settings import Settings


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    app.command("preview", rich_help_panel="Every day")(preview)
    app.command("send-test", rich_help_panel="Upkeep")(send_test)


def preview(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; by default that of the settings, 0 for any free one.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only say where the page is.")] = False,
) -> None:
    """Read the outbox in a browser: each mail as HTML, wide and narrow, light and dark, its text, headers and size.

    Only this machine can see the page; Ctrl-C ends it.

    Example: `paperboy preview --no-browser`. Changes nothing.
    """
    from subscribers.web.preview import serve

    settings = opening.settings()
    chosen = settings.preview_port if port is None else port
    serve(settings.outbox_dir, port=chosen, open_browser=not no_browser)


def send_test(
    address: Annotated[str, typer.Argument(help="Who gets it.", show_default=False)],
) -> None:
    """Send one short test message over the transport of the settings, and say what the server answered.

    Example: `paperboy send-test you@example.org`. Sends one message; changes nothing else.
    """
    opening.address_key(address)
    settings = opening.settings()
    with screen.working(f"sending to {address}"):
        outcome = asyncio.run(_send(transport(settings), _parcel(settings, address)))
    screen.say(in_words(outcome, address))
    if outcome.state is not State.ACCEPTED:
        raise typer.Exit(1)


def transport(settings: "Settings") -> "Transport":
    """The transport of the settings, not yet open."""
    from flows import wiring

    return wiring.transport(settings)


async def _send(transport: "Transport", parcel: "Parcel") -> Outcome:
    async with transport:
        return await transport.send(parcel)


def _parcel(settings: "Settings", address: str) -> "Parcel":
    import secrets
    from email.utils import parseaddr

    from flows import wiring
    from newsletter.mail.mime import to_bytes
    from newsletter.mail.rendering import Renderer
    from newsletter.mail.transport import Parcel
    from newsletter.models import Envelope

    now = opening.now()
    key = f"test-{secrets.token_hex(12)}"
    sender = parseaddr(settings.sender)[1]
    renderer = Renderer({}, list_name=settings.list_name, postal_address=settings.postal_address)
    message = renderer.notice(
        subject=f"A test message from {settings.list_name}",
        paragraphs=(
            "If you can read this, the way from Paperboy to your inbox works.",
            "Look at how it arrived: in the inbox or among the spam, from which address, and with which name.",
            f"It was sent with `paperboy send-test` at {now:%H:%M} UTC on {now:%d %B %Y}.",
        ),
    )
    envelope = Envelope(
        delivery_key=key,
        sender=settings.sender,
        recipient=address,
        recipient_name="",
        return_path=settings.return_path or sender,
        list_id=f"{settings.list_name} <{settings.list_host}>",
        date=now,
    )
    content = to_bytes(message, envelope)
    stamp = wiring.signer(settings)
    if stamp is not None:
        content = stamp(content)
    return Parcel(key, envelope.return_path, address, content, now.date(), "")


def in_words(outcome: Outcome, address: str) -> str:
    """What became of one message, for whoever sent it."""
    code = " ".join(str(part) for part in (outcome.code, outcome.enhanced, outcome.reply) if part)
    said = f": {code}" if code else ""
    return {
        State.ACCEPTED: f"Accepted{said}",
        State.REFUSED: f"Refused at {outcome.phase.upper()}, {address} did not get it{said}",
        State.QUEUED: f"Deferred at {outcome.phase.upper()}, nothing was sent; try again later{said}",
    }.get(outcome.state, f"Uncertain: the line dropped after the message was sent; look whether {address} has it{said}")
