"""The order workbench at a thousand, a hundred thousand and a million orders of three products.

BENCH_ORDERS names another largest size. Requests go through the whole handler,
with session and permission; beside them, in the same run, stands the plainest page that could show
the same fifty rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from benchmarks import bare_orders, shop
from benchmarks.lists import sign_in
from benchmarks.measure import Browser, Reading, exponent, measure_all
from benchmarks.report import Report
from core.paging import token
from orders.models import Order
from orders.tabs import PARTS

LARGEST = int(os.environ.get("BENCH_ORDERS", "1000000"))
SIZES = (*(size for size in (1_000, 100_000) if size < LARGEST), LARGEST)
SECTION = f"Orders with {shop.LINES} products each"
BARE = "bare page"
ROUNDS = 60
P95, RATIO, SQL, GROWTH = 120.0, 2.5, 8, 0.05
# A quarter of all orders, and none of the latest: found in about a second, and held to no bar.
HARD = "search, often but long ago"
SEARCHES = {
    "search, rare": "q=zebra",
    "search, common": "q=silicon",
    "search, one in forty": "q=mure%C8%99an",
    "search, two words": "q=brasov+mure%C8%99an",
    HARD: "q=walkman",
    "search, last digits of a phone": "q=919000",
    "search, AWB": "q=1ONB20000500",
    "search, invoice": "q=mf+777",
    "search, nothing there": "q=qqqqq",
    "search in a tab": "q=silicon&status=new&fulfilment=own",
    "filter, tag": "tag=gift",
    "filter, courier and amount": "courier=GLS&total__gt=900",
    "filter, AWB contains": "awb__contains=20000777",
    "filter, product contains": "product__contains=zebra",
    "filter, product often contains": "product__contains=silicon",
    "filter, town is": "city=Bra%C8%99ov",
    "filter, customer is nobody": "customer_name=Nobody",
    "filter, SKU is": "sku=nothing-like-it",
    "filter, invoice is": "invoice=zz",
    "filter, late": "late=true",
    "filter, cancelled because": "cancel_code=31",
    "sorted by what is due": "sort=ship_by",
    "sorted by amount": "sort=-total",
}


def run(report: Report) -> None:
    shop.open_shop()
    try:
        browser = Browser(sign_in())
        readings: dict[int, dict[str, Reading]] = {}
        filled = 0
        for size in SIZES:
            shop.grow(filled, size, SIZES[-1])
            filled = size
            readings[size] = measure_all(pages(browser), ROUNDS)
            add_lines(report, size, readings[size])
        add_growth(report, readings)
    finally:
        shop.close_shop()


def pages(browser: Browser) -> dict[str, Callable[[], bytes]]:
    last = Order.objects.latest("pk")

    def at(url: str, *, partial: bool = False) -> Callable[[], bytes]:
        return lambda: browser.get(url, partial=partial)

    tabs = {f"tab {part.name}": at(f"/orders/?{part.query}") for part in PARTS}
    return {
        BARE: bare_orders.page,
        "list": at("/orders/"),
        "re-read by itself": at("/orders/", partial=True),
        **tabs,
        "last page": at("/orders/?page=last"),
        "last page of done": at(f"/orders/?{done()}&page=last"),
        "a page in the middle": at(page_in_the_middle()),
        **{name: at(f"/orders/?{query}") for name, query in SEARCHES.items()},
        "an order": at(f"/orders/{last.pk}/"),
        "a look beside the list": at(f"/orders/{last.pk}/peek/", partial=True),
    }


def done() -> str:
    return next(part.query for part in PARTS if part.name == "done")


def page_in_the_middle() -> str:
    low, high = (
        Order.objects.order_by(o).first().ordered_at for o in ("ordered_at", "-ordered_at")
    )
    middle = low + (high - low) / 2
    order = Order.objects.filter(ordered_at__lte=middle).order_by("-ordered_at", "-pk").first()
    return f"/orders/?page={token('after', [order.ordered_at, order.pk], 0)}"


def add_lines(report: Report, size: int, readings: dict[str, Reading]) -> None:
    bare = readings[BARE]
    for name, reading in readings.items():
        at = f"{name}, {size:,} orders"
        report.add(SECTION, f"{at}: p50", reading.p50_ms, "ms")
        bar = None if name in {BARE, HARD} else P95
        report.add(SECTION, f"{at}: p95", reading.p95_ms, "ms", bar)
        report.add(SECTION, f"{at}: CPU", reading.cpu_ms, "ms")
        if name == BARE:
            continue
        statements = SQL if is_promised(name) else None
        report.add(SECTION, f"{at}: SQL statements", reading.sql, "", statements)
    ratio = readings["list"].cpu_ms / bare.cpu_ms
    report.add(SECTION, f"list, {size:,} orders: CPU, ratio to the bare page", ratio, "×", RATIO)


def add_growth(report: Report, readings: dict[int, dict[str, Reading]]) -> None:
    small, large = SIZES[0], SIZES[-1]
    if small == large:
        return
    for name in readings[large]:
        if name == BARE:
            continue
        growth = exponent(readings[small][name].p50_ms, readings[large][name].p50_ms, large / small)
        bar = GROWTH if is_promised(name) else None
        report.add(SECTION, f"{name}: growth exponent {small:,} → {large:,}", growth, "", bar)


def is_promised(name: str) -> bool:
    """Every way to the list, and its searches for what is rare and what is common."""
    return name in {"search, rare", "search, common"} or not name.startswith(
        ("search", "filter", "sorted")
    )
