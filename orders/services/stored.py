"""What is already here of the orders of a page, read in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F

from core.setwise import execute_with_arrays
from orders.choices import CLOSED
from orders.models import Order
from orders.services import rows
from orders.services.rows import Cells, Key, Prepared

# The version guard. `old` is stored, `new` came in. The later change wins, and of one change the
# later look. Marketplaces set a change's time back now and then: what was read an hour or more
# after the stored look is believed whatever it says of itself.
IS_NEWER = (
    "(coalesce(new.changed_at, '-infinity'), new.read_at)"
    " >= (coalesce(old.changed_at, '-infinity'), old.read_at)"
    " OR new.read_at >= old.read_at + interval '1 hour'"
)


@dataclass(frozen=True, slots=True)
class Known:
    pk: int
    digest: bytes
    is_newer: bool  # whether what came in may replace it


def known_orders(account_id: int, prepared: Iterable[Prepared]) -> dict[Key, Known]:
    """Which of these orders are here, and which of those came in newer.

    OFFSET 0: one look into the index for each. Joined, the planner reads all orders of the account,
    as long as nobody has counted them.
    """
    orders = [one.order for one in prepared]
    found = execute_with_arrays(
        f"""
        SELECT old.fulfilment, old.external_id, old.id, old.digest, {IS_NEWER}
          FROM unnest(%b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[])
               AS new (fulfilment, external_id, changed_at, read_at)
         CROSS JOIN LATERAL (
               SELECT id, fulfilment, external_id, digest, changed_at, read_at FROM orders_order
                WHERE account_id = %s AND fulfilment = new.fulfilment
                      AND external_id = new.external_id OFFSET 0) AS old
        """,  # noqa: S608 - the guard is the constant above
        [
            [order.fulfilment for order in orders],
            [order.external_id for order in orders],
            [order.changed_at for order in orders],
            [order.read_at for order in orders],
            account_id,
        ],
    )
    return {
        (fulfilment, number): Known(pk, bytes(digest), is_newer)
        for fulfilment, number, pk, digest, is_newer in found
    }


class KnownCustomer(NamedTuple):
    pk: int
    read_at: datetime
    forgotten_at: datetime | None  # what they ordered until then is stored without them
    cells: Cells


def known_customers(account_id: int, numbers: Sequence[str]) -> dict[str, KnownCustomer]:
    """The customers that are here, by the marketplace's number."""
    columns = ", ".join(rows.CUSTOMER)
    found = execute_with_arrays(
        f"""
        SELECT here.* FROM unnest(%b::text[]) AS wanted (number) CROSS JOIN LATERAL (
               SELECT id, read_at, forgotten_at, {columns} FROM orders_customer
                WHERE account_id = %s AND external_id = wanted.number OFFSET 0) AS here
        """,  # noqa: S608 - constant names
        [list(numbers), account_id],
    )
    return {
        cells[0]: KnownCustomer(pk, read_at, forgotten_at, tuple(cells))
        for pk, read_at, forgotten_at, *cells in found
    }


def forgotten_among(pks: Iterable[int]) -> set[int]:
    """Those of these orders that are over and whose customer's personal data was erased since."""
    erased = Order.objects.filter(ordered_at__lte=F("customer__forgotten_at"), status__in=CLOSED)
    return set(erased.filter(pk__in=list(pks)).values_list("pk", flat=True))


@dataclass(slots=True)
class Stored:
    """One order as it lies in the database: the same shape as rows.Prepared."""

    pk: int
    status: str
    problems: frozenset[str]
    accepted_at: Any
    facts: dict[str, Any]
    customer_id: int
    addresses: dict[str, Cells] = field(default_factory=dict)
    address_pks: dict[str, int] = field(default_factory=dict)
    lines: dict[str, Cells] = field(default_factory=dict)
    line_pks: dict[str, int] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    deposits: list[Cells] = field(default_factory=list)
    vouchers: list[Cells] = field(default_factory=list)
    attachments: list[Cells] = field(default_factory=list)
    proformas: list[Cells] = field(default_factory=list)


def stored_orders(pks: Sequence[int]) -> dict[int, Stored]:
    """These orders with everything that hangs on them, locked in the order everybody uses."""
    found: dict[int, Stored] = {}
    wanted = [sorted(pks)]
    facts = ", ".join(rows.FACTS)
    statement = (
        f"SELECT id, status, problems, accepted_at, customer_id, {facts} FROM orders_order"  # noqa: S608
        " WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
    )
    for pk, status, problems, accepted_at, customer_id, *cells in _read(statement, wanted):
        values = dict(zip(rows.FACTS, cells, strict=True))
        found[pk] = Stored(pk, status, frozenset(problems), accepted_at, values, customer_id)
    for pk, kind, own, *cells in _read(
        _of_order("orders_orderaddress", "kind", rows.ADDRESS), wanted
    ):
        found[pk].addresses[kind] = tuple(cells)
        found[pk].address_pks[kind] = own
    for pk, is_gone, own, *cells in _read(
        _of_order("orders_orderline", "vanished_at IS NOT NULL", rows.LINE), wanted
    ):
        found[pk].lines[cells[0]] = tuple(cells)
        found[pk].line_pks[cells[0]] = own
        if is_gone:
            found[pk].vanished.add(cells[0])
    for name, cells_of in _parts(wanted).items():
        for pk, parts in cells_of.items():
            setattr(found[pk], name, parts)
    return found


def _of_order(table: str, first: str, columns: Sequence[str]) -> str:
    names = ", ".join(columns)
    return f"SELECT order_id, {first}, id, {names} FROM {table} WHERE order_id = ANY(%s)"  # noqa: S608


# Parts name the line they hang on by its number there, since that is what comes in.
_PART_TABLES = {
    "deposits": (
        "orders_linedeposit p JOIN orders_orderline l ON l.id = p.line_id",
        "l.order_id",
        "l.external_id",
        rows.DEPOSIT,
    ),
    "vouchers": (
        "orders_ordervoucher p LEFT JOIN orders_orderline l ON l.id = p.line_id"
        " LEFT JOIN orders_linedeposit d ON d.id = p.deposit_id",
        "p.order_id",
        "l.external_id, d.position",
        rows.VOUCHER,
    ),
    "attachments": (
        "orders_orderattachment p LEFT JOIN orders_orderline l ON l.id = p.line_id",
        "p.order_id",
        "l.external_id",
        rows.ATTACHMENT,
    ),
    "proformas": ("orders_orderproforma p", "p.order_id", "", rows.PROFORMA),
}


def _parts(wanted: list[Any]) -> dict[str, dict[int, list[Cells]]]:
    found: dict[str, dict[int, list[Cells]]] = {}
    for name, (tables, owner, where_it_hangs, columns) in _PART_TABLES.items():
        own = ", ".join(f"p.{column}" for column in columns)
        hangs = f"{where_it_hangs}, " if where_it_hangs else ""
        by_order: dict[int, list[Cells]] = defaultdict(list)
        statement = (
            f"SELECT {owner}, {hangs}{own} FROM {tables}"  # noqa: S608 - constants of this module
            f" WHERE {owner} = ANY(%s) ORDER BY p.id"
        )
        for pk, *cells in _read(statement, wanted):
            by_order[pk].append(tuple(cells))
        found[name] = dict(by_order)
    return found


def _read(statement: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
