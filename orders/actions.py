"""What can be done to many orders at once. Each row is checked by orders.rules, twice: when it is
previewed and when it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from core.actions import BulkAction
from core.registry import register_action
from orders import rules, services
from orders.choices import OrderStatus
from orders.forms import BulkCancelForm, BulkHoldForm
from orders.models import Order

PAGE = "orders.order_list"
ON_THEIR_WAY = ngettext_lazy("{n} on its way", "{n} on their way", "n")


def may(action: str) -> Callable[[Order, Any], None]:
    """What the preview asks of each row."""

    def check(order: Order, by: Any) -> None:
        rules.check(order, action)

    return check


def on(service: Callable[..., object], *args: str) -> Callable[..., object]:
    """The service of one order, as a bulk run calls it: with its primary key."""

    def run(pk: int, *, by: User, **values: Any) -> object:
        return service(Order(pk=pk), *args, by=by, **values)

    return run


ACTIONS = (
    BulkAction(
        name="accept", label=_("Accept"), icon="checks", model=Order,
        heading=ngettext_lazy("Accept {n} order", "Accept {n} orders", "n"),
        permission="orders.accept_order", run=on(services.accept_order), check=may("accept"),
        confirm=_(
            "The marketplace is told that you take them. From then on it does not cancel them"
            " for their customers any more."
        ),
        done=ON_THEIR_WAY,
    ),
    BulkAction(
        name="hold", label=_("Put on hold"), icon="player-pause", model=Order,
        heading=ngettext_lazy("Put {n} order on hold", "Put {n} orders on hold", "n"),
        permission="orders.move_order", check=may("hold"), form=BulkHoldForm,
        run=on(services.hold_order),
        confirm=_("The marketplace is not told, and its deadlines go on."),
    ),
    BulkAction(
        name="pick", label=_("Start picking"), icon="progress", model=Order,
        heading=ngettext_lazy("Start picking {n} order", "Start picking {n} orders", "n"),
        permission="orders.move_order", check=may("pick"),
        run=on(services.move_order, OrderStatus.PICKING),
    ),
    BulkAction(
        name="pack", label=_("Mark as packed"), icon="package", model=Order,
        heading=ngettext_lazy("Mark {n} order as packed", "Mark {n} orders as packed", "n"),
        permission="orders.move_order", check=may("pack"),
        run=on(services.move_order, OrderStatus.PACKED),
        confirm=_("The marketplace is told that they are packed. It does not let them go back."),
        done=ON_THEIR_WAY,
    ),
    BulkAction(
        name="ship", label=_("Mark as shipped"), icon="truck-delivery", model=Order,
        heading=ngettext_lazy("Mark {n} order as shipped", "Mark {n} orders as shipped", "n"),
        permission="orders.move_order", check=may("ship"),
        run=on(services.move_order, OrderStatus.SHIPPED),
        confirm=ngettext_lazy(
            "This finalises {n} order at the marketplace. It can be undone for a while.",
            "This finalises {n} orders at the marketplace. They can be undone for a while.", "n",
        ),
        done=ON_THEIR_WAY,
    ),
    BulkAction(
        name="release", label=_("Release"), icon="player-play", model=Order,
        heading=ngettext_lazy("Release {n} order", "Release {n} orders", "n"),
        permission="orders.move_order", check=may("release"), run=on(services.release_order),
    ),
    BulkAction(
        name="refresh", label=_("Read again"), icon="refresh", model=Order,
        heading=ngettext_lazy("Read {n} order again", "Read {n} orders again", "n"),
        permission="orders.refresh_order", check=may("refresh"), run=on(services.read_again),
        done=ngettext_lazy("{n} is being read", "{n} are being read", "n"),
    ),
    BulkAction(
        name="cancel", label=_("Cancel orders"), icon="ban", model=Order, danger=True,
        heading=ngettext_lazy("Cancel {n} order", "Cancel {n} orders", "n"),
        permission="orders.cancel_order", check=may("cancel"), form=BulkCancelForm,
        run=on(services.cancel_order),
        confirm=ngettext_lazy(
            "This cancels {n} order at the marketplace; what was paid online goes back through it."
            " It can be undone for a while.",
            "This cancels {n} orders at the marketplace; what was paid online goes back through it."
            " They can be undone for a while.", "n",
        ),
        done=ON_THEIR_WAY,
    ),
)  # fmt: skip


def register() -> None:
    for action in ACTIONS:
        register_action(PAGE, action)
