"""Streams what a plain generator makes, under WSGI and under ASGI alike.

Given a plain generator, Django's ASGI handler collects all of it before it sends the first byte.
So there it runs in a thread of its own, with its own database connection, and hands over piece by
piece through a short queue: a slow reader slows the query down instead of filling memory.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest

logger = logging.getLogger(__name__)
PIECES_AHEAD = 4


def streamed(
    request: HttpRequest, make: Callable[[], Iterator[bytes]]
) -> Iterator[bytes] | AsyncIterator[bytes]:
    return _from_thread(make) if isinstance(request, ASGIRequest) else make()


async def _from_thread(make: Callable[[], Iterator[bytes]]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(PIECES_AHEAD)
    gone = threading.Event()

    def put(piece: bytes | BaseException | None) -> None:
        asyncio.run_coroutine_threadsafe(queue.put(piece), loop).result()

    def produce() -> None:
        try:
            for piece in make():
                if gone.is_set():
                    return
                put(piece)
            put(None)
        except Exception as error:
            if not gone.is_set():
                logger.exception("A streamed answer broke off")
                put(error)
        finally:
            connections.close_all()

    # The context carries the person's language and time zone into the thread.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(produce,), name="stream", daemon=True).start()
    try:
        while (piece := await queue.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        gone.set()
        while not queue.empty():  # let a thread that waits for room notice that nobody listens
            queue.get_nowait()
