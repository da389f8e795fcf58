"""All that a person can do to an order, as data. Whether it may be done now says orders.rules."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from core.html import StrOrPromise
from orders import intents
from orders.choices import OPEN, OrderStatus
from outbox.intents import Intent

_S = OrderStatus
_EVERY = frozenset(OrderStatus)
_MOVING = frozenset({_S.ACCEPTED, _S.PICKING, _S.PACKED, _S.ON_HOLD})
SOLD = frozenset({_S.SHIPPED, _S.DELIVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a person can do to an order.

    `starts` are the statuses of ours it is for, and `otherwise` is said in all others. With an
    `intent` it is the marketplace that has to do it; without, it is ours alone.
    """

    name: str
    label: StrOrPromise
    icon: str
    permission: str
    starts: frozenset[OrderStatus]
    otherwise: StrOrPromise = ""
    targets: tuple[OrderStatus, ...] = ()
    intent: type[Intent] | None = None
    asks: bool = False  # a dialog comes first
    danger: bool = False


ACTIONS: dict[str, Action] = {
    one.name: one
    for one in (
        Action(
            name="follow", label=gettext_lazy("Follow the marketplace"), icon="git-merge",
            permission="orders.move_order", starts=_EVERY,
        ),
        Action(
            name="accept", label=gettext_lazy("Accept"), icon="checks",
            permission="orders.accept_order", starts=frozenset({_S.NEW}),
            otherwise=gettext_lazy("The order is not new any more: it is “{status}”."),
            targets=(_S.ACCEPTED,), intent=intents.AcceptOrder,
        ),
        Action(
            name="release", label=gettext_lazy("Release"), icon="player-play",
            permission="orders.move_order", starts=frozenset({_S.ON_HOLD}),
            otherwise=gettext_lazy("The order is not on hold."),
        ),
        Action(
            name="pick", label=gettext_lazy("Start picking"), icon="progress",
            permission="orders.move_order", starts=frozenset({_S.ACCEPTED}),
            otherwise=gettext_lazy("Only an accepted order is picked. This one is “{status}”."),
            targets=(_S.PICKING,),
        ),
        Action(
            name="pack", label=gettext_lazy("Mark as packed"), icon="package",
            permission="orders.move_order", starts=frozenset({_S.ACCEPTED, _S.PICKING}),
            otherwise=gettext_lazy("Only what is accepted is packed. This order is “{status}”."),
            targets=(_S.PACKED,), intent=intents.MoveOrder,
        ),
        Action(
            name="ship", label=gettext_lazy("Mark as shipped"), icon="truck-delivery",
            permission="orders.move_order", starts=frozenset({_S.ACCEPTED, _S.PACKED}),
            otherwise=gettext_lazy(
                "Only what is packed or accepted is shipped. This order is “{status}”."
            ),
            targets=(_S.SHIPPED,), intent=intents.MoveOrder,
        ),
        Action(
            name="unpick", label=gettext_lazy("Stop picking"), icon="player-stop",
            permission="orders.move_order", starts=frozenset({_S.PICKING}),
            otherwise=gettext_lazy("Nobody is picking the order."), targets=(_S.ACCEPTED,),
        ),
        Action(
            name="hold", label=gettext_lazy("Put on hold"), icon="player-pause",
            permission="orders.move_order", starts=OPEN - {_S.ON_HOLD}, asks=True,
            otherwise=gettext_lazy("The order is “{status}”: there is nothing left to hold."),
        ),
        Action(
            name="attach", label=gettext_lazy("Attach document"), icon="upload",
            permission="orders.attach_document", starts=_EVERY, asks=True,
            intent=intents.AttachDocument,
        ),
        Action(
            name="edit", label=gettext_lazy("Change quantities"), icon="edit",
            permission="orders.edit_order", starts=_MOVING, asks=True, intent=intents.EditLines,
            otherwise=gettext_lazy(
                "Quantities change while an order is accepted or packed. This one is “{status}”."
            ),
        ),
        Action(
            name="storno", label=gettext_lazy("Take back pieces"), icon="receipt",
            permission="orders.storno_order", starts=SOLD, asks=True, danger=True,
            intent=intents.StornoLines,
            otherwise=gettext_lazy("Only pieces of a shipped order are taken back."),
        ),
        Action(
            name="return", label=gettext_lazy("Return whole order"), icon="arrow-back-up",
            permission="orders.storno_order", starts=SOLD, asks=True, danger=True,
            otherwise=gettext_lazy("Only a shipped order is returned. This one is “{status}”."),
            targets=(_S.RETURNED,), intent=intents.ReturnOrder,
        ),
        Action(
            name="unship", label=gettext_lazy("Not shipped yet"), icon="history",
            permission="orders.move_order", starts=frozenset({_S.SHIPPED}), asks=True,
            otherwise=gettext_lazy("Only a shipped order is taken back to packed."),
            targets=(_S.PACKED,), intent=intents.RestoreOrder,
        ),
        Action(
            name="restore", label=gettext_lazy("Undo cancellation"), icon="history",
            permission="orders.cancel_order", starts=frozenset({_S.CANCELLED}),
            otherwise=gettext_lazy("The order is not cancelled."),
            targets=(_S.ACCEPTED, _S.PACKED, _S.SHIPPED), intent=intents.RestoreOrder, asks=True,
        ),
        Action(
            name="cancel", label=gettext_lazy("Cancel order"), icon="ban",
            permission="orders.cancel_order", starts=_MOVING | {_S.NEW, _S.SHIPPED},
            otherwise=gettext_lazy("The order is “{status}”: it cannot be cancelled any more."),
            targets=(_S.CANCELLED,), intent=intents.CancelOrder, asks=True, danger=True,
        ),
        Action(
            name="refresh", label=gettext_lazy("Read again"), icon="refresh",
            permission="orders.refresh_order", starts=_EVERY,
        ),
    )
}  # fmt: skip

# The next step of each status; the others stand behind it.
NEXT = {
    _S.NEW: "accept", _S.ACCEPTED: "pick", _S.PICKING: "pack", _S.PACKED: "ship",
    _S.ON_HOLD: "release",
}  # fmt: skip
BESIDE = {_S.ACCEPTED: frozenset({"refresh", "pack"})}
USUALLY_BESIDE = frozenset({"refresh"})
