"""The fields of an order at eMAG, and the codes in them, in words for people (emag-api §21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.html import StrOrPromise
from emag.changes import Change, changes
from emag.mapping.reasons import reason_text
from emag.mapping.statuses import ORDER_STATES, PAYMENTS
from orders.choices import PaymentMethod, RemoteState

FIELDS: dict[str, StrOrPromise] = {
    "status": _("Status"),
    "modified": _("Changed there"),
    "date": _("Ordered"),
    "is_complete": _("Complete"),
    "payment_mode": _("Payment"),
    "payment_mode_id": _("Payment"),
    "detailed_payment_method": _("Payment, in their words"),
    "payment_status": _("Paid"),
    "delivery_mode": _("Delivery"),
    "delivery_payment_mode": _("Payment of the delivery"),
    "details": _("Details"),
    "locker_id": _("Locker number"),
    "locker_name": _("Locker"),
    "maximum_date_for_shipment": _("Hand over by"),
    "finalization_date": _("Finalised"),
    "observation": _("Note of the customer"),
    "cancellation_request": _("Customer asks to cancel"),
    "reason_cancellation": _("Cancellation"),
    "cashed_co": _("Paid by card"),
    "cashed_cod": _("Paid on delivery"),
    "shipping_tax": _("Shipping"),
    "refunded_amount": _("Refunded"),
    "refund_status": _("Refund"),
    "is_storno": _("Storno"),
    "vouchers": _("Voucher"),
    "products": _("Product"),
    "attachments": _("Document"),
    "proforms": _("Pro-forma invoice"),
    "customer": _("Customer"),
    "quantity": _("quantity"),
    "initial_qty": _("ordered"),
    "storno_qty": _("returned"),
    "sale_price": _("price"),
    "original_price": _("price before"),
    "recycle_warranties": _("deposit"),
    "product_voucher_split": _("share of a discount"),
    "shipping_tax_voucher_split": _("Share of a discount on shipping"),
    "name": _("name"),
    "phone_1": _("phone"),
    "phone_2": _("second phone"),
    "shipping_street": _("street of delivery"),
    "shipping_city": _("town of delivery"),
    "shipping_suburb": _("county of delivery"),
    "shipping_postal_code": _("postal code of delivery"),
    "shipping_phone": _("phone of delivery"),
    "shipping_contact": _("recipient"),
    "billing_street": _("billing street"),
    "billing_city": _("billing town"),
    "billing_suburb": _("billing county"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One difference as a page shows it."""

    label: str
    field: str
    before: str | None
    after: str | None


def told(before: Any, after: Any) -> list[Told]:
    """What differs between two payloads of an order; a product goes by its SKU."""
    skus = {**_skus(before), **_skus(after)}
    return [_told(change, skus) for change in changes(before, after)]


def _skus(order: Any) -> dict[str, str]:
    products = order.get("products") if isinstance(order, Mapping) else None
    return {
        str(line.get("id")): str(line.get("ext_part_number") or line.get("name") or "")
        for line in (products if isinstance(products, list) else ())
        if isinstance(line, Mapping)
    }


def _told(change: Change, skus: Mapping[str, str]) -> Told:
    words = [str(FIELDS.get(name, name)) for name in change.path]
    if change.path[:1] == ("products",) and len(change.path) > 1:
        words[1] = skus.get(change.path[1]) or change.path[1]
    before, after = (_value(change.path, one) for one in (change.before, change.after))
    return Told(" · ".join(words), change.field, before, after)


def _value(path: tuple[str, ...], value: str | None) -> str | None:
    """A code with what it means beside it."""
    meaning = _meaning(path[0] if path else "", value) if value else ""
    return f"{meaning} ({value})" if meaning else value


def _meaning(name: str, code: str) -> str:
    if name == "status" and code in ORDER_STATES:
        return str(RemoteState(ORDER_STATES[code]).label)
    if name == "payment_mode_id" and code in PAYMENTS:
        return str(PaymentMethod(PAYMENTS[code]).label)
    if name == "reason_cancellation" and code.isdecimal():
        return reason_text(int(code), get_language() or "en")
    return ""
