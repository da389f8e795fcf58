"""Changing an order: read it, see that it is still what was decided upon, save it, read it back.

order/save wants all of an order as it is now, so it is read first, every time. That makes asking
twice harmless, too: what has been done is seen, and what became different meanwhile is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from core import failpoints
from core.errors import RemoteError, RemoteRejected, RuleViolation
from emag.client import EmagClient, client_for
from emag.client.answers import Rows
from emag.handlers import there
from emag.mapping.statuses import ORDER_STATES
from emag.reading import Raw
from emag.services.trouble import resting_on_refusal
from orders.choices import RemoteState
from orders.models import Order
from outbox.registry import Done, Verdict


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall become of an order.

    `is_open`: it is as it was when that was decided. `record` writes the fact down where eMAG said
    yes and cannot be read just now. `is_held`: the order waits with us, so nothing is sent.
    """

    order: Order
    is_done: Callable[[Raw], bool]
    is_open: Callable[[Raw], bool]
    body: Callable[[Raw], Raw]
    record: Callable[[], object]
    is_held: bool = False


def carry_out(wish: Wish, account: MarketplaceAccount) -> Done:
    """Make it so; nothing is sent where it is so already."""
    client = client_for(account)
    with resting_on_refusal(account):
        before = there.current(client, wish.order)
        raw = there.raw_of(before)
        if wish.is_done(raw):
            return _settled(wish, before)
        if not wish.is_open(raw):
            there.read_soon(wish.order)
            raise RuleViolation(_changed_there(raw))
        if wish.is_held:
            raise RuleViolation(_("The order is on hold here. Nothing was sent."))
        failpoints.hit("order.asking")
        try:
            saved = client.save_orders([wish.body(raw)])
        except RemoteRejected as refusal:
            return _settled_there(client, wish, refusal)
        failpoints.hit("order.answered")
        rows = there.read_back(
            client, wish.order, wish.is_done,
            _("eMAG took the change and still shows the order as it was."),
        )  # fmt: skip
    calls = (before.call_id, saved.call_id, *((rows.call_id,) if rows else ()))
    return Done(apply=partial(_write, wish, rows), calls=calls)


def look(wish: Wish, account: MarketplaceAccount) -> Verdict | Done:
    """Whether it happened. If not it is tried again, which begins with looking as well."""
    with resting_on_refusal(account):
        rows = there.find(client_for(account), wish.order)
    if not rows.items:
        return Verdict.UNKNOWN
    if not wish.is_done(rows.items[0]):
        return Verdict.NOT_DONE
    return Done(apply=partial(_write, wish, rows), calls=(rows.call_id,))


def confirm(wish: Wish) -> None:
    """A person says that it did happen."""
    wish.record()
    there.read_soon(wish.order)


def _settled(wish: Wish, rows: Rows) -> Done:
    note = _("It was so there already.")
    return Done(apply=partial(_write, wish, rows), note=note, calls=(rows.call_id,))


def _settled_there(client: EmagClient, wish: Wish, refusal: RemoteRejected) -> Done:
    """A refusal of what is so already leaves nothing to do; any other stands."""
    try:
        rows = there.find(client, wish.order)
    except RemoteError:
        rows = None
    if rows is not None and rows.items and wish.is_done(rows.items[0]):
        return _settled(wish, rows)
    there.read_soon(wish.order)
    raise refusal


def _changed_there(raw: Raw) -> str:
    state = ORDER_STATES.get(str(there.status_in(raw)), "")
    return _(
        "The order changed at eMAG since this was decided: it is “%(state)s” there. Nothing was"
        " sent. Look at it again."
    ) % {"state": RemoteState(state).label if state else raw.get("status")}


def _write(wish: Wish, rows: Rows | None) -> None:
    """Within the transaction that says "done": what eMAG shows now, or at least the fact."""
    if not there.take_in(wish.order, rows):
        wish.record()
