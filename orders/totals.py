"""What an order comes to: products, deposits, shipping, discounts, and what the customer pays.

Pure: no Django, no database. Every line is rounded to the cent with its VAT, as it stands on the
invoice; the order is the sum of what was rounded. Discounts are told twice by marketplaces, for the
whole order and as shares of its parts. They are the same money, so one level is summed, never both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from core.money import CENT, ZERO, q2
from orders.intake import DepositIn, LineIn, OrderIn, VoucherIn

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """The parts of an order with VAT; `vouchers` is negative or zero."""

    products: Decimal
    vouchers: Decimal
    shipping: Decimal
    fees: Decimal

    @property
    def total(self) -> Decimal:
        """What the customer pays: nothing where the discounts are worth more than the order."""
        return max(self.products + self.fees + self.shipping + self.vouchers, ZERO)


def gross_of(quantity: int, price: Decimal, vat_rate: Decimal) -> Decimal:
    """A quantity at a net price for one, with VAT, to the cent; the rate is a share, 0.21.

    >>> gross_of(2, Decimal("82.6364"), Decimal("0.21"))
    Decimal('199.98')
    """
    return q2(quantity * price * (ONE + vat_rate))


def line_gross(line: LineIn) -> Decimal:
    """What a line adds to the order; a cancelled one keeps its value and adds nothing."""
    return gross_of(line.quantity, line.price, line.vat_rate)


def deposit_gross(deposit: DepositIn) -> Decimal:
    return gross_of(deposit.quantity, deposit.price, deposit.vat_rate)


def totals_of(order: OrderIn) -> OrderTotals:
    """The sums of an order as the marketplace states its parts."""
    products = fees = ZERO
    for line in order.lines:
        if line.is_cancelled:
            continue
        products += line_gross(line)
        for deposit in line.deposits:
            fees += deposit_gross(deposit)
    return OrderTotals(products, vouchers_of(order), q2(order.shipping_price), fees)


def vouchers_of(order: OrderIn) -> Decimal:
    """The discounts of an order, of one level.

    The discounts of the whole order are the ones the customer was shown. Where a line was
    cancelled they may still hold its share; then the shares of what remains are summed, as long as
    the two levels agree.
    """
    if not order.vouchers:
        return _sum_by_voucher(_shares(order, with_cancelled=False))
    if any(line.is_cancelled and line.vouchers for line in order.lines) and shares_add_up(order):
        return _sum_by_voucher(_shares(order, with_cancelled=False))
    return _sum_by_voucher(order.vouchers)


def shares_add_up(order: OrderIn) -> bool:
    """Whether the shares come to the discounts of the whole order; True where there is one level.

    Shares carry four decimals each, so a cent of difference is rounding.
    """
    if not order.vouchers:
        return True
    shares = list(_shares(order, with_cancelled=True))
    if not shares:
        return True
    return abs(_sum_by_voucher(shares) - _sum_by_voucher(order.vouchers)) <= CENT


def _shares(order: OrderIn, *, with_cancelled: bool) -> Iterator[VoucherIn]:
    for line in order.lines:
        if line.is_cancelled and not with_cancelled:
            continue
        yield from line.vouchers
        for deposit in line.deposits:
            yield from deposit.vouchers
    yield from order.shipping_vouchers


def _sum_by_voucher(vouchers: Iterable[VoucherIn]) -> Decimal:
    """Each voucher rounded once, however many shares it was cut into."""
    exact: dict[str, Decimal] = {}
    for voucher in vouchers:
        before = exact.get(voucher.external_id)
        amount = voucher.net + voucher.vat
        exact[voucher.external_id] = amount if before is None else before + amount
    return sum((q2(amount) for amount in exact.values()), ZERO)
