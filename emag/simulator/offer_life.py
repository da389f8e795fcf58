"""What the marketplace decides about documentation, by itself, hours or days after a save.

new product      1 → (2, brand unknown) → 4 → 9 with a key and a callback, or 8 with the reasons
barcode dispute  3, sellable meanwhile → 9, or 6 and the offer inactive
content update   9 → 11 → 9, or 12 with the old content
other language   translation 16 → 15 → 17 or 14; 13 while the offer cannot be sold
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emag.simulator import buybox, catalogue
from emag.simulator.callbacks import announce
from emag.simulator.events import event
from emag.simulator.offer_docs import (
    APPROVED,
    AWAITS_SALEABLE,
    BLOCKED,
    BRAND,
    BRAND_REJECTED,
    EAN_CONFLICT,
    EAN_REJECTED,
    INVALID_PRICE,
    MARKETPLACE,
    NOT_TRANSLATED,
    PARTLY_TRANSLATED,
    PENDING,
    REJECTED,
    SALEABLE,
    TRANSLATING,
    TRANSLATION_PENDING,
    UPDATE_PENDING,
    UPDATE_REJECTED,
    offers,
    set_price_state,
    set_stock,
    set_translation,
    set_validation,
)
from emag.simulator.offer_values import span
from emag.simulator.store import Document
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

HOUR, DAY = 3_600, 86_400

declare("offers.delay.marketplace", "300-3600", about="seconds in state 1")
declare("offers.delay.brand", f"{4 * HOUR}-{3 * DAY}", about="seconds in state 2")
declare("offers.delay.documentation", f"{DAY}-{5 * DAY}", about="seconds in state 4")
declare("offers.delay.ean", f"{DAY}-{4 * DAY}", about="seconds in state 3")
declare("offers.delay.update", f"{HOUR}-{8 * HOUR}", about="seconds in state 11")
declare("offers.delay.translation", f"{DAY}-{3 * DAY}", about="seconds of a translation")
declare("offers.reject_rate", 0.05, about="share of documentation that is rejected")
declare("offers.auto_eol_days", 0, about="days without stock until an offer ends; 0 is never")

NO_IMAGES = "Photo Gallery Validation - No valid images have been found"
_DELAYS = {
    MARKETPLACE: "offers.delay.marketplace",
    BRAND: "offers.delay.brand",
    PENDING: "offers.delay.documentation",
    EAN_CONFLICT: "offers.delay.ean",
    UPDATE_PENDING: "offers.delay.update",
}


def enter(world: World, account: Account, offer: Document, state: int) -> None:
    """Put the offer into a state and plan the decision that ends it."""
    set_validation(offer, state)
    if state in _DELAYS:
        switch = world.switches.get(_DELAYS[state], account.key, account.platform)
        delay = span(switch, world.rng("offers"))
        world.schedule(
            world.clock.instant() + delay,
            "offer_decided",
            {"id": offer["id"], "state": state},
            account,
        )


def start_translation(world: World, account: Account, offer: Document) -> None:
    """Content in another language waits for its translation, once it can be sold at all."""
    set_translation(offer, TRANSLATION_PENDING if offer["general_stock"] else AWAITS_SALEABLE)
    _plan_translation(world, account, offer)


def _plan_translation(world: World, account: Account, offer: Document) -> None:
    delay = span(
        world.switches.get("offers.delay.translation", account.key, account.platform),
        world.rng("offers"),
    )
    world.schedule(
        world.clock.instant() + delay / 2, "offer_translated", {"id": offer["id"]}, account
    )


@event("offer_decided")
def offer_decided(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    """The decision of one state; a save in between may have moved the offer elsewhere."""
    offer = offers(world, account).get(payload["id"]) if account else None
    if account is None or offer is None or offer["_validation"] != payload["state"]:
        return
    decide(world, account, offer, payload["state"])
    offers(world, account).put(offer["id"], offer)
    buybox.rank(world, account.platform, offer["part_number_key"])


def decide(
    world: World, account: Account, offer: Document, state: int, *, good: bool | None = None
) -> None:
    """`good` forces the outcome; else chance decides, and known mistakes are always found."""
    if good is None:
        rate = float(world.switches.get("offers.reject_rate", account.key, account.platform))
        good = not offer.get("_doc_errors") and world.rng("offers").random() >= rate
    if state == MARKETPLACE:
        known = catalogue.knows_brand(world, account.platform, offer["brand"])
        enter(world, account, offer, PENDING if known else BRAND)
    elif state == BRAND:
        if good or offer.get("_doc_errors"):
            catalogue.approve_brand(world, account.platform, offer["brand"])
            enter(world, account, offer, PENDING)
        else:
            set_validation(offer, BRAND_REJECTED)
    elif state == PENDING:
        _end_documentation(world, account, offer, good)
    elif state == EAN_CONFLICT:
        set_validation(offer, APPROVED if good else EAN_REJECTED)
        if not good:
            offer["status"] = 0
    elif state == UPDATE_PENDING:
        set_validation(offer, APPROVED if good else UPDATE_REJECTED)
        if not good:
            offer.update(offer.get("_before_update") or {})
        offer["_before_update"] = None


def _end_documentation(world: World, account: Account, offer: Document, good: bool) -> None:
    if good:
        approve(world, account, offer)
        return
    reasons = offer.get("_doc_errors") or ["Mktp Family: family name is empty"]
    set_validation(offer, REJECTED, reasons)
    offer["doc_errors"] = [{"message": reason} for reason in reasons]


def approve(world: World, account: Account, offer: Document) -> None:
    """The documentation becomes a product of the catalogue, owned by the one who wrote it."""
    key = offer["part_number_key"] or catalogue.new_key(world, account.platform)
    offer["part_number_key"] = key
    offer["brand_name"] = offer["brand"]
    offer["doc_errors"] = None
    offer["_market"] = offer["_market"] or offer["sale_price"]
    if catalogue.by_key(world, account.platform, key) is None:
        catalogue.add(
            world,
            account.platform,
            catalogue.product_document(
                key=key,
                name=offer["name"],
                brand=offer["brand"],
                category=offer["category_id"],
                eans=offer["ean"],
                price=offer["sale_price"],
                owner=account.key,
                hotness=None,
            ),
        )
    set_validation(offer, APPROVED)
    world.journal.effect("offer.approved", account.key, offer["id"], {"part_number_key": key})
    announce(world, account, "documentation", offer["id"])


@event("offer_translated")
def offer_translated(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    offer = offers(world, account).get(payload["id"]) if account else None
    if account is None or offer is None:
        return
    state = offer["_translation"]
    if state == AWAITS_SALEABLE:
        set_translation(offer, TRANSLATION_PENDING if offer["general_stock"] else AWAITS_SALEABLE)
        _plan_translation(world, account, offer)
    elif state == TRANSLATION_PENDING:
        set_translation(offer, TRANSLATING)
        _plan_translation(world, account, offer)
    elif state == TRANSLATING:
        good = world.rng("offers").random() < 0.9
        set_translation(offer, PARTLY_TRANSLATED if good else NOT_TRANSLATED)
        offer["auto_translated"] = int(good)
    offers(world, account).put(offer["id"], offer)


@event("offer_images_failed")
def offer_images_failed(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    """The images of a save could not be downloaded: a documentation error, minutes later."""
    offer = offers(world, account).get(payload["id"]) if account else None
    if account is None or offer is None:
        return
    state = UPDATE_REJECTED if offer["_validation"] in (APPROVED, UPDATE_PENDING) else REJECTED
    set_validation(offer, state, [NO_IMAGES])
    offer["doc_errors"] = [{"message": NO_IMAGES}]
    offers(world, account).put(offer["id"], offer)
    buybox.rank(world, account.platform, offer["part_number_key"])


@event("offers_end_of_life")
def offers_end_of_life(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    """Offers that have had no stock for long are retired, where the platform does that."""
    if account is None:
        return
    days = int(world.switches.get("offers.auto_eol_days", account.key, account.platform))
    docs = offers(world, account)
    now = world.clock.instant()
    for offer in docs.find(general_stock=0, status=1) if days else ():
        since = offer.get("_empty_since") or now
        if now - since >= days * DAY:
            offer["status"] = 2
            world.journal.effect("offer.ended", account.key, offer["id"])
        offer["_empty_since"] = since
        docs.put(offer["id"], offer)
    world.schedule(now + DAY, "offers_end_of_life", {}, account)


def offer_event(world: World, account: Account, id: int, type: str) -> Document:
    """Something a trainer lets happen; the names are below."""
    docs = offers(world, account)
    offer = docs.get(id)
    if offer is None:
        raise LookupError(f"There is no offer {id} in {account.key}")
    if type in ("approve", "reject"):
        state = offer["_validation"]
        decide(
            world,
            account,
            offer,
            PENDING if state in (MARKETPLACE, BRAND) else state,
            good=type == "approve",
        )
    elif type in ("block", "unblock"):
        set_validation(offer, BLOCKED if type == "block" else APPROVED)
    elif type in ("price_ok", "price_bad"):
        set_price_state(offer, SALEABLE if type == "price_ok" else INVALID_PRICE)
        if type == "price_ok" and offer["sale_price"]:
            offer["_market"] = offer["sale_price"]
    elif type == "sold_out":
        set_stock(offer, [{**entry, "value": 0} for entry in offer["stock"]])
    else:
        raise ValueError(f"Offers know no event {type!r}")
    docs.put(id, offer)
    buybox.rank(world, account.platform, offer["part_number_key"])
    return offer
