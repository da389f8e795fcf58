"""A hundred people before the list of orders while orders pour in: how long they wait and what for.

The web server runs in its own process exactly as `up` starts it, orders are imported by another.
Each person has a session and a socket, and does what the page does: told of a change it waits
200 ms and reads the list again, and a while later the counters of the navigation and, where they
may accept, the button "Accept in stock". They are of three roles and two languages and look at
four tabs, so that four or five of them see the same page. The newest order on the tab of all
orders says how far behind those screens are.
BENCH_CROWD is the size of the shop, BENCH_CROWD_SECONDS how long it goes on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.choices import Role
from accounts.models import MarketplaceAccount
from accounts.roles import has_permission
from benchmarks import live, shop
from benchmarks.ingest import an_order
from benchmarks.measure import percentile
from benchmarks.report import Report
from orders.services import import_orders
from orders.tabs import PARTS

PEOPLE = 100
RATE = 12  # orders a second
SECONDS = float(os.environ.get("BENCH_CROWD_SECONDS", "120"))
SIZE = int(os.environ.get("BENCH_CROWD", "100000"))
DELAY = 0.2  # see templates/components/_results.html
KINDS = [
    {"role": role.value, "language": language}
    for role in (Role.MANAGER, Role.PICKER, Role.VIEWER)
    for language in ("en", "ro")
]
TABS = [part.query for part in PARTS if part.name in {"all", "new", "to_pick", "done"}]
# What else a page asks for: soon after a hint, then once in its pace (static/js/fresh.js).
STATE, BUTTON, LOOK = "/shell/state/", "/orders/accept/in-stock/", "/orders/last-look/"
SOON, PACES = 0.3, {STATE: 2.0, BUTTON: 2.0, LOOK: 10.0}
FIRST = 900_000_000  # the number of the first order that comes in meanwhile
SECTION = f"{PEOPLE} people before {SIZE:,} orders, {RATE} more a second for {SECONDS:.0f} s"
IMPORTER = """
import sys, django
django.setup()
from benchmarks import crowd
crowd.importer(int(sys.argv[1]), float(sys.argv[2]))
"""


def run(report: Report) -> None:
    account = shop.open_shop()
    try:
        shop.grow(0, SIZE, SIZE)
        with live.people(PEOPLE, KINDS) as cookies, live.web_server("") as web:
            places = {cookie: number for number, cookie in enumerate(cookies)}
            crowd = live.Crowd(web.port, "orders", lambda *who: Person(*who, places[who[1]]))
            crowd.open(cookies)
            asyncio.run_coroutine_threadsafe(everybody_reads(crowd), crowd.loop).result(60)
            busy, began = web.cpu(), time.monotonic()
            commits = orders_come_in(account)
            time.sleep(3)
            share = (web.cpu() - busy) / (time.monotonic() - began)
            people = list(crowd.clients)
            asyncio.run_coroutine_threadsafe(everybody_stops(crowd), crowd.loop).result(60)
            crowd.close()
        add_lines(report, commits, people, share)
    finally:
        shop.close_shop()


def add_lines(
    report: Report, commits: dict[int, float], people: list[Person], share: float
) -> None:
    waits = [wait * 1000 for person in people for wait in person.waits]
    sides = [wait * 1000 for person in people for wait in person.side_waits]
    watching = [person for person in people if person.sees_all]
    behind = [gap for person in watching for gap in person.behind(commits)]
    report.add(SECTION, "reading the list: p50", percentile(waits, 50), "ms")
    report.add(SECTION, "reading the list: p95", percentile(waits, 95), "ms", 300)
    report.add(SECTION, "reading the list: slowest", max(waits), "ms")
    report.add(SECTION, "lists read a second", len(waits) / SECONDS, "")
    report.add(SECTION, "reading what stands beside it: p95", percentile(sides, 95), "ms", 300)
    report.add(SECTION, "that, a second", len(sides) / SECONDS, "")
    report.add(SECTION, "errors", sum(person.errors for person in people), "", 0)
    report.add(SECTION, "orders not seen", len(commits) * len(watching) - len(behind), "", 0)
    report.add(SECTION, "screens behind: p50", percentile(behind, 50), "s")
    report.add(SECTION, "screens behind: p95", percentile(behind, 95), "s")
    report.add(SECTION, "screens behind: most", max(behind), "s", 2)
    report.add(SECTION, "orders a second", len(commits) / SECONDS, "")
    report.add(SECTION, "CPU of the web server, of one core", share * 100, "%")


# --- Orders come in ---------------------------------------------------------------------------


def orders_come_in(account: MarketplaceAccount) -> dict[int, float]:
    """When each was committed, by its number."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTER, str(account.pk), str(SECONDS)],
        env=live.environment(""), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return {int(number): at for number, at in json.loads(done.stdout).items()}


def importer(account_id: int, seconds: float) -> None:
    """What the other process does: one order at a time, as callbacks bring them."""
    account = MarketplaceAccount.objects.get(pk=account_id)
    chance, names = random.Random(3), [f"Produs {n}" for n in range(2_000)]
    commits: dict[int, float] = {}
    began = time.monotonic()
    for n in range(int(seconds * RATE)):
        now = timezone.now()
        told = an_order(n, chance, names, now)
        import_orders(
            account,
            [
                replace(
                    told, external_id=str(FIRST + n), ordered_at=now,
                    ship_by=now + dt.timedelta(days=1),
                )
            ],
        )  # fmt: skip
        commits[FIRST + n] = time.monotonic()
        time.sleep(max(0.0, began + (n + 1) / RATE - time.monotonic()))
    print(json.dumps(commits))


# --- People -----------------------------------------------------------------------------------


async def everybody_reads(crowd: live.Crowd) -> None:
    await asyncio.gather(*(person.read() for person in crowd.clients))
    for person in crowd.clients:
        person.waits.clear()
        person.side_waits.clear()


async def everybody_stops(crowd: live.Crowd) -> None:
    """Nobody begins to read any more; who is waiting for an answer gets it."""
    for person in crowd.clients:
        person.is_over = True
        for timer in person.timers.values():
            timer.cancel()
    for person in crowd.clients:
        async with person.lock:
            pass
    await asyncio.sleep(2 * DELAY)


class Person(live.Client):
    """An open list of orders."""

    NEWEST = re.compile(rb">(9\d{8})</a>")

    def __init__(self, crowd: live.Crowd, cookie: str, place: int) -> None:
        super().__init__(crowd, cookie)
        kind, tab = KINDS[place % len(KINDS)], TABS[place // len(KINDS) % len(TABS)]
        self.page, self.sees_all = f"/orders/?{tab}", not tab
        may_accept = has_permission(kind["role"], "orders.accept_order")
        self.beside = [STATE, LOOK, BUTTON] if may_accept else [STATE, LOOK]
        self.timers: dict[str, asyncio.TimerHandle] = {}  # what is about to be read beside the list
        self.free: dict[str, float] = {}  # when it may be read again
        self.waits: list[float] = []
        self.side_waits: list[float] = []
        self.seen: list[tuple[float, int]] = []  # when, and the newest order then on the screen
        self.errors = 0
        self.reader: asyncio.StreamReader | None = None
        self.is_over, self.told = False, ""
        self.lock = asyncio.Lock()

    def heard(self, hint: Mapping[str, Any], now: float) -> None:
        if self.is_over:
            return
        self.told = hint["at"]
        self.crowd.loop.call_later(DELAY, lambda: self.crowd.loop.create_task(self.read()))
        for path in self.beside:
            if path not in self.timers:
                wait = max(SOON, self.free.get(path, 0.0) - now)
                self.timers[path] = self.crowd.loop.call_later(wait, self.look_beside, path)

    def look_beside(self, path: str) -> None:
        del self.timers[path]
        self.free[path] = time.monotonic() + PACES[path] * random.uniform(1, 1.5)
        self.crowd.loop.create_task(self.read_beside(path))

    async def read_beside(self, path: str) -> None:
        async with self.lock:
            started = time.monotonic()
            if await self.fetched(path) is not None:
                self.side_waits.append(time.monotonic() - started)

    async def read(self) -> None:
        async with self.lock:  # a page that reads has one request under way
            started = time.monotonic()
            body = await self.fetched(self.page, "results")
            if body is None:
                return
            done = time.monotonic()
            self.waits.append(done - started)
            newest = max(map(int, self.NEWEST.findall(body)), default=0)
            self.seen.append((done, newest))

    async def fetched(self, path: str, target: str = "") -> bytes | None:
        if self.is_over:
            return None
        is_kept = self.reader is not None
        try:
            return await self.get(path, target)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            self.reader = None
            # The server closes what was idle for some seconds, and browsers then connect again.
            if is_kept and not isinstance(error, ValueError):
                return await self.fetched(path, target)
            self.errors += 1
            return None

    async def get(self, path: str, target: str) -> bytes:
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.crowd.port)
        self.writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.crowd.port}\r\n"
            f"HX-Request: true\r\nAccept-Encoding: gzip\r\n"
            f"HX-Target: {target}\r\nX-Told: {self.told}\r\n"
            f"Cookie: {settings.SESSION_COOKIE_NAME}={self.cookie}\r\n\r\n".encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        if " 204 " in head.partition("\r\n")[0]:
            return b""
        if " 200 " not in head.partition("\r\n")[0]:
            raise ValueError(head)
        length = re.search(r"content-length: (\d+)", head)
        if length is None:
            raise ValueError(head)
        body = await self.reader.readexactly(int(length[1]))
        return gzip.decompress(body) if "content-encoding: gzip" in head else body

    def behind(self, commits: dict[int, float]) -> list[float]:
        """For each order, how long after its commit this screen showed it, or a newer one."""
        gaps, place = [], 0
        for number, at in commits.items():
            while place < len(self.seen) and self.seen[place][1] < number:
                place += 1
            if place < len(self.seen):
                gaps.append(max(0.0, self.seen[place][0] - at))
        return gaps
