"""Exports of 100,000 rows through the real web server: time, first byte, memory above idle.

The audit trail, then orders with three lines each, as orders and as lines; and the sales figures of
all of them. BENCH_EXPORTS names another number of orders.
"""

import http.client
import io
import os
import threading
import time
import zipfile

from django.conf import settings

from benchmarks import lists, shop
from benchmarks.live import people, web_server
from benchmarks.report import Report

ROWS = 100_000
SECTION = f"Export of {ROWS:,} rows"
BARS = {"csv": 2.0, "xlsx": 8.0}  # seconds
ORDERS = int(os.environ.get("BENCH_EXPORTS", "100000"))
ORDER_BARS = {"csv": 3.0, "xlsx": 8.0}
LINE_BARS = {"csv": 10.0, "xlsx": 20.0}


def run(report: Report) -> None:
    of_the_audit_trail(report)
    shop.open_shop()
    try:
        shop.grow(0, ORDERS, ORDERS)
        of_orders(report)
    finally:
        shop.close_shop()


def of_orders(report: Report) -> None:
    section = f"Export of {ORDERS:,} orders with {shop.LINES} lines each"
    with people(1) as [cookie], web_server("") as web:
        fetch(web.port, cookie, "/orders/")
        idle = web.process.memory_info().rss
        for what, bars, rows in (
            ("", ORDER_BARS, ORDERS),
            ("lines", LINE_BARS, shop.LINES * ORDERS),
        ):
            for kind, bar in bars.items():
                address = f"/orders/?export={kind}&export_rows={what}"
                with Highest(web.process) as highest:
                    seconds, first, data = fetch(web.port, cookie, address)
                name = f"{what or 'orders'}, {kind}"
                report.add(section, f"{name}: whole file", seconds, "s", bar)
                report.add(section, f"{name}: first byte", first, "s", 0.5)
                report.add(
                    section, f"{name}: memory above idle", (highest.rss - idle) / 2**20, "MiB", 60
                )
                report.add(section, f"{name}: rows missing", rows - rows_in(kind, data), "", 0)
        for name, query in {"everything": "", "one month": "ordered_at=30d"}.items():
            seconds, _first, data = fetch(web.port, cookie, f"/orders/sales/?{query}")
            report.add(section, f"sales figures of {name}", seconds, "s", 5.0)
            said = "everything" if b"too much" in data else "nothing"
            report.add(section, f"sales figures of {name}: left out as too much: {said}", 0, "")


def of_the_audit_trail(report: Report) -> None:
    lists.empty()
    lists.fill(0, ROWS)
    with people(1) as [cookie], web_server("") as web:
        fetch(web.port, cookie, "/audit/")  # the first page loads what idle then holds
        idle = web.process.memory_info().rss
        for kind, bar in BARS.items():
            with Highest(web.process) as highest:
                seconds, first, data = fetch(web.port, cookie, f"/audit/?export={kind}")
            report.add(SECTION, f"{kind}: whole file", seconds, "s", bar)
            report.add(SECTION, f"{kind}: first byte", first, "s", 0.5)
            report.add(
                SECTION, f"{kind}: memory above idle", (highest.rss - idle) / 2**20, "MiB", 60
            )
            report.add(SECTION, f"{kind}: size", len(data) / 1e6, "MB")
            report.add(SECTION, f"{kind}: rows missing", ROWS - rows_in(kind, data), "", 0)


def fetch(port: int, cookie: str, url: str) -> tuple[float, float, bytes]:
    """Seconds for the whole body, seconds until its first byte, and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    started = time.perf_counter()
    connection.request("GET", url, headers=headers)
    response = connection.getresponse()
    first = response.read(1)
    first_byte = time.perf_counter() - started
    body = first + response.read()
    seconds = time.perf_counter() - started
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{url} answered {response.status}")
    return seconds, first_byte, body


def rows_in(kind: str, data: bytes) -> int:
    if kind == "csv":
        return data.count(b"\r\n") - 1
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").count(b"<row>") - 1


class Highest:
    """The most memory a process held while something went on."""

    def __init__(self, process) -> None:  # type: ignore[no-untyped-def]
        self.process = process
        self.rss = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Highest":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.rss = max(self.rss, self.process.memory_info().rss)
            time.sleep(0.01)
