"""The products of an order, and the discounts and deposits that hang on them."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from django.utils.translation import gettext as _

from emag.mapping.leniency import leniently
from emag.mapping.order_papers import attachments_in
from emag.mapping.vouchers import shares_in
from emag.reading import (
    Raw,
    Unreadable,
    code,
    flag,
    ident,
    money,
    obj,
    rate,
    rows,
    text,
    whole,
)
from orders.intake import DepositIn, LineIn

ZERO = Decimal(0)
MAX_QUANTITY = 1_000_000
MAX_LINES = 10_000
# Sums are stored with twelve digits before the point; with VAT they must still fit.
MAX_WORTH = Decimal(10) ** 11

# What an order cannot be right without; all else of a line may be missing.
ESSENTIAL = frozenset(
    ("id", "quantity", "sale_price", "vat", "product_voucher_split", "recycle_warranties")
)


def lines_in(raw: Raw, currency: str, remarks: list[str]) -> tuple[LineIn, ...]:
    """The lines of an order. Raises Unreadable where one is not whole, or comes twice."""
    if raw.get("products") is None:
        # An empty list may be meant. Nothing at all is a torn order, and reading it as one without
        # lines would cancel the lines we have.
        raise Unreadable("products", _("are missing"))
    products = rows(raw, "products")
    if len(products) > MAX_LINES:
        raise Unreadable("products", _("are too many"))
    found: list[LineIn] = []
    seen: set[str] = set()
    for number, product in enumerate(products):
        where = f"products[{number}]"
        build = partial(line_in, currency=currency, remarks=remarks, where=where)
        line = leniently(build, product, remarks, where=where, essential=ESSENTIAL)
        if line.external_id in seen:
            raise Unreadable(f"{where}.id", _("is the id of another line too"))
        seen.add(line.external_id)
        found.append(line)
    if sum(map(_worth, found), ZERO) >= MAX_WORTH:
        raise Unreadable("products", _("come to more than any order can"))
    return tuple(found)


def _worth(line: LineIn) -> Decimal:
    worth = line.quantity * abs(line.price)
    for deposit in line.deposits:
        worth += deposit.quantity * abs(deposit.price)
    return worth


def line_in(raw: Raw, *, currency: str, remarks: list[str], where: str) -> LineIn:
    """One product of an order. Raises Unreadable with the path as seen from the line."""
    external_id = ident(raw, "id")
    if not external_id:
        raise Unreadable("id", _("is missing"))
    status = code(raw, "status")
    is_cancelled = status == "0"
    if status not in ("0", "1"):
        remarks.append(
            _("%(where)s: status “%(status)s” is not known; the line counts as active.")
            % {"where": where, "status": status}
        )
    campaign = raw.get("campaign")
    shares = raw.get("product_voucher_split")
    deposits = raw.get("recycle_warranties")
    return LineIn(
        external_id=external_id,
        offer_external_id=ident(raw, "product_id"),
        name=text(raw, "name"),
        sku=text(raw, "ext_part_number", 64),
        quantity=_quantity(raw, is_cancelled, remarks, where),
        price=_price(raw, is_cancelled),
        vat_rate=_vat_rate(raw, is_cancelled),
        currency=_currency(raw, currency),
        is_cancelled=is_cancelled,
        initial_quantity=_count(raw, "initial_qty"),
        returned_quantity=_count(raw, "storno_qty") or 0,
        price_before=money(raw, "original_price"),
        is_reverse_charge=flag(raw, "reversible_vat_charging") or False,
        catalogue_number=text(raw, "part_number", 64),
        catalogue_key=text(raw, "part_number_key", 64),
        serial_numbers=text(raw, "serial_numbers", 4000),
        campaign=_campaign(raw) if campaign else "",
        vouchers=shares_in(raw, "product_voucher_split") if shares else (),
        deposits=_deposits_in(raw) if deposits else (),
        attachments=attachments_in(raw, remarks, where) if raw.get("attachments") else (),
    )


def _quantity(raw: Raw, is_cancelled: bool, remarks: list[str], where: str) -> int:
    quantity = whole(raw, "quantity")
    if quantity is None:
        raise Unreadable("quantity", _("is missing"))
    if not 0 <= quantity <= MAX_QUANTITY:
        raise Unreadable("quantity", _("%(quantity)s pieces cannot be") % {"quantity": quantity})
    # Nothing left of a line is what a full return looks like; without one it is odd.
    if quantity == 0 and not is_cancelled and raw.get("storno_qty") in (None, "", 0, "0"):
        remarks.append(_("%(where)s: no pieces, and nothing was returned.") % {"where": where})
    return quantity


def _count(raw: Raw, key: str) -> int | None:
    number = whole(raw, key)
    if number is not None and not 0 <= number <= MAX_QUANTITY:
        raise Unreadable(key, _("%(quantity)s pieces cannot be") % {"quantity": number})
    return number


def _price(raw: Raw, is_cancelled: bool) -> Decimal:
    price = money(raw, "sale_price")
    if price is not None:
        return price
    if is_cancelled:
        return ZERO
    raise Unreadable("sale_price", _("is missing"))


def _vat_rate(raw: Raw, is_cancelled: bool) -> Decimal:
    found = rate(raw, "vat")
    if found is not None:
        return found
    if is_cancelled:
        return ZERO
    raise Unreadable("vat", _("is missing"))


def _currency(raw: Raw, currency: str) -> str:
    # Money in two currencies has no sum; whoever reads the order must not be handed one.
    own = raw.get("currency")
    if own and own != currency and text(raw, "currency", 16).upper() != currency:
        raise Unreadable(
            "sale_price",
            _("is in %(own)s, while the order is in %(currency)s")
            % {"own": text(raw, "currency", 16), "currency": currency},
        )
    return currency


def _campaign(raw: Raw) -> str:
    if isinstance(raw["campaign"], str):
        return text(raw, "campaign")
    campaign = obj(raw, "campaign")
    try:
        return text(campaign, "name") or ident(campaign, "id")
    except Unreadable as odd:
        raise odd.inside("campaign") from None


def _deposits_in(raw: Raw) -> tuple[DepositIn, ...]:
    found = []
    for number, part in enumerate(rows(raw, "recycle_warranties")):
        try:
            quantity = _count(part, "quantity")
            price = money(part, "sale_price")
            if quantity is None or price is None:
                missing = "quantity" if quantity is None else "sale_price"
                raise Unreadable(missing, _("is missing"))
            found.append(
                DepositIn(
                    name=text(part, "product_name"),
                    quantity=quantity,
                    price=price,
                    vat_rate=rate(part, "vat_rate") or ZERO,
                    vouchers=shares_in(part, "recycle_warranty_voucher_split"),
                )
            )
        except Unreadable as odd:
            raise odd.inside(f"recycle_warranties[{number}]") from None
    return tuple(found)
