"""Prefect's own server with one header more: `python -m flows.guarded`, started by `flows.server`.

The header forbids an operator's browser to ask anybody but this server, whichever of Prefect's two UIs is open: the
second one asks an analytics host before it looks whether analytics are off.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Callable[[], Awaitable[Message]], Send], Awaitable[None]]


def policy(host: str, port: int) -> str:
    """The Content-Security-Policy: the page may use what is built in, and speak to this server only."""
    ours = f"{host}:{port}"
    return (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
        f"connect-src 'self' http://{ours} ws://{ours} data: blob:; frame-ancestors 'none'"
    )


def guard(app: App, header: str) -> App:
    """The same application with the policy on every answer."""
    added = (b"content-security-policy", header.encode("ascii"))

    async def guarded(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), added]}
            await send(message)

        await app(scope, receive, send_with_policy)

    return guarded


def main() -> None:
    """Serve on the host and port of Prefect's settings until SIGTERM."""
    api = get_current_settings().server.api
    app = guard(create_app(final=True), policy(api.host, api.port))
    uvicorn.run(app, host=api.host, port=api.port, log_level="warning", timeout_graceful_shutdown=5)


if __name__ == "__main__":
    main()
