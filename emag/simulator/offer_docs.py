"""One offer as `product_offer/read` shows it, with what the marketplace alone knows beside it.

The public keys are the served shape itself, so a page of a hundred needs no work. Hidden keys:

    _validation, _translation, _price_state   the three states, as columns to filter by
    _reserved        units in orders that nobody has acknowledged yet
    _market          what the market asks for the product, without VAT
    _manufacturer, _eu_representative, _measurements, _language, _deposit, _created
    _apply_at        when the last saved change becomes visible
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from emag.simulator.decimals import four
from emag.simulator.store import Docs, Document, declare_kind

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare_kind(
    "offer",
    columns=(
        "status",
        "part_number",
        "part_number_key",
        "general_stock",
        "estimated_stock",
        "_validation",
        "_translation",
        "_price_state",
    ),
    order="-id",
    # With the id behind it, an index serves filter and order at once; without, it is not chosen.
    indexes=(("part_number_key", "id"), ("part_number", "id")),
    keeps_past=True,
)
# Which of the account's offers carries a barcode: one barcode is never on two of them.
declare_kind("offer_ean", columns=("offer",), order="id", indexes=(("offer", "id"),))

DRAFT, MARKETPLACE, BRAND, EAN_CONFLICT, PENDING, BRAND_REJECTED, EAN_REJECTED = range(7)
REJECTED, APPROVED, BLOCKED, UPDATE_PENDING, UPDATE_REJECTED = range(8, 13)
AWAITS_SALEABLE, NOT_TRANSLATED, TRANSLATING, TRANSLATION_PENDING, PARTLY_TRANSLATED = range(13, 18)
SALEABLE, INVALID_PRICE = 1, 2

STATES = {
    DRAFT: "Draft",
    MARKETPLACE: "In Marketplace validation",
    BRAND: "Awaiting Brand validation",
    EAN_CONFLICT: "Waiting for EAN approval",
    PENDING: "New documentation validation pending",
    BRAND_REJECTED: "Brand rejected",
    EAN_REJECTED: "EAN rejected",
    REJECTED: "Documentation rejected",
    APPROVED: "Approved documentation",
    BLOCKED: "Blocked",
    UPDATE_PENDING: "Update awaiting approval",
    UPDATE_REJECTED: "Update rejected",
    AWAITS_SALEABLE: "Waiting for saleable offer",
    NOT_TRANSLATED: "Unsuccessful translation",
    TRANSLATING: "Translation in progress",
    TRANSLATION_PENDING: "Translation pending",
    PARTLY_TRANSLATED: "Partial translation",
}
PRICE_STATES = {SALEABLE: "Saleable", INVALID_PRICE: "Invalid price"}
MAY_BE_SOLD = frozenset({EAN_CONFLICT, APPROVED, UPDATE_PENDING, UPDATE_REJECTED})
IN_STOCK, OUT_OF_STOCK = 3, 5
WAREHOUSE = 1


def offers(world: World, account: Account | str) -> Docs:
    return world.docs("offer", account)


def eans_of_offers(world: World, account: Account | str) -> Docs:
    return world.docs("offer_ean", account)


def blank(id: int, *, details_id: int, currency: str) -> Document:
    """An offer of which nothing is known yet, every key of the live shape in its place."""
    return {
        "part_number_key": None,
        "brand_name": None,
        "buy_button_rank": None,
        "category_id": None,
        "vendor_category_id": None,
        "id": id,
        "brand": "",
        "name": "",
        "part_number": "",
        "sale_price": None,
        "currency": currency,
        "description": "",
        "url": "",
        "warranty": 0,
        "general_stock": 0,
        "estimated_stock": 0,
        "weight": "0.000000",
        "status": 0,
        "recommended_price": None,
        "images": [],
        "characteristics": [],
        "attachments": [],
        "vat_id": None,
        "family": None,
        "reversible_vat_charging": False,
        "min_sale_price": None,
        "max_sale_price": None,
        "offer_details": details(details_id),
        "availability": [{"warehouse_id": WAREHOUSE, "value": OUT_OF_STOCK}],
        "stock": [{"warehouse_id": WAREHOUSE, "value": 0}],
        "handling_time": [{"warehouse_id": WAREHOUSE, "value": 0}],
        "ean": [],
        "commission": None,
        "validation_status": [],
        "translation_validation_status": [],
        "offer_validation_status": {},
        "doc_errors": None,
        "auto_translated": 0,
        "ownership": True,
        "best_offer_sale_price": None,
        "best_offer_recommended_price": None,
        "main_offer_price": None,
        "number_of_offers": 0,
        "genius_eligibility": 0,
        "genius_eligibility_type": 1,
        "genius_computed": 0,
        "recycleWarranties": 0,
        "green_tax": None,
        "safety_information": "",
        "manufacturer": False,
        "eu_representative": False,
    } | hidden()


def details(id: int) -> Document:
    """The offer's number inside the marketplace; without a word it is in the Genius programme."""
    return {"id": id, "warranty_type": 1, "supply_lead_time": 14, "emag_club": 1}


def hidden() -> Document:
    """What the marketplace alone knows of a new offer."""
    return {
        "_reserved": 0,
        "_manufacturer": [],
        "_eu_representative": [],
        "_market": None,
        "_language": "",
        "_deposit": None,
        "_apply_at": 0.0,
    }


def set_validation(offer: Document, value: int, errors: Any = None) -> None:
    """The documentation's state; the translation follows unless it has one of its own (13–17)."""
    offer["_validation"] = value
    offer["validation_status"] = [_state(value, errors)]
    if offer.get("_translation") not in range(AWAITS_SALEABLE, PARTLY_TRANSLATED + 1):
        set_translation(offer, value)


def set_translation(offer: Document, value: int) -> None:
    offer["_translation"] = value
    offer["translation_validation_status"] = [_state(value, None)]


def set_price_state(offer: Document, value: int) -> None:
    offer["_price_state"] = value
    offer["offer_validation_status"] = {
        "value": value,
        "description": PRICE_STATES[value],
        "errors": None,
    }


def _state(value: int, errors: Any) -> dict[str, Any]:
    return {"value": value, "description": STATES[value], "errors": errors}


def set_stock(offer: Document, entries: list[dict[str, Any]]) -> None:
    """What the seller says lies in the warehouses; reservations stay as they are."""
    offer["stock"] = [
        {"warehouse_id": int(entry["warehouse_id"]), "value": int(entry["value"])}
        for entry in entries
    ]
    stock_moved(offer)


def take_from_stock(offer: Document, quantity: int) -> None:
    """Units leave the warehouses one after the other, or, negative, come back to the first."""
    entries = offer["stock"] or [{"warehouse_id": WAREHOUSE, "value": 0}]
    if quantity < 0:
        entries[0]["value"] -= quantity
    for entry in entries:
        taken = max(0, min(entry["value"], quantity))
        entry["value"] -= taken
        quantity -= taken
    offer["stock"] = entries
    stock_moved(offer)


def stock_moved(offer: Document) -> None:
    """The sums and the old availability code follow the warehouses."""
    total = sum(entry["value"] for entry in offer["stock"])
    offer["general_stock"] = total
    if total > 0:
        offer.pop("_empty_since", None)
    offer["estimated_stock"] = max(0, total - offer["_reserved"])
    offer["availability"] = [
        {
            "warehouse_id": entry["warehouse_id"],
            "value": IN_STOCK if entry["value"] > 0 else OUT_OF_STOCK,
        }
        for entry in offer["stock"]
    ]


def set_price(offer: Document, key: str, value: Decimal | None) -> None:
    offer[key] = None if value is None else four(value)


def is_sellable(offer: Document) -> bool:
    """Stock, active, a valid price, approved documentation and translation."""
    translation = offer["_translation"]
    return (
        offer["general_stock"] > 0
        and offer["status"] == 1
        and offer["_price_state"] == SALEABLE
        and offer["_validation"] in MAY_BE_SOLD
        and (translation in MAY_BE_SOLD or translation == PARTLY_TRANSLATED)
    )


def single(offer: Document) -> Document:
    """The offer as a read of one product shows it: addresses instead of yes and no."""
    served = {key: value for key, value in offer.items() if not key.startswith("_")}
    served["manufacturer"] = offer["_manufacturer"]
    served["eu_representative"] = offer["_eu_representative"]
    return served
