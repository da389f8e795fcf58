"""Orders that wait with us: the marketplace is not told, and nothing is asked of it meanwhile."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import RuleViolation
from orders import rules, under_way
from orders.choices import STATUS_FOR, OrderStatus, RemoteState
from orders.models import Order
from orders.services.asking import check, locked, overtake, write
from orders.services.states import left_when_agreed


@transaction.atomic
def hold_order(order: Order, reason: str, *, by: User | None, stamp: str = "") -> None:
    """Let the order wait, for a reason that everybody reads on it."""
    order = locked(order)
    check(order, "hold", stamp)
    reason = reason.strip()
    if not reason:
        raise RuleViolation(_("Say why the order waits."))
    before = {"status": order.status}
    order.held_from, order.hold_reason, order.status = order.status, reason, OrderStatus.ON_HOLD
    overtake(order, under_way.MOVES, by=by)
    write(order, "order.held", by=by, before=before, note=reason, fields=["status"])


@transaction.atomic
def release_order(order: Order, *, by: User | None, stamp: str = "") -> None:
    """Go on where the order stood before it waited, or where the marketplace took it since."""
    order = locked(order)
    check(order, "release", stamp)
    before = {"status": order.status, "problems": list(order.problems)}
    order.status = rules.agreed_status(order) or STATUS_FOR[RemoteState(order.remote_state)]
    order.refresh_problems(left_when_agreed(order.status, order.problems))
    overtake(order, under_way.MOVES, by=by)
    write(order, "order.released", by=by, before=before,
          fields=["status", "problems", "has_problem"])  # fmt: skip
