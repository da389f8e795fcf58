"""Why a person should look at an order, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.registry import Person
from orders.choices import Problem
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Told:
    """One problem: what it is called, and what it means for this order."""

    label: str
    text: str
    tone: str = "amber"
    icon: str = "alert-triangle"


def told(order: Order, user: Person) -> list[Told]:
    """Every problem of an order as this person may know it, the most urgent first."""
    return [_told(order, problem, user) for problem in order.problems]


def _told(order: Order, problem: str, user: Person) -> Told:
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
        text = _("In their words: %(words)s") % {"words": order.cancel_requested}
        return Told(label, text, "red", "message")
    if problem == Problem.MONEY:
        return Told(
            label,
            _(
                "The shares of the discounts do not come to the discounts of the order. The total"
                " follows the discounts of the order."
            ),
        )
    if problem == Problem.BLOCKED:
        return Told(label, _blocked(order, user), "red", "ban")
    return Told(label, " ".join(order.remarks))


def _blocked(order: Order, user: Person) -> str:
    """Why is a matter of who may see customers; it is theirs, or of somebody they are linked to."""
    reason = order.customer.block_reason
    if not reason or not user.has_perm("orders.view_customer"):
        return _("This customer is blocked. Nothing accepts the order by itself.")
    text = _("This customer is blocked: %(reason)s. Nothing accepts the order by itself.")
    return text % {"reason": reason}
