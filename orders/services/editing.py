"""Changing how many pieces go out, and taking back some that went out: asked of the marketplace."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import RuleViolation
from orders.choices import LineStatus
from orders.intents import EditLines, StornoLines, lines_text
from orders.models import Order, OrderLine
from orders.services.asking import ask, is_news, locked

MOST_PIECES = 9_999


@transaction.atomic
def edit_lines(
    order: Order,
    pieces: Mapping[int, int],
    *,
    by: User | None,
    stamp: str = "",
    is_awaited: bool = False,
) -> None:
    """Ask for so many pieces of these lines, by primary key; 0 takes a line off the order."""
    order = locked(order)
    lines = _lines(order)
    after = {pk: pieces.get(pk, line.quantity) for pk, line in lines.items()}
    if any(not 0 <= left <= MOST_PIECES for left in after.values()):
        raise RuleViolation(_("A quantity is between 0 and %(most)d.") % {"most": MOST_PIECES})
    wanted = EditLines(order.pk, _text(lines, after))
    if not is_news(order, wanted, "edit", stamp):
        return
    _check_known(lines, pieces)
    if not any(after.values()):
        raise RuleViolation(_("Nothing would be left of the order. Cancel it instead."))
    _check_differs(lines, after)
    ask(order, wanted, "order.edit_requested", by=by, is_awaited=is_awaited,
        note=_words(lines, after))  # fmt: skip


@transaction.atomic
def storno_lines(
    order: Order,
    pieces: Mapping[int, int],
    *,
    by: User | None,
    stamp: str = "",
    is_awaited: bool = False,
) -> None:
    """Ask to take back so many pieces of these lines, by primary key; the rest stays sold."""
    order = locked(order)
    lines = _lines(order)
    after = {pk: line.quantity - pieces.get(pk, 0) for pk, line in lines.items()}
    wanted = StornoLines(order.pk, _text(lines, after))
    if not is_news(order, wanted, "storno", stamp):
        return
    _check_known(lines, pieces)
    if any(not 0 <= left <= lines[pk].quantity for pk, left in after.items()):
        raise RuleViolation(_("No more pieces can come back than were sold."))
    if not any(after.values()):
        raise RuleViolation(_("That is everything. Return the whole order instead."))
    _check_differs(lines, after)
    ask(order, wanted, "order.storno_requested", by=by, is_awaited=is_awaited,
        note=_words(lines, after))  # fmt: skip


def _lines(order: Order) -> dict[int, OrderLine]:
    """What is still on the order."""
    active = order.lines.filter(status=LineStatus.ACTIVE, quantity__gt=0)
    return {line.pk: line for line in active.order_by("position", "pk")}


def _check_known(lines: Mapping[int, OrderLine], named: Mapping[int, int]) -> None:
    if named.keys() - lines.keys():
        raise RuleViolation(_("A product is no longer on the order. Look again."))


def _check_differs(lines: Mapping[int, OrderLine], after: Mapping[int, int]) -> None:
    if all(line.quantity == after[pk] for pk, line in lines.items()):
        raise RuleViolation(_("No quantity was changed."))


def _text(lines: Mapping[int, OrderLine], after: Mapping[int, int]) -> str:
    """Only what changes, with what it was: other lines are none of this wish's business."""
    return lines_text(
        {
            line.external_id: (line.quantity, after[pk])
            for pk, line in lines.items()
            if after[pk] != line.quantity
        }
    )


def _words(lines: Mapping[int, OrderLine], after: Mapping[int, int]) -> str:
    """ "HUS-S24-BK: 2 → 1" """
    return ", ".join(
        f"{line}: {line.quantity} → {after[pk]}"
        for pk, line in lines.items()
        if after[pk] != line.quantity
    )
