"""The far side of the network, written by hand: answers by address, and a record of what was asked."""

from collections.abc import AsyncIterator, Callable, Iterable

import httpx

Reply = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Site(httpx.AsyncBaseTransport):
    """Answers each address with its replies in turn, the last one for ever; 404 elsewhere."""

    def __init__(self, replies: dict[str, Reply | list[Reply]] | None = None) -> None:
        self.replies = {
            key: list(value) if isinstance(value, list) else [value] for key, value in (replies or {}).items()
        }
        self.requests: list[httpx.Request] = []

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.requests]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        address = str(request.url)
        known = [key for key in self.replies if address.startswith(key)]
        if not known:
            return httpx.Response(404, text="nothing here")
        replies = self.replies[max(known, key=len)]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, httpx.Response):
            # A fresh copy: a response belongs to one request.
            return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)
        return reply(request)


class Pieces(httpx.AsyncByteStream):
    """A body that arrives in pieces, unread until somebody asks."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
