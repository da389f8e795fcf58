"""The export "order_lines" for operators and scripts: one row a line. See docs/exports.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.export import stream
from core.filter_text import matching
from orders.filters import OrderFilter
from orders.models import Order, OrderLine

NAME = "order_lines"
# Column → where it comes from. The names and their order are promised: add at the end only.
_PATHS = {
    "order": "order__external_id",
    "external_id": "external_id",
    "sku": "sku",
    "quantity": "quantity",
    "price": "price",
    "vat_rate": "vat_rate",
    "status": "status",
    "account": "order__account__name",
    "type": "order__fulfilment",
}
COLUMNS = tuple(_PATHS)


def rows(filter: str = "") -> Iterator[Sequence[Any]]:
    """Every line of the orders that match, as COLUMNS says. The filter is that of orders."""
    orders = matching(OrderFilter, filter, Order.objects.order_by())
    lines = OrderLine.objects.order_by("order_id", "position", "pk")
    if filter:
        lines = lines.filter(order__in=orders.values("pk"))
    return stream(lines, _PATHS.values())
