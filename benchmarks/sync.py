"""Reading from eMAG: how close to its own limit, and what taking in a page costs beside that.

The simulator answers in a process of its own and keeps eMAG's limits; it judges afterwards whether
we kept them. A page holds a hundred. BENCH_ORDERS and BENCH_OFFERS choose other sizes.

All accounts stay until the end: foreign keys are checked by plans that PostgreSQL makes once for a
connection, and those it makes for a table that was just emptied are no good for a full one.
"""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.utils import timezone

from accounts.models import MarketplaceAccount
from benchmarks import stage
from benchmarks.ingest import settle, timed
from benchmarks.report import Report
from core.http import Reply
from core.jobs import Run
from core.models.jobs import JobStatus
from emag.client.decoding import Reader
from emag.pulls.orders import intake_for
from emag.pulls.paging import Place, Source, read_pages
from emag.pulls.storing import Examined, examine, store
from emag.simulator.running import RunningSimulator

ORDERS = int(os.environ.get("BENCH_ORDERS", "20000"))
OFFERS = int(os.environ.get("BENCH_OFFERS", "100000"))
TAKEN_IN = 6_000
PAGE = 100
FEW = 0.1  # so that two threads examine: without a network more would only be in each other's way
MOST = {"orders": 1.10, "offers": 1.05}  # times what eMAG's limit itself would take
PER_SECOND = {"orders": 12, "offers": 3}
LIMITS = {"orders": (12, 720), "rest": (3, 180), "ean": (5, 200)}  # a second, a minute
MOST_NEW, MOST_UNCHANGED, MOST_WAL = 500.0, 200.0, 200.0  # µs, µs, bytes


def run(report: Report) -> None:
    with (
        stage.simulator() as sim,
        stage.account(sim, "reader") as reader,
        stage.account(sim, "orders") as orders,
        stage.account(sim, "offers", offers=OFFERS) as offers,
    ):
        sim.inject_orders(TAKEN_IN, account="ro:reader", over="P20D", lines=3, quiet=True)
        sim.config(**{"rate.scale": 100})
        take_pages_in(report, sim, reader.account)
        sim.config(**{"rate.scale": 1})
        sim.inject_orders(ORDERS, account="ro:orders", over="P20D", lines=3, quiet=True)
        pull(report, sim, orders.account, "orders", ORDERS)
        pull(report, sim, offers.account, "offers", OFFERS)


def take_pages_in(report: Report, sim: RunningSimulator, account: MarketplaceAccount) -> None:
    """Parsing, mapping and storing alone: the pages are here already, as eMAG wrote them."""
    section = f"Taking in {TAKEN_IN:,} orders with 3 lines: parsing, mapping, storing"
    replies = [page_of(sim, number) for number in range(1, TAKEN_IN // PAGE + 1)]
    new_seconds, _log = timed(lambda: take(account, replies, "new"))
    settle()
    same_seconds, log = timed(lambda: take(account, replies, "unchanged"))
    report.add(section, "new: an order", new_seconds / TAKEN_IN * 1e6, "µs", MOST_NEW)
    report.add(section, "new: orders a second", TAKEN_IN / new_seconds, "")
    report.add(section, "unchanged: an order", same_seconds / TAKEN_IN * 1e6, "µs", MOST_UNCHANGED)
    report.add(section, "unchanged: orders a second", TAKEN_IN / same_seconds, "")
    report.add(section, "unchanged: log of the database", log / TAKEN_IN, "B/order", MOST_WAL)


def page_of(sim: RunningSimulator, number: int) -> Reply:
    """A page without our client and its limits, so that nothing of it is waited for below."""
    sign_in = base64.b64encode(b"reader:secret").decode()
    request = urllib.request.Request(
        f"{sim.url('ro')}/order/read",
        json.dumps({"currentPage": number, "itemsPerPage": PAGE, "type": 3}).encode(),
        {"Authorization": f"Basic {sign_in}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return Reply("eMAG", "", answer.status, dict(answer.headers), answer.read(), safe=True)


def take(account: MarketplaceAccount, replies: Sequence[Reply], part: str) -> None:
    """As emag.pulls.orders reads: some threads examine pages, this one stores them."""
    intake, reader, found = intake_for(account), Reader(), 0

    def page(number: int) -> Any:
        now = timezone.now()
        reply = [reader.envelope(one, now).results for one in replies[number - 1 : number]]
        return examine(account, intake, Bare(reply[0] if reply else [], now))

    def handle(page: Examined) -> None:
        nonlocal found
        found += getattr(store(account, intake, page), part)

    source = Source(page, lambda: Bare(TAKEN_IN, pages=len(replies)), FEW)
    read_pages(source, Place(), cast(Run, Nobody()), handle)
    if found != TAKEN_IN:
        raise RuntimeError(f"{found} orders were {part}")


@dataclass(frozen=True)
class Bare:
    """A page, or a count, as the client would return it."""

    items: Any
    read_at: Any = None
    pages: int = 0
    call_id: str = ""


class Nobody:
    """The run of a job that nobody watches."""

    is_time_up = False

    def count(self, *counted: object) -> None: ...

    def log(self, text: str) -> None: ...


def pull(
    report: Report, sim: RunningSimulator, account: MarketplaceAccount, what: str, number: int
) -> None:
    section = f"Pulling {number:,} {what} through eMAG's limit"
    least = number / PAGE / PER_SECOND[what]
    done = stage.run_job(f"emag.pull_{what}", account)
    seconds = (done.ended_at - done.started_at).total_seconds()
    if done.status != JobStatus.DONE or done.counters.get("new") != number:
        raise RuntimeError(f"{done.status}: {done.counters} {done.error}")
    report.add(section, "seconds", seconds, "s")
    report.add(section, "to what the limit takes", seconds / least, "×", MOST[what])
    report.add(section, "rows a second", number / seconds, "")
    for bucket, seen in sim.referee(account=f"ro:{what}").items():
        name = bucket.split()[-1]
        report.add(section, f"{name}: widest second", seen["second"], "calls", LIMITS[name][0])
        report.add(section, f"{name}: widest minute", seen["minute"], "calls", LIMITS[name][1])
        report.add(section, f"{name}: turned away", seen["limited"], "calls", 0)
