"""One return as `rma/read` shows it.

Hidden keys: `_product_id` and `_product_emag_id` to filter by, `_line_id` the line of the order,
`_unit_gross` what one unit cost with VAT.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from emag.simulator.checks import whole
from emag.simulator.decimals import amount, four, gross
from emag.simulator.seeds.return_reasons import REASONS
from emag.simulator.store import Document, declare_kind

if TYPE_CHECKING:
    from emag.simulator.world import World

declare_kind(
    "rma",
    columns=("order_id", "request_status", "type", "date", "_product_id", "_product_emag_id"),
    order="-date,-id",
    indexes=(("order_id", "date", "id"), ("request_status", "date", "id")),
    keeps_past=True,
)

INCOMPLETE, NEW, ACKNOWLEDGED, REJECTED, CANCELLED, RECEIVED, FINALIZED = range(1, 8)
SAME, OTHER, REFUND, CONTRACT, VOUCHER = range(1, 6)
FIRST_ID, FIRST_LINE = 7_000_012, 1_057_001
REMARKS = (
    "Nu se potriveste",
    "Produsul nu arata ca in poze",
    "Lipseste o piesa din cutie",
    "M-am razgandit, il returnez sigilat",
    "Ambalajul a ajuns rupt",
)


def rma_document(
    world: World,
    rng: Random,
    order: Document,
    line: dict[str, Any],
    units: int,
    reason: int,
) -> Document:
    """A new return of `units` of a line, as the customer has filled it in."""
    now, remark = world.clock.now(), remark_for(rng, reason)
    to_locker = order["delivery_mode"] == "pickup" and rng.random() < 0.5
    refund = rng.random() < 0.88
    return {
        "is_full_fbe": int(int(order["type"]) == 2),
        "emag_id": world.store.next_number("rma", FIRST_ID),
        "return_parent_id": None,
        "order_id": str(order["id"]),
        "type": order["type"],
        "is_club": order.get("emag_club") or 0,
        "is_fast": 0,
        **from_customer(order["customer"]),
        "pickup_method": rng.choice((1, 1, 1, 2, 3)),
        **nothing(),
        "observations": remark,
        "request_status": NEW,
        "return_type": REFUND if refund else rng.choice((SAME, OTHER, VOUCHER)),
        "return_reason": reason,
        "date": world.now_text(),
        "products": [returned_line(world, line, units, reason, remark)],
        "extra_info": pickup_dates(now),
        "return_tax_value": four(amount(rng.choice((0, 0, 0, "14.99")))),
        "swap": None,
        "return_address_snapshot": None,
        "awbs": [],
        "status_history": [],
        "request_history": [],
        "locker": locker_slot(rng, now) if to_locker else [],
        "return_address_id": 70002,
        "country": "RO",
        "address_type": "seller",
        "request_status_reason": None,
        "currency": order["currency"],
        "finalized_with_incident": False,
        "courier_name": "sameday",
        "_product_id": str(line["product_id"]),
        "_product_emag_id": line.get("mkt_id"),
        "_line_id": line["id"],
        "_unit_gross": str(gross(amount(line["sale_price"]), amount(line["vat"]))),
    }


def from_customer(customer: dict[str, Any]) -> Document:
    """Who returns, and where it is picked up. Returns spell the country out, orders need not."""
    country = customer["shipping_country"]
    return {
        "customer_name": customer["name"],
        "customer_company": customer["company"] if customer.get("legal_entity") else None,
        "customer_phone": customer["phone_1"],
        "pickup_country": "Romania" if country == "RO" else country,
        "pickup_suburb": customer["shipping_suburb"],
        "pickup_city": customer["shipping_city"],
        "pickup_address": customer["billing_street"] or customer["shipping_street"],
        "pickup_zipcode": None,
        "pickup_locality_id": whole(customer["shipping_locality_id"]),
    }


def nothing() -> Document:
    """What is filled in only when money goes to an account or another product comes instead."""
    return {
        "customer_account_iban": None,
        "customer_account_bank": None,
        "customer_account_beneficiary": None,
        "replacement_product_emag_id": None,
        "replacement_product_id": None,
        "replacement_product_name": None,
        "replacement_product_quantity": 0,
    }


def returned_line(
    world: World, line: dict[str, Any], units: int, reason: int, remark: str
) -> Document:
    return {
        "id": world.store.next_number("rma_line", FIRST_LINE),
        "product_emag_id": line.get("mkt_id"),
        "product_id": str(line["product_id"]),
        "quantity": str(units),
        "product_name": line["name"],
        "return_reason": reason,
        "observations": remark,
        "diagnostic": None,
        "reject_reason": None,
        "retained_amount": None,
    }


def remark_for(rng: Random, reason: int) -> str:
    expected = REASONS[reason].remark
    return rng.choice(REMARKS) if expected == 2 or (expected == 1 and rng.random() < 0.6) else ""


def pickup_dates(now: datetime) -> dict[str, Any]:
    pickup = now.date() + timedelta(days=1)
    return {
        "maximum_finalization_date": None,
        "first_pickup_date": str(pickup),
        "estimated_product_pickup": str(pickup),
        "estimated_product_reception": str(pickup + timedelta(days=2)),
    }


def locker_slot(rng: Random, now: datetime) -> dict[str, Any]:
    return {
        "locker_hash": f"{rng.getrandbits(64):016x}",
        "locker_pin": f"{rng.randrange(10**6):06d}",
        "locker_pin_interval_end": str(now.date() + timedelta(days=3)),
    }
