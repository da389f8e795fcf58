"""What the list of orders shows of their customers: "new", "repeat", "blocked". No statement more.

A column names COLUMNS as its annotations, which is one join on the primary key, and writes what
marks() makes ready: marks()(order).
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils.translation import gettext as _

from core.html import badge, number

COLUMNS: dict[str, Any] = {
    "customer_orders": F("customer__orders_count"),
    "customer_is_blocked": ExpressionWrapper(
        Q(customer__blocked_at__isnull=False), output_field=BooleanField()
    ),
}


def marks() -> Callable[[Any], str]:
    """Writes the marks of an order that carries COLUMNS; of who is not counted yet, none."""
    blocked = f" {badge(_('blocked'), 'red', 'ban')}"
    first = _mark(_("new"), _("Their first order"))
    again, title = escape(_("repeat")), escape(_("Orders so far: %(n)s"))

    def write(order: Any) -> str:
        html = blocked if order.customer_is_blocked else ""
        n = order.customer_orders
        if n > 1:
            return html + _mark(again, title % {"n": number(n)})
        return html + first if n else html

    return write


def _mark(word: str, title: str) -> str:
    return f' <span class="badge tone-grey" title="{title}">{word}</span>'
