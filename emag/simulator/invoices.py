"""Invoices: the marketplace's commission each month, and those it writes in the seller's name.

Both follow from the finalised orders. A month is closed when it is over; what is returned later
appears as a storno in the month of the return.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from emag.simulator.checks import whole
from emag.simulator.decimals import amount, as_number
from emag.simulator.offer_docs import offers
from emag.simulator.orders import life
from emag.simulator.store import Docs, Document, declare_kind

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare_kind("invoice", columns=("category", "number", "date"), order="-date,-id")
declare_kind(
    "customer_invoice", columns=("category", "number", "date", "order_id"), order="-date,-id"
)

COMMISSION, COMMISSION_BACK = "FC", "FCA"
CATEGORIES = {
    "FC": "Commission",
    "FCA": "Canceled Commission",
    "FCSA": "Canceled Commission storno",
    "FCD": "Commission discount",
    "FTA": "Canceled Transport",
}
CENT = Decimal("0.01")
VAT = Decimal("0.21")
SUPPLIER = {
    "name": "Supplier SA",
    "register_number": "J40/1/2000",
    "cif": "10000001",
    "tax_code": "RO10000001",
    "social_capital": "1.000 RON",
    "iban": "RO00TEST0000000000000001",
    "bank": "Bank",
    "address": "Str. A 1",
    "phone_number": "0210000000",
}
SELLER = {
    "name": "Arvex SRL",
    "register_number": "J12/2/2015",
    "cif": "20000002",
    "tax_code": "RO20000002",
    "iban": "RO00TEST0000000000000002",
    "bank": "Bank",
    "country": "Romania",
    "address": "Str. Fabricii 1",
}


def bring_up_to_date(world: World, account: Account) -> None:
    """Write the invoices that are due and not there yet."""
    _customers(world, account)
    _months(world, account)


# -- what customers get


def _customers(world: World, account: Account) -> None:
    docs, orders = world.docs("customer_invoice", account), life.orders(world, account)
    known = set(docs.ids())
    pairs: list[tuple[int, Document]] = []
    sold = [id for id in orders.ids(status=[life.FINALIZED, life.RETURNED]) if 2 * id not in known]
    for order in _chunks(orders, sold):
        pairs.append((2 * order["id"], _customer_invoice(order, storno=False)))
    back = [id for id in orders.ids(refunded_amount__ne="0") if 2 * id + 1 not in known]
    for order in _chunks(orders, back):
        if any(int(line["storno_qty"]) for line in order["products"]):
            pairs.append((2 * order["id"] + 1, _customer_invoice(order, storno=True)))
    docs.put_many(pairs)


def _chunks(orders: Docs, ids: list[int], size: int = 500) -> Iterator[Document]:
    for start in range(0, len(ids), size):
        yield from orders.find(id=ids[start : start + size])


def _customer_invoice(order: Document, *, storno: bool) -> Document:
    lines = [
        line
        for product in order["products"]
        if (units := -int(product["storno_qty"]) if storno else int(product["initial_qty"]))
        for line in [
            _line(product["name"], units, amount(product["sale_price"]), amount(product["vat"]))
        ]
    ]
    customer = order["customer"]
    number = f"EMG-{order['id']}"
    at = order["finalization_date"] or order["modified"] or order["date"]
    if storno:
        at = max((line["modified"] for line in order["products"]), default=at)
    return {
        "category": "storno" if storno else "normal",
        "number": f"{number}S" if storno else number,
        "date": at[:10],
        "is_storno": int(storno),
        "order_id": order["id"],
        "reversal_for": number if storno else None,
        "supplier": SELLER,
        "customer": {
            "name": customer["billing_name"] or customer["name"],
            "register_number": customer["registration_number"],
            "cif": customer["code"],
            "tax_code": customer["code"],
            "iban": customer["iban"],
            "bank": customer["bank"],
            "country": "Romania",
            "address": customer["billing_street"],
        },
        "lines": lines,
        **_totals(lines),
        "currency": order["currency"],
    }


# -- what the marketplace keeps


def _months(world: World, account: Account) -> None:
    docs = world.docs("invoice", account)
    since = str(world.store.meta(f"invoiced {account.key}", ""))
    first_open = world.clock.now().date().replace(day=1)
    if since >= str(first_open):
        return
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for document in world.docs("customer_invoice", account).find(
        date__gte=since or "0000", date__lt=str(first_open)
    ):
        category = COMMISSION_BACK if document["is_storno"] else COMMISSION
        sums[document["date"][:7], category] += _commission(world, account, document)
    pairs: list[tuple[int, Document]] = []
    for (month, category), total in sorted(sums.items()):
        number = world.store.next_number(f"invoice {account.key}", 100_001)
        pairs.append((number, _month_invoice(month, category, number, total)))
    docs.put_many(pairs)
    world.store.set_meta(f"invoiced {account.key}", str(first_open))


def _commission(world: World, account: Account, document: Document) -> Decimal:
    order = life.orders(world, account).get(document["order_id"])
    total = Decimal(0)
    for product in (order or {}).get("products", ()):
        offer = offers(world, account).get(whole(product["product_id"]) or 0)
        rate = commission_rate(whole((offer or {}).get("category_id"))) / 100
        units = (
            -int(product["storno_qty"]) if document["is_storno"] else int(product["initial_qty"])
        )
        total += amount(product["sale_price"]) * units * rate
    return total


def _month_invoice(month: str, category: str, number: int, total: Decimal) -> Document:
    last = (date.fromisoformat(f"{month}-01") + timedelta(days=32)).replace(day=1) - timedelta(
        days=1
    )
    lines = [_line("Comision vanzari", 1, total.quantize(CENT), VAT)]
    return {
        "category": category,
        "name": CATEGORIES[category],
        "number": f"C-TEST-{number}",
        "date": str(last),
        "is_storno": int(total < 0),
        "supplier": SUPPLIER,
        "customer": SELLER,
        "lines": lines,
        "payment_term": 0,
        **_totals(lines),
        "currency": "RON",
    }


# -- amounts


def commission_rate(category: int | None) -> Decimal:
    """Percent of the price that the marketplace keeps; the same for all products of a category."""
    return Decimal(8 + (category or 0) % 15)


def _line(name: str, units: int, price: Decimal, rate: Decimal) -> dict[str, Any]:
    value = (price * units).quantize(CENT)
    return {
        "product_name": name,
        "unit_of_measure": "Buc",
        "quantity": units,
        "unit_price": as_number(price),
        "vat_rate": as_number(rate * 100),
        "value": as_number(value),
        "vat_value": as_number((value * rate).quantize(CENT)),
    }


def _totals(lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    net = sum((Decimal(str(line["value"])) for line in lines), Decimal(0))
    vat = sum((Decimal(str(line["vat_value"])) for line in lines), Decimal(0))
    return {
        "total_without_vat": as_number(net),
        "total_vat_value": as_number(vat),
        "total_with_vat": as_number(net + vat),
    }
