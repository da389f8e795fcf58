"""An offer of eMAG in neutral words, and what is sent to change one (emag-api §14, §17)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount
from catalog.intake import OfferIn
from catalog.models import Offer
from core.errors import RuleViolation
from emag.mapping.leniency import leniently
from emag.mapping.order_papers import web_address
from emag.mapping.statuses import (
    OFFER_STATES,
    OFFER_STATUS_CODES,
    OFFER_VALIDATIONS,
    TRANSLATIONS,
    VALIDATIONS,
)
from emag.reading import (
    Raw,
    Unreadable,
    code,
    ident,
    money,
    rows,
    text,
    texts,
    whole,
)

# Whoever has one warehouse mostly calls it 1 (§12.2).
WAREHOUSE = 1
MOST = 2_000_000_000  # what a whole number in the database holds
MOST_PROBLEMS = 20

ESSENTIAL = frozenset(("id", "sale_price", "part_number"))


def offer_key(raw: object) -> str:
    """The seller's own number of the product, which names the offer on its account."""
    external_id = ident(_whole_offer(raw), "id")
    if not external_id.isdecimal():
        raise Unreadable("id", _("is no product number") if external_id else _("is missing"))
    return external_id


def offer_in(
    raw: object,
    *,
    account: MarketplaceAccount,
    vat_rates: Mapping[int, Decimal],
    read_at: dt.datetime,
) -> OfferIn:
    """The offer in neutral words; `vat_rates` are the rates of vat/read by their id.

    Raises Unreadable where the number or the price makes no sense. What can be left out is, and is
    named among the problems.
    """
    external_id = offer_key(raw)
    remarks: list[str] = []

    def build(part: Raw) -> OfferIn:
        return _offer_in(part, external_id, account, vat_rates, read_at, remarks)

    return leniently(build, _whole_offer(raw), remarks, essential=ESSENTIAL)


def _whole_offer(raw: object) -> Raw:
    if not isinstance(raw, dict):
        raise Unreadable("", _("should be an object"))
    return raw


def _offer_in(
    raw: Raw,
    external_id: str,
    account: MarketplaceAccount,
    vat_rates: Mapping[int, Decimal],
    read_at: dt.datetime,
    remarks: list[str],
) -> OfferIn:
    price = money(raw, "sale_price")
    if price is None:
        raise Unreadable("sale_price", _("is missing"))
    remote_status = code(raw, "status")
    stock = _stock(raw)
    validation = _validation(raw, "validation_status")
    translation = _validation(raw, "translation_validation_status")
    of_price = _validation(raw, "offer_validation_status")
    return OfferIn(
        external_id=external_id,
        read_at=read_at,
        name=text(raw, "name", 500),
        sku=text(raw, "part_number", 64),
        currency=_currency(raw, account),
        price=price,
        # What nobody knows is not on sale as far as we can tell.
        status=OFFER_STATES.get(remote_status, "inactive"),
        remote_status=remote_status,
        price_before=_price(raw, "recommended_price"),
        price_min=_price(raw, "min_sale_price"),
        price_max=_price(raw, "max_sale_price"),
        vat_rate=vat_rates.get(whole(raw, "vat_id") or 0),
        catalogue_key=text(raw, "part_number_key", 64),
        barcodes=tuple(dict.fromkeys(texts(raw, "ean", 64))),
        brand=text(raw, "brand") or text(raw, "brand_name"),
        category_external_id=ident(raw, "category_id"),
        url=web_address(raw, "url"),
        images=_images(raw),
        stock=stock,
        stock_free=_count(raw, "estimated_stock"),
        handling_days=_days(raw),
        warranty_months=_count(raw, "warranty"),
        is_sellable=_is_sellable(stock, remote_status, validation, translation, of_price),
        validation_status=validation[0],
        validation_text=validation[1],
        problems=_problems(raw, validation, translation, of_price, remarks),
        owns_content=_owns_content(raw),
        rank=_at_least_0(raw, "buy_button_rank") or None,
        rivals=_at_least_0(raw, "number_of_offers"),
        best_price=_price(raw, "best_offer_sale_price"),
    )


def _currency(raw: Raw, account: MarketplaceAccount) -> str:
    currency = text(raw, "currency", 16).upper()
    if currency and (len(currency) != 3 or not currency.isalpha() or not currency.isascii()):
        raise Unreadable("currency", _("“%(currency)s” is no currency") % {"currency": currency})
    return currency or account.currency


def _count(raw: Raw, key: str) -> int | None:
    """A whole number of a size that things can have."""
    number = whole(raw, key)
    if number is not None and abs(number) > MOST:
        raise Unreadable(key, _("the number is too large"))
    return number


def _at_least_0(raw: Raw, key: str) -> int | None:
    number = _count(raw, key)
    if number is not None and number < 0:
        raise Unreadable(key, _("cannot be less than 0"))
    return number


def _price(raw: Raw, key: str) -> Decimal | None:
    """A price that is not the offer's own; eMAG writes 0 where there is none."""
    return money(raw, key) or None


def _stock(raw: Raw) -> int:
    """What is on sale over all warehouses."""
    stock = _count(raw, "general_stock")
    if stock is None:
        stock = sum(_of_warehouse(raw, "stock"))
    return max(stock, 0)


def _of_warehouse(raw: Raw, key: str) -> list[int]:
    try:
        found = [_count(row, "value") for row in rows(raw, key)]
    except Unreadable as odd:
        raise odd if odd.key == key else odd.inside(key) from None
    return [value for value in found if value is not None]


def _days(raw: Raw) -> int | None:
    return max(_of_warehouse(raw, "handling_time"), default=None)


def _images(raw: Raw) -> tuple[str, ...]:
    """Addresses of pictures, the main one first."""
    try:
        found = sorted(rows(raw, "images"), key=lambda row: code(row, "display_type") != "1")
        return tuple(url for row in found if (url := web_address(row, "url")))
    except Unreadable as odd:
        raise odd if odd.key == "images" else odd.inside("images") from None


def _owns_content(raw: Raw) -> bool | None:
    # Documented as 1 and 2; a mere `true` has been seen, and nobody knows what it says.
    if raw.get("ownership") is True:
        return None
    return {"1": True, "2": False}.get(code(raw, "ownership"))


# --- Whether it can be bought, and why not ----------------------------------------------------

Validation = tuple[str, str, Any]  # code, words, errors


def _validation(raw: Raw, key: str) -> Validation:
    """A validation status: a list with one object, or a plain object, in one and the same offer."""
    found = rows(raw, key)
    if not found:
        return "", "", None
    first = found[0]
    try:
        words = text(first, "description") or text(first, "Description")
        return code(first, "value"), words, first.get("errors")
    except Unreadable as odd:
        raise odd.inside(key) from None


def _is_sellable(
    stock: int, status: str, validation: Validation, translation: Validation, price: Validation
) -> bool:
    """§17.5: in stock, active, its price accepted, its documentation good enough."""
    return (
        stock > 0
        and status == "1"
        and OFFER_VALIDATIONS.get(price[0], ("", False))[1]
        and VALIDATIONS.get(validation[0], ("", False))[1]
        and (not translation[0] or TRANSLATIONS.get(translation[0], ("", False))[1])
    )


def _problems(
    raw: Raw,
    validation: Validation,
    translation: Validation,
    of_price: Validation,
    remarks: list[str],
) -> tuple[str, ...]:
    """Why it cannot be bought, in eMAG's words; and what of it could not be read."""
    found: list[str] = []
    for (value, words, errors), known in (
        (validation, VALIDATIONS),
        (translation, TRANSLATIONS),
        (of_price, OFFER_VALIDATIONS),
    ):
        meaning, is_fine = known.get(value, ("", False))
        if value and not is_fine:
            found.append(words or meaning or value)
        found.extend(_words(errors))
    found.extend(_words(raw.get("doc_errors")))
    if (status := code(raw, "status")) not in OFFER_STATES:
        found.append(_("Status “%(value)s” is not known here.") % {"value": status})
    return tuple(dict.fromkeys([*found, *remarks]))[:MOST_PROBLEMS]


def _words(errors: Any) -> list[str]:
    """The messages in what eMAG calls errors: a text, a list, or an object as large as a page.

    Only what lies on top is taken: below it is the whole content that the seller once sent.
    """
    if isinstance(errors, dict):
        errors = errors["errors"] if isinstance(errors.get("errors"), list) else [errors]
    if not isinstance(errors, list):
        errors = [errors]
    found = []
    for error in errors[:MOST_PROBLEMS]:
        if isinstance(error, dict):
            error = error.get("message") or error.get("description")
        if isinstance(error, str) and (words := text({"": error}, "", 300)):
            found.append(words)
    return found


# --- What is sent -----------------------------------------------------------------------------


def warehouses_of(raw: Raw) -> tuple[int, ...]:
    """The warehouses that an offer, as it was last read, has stock in."""
    try:
        found = {whole(row, "warehouse_id") for row in rows(raw, "stock")}
    except Unreadable:
        return ()
    return tuple(sorted(number for number in found if number is not None))


def offer_body(offer: Offer, warehouses: Sequence[int] = ()) -> dict[str, Any]:
    """What makes eMAG's offer equal to ours, for offer/save: what is wanted and nothing else.

    Of an offer that eMAG ships, only the price is ours to say; anything else is an error there.
    Raises RuleViolation where a stock is wanted for several warehouses together: what is in each
    of them is not ours to guess.
    """
    body: dict[str, Any] = {"id": int(offer.external_id)}
    if offer.wanted_price is not None:
        body["sale_price"] = offer.wanted_price
    if offer.account.fulfilment == Fulfilment.MARKETPLACE:
        return body
    if offer.wanted_stock is not None:
        if len(warehouses) > 1:
            raise RuleViolation(
                _(
                    "This offer has stock in %(n)d warehouses at eMAG. MagFlow knows their sum"
                    " only, so the stock has to be changed there."
                )
                % {"n": len(warehouses)}
            )
        number = warehouses[0] if warehouses else WAREHOUSE
        body["stock"] = [{"warehouse_id": number, "value": offer.wanted_stock}]
    if offer.wanted_status:
        body["status"] = OFFER_STATUS_CODES[offer.wanted_status]
    return body
