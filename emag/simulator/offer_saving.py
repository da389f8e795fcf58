"""`product_offer/save`: one route for new products, attached offers and updates (API §12).

Each entity ends in one of three ways: refused (nothing changes), saved, or saved with remarks.
Remarks also set `isError`, which is why a client must know the refusals by their words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from emag.simulator import buybox, campaigns, catalogue
from emag.simulator.accounts import PLATFORMS
from emag.simulator.checks import Checks, whole
from emag.simulator.documentation import mistakes
from emag.simulator.offer_content import content_of, texts, write_content
from emag.simulator.offer_docs import (
    APPROVED,
    DRAFT,
    EAN_CONFLICT,
    EAN_REJECTED,
    MARKETPLACE,
    PENDING,
    REJECTED,
    SALEABLE,
    UPDATE_PENDING,
    UPDATE_REJECTED,
    blank,
    eans_of_offers,
    offers,
    set_price_state,
    set_validation,
)
from emag.simulator.offer_life import enter, start_translation
from emag.simulator.offer_rules import (
    check_documentation,
    check_offer,
    check_price_order,
    product_checks,
    stripped,
)
from emag.simulator.offer_values import (
    accept,
    known_prices,
    offer_values,
    own_currency,
    starting_day,
    write_values,
)
from emag.simulator.seeds.categories import categories
from emag.simulator.store import Document

if TYPE_CHECKING:
    from emag.simulator.routing import Call

PN_HELD = "You already hold a Product associated with this PN:{}."
PNK_HELD = (
    "You already hold an offer associated with this PNK: {}. Please update the existing offer."
)
DUPLICATE = (
    "The product you have tried to associate this offer to is a duplicated product. "
    "Please associate the offer to product with PNK {}"
)
DRAFT_SAVED = (
    "WARNING: The product was saved as a draft, and you need the following product fields "
    "to send it to validation: {}."
)
ASSOCIATED = (
    "WARNING: Your product has been automatically associated via EAN to an existing product."
)
NOT_ELIGIBLE = "WARNING: You are not eligible to edit the product documentation."
TWO_NAMES = "You are trying to change both part_number and name at the same time for id {}."
BRAND_PAPERS = (
    "Pentru a putea comercializa produse din acest brand este necesar sa incarcati documentele "
    "care atesta provenienta produselor."
)
# Brands whose sellers have to show papers first.
RESTRICTED_BRANDS = frozenset({"apex premium", "solaris watches"})

FOR_EVERYONE = ("sale_price", "min_sale_price", "max_sale_price", "vat_id", "stock", "status")
FOR_UPDATES = ("status", "sale_price", "vat_id", "handling_time", "stock")
IMAGE_SECONDS = 300
MANAGED_FOR_SELLER = ("stock", "handling_time", "status", "vat_id")


@dataclass(slots=True)
class Outcome:
    """What became of one entity. `is_saved` and messages at once is a save with remarks."""

    id: Any
    is_saved: bool = True
    messages: list[str] = field(default_factory=list)

    @classmethod
    def refused(cls, id: Any, *messages: str) -> Outcome:
        return cls(id, is_saved=False, messages=list(messages))


class Saver:
    """Saves the entities of one call, one after the other."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.world = call.world
        self.account = call.account
        self.platform = call.account.platform
        self.offers = offers(call.world, call.account)
        self.eans = eans_of_offers(call.world, call.account)
        self.currency = own_currency(call.account, call.now)

    def save(self, sent: Any) -> Outcome:
        outcome = self._save(sent)
        if (
            outcome.is_saved
            and sent.get("images")
            and self.call.fault("image_unreachable") is not None
        ):
            # Images are fetched after the answer; that they cannot be is found out later.
            at = self.world.clock.instant() + IMAGE_SECONDS
            self.world.schedule(at, "offer_images_failed", {"id": outcome.id}, self.account)
        return outcome

    def _save(self, sent: Any) -> Outcome:
        if not isinstance(sent, Mapping):
            return Outcome.refused(None, "ERROR: Invalid content")
        checks = product_checks(sent, int(self.call.switch("offers.max_id")))
        id = whole(sent.get("id"))
        stored = self.offers.get(id) if id is not None and not checks.messages else None
        if stored is not None and stored["_validation"] == DRAFT:
            sent = checks.sent = {**stored["_sent"], **sent}
        check_offer(checks, self.call.now.date())
        check_documentation(checks, self.call.switch("offers.ean_check"))
        if self.account.kind == "fbe":
            self._check_managed(checks)
        if self.call.switch("strict") == "off":
            checks.relax()
        if checks.messages or id is None:
            return Outcome(sent.get("id"), is_saved=False, messages=checks.messages)
        if stored is not None and stored["_validation"] != DRAFT:
            return self._update(id, stored, sent, checks)
        if sent.get("part_number_key") or (sent.get("ean") and not self._has_documentation(sent)):
            return self._attach(id, sent, checks)
        return self._create(id, stored, sent, checks)

    @staticmethod
    def _has_documentation(sent: Mapping[str, Any]) -> bool:
        return any(sent.get(key) for key in ("category_id", "brand", "part_number"))

    @staticmethod
    def _check_managed(checks: Checks) -> None:
        for key in MANAGED_FOR_SELLER:
            if checks.has(key):
                checks.say(
                    f"ERROR: {key} is managed by eMAG for this offer"
                    f" - Product id: {checks.sent.get('id')}"
                )

    # -- an offer for a product that exists

    def _attach(self, id: int, sent: Mapping[str, Any], checks: Checks) -> Outcome:
        key, eans = sent.get("part_number_key"), texts(sent.get("ean"))
        if key and eans:
            return Outcome.refused(
                id, f"ERROR: part_number_key and ean are mutually exclusive - Product id: {id}"
            )
        product = catalogue.by_key(self.world, self.platform, key)
        if not key:
            found = catalogue.by_ean(self.world, self.platform, eans[0])
            product = found[0] if found else None
            if product is None:
                return self._create(id, None, sent, checks)
        checks.mandatory("name", *FOR_EVERYONE)
        if key and product is None:
            checks.invalid("part_number_key")
        if not key and len(eans) > 1:
            checks.invalid("ean")
        self._only_on_update(checks)
        if checks.messages or product is None:
            return Outcome(id, is_saved=False, messages=checks.messages)
        return self._associate(id, sent, product, warning=[])

    def _associate(
        self, id: int, sent: Mapping[str, Any], product: Document, *, warning: list[str]
    ) -> Outcome:
        if product["duplicate_of"]:
            return Outcome.refused(id, DUPLICATE.format(product["duplicate_of"]))
        held = self.offers.first(part_number_key=product["key"])
        if held is not None and held["id"] != id:
            return Outcome.refused(id, PNK_HELD.format(product["key"]))
        offer = self._born(id)
        write_content(offer, sent)
        offer.update(
            part_number_key=product["key"],
            brand_name=product["brand"],
            brand=offer["brand"] or product["brand"],
            category_id=product["category"],
            ownership=product["owner"] == self.account.key,
            ean=list(product["eans"]),
        )
        offer["_market"] = product["price"]
        set_validation(offer, APPROVED)
        return self._settle(offer, sent, Outcome(id, messages=warning))

    # -- a product nobody has brought yet

    def _create(
        self, id: int, stored: Document | None, sent: Mapping[str, Any], checks: Checks
    ) -> Outcome:
        checks.mandatory("name", "brand", "part_number")
        if checks.messages:
            return Outcome(id, is_saved=False, messages=checks.messages)
        taken = self._held_by_others(id, sent)
        if taken:
            return Outcome.refused(id, *taken)
        missing = self._missing_documentation(sent)
        if missing:
            return self._draft(id, stored, sent, missing)
        checks.mandatory(*FOR_EVERYONE)
        self._only_on_update(checks)
        if checks.messages:
            return Outcome(id, is_saved=False, messages=checks.messages)
        known = [
            product
            for ean in texts(sent.get("ean"))
            for product in catalogue.by_ean(self.world, self.platform, ean)
        ]
        same_brand = [
            one for one in known if one["brand"].casefold() == str(sent["brand"]).casefold()
        ]
        if same_brand:
            return self._associate(id, sent, same_brand[0], warning=[ASSOCIATED])
        offer = self._born(id)
        write_content(offer, sent)
        outcome = Outcome(id, messages=self._mistakes(sent))
        offer["_doc_errors"] = list(outcome.messages)
        if known:
            offer["part_number_key"] = catalogue.new_key(self.world, self.platform)
            enter(self.world, self.account, offer, EAN_CONFLICT)
        else:
            enter(self.world, self.account, offer, MARKETPLACE)
        if str(sent["brand"]).casefold() in RESTRICTED_BRANDS:
            outcome.messages.append(BRAND_PAPERS)
        return self._settle(offer, sent, outcome)

    def _missing_documentation(self, sent: Mapping[str, Any]) -> list[str]:
        category = categories().get(whole(sent.get("category_id")) or 0)
        missing = [] if sent.get("category_id") else ["category_id"]
        if category is not None and category.needs_ean and not sent.get("ean"):
            missing.append("ean")
        if category is not None and category.needs_warranty and sent.get("warranty") is None:
            missing.append("warranty")
        return missing

    def _draft(
        self, id: int, stored: Document | None, sent: Mapping[str, Any], missing: list[str]
    ) -> Outcome:
        offer = stored or self._born(id)
        write_content(offer, sent)
        offer["_sent"] = dict(sent)
        set_validation(offer, DRAFT, {"missing": missing})
        set_price_state(offer, SALEABLE)
        write_values(self.world, self.account, offer, offer_values(sent, self.currency))
        self._keep(offer, {"draft": missing})
        return Outcome(id, messages=[DRAFT_SAVED.format(", ".join(missing))])

    # -- an offer that exists

    def _update(
        self, id: int, stored: Document, sent: Mapping[str, Any], checks: Checks
    ) -> Outcome:
        checks.mandatory(*FOR_UPDATES)
        key = sent.get("part_number_key")
        if key and stored["part_number_key"] and key != stored["part_number_key"]:
            checks.invalid("part_number_key")
        values = offer_values(sent, self.currency)
        if not checks.messages:
            check_price_order(checks, known_prices(stored, values))
        refusal = campaigns.refuses_update(self.world, self.account, id, starting_day(sent))
        if refusal:
            checks.say(f"{refusal} - Product id: {id}")
        if self.call.switch("strict") == "off":
            checks.relax()
        for text in self._held_by_others(id, sent):
            checks.say(text)
        if checks.messages:
            return Outcome(id, is_saved=False, messages=checks.messages)
        outcome = Outcome(id, messages=self._update_content(stored, sent))
        self._keep(stored, values)
        accept(self.world, self.account, stored, values, starting_day(sent))
        return outcome

    def _update_content(self, offer: Document, sent: Mapping[str, Any]) -> list[str]:
        changed = {key: value for key, value in content_of(sent).items() if offer.get(key) != value}
        if not changed:
            return []
        if offer["ownership"] is not True:
            return [NOT_ELIGIBLE]
        remarks = []
        if {"name", "part_number"} <= changed.keys() and offer["_validation"] in (
            APPROVED,
            UPDATE_PENDING,
        ):
            remarks.append(TWO_NAMES.format(offer["id"]))
            del changed["name"], changed["part_number"]
        found = (
            self._mistakes({**offer, **sent})
            if {"characteristics", "category_id"} & changed.keys()
            else []
        )
        offer["_doc_errors"] = found
        if changed:
            before = {key: offer.get(key) for key in changed}
            write_content(offer, changed)
            self._review(offer, before)
        return remarks + found

    def _review(self, offer: Document, before: dict[str, Any]) -> None:
        """New content is looked at again; an approved version goes on selling meanwhile."""
        if offer["_validation"] in (APPROVED, UPDATE_PENDING, UPDATE_REJECTED):
            offer["_before_update"] = {**before, **(offer.get("_before_update") or {})}
            enter(self.world, self.account, offer, UPDATE_PENDING)
        elif offer["_validation"] in (REJECTED, EAN_REJECTED):
            offer["doc_errors"] = None
            enter(self.world, self.account, offer, PENDING)

    # -- shared

    def _born(self, id: int) -> Document:
        number = self.world.store.next_number("offer_details", 48_800_001)
        offer = blank(id, details_id=number, currency=self.currency)
        offer["_created"] = self.world.now_text()
        return offer

    def _only_on_update(self, checks: Checks) -> None:
        if whole(checks.sent.get("status")) == 2:
            checks.invalid("status")

    def _held_by_others(self, id: int, sent: Mapping[str, Any]) -> list[str]:
        """Part numbers and barcodes that another product of this seller already has."""
        found = []
        if sent.get("part_number"):
            number = stripped(sent["part_number"])
            if any(other["id"] != id for other in self.offers.find(part_number=number)):
                found.append(PN_HELD.format(number))
        for ean in texts(sent.get("ean")):
            row = self.eans.get(ean)
            if row is not None and row["offer"] != id:
                found.append(
                    f"ERROR: ean {ean} is already associated with another product"
                    f" - Product id: {id}"
                )
        return found

    def _mistakes(self, sent: Mapping[str, Any]) -> list[str]:
        number = whole(sent.get("category_id")) or 0
        access = self.world.docs("category_access", self.account).get(number)
        category = categories().get(number)
        may = access["is_allowed"] if access else category is not None and category.is_allowed
        return mistakes(sent, may_publish=bool(may))

    def _settle(self, offer: Document, sent: Mapping[str, Any], outcome: Outcome) -> Outcome:
        """The first save of an offer: what it is sold for is visible with it."""
        values = offer_values(sent, self.currency)
        starts = starting_day(sent)
        if starts is not None:
            # Until that day the offer exists, and nobody can buy it.
            later = {"id": offer["id"], "values": {"status": values.pop("status")}}
            midnight = datetime.combine(starts, time.min)
            self.world.schedule(midnight, "offer_applied", later, self.account)
        write_values(self.world, self.account, offer, values)
        if offer["_language"] not in ("", PLATFORMS[self.platform]["locale"]):
            start_translation(self.world, self.account, offer)
        self._keep(offer, values)
        buybox.rank(self.world, self.platform, offer["part_number_key"])
        return outcome

    def _keep(self, offer: Document, values: Mapping[str, Any]) -> None:
        for ean in self.eans.find(offer=offer["id"]):
            self.eans.delete(ean["ean"])
        self.eans.put_many((ean, {"ean": ean, "offer": offer["id"]}) for ean in offer["ean"])
        self.offers.put(offer["id"], offer)
        self.world.journal.effect("offer.saved", self.account.key, offer["id"], dict(values))
