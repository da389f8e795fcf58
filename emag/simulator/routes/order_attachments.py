"""order/attachments/save and read: invoices and other PDFs that the marketplace fetches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from emag.simulator.accounts import Account
from emag.simulator.answers import Answer, failed, ok
from emag.simulator.checks import flag, is_url, whole
from emag.simulator.events import event
from emag.simulator.faults import declare_fault
from emag.simulator.orders import life
from emag.simulator.orders.editing import NOT_FOUND
from emag.simulator.routing import Call, route
from emag.simulator.store import Document
from emag.simulator.world import World

declare_fault(
    "image_unreachable",
    "what a URL points at cannot be fetched: it disappears after `seconds` (default 300)",
)

INVOICE, WARRANTY = 1, 3
TYPES = frozenset({INVOICE, WARRANTY, 4, 8, 10, 11})
LONGEST_NAME = 60


@route("order/attachments/save", bucket="orders")
def attachments_save(call: Call) -> Answer:
    errors: list[str] = []
    for sent in call.entities:
        errors += save_one(call, sent)
    return failed(errors) if errors else ok()


def save_one(call: Call, sent: Any) -> list[str]:
    if not isinstance(sent, Mapping):
        return ["ERROR: order_id is mandatory - Order id: "]
    id = whole(sent.get("order_id"))
    if id is None:
        return ["ERROR: order_id is mandatory - Order id: "]
    order = life.orders(call.world, call.account).get(id)
    if order is None:
        return [NOT_FOUND]
    wrong = [f"ERROR: {text} - Order id: {id}" for text in problems(sent, order)]
    if not wrong or call.switch("strict") == "off":
        attach(call, sent, order)
        return []
    return wrong


def problems(sent: Mapping[str, Any], order: Document) -> list[str]:
    found = []
    kind = whole(sent.get("type", INVOICE))
    if sent.get("order_type") in (None, ""):
        found.append("order_type is mandatory")
    elif whole(sent["order_type"]) != order["type"]:
        found.append("order_type has an invalid value")
    if kind not in TYPES:
        found.append("type has an invalid value")
    url = sent.get("url")
    if url in (None, ""):
        found.append("url is mandatory")
    elif not is_url(url) and not is_here(url):
        found.append("url has an invalid value")
    elif not urlsplit(str(url)).path.lower().endswith(".pdf"):
        found.append("url: only PDF files are accepted")
    name = sent.get("name")
    if name not in (None, "") and (not isinstance(name, str) or len(name) > LONGEST_NAME):
        found.append("name has an invalid value")
    if sent.get("force_download") not in (None, "") and flag(sent["force_download"]) is None:
        found.append("force_download has an invalid value")
    if kind == WARRANTY:
        found += warranty_problems(sent, order)
    return found


def is_here(url: Any) -> bool:
    """On the simulator's own machine, where it can fetch what eMAG could not."""
    try:
        return urlsplit(str(url)).hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError:
        return False


def warranty_problems(sent: Mapping[str, Any], order: Document) -> list[str]:
    line_id = whole(sent.get("order_product_id"))
    if line_id is None:
        return ["order_product_id is mandatory"]
    line = next((line for line in order["products"] if line["id"] == line_id), None)
    if line is None:
        return ["order_product_id has an invalid value"]
    others = [
        one
        for one in line["attachments"]
        if one["type"] == WARRANTY and one["url"] != sent.get("url")
    ]
    return ["the product has a warranty already"] if others else []


def attach(call: Call, sent: Mapping[str, Any], order: Document) -> None:
    """A URL that is there already is never listed twice."""
    made = {
        "order_id": order["id"],
        "name": str(sent.get("name") or ""),
        "url": str(sent.get("url")),
        "type": whole(sent.get("type", INVOICE)),
        "force_download": int(bool(flag(sent.get("force_download")))),
        "visibility": 1,
    }
    holder = order
    if made["type"] == WARRANTY:
        made["order_product_id"] = whole(sent.get("order_product_id"))
        holder = next(line for line in order["products"] if line["id"] == made["order_product_id"])
    holder["attachments"] = [one for one in holder["attachments"] if one["url"] != made["url"]] + [
        made
    ]
    life.save(call.world, call.account, order)
    call.world.journal.effect("attachment.saved", call.account.key, order["id"], made)
    broken = call.fault("image_unreachable")
    if broken is not None:
        later = call.world.clock.instant() + float(broken.get("seconds", 300))
        call.world.schedule(
            later, "attachment_unreachable", {"id": order["id"], "url": made["url"]}, call.account
        )


@event("attachment_unreachable")
def attachment_unreachable(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    if account is None:
        return
    order = life.orders(world, account).get(payload["id"])
    if order is None:
        return
    for holder in (order, *order["products"]):
        holder["attachments"] = [
            one for one in holder["attachments"] if one["url"] != payload["url"]
        ]
    life.save(world, account, order)
    world.journal.effect("attachment.unreachable", account.key, order["id"], payload["url"])


@route("order/attachments/read", bucket="orders")
def attachments_read(call: Call) -> Answer:
    id = whole(call.body.get("order_id"))
    if id is None:
        return failed("ERROR: order_id is mandatory")
    order = life.orders(call.world, call.account).get(id)
    if order is None:
        return failed(NOT_FOUND)
    found = list(order["attachments"])
    for line in order["products"]:
        found += line["attachments"]
    return ok([{**one, "order_type": order["type"]} for one in found])
