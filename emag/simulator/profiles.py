"""Forms of values: as the live marketplace serves them, or as its documentation says.

The documents are kept in the observed form. With `php.profile=documented` the served ones have
the types of the documentation, with `random` each of them takes one form or the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from emag.simulator.answers import Answer
from emag.simulator.checks import whole
from emag.simulator.decimals import amount, as_number
from emag.simulator.routing import Call
from emag.simulator.store import Document

PRICES = (
    "sale_price",
    "recommended_price",
    "min_sale_price",
    "max_sale_price",
    "best_offer_sale_price",
    "best_offer_recommended_price",
    "main_offer_price",
)


def documented_offer(offer: Document) -> None:
    for key in PRICES:
        if offer[key] is not None:
            offer[key] = as_number(amount(offer[key]))
    offer["ownership"] = 1 if offer["ownership"] else 2
    for key in ("validation_status", "translation_validation_status"):
        for state in offer[key]:
            state["Description"] = state.pop("description")


def documented_rma(rma: Document) -> None:
    rma["order_id"] = whole(rma["order_id"])
    rma["return_tax_value"] = as_number(amount(rma["return_tax_value"]))
    for line in rma["products"]:
        line["product_id"] = whole(line["product_id"])
        line["quantity"] = whole(line["quantity"])
        line["refund_value"] = line.pop("retained_amount")


def documented_awb(awb: Document) -> None:
    awb["order_id"] = whole(awb["order_id"])
    awb["status"] = [awb["status"]]
    awb["cash_on_delivery"] = as_number(amount(awb["cash_on_delivery"]))


def reshape(call: Call, answer: Answer, documented: Callable[[Any], None]) -> Answer:
    """Give the documents of an answer the form that the switch asks for."""
    profile = call.switch("php.profile")
    if profile == "observed" or answer.is_error or answer.raw_body is not None:
        return answer
    results = answer.results
    if hasattr(results, "documents"):
        results = answer.results = results.documents()
    found: Iterable[Any] = [results] if isinstance(results, dict) else results
    for document in found:
        if profile == "documented" or call.world.rng("php").random() < 0.5:
            documented(document)
    return answer
