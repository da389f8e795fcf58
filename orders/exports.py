"""The export "orders" for operators and scripts: one row an order. See docs/exports.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.export import stream
from core.filter_text import matching
from orders.filters import OrderFilter
from orders.models import Order

NAME = "orders"
# Column → where it comes from. The names and their order are promised: add at the end only.
_PATHS = {
    "account": "account__name",
    "external_id": "external_id",
    "type": "fulfilment",
    "remote_status": "remote_status",
    "status": "status",
    "ordered_at": "ordered_at",
    "changed_at": "changed_at",
    "ship_by": "ship_by",
    "finalized_at": "finalized_at",
    "payment": "payment",
    "is_paid": "is_paid",
    "currency": "currency",
    "products_total": "products_total",
    "vouchers_total": "vouchers_total",
    "shipping_total": "shipping_total",
    "fees_total": "fees_total",
    "total": "total",
    "cancel_code": "cancel_code",
}
COLUMNS = tuple(_PATHS)


def rows(filter: str = "") -> Iterator[Sequence[Any]]:
    """Every matching order, oldest first, as COLUMNS says. BadFilter for a filter that is none."""
    found = matching(OrderFilter, filter, Order.objects.order_by("ordered_at", "pk"))
    return stream(found, _PATHS.values())
