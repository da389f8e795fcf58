"""The customers at a thousand, a hundred thousand and four hundred thousand, beside a bare page.

BENCH_CUSTOMERS names other sizes. Figures stand in the rows as the job leaves them; the last part
measures that job itself, on orders that were really imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

from django.db import connection
from django.template import Context, Engine

from accounts.models import MarketplaceAccount
from benchmarks import ingest
from benchmarks.lists import sign_in
from benchmarks.measure import Browser, Reading, exponent, measure_all
from benchmarks.report import Report
from core import paging
from core.search_index import ensure_search_indexes
from orders.models import Customer, CustomerBase, FigureNudge
from orders.services import customer_figures, import_orders

SIZES = tuple(
    int(size) for size in os.environ.get("BENCH_CUSTOMERS", "1000,100000,400000").split(",")
)
SECTION = "Customers"
BARE = "bare page"
P95, RATIO, SQL, GROWTH = 120.0, 2.5, 8, 0.05
PAGES = {
    "list": "",
    "last page": "page=last",
    "most orders first": "sort=-orders_count",
    "most revenue first": "sort=-revenue",
    "most loyal first": "sort=-loyalty",
    "most risky first": "sort=-risk",
    "tab gold": "tier=gold",
    "tab risky": "risk__gt=24",
    "tab blocked": "is_blocked=true",
    "search, rare": "q=zebra",
    "search, common": "q=popescu",
    "search, last digits of a phone": "q=000123",
    "search, a phone in another writing": "q=%2B40+700+000+345",
    "search, customer number": "q=10000777",
    "search, nothing there": "q=qqqqq",
    "filter, more than 5 orders": "orders_count__gt=5",
}
HISTORY = 2_000  # orders of the customers whose page is measured, and that the job counts


def run(report: Report) -> None:
    account = ingest.an_account()
    try:
        browser = Browser(sign_in())
        people = with_history(report, account)
        readings: dict[int, dict[str, Reading]] = {}
        filled = 0
        for size in SIZES:
            fill(account, filled, size)
            filled = size
            readings[size] = measure_all(pages(browser, people), rounds=40)
            add_lines(report, size, readings[size])
        add_growth(report, readings)
    finally:
        FigureNudge.objects.filter(account=account).delete()
        with connection.cursor() as cursor:  # row by row, as models are deleted, takes minutes
            cursor.execute(
                "DELETE FROM orders_customer c WHERE account_id = %s"
                " AND NOT EXISTS (SELECT FROM orders_order o WHERE o.customer_id = c.id)",
                [account.pk],
            )
        ingest.forget(account)


def pages(browser: Browser, person: int) -> dict[str, Callable[[], bytes]]:
    def at(url: str) -> Callable[[], bytes]:
        return lambda: browser.get(url)

    return {
        BARE: bare_page,
        **{name: at(f"/customers/?{query}") for name, query in PAGES.items()},
        "a customer": at(f"/customers/{person}/"),
    }


def add_lines(report: Report, size: int, readings: dict[str, Reading]) -> None:
    base = readings[BARE]
    for name, reading in readings.items():
        at = f"{name}, {size:,} customers"
        report.add(SECTION, f"{at}: p50", reading.p50_ms, "ms")
        report.add(SECTION, f"{at}: p95", reading.p95_ms, "ms", P95)
        if name in PAGES:
            ratio = reading.cpu_ms / base.cpu_ms
            report.add(SECTION, f"{at}: CPU, ratio to the bare page", ratio, "×", RATIO)
            report.add(SECTION, f"{at}: SQL statements", reading.sql, "", SQL)


def add_growth(report: Report, readings: dict[int, dict[str, Reading]]) -> None:
    small, large = SIZES[0], SIZES[-1]
    if small == large:
        return
    for name in PAGES:
        growth = exponent(readings[small][name].p50_ms, readings[large][name].p50_ms, large / small)
        title = f"{name}: growth exponent {small:,} → {large:,}"
        report.add(SECTION, title, growth, "", GROWTH)


# --- The job ----------------------------------------------------------------------------------


def with_history(report: Report, account: MarketplaceAccount) -> int:
    """Orders of fifty people arrive and are counted; returns one of these people."""
    orders = [order for page in ingest.pages_of(HISTORY) for order in page]
    people = [orders[n].customer for n in range(50)]
    told = [replace(order, customer=people[n % 50]) for n, order in enumerate(orders)]
    for start in range(0, HISTORY, ingest.PAGE):
        import_orders(account, told[start : start + ingest.PAGE])
    started = time.perf_counter()
    counted = 0
    while (found := customer_figures.take_nudges(account)) is not None:
        counted += len(found.changed)
    report.add(SECTION, f"counting {HISTORY:,} orders anew", time.perf_counter() - started, "s")
    return Customer.objects.counted().filter(account=account).order_by("-orders_count")[0].pk


# --- The world --------------------------------------------------------------------------------

# Phones are 0700 and the customer's own number: the search for one in another writing finds one.
FILL = """
    INSERT INTO orders_customer (account_id, external_id, name, company, email, phones, gender,
           is_company, is_vat_payer, tax_id, trade_register, bank, iban, fax, liable_person,
           catalogue_id, read_at, orders_count, delivered_count, currency, revenue, first_order_at,
           last_order_at, loyalty, risk, tier, search_text, match_keys, blocked_at, block_reason)
    SELECT %(account)s, number, name, '', '', ARRAY[phone], '', false, false, '', '', '', '', '',
           '', '', now(), 1 + n %% 7, 1 + n %% 7, 'RON', (n * 7919) %% 500000 / 100.0,
           now() - interval '700 days', now() - interval '1 minute' * (n * 7919 %% 1000000),
           n * 31 %% 100, CASE WHEN n %% 50 = 7 THEN 30 ELSE 0 END,
           (ARRAY['standard', 'bronze', 'silver', 'standard', 'bronze'])[1 + n %% 5],
           lower(name) || ' ' || number || ' ' || phone, ARRAY['p:' || substr(phone, 2)],
           CASE WHEN n %% 5000 = 11 THEN now() END,
           CASE WHEN n %% 5000 = 11 THEN 'bench' ELSE '' END
    FROM (
        SELECT n, (10000000 + n)::text AS number, '0700' || lpad(n::text, 6, '0') AS phone,
               (ARRAY['Ana', 'Ion', 'Maria', 'Radu', 'Elena', 'Mihai'])[1 + n %% 6] || ' '
               || (ARRAY['Popescu', 'Ionescu', 'Matei', 'Popescu', 'Nagy', 'Dima'])[1 + n %% 7 %% 6]
               || ' ' || n %% 97
               || CASE WHEN n %% 6000 = 7 THEN ' zebra' ELSE '' END AS name
        FROM generate_series(%(first)s + 1, %(last)s::bigint) n
    ) made
"""
GOLD = """
    UPDATE orders_customer SET tier = 'gold'
     WHERE account_id = %s AND external_id LIKE '%%00' AND tier <> 'gold'
"""


def fill(account: MarketplaceAccount, first: int, last: int) -> None:
    """Customers of one account, one in a hundred of them gold, one in fifty risky."""
    ensure_search_indexes()
    with connection.cursor() as cursor:
        cursor.execute(
            FILL, {"account": account.pk, "first": first + 100_000, "last": last + 100_000}
        )
        cursor.execute(GOLD, [account.pk])
        cursor.execute("VACUUM (ANALYZE) orders_customer")
    CustomerBase.objects.get_or_create(account=account)
    customer_figures.measure(account)
    paging.forget_sizes()


# --- The floor --------------------------------------------------------------------------------

TEMPLATE = Engine().from_string(
    """<!doctype html><html><head><title>Customers</title></head><body><table>
<thead><tr><th>Customer</th><th>Account</th><th>Phone</th><th>Tier</th><th>Orders</th>
<th>Revenue</th><th>Returns</th><th>Loyalty</th><th>Risk</th><th>Last order</th></tr></thead><tbody>
{% for one in customers %}<tr><td><a href="/customers/{{ one.pk }}/">{{ one.name }}</a>
{% if one.blocked_at %}<b title="{{ one.block_reason }}">Blocked</b>{% endif %}</td>
<td>{{ one.account.country }} {{ one.account.name }}</td><td>{{ one.phones.0 }}</td>
<td>{{ one.tier }}</td><td>{{ one.orders_count }}</td><td>{{ one.revenue }} {{ one.currency }}</td>
<td>{{ one.returned_count }}</td><td>{{ one.loyalty }}</td><td>{{ one.risk }}</td>
<td>{{ one.last_order_at|date:"Y-m-d H:i" }}</td></tr>{% endfor %}
</tbody></table></body></html>"""
)


def bare_page() -> bytes:
    customers = Customer.objects.counted().select_related("account")
    shown = customers.order_by("-last_order_at", "-pk")[:50]
    return TEMPLATE.render(Context({"customers": shown})).encode()
