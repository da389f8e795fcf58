"""A shop of any size in the database: orders as they lie there after years, made in SQL.

One order comes in as orders do; all others are copies of its rows with what makes them different,
so that this knows only the columns it is about. Few orders are open, most are done long ago.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import connection, models
from django.utils import timezone

from accounts.models import MarketplaceAccount
from benchmarks.ingest import a_line, an_account, an_order
from core import paging
from core.search_index import ensure_search_indexes
from core.text import fold
from orders.models import Customer, Order, OrderAddress, OrderLine, Tag
from orders.services import import_orders
from orders.services.counting import fold_counts

LINES = 3
FIRST_ORDER, FIRST_CUSTOMER, FIRST_LINE = 10_000_000, 50_000_000, 100_000_000  # primary keys
MOST_OPEN = 1_200
SECONDS_APART = 100
FIRST_NAMES = (
    "Ana-Maria Ioana Andreea Elena Mihaela Gheorghe Ștefan Radu Mihai Cristian Bogdan Răzvan"
    " Eszter László Иван Мария Georgi Zsófia Ömer Łukasz"
).split()
LAST_NAMES = (
    "Popescu Țurcanu Mureșan Dănilă Ionașcu Vlăsceanu Pârvu Dumitrașcu Brâncoveanu Ștefănescu"
    " Nagy Szabó Петров Георгиева Ionescu Munteanu Rădulescu Stoica Șerban Țepeș Ciobanu Dobre"
    " Enache Grigorescu Hagi Iliescu Jianu Lungu Manole Neagu Oprea Preda Roșu Sârbu Tănase Ursu"
    " Văcaru Zamfir Albu Bălan"
).split()
TOWNS = "Cluj-Napoca Iași București Timișoara Brașov Constanța Sibiu Oradea Ploiești Galați".split()
WORDS = (
    "husă silicon telefon negru încărcător rapid cablu premium set folie sticlă protecție ecran"
    " organizator cutie depozitare lampă birou pliabilă mânere oțel bucătărie cântar digital"
    " lavete microfibră rucsac laptop impermeabil covor auto universal anvelopă iarnă perie"
).split()
PRODUCTS = 2_000
TAGS = {"gift": "blue", "fragil": "amber", "sună întâi": "red"}

_STATUS = """CASE
    WHEN n > %(last)s - %(open)s THEN
        (ARRAY['new', 'new', 'accepted', 'picking', 'packed', 'on_hold'])[1 + n %% 6]
    WHEN n %% 11 = 0 THEN 'cancelled' WHEN n %% 37 = 0 THEN 'returned'
    WHEN n %% 9 = 0 THEN 'shipped' ELSE 'delivered' END"""
_IS_DONE = "n <= %(last)s - %(open)s AND n %% 11 <> 0"
_ORDERED = "now() - make_interval(secs => %(apart)s * (%(all)s - n))"
_PHONE = "'07' || lpad((n * 7919::bigint %% 100000000)::text, 8, '0')"
_ORDER = {
    "id": "%(order)s + n",
    "external_id": "(500000000 + n)::text",
    "customer_id": "%(customer)s + n / 3",
    "ordered_at": _ORDERED,
    "changed_at": _ORDERED,
    "ship_by": "CASE WHEN n > %(last)s - %(open)s"
    " THEN now() + make_interval(mins => (n %% 2880 - 60)::int)"
    f" ELSE {_ORDERED} + interval '2 days' END",
    "status": _STATUS,
    "remote_state": "CASE WHEN n > %(last)s - %(open)s THEN 'accepted' WHEN n %% 11 = 0"
    " THEN 'cancelled' ELSE 'shipped' END",
    "cancel_code": "CASE WHEN n <= %(last)s - %(open)s AND n %% 11 = 0 THEN '31' ELSE '' END",
    # So often that the tab is full with a thousand orders, too: else its growth is that of a page.
    "has_problem": "n %% 19 = 1",
    "problems": "CASE WHEN n %% 19 = 1 THEN '{status}' ELSE '{}' END::varchar[]",
    "payment": "(ARRAY['cod', 'card', 'transfer'])[1 + n %% 3]",
    "is_paid": "n %% 3 = 1",
    "delivery": "(ARRAY['courier', 'pickup'])[1 + n %% 2]",
    "total": "50 + n * 7919::bigint %% 90000 / 100.0",
    "customer_name": "p.name",
    "city": "(%(towns)s::text[])[1 + n %% 10]",
    "first_item": "a.name",
    "lines_count": str(LINES),
    "courier": f"CASE WHEN {_IS_DONE} THEN (ARRAY['Sameday', 'FAN', 'GLS'])[1 + n %% 3]"
    " ELSE '' END",
    "awb": f"CASE WHEN {_IS_DONE} THEN '1ONB' || 20000000 + n ELSE '' END",
    "shipped_at": f"CASE WHEN {_IS_DONE} THEN {_ORDERED} END",
    "invoice_number": f"CASE WHEN {_IS_DONE} THEN 'MF ' || n ELSE '' END",
    "papers_text": f"CASE WHEN {_IS_DONE} THEN '1onb' || 20000000 + n || ' mf ' || n ELSE '' END",
    "tags": "CASE WHEN n %% 97 = 0 THEN ARRAY[(%(tags)s::text[])[1 + n %% 3]] ELSE '{}' END",
    # "zebra" is rare; "walkman" was sold only long ago, and often.
    "search_text": f"concat_ws(' ', 500000000 + n, {_PHONE}, p.folded,"
    " CASE WHEN n <= 60 OR n %% 20000 = 7 THEN 'zebra' END,"
    " CASE WHEN n < %(all)s / 4 THEN 'walkman' END,"
    " (%(towns_folded)s::text[])[1 + n %% 10], lower(a.sku), lower(b.sku), lower(c.sku),"
    " a.folded, b.folded, c.folded)",
}
_FROM_ORDERS = """generate_series(%(first)s + 1, %(last)s) n
    JOIN bench_person p ON p.key = n %% %(people)s
    JOIN bench_product a ON a.key = n * 31 %% 2000
    JOIN bench_product b ON b.key = n * 17 %% 2000
    JOIN bench_product c ON c.key = n * 13 %% 2000"""
_CUSTOMER = {
    "id": "%(customer)s + n",
    "external_id": "(30000000 + n)::text",
    "name": "p.name",
}
_FROM_CUSTOMERS = """generate_series(%(first)s / 3 + (%(first)s > 0)::int, %(last)s / 3) n
    JOIN bench_person p ON p.key = n * 3 %% %(people)s"""
_LINE = {
    "id": "%(line)s + n * 3 + place",
    "order_id": "%(order)s + n",
    "external_id": "(300000000 + n * 3::bigint + place)::text",
    "position": "place",
    "name": "product.name",
    "sku": "product.sku",
}
_FROM_LINES = """generate_series(%(first)s + 1, %(last)s) n CROSS JOIN generate_series(0, 2) place
    JOIN bench_product product ON product.key = n * (ARRAY[31, 17, 13])[1 + place] %% 2000"""
_ADDRESS = {
    "order_id": "%(order)s + n",
    "name": "p.name",
    "city": "(%(towns)s::text[])[1 + n %% 10]",
}
_FROM_ADDRESSES = """generate_series(%(first)s + 1, %(last)s) n
    JOIN bench_person p ON p.key = n %% %(people)s"""


def open_shop() -> MarketplaceAccount:
    """An account with one order that came in, whose rows all others are made of."""
    account = an_account()
    told = an_order(0, random.Random(1), list(WORDS) * 80, timezone.now())
    lines = (a_line(0, 1, list(WORDS)),)
    import_orders(account, [replace(told, external_id="1", lines=lines, vouchers=())])
    for place, (name, colour) in enumerate(TAGS.items()):
        Tag.objects.create(name=name, colour=colour, position=place)
    with connection.cursor() as cursor:
        _names(cursor, "bench_person", [f"{f} {x}" for f in FIRST_NAMES for x in LAST_NAMES])
        products = [
            " ".join(WORDS[(n * step + n // 7) % len(WORDS)] for step in (1, 3, 5, 7, 11, 13))
            for n in range(PRODUCTS)
        ]
        _names(cursor, "bench_product", [name.capitalize() for name in products])
    return account


def _names(cursor: Any, table: str, names: list[str]) -> None:
    """A table of its own: looking up an element of a long array reads all before it."""
    cursor.execute(
        f"CREATE TABLE {table} AS SELECT n - 1 AS key, name, folded,"
        " 'SKU-' || lpad((n - 1)::text, 5, '0') AS sku"
        " FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS told (name, folded, n)",
        [names, [fold(name) for name in names]],
    )
    cursor.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (key)")


def close_shop() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_person, bench_product")


def grow(first: int, last: int, most: int) -> None:
    """Let orders number `first` + 1 to `last` come in; `most` is the size it will ever have."""
    values = {
        "first": first, "last": last, "all": most, "open": min(last // 4, MOST_OPEN),
        "apart": SECONDS_APART, "people": len(FIRST_NAMES) * len(LAST_NAMES),
        "order": FIRST_ORDER, "customer": FIRST_CUSTOMER, "line": FIRST_LINE,
        "towns": TOWNS, "towns_folded": [fold(town) for town in TOWNS], "tags": list(TAGS),
    }  # fmt: skip
    with connection.cursor() as cursor, without_indexes(cursor):
        # Who waited when the shop was smaller has their parcel by now.
        cursor.execute(
            "UPDATE orders_order SET status = 'delivered', remote_state = 'shipped'"
            " WHERE id > %s AND status IN ('new', 'accepted', 'picking', 'packed', 'on_hold')",
            [FIRST_ORDER],
        )
        _copies(cursor, Customer, _CUSTOMER, _FROM_CUSTOMERS, values)
        _copies(cursor, Order, _ORDER, _FROM_ORDERS, values)
        _copies(cursor, OrderLine, _LINE, _FROM_LINES, values)
        _copies(cursor, OrderAddress, _ADDRESS, _FROM_ADDRESSES, values)
    settle()


def settle() -> None:
    """What autovacuum and the jobs would have done by now."""
    fold_counts(keep=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    paging.forget_sizes()


def _copies(
    cursor: Any,
    model: type[models.Model],
    differing: Mapping[str, str],
    source: str,
    values: dict[str, Any],
) -> None:
    """Rows like the oldest of the table, but for the columns that are named."""
    table = model._meta.db_table
    columns = [
        field.column
        for field in model._meta.local_concrete_fields
        if not isinstance(field, models.GeneratedField)
        and (field.column in differing or not field.primary_key)
    ]
    cells = ", ".join(differing.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {cells} FROM {source},"
        f" (SELECT * FROM {table} ORDER BY id LIMIT 1) t",
        values,
    )


@contextmanager
def without_indexes(cursor: Any) -> Iterator[None]:
    """Indexes are made anew afterwards, which for a million rows is a third of the work."""
    tables = [model._meta.db_table for model in (Order, OrderLine, Customer, OrderAddress)]
    cursor.execute(
        "SELECT indexdef, indexname FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE conname = indexname)",
        [tables],
    )
    found = cursor.fetchall()
    for _definition, name in found:
        cursor.execute(f'DROP INDEX "{name}"')
    cursor.execute("SET maintenance_work_mem = '512MB'")
    yield
    for definition, _name in found:
        cursor.execute(definition)
    ensure_search_indexes()
