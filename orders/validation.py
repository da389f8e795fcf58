"""What must be true of an order that a marketplace tells of, in plain words.

It stands before every import, so it is as cheap as it is strict, and asks no database. What may be
done to an order here says orders.rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.choices import Fulfilment
from orders.choices import (
    AttachmentKind,
    DeliveryMode,
    PaymentMethod,
    RemoteState,
    VoucherPayer,
)
from orders.intake import LineIn, OrderIn, VoucherIn

LONGEST_ID = 64
MOST = Decimal(10) ** 10  # more than any price, and less than the columns hold
MOST_PIECES = 1_000_000

_FULFILMENTS = frozenset(Fulfilment.values)
_STATES = frozenset(RemoteState.values)
_PAYMENTS = frozenset({"", *PaymentMethod.values})
_DELIVERIES = frozenset({"", *DeliveryMode.values})
_PAYERS = frozenset({"", *VoucherPayer.values})
_KINDS = frozenset({"", *AttachmentKind.values})


def validate_order(order: OrderIn) -> list[str]:
    """Whether an order of a marketplace can be stored as it is."""
    return [*_order_head(order), *_order_lines(order), *_order_money(order)]


def _order_head(order: OrderIn) -> Iterator[str]:
    if not order.external_id or len(order.external_id) > LONGEST_ID:
        yield _("The order number is missing or too long.")
    if order.fulfilment not in _FULFILMENTS:
        yield _("“%(value)s” is no known way of shipping.") % {"value": order.fulfilment}
    if order.status not in _STATES:
        yield _("“%(value)s” is no known meaning of a status.") % {"value": order.status}
    if not _is_currency(order.currency):
        yield _("“%(value)s” is no currency.") % {"value": order.currency}
    if order.payment not in _PAYMENTS:
        yield _("“%(value)s” is no known payment.") % {"value": order.payment}
    if order.delivery not in _DELIVERIES:
        yield _("“%(value)s” is no known delivery.") % {"value": order.delivery}
    if len(order.customer.external_id) > LONGEST_ID - len("order "):
        yield _("The customer's number is too long.")
    if len(order.cancel_code) > 32:
        yield _("The cancellation reason is too long.")
    moments = (order.read_at, order.ordered_at, order.changed_at, order.ship_by, order.finalized_at)
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        yield _("A time without its time zone means nothing.")
    if any(one.kind not in _KINDS for one in order.attachments):
        yield _("An attachment is of no known kind.")


def _order_lines(order: OrderIn) -> Iterator[str]:
    if not order.lines and order.is_complete and order.status != RemoteState.CANCELLED:
        yield _("The order has no products.")
    numbers = [line.external_id for line in order.lines]
    if len(set(numbers)) < len(numbers):
        twice = [number for number, times in Counter(numbers).items() if times > 1]
        yield _("Line %(numbers)s is listed twice.") % {"numbers": ", ".join(twice)}
    for line in order.lines:
        for message in _line(line, order.currency):
            yield _("Line %(number)s: %(message)s") % {
                "number": line.external_id,
                "message": message,
            }


def _line(line: LineIn, currency: str) -> Iterator[str]:
    if not line.external_id or len(line.external_id) > LONGEST_ID:
        yield _("its number is missing or too long.")
    if len(line.offer_external_id) > LONGEST_ID:
        yield _("the product's number is too long.")
    counts = (line.quantity, line.returned_quantity, line.initial_quantity or 0)
    if not all(0 <= count <= MOST_PIECES for count in counts):
        yield _("the quantity cannot be %(quantity)s.") % {"quantity": line.quantity}
    if not _is_price(line.price):
        yield _("%(price)s is no price.") % {"price": line.price}
    if line.price_before is not None and not _is_price(line.price_before):
        yield _("%(price)s is no price.") % {"price": line.price_before}
    if not _is_rate(line.vat_rate):
        yield _("%(rate)s is no VAT rate.") % {"rate": line.vat_rate}
    if line.currency != currency:
        yield _("it is priced in %(its)s, the order in %(currency)s.") % {
            "its": line.currency,
            "currency": currency,
        }
    for deposit in line.deposits:
        if not (_is_price(deposit.price) and _is_rate(deposit.vat_rate)):
            yield _("the deposit “%(name)s” has no price.") % {"name": deposit.name}
        if not 0 <= deposit.quantity <= MOST_PIECES:
            yield _("the quantity cannot be %(quantity)s.") % {"quantity": deposit.quantity}
    if any(one.kind not in _KINDS for one in line.attachments):
        yield _("an attachment is of no known kind.")


def _order_money(order: OrderIn) -> Iterator[str]:
    for amount in (
        order.shipping_price,
        order.refunded,
        order.paid_by_card,
        order.paid_on_delivery,
    ):
        if amount is not None and not _is_amount(amount):
            yield _("%(amount)s is no amount.") % {"amount": amount}
    for voucher in _vouchers(order):
        if not (_is_amount(voucher.net) and _is_amount(voucher.vat)):
            yield _("The voucher “%(name)s” has no amount.") % {
                "name": voucher.name or voucher.external_id
            }
        elif voucher.paid_by not in _PAYERS or len(voucher.external_id) > LONGEST_ID:
            yield _("The voucher “%(name)s” cannot be read.") % {
                "name": voucher.name or voucher.external_id
            }


def _vouchers(order: OrderIn) -> Iterator[VoucherIn]:
    yield from order.vouchers
    yield from order.shipping_vouchers
    for line in order.lines:
        yield from line.vouchers
        for deposit in line.deposits:
            yield from deposit.vouchers


def _is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def _is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and abs(amount) < MOST


def _is_price(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount < MOST


def _is_rate(rate: Decimal) -> bool:
    return rate.is_finite() and 0 <= rate < 1
