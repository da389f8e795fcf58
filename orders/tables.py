"""The list of orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import platforms
from accounts.choices import Fulfilment
from core.clock import Clock
from core.columns import (
    BadgeColumn,
    Column,
    CustomColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    SelectColumn,
    TextColumn,
    WhenColumn,
)
from core.html import EMPTY, icon, number
from core.tables import BaseTable
from orders import reasons
from orders.choices import (
    OPEN,
    REMOTE_BADGES,
    STATUS_BADGES,
    DeliveryMode,
    OrderStatus,
    PaymentMethod,
    Problem,
    RemoteState,
)
from orders.due import due_html
from orders.models import Order


class NumberAndDateColumn(LinkColumn):
    """The number of an order, and when it was placed."""

    def writer(self) -> Callable[[Any, Any], str]:
        link, tell = super().writer(), Clock().html

        def cell(value: str, record: Order) -> str:
            return f'{link(value, record)}<div class="sub">{tell(record.ordered_at)}</div>'

        return cell


class DueColumn(Column):
    """How long there still is to hand the parcel over; of an order that is over, nothing."""

    css = "when"

    def cell(self, value: datetime, record: Order) -> str:
        return self.writer()(value, record)

    def writer(self) -> Callable[[Any, Any], str]:
        now, tell = timezone.now(), Clock()
        own, is_open = Fulfilment.OWN.value, {str(status) for status in OPEN}

        def cell(value: datetime, record: Order) -> str:
            if record.fulfilment != own or record.status not in is_open:
                return EMPTY
            return due_html(value, now, tell)

        return cell


class StatusColumn(BadgeColumn):
    """Our status, and a sign where a person should look; a cancelled order says why."""

    def cell(self, value: Any, record: Order) -> str:
        html = super().cell(value, record)
        if record.problems:
            html = f"{html} {problems_html(record)}"
        if value == OrderStatus.NEW and getattr(record, "is_being_accepted", False):
            return f'{html} <span class="sub">{escape(_now("accepting…"))}</span>'
        if value == OrderStatus.CANCELLED and record.cancel_code:
            why = escape(reasons.label(record.account.platform, record.cancel_code))
            code = escape(record.cancel_code)
            return f'<span title="{why}">{html} <span class="sub">{code}</span></span>'
        return html


class TotalColumn(MoneyColumn):
    """What the customer pays, and how."""

    def cell(self, value: Any, record: Order) -> str:
        how = _PAYMENTS.get(record.payment)
        if how is None:
            return super().cell(value, record)
        paid = icon("check", "", _now("paid")) if record.is_paid else ""
        return f'{super().cell(value, record)}<div class="sub">{escape(str(how))} {paid}</div>'


def account_html(order: Order) -> str:
    account = order.account
    return f'<span class="cc">{escape(account.country)}</span> {escape(account.name)}'


def customer_html(order: Order) -> str:
    name, city = escape(order.customer_name), escape(order.city)
    below = f'<div class="sub">{city}</div>' if city else ""
    return f'<span class="cut" title="{name}">{name or EMPTY}</span>{below}'


def items_html(order: Any) -> str:
    """The first product and how many more there are; all of them on hover."""
    if not order.first_item:
        return EMPTY
    names, first = escape(order.items or order.first_item), escape(order.first_item)
    more = order.lines_count - 1
    below = ""
    if more > 0:
        words = escape(_now("+%(count)s more") % {"count": number(more)})
        below = f'<div class="sub">{words}</div>'
    return f'<span class="cut" title="{names}">{first}</span>{below}'


def delivery_html(order: Order) -> str:
    if order.locker_name or order.locker_id:
        name = escape(order.locker_name or order.locker_id)
        return f'<span class="cut" title="{name}">{icon("map-pin")} {name}</span>'
    label = _DELIVERIES.get(order.delivery)
    return escape(str(label)) if label else escape(order.delivery_detail) or EMPTY


def payment_html(order: Order) -> str:
    label = _PAYMENTS.get(order.payment)
    word = escape(str(label)) if label else EMPTY
    return f'{word}<div class="sub">{escape(_now("paid"))}</div>' if order.is_paid else word


def problems_html(order: Order) -> str:
    if not order.problems:
        return EMPTY
    words = escape(", ".join(str(_PROBLEMS.get(one, one)) for one in order.problems))
    return f'<span class="tone-amber" title="{words}">{icon("alert-triangle", "", words)}</span>'


def fulfilment_html(order: Order) -> str:
    return escape(platforms.fulfilment_label(order.account.platform, order.fulfilment))


def fulfilment_label(value: str) -> str:
    return str(_FULFILMENTS.get(value, value))


def _said(labels: dict[str, Any]) -> Callable[[Any], str]:
    return lambda value: str(labels.get(value, value))


_DELIVERIES = dict(DeliveryMode.choices)
_PAYMENTS = dict(PaymentMethod.choices)
_PROBLEMS = dict(Problem.choices)
_FULFILMENTS = dict(Fulfilment.choices)


class OrderTable(BaseTable):
    select = SelectColumn()
    external_id = NumberAndDateColumn(
        pgettext_lazy("one order", "Order"), view="orders:order_detail", orderable=True,
        also_exports=((_("Ordered"), "ordered_at"),),
    )  # fmt: skip
    account = CustomColumn(
        _("Account"), html=account_html, accessor="account__name", keep=True,
        select_related=("account",),
    )  # fmt: skip
    customer_name = CustomColumn(_("Customer"), html=customer_html, keep=True)
    first_item = CustomColumn(_("Items"), html=items_html, accessor="items", keep=True)
    pieces = NumberColumn(_("Pcs"))
    status = StatusColumn(_("Status"), choices=OrderStatus.choices, badges=STATUS_BADGES, keep=True)
    ship_by = DueColumn(_("Hand over"), orderable=True, keep=True)
    delivery = CustomColumn(_("Delivery"), html=delivery_html, plain=_said(_DELIVERIES))
    total = TotalColumn(_("Customer pays"), orderable=True, keep=True)
    problems = CustomColumn(
        _("Problems"), html=problems_html, start_hidden=True,
        plain=lambda v: ", ".join(map(_said(_PROBLEMS), v)),
    )  # fmt: skip
    payment = CustomColumn(
        _("Payment"), html=payment_html, plain=_said(_PAYMENTS), start_hidden=True
    )
    lines_count = NumberColumn(_("Lines"), start_hidden=True)
    remote_state = BadgeColumn(
        _("Status there"), choices=RemoteState.choices, badges=REMOTE_BADGES, start_hidden=True
    )
    fulfilment = CustomColumn(
        _("Who ships"), html=fulfilment_html, plain=fulfilment_label, start_hidden=True
    )
    ordered_at = WhenColumn(
        _("Ordered"), orderable=True, initial_sort_descending=True, start_hidden=True
    )
    city = TextColumn(_("Town"), start_hidden=True)
    locker_name = TextColumn(_("Locker"), start_hidden=True)
    currency = TextColumn(_("Currency"), start_hidden=True)

    class Meta:
        order_by = "-ordered_at"

    def row_class(self, record: Order) -> str:
        left = record.time_left
        return "late" if left is not None and left.total_seconds() < 0 else ""
