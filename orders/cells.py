"""How the cells of the list of orders look.

Functions without arguments make ready what all rows share (words in the reader's language, badges,
colours of tags) and return what writes one cell; the others write one cell of a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from accounts import platforms
from accounts.choices import Fulfilment
from core.html import EMPTY, badge, icon, money, number
from orders import reasons, tagging, under_way
from orders.choices import (
    STATUS_BADGES,
    DeliveryMode,
    OrderStatus,
    PaymentMethod,
    Problem,
)
from orders.customers import marks as customer_marks
from orders.models import Order

Cell = Callable[[Any], str]
DELIVERIES = DeliveryMode.choices
PAYMENTS = PaymentMethod.choices
FULFILMENTS = Fulfilment.choices


def said(labels: Iterable[tuple[str, Any]]) -> Callable[[Any], str]:
    """The word of a value, for files."""
    words = dict(labels)
    return lambda value: str(words.get(value, value))


def account() -> Cell:
    """Name and country, and who ships in the marketplace's words; worked out once for each."""
    known: dict[tuple[int, str], str] = {}

    def cell(order: Order) -> str:
        key = (order.account_id, order.fulfilment)
        if key not in known:
            it = order.account
            words = escape(platforms.fulfilment_label(it.platform, order.fulfilment))
            name = escape(it.name)
            known[key] = (
                f'<span class="cut" title="{name}">{name}</span>'
                f'<div class="sub"><span class="cc">{escape(it.country)}</span> {words}</div>'
            )
        return known[key]

    return cell


def fulfilment() -> Cell:
    return lambda order: escape(
        platforms.fulfilment_label(order.account.platform, order.fulfilment)
    )


def customer() -> Cell:
    """Name, whether they bought before, town and tags."""
    chips, marks = tagging.chips(), customer_marks.marks()

    def cell(order: Order) -> str:
        name, city, tags = escape(order.customer_name), escape(order.city), chips(order.tags)
        town = f'<span class="cut" title="{city}">{city}</span>' if city else ""
        below = f'<div class="sub where">{town} {tags}</div>' if town or tags else ""
        return f'<span class="cut" title="{name}">{name or EMPTY}</span>{marks(order)}{below}'

    return cell


def items(order: Any) -> str:
    """The first product and how many more there are; all of them on hover."""
    if not order.first_item:
        return EMPTY
    names, first = escape(order.items or order.first_item), escape(order.first_item)
    more = order.lines_count - 1
    below = ""
    if more > 0:
        words = escape(_("+%(count)s more") % {"count": number(more)})
        below = f'<div class="sub">{words}</div>'
    return f'<span class="cut" title="{names}">{first}</span>{below}'


def status() -> Cell:
    """Our status, what the marketplace is being told, and a sign where a person should look."""
    badges = {
        value: str(badge(label, *STATUS_BADGES[value])) for value, label in OrderStatus.choices
    }

    def cell(order: Any) -> str:
        html = badges[order.status]
        if order.status == OrderStatus.CANCELLED and order.cancel_code:
            html = _cancelled(order)
        if order.problems:
            html = f"{html} {problems(order)}"
        if order.under_way:
            return f'{html}<div class="sub">{escape(under_way.words(order.under_way))}</div>'
        return html

    return cell


def _cancelled(order: Order) -> str:
    """A red tag with the code; the reason, in the reader's language, is its title."""
    label = OrderStatus.CANCELLED.label
    tag = badge(f"{label} · {order.cancel_code}", *STATUS_BADGES[OrderStatus.CANCELLED])
    return f'<span title="{escape(_reason(order))}">{tag}</span>'


def cancelled() -> Cell:
    return lambda order: escape(_reason(order)) if order.cancel_code else EMPTY


def _reason(order: Order) -> str:
    return reasons.label(order.account.platform, order.cancel_code, order.cancel_text)


def problems(order: Order) -> str:
    if not order.problems:
        return EMPTY
    words = escape(problem_words(order.problems))
    return f'<span class="tone-amber" title="{words}">{icon("alert-triangle", "", words)}</span>'


def problem_words(found: Iterable[str]) -> str:
    words = dict(Problem.choices)
    return ", ".join(str(words.get(one, one)) for one in found)


def delivery() -> Cell:
    """Who brings it or where it is picked up, and the number of the parcel once there is one."""
    labels = {value: escape(str(label)) for value, label in DELIVERIES}

    def cell(order: Order) -> str:
        if locker := order.locker_name or order.locker_id:
            name = escape(locker)
            html = f'<span class="cut" title="{name}">{icon("map-pin")} {name}</span>'
        else:
            html = escape(order.courier) or labels.get(order.delivery) or EMPTY
        return f'{html}<div class="sub">{escape(order.awb)}</div>' if order.awb else html

    return cell


def total() -> Cell:
    """What the customer pays, and how."""
    labels = {value: escape(str(label)) for value, label in PAYMENTS}
    paid = f" {icon('check', '', _('paid'))}"

    def cell(order: Order) -> str:
        amount = money(order.total, order.currency)
        if not order.payment:
            return str(amount)
        how = labels.get(order.payment, "")
        return f'{amount}<div class="sub">{how}{paid if order.is_paid else ""}</div>'

    return cell


def payment() -> Cell:
    labels = {value: escape(str(label)) for value, label in PAYMENTS}
    paid = f'<div class="sub">{escape(_("paid"))}</div>'
    return lambda order: labels.get(order.payment, str(EMPTY)) + (paid if order.is_paid else "")
