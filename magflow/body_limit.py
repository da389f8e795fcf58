"""Refuses requests with a body that is larger than anything a page sends.

Django stores a whole body, on disk when it is large, before any view is asked. Without a limit a
stranger could fill the disk.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

MOST_BYTES = 20 * 1024 * 1024


class BodyLimit:
    """An ASGI application around another one; websockets pass."""

    def __init__(self, inner: Application, most: int = MOST_BYTES) -> None:
        self.inner = inner
        self.most = most

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        # The web server has checked that it is a number.
        announced = int(dict(scope["headers"]).get(b"content-length", b"0"))
        if announced > self.most:
            await _refuse(send)
            return
        received = 0

        async def counted() -> Event:
            nonlocal received
            event = await receive()
            received += len(event.get("body", b""))
            # A body in chunks announces nothing. Django gives up a request whose sender is gone.
            return {"type": "http.disconnect"} if received > self.most else event

        await self.inner(scope, counted, send)
        if received > self.most:
            await _refuse(send)


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"too large\n"})
