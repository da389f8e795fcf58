"""Where the money of an order comes from and goes to, in sums a person can follow.

Customer and marketplace pay, we bear our own discounts, and what is left is ours, before what the
marketplace keeps. Whoever knows that registers it:

    settlement.register(commission)     # commission(order) -> the Sums that are taken off, or None
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.html import StrOrPromise
from core.money import CENT, ZERO, q2
from core.registry import DuplicateRegistration
from orders.choices import LineStatus, OrderStatus, VoucherPayer, VoucherScope

if TYPE_CHECKING:
    from orders.models import Order, OrderVoucher


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of the money box."""

    label: StrOrPromise
    amount: Decimal
    note: StrOrPromise = ""


@dataclass(frozen=True, slots=True)
class Discount:
    """What is taken off the price, and who bears it; nobody knows where `paid_by` is empty."""

    label: str
    amount: Decimal  # negative
    paid_by: str


@dataclass(slots=True)
class Settlement:
    """The money of one order. `parts` come to the total; the rest says who pays what of it."""

    parts: list[Sum] = field(default_factory=list)
    total: Decimal = ZERO  # the customer pays
    paid: list[Sum] = field(default_factory=list)
    from_marketplace: Decimal = ZERO
    from_us: Decimal = ZERO  # our discounts: no money that moves, but a price we did not get
    from_nobody_knows: Decimal = ZERO
    refunded: Decimal = ZERO
    costs: list[Sum] = field(default_factory=list)
    are_costs_known: bool = False
    is_void: bool = False  # cancelled before anything was delivered: nobody pays

    @property
    def receives(self) -> Decimal:
        """What reaches us: all that is paid, less what went back and what the marketplace keeps."""
        costs = sum((cost.amount for cost in self.costs), ZERO)
        return self.total + self.from_marketplace - self.refunded + costs


Costs = Callable[["Order"], "Sequence[Sum] | None"]  # negative amounts; None: not known yet

_costs: list[Costs] = []


def register(costs: Costs) -> None:
    if costs in _costs:
        raise DuplicateRegistration(f"{costs!r} says already what is taken off.")
    _costs.append(costs)


def settlement_of(order: Order) -> Settlement:
    """The money of an order whose lines and vouchers are read."""
    discounts = discounts_of(order)
    settled = Settlement(total=order.total, refunded=order.refunded)
    settled.parts = list(_parts(order, discounts))
    settled.from_marketplace = _borne_by(discounts, VoucherPayer.MARKETPLACE)
    settled.from_us = _borne_by(discounts, VoucherPayer.SELLER)
    settled.from_nobody_knows = _borne_by(discounts, "")
    settled.is_void = order.status == OrderStatus.CANCELLED and order.finalized_at is None
    if order.paid_by_card:
        settled.paid.append(Sum(_("by card"), order.paid_by_card))
    if order.paid_on_delivery:
        settled.paid.append(Sum(_("on delivery"), order.paid_on_delivery))
    for costs in _costs:
        found = costs(order)
        if found is not None:
            settled.costs += found
            settled.are_costs_known = True
    return settled


def _parts(order: Order, discounts: Iterable[Discount]) -> Iterable[Sum]:
    yield Sum(_("Products"), order.products_total)
    if order.fees_total:
        yield Sum(_("Deposits"), order.fees_total)
    yield Sum(_("Shipping"), order.shipping_total)
    for one in discounts:
        yield Sum(one.label, one.amount, _payer(one.paid_by, order))


def _payer(paid_by: str, order: Order) -> str:
    if paid_by == VoucherPayer.MARKETPLACE:
        return _("%(marketplace)s pays") % {"marketplace": order.account.platform_label}
    return _("you pay") if paid_by == VoucherPayer.SELLER else ""


def _borne_by(discounts: Iterable[Discount], payer: str) -> Decimal:
    return -sum((one.amount for one in discounts if one.paid_by == payer), ZERO)


def discounts_of(order: Order) -> list[Discount]:
    """The discounts that the total is made of, each with who bears it.

    Marketplaces tell them for the whole order and as shares of its parts. Those of the whole order
    are what the customer was shown; where a product was cancelled, only the shares of what remains
    come to the total.
    """
    whole = [one for one in order.vouchers.all() if one.scope == VoucherScope.ORDER]
    told = _together(whole, order)
    if _sum(told) == order.vouchers_total:
        return told
    gone = {line.pk for line in order.lines.all() if line.status == LineStatus.CANCELLED}
    told = _together((one for one in _shares(order) if one.line_id not in gone), order)
    if abs(_sum(told) - order.vouchers_total) <= CENT:
        return told
    return [Discount(_("Discounts"), order.vouchers_total, "")]


def _shares(order: Order) -> list[OrderVoucher]:
    return [one for one in order.vouchers.all() if one.scope != VoucherScope.ORDER]


def _together(vouchers: Iterable[OrderVoucher], order: Order) -> list[Discount]:
    """One line for each discount, however many VAT rates and products it is split by."""
    payers = {one.external_id: one.paid_by for one in order.vouchers.all() if one.paid_by}
    exact: dict[tuple[str, str], Decimal] = {}
    for one in vouchers:
        key = voucher_name(one), one.paid_by or payers.get(one.external_id, "")
        exact[key] = exact.get(key, ZERO) + one.net + one.vat
    return [Discount(name, q2(amount), payer) for (name, payer), amount in exact.items()]


def voucher_name(voucher: OrderVoucher) -> str:
    return voucher.name or _("Voucher %(number)s") % {"number": voucher.external_id}


def _sum(discounts: Iterable[Discount]) -> Decimal:
    return sum((one.amount for one in discounts), ZERO)
