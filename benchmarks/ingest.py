"""Orders coming in: how fast they are stored, and what an unchanged one costs the database's log.

Pages of a hundred, as a marketplace gives them, one transaction each, into tables of their usual
indexes. Here it is orders alone; what is read and understood before that comes on top.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from accounts.models import Company, MarketplaceAccount
from benchmarks.report import Report
from orders.intake import AddressIn, CustomerIn, LineIn, OrderIn, VoucherIn
from orders.models import Order
from orders.services import ImportReport, import_orders

ORDERS, PAGE, LINES = 10_000, 100, 3
SECTION = f"Storing {ORDERS:,} orders with {LINES} lines"
MOST_NEW = 400.0  # microseconds an order; reading it takes a hundred more: 2,000 a second
MOST_UNCHANGED = 100.0
MOST_WAL = 200.0  # bytes for an order that is as it was
PRODUCTS = 2_000
WORDS = (
    "husă silicon telefon negru încărcător rapid cablu premium set folie sticlă protecție ecran"
    " organizator cutie depozitare lampă birou pliabilă mânere oțel bucătărie cântar digital"
).split()
FIRST = "Ana Maria Ioana Elena Andrei Mihai Gheorghe Ștefan Cristina Radu Gizella Иван".split()
LAST = "Țurcanu Popescu Mureșan Dănilă Ionașcu Vlăsceanu Pârvu Dumitrașcu Nagy Петров".split()


def run(report: Report) -> None:
    account = an_account()
    try:
        pages = list(pages_of(ORDERS))
        stored(report, "new", account, pages, most=MOST_NEW)
        settle()
        wal = stored(report, "unchanged", account, pages, most=MOST_UNCHANGED)
        report.add(SECTION, "unchanged: log of the database", wal, "B/order", MOST_WAL)
        changed = [[a_later_look(order) for order in page] for page in pages]
        stored(report, "changed", account, changed)
    finally:
        forget(account)


def stored(
    report: Report,
    part: str,
    account: MarketplaceAccount,
    pages: Sequence[Sequence[OrderIn]],
    *,
    most: float | None = None,
) -> float:
    """Import the pages, all of whose orders are to be `part`; returns bytes of log an order."""
    found: list[ImportReport] = []
    seconds, log = timed(lambda: found.extend(import_orders(account, page) for page in pages))
    number = sum(len(getattr(one, part)) for one in found)
    if number != sum(map(len, pages)):
        raise RuntimeError(f"{number} orders were {part}")
    report.add(SECTION, f"{part}: an order", seconds / number * 1e6, "µs", most)
    report.add(SECTION, f"{part}: orders a second", number / seconds, "")
    return log / number


def timed(work: Callable[[], object]) -> tuple[float, int]:
    """Seconds, and bytes of write-ahead log, that some work takes."""
    before = log_position()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started, log_position() - before


def settle() -> None:
    """What PostgreSQL does by itself a minute later; meanwhile its work would count as ours."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def log_position() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


# --- The world --------------------------------------------------------------------------------


def an_account() -> MarketplaceAccount:
    company = Company.objects.first() or Company.objects.create(
        name="Benchmark SRL", country="RO", tax_id="12345674"
    )
    return MarketplaceAccount.objects.create(
        name=f"Benchmark {timezone.now():%H:%M:%S.%f}", company=company, platform="benchmark",
        country="RO", currency="RON", time_zone="Europe/Bucharest",
    )  # fmt: skip


def forget(account: MarketplaceAccount) -> None:
    """Leave nothing of it behind but the audit trail, which forgets nothing."""
    Order.objects.filter(account=account).delete()
    account.customers.all().delete()
    account.delete()


def pages_of(number: int) -> Iterator[list[OrderIn]]:
    chance = random.Random(1)
    names = [" ".join(chance.sample(WORDS, 9)).capitalize() for _ in range(PRODUCTS)]
    now = timezone.now()
    orders = [an_order(n, chance, names, now) for n in range(number)]
    for start in range(0, number, PAGE):
        yield orders[start : start + PAGE]


def an_order(n: int, chance: random.Random, names: list[str], now: dt.datetime) -> OrderIn:
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)} {n % 97}"
    phone = f"07{chance.randrange(10**8):08d}"
    address = AddressIn(name, phone, "RO", "Iași", "Iași", f"Str. Lungă nr. {n}", "700001", "8801")
    discount = VoucherIn(
        "9001", Decimal("-8.2645"), Decimal("-1.7355"), Decimal("0.2100"), "Spring"
    )
    discounts = (discount,) if n % 7 == 0 else ()
    lines = [a_line(3 * n + k, chance.randrange(PRODUCTS), names) for k in range(LINES)]
    lines[0] = replace(lines[0], vouchers=discounts)
    return OrderIn(
        external_id=str(500_000_000 + n), fulfilment="own", remote_status="1", status="new",
        read_at=now, ordered_at=now - dt.timedelta(seconds=60 + n), changed_at=now, currency="RON",
        customer=CustomerIn(str(20_000_000 + n), name, phones=(phone,)),
        billing=address, shipping=address, lines=tuple(lines), vouchers=discounts, payment="cod",
        delivery="courier", shipping_price=Decimal("14.99"), ship_by=now + dt.timedelta(days=2),
    )  # fmt: skip


def a_line(number: int, product: int, names: list[str]) -> LineIn:
    return LineIn(
        external_id=str(300_000_000 + number), offer_external_id=str(product), name=names[product],
        sku=f"SKU-{product:05d}", quantity=1 + number % 3, price=Decimal("82.6364"),
        vat_rate=Decimal("0.2100"), currency="RON",
    )  # fmt: skip


def a_later_look(order: OrderIn) -> OrderIn:
    seen = order.read_at + dt.timedelta(minutes=5)
    return replace(order, read_at=seen, changed_at=seen, remote_status="2", status="accepted")
