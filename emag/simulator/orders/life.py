"""The moves of an order: by the seller, by the customer, by the marketplace itself.

Each function takes the order as stored, moves it, writes it, files the effect and tells the
stock. Callers hold the transaction.
"""

from __future__ import annotations

from random import Random
from typing import Any

from emag.simulator import stock
from emag.simulator.accounts import Account
from emag.simulator.callbacks import announce
from emag.simulator.orders.build import CARD, as_number
from emag.simulator.orders.reasons import reason
from emag.simulator.orders.sums import amount_due, exact, four
from emag.simulator.store import Docs, Document
from emag.simulator.world import World

CANCELLED, NEW, IN_PROGRESS, PREPARED, FINALIZED, RETURNED = range(6)


def orders(world: World, account: Account | str) -> Docs:
    return world.docs("order", account)


def save(world: World, account: Account, order: Document, *, touch: bool = True) -> None:
    """Write an order; what changed moves `modified`, unless the switch for liars says no."""
    lies = world.switches.get("orders.modified_lies", account.key, account.platform) == "on"
    if touch and not (lies and world.rng("lies").random() < 0.3):
        order["modified"] = world.now_text()
    orders(world, account).put(order["id"], order)


def active(order: Document) -> list[dict[str, Any]]:
    return [
        line for line in order["products"] if int(line["status"]) == 1 and int(line["quantity"]) > 0
    ]


def acknowledge(world: World, account: Account, order: Document) -> None:
    order["status"] = IN_PROGRESS
    order["_acknowledged"] = world.clock.instant()
    for line in active(order):
        stock.take(world, account, line["product_id"], line["quantity"])
    save(world, account, order)
    world.journal.effect("order.acknowledged", account.key, order["id"])


def finalize(world: World, account: Account, order: Document, *, by: str = "awb") -> None:
    """Status 4: set by the first AWB, or asked for by the seller."""
    before = order["status"]
    order["status"] = FINALIZED
    order["_finalized"] = world.clock.instant()
    null_share = float(
        world.switches.get("orders.null_finalization", account.key, account.platform)
    )
    order["finalization_date"] = (
        None if world.rng("finalization").random() < null_share else world.now_text()
    )
    order["has_editable_products"] = 0
    for line in active(order):
        stock.finalize(world, account, line["product_id"], line["quantity"])
    save(world, account, order)
    world.journal.effect("order.finalized", account.key, order["id"], {"from": before, "by": by})


def cancel(world: World, account: Account, order: Document, code: int | None, *, by: str) -> None:
    before = order["status"]
    order["status"] = CANCELLED
    order["reason_cancellation"] = reason(code)
    order["_cancelled"] = world.clock.instant()
    for line in active(order):
        if before == NEW:
            stock.release(world, account, line["product_id"], line["quantity"])
        elif before != CANCELLED:
            stock.give_back(world, account, line["product_id"], line["quantity"])
    save(world, account, order)
    world.journal.effect(
        "order.cancelled", account.key, order["id"], {"from": before, "by": by, "reason": code}
    )
    announce(world, account, "cancel", order["id"])


def reopen(world: World, account: Account, order: Document) -> None:
    """A cancellation was taken back: the units leave the shelf again."""
    order["reason_cancellation"] = None
    order["_cancelled"] = None
    for line in active(order):
        stock.take(world, account, line["product_id"], line["quantity"])


def pay(world: World, account: Account, order: Document) -> None:
    """The money is in: by card at once, in cash when the courier has handed it over."""
    due = amount_due(order)
    order["payment_status"] = 1
    if order["payment_mode_id"] == CARD:
        order["cashed_co"] = as_number(due)
    else:
        order["cashed_cod"] = as_number(due)
    for proforma in order["proforms"]:
        proforma["is_payed"] = 1
    save(world, account, order)
    world.journal.effect("order.paid", account.key, order["id"], {"amount": str(due)})


def reverse(
    world: World, account: Account, order: Document, line: dict[str, Any], units: int
) -> None:
    """Take back `units` of a line of a finalised order: the rest stays sold."""
    line["quantity"] = int(line["quantity"]) - units
    line["storno_qty"] = int(line["storno_qty"]) + units
    line["modified"] = world.now_text()
    refund = exact(line["sale_price"]) * units * (1 + exact(line["vat"]))
    order["refunded_amount"] = four(exact(order["refunded_amount"]) + refund)
    stock.give_back(world, account, line["product_id"], units)


def return_all(world: World, account: Account, order: Document, *, by: str) -> None:
    before = order["status"]
    for line in active(order):
        reverse(world, account, order, line, int(line["quantity"]))
    order["status"] = RETURNED
    save(world, account, order)
    world.journal.effect("order.returned", account.key, order["id"], {"from": before, "by": by})


def staff_edit(
    world: World,
    account: Account,
    order: Document,
    rng: Random,
    fields: dict[str, Any] | None = None,
) -> None:
    """The marketplace's own people change an order that nobody has acknowledged."""
    if fields:
        order.update(fields)
    elif rng.random() < 0.5:
        line = rng.choice(order["products"])
        line["quantity"] += 1
        line["initial_qty"] += 1
        for warranty in line["recycle_warranties"]:
            warranty["quantity"] = line["quantity"]
        line["modified"] = world.now_text()
        stock.reserve(world, account, line["product_id"], 1)
    else:
        order["customer"]["shipping_street"] = f"Str. Noua nr. {rng.randint(1, 99)}"
        order["customer"]["modified"] = world.now_text()
    order["_edited"] = True
    save(world, account, order)
    world.journal.effect("order.edited", account.key, order["id"], {"fields": sorted(fields or [])})


def complete(world: World, account: Account, order: Document, rng: Random) -> None:
    """Details that were missing arrived; the lines may be others than before."""
    order["is_complete"] = 1
    staff_edit(world, account, order, rng)


def ask_to_cancel(world: World, account: Account, order: Document) -> None:
    """After the acknowledgement the customer can only ask."""
    order["cancellation_request"] = world.now_text()
    save(world, account, order)
    world.journal.effect("order.cancellation_asked", account.key, order["id"])


def mark_late(world: World, account: Account, order: Document) -> None:
    order["late_shipment"] = 1
    save(world, account, order)
