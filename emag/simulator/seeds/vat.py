"""VAT rates of each platform: id, rate as order lines write it, whether it is the default."""

from __future__ import annotations

from decimal import Decimal

RATES: dict[str, tuple[tuple[int, str, bool], ...]] = {
    "RO": ((9, "0.2100", True), (10, "0.1100", False), (11, "0.0000", False)),
    "BG": ((21, "0.2000", True), (22, "0.0900", False), (23, "0.0000", False)),
    "HU": (
        (31, "0.2700", True),
        (32, "0.1800", False),
        (33, "0.0500", False),
        (34, "0.0000", False),
    ),
}


def country_of(platform: str) -> str:
    """The country of a platform.

    >>> country_of("fd-bg")
    'BG'
    """
    return platform.rpartition("-")[2].upper()


def rates(platform: str) -> tuple[tuple[int, str, bool], ...]:
    return RATES[country_of(platform)]


def rate_of(platform: str, vat_id: int | None) -> str:
    """The rate behind an id; an id nobody knows sells with the default rate, without a word."""
    known = rates(platform)
    default = next(rate for _, rate, is_default in known if is_default)
    return next((rate for id, rate, _ in known if id == vat_id), default)


def id_of(platform: str, rate: str) -> int:
    """The id of the rate, or of the nearest one this country has."""
    return min(rates(platform), key=lambda one: abs(Decimal(one[1]) - Decimal(rate)))[0]
