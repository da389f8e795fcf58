"""The way of a request through Django: one thread, one step, and not too many at once.

Django's own handler starts a thread for each request and changes to and fro between it and the
event loop half a dozen times, which costs as much as a small page. Our layers and views are all
synchronous, so here they run one after the other in a thread that is kept.

Python runs one thread at a time. When a hundred pages ask in the same moment, a hundred threads
all get ready late, and a few that take turns get ready one by one. So only SIDE_BY_SIDE requests
begin at once; one that takes longer than LONG, waiting for a remote or for a file, does not count
any more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http.response import FileResponse, HttpResponseBase
from django.urls import set_script_prefix

SIDE_BY_SIDE = 4
LONG = 0.25  # seconds
MOST_THREADS = 64

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Handler(ASGIHandler):
    """See above."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(MOST_THREADS, "request")
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            async with self._turn():
                if leaving.done() and scope["method"] in {"GET", "HEAD"}:
                    return  # asked in vain: nobody would read it
                answer = asyncio.ensure_future(self._in_thread(self.answer)(scope, body))
                await asyncio.wait({answer}, timeout=LONG)
            response = await answer
            if response.streaming:
                await self._stream(response, send, leaving)
            else:
                await self.send_response(response, send)
        finally:
            leaving.cancel()
            body.close()

    def answer(self, scope: Scope, body: SpooledTemporaryFile[bytes]) -> Any:
        """All of it, from the first layer to the last signal, but for what is streamed."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        response: Any = refused if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if response.streaming:  # in a thread of its own, see core.streaming
            close_old_connections()
        else:
            response.close()
        return response

    async def _stream(
        self, response: HttpResponseBase, send: Send, leaving: asyncio.Task[None]
    ) -> None:
        """Send piece by piece, for as long as somebody is there to read."""
        async with ThreadSensitiveContext():
            sending = asyncio.create_task(self.send_response(response, send))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
                (failed,) = await asyncio.gather(sending, return_exceptions=True)
                await self._in_thread(response.close)()
        if isinstance(failed, Exception):
            raise failed

    def _turn(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        return self._turns.setdefault(loop, asyncio.Semaphore(SIDE_BY_SIDE))

    def _in_thread(self, work: Callable[..., Any]) -> Callable[..., Any]:
        return sync_to_async(work, thread_sensitive=False, executor=self._threads)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
