"""The list of orders as a source of files: the orders themselves, or the lines on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import export_sources, registry
from core.export_sources import DetailColumn, Details, ListSource
from core.registry import Command
from orders.choices import LineStatus
from orders.filters import OrderFilter
from orders.models import Order, OrderLine
from orders.tables import OrderTable

PAGE = "orders.order_list"
_STATUSES = {value: label for value, label in LineStatus.choices}


def register() -> None:
    export_sources.register(
        ListSource(
            page=PAGE,
            title=_("Orders"),
            url_name="orders:order_list",
            table=OrderTable,
            filterset=OrderFilter,
            queryset=orders_for,
            permission="orders.view_order",
            schedule_permission="orders.schedule_export",
            when="ordered_at",
            details=(LINES,),
        )
    )

    registry.register_command(
        Command(
            "scheduled_exports", _("Scheduled exports"), "core:scheduled_export_list",
            icon="calendar-repeat", permission="orders.schedule_export",
            keywords=_("send mail folder csv excel pdf"),
        )
    )  # fmt: skip


def orders_for(user: User) -> QuerySet[Order]:
    return Order.objects.all()


def lines_of(pks: Sequence[int]) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(order__in=pks).order_by("order", "position", "pk")


def _status(value: str) -> Any:
    return _STATUSES.get(value, value)


LINES = Details(
    name="lines",
    label=_("Lines"),
    queryset=lines_of,
    parent="order_id",
    columns=(
        DetailColumn(_("SKU"), "sku"),
        DetailColumn(_("Product"), "name"),
        DetailColumn(_("Quantity"), "quantity"),
        DetailColumn(_("Net price"), "price"),
        DetailColumn(_("VAT rate"), "vat_rate"),
        DetailColumn(_("Line value"), "gross", currency="currency"),
        DetailColumn(_("Line currency"), "currency"),
        DetailColumn(_("Line status"), "status", plain=_status),
    ),
)
