"""Accepting an order."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _

from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount
from core import failpoints
from core.errors import RemoteError, RemoteRejected, RuleViolation
from emag.client import EmagClient, client_for
from emag.client.answers import Rows
from emag.handlers import there
from emag.services.trouble import resting_on_refusal
from emag.sites import PLATFORMS
from orders.intents import AcceptOrder
from orders.models import Order
from orders.services import record_acceptance
from outbox.registry import Done, Verdict, handles

NEW, CANCELLED = 1, 0


def was_accepted(intent: AcceptOrder, account: MarketplaceAccount) -> Verdict | Done:
    """Look at the order: in work means accepted, whoever did it; new means not yet."""
    order = Order.objects.get(pk=intent.order_id)
    with resting_on_refusal(account):
        rows = there.find(client_for(account), order)
    status = there.status_of(rows)
    if status is None:
        return Verdict.UNKNOWN
    if status in {NEW, CANCELLED}:
        return Verdict.NOT_DONE
    return Done(apply=partial(_write_acceptance, order, rows), calls=(rows.call_id,))


def confirm_acceptance(intent: AcceptOrder, account: MarketplaceAccount) -> None:
    """A person says that it did happen."""
    order = Order.objects.get(pk=intent.order_id)
    record_acceptance(order)
    there.read_soon(order)


@handles(PLATFORMS, AcceptOrder, reconcile=was_accepted, confirmed=confirm_acceptance)
def accept_order(intent: AcceptOrder, account: MarketplaceAccount) -> Done:
    """Acknowledge the order, then read it again: until now eMAG may have changed it."""
    order = Order.objects.get(pk=intent.order_id)
    if order.fulfilment == Fulfilment.MARKETPLACE:
        raise RuleViolation(_("eMAG ships this order itself; there is nothing to accept."))
    client = client_for(account)
    failpoints.hit("accept.asking")
    with resting_on_refusal(account):
        try:
            saved = client.acknowledge_order(int(order.external_id))
        except RemoteRejected as refusal:
            return _settled_there(client, order, refusal)
        failpoints.hit("accept.answered")
        rows = there.read_back(
            client, order, lambda raw: saved.already or there.status_in(raw) != NEW,
            _("eMAG accepted the order and still shows it as new."),
        )  # fmt: skip
    calls = (saved.call_id, *((rows.call_id,) if rows else ()))
    return Done(apply=partial(_write_acceptance, order, rows), calls=calls)


def _settled_there(client: EmagClient, order: Order, refusal: RemoteRejected) -> Done:
    """A refusal of what is no longer new leaves nothing to do: it was settled without us.

    Of an order that is still new, or that cannot be read, the refusal stands.
    """
    try:
        rows = there.find(client, order)
    except RemoteError:
        rows = None
    status = there.status_of(rows)
    if rows is None or status is None or status == NEW:
        there.read_soon(order)  # not what we thought
        raise refusal
    calls = (rows.call_id,)
    if status == CANCELLED:
        note = _("The order had been cancelled there meanwhile.")
        return Done(apply=partial(there.take_in, order, rows), note=note, calls=calls)
    note = _("The order had been accepted there meanwhile.")
    return Done(apply=partial(_write_acceptance, order, rows), note=note, calls=calls)


def _write_acceptance(order: Order, rows: Rows | None) -> None:
    """Within the transaction that says "done": what eMAG shows now, and the fact itself."""
    there.take_in(order, rows)
    record_acceptance(order)
