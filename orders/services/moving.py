"""Moving an order along, and back: the marketplace first, where it has a say, and we follow it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import RuleViolation
from orders import reasons, rules, under_way
from orders.choices import (
    AGREES,
    ALLOWED,
    STATUS_FOR,
    OrderStatus,
    Problem,
    RemoteState,
)
from orders.intents import CancelOrder, MoveOrder, RestoreOrder, ReturnOrder
from orders.models import Order
from orders.services.asking import ask, check, is_news, locked, overtake, write
from orders.services.states import left_when_agreed

# Which action brings an order to a status; the marketplace knows nothing of picking.
WAYS = {OrderStatus.PACKED: "pack", OrderStatus.SHIPPED: "ship"}
OUR_WAYS = {OrderStatus.PICKING: "pick", OrderStatus.ACCEPTED: "unpick"}


@transaction.atomic
def move_order(
    order: Order, target: str, *, by: User | None, stamp: str = "", is_awaited: bool = False
) -> None:
    """Bring the order one step on.

    Packed and shipped are asked of the marketplace, and the order stays as it is until that has
    said yes; asking again meanwhile changes nothing. Picking is ours alone, and done at once.
    """
    order, status = locked(order), OrderStatus(target)
    if status in WAYS:
        wanted = MoveOrder(order.pk, order.remote_state, status.value)
        if not is_news(order, wanted, WAYS[status], stamp):
            return
        ask(order, wanted, "order.move_requested", by=by, is_awaited=is_awaited,
            note=str(status.label))  # fmt: skip
        return
    if status not in OUR_WAYS:
        raise RuleViolation(
            _("Nobody moves an order to “%(status)s” by hand.") % {"status": status.label}
        )
    check(order, OUR_WAYS[status], stamp)
    before = {"status": order.status}
    order.status = status
    overtake(order, under_way.MOVES, by=by)
    write(order, "order.moved", by=by, before=before, fields=["status"])


@transaction.atomic
def cancel_order(
    order: Order, reason: str, *, by: User | None, stamp: str = "", is_awaited: bool = False
) -> None:
    """Ask the marketplace to cancel the order for one of its reasons."""
    order = locked(order)
    wanted = CancelOrder(order.pk, order.remote_state, reason)
    if not is_news(order, wanted, "cancel", stamp):
        return
    known = dict(reasons.choices(order.account.platform))
    if reason not in known:
        raise RuleViolation(_("Choose why the order is cancelled."))
    ask(order, wanted, "order.cancel_requested", by=by, is_awaited=is_awaited,
        note=f"{reason} · {known[reason]}")  # fmt: skip


@transaction.atomic
def restore_order(
    order: Order, target: str, *, by: User | None, stamp: str = "", is_awaited: bool = False
) -> None:
    """Ask the marketplace to take back a cancellation, or that the order was shipped."""
    order, status = locked(order), OrderStatus(target)
    action = "unship" if order.status == OrderStatus.SHIPPED else "restore"
    wanted = RestoreOrder(order.pk, order.remote_state, status.value)
    if not is_news(order, wanted, action, stamp):
        return
    if status not in rules.targets(order, action):
        raise RuleViolation(
            _("From “%(now)s” the order does not come back to “%(target)s”.")
            % {"now": order.get_status_display(), "target": status.label}
        )
    ask(order, wanted, "order.restore_requested", by=by, is_awaited=is_awaited,
        note=str(status.label))  # fmt: skip


@transaction.atomic
def return_order(
    order: Order, *, by: User | None, stamp: str = "", is_awaited: bool = False
) -> None:
    """Ask the marketplace to take everything of a shipped order back."""
    order = locked(order)
    wanted = ReturnOrder(order.pk, order.remote_state)
    if not is_news(order, wanted, "return", stamp):
        return
    ask(order, wanted, "order.return_requested", by=by, is_awaited=is_awaited)


@transaction.atomic
def follow_marketplace(order: Order, *, by: User | None, stamp: str = "") -> None:
    """A person decides that the marketplace is right: its status becomes ours."""
    order = locked(order)
    check(order, "follow", stamp)
    before = {"status": order.status, "problems": list(order.problems)}
    order.status = STATUS_FOR[RemoteState(order.remote_state)]
    order.refresh_problems(left_when_agreed(order.status, order.problems))
    overtake(order, under_way.MOVES, by=by)
    write(order, "order.followed", by=by, before=before,
          fields=["status", "problems", "has_problem"])  # fmt: skip


@transaction.atomic
def record_move(order: Order, target: str) -> None:
    """The marketplace has taken a move of ours, and could not be read again: never refused.

    Where the order went another way meanwhile, that is kept and a person is told.
    """
    order, status = locked(order), OrderStatus(target)
    before = {"status": order.status, "problems": list(order.problems)}
    if RemoteState(target) in AGREES[OrderStatus(order.status)]:
        pass  # on hold, or there already
    elif status in ALLOWED[OrderStatus(order.status)]:
        order.status = status
    else:
        order.refresh_problems({*order.problems, Problem.STATUS})
    write(order, "order.moved", by=None, before=before,
          fields=["status", "problems", "has_problem"])  # fmt: skip
