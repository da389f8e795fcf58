"""Offers: saving, reading, stock and measurements."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from emag.simulator import campaigns
from emag.simulator.answers import Answer, failed, ok, raw
from emag.simulator.checks import entity_checks, whole
from emag.simulator.drifting import scrambled
from emag.simulator.faults import declare_fault
from emag.simulator.listing import counted, filter_checks, page_of
from emag.simulator.offer_docs import offers, single
from emag.simulator.offer_rules import MAX_STOCK
from emag.simulator.offer_saving import BRAND_PAPERS, PNK_HELD, Outcome, Saver
from emag.simulator.offer_updates import update_offer
from emag.simulator.offer_values import accept
from emag.simulator.profiles import documented_offer, reshape
from emag.simulator.routing import Call, route
from emag.simulator.switches import declare

declare("bulk.product", "partial", "partial", "all_or_nothing", "saved_with_doc_errors")
declare("bulk.suffix", 0.8, about="how often a message says which product it is about")
declare("offers.unknown_id", "results", "results", "top", about="where offer/save says not found")

declare_fault("doc_error_saved", "product_offer/save answers isError, but everything is saved")
declare_fault(
    "refused_as_doc_error", "product_offer/save answers isError with a refusal, nothing is saved"
)
declare_fault("partial_bulk", "only a share of the entities of a save is accepted")
declare_fault("big_errors", "validation_status.errors of 50 KB")

_REFUSED_HERE = "ERROR: The product could not be processed at this time"


# -- product_offer


@route("product_offer/save")
def product_offer_save(call: Call) -> Answer:
    refused = call.fault("refused_as_doc_error")
    if refused is not None:
        return failed(refused.get("message") or PNK_HELD.format("D0000XBBM"))
    entities, outcomes = _some(call)
    all_or_nothing = call.switch("bulk.product") == "all_or_nothing"
    with call.world.store.savepoint() as take_back:
        saver = Saver(call)
        outcomes += [saver.save(sent) for sent in entities]
        if all_or_nothing and any(not outcome.is_saved for outcome in outcomes):
            take_back()
    messages = [text for outcome in outcomes for text in _signed(call, outcome)]
    pretended = call.fault("doc_error_saved")
    if pretended is not None:
        messages += pretended.get("messages") or [BRAND_PAPERS]
    return failed(messages) if messages else ok()


def _some(call: Call) -> tuple[list[Any], list[Outcome]]:
    """The entities that are looked at at all, and refusals of the others (`partial_bulk`)."""
    fault = call.fault("partial_bulk")
    if fault is None:
        return call.entities, []
    most = int(len(call.entities) * float(fault.get("share", 0.5)))
    left_out = [one.get("id") if isinstance(one, Mapping) else None for one in call.entities[most:]]
    return call.entities[:most], [Outcome.refused(id, _REFUSED_HERE) for id in left_out]


def _signed(call: Call, outcome: Outcome) -> list[str]:
    """Messages with the product they are about, most of the time."""
    suffix = f" - Product id: {outcome.id}"
    if outcome.id is None or call.world.rng("answers").random() >= float(
        call.switch("bulk.suffix")
    ):
        return [text.removesuffix(suffix) for text in outcome.messages]
    return [text if text.endswith(suffix) else text + suffix for text in outcome.messages]


_EXACT = ("id", "status", "part_number", "part_number_key")
_STATES = {
    "validation_status": "_validation",
    "translation_validation_status": "_translation",
    "offer_validation_status": "_price_state",
}


def _filters(call: Call) -> tuple[dict[str, Any], list[str]]:
    """The known filters of the body as filters of the store; unknown keys mean nothing."""
    checks = filter_checks(call.body)
    index: dict[str, Any] = {}
    for key in _EXACT:
        if checks.has(key):
            value = call.body[key]
            index[key] = checks.whole(key, 0, 2**53) if key in ("id", "status") else str(value)
    for key, column in _STATES.items():
        if checks.has(key):
            values = call.body[key] if isinstance(call.body[key], list) else [call.body[key]]
            index[column] = [whole(value) for value in values]
            if None in index[column]:
                checks.invalid(key)
    for key in ("general_stock", "estimated_stock"):
        if checks.has(key):
            index[f"{key}__gte"] = 0
            index[f"{key}__lte"] = checks.whole(key, 0, 2**53)
    return index, checks.messages


@route("product_offer/read")
def product_offer_read(call: Call) -> Answer:
    return reshape(call, _page(call), documented_offer)


def _page(call: Call) -> Answer:
    index, wrong = _filters(call)
    if wrong:
        return failed(wrong)
    docs = offers(call.world, call.account)
    if index.keys() & {"id", "part_number", "part_number_key"}:
        # One product: addresses of the manufacturer in place of yes and no.
        found = docs.find(**index)
        return ok([_grown(call, single(offer)) for offer in found])
    answer = page_of(call, docs, index)
    if not answer.is_error and call.hits is not None and "big_errors" in call.hits:
        answer.results = [_grown(call, offer) for offer in answer.results.documents()]
    return answer


def _grown(call: Call, offer: dict[str, Any]) -> dict[str, Any]:
    fault = call.fault("big_errors")
    if fault is not None:
        size = int(fault.get("size", 50_000))
        offer["validation_status"][0]["errors"] = {
            "request_id": f"sim-{offer['id']}",
            "doc_id": offer["offer_details"]["id"],
            "seller_input": {"name": offer["name"], "description": "x" * size},
        }
    return offer


@route("product_offer/count")
def product_offer_count(call: Call) -> Answer:
    index, wrong = _filters(call)
    return (
        failed(wrong) if wrong else counted(call, offers(call.world, call.account).count(**index))
    )


# -- the light ways


@route("offer/save")
def offer_save(call: Call) -> Answer:
    """Each entity is judged alone; the outer flag stays false."""
    results: dict[str, Any] = {}
    top: list[str] = []
    entities, left_out = _some(call)
    for outcome in left_out:
        results[str(outcome.id)] = {"isError": True, "messages": outcome.messages}
    for sent in entities:
        id = sent.get("id") if isinstance(sent, Mapping) else None
        if id is None:
            top.append("ERROR: id is mandatory")
            continue
        messages, is_found = update_offer(call, sent)
        if not is_found and call.switch("offers.unknown_id") == "top":
            top += messages
            continue
        results[str(id)] = {
            "isError": bool(messages),
            "messages": messages or [f"Offer {id} updated successfully"],
        }
    if call.switch("errors.scramble") == "on":
        for result in results.values():
            result["messages"] = [
                scrambled(text, call.world.rng("scramble")) for text in result["messages"]
            ]
    if call.switch("read.order") == "random":
        keys = list(results)
        call.world.rng("answers").shuffle(keys)
        results = {key: results[key] for key in keys}
    return failed(top, results) if top else ok(results)


@route("offer_stock/{id:int}", methods=("PATCH",))
def offer_stock(call: Call) -> Answer:
    """The whole body is {"stock": 21}; anything wrapped is not understood."""
    offer = offers(call.world, call.account).get(call.args["id"])
    if offer is None:
        return raw(404, {"message": "This offer does not exist"})
    payload = call.payload
    stock = payload.get("stock") if isinstance(payload, dict) else None
    if isinstance(stock, bool) or not isinstance(stock, int) or not 0 <= stock <= MAX_STOCK:
        return raw(400, {"message": "Invalid content"})
    refusal = ""
    campaign = campaigns.running_for(call.world, call.account, offer["id"], call.now)
    if campaign is not None:
        refusal = campaigns.stock_refusal(campaign)
    elif call.account.kind == "fbe":
        refusal = "ERROR: stock is managed by eMAG for this offer"
    if refusal:
        errors = [{"message": refusal, "field": "stock"}]
        return raw(400, {"message": "Validation errors in your request", "errors": errors})
    values = {"stock": [{"warehouse_id": offer["stock"][0]["warehouse_id"], "value": stock}]}
    call.world.journal.effect("offer.saved", call.account.key, offer["id"], values)
    accept(call.world, call.account, offer, values)
    return raw(204)


@route("measurements/save")
def measurements_save(call: Call) -> Answer:
    messages: list[str] = []
    for sent in call.entities:
        if not isinstance(sent, Mapping):
            messages.append("ERROR: Invalid content")
            continue
        checks = entity_checks(sent, "Product", sent.get("id"))
        checks.mandatory("id", "length", "width", "height", "weight")
        id = checks.whole("id", 1, int(call.switch("offers.max_id")))
        sizes: dict[str, Decimal | None] = {
            key: checks.decimal(key, low=0, high=999_999, digits=2)
            for key in ("length", "width", "height", "weight")
        }
        offer = offers(call.world, call.account).get(id) if id is not None else None
        if id is not None and offer is None:
            checks.say(f"Offer {id} not found")
        messages += checks.messages
        if offer is not None and not checks.messages:
            offer["_measurements"] = {key: str(size) for key, size in sizes.items()}
            offers(call.world, call.account).put(id or 0, offer)
            call.world.journal.effect(
                "offer.measured", call.account.key, id, offer["_measurements"]
            )
    return failed(messages) if messages else ok()
