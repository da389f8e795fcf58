"""The way of a request: one thread, in turns, and nobody waits long for somebody slow."""

import asyncio
import threading
import time

import pytest
from django.core import signals
from django.http import HttpResponse, StreamingHttpResponse

from magflow import handler as module
from magflow.handler import Handler


class Line:
    """A browser's side of one request: what it sends, what it gets, when it leaves."""

    def __init__(self, path="/", body=b""):
        self.path, self.body = path, body
        self.sent, self.left = [], asyncio.Event()
        self.is_read = False

    async def receive(self):
        if not self.is_read:
            self.is_read = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def content(self):
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    async def ask(self, handler):
        headers = [(b"host", b"localhost"), (b"content-length", str(len(self.body)).encode())]
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "path": self.path,
            "query_string": b"", "headers": headers, "server": ("localhost", 80),
        }  # fmt: skip
        await handler(scope, self.receive, self.send)
        return self


@pytest.fixture
def handler():
    return Handler()


def answering(monkeypatch, handler, view):
    monkeypatch.setattr(handler, "get_response", view)


def test_it_works(handler, db):
    line = asyncio.run(Line("/offline/").ask(handler))
    assert line.status == 200
    assert b"<h1>" in line.content
    assert asyncio.run(Line("/offline/nowhere/").ask(handler)).status in {302, 404}


def test_one_thread_does_all_of_it(monkeypatch, handler):
    """A connection to the database belongs to a thread: who opened it gives it back."""
    threads = []

    def note(**_signal):
        threads.append(threading.current_thread())

    def view(request):
        note()
        return HttpResponse("x")

    answering(monkeypatch, handler, view)
    signals.request_started.connect(note)
    signals.request_finished.connect(note)
    try:
        asyncio.run(Line().ask(handler))
    finally:
        signals.request_started.disconnect(note)
        signals.request_finished.disconnect(note)
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()


def test_requests_take_turns(monkeypatch, handler):
    running, most = set(), []

    def view(request):
        running.add(request)
        most.append(len(running))
        time.sleep(0.05)
        running.discard(request)
        return HttpResponse("x")

    async def crowd():
        return await asyncio.gather(*(Line().ask(handler) for _ in range(20)))

    monkeypatch.setattr(module, "LONG", 60)
    answering(monkeypatch, handler, view)
    lines = asyncio.run(crowd())
    assert [line.status for line in lines] == [200] * 20
    assert 1 < max(most) <= module.SIDE_BY_SIDE


def test_nobody_waits_for_those_who_take_long(monkeypatch, handler):
    go_on = threading.Event()

    def view(request):
        if request.path == "/slow/":
            assert go_on.wait(20)
        return HttpResponse("x")

    async def crowd():
        slow = [
            asyncio.create_task(Line("/slow/").ask(handler)) for _ in range(3 * module.SIDE_BY_SIDE)
        ]
        await asyncio.sleep(0.05)
        quick = await asyncio.wait_for(Line().ask(handler), 10)
        assert not any(task.done() for task in slow)
        go_on.set()
        return [quick, *await asyncio.gather(*slow)]

    monkeypatch.setattr(module, "LONG", 0.05)
    answering(monkeypatch, handler, view)
    assert {line.status for line in asyncio.run(crowd())} == {200}


class Pieces:
    """A streamed answer that never ends by itself."""

    def __init__(self, end=10**9):
        self.end, self.closed = end, threading.Event()

    async def __aiter__(self):
        for number in range(self.end):
            yield str(number).encode()
            await asyncio.sleep(0)

    def close(self):
        self.closed.set()


def streaming(pieces):
    response = StreamingHttpResponse(aiter(pieces))
    response._resource_closers.append(pieces.close)
    return response


def test_a_streamed_answer_is_sent_whole_and_closed(monkeypatch, handler):
    pieces = Pieces(end=5)
    answering(monkeypatch, handler, lambda request: streaming(pieces))
    assert asyncio.run(Line().ask(handler)).content == b"01234"
    assert pieces.closed.is_set()


def test_a_streamed_answer_ends_when_its_reader_leaves(monkeypatch, handler):
    async def leave_early():
        line = Line()
        asked = asyncio.create_task(line.ask(handler))
        while len(line.sent) < 10:
            await asyncio.sleep(0)
        line.left.set()
        await asyncio.wait_for(asked, 10)

    pieces = Pieces()
    answering(monkeypatch, handler, lambda request: streaming(pieces))
    asyncio.run(leave_early())
    assert pieces.closed.is_set()


def test_who_leaves_while_sending_gets_no_answer(monkeypatch, handler):
    async def leave():
        line = Line()
        line.is_read = True
        line.left.set()
        return await line.ask(handler)

    answering(monkeypatch, handler, lambda request: pytest.fail("nothing was asked"))
    assert asyncio.run(leave()).sent == []
