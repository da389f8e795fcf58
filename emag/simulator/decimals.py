"""Amounts as the interface reads and writes them: exact, four places, as text."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

PLACES = Decimal("0.0001")
LIMIT = Decimal(10) ** 15  # what a DECIMAL(19,4) column takes


def decimal(value: Any) -> Decimal | None:
    """The exact value of a number or of a text that is one; None for anything else.

    >>> decimal("82.6364"), decimal(True), decimal("1e3"), decimal("")
    (Decimal('82.6364'), None, Decimal('1E+3'), None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        # str() gives the shortest digits of a float: 149.99 is what the seller wrote.
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < LIMIT else None


def amount(value: Any) -> Decimal:
    """The same, with nothing for what is no number."""
    found = decimal(value)
    return Decimal(0) if found is None else found


def places(value: Decimal) -> int:
    """Decimals that matter: 2.50000 has one.

    >>> places(Decimal("2.50000")), places(Decimal("1E+3"))
    (1, 0)
    """
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def four(value: Decimal) -> str:
    """How prices are served.

    >>> four(Decimal("165.281"))
    '165.2810'
    """
    return str(value.quantize(PLACES))


def gross(net: Decimal, rate: Decimal) -> Decimal:
    """With VAT, to the ban."""
    return (net * (1 + rate)).quantize(Decimal("0.01"))


def as_number(value: Decimal) -> int | float:
    """A number as PHP writes it.

    >>> as_number(Decimal("21.00")), as_number(Decimal("0.21"))
    (21, 0.21)
    """
    return int(value) if value == value.to_integral() else float(value)
