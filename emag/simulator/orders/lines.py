"""Lines that the seller adds to an order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from emag.simulator.accounts import Account, currency_of
from emag.simulator.decimals import decimal
from emag.simulator.orders.articles import articles
from emag.simulator.orders.build import line
from emag.simulator.orders.place import FIRST_LINE_ID
from emag.simulator.orders.sums import four
from emag.simulator.store import Document
from emag.simulator.world import World


def new_line(
    world: World, account: Account, order: Document, sent: Mapping[str, Any]
) -> dict[str, Any]:
    """The line that `sent` adds: of an offer where there is one, else a virtual product."""
    id = world.store.next_number("order line", FIRST_LINE_ID)
    stamp, currency = (
        world.now_text(),
        str(sent.get("currency") or currency_of(account.platform, world.now_text())),
    )
    quantity, price = int(sent.get("quantity", 1)), decimal(sent["sale_price"]) or Decimal(0)
    for article in articles(world, account):
        if str(article.product_id) == str(sent["product_id"]):
            made = line(world.rng("lines"), id, article, currency, stamp, quantity)
            break
    else:
        made = {
            **dict.fromkeys(order["products"][0] if order["products"] else ("id",)),
            "id": id,
            "product_id": str(sent["product_id"]),
            "quantity": quantity,
            "initial_qty": quantity,
            "storno_qty": 0,
            "retained_amount": 0,
            "reversible_vat_charging": 0,
            "currency": currency,
            "vat": str(sent.get("vat") or "0.2100"),
            "created": stamp,
            "modified": stamp,
            "details": [],
            "recycle_warranties": [],
            "attachments": [],
            "product_voucher_split": [],
            "campaign": {"id": None, "name": None},
            "serial_numbers": "",
        }
    made.update(
        name=str(sent["name"])[:255],
        status=int(sent["status"]),
        sale_price=four(price),
        original_price=four(price),
    )
    return made
