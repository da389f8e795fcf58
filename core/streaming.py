"""Streams what a plain generator makes, under WSGI and under ASGI alike.

Given a plain generator, Django's ASGI handler collects all of it before it sends the first byte.
So there it runs in a thread of its own, with its own database connection, and hands over piece by
piece through a short queue: a slow reader slows the query down instead of filling memory.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest
from django.utils import timezone, translation

logger = logging.getLogger(__name__)
PIECES_AHEAD = 4
# Each holds a connection and a transaction for as long as its reader reads, and pages need some
# too. The fifth waits for its turn.
MOST_AT_ONCE = 4
PATIENCE = 60.0  # seconds for a reader who takes nothing, such as a laptop that went to sleep
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def streamed(
    request: HttpRequest, make: Callable[[], Iterator[bytes]]
) -> Iterator[bytes] | AsyncIterator[bytes]:
    """What `make()` yields, in the language and time zone of the person who asked."""
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def spoken() -> Generator[bytes, None, None]:
        with translation.override(language), timezone.override(zone):
            yield from make()

    return _from_thread(spoken) if isinstance(request, ASGIRequest) else spoken()


async def _from_thread(make: Callable[[], Generator[bytes, None, None]]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(PIECES_AHEAD)
    gone = threading.Event()

    def put(piece: bytes | BaseException | None) -> None:
        handed_over = asyncio.run_coroutine_threadsafe(queue.put(piece), loop)
        try:
            handed_over.result(PATIENCE)
        except TimeoutError:
            handed_over.cancel()
            gone.set()

    def produce() -> None:
        with _places:
            pieces = make()
            try:
                for piece in pieces:
                    put(piece)
                    if gone.is_set():
                        return
                put(None)
            except Exception as error:
                if not gone.is_set():
                    logger.exception("A streamed answer broke off")
                    put(error)
            finally:
                pieces.close()
                connections.close_all()

    threading.Thread(target=produce, name="stream", daemon=True).start()
    try:
        while (piece := await queue.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        gone.set()
        while not queue.empty():  # let a thread that waits for room notice that nobody listens
            queue.get_nowait()
