"""Stock and orders: what a placed, acknowledged, cancelled or returned line does to an offer.

A new line reserves (`estimated_stock` falls at once); acknowledging takes the units out of
`general_stock`. The switch `stock.decrement_at` moves both moments:

    new         reserve when placed, take when acknowledged (what the documentation says)
    ack         nothing when placed, take when acknowledged
    finalized   reserve when placed, take when the order is finalised

Lines of products that are no offer of the account (virtual lines) move nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from emag.simulator import buybox
from emag.simulator.checks import whole
from emag.simulator.offer_docs import offers, stock_moved, take_from_stock
from emag.simulator.store import Document
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

NEW, IN_PROGRESS, PREPARED = 1, 2, 3

declare("stock.decrement_at", "new", "new", "ack", "finalized", about="when orders take stock")


def reserve(world: World, account: Account, product_id: int | str | None, quantity: int) -> None:
    """A line was placed."""
    if _moment(world, account) != "ack":
        _change(world, account, product_id, reserved=quantity)


def release(world: World, account: Account, product_id: int | str | None, quantity: int) -> None:
    """A line that nobody had acknowledged was cancelled or made smaller."""
    if _moment(world, account) != "ack":
        _change(world, account, product_id, reserved=-quantity)


def take(
    world: World,
    account: Account,
    product_id: int | str | None,
    quantity: int,
    *,
    reserved: bool = True,
) -> None:
    """A line was acknowledged: what was reserved leaves the stock. `reserved` False where nothing
    was, as for a line the seller adds or an order that comes back from its cancellation."""
    moment = _moment(world, account)
    if moment != "finalized":
        held = quantity if reserved and moment == "new" else 0
        _change(world, account, product_id, reserved=-held, taken=quantity)
    elif not reserved:
        _change(world, account, product_id, reserved=quantity)


def finalize(world: World, account: Account, product_id: int | str | None, quantity: int) -> None:
    """The order of a line was finalised."""
    if _moment(world, account) == "finalized":
        _change(world, account, product_id, reserved=-quantity, taken=quantity)


def give_back(world: World, account: Account, product_id: int | str | None, quantity: int) -> None:
    """A line whose units had been taken was cancelled or came back."""
    _change(world, account, product_id, taken=-quantity)


def reserved_units(world: World, account: Account) -> dict[int, int]:
    """What the account's orders reserve now, by offer: the truth that `_reserved` must match."""
    states = {"new": [NEW], "ack": [], "finalized": [NEW, IN_PROGRESS, PREPARED]}
    units: dict[int, int] = defaultdict(int)
    orders = world.docs("order", account)
    for order in orders.find(status=states[_moment(world, account)]):
        for line in order["products"]:
            number = whole(line["product_id"])
            if number is not None and int(line["status"]) == 1:
                units[number] += int(line["quantity"])
    return dict(units)


def _moment(world: World, account: Account) -> str:
    return str(world.switches.get("stock.decrement_at", account.key, account.platform))


def _change(
    world: World,
    account: Account,
    product_id: int | str | None,
    *,
    reserved: int = 0,
    taken: int = 0,
) -> None:
    number = whole(product_id)
    offer: Document | None = None if number is None else offers(world, account).get(number)
    if offer is None or not (reserved or taken):
        return
    before = offer["general_stock"]
    offer["_reserved"] = max(0, offer["_reserved"] + reserved)
    if taken:
        take_from_stock(offer, min(taken, before) if taken > 0 else taken)
        if taken > before:
            # Sold twice: the seller's last save came from before these orders.
            world.journal.effect("stock.oversold", account.key, number, {"units": taken - before})
    else:
        stock_moved(offer)
    offers(world, account).put(offer["id"], offer)
    if (before > 0) != (offer["general_stock"] > 0):
        buybox.rank(world, account.platform, offer["part_number_key"])
