"""Invoices to the seller, invoices in the seller's name, and the messages of older versions."""

from __future__ import annotations

from typing import Any

from emag.simulator import invoices
from emag.simulator.answers import Answer, failed, ok, raw
from emag.simulator.checks import MAX_ORDER_ID, day
from emag.simulator.listing import filter_checks, order_of, window
from emag.simulator.routing import Call, route
from emag.simulator.switches import declare

declare("messages.version", "4.5", "4.5", "4.4", about="message/* was removed in 4.5.0")
declare("messages.gone", "404", "404", "410", about="how a removed route answers")

MOST = 1_000


@route("invoice/categories")
def invoice_categories(call: Call) -> Answer:
    return ok([{"category": code, "name": name} for code, name in invoices.CATEGORIES.items()])


@route("invoice/read")
def invoice_read(call: Call) -> Answer:
    return _read(call, "invoice", set(invoices.CATEGORIES))


@route("customer-invoice/read")
def customer_invoice_read(call: Call) -> Answer:
    return _read(call, "customer_invoice", {"normal", "storno"})


def _read(call: Call, kind: str, categories: set[str]) -> Answer:
    invoices.bring_up_to_date(call.world, call.account)
    checks = filter_checks(call.body)
    index: dict[str, Any] = {}
    if checks.has("category"):
        index["category"] = checks.one_of("category", categories)
    if checks.has("number"):
        index["number"] = str(call.body["number"])
    if kind == "customer_invoice" and checks.has("order_id"):
        index["order_id"] = checks.whole("order_id", 1, MAX_ORDER_ID)
    for key, operator in (("date_start", "date__gte"), ("date_end", "date__lte")):
        if checks.has(key):
            if day(call.body[key]) is None:
                checks.invalid(key)
            index[operator] = str(call.body[key])
    frame = window(call, MOST)
    if checks.messages:
        return failed(checks.messages)
    if isinstance(frame, Answer):
        return frame
    docs = call.world.docs(kind, call.account)
    offset, limit = frame
    found = docs.page(offset, limit, order_of(call), **index)
    return ok({"total_results": docs.count(**index), "invoices": found})


# -- messages


def _messages(call: Call, results: Any) -> Answer:
    if call.switch("messages.version") == "4.4":
        return ok(results)
    if call.switch("messages.gone") == "410":
        return raw(410, {"message": "This resource is no longer available"})
    return raw(404, {"message": "Invalid URL"})


@route("message/read")
def message_read(call: Call) -> Answer:
    return _messages(call, [])


@route("message/count")
def message_count(call: Call) -> Answer:
    return _messages(call, {"noOfItems": 0, "noOfPages": 0, "itemsPerPage": 100})


@route("message/save")
def message_save(call: Call) -> Answer:
    return _messages(call, [])
