"""What the page of one order shows: its rows read once, its money explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import platforms
from core.clock import Clock
from core.errors import RuleViolation
from core.html import StrOrPromise
from core.money import q2
from orders import problems, reasons, refresh
from orders.choices import (
    REMOTE_BADGES,
    LineStatus,
    OrderStatus,
    PaymentMethod,
    VoucherPayer,
    VoucherScope,
)
from orders.due import due_html
from orders.intents import AcceptOrder
from orders.models import LineDeposit, Order, OrderLine, OrderQuerySet, OrderVoucher
from orders.services.accepting import check_acceptable, is_acceptable
from outbox.choices import GIVEN_UP, STATUS_BADGES, UNDER_WAY, CommandStatus
from outbox.models import Command
from outbox.services import for_subject


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
    asked = _asked(order)
    on_its_way = asked is not None and asked.status in UNDER_WAY
    return {
        "order": order,
        "badge": order.badge,
        "remote_badge": REMOTE_BADGES[order.remote_state],
        "due": _due(order),
        "ship_by": _ship_by(order),
        "problems": problems.told(order),
        "billing": addresses.get("billing"),
        "shipping": addresses.get("shipping"),
        "fulfilment": platforms.fulfilment_label(platform, order.fulfilment),
        "lines": [LineShown.of(line, order) for line in lines],
        "money": money_of(order),
        "total_label": _total_label(order),
        "reason": reasons.label(platform, order.cancel_code, order.cancel_text),
        "attachments": _attachments(order, lines),
        "may_be_accepted": is_acceptable(order) and not on_its_way,
        "about_accepting": _about_accepting(order),
        "given_up": _given_up(asked),
        "is_being_accepted": on_its_way,
        "can_be_read_again": refresh.is_possible(platform),
    }


def _asked(order: Order) -> Command | None:
    """How the acceptance of a new order stands, if anybody asked for it."""
    if order.status != OrderStatus.NEW:
        return None
    return for_subject(order).filter(kind=AcceptOrder.spec.kind).first()


def _given_up(asked: Command | None) -> Mapping[str, object] | None:
    """The acceptance that was asked for and will not go through unless a person does something."""
    if asked is None or asked.status not in GIVEN_UP | {CommandStatus.UNCERTAIN}:
        return None
    return {"command": asked, "badge": STATUS_BADGES[asked.status]}


def _due(order: Order) -> object:
    left: timedelta | None = order.time_left
    if left is None or order.ship_by is None:
        return ""
    return due_html(order.ship_by, timezone.now(), Clock())


def _ship_by(order: Order) -> datetime | None:
    """Until when it had to leave here; nothing where it does not or will not."""
    is_over = order.status in {OrderStatus.CANCELLED, OrderStatus.RETURNED}
    return None if is_over or not order.is_ours_to_ship else order.ship_by


def _total_label(order: Order) -> str:
    if order.status == OrderStatus.CANCELLED and order.finalized_at is None:
        return _("Would have been paid")
    return _("Customer pays")


def _about_accepting(order: Order) -> str:
    """What to know before accepting a new order, or why there is no button for it."""
    if order.status != OrderStatus.NEW:
        return ""
    if not order.is_ours_to_ship:
        return _("The marketplace ships it: there is nothing to accept.")
    try:
        check_acceptable(order)
    except RuleViolation as rule:
        return str(rule)
    if order.payment == PaymentMethod.CARD and not order.is_paid:
        return _("The card payment has not arrived yet.")
    return ""


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
    told = _together(Sum(_voucher_name(v), _gross(v), _payer(v, order)) for v in whole)
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


def _together(sums: Iterable[Sum]) -> list[Sum]:
    """One line for each discount: the marketplace splits one by VAT rate."""
    found: dict[tuple[str, str], Decimal] = {}
    for one in sums:
        what = str(one.label), str(one.note)
        found[what] = found.get(what, Decimal(0)) + one.amount
    return [Sum(label, amount, note) for (label, note), amount in found.items()]


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
    return [
        {
            "it": one,
            "line": names.get(one.line_id or 0, ""),
            "url": one.url if one.url.lower().startswith(("https://", "http://")) else "",
        }
        for one in order.attachments.all()
    ]
