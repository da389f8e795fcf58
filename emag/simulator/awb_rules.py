"""What `awb/save` insists on (API §27.1–27.3). Texts name a field, as the real ones do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from emag.simulator.checks import MAX_ORDER_ID, Checks, day, flag, whole
from emag.simulator.decimals import decimal
from emag.simulator.seeds.offices import FOR_BOTH, FOR_ORDERS, FOR_RETURNS, LOCKERS
from emag.simulator.store import Document
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare(
    "awb.oversize", "mandatory", "mandatory", "optional", about="is_oversize; the examples differ"
)
declare("awb.unboxing", "on", "on", "off", about="whether the seller may offer opening on delivery")

MOST_MONEY = 999_999_999
MOST_SIZE = 99_999
SIZES = ("weight", "length", "width", "height")
# BGN is not accepted, not even where it was the currency of everything else.
CURRENCIES = {"RO": "RON", "BG": "EUR", "HU": "HUF"}
FORBIDDEN_STATES = {0: "order is cancelled", 1: "order is not acknowledged", 5: "order is returned"}
LOCKER_IN_STREET = re.compile(r"\[EasyBox #([^\]]+)\]", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d{8,11}\Z")


def awb_checks(sent: Mapping[str, Any]) -> Checks:
    return Checks(
        sent,
        missing=lambda field: f"ERROR: {field}: is mandatory",
        invalid=lambda field: f"ERROR: {field}: has an invalid value",
    )


class AwbRules:
    """The checks of one entity; `order`, `rma` and `courier` are what it turned out to be about."""

    def __init__(
        self, world: World, account: Account, sent: Mapping[str, Any], now: datetime
    ) -> None:
        self.world = world
        self.account = account
        self.now = now
        self.checks = awb_checks(sent)
        self.sent = sent
        self.order: Document | None = None
        self.rma: Document | None = None
        self.courier: Document | None = None

    def run(self, currency: str) -> list[str]:
        self.checks.mandatory(
            "order_id", "sender", "receiver", "envelope_number", "parcel_number", "cod"
        )
        if self.world.switches.get("awb.oversize", self.account.key) == "mandatory":
            self.checks.mandatory("is_oversize")
        self._check_simple(currency)
        self._find()
        self._check_counts()
        self._check_packages()
        for name in ("sender", "receiver"):
            self._check_party(name)
        if self.order is not None:
            self._check_order(self.order)
        if self.checks.has("rma_id"):
            self._check_return()
        return self.checks.messages

    # -- fields

    def _check_simple(self, currency: str) -> None:
        checks = self.checks
        checks.whole("envelope_number", 0, 9_999)
        checks.whole("parcel_number", 0, 999)
        checks.decimal("cod", low=0, high=MOST_MONEY)
        checks.decimal("insured_value", low=0, high=MOST_MONEY)
        checks.decimal("weight", low=0, high=MOST_SIZE)
        checks.text("observation", 0, 255)
        checks.text("locker_id", 3, 255)
        for key in (
            "is_oversize",
            "pickup_and_return",
            "saturday_delivery",
            "sameday_delivery",
            "dropoff_locker",
            "unboxing",
            "save_volumetric_awb_data",
        ):
            checks.flag(key)
        if checks.has("currency") and checks.sent["currency"] != currency:
            checks.invalid("currency")
        if (
            flag(checks.sent.get("unboxing"))
            and self.world.switches.get("awb.unboxing", self.account.key) == "off"
        ):
            checks.say("ERROR: unboxing: is not allowed for this seller")

    def _check_counts(self) -> None:
        counts = [whole(self.sent.get(key)) for key in ("envelope_number", "parcel_number")]
        if counts == [0, 0]:
            self.checks.say("ERROR: parcel_number: cannot be 0 together with envelope_number")

    def _check_packages(self) -> None:
        packages = self.checks.listed("packages")
        total = Decimal(0)
        for package in packages:
            sizes = [
                decimal(package.get(key)) if isinstance(package, Mapping) else None for key in SIZES
            ]
            if any(size is None or not 0 <= size <= MOST_SIZE for size in sizes):
                self.checks.say("ERROR: packages: weight, length, width and height are mandatory")
                return
            total += sizes[0] or 0
        weight = decimal(self.sent.get("weight"))
        if packages and weight is not None and weight != total:
            self.checks.say("ERROR: weight: must be equal to the sum of the package weights")
        if flag(self.sent.get("save_volumetric_awb_data")):
            self._check_volumetry(len(packages))

    def _check_volumetry(self, packages: int) -> None:
        lines = [
            line for line in (self.order or {}).get("products", []) if int(line["status"]) == 1
        ]
        fits = len(lines) == 1 and int(lines[0]["quantity"]) == 1 and packages == 1
        if self.checks.has("rma_id") or not fits:
            self.checks.say(
                "ERROR: save_volumetric_awb_data: only for one piece of one product in one parcel"
            )

    def _check_party(self, name: str) -> None:
        party = self.sent.get(name)
        if party is None:
            return
        if not isinstance(party, Mapping):
            self.checks.invalid(name)
            return
        inner = Checks(
            party,
            missing=lambda key: f"ERROR: {name}.{key}: is mandatory",
            invalid=lambda key: f"ERROR: {name}.{key}: has an invalid value",
        )
        inner.mandatory("name", "contact", "phone1")
        inner.text("name", 3, 255)
        inner.text("contact", 1, 255)
        for key in ("phone1", "phone2"):
            if party.get(key) and not _PHONE.match(str(party[key])):
                inner.invalid(key)
        if name == "receiver":
            inner.mandatory("legal_entity")
        inner.flag("legal_entity")
        self._check_place(inner)
        for message in inner.messages:
            self.checks.say(message)

    def _check_place(self, party: Checks) -> None:
        if party.sent.get("address_id") not in (None, ""):
            number = whole(party.sent["address_id"])
            known = (
                number is not None
                and self.world.docs("address", self.account).get(number) is not None
            )
            if not known:
                party.invalid("address_id")
            return  # the stored address is used, the other fields are ignored
        party.mandatory("locality_id", "street")
        party.text("street", 3, 255)
        party.text("zipcode", 0, 255)
        if party.has("locality_id"):
            number = whole(party.sent["locality_id"])
            if number is None or self.world.shared_docs("locality").get(number) is None:
                party.invalid("locality_id")

    # -- what it is about

    def _find(self) -> None:
        number = self.checks.whole("order_id", 1, MAX_ORDER_ID)
        if number is not None:
            self.order = self.world.docs("order", self.account).get(number)
            if self.order is None:
                self.checks.say("ERROR: order_id: order not found")
        if self.checks.has("rma_id"):
            rma = whole(self.sent["rma_id"])
            self.rma = self.world.docs("rma", self.account).get(rma) if rma is not None else None
            if self.rma is None or str(self.rma["order_id"]) != str(number):
                self.checks.say("ERROR: rma_id: return not found")
        self.courier = self._courier()

    def _courier(self) -> Document | None:
        """The account that will carry it: as sent, or the first that may."""
        is_return = self.checks.has("rma_id")
        fitting = (FOR_RETURNS, FOR_BOTH) if is_return else (FOR_ORDERS, FOR_BOTH)
        docs = self.world.docs("courier", self.account)
        free = [
            one
            for one in docs.find(status=1)
            if one["courier_account_type"] in fitting and self._enforces(one["account_id"])
        ]
        if self.order is not None and not is_return and self.is_for_locker(self.order):
            # Deliveries to a locker go out on the locker account, whatever was sent.
            lockers = [one for one in free if LOCKERS in one["courier_account_properties"]]
            if lockers:
                return lockers[0]
        if not self.checks.has("courier_account_id"):
            return free[0] if free else None
        number = whole(self.sent["courier_account_id"])
        sent = docs.get(number) if number is not None else None
        if sent is None:
            self.checks.say("ERROR: courier_account_id: account not found")
        elif not sent["status"]:
            self.checks.say("ERROR: courier_account_id: account is inactive")
        elif sent["courier_account_type"] not in fitting:
            self.checks.say("ERROR: courier_account_id: account has the wrong type")
        return sent

    def is_for_locker(self, order: Document) -> bool:
        """A pickup order, as long as the receiver's street still names the order's locker."""
        receiver = self.sent.get("receiver")
        if order.get("delivery_mode") != "pickup" or not isinstance(receiver, Mapping):
            return False
        asked = LOCKER_IN_STREET.search(str(order["customer"].get("shipping_street") or ""))
        given = LOCKER_IN_STREET.search(str(receiver.get("street") or ""))
        return asked is None or (given is not None and given[1] == asked[1])

    def _enforces(self, courier: int) -> bool:
        """Whether the order leaves this account free to be used."""
        enforced = (self.order or {}).get("enforced_vendor_courier_accounts")
        return (
            self.checks.has("rma_id")
            or enforced is None
            or courier in [whole(one) for one in enforced]
        )

    def _check_order(self, order: Document) -> None:
        checks = self.checks
        if int(order["type"]) == 2:
            checks.say("ERROR: order_id: orders fulfilled by eMAG are not shipped by the seller")
        if self.checks.has("rma_id"):
            return
        reason = FORBIDDEN_STATES.get(int(order["status"]))
        if reason:
            checks.say(f"ERROR: order_id: {reason}")
        if order.get("payment_status") and (decimal(self.sent.get("cod")) or 0) > 0:
            checks.say("ERROR: cod: must be 0 for a paid order")
        if order.get("enforced_vendor_courier_accounts") == []:
            checks.say("ERROR: order_id: no marketplace AWB is possible for this order")
        elif self.courier is not None and not self._enforces(self.courier["account_id"]):
            checks.say("ERROR: courier_account_id: is not allowed for this order")

    def _check_return(self) -> None:
        checks = self.checks
        if flag(self.sent.get("pickup_and_return")):
            checks.say("ERROR: pickup_and_return: must be 0 for returns")
        if flag(self.sent.get("dropoff_locker")):
            checks.say("ERROR: dropoff_locker: is for orders only")
        if (decimal(self.sent.get("cod")) or 0) > 0:
            checks.say("ERROR: cod: must be 0 for returns")
        picked_up = day(self.sent.get("date"))
        if not checks.has("date"):
            checks.missing("date")
        elif picked_up is None or picked_up < self.now.date() + timedelta(days=1):
            checks.say("ERROR: date: must be tomorrow or later")
