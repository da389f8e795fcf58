"""order/read and order/count: the filters, the pages, and the forms PHP may give to a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from emag.simulator.answers import Texts, php_json
from emag.simulator.checks import MAX_ORDER_ID, whole
from emag.simulator.clock import WIRE_FORMAT
from emag.simulator.routing import Call
from emag.simulator.store import Docs

MONTH = timedelta(days=31)
ORDERS = {
    "newest": "-date,-id",
    "oldest": "date,id",
    "modified": "-modified,-id",
    "random": "random",
}
LONGEST_LIST = 100


class BadFilter(Exception):
    """A filter that a strict server refuses; `status` is the HTTP status it is said with."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def index_of(call: Call, *, counting: bool = False) -> dict[str, Any]:
    """The filters as columns of the store; raises BadFilter. Unknown keys are nobody's business."""
    body = call.body
    index: dict[str, Any] = {"type": one_of(body, "type", (2, 3), 3)}
    if present(body, "id"):
        id = whole(body["id"])
        if id is None or not 1 <= id <= MAX_ORDER_ID:
            raise BadFilter("ERROR: id has an invalid value")
        index["id"] = id
    for key, allowed in (("status", range(6)), ("payment_mode_id", range(1, 4))):
        if present(body, key):
            index[key] = several(body, key, allowed)
    if present(body, "is_complete"):
        index["is_complete"] = one_of(body, "is_complete", (0, 1), 1)
    index |= interval(call, "created", "date", counting)
    index |= interval(call, "modified", "modified", counting)
    return index


def present(body: Mapping[str, Any], key: str) -> bool:
    return body.get(key) not in (None, "", [])


def one_of(body: Mapping[str, Any], key: str, allowed: tuple[int, ...], usual: int) -> int:
    value = body.get(key)
    if value in (None, ""):
        return usual
    number = whole(value)
    if number not in allowed:
        raise BadFilter(f"ERROR: {key} has an invalid value")
    return number


def several(body: Mapping[str, Any], key: str, allowed: range) -> list[int]:
    given = body[key] if isinstance(body[key], list) else [body[key]]
    numbers = [whole(one) for one in given[:LONGEST_LIST]]
    if any(number not in allowed for number in numbers):
        raise BadFilter(f"ERROR: {key} has an invalid value")
    return [number for number in numbers if number is not None]


def interval(call: Call, prefix: str, column: str, counting: bool) -> dict[str, Any]:
    after, before = f"{prefix}After", f"{prefix}Before"
    has_after, has_before = present(call.body, after), present(call.body, before)
    if has_before and not has_after:
        raise BadFilter(f"ERROR: {after} is mandatory when {before} is used")
    if counting and has_after and not has_before:
        raise BadFilter(f"ERROR: {before} is mandatory when {after} is used")
    found: dict[str, Any] = {}
    start = moment(call.body, after) if has_after else None
    end = moment(call.body, before) if has_before else None
    if start and end and end - start > MONTH:
        raise BadFilter(
            "ERROR: maximum interval is 1 month", int(call.switch("orders.window_error"))
        )
    if start:
        found[f"{column}__gte"] = start.strftime(WIRE_FORMAT)
    if end:
        found[f"{column}__lte"] = end.strftime(WIRE_FORMAT)
    return found


def moment(body: Mapping[str, Any], key: str) -> datetime:
    """Strictly YYYY-MM-DD HH:MM:SS: no T, no zone, no fractions."""
    value = body[key]
    try:
        found = datetime.strptime(value, WIRE_FORMAT)  # noqa: DTZ007 - the interface knows no zones
    except (TypeError, ValueError):
        raise BadFilter(f"ERROR: {key} has an invalid value") from None
    if found.strftime(WIRE_FORMAT) != value:
        raise BadFilter(f"ERROR: {key} has an invalid value")
    return found


# -- pages


def page(call: Call, docs: Docs, index: dict[str, Any], offset: int, limit: int) -> Texts:
    by = ORDERS[call.switch("read.order")]
    if call.switch("page.snapshot") == "on":
        return from_snapshot(call, docs, index, offset, limit, by)
    return docs.texts(offset, limit, by, **index)


def from_snapshot(
    call: Call, docs: Docs, index: dict[str, Any], offset: int, limit: int, by: str
) -> Texts:
    """The set as it was when its first page was asked for; for tests that want no surprises."""
    key = (call.account.key, json.dumps(index, sort_keys=True))
    if offset == 0 or key not in call.world.snapshots:
        call.world.snapshots[key] = docs.ids(order=by, **index)
    ids = call.world.snapshots[key][offset : offset + limit]
    return docs.texts(0, None, by, id=ids) if ids else Texts()


def as_replica(call: Call, docs: Docs, texts: Texts, lag: float) -> Texts:
    """The page of a replica that is `lag` seconds behind: younger orders are not there yet."""
    horizon = call.world.clock.instant() - lag
    old = docs.before(horizon)
    kept = []
    for id, text in zip(texts.ids, texts, strict=True):
        if id in old:
            kept.append((id, old[id]))
            continue
        order = docs.get(id)
        if order is None or float(order.get("_placed", 0)) <= horizon:
            kept.append((id, text))
    return Texts((text for _, text in kept), ids=[id for id, _ in kept])


def as_if_new(
    docs: Docs, index: Mapping[str, Any], texts: Texts, offset: int, since: float
) -> Texts:
    """The page with orders acknowledged after `since` shown as if nobody had: a lagging index."""
    recent = {
        order["id"]: order for order in docs.find(_acknowledged__gte=since) if order["status"] == 2
    }
    wanted = index.get("status")
    pairs = []
    for id, text in zip(texts.ids, texts, strict=True):
        if id not in recent:
            pairs.append((id, text))
        elif not wanted or 1 in wanted:
            pairs.append((id, shown_new(recent.pop(id))))
    if wanted and 1 in wanted and offset == 0:
        others = {key: value for key, value in index.items() if key != "status"}
        pairs += [(id, shown_new(recent[id])) for id in docs.ids(**others) if id in recent]
    return Texts((text for _, text in pairs), ids=[id for id, _ in pairs])


def shown_new(order: Mapping[str, Any]) -> str:
    return php_json(
        {key: value for key, value in order.items() if not key.startswith("_")} | {"status": 1}
    )


# -- forms of values


def reshaped(texts: Texts, profile: str, rng: Random) -> Texts:
    """The same orders with the types of the documentation, or with any type PHP might choose."""
    return Texts(
        (php_json(in_profile(order, profile, rng)) for order in texts.documents()), ids=texts.ids
    )


def in_profile(order: dict[str, Any], profile: str, rng: Random) -> dict[str, Any]:
    def documented() -> bool:
        return profile == "documented" or rng.random() < 0.5

    for line in order["products"]:
        if documented():
            line["product_id"] = whole(line["product_id"])
            line["vat"] = str(line["vat"])
        if profile == "random":
            for key in (
                "id",
                "quantity",
                "status",
                "initial_qty",
                "reversible_vat_charging",
                "mkt_id",
            ):
                if rng.random() < 0.3 and line.get(key) is not None:
                    line[key] = str(line[key])
            if rng.random() < 0.3:
                line["sale_price"] = float(line["sale_price"])
    for voucher in order["vouchers"]:
        if documented():
            for key in ("id", "voucher_id", "status"):
                voucher[key] = whole(voucher[key])
    if documented():
        order["shipping_tax"] = f"{order['shipping_tax']:.4f}"
    if isinstance(order["reason_cancellation"], dict) and documented():
        order["reason_cancellation"] = order["reason_cancellation"]["id"]
    elif order["reason_cancellation"] is None and documented() and profile == "random":
        order["reason_cancellation"] = {"id": None, "name": None}
    if profile == "random":
        for key in ("id", "status", "type", "payment_mode_id", "is_complete", "payment_status"):
            if rng.random() < 0.3 and order.get(key) is not None:
                order[key] = str(order[key])
        for key in ("emag_club", "weekend_delivery", "late_shipment", "is_complete"):
            if rng.random() < 0.2 and order.get(key) in (0, 1):
                order[key] = bool(order[key])
    return order
