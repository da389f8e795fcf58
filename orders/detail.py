"""What the page of one order shows: its rows read once, its money explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import platforms
from core.clock import Clock
from core.html import StrOrPromise
from core.money import q2
from orders import problems, reasons, refresh
from orders.choices import REMOTE_BADGES, LineStatus, OrderStatus, VoucherPayer, VoucherScope
from orders.due import due_html
from orders.models import LineDeposit, Order, OrderLine, OrderQuerySet, OrderVoucher
from orders.services.accepting import is_acceptable


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of the money box."""

    label: StrOrPromise
    amount: Decimal
    note: StrOrPromise = ""


@dataclass(slots=True)
class Money:
    """Where the total comes from, and what of it is paid."""

    parts: list[Sum] = field(default_factory=list)
    paid: list[Sum] = field(default_factory=list)


def with_everything() -> OrderQuerySet:
    """Orders with all that hangs on them, in one statement for each kind."""
    lines = OrderLine.objects.order_by("position", "pk").prefetch_related(
        Prefetch("deposits", LineDeposit.objects.order_by("position"))
    )
    return Order.objects.select_related("account", "customer").prefetch_related(
        "addresses", Prefetch("lines", lines), "vouchers", "attachments", "proformas"
    )


def context_of(order: Order) -> Mapping[str, object]:
    platform = order.account.platform
    addresses = {address.kind: address for address in order.addresses.all()}
    lines = list(order.lines.all())
    return {
        "order": order,
        "badge": order.badge,
        "remote_badge": REMOTE_BADGES[order.remote_state],
        "due": _due(order),
        "problems": problems.told(order),
        "billing": addresses.get("billing"),
        "shipping": addresses.get("shipping"),
        "fulfilment": platforms.fulfilment_label(platform, order.fulfilment),
        "lines": [LineShown.of(line, order) for line in lines],
        "money": money_of(order),
        "reason": reasons.label(platform, order.cancel_code, order.cancel_text),
        "attachments": _attachments(order, lines),
        "may_be_accepted": is_acceptable(order) and order.accept_requested_at is None,
        "is_being_accepted": order.status == OrderStatus.NEW and order.accept_requested_at,
        "can_be_read_again": refresh.is_possible(platform),
    }


def _due(order: Order) -> object:
    left: timedelta | None = order.time_left
    if left is None or order.ship_by is None:
        return ""
    return due_html(order.ship_by, timezone.now(), Clock())


@dataclass(frozen=True, slots=True)
class LineShown:
    """A product of the order with what is taken off and put on."""

    line: OrderLine
    is_cancelled: bool
    deposits: list[LineDeposit]
    vouchers: list[tuple[str, Decimal]]

    @classmethod
    def of(cls, line: OrderLine, order: Order) -> LineShown:
        shares = [voucher for voucher in order.vouchers.all() if voucher.line_id == line.pk]
        return cls(
            line,
            line.status == LineStatus.CANCELLED,
            list(line.deposits.all()),
            [(_voucher_name(voucher), _gross(voucher)) for voucher in shares],
        )


def money_of(order: Order) -> Money:
    """The total taken apart: every discount of the whole order with who bears it."""
    money = Money([Sum(_("Products"), order.products_total)])
    if order.fees_total:
        money.parts.append(Sum(_("Deposits"), order.fees_total))
    money.parts.append(Sum(_("Shipping"), order.shipping_total))
    whole = [v for v in order.vouchers.all() if v.scope == VoucherScope.ORDER]
    told = [Sum(_voucher_name(v), _gross(v), _payer(v, order)) for v in whole]
    if sum((one.amount for one in told), Decimal(0)) == order.vouchers_total:
        money.parts += told
    else:  # a share of a cancelled product is left out: only the sum is true
        money.parts.append(Sum(_("Discounts"), order.vouchers_total))
    if order.paid_by_card:
        money.paid.append(Sum(_("Paid by card"), order.paid_by_card))
    if order.paid_on_delivery:
        money.paid.append(Sum(_("Paid on delivery"), order.paid_on_delivery))
    if order.refunded:
        money.paid.append(Sum(_("Refunded"), order.refunded, order.refund_status))
    return money


def _gross(voucher: OrderVoucher) -> Decimal:
    return q2(voucher.net + voucher.vat)


def _voucher_name(voucher: OrderVoucher) -> str:
    return voucher.name or _("Voucher %(number)s") % {"number": voucher.external_id}


def _payer(voucher: OrderVoucher, order: Order) -> str:
    """Who bears a discount: it may be said on its shares only."""
    said = {voucher.paid_by} | {
        share.paid_by
        for share in order.vouchers.all()
        if share.external_id == voucher.external_id and share.scope != VoucherScope.ORDER
    }
    payers = [str(VoucherPayer(payer).label) for payer in sorted(said - {""})]
    return _("paid by: %(who)s") % {"who": ", ".join(payers)} if payers else ""


def _attachments(order: Order, lines: list[OrderLine]) -> list[dict[str, Any]]:
    names = {line.pk: str(line) for line in lines}
    return [{"it": one, "line": names.get(one.line_id or 0, "")} for one in order.attachments.all()]
