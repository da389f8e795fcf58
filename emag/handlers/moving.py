"""Moving orders along the matrix and back."""

from __future__ import annotations

from functools import partial

from accounts.models import MarketplaceAccount
from emag.handlers import saving, there
from emag.handlers.saving import Wish
from emag.mapping.order_bodies import STATUS_CODES, moved_body
from emag.sites import PLATFORMS
from orders.choices import OrderStatus
from orders.intents import CancelOrder, MoveOrder, RestoreOrder, ReturnOrder
from orders.models import Order
from orders.services import record_move
from outbox.registry import Done, Verdict, handles

Move = MoveOrder | CancelOrder | RestoreOrder | ReturnOrder


def _wish(intent: Move) -> Wish:
    order = Order.objects.select_related("account").get(pk=intent.order_id)
    source, target = STATUS_CODES[intent.source], STATUS_CODES[intent.target]
    reason = intent.reason if isinstance(intent, CancelOrder) else ""
    return Wish(
        order=order,
        is_done=lambda raw: there.status_in(raw) == target,
        is_open=lambda raw: there.status_in(raw) == source,
        body=lambda raw: moved_body(raw, intent.target, reason),
        record=partial(record_move, order, intent.target),
        is_held=isinstance(intent, MoveOrder) and order.status == OrderStatus.ON_HOLD,
    )


def was_moved(intent: Move, account: MarketplaceAccount) -> Verdict | Done:
    return saving.look(_wish(intent), account)


def confirm_move(intent: Move, account: MarketplaceAccount) -> None:
    saving.confirm(_wish(intent))


@handles(PLATFORMS, MoveOrder, reconcile=was_moved, confirmed=confirm_move)
@handles(PLATFORMS, CancelOrder, reconcile=was_moved, confirmed=confirm_move)
@handles(PLATFORMS, RestoreOrder, reconcile=was_moved, confirmed=confirm_move)
@handles(PLATFORMS, ReturnOrder, reconcile=was_moved, confirmed=confirm_move)
def move_order(intent: Move, account: MarketplaceAccount) -> Done:
    """The status is one field of the order among all the others, which go back as they were."""
    return saving.carry_out(_wish(intent), account)
