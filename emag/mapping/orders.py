"""An order of eMAG in neutral words (emag-api §21).

It is read by hand, key by key, straight into OrderIn: a page of 100 orders is some 15,000 values,
and anything that builds an object in between costs as much again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from core.money import CENT
from emag.mapping.leniency import leniently
from emag.mapping.order_lines import lines_in
from emag.mapping.order_papers import attachments_in, proformas_in
from emag.mapping.order_people import billing_in, customer_in, shipping_in
from emag.mapping.reasons import reason_text
from emag.mapping.statuses import (
    DELIVERIES,
    FULFILMENTS,
    ORDER_STATES,
    OTHER_DELIVERY,
    OTHER_PAYMENT,
    PAYMENTS,
    UNKNOWN_STATE,
)
from emag.mapping.vouchers import shares_in, vouchers_in, with_payers
from emag.reading import (
    Raw,
    Unreadable,
    code,
    flag,
    ident,
    moment,
    money,
    obj,
    rows,
    text,
    texts,
    whole,
)
from emag.sites import Site
from orders.intake import OrderIn
from orders.totals import totals_of

ZERO = Decimal(0)

# An order that lacks one of these would be wrong. All else may be missing, and leaves a remark.
ESSENTIAL = frozenset(
    ("currency", "products", "vouchers", "shipping_tax", "shipping_tax_voucher_split")
)

# After these the parts may be fewer than what was once paid for.
CHANGED_SINCE = frozenset(("cancelled", "returned"))


def external_key(raw: object) -> tuple[str, str]:
    """What names an order on its account: ("order:3", "512340077").

    An account may ship a part of a cart itself and leave the rest to eMAG, under one number. Raises
    Unreadable where the number or the type cannot be told.
    """
    order = _whole_order(raw)
    external_id = ident(order, "id")
    if not external_id.isdecimal():
        raise Unreadable("id", _("is no order number") if external_id else _("is missing"))
    number = whole(order, "type")
    if number not in FULFILMENTS:
        raise Unreadable("type", _("is missing") if number is None else _("is neither 2 nor 3"))
    return f"order:{number}", external_id


def order_in(
    raw: object, *, site: Site, account: MarketplaceAccount, read_at: dt.datetime
) -> OrderIn:
    """The order in neutral words. Raises Unreadable where it would be wrong, and only there.

    Keys we do not know are ignored. A code we do not know is kept as it is, with a remark; what can
    be left out and makes no sense is left out, with a remark.
    """
    key = external_key(raw)
    remarks: list[str] = []
    zone = _zone(account.time_zone)

    def build(part: Raw) -> OrderIn:
        return _order_in(part, key, site, zone, read_at, remarks)

    return _with_paid_checked(leniently(build, _whole_order(raw), remarks, essential=ESSENTIAL))


def _with_paid_checked(order: OrderIn) -> OrderIn:
    """With a remark where what was paid by card is not what the parts of the order come to."""
    paid = order.paid_by_card
    if not paid or not order.is_paid or order.refunded or order.status in CHANGED_SINCE:
        return order
    total = totals_of(order).total
    if abs(total - paid) < CENT:
        return order
    remark = _("%(paid)s was paid by card, while the order comes to %(total)s.") % {
        "paid": f"{paid:.2f}",
        "total": f"{total:.2f}",
    }
    return replace(order, remarks=(*order.remarks, remark))


def _whole_order(raw: object) -> Raw:
    if not isinstance(raw, dict):
        raise Unreadable("", _("should be an object"))
    return raw


_zone = lru_cache(maxsize=64)(ZoneInfo)


def _order_in(
    raw: Raw,
    key: tuple[str, str],
    site: Site,
    zone: ZoneInfo,
    read_at: dt.datetime,
    remarks: list[str],
) -> OrderIn:
    kind, external_id = key
    remote_status = code(raw, "status")
    status = ORDER_STATES.get(remote_status, UNKNOWN_STATE)
    if status is UNKNOWN_STATE:
        _remark_unknown(remarks, _("status"), remote_status)
    changed_at = moment(raw, "modified", zone, not_after=read_at)
    ordered_at = moment(raw, "date", zone)
    if ordered_at is None:
        ordered_at = _some_time(raw, zone, changed_at, remarks)
    currency = _currency(raw, site, ordered_at.astimezone(zone).date(), remarks)
    lines = lines_in(raw, currency, remarks)
    if not lines:
        remarks.append(_("The order has no products."))
    customer = obj(raw, "customer")
    shipping_vouchers = shares_in(raw, "shipping_tax_voucher_split")
    return OrderIn(
        external_id=external_id,
        fulfilment=FULFILMENTS[int(kind[-1])],
        remote_status=remote_status,
        status=status,
        read_at=read_at,
        ordered_at=ordered_at,
        changed_at=changed_at,
        currency=currency,
        customer=leniently(customer_in, customer, remarks, where="customer"),
        billing=leniently(billing_in, customer, remarks, where="customer"),
        shipping=leniently(shipping_in, customer, remarks, where="customer"),
        lines=lines,
        is_complete=flag(raw, "is_complete") is not False,
        parent_external_id=ident(raw, "parent_id"),
        seller_name=text(raw, "vendor_name"),
        finalized_at=moment(raw, "finalization_date", zone),
        ship_by=moment(raw, "maximum_date_for_shipment", zone),
        is_late=flag(raw, "late_shipment") or False,
        shipping_price=money(raw, "shipping_tax") or ZERO,
        shipping_vouchers=shipping_vouchers,
        vouchers=with_payers(vouchers_in(raw), lines, shipping_vouchers),
        proformas=proformas_in(raw, zone, remarks),
        has_editable_lines=flag(raw, "has_editable_products"),
        is_loyal=flag(raw, "emag_club") or False,
        note=text(raw, "observation", 4000),
        attachments=attachments_in(raw, remarks),
        **_paying(raw, remarks),
        **_delivery(raw, remarks),
        **_trouble(raw),
        flags=_flags(raw),
        remarks=tuple(remarks),
    )


def _remark_unknown(remarks: list[str], what: str, value: str) -> None:
    if value:
        remarks.append(
            _("%(what)s “%(value)s” is not known here.")
            % {"what": what[:1].upper() + what[1:], "value": value}
        )
    else:
        remarks.append(_("There is no %(what)s.") % {"what": what})


def _some_time(
    raw: Raw, zone: ZoneInfo, changed_at: dt.datetime | None, remarks: list[str]
) -> dt.datetime:
    """When the order was placed, where the field for it is empty."""
    found = moment(raw, "created", zone) or changed_at
    if found is None:
        raise Unreadable("date", _("is missing"))
    remarks.append(_("There is no order date; the time of its first or last change stands in."))
    return found


def _currency(raw: Raw, site: Site, day: dt.date, remarks: list[str]) -> str:
    expected = site.currency_on(day)
    currency = text(raw, "currency", 64).upper()
    if not currency:  # orders had none of their own before November 2025
        products = raw.get("products")
        first = products[0] if isinstance(products, list) and products else {}
        currency = text(first, "currency", 64).upper() if isinstance(first, dict) else ""
    if not currency or currency == expected:
        return expected
    if len(currency) != 3 or not currency.isalpha() or not currency.isascii():
        raise Unreadable("currency", _("“%(currency)s” is no currency") % {"currency": currency})
    remarks.append(
        _("The order is in %(currency)s, where %(expected)s is usual.")
        % {"currency": currency, "expected": expected}
    )
    return currency


def _paying(raw: Raw, remarks: list[str]) -> dict[str, Any]:
    mode = code(raw, "payment_mode_id")
    payment = PAYMENTS.get(mode, OTHER_PAYMENT)
    if payment is OTHER_PAYMENT:
        _remark_unknown(remarks, _("payment mode"), mode)
    return {
        "payment": payment,
        "payment_detail": text(raw, "detailed_payment_method") or text(raw, "payment_mode"),
        "is_paid": flag(raw, "payment_status") or False,
        "paid_by_card": money(raw, "cashed_co"),
        "paid_on_delivery": money(raw, "cashed_cod"),
        "refunded": money(raw, "refunded_amount") or ZERO,
        "refund_status": text(raw, "refund_status", 64),
    }


def _delivery(raw: Raw, remarks: list[str]) -> dict[str, Any]:
    mode = text(raw, "delivery_mode", 64)
    delivery = DELIVERIES.get(mode.lower(), OTHER_DELIVERY)
    if delivery is OTHER_DELIVERY:
        _remark_unknown(remarks, _("delivery mode"), mode)
    details = obj(raw, "details")
    found = {
        "delivery": delivery,
        "delivery_detail": mode,
        "delivery_payment": text(raw, "delivery_payment_mode"),
        "courier_accounts": _courier_accounts(raw),
        "is_weekend_delivery": flag(raw, "weekend_delivery") or False,
    }
    if details:
        try:
            found["locker_id"] = text(details, "locker_id", 64)
            found["locker_name"] = text(details, "locker_name")
            found["locker_eligible"] = flag(details, "locker_delivery_eligible")
            found["courier_office_id"] = text(details, "courier_external_office_id", 64)
        except Unreadable as odd:
            raise odd.inside("details") from None
    return found


def _courier_accounts(raw: Raw) -> tuple[str, ...] | None:
    """None: any will do. An empty list is not nothing here: then none may be used."""
    value = raw.get("enforced_vendor_courier_accounts")
    if value is None or value == "":
        return None
    return texts(raw, "enforced_vendor_courier_accounts", 64)


def _trouble(raw: Raw) -> dict[str, Any]:
    cancel_code, cancel_text = _cancellation(raw)
    return {
        "cancel_code": cancel_code,
        "cancel_text": cancel_text,
        "cancel_requested": text(raw, "cancellation_request", 4000),
        "is_storno": flag(raw, "is_storno") or False,
    }


def _cancellation(raw: Raw) -> tuple[str, str]:
    """The reason: a number, an object with one, or null; the key was another one before 4.4.7."""
    for key in ("reason_cancellation", "cancellation_reason"):
        if not raw.get(key):
            continue
        if isinstance(raw[key], dict | list):
            reason = obj(raw, key)
            try:
                number, said = code(reason, "id"), text(reason, "name")
            except Unreadable as odd:
                raise odd.inside(key) from None
        else:
            number, said = code(raw, key), ""
        if number in ("", "0") and not said:
            continue
        if not number.isdecimal() or len(number) > 9:  # a reason in words only
            return "", said or number
        return number, said or reason_text(number)
    return "", ""


def _flags(raw: Raw) -> tuple[str, ...]:
    """What eMAG marks the order with. The marks are not documented; they are kept as they are."""
    if not raw.get("flags"):
        return ()
    if isinstance(raw["flags"], list) and all(isinstance(part, str) for part in raw["flags"]):
        return texts(raw, "flags", 64)
    found = []
    for number, part in enumerate(rows(raw, "flags")):
        try:
            name, value = text(part, "flag", 64), text(part, "value", 64)
        except Unreadable as odd:
            raise odd.inside(f"flags[{number}]") from None
        if name:
            found.append(name if value in ("", "1") else f"{name}={value}")
    return tuple(found)
