"""Why a person should look at an order, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from orders.choices import Problem
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Told:
    """One problem: what it is called, and what it means for this order."""

    label: str
    text: str
    tone: str = "amber"
    icon: str = "alert-triangle"


def told(order: Order) -> list[Told]:
    """Every problem of an order, the most urgent first."""
    return [_told(order, problem) for problem in order.problems]


def _told(order: Order, problem: str) -> Told:
    label = str(Problem(problem).label)
    if problem == Problem.STATUS:
        text = _(
            "The marketplace says “%(theirs)s”, and from “%(ours)s” an order does not get there."
            " Decide which is right."
        ) % {"theirs": order.get_remote_state_display(), "ours": order.get_status_display()}
        return Told(label, text, "red")
    if problem == Problem.UNKNOWN_STATUS:
        text = _(
            "The marketplace gave the status “%(code)s”, which MagFlow does not know. Look it up"
            " there before you go on."
        ) % {"code": order.remote_status}
        return Told(label, text, "red")
    if problem == Problem.CANCEL_REQUESTED:
        text = _("The customer asks to cancel: %(words)s") % {"words": order.cancel_requested}
        return Told(label, text, "red", "message")
    if problem == Problem.MONEY:
        return Told(
            label,
            _(
                "The shares of the discounts do not come to the discounts of the order. The total"
                " follows the discounts of the order."
            ),
        )
    return Told(label, " ".join(order.remarks))
