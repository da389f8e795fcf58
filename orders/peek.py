"""A look at one order beside the list: enough to decide, in a few statements."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from accounts import platforms
from accounts.models import User
from core.clock import Clock
from orders import problems, reasons, rules, tagging, under_way
from orders.choices import AddressKind, LineStatus
from orders.due import due_html
from orders.models import Order

MOST_LINES = 8


def context_of(order: Order, user: User) -> Mapping[str, object]:
    lines = list(order.lines.order_by("position", "pk")[: MOST_LINES + 1])
    asked = under_way.latest(order)
    actions = rules.offered(order, user, asked)
    return {
        "order": order,
        "badge": order.badge,
        "due": due_html(order.due_at, timezone.now(), Clock()) if order.due_at else "",
        "under_way": under_way.doing(asked),
        "fulfilment": platforms.fulfilment_label(order.account.platform, order.fulfilment),
        "problems": problems.told(order, user),
        "reason": reasons.label(order.account.platform, order.cancel_code, order.cancel_text),
        "tags": tagging.chips()(order.tags),
        "shipping": order.addresses.filter(kind=AddressKind.SHIPPING).first(),
        "lines": [(line, line.status == LineStatus.CANCELLED) for line in lines[:MOST_LINES]],
        "has_more": len(lines) > MOST_LINES,
        "buttons": [
            *((one, "btn btn-primary") for one in actions if one.is_primary),
            *((one, "btn") for one in actions if one.is_beside),
        ],
    }
