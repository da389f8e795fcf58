"""What must be true of offers, parcels and returns at any moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from emag.simulator import rma_life
from emag.simulator.accounts import Account
from emag.simulator.answers import php_json
from emag.simulator.invariants import invariant
from emag.simulator.orders import life
from emag.simulator.rma_docs import CANCELLED, REJECTED
from emag.simulator.stock import reserved_units
from emag.simulator.store import Document
from emag.simulator.world import World

SAMPLE = 2_000  # offers looked at one by one; a catalogue of 100,000 would take too long


def _accounts(world: World) -> list[Account]:
    return list(world.accounts.values())


@invariant
def stock_is_whole(world: World) -> Iterator[str]:
    """No negative stock; the sums follow the warehouses; reserved is what nobody acknowledged."""
    for account in _accounts(world):
        wanted = reserved_units(world, account)
        docs = world.docs("offer", account)
        ids = {*docs.ids(order="id", limit=SAMPLE), *wanted}
        for offer in docs.find(id=sorted(ids)):
            where = f"Offer {offer['id']} of {account.key}"
            entries = [entry["value"] for entry in offer["stock"]]
            if any(value < 0 for value in entries):
                yield f"{where} has a negative stock"
            if offer["general_stock"] != sum(entries):
                yield f"{where}: general_stock is not the sum of its warehouses"
            if offer["estimated_stock"] != max(0, offer["general_stock"] - offer["_reserved"]):
                yield f"{where}: estimated_stock is not what reservations leave"
            if offer["_reserved"] != wanted.get(offer["id"], 0):
                yield f"{where} reserves {offer['_reserved']}, orders {wanted.get(offer['id'], 0)}"


@invariant
def offers_are_unique(world: World) -> Iterator[str]:
    """One offer for each product, one product for each part number and each barcode."""
    for account in _accounts(world):
        table = world.docs("offer", account).store.table(world.docs("offer", account).kind)
        for column in ("part_number_key", "part_number"):
            rows = world.store.db.execute(
                f"SELECT {column} FROM {table} WHERE account=? AND {column} <> '' "  # noqa: S608
                f"GROUP BY {column} HAVING count(*) > 1",
                (account.key,),
            )
            for row in rows:
                yield f"{account.key} has {column} {row[0]} on more than one offer"
        eans: dict[str, int] = {}
        for offer in world.docs("offer", account).page(0, SAMPLE, "id"):
            for ean in offer["ean"]:
                if eans.setdefault(ean, offer["id"]) != offer["id"]:
                    yield f"{account.key} has barcode {ean} on more than one offer"


@invariant
def first_parcels_finalize(world: World) -> Iterator[str]:
    """An order has one first AWB, and stands at 4 (or 5) after it, unless it was changed since."""
    firsts = Counter(
        (effect["account"], effect["detail"]["order_id"])
        for effect in world.journal.effects(kind="awb.issued")
        if effect["detail"]["is_first"] and effect["detail"]["rma_id"] is None
    )
    for (key, order_id), count in firsts.items():
        if count > 1:
            yield f"Order {order_id} of {key} has {count} first AWBs"
        order = world.docs("order", key).get(order_id)
        if order is not None and order["status"] in (life.NEW, life.IN_PROGRESS, life.PREPARED):
            if not world.journal.effects(kind="order.saved", account=key, subject=order_id):
                yield f"Order {order_id} of {key} has an AWB and status {order['status']}"


@invariant
def returns_fit_their_orders(world: World) -> Iterator[str]:
    """What comes back was bought, and every move of a return is in its matrix."""
    for account in _accounts(world):
        back: dict[tuple[str, Any], int] = defaultdict(int)
        for rma in world.docs("rma", account).find():
            if rma["request_status"] not in (CANCELLED, REJECTED):
                back[rma["order_id"], rma["_line_id"]] += _units(rma)
        for (order_id, line_id), units in back.items():
            order = world.docs("order", account).get(int(order_id)) or {"products": []}
            bought = {line["id"]: int(line["initial_qty"]) for line in order["products"]}
            if units > bought.get(line_id, units):
                yield f"Line {line_id} of {account.key}: {units} come back of {bought[line_id]}"
    for effect in world.journal.effects(kind="rma.moved"):
        before, after = effect["detail"]["from"], effect["detail"]["to"]
        if before in rma_life.MAY_BECOME and after not in rma_life.MAY_BECOME[before]:
            yield f"Return {effect['subject']} went from {before} to {after}"


def _units(rma: Document) -> int:
    return sum(int(line["quantity"]) for line in rma["products"])


@invariant
def goods_round_trip(world: World) -> Iterator[str]:
    """The text that is served says what the document says."""
    for account in _accounts(world):
        for kind in ("offer", "awb", "rma"):
            docs = world.docs(kind, account)
            texts = docs.texts(0, 50)
            for id, document in zip(texts.ids, texts.documents(), strict=True):
                stored = docs.get(id) or {}
                served = {key: value for key, value in stored.items() if not key.startswith("_")}
                if php_json(document) != php_json(served):
                    yield f"{kind} {id} of {account.key} is served otherwise than it is stored"
