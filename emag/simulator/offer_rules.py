"""What a strict marketplace checks of an offer before it looks at anything it already knows.

Types, ranges and lengths of `product_offer/save` and `offer/save`. Rules that need the stored
offer or the catalogue are in `offer_saving`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from emag.simulator import gtin
from emag.simulator.checks import MAX_ORDER_ID, MAX_TEXT, Checks, day, entity_checks, is_url, whole
from emag.simulator.decimals import decimal
from emag.simulator.switches import declare

declare("offers.ean_check", "digits", "digits", "checksum", about="what makes an EAN valid")
declare("offers.max_id", MAX_ORDER_ID, about="documented 16,777,215; larger ones pass in practice")

LANGUAGES = frozenset(
    (
        "en_GB ro_RO pl_PL bg_BG hu_HU de_DE it_IT fr_FR es_ES nl_NL cs_CZ ru_RU el_GR lt_LT sk_SK "
        "uk_UA"
    ).split()
)
CURRENCIES = frozenset({"EUR", "PLN"})
LEAD_TIMES = frozenset({2, 3, 5, 7, 14, 30, 60, 90, 120})
PRICES = ("sale_price", "recommended_price", "min_sale_price", "max_sale_price")
MAX_STOCK = 65_535
MAX_DAYS = 255
LONGEST_START = 60

_KEY = re.compile(r"(?=.*\d)(?=.*[A-Z])[A-Z0-9]{6,12}\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")


def stripped(part_number: Any) -> str:
    """A part number as the server keeps it: no spaces, commas or semicolons.

    >>> stripped("AB 12;")
    'AB12'
    """
    return re.sub(r"[ ,;]", "", str(part_number))


def check_offer(checks: Checks, today: date) -> None:
    """The keys that say how a product is sold."""
    checks.whole("status", 0, 2)
    for key in PRICES:
        checks.decimal(key, above=0)
    checks.decimal("green_tax", low=0)
    checks.whole("vat_id", 1, MAX_ORDER_ID)
    checks.one_of("currency_type", CURRENCIES)
    checks.one_of("supply_lead_time", LEAD_TIMES)
    checks.flag("emag_club")
    _check_entries(checks, "stock", MAX_STOCK)
    _check_entries(checks, "handling_time", MAX_DAYS)
    if "start_date" in checks.sent:
        starts = day(checks.sent["start_date"])
        if starts is None or not 1 <= (starts - today).days <= LONGEST_START:
            checks.invalid("start_date")
        elif checks.has("currency_type") and starts > _last_of_month(today):
            checks.invalid("start_date")
    check_price_order(checks, checks.sent)


def check_price_order(checks: Checks, values: Mapping[str, Any]) -> None:
    """Prices against each other, as far as they are known."""
    numbers = {key: decimal(values.get(key)) for key in PRICES}
    found = {key: number if number and number > 0 else None for key, number in numbers.items()}
    sale, usual = found["sale_price"], found["recommended_price"]
    low, high = found["min_sale_price"], found["max_sale_price"]
    id = checks.sent.get("id")
    if sale is not None and usual is not None and usual <= sale:
        checks.say(f"ERROR: recommended_price must be greater than sale_price - Product id: {id}")
    if low is not None and high is not None and high <= low:
        checks.say(f"ERROR: max_sale_price must be greater than min_sale_price - Product id: {id}")
    elif sale is not None and not (low or Decimal(0)) <= sale <= (high or sale):
        checks.say(
            "ERROR: sale_price must be between min_sale_price and max_sale_price"
            f" - Product id: {id}"
        )


def check_documentation(checks: Checks, ean_check: str) -> None:
    """The keys that say what a product is."""
    checks.whole("category_id", 1, 65_535)
    checks.whole("vendor_category_id", 1, MAX_ORDER_ID)
    checks.text("name", 1, 255)
    checks.text("brand", 1, 255)
    checks.text("description", 1, MAX_TEXT)
    checks.text("safety_information", 1, MAX_TEXT)
    checks.one_of("source_language", LANGUAGES)
    checks.flag("force_images_download")
    checks.flag("images_overwrite")
    checks.whole("warranty", 0, 255)
    if checks.has("part_number") and not 1 <= len(stripped(checks.sent["part_number"])) <= 25:
        checks.invalid("part_number")
    if checks.has("part_number_key") and not _KEY.match(str(checks.sent["part_number_key"])):
        checks.invalid("part_number_key")
    if checks.sent.get("url") and not is_url(checks.sent["url"]):
        checks.invalid("url")
    _check_eans(checks, ean_check)
    _check_images(checks)
    _check_attachments(checks)
    _check_characteristics(checks)
    _check_family(checks)
    for key in ("manufacturer", "eu_representative"):
        _check_contacts(checks, key)


def _check_eans(checks: Checks, ean_check: str) -> None:
    for ean in checks.listed("ean"):
        text = str(ean) if isinstance(ean, int | str) and not isinstance(ean, bool) else ""
        if not gtin.is_code(text, checked=ean_check == "checksum"):
            checks.say(f"{ean} is not a valid EAN. - Product id: {checks.sent.get('id')}")


def _check_images(checks: Checks) -> None:
    for image in checks.listed("images"):
        if not isinstance(image, Mapping) or not is_url(image.get("url")):
            checks.invalid("images")
        elif image.get("display_type") is not None and whole(image["display_type"]) not in (
            0,
            1,
            2,
        ):
            checks.invalid("images")


def _check_attachments(checks: Checks) -> None:
    for one in checks.listed("attachments"):
        if not isinstance(one, Mapping) or not is_url(one.get("url")):
            checks.invalid("attachments")


def _check_characteristics(checks: Checks) -> None:
    for one in checks.listed("characteristics"):
        number = whole(one.get("id")) if isinstance(one, Mapping) else None
        if number is None or not 1 <= number <= 65_535:
            checks.invalid("characteristics")
        elif any(len(str(one.get(key) or "")) > 255 for key in ("value", "tag")):
            checks.invalid("characteristics")


def _check_family(checks: Checks) -> None:
    if not checks.has("family"):
        return
    family = checks.sent["family"]
    if not isinstance(family, Mapping):
        checks.invalid("family")
        return
    number = whole(family.get("id"))
    named = bool(family.get("name")) and whole(family.get("family_type_id")) is not None
    if number is None or (number != 0 and not named):
        checks.invalid("family")


def _check_contacts(checks: Checks, key: str) -> None:
    for one in checks.listed(key, most=10):
        fits = isinstance(one, Mapping) and all(
            isinstance(one.get(name), str) and 1 <= len(one[name]) <= longest
            for name, longest in (("name", 200), ("address", 500), ("email", 100))
        )
        if not fits or not _EMAIL.match(one["email"]):
            checks.invalid(key)


def _check_entries(checks: Checks, key: str, most: int) -> None:
    """Lists of {warehouse_id, value}, both always there."""
    for entry in checks.listed(key):
        place = whole(entry.get("warehouse_id")) if isinstance(entry, Mapping) else None
        value = whole(entry.get("value")) if isinstance(entry, Mapping) else None
        if place is None or place < 1 or value is None or not 0 <= value <= most:
            checks.invalid(key)
    if checks.has(key) and checks.sent[key] == []:
        checks.invalid(key)


def _last_of_month(today: date) -> date:
    following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return following - timedelta(days=1)


def product_checks(sent: Mapping[str, Any], max_id: int) -> Checks:
    """Checks of one entity of an offer save, its id already looked at."""
    checks = entity_checks(sent, "Product", sent.get("id"))
    checks.mandatory("id")
    checks.whole("id", 1, max_id)
    return checks
