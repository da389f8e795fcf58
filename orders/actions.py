"""What can be done to many orders at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from core.actions import BulkAction
from core.registry import register_action
from orders.models import Order
from orders.services import accept_order
from orders.services.accepting import check_acceptable


def accept(pk: int, *, by: User) -> None:
    accept_order(Order(pk=pk), by=by)


def may_accept(order: Order, by: Any) -> None:
    check_acceptable(order)


def register() -> None:
    register_action(
        "orders.order_list",
        BulkAction(
            name="accept",
            label=_("Accept"),
            heading=ngettext_lazy("Accept {n} order", "Accept {n} orders", "n"),
            icon="checks",
            permission="orders.accept_order",
            model=Order,
            run=accept,
            check=may_accept,
            confirm=_(
                "The marketplace is told that you take them. From then on it does not cancel them"
                " for their customers any more."
            ),
            done=ngettext_lazy("{n} on its way", "{n} on their way", "n"),
        ),
    )
