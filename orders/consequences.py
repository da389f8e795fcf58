"""What will come of an action, said before it is done: no more than what is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import platforms
from core.html import money
from orders.acts import SOLD
from orders.choices import PaymentMethod, RemoteState
from orders.models import Order, OrderDocument


def of(order: Order, action: str) -> list[str]:
    """Sentences for the dialog of an action; most need none."""
    tell = _TELLING.get(action)
    return list(tell(order)) if tell else []


def _cancelling(order: Order) -> Iterator[str]:
    pieces = ngettext(
        "Stock: %(n)s piece is for sale again. The marketplace moves the stock of its offers"
        " itself.",
        "Stock: %(n)s pieces are for sale again. The marketplace moves the stock of its offers"
        " itself.",
        order.pieces,
    )
    yield pieces % {"n": order.pieces}
    yield _refund(order)
    yield _(
        "Indicators: the marketplace does not say what a cancellation does to yours. The reason is"
        " what it knows of it, so choose the true one."
    )
    back = _window(order, RemoteState.CANCELLED.value)
    if back:
        hours = round(back.total_seconds()) // 3600
        yield _("It can be undone for %(n)d hours.") % {"n": hours}


def _refund(order: Order) -> str:
    paid = order.paid_by_card or order.paid_on_delivery or (order.total if order.is_paid else None)
    if paid:
        return _(
            "Refund: the customer paid %(amount)s to the marketplace, so it goes back through it."
            " What it tells of that shows here."
        ) % {"amount": money(paid, order.currency)}
    if order.payment == PaymentMethod.COD and order.status in SOLD:
        return _(
            "Refund: it was to be paid on delivery. What the customer gave the courier, the"
            " marketplace pays back."
        )
    if order.payment == PaymentMethod.COD:
        return _("Refund: none. The customer would have paid on delivery.")
    return _("Refund: none. The customer has not paid yet.")


def _window(order: Order, state: str) -> timedelta | None:
    """How long the marketplace lets an order come back out of this state."""
    moves = platforms.order_limits(order.account.platform).moves.get(state, {})
    return max((time for time in moves.values() if time is not None), default=None)


def _editing(order: Order) -> Iterator[str]:
    yield _("Prices stay as they are. 0 takes a product off the order.")
    yield _(
        "The customer pays for what is on the order then, less or more; the marketplace moves the"
        " stock of its offers."
    )


def _taking_back(order: Order) -> Iterator[str]:
    yield _(
        "Say how many pieces came back of each product. The rest stays sold. A storno cannot be"
        " undone."
    )


def _returning(order: Order) -> Iterator[str]:
    yield ngettext(
        "%(n)s piece comes back, and the order is closed as returned. This cannot be undone.",
        "%(n)s pieces come back, and the order is closed as returned. This cannot be undone.",
        order.pieces,
    ) % {"n": order.pieces}
    yield _refund(order)


def _undoing(order: Order) -> Iterator[str]:
    yield _("The order is no longer cancelled, and its pieces are no longer for sale.")


def _unshipping(order: Order) -> Iterator[str]:
    yield _("The order is packed again. Do this only while the parcel is still here.")


def _holding(order: Order) -> Iterator[str]:
    yield _("The marketplace is not told, and its deadline goes on.")


def of_ending_a_link(document: OrderDocument) -> list[str]:
    """Sentences for the dialog that ends the public link of a document."""
    said = [
        _("Nobody can open the file by its link any more."),
        _("The marketplace goes on listing it, and keeps the copy it may have made.")
        if document.attached_at
        else _("It is not sent to the marketplace any more."),
    ]
    if visits := document.visits.count():
        fetched = ngettext(
            "It was fetched %(n)s time until now.", "It was fetched %(n)s times until now.", visits
        )
        said.append(fetched % {"n": visits})
    return said


_TELLING = {
    "cancel": _cancelling,
    "edit": _editing,
    "storno": _taking_back,
    "return": _returning,
    "restore": _undoing,
    "unship": _unshipping,
    "hold": _holding,
}
