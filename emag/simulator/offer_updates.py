"""`offer/save`: prices, stock and status of offers that exist, and nothing else (API §14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emag.simulator import campaigns
from emag.simulator.checks import Checks, whole
from emag.simulator.offer_docs import DRAFT, offers
from emag.simulator.offer_rules import MAX_STOCK, check_offer, check_price_order, product_checks
from emag.simulator.offer_values import accept, known_prices, offer_values, own_currency
from emag.simulator.routing import Call

KEYS = frozenset(
    {
        "id",
        "sale_price",
        "recommended_price",
        "min_sale_price",
        "max_sale_price",
        "currency_type",
        "stock",
        "handling_time",
        "vat_id",
        "status",
    }
)
NEGATIVE_STOCK = "Stock should be 0 or more"
NO_STOCK = (
    "The stock field is mandatory. Its value must be a whole (integer) number. "
    "Decimals are not allowed. (ex: 5)"
)


def update_offer(call: Call, sent: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Apply one entity. The messages say why it was refused; none means it was taken. The second
    value is False where there is no such offer."""
    checks = product_checks(
        {key: sent[key] for key in sent if key in KEYS}, int(call.switch("offers.max_id"))
    )
    id = whole(sent.get("id"))
    offer = offers(call.world, call.account).get(id) if id is not None else None
    if checks.messages:
        return checks.messages, True
    if id is None or offer is None or offer["_validation"] == DRAFT:
        return [f"Offer {sent.get('id')} not found"], False
    _check_stock(checks)
    if not checks.messages:
        check_offer(checks, call.now.date())
    if call.account.kind == "fbe":
        for key in ("stock", "handling_time", "status", "vat_id"):
            if checks.has(key):
                checks.say(f"ERROR: {key} is managed by eMAG for this offer - Product id: {id}")
    refusal = campaigns.refuses_update(call.world, call.account, id, None)
    if refusal:
        checks.say(refusal)
    if checks.messages:
        return checks.messages, True
    values = offer_values(checks.sent, own_currency(call.account, call.now))
    check_price_order(checks, known_prices(offer, values))
    if call.switch("strict") == "off":
        checks.relax()
    if checks.messages:
        return checks.messages, True
    call.world.journal.effect("offer.saved", call.account.key, id, values)
    accept(call.world, call.account, offer, values)
    return [], True


def _check_stock(checks: Checks) -> None:
    """This route has words of its own for stock."""
    if "stock" not in checks.sent:
        return
    entries = checks.sent["stock"]
    if not isinstance(entries, list) or not entries:
        checks.say(NO_STOCK)
        return
    for entry in entries:
        value = whole(entry.get("value")) if isinstance(entry, Mapping) else None
        if value is not None and value < 0:
            checks.say(NEGATIVE_STOCK)
        if value is None or not 0 <= value <= MAX_STOCK:
            checks.say(NO_STOCK)
