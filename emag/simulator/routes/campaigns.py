"""Campaign proposals and the price check of Smart Deals."""

from __future__ import annotations

from decimal import Decimal

from emag.simulator import campaigns
from emag.simulator.answers import Answer, failed, ok
from emag.simulator.checks import whole
from emag.simulator.decimals import as_number
from emag.simulator.offer_docs import is_sellable, offers
from emag.simulator.routing import Call, route

SAVED = "Campaign proposals successfully saved"
# A Smart Deal undercuts the best price by this much, where there is anybody to undercut.
SMART_PART = Decimal("0.95")


@route("campaign_proposals/save")
def campaign_proposals_save(call: Call) -> Answer:
    messages = [
        text for sent in call.entities for text in campaigns.propose(call.world, call.account, sent)
    ]
    return failed(messages) if messages else ok([SAVED])


@route("smart-deals-price-check", methods=("GET",))
def smart_deals_price_check(call: Call) -> Answer:
    number = whole(call.query.get("productId"))
    if number is None:
        return failed("ERROR: productId is mandatory")
    offer = offers(call.world, call.account).get(number)
    if offer is None:
        return failed(f"Offer {number} not found")
    price = None
    if is_sellable(offer) and offer["number_of_offers"] > 1:
        best = Decimal(offer["best_offer_sale_price"]) * SMART_PART
        price = as_number(best.quantize(Decimal("0.01")))
    return ok({"smart_deals_price": price})
