"""What the control plane can do to offers, parcels and returns."""

from __future__ import annotations

from typing import Any

from emag.simulator import awb_life, catalogue, offer_life, rma_life
from emag.simulator.offer_docs import offers
from emag.simulator.offer_values import apply_values, offer_values, own_currency
from emag.simulator.operations import Payload, default_account, operation
from emag.simulator.seeding import add_offers, prepare_account
from emag.simulator.world import World


def _account(world: World, payload: Payload) -> Any:
    return world.account(str(payload.get("account") or default_account(world)))


def _rest(payload: Payload, *taken: str) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key not in {"account", *taken}}


@operation("offers")
def more_offers(world: World, payload: Payload) -> list[int]:
    """Add believable offers to an account: {account, n}; their ids."""
    account, count = _account(world, payload), int(payload.get("n", 1))
    prepare_account(world, account, count=0)
    before = offers(world, account).count()
    add_offers(world, account, count, first=before)
    return [int(id) for id in offers(world, account).ids(order="id")[before:]]


@operation("offer")
def change_offer(world: World, payload: Payload) -> dict[str, Any]:
    """Change an offer behind the seller's back: {account, id, sale_price, stock, status, …}."""
    account = _account(world, payload)
    offer = offers(world, account).get(int(payload["id"]))
    if offer is None:
        raise LookupError(f"There is no offer {payload['id']} in {account.key}")
    values = offer_values(_rest(payload, "id"), own_currency(account, world.clock.now()))
    apply_values(world, account, offer, values)
    return offer


@operation("offer_event")
def offer_event(world: World, payload: Payload) -> dict[str, Any]:
    """{account, id, type}: approve, reject, block, unblock, price_ok, price_bad, sold_out."""
    account = _account(world, payload)
    return offer_life.offer_event(world, account, int(payload["id"]), str(payload["type"]))


@operation("product")
def add_product(world: World, payload: Payload) -> dict[str, Any]:
    """A product of the catalogue that anybody may sell: {account, name, brand, category, eans,
    price, key, duplicate_of, competitors}."""
    account = _account(world, payload)
    given = _rest(payload, "duplicate_of")
    given.setdefault("key", catalogue.new_key(world, account.platform))
    product = catalogue.product_document(**given)
    product["duplicate_of"] = payload.get("duplicate_of")
    catalogue.add(world, account.platform, product)
    return product


@operation("awb_event")
def awb_event(world: World, payload: Payload) -> dict[str, Any]:
    """{account, id (reservation), type}: pick_up, transit, load, out, deliver, refuse, return,
    lose."""
    account = _account(world, payload)
    return awb_life.awb_event(world, account, int(payload["id"]), str(payload["type"]))


@operation("rma")
def rma(world: World, payload: Payload) -> dict[str, Any]:
    """A return now: {account, order_id, quantity, reason, …}; other keys override its own."""
    return rma_life.inject(world, _account(world, payload), **_rest(payload))


@operation("rma_event")
def rma_event(world: World, payload: Payload) -> dict[str, Any]:
    """{account, id, type}: acknowledge, reject, cancel, receive, finalize."""
    account = _account(world, payload)
    return rma_life.rma_event(world, account, int(payload["id"]), str(payload["type"]))
