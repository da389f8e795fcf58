"""What an order costs, to the last ban: one level of vouchers, gross lines with two places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
FOUR = Decimal("0.0001")


def exact(value: Any) -> Decimal:
    """A number however it is written; nothing counts as zero."""
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def four(value: Decimal) -> str:
    """A decimal as the interface writes it, with four places."""
    return str(value.quantize(FOUR, rounding=ROUND_HALF_UP))


def line_gross(line: Mapping[str, Any]) -> Decimal:
    if int(line["status"]) != 1:
        return Decimal(0)
    return rounded(exact(line["sale_price"]) * int(line["quantity"]) * (1 + exact(line["vat"])))


def deposits(line: Mapping[str, Any]) -> Decimal:
    if int(line["status"]) != 1:
        return Decimal(0)
    return sum(
        (
            rounded(exact(one["sale_price"]) * int(one["quantity"]) * (1 + exact(one["vat_rate"])))
            for one in line["recycle_warranties"]
        ),
        Decimal(0),
    )


def products_gross(order: Mapping[str, Any]) -> Decimal:
    return sum((line_gross(line) for line in order["products"]), Decimal(0))


def vouchers_gross(order: Mapping[str, Any]) -> Decimal:
    return rounded(
        sum(
            (exact(one["sale_price"]) + exact(one["sale_price_vat"]) for one in order["vouchers"]),
            Decimal(0),
        )
    )


def amount_due(order: Mapping[str, Any]) -> Decimal:
    """Lines, shipping, deposits and vouchers: what the customer pays."""
    fees = sum((deposits(line) for line in order["products"]), Decimal(0))
    return products_gross(order) + exact(order["shipping_tax"]) + fees + vouchers_gross(order)


def splits(order: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Every share of a voucher, wherever it was distributed to."""
    for line in order["products"]:
        yield from line["product_voucher_split"]
        for one in line["recycle_warranties"]:
            yield from one["recycle_warranty_voucher_split"]
    yield from order["shipping_tax_voucher_split"]
