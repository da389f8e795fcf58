"""Other quantities of an order, and taking pieces back."""

from __future__ import annotations

from functools import partial

from accounts.models import MarketplaceAccount
from emag.handlers import saving, there
from emag.handlers.saving import Wish
from emag.mapping.order_bodies import edited_body, pieces_in, storno_body
from emag.reading import Raw
from emag.sites import PLATFORMS
from orders.intents import EditLines, StornoLines
from orders.models import Order
from outbox.registry import Done, Verdict, handles

Lines = EditLines | StornoLines
IN_WORK, SOLD = frozenset({2, 3}), frozenset({4})  # order.status


def _wish(intent: Lines) -> Wish:
    order = Order.objects.select_related("account").get(pk=intent.order_id)
    before = {number: pieces for number, (pieces, _after) in intent.wanted.items()}
    after = {number: pieces for number, (_before, pieces) in intent.wanted.items()}
    is_storno = isinstance(intent, StornoLines)
    make, states = (storno_body, SOLD) if is_storno else (edited_body, IN_WORK)
    return Wish(
        order=order,
        is_done=partial(_are, after),
        is_open=lambda raw: there.status_in(raw) in states and _are(before, raw),
        body=lambda raw: make(raw, after),
        record=partial(there.read_soon, order),  # quantities are the marketplace's to tell
    )


def _are(wanted: dict[str, int], raw: Raw) -> bool:
    """A line that is not listed any more has no pieces."""
    found = pieces_in(raw)
    return all(found.get(number, 0) == pieces for number, pieces in wanted.items())


def were_changed(intent: Lines, account: MarketplaceAccount) -> Verdict | Done:
    return saving.look(_wish(intent), account)


def confirm_lines(intent: Lines, account: MarketplaceAccount) -> None:
    saving.confirm(_wish(intent))


@handles(PLATFORMS, EditLines, reconcile=were_changed, confirmed=confirm_lines)
@handles(PLATFORMS, StornoLines, reconcile=were_changed, confirmed=confirm_lines)
def change_lines(intent: Lines, account: MarketplaceAccount) -> Done:
    """Only the lines that were named change; where one is not as it was, nothing is sent."""
    return saving.carry_out(_wish(intent), account)
