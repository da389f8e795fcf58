"""The simulator watches itself: what must be true of the world at any moment."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

from emag.simulator.accounts import Account
from emag.simulator.answers import php_json
from emag.simulator.orders.sums import amount_due, exact, splits
from emag.simulator.store import Document
from emag.simulator.world import World

CENT = Decimal("0.01")

Check = Callable[[World], Iterator[str]]
CHECKS: list[Check] = []


def invariant(check: Check) -> Check:
    """Register a check: a generator of sentences, one for each thing that is wrong."""
    CHECKS.append(check)
    return check


def broken(world: World) -> list[str]:
    with world.store.lock:
        return [sentence for check in CHECKS for sentence in check(world)]


def each_order(world: World) -> Iterator[tuple[Account, Document]]:
    for account in list(world.accounts.values()):
        for order in world.docs("order", account).find():
            yield account, order


@invariant
def orders_are_whole(world: World) -> Iterator[str]:
    for account, order in each_order(world):
        where = f"Order {order['id']} of {account.key}"
        yield from lines_add_up(where, order)
        yield from vouchers_add_up(where, order)
        yield from money_is_conserved(where, order)
        if order["type"] != account.order_type:
            yield f"{where} has type {order['type']}"


def lines_add_up(where: str, order: Document) -> Iterator[str]:
    ids = Counter(line["id"] for line in order["products"])
    if any(count > 1 for count in ids.values()):
        yield f"{where} has a line twice"
    for line in order["products"]:
        if int(line["initial_qty"]) != int(line["quantity"]) + int(line["storno_qty"]):
            yield f"{where}: quantity and storno of line {line['id']} are not what was ordered"
        if int(line["quantity"]) < 0:
            yield f"{where}: line {line['id']} has a negative quantity"


def vouchers_add_up(where: str, order: Document) -> Iterator[str]:
    """Vouchers and their shares say the same at two levels."""
    for key, split_key in (("sale_price", "value"), ("sale_price_vat", "vat_value")):
        whole = sum((exact(one[key]) for one in order["vouchers"]), Decimal(0))
        shares = sum((exact(one[split_key]) for one in splits(order)), Decimal(0))
        if abs(whole - shares) > CENT:
            yield f"{where}: vouchers {whole} and their shares {shares} differ"


def money_is_conserved(where: str, order: Document) -> Iterator[str]:
    """What a paid order cost is what was cashed, unless its lines changed since."""
    if order["payment_status"] != 1 or exact(order["refunded_amount"]) or order.get("_edited"):
        return
    cashed = exact(order["cashed_co"]) + exact(order["cashed_cod"])
    if abs(cashed - amount_due(order)) > CENT:
        yield f"{where}: {cashed} was cashed of {amount_due(order)}"


@invariant
def moves_are_legal(world: World) -> Iterator[str]:
    """No order leaves status 5, and each seller's move is in the matrix."""
    from emag.simulator.orders.edits import MATRIX, RETURNED

    returned: set[tuple[str, str]] = set()
    for effect in world.journal.effects():
        key = (effect["account"], effect["subject"])
        if effect["kind"] == "order.returned":
            returned.add(key)
        elif effect["kind"] == "order.saved":
            detail = effect["detail"]
            if detail["to"] not in MATRIX[detail["from"]]:
                yield f"Order {key[1]} of {key[0]} went from {detail['from']} to {detail['to']}"
            if key in returned and detail["from"] != RETURNED and detail["to"] != RETURNED:
                yield f"Order {key[1]} of {key[0]} left status 5"
        elif effect["kind"] in ("order.acknowledged", "order.cancelled") and key in returned:
            yield f"Order {key[1]} of {key[0]} left status 5"


@invariant
def acknowledged_once(world: World) -> Iterator[str]:
    counts = Counter(
        (one["account"], one["subject"]) for one in world.journal.effects(kind="order.acknowledged")
    )
    for (account, subject), count in counts.items():
        if count > 1:
            yield f"Order {subject} of {account} was acknowledged {count} times"


@invariant
def texts_round_trip(world: World) -> Iterator[str]:
    """The text that is served says what the document says."""
    for account in list(world.accounts.values()):
        docs = world.docs("order", account)
        texts = docs.texts(0, 50)
        for id, document in zip(texts.ids, texts.documents(), strict=True):
            stored = {
                key: value for key, value in (docs.get(id) or {}).items() if not key.startswith("_")
            }
            if php_json(document) != php_json(stored):
                yield f"Order {id} of {account.key} is served otherwise than it is stored"


@invariant
def nothing_failed_inside(world: World) -> Iterator[str]:
    """The simulator itself made no mistake."""
    for effect in world.journal.effects(kind="event.failed"):
        yield f"The event {effect['subject']} failed with {effect['detail']}"
    for call in world.journal.calls(stage="broken"):
        yield f"Call {call['n']} of {call['route']} failed inside the simulator"


@invariant
def limits_match_the_journal(world: World) -> Iterator[str]:
    """Every call that the journal lists was counted by the limiter."""
    if world.switches.get("rate.count_rejected") == "off":
        return
    since = time.time() - 60
    counted = world.limits.counts(since) if world.switches.get("rate.clock") == "wall" else {}
    with world.store.lock:
        rows = world.store.db.execute(
            "SELECT account, bucket, count(*) FROM journal "
            "WHERE bucket IS NOT NULL AND wall > ? GROUP BY 1, 2",
            (since,),
        ).fetchall()
    for account, bucket, count in rows:
        if counted and counted.get((account, bucket), 0) < count:
            yield f"The limiter missed some of {count} calls of {account} {bucket}"
