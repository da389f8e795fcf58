"""How eMAG and Fashion Days carry out what MagFlow asks of a marketplace."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount
from catalog.intents import PushOffer
from catalog.models import Offer
from catalog.services import record_push
from core import failpoints
from core.errors import RemoteError, RemoteOutcomeUnknown, RemoteRejected, RuleViolation
from emag.client import EmagClient, client_for
from emag.client.answers import ItemOutcome, Rows
from emag.mapping.offers import offer_body, warehouses_of
from emag.models import Snapshot
from emag.pulls import nudges
from emag.pulls.offers import KIND as OFFER
from emag.pulls.orders import find, intake_for
from emag.pulls.storing import forget, take_in
from emag.reading import Unreadable, whole
from emag.services.trouble import resting_on_refusal
from emag.sites import PLATFORMS
from orders.intents import AcceptOrder
from orders.models import Order
from orders.services import record_acceptance
from outbox.registry import Done, Refused, Verdict, handles, set_pace

OWN = 3  # the type of orders that we ship; the others are not ours to accept
NEW, CANCELLED = 1, 0
Told = Done | Refused | RemoteOutcomeUnknown | RuleViolation
LOOK_AGAIN = (0.4, 1.2)  # seconds: an order may look new for a moment after it was accepted

for platform in PLATFORMS:
    set_pace(platform, per_second=3.0)


# --- Accepting an order -----------------------------------------------------------------------


def was_accepted(intent: AcceptOrder, account: MarketplaceAccount) -> Verdict | Done:
    """Look at the order: in work means accepted, whoever did it; new means not yet."""
    order = Order.objects.get(pk=intent.order_id)
    with resting_on_refusal(account):
        rows = find(client_for(account), OWN, order.external_id)
    status = _status(rows)
    if status is None:
        return Verdict.UNKNOWN
    if status in {NEW, CANCELLED}:
        return Verdict.NOT_DONE
    return Done(apply=partial(_write_acceptance, order, rows), calls=(rows.call_id,))


def confirm_acceptance(intent: AcceptOrder, account: MarketplaceAccount) -> None:
    """A person says that it did happen."""
    record_acceptance(Order.objects.get(pk=intent.order_id))
    nudges.note(account.pk, f"order:{OWN}", Order.objects.get(pk=intent.order_id).external_id)


@handles(PLATFORMS, AcceptOrder, reconcile=was_accepted, confirmed=confirm_acceptance)
def accept_order(intent: AcceptOrder, account: MarketplaceAccount) -> Done:
    """Acknowledge the order, then read it again: until now eMAG may have changed it (§22)."""
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
        rows = _read_back(client, order.external_id, trust=saved.already)
    calls = (saved.call_id, *((rows.call_id,) if rows else ()))
    return Done(apply=partial(_write_acceptance, order, rows), calls=calls)


def _settled_there(client: EmagClient, order: Order, refusal: RemoteRejected) -> Done:
    """A refusal of what is no longer new leaves nothing to do: it was settled without us.

    Of an order that is still new, or that cannot be read, the refusal stands.
    """
    try:
        rows = find(client, OWN, order.external_id)
    except RemoteError:
        rows = None
    status = _status(rows)
    if rows is None or status is None or status == NEW:
        nudges.note(order.account_id, f"order:{OWN}", order.external_id)  # not what we thought
        raise refusal
    calls = (rows.call_id,)
    if status == CANCELLED:
        note = _("The order had been cancelled there meanwhile.")
        return Done(apply=partial(_take_in, order, rows), note=note, calls=calls)
    note = _("The order had been accepted there meanwhile.")
    return Done(apply=partial(_write_acceptance, order, rows), note=note, calls=calls)


def _read_back(client: EmagClient, number: str, *, trust: bool) -> Rows | None:
    """The order as it is now; None where it cannot be read at the moment.

    eMAG answered "yes" and still shows it as new: either it is slow, or the answer was not true.
    Nobody can tell which, so after a second look the outcome counts as unknown, and is looked up.
    """
    for wait in (*LOOK_AGAIN, None):
        try:
            rows = find(client, OWN, number)
        except RemoteError:
            return None
        if trust or _status(rows) != NEW:
            return rows
        if wait is not None:
            time.sleep(wait)
    raise RemoteOutcomeUnknown(
        _("eMAG accepted the order and still shows it as new."), remote="emag", call_id=rows.call_id
    )


def _status(rows: Rows | None) -> int | None:
    try:
        return whole(rows.items[0], "status") if rows and rows.items else None
    except Unreadable:
        return None


def _write_acceptance(order: Order, rows: Rows | None) -> None:
    """Within the transaction that says "done": what eMAG shows now, and the fact itself."""
    _take_in(order, rows)
    record_acceptance(order)


def _take_in(order: Order, rows: Rows | None) -> None:
    """Store what was read; what could not be read is read soon."""
    account = order.account
    if rows is None or not rows.items:
        nudges.note(account.pk, f"order:{OWN}", order.external_id)
    else:
        take_in(account, intake_for(account), rows)


# --- Prices and stock -------------------------------------------------------------------------


@handles(PLATFORMS, PushOffer)
def push_offers(intents: Sequence[PushOffer], account: MarketplaceAccount) -> list[Told]:
    """Make up to 50 offers there equal to what is wanted here; each has its own answer (§14)."""
    began = timezone.now()
    ids = [intent.offer_id for intent in intents]
    offers = Offer.objects.select_related("account").in_bulk(ids)
    bodies = _bodies(account, list(offers.values()))
    sent = {pk: body for pk, body in bodies.items() if isinstance(body, dict) and len(body) > 1}
    outcomes: dict[int, ItemOutcome] = {}
    calls: tuple[str, ...] = ()
    if sent:
        client = client_for(account)
        failpoints.hit("push.asking")
        with resting_on_refusal(account):
            outcomes, calls = _save(client, list(sent.values()))
        failpoints.hit("push.answered")
    taken: dict[int, dict[str, Any]] = {}
    write = partial(_write_pushes, account, taken, began)  # one for all: a handful of statements
    told: list[Told] = []
    for pk in ids:
        if isinstance(body := bodies.get(pk), RuleViolation):
            told.append(body)
        elif pk not in sent:
            told.append(Done(note=str(_("Nothing was left to send."))))
        else:
            outcome = outcomes[sent[pk]["id"]]
            if outcome.ok:
                taken[pk] = _values(offers[pk], sent[pk])
            told.append(_told(outcome, calls, write))
    return told


def _bodies(
    account: MarketplaceAccount, offers: Sequence[Offer]
) -> dict[int, dict[str, Any] | RuleViolation]:
    """What is to be sent of each, or why that cannot be said."""
    wanting = [offer.external_id for offer in offers if offer.wanted_stock is not None]
    snapshots = Snapshot.objects.filter(account=account, kind=OFFER, external_id__in=wanting)
    warehouses = {one.external_id: warehouses_of(one.payload or {}) for one in snapshots}
    found: dict[int, dict[str, Any] | RuleViolation] = {}
    for offer in offers:
        try:
            found[offer.pk] = offer_body(offer, warehouses.get(offer.external_id, ()))
        except RuleViolation as rule:
            found[offer.pk] = rule
    return found


def _save(
    client: EmagClient, bodies: list[dict[str, Any]]
) -> tuple[dict[int, ItemOutcome], tuple[str, ...]]:
    """Send them; those of which eMAG says nothing are sent once more, which does no harm."""
    saved = client.save_offers(bodies)
    outcomes, calls = dict(saved.by_id), [saved.call_id]
    silent = [body for body in bodies if not outcomes[body["id"]].is_answered]
    if silent:
        again = client.save_offers(silent)
        outcomes |= again.by_id
        calls.append(again.call_id)
    return outcomes, tuple(calls)


def _told(
    outcome: ItemOutcome, calls: tuple[str, ...], write: Callable[[], None]
) -> Done | Refused | RemoteOutcomeUnknown:
    if outcome.ok:
        return Done(apply=write, note=" ".join(outcome.messages), calls=calls)
    if outcome.is_answered:
        return Refused(outcome.messages, calls)
    # Asked twice: it may be saved or not.
    return RemoteOutcomeUnknown(outcome.messages[0], remote="emag", call_id=calls[-1])


def _values(offer: Offer, body: dict[str, Any]) -> dict[str, Any]:
    """What was sent of an offer, in our words."""
    return {
        "price": offer.wanted_price if "sale_price" in body else None,
        "stock": offer.wanted_stock if "stock" in body else None,
        "status": offer.wanted_status if "status" in body else None,
    }


def _write_pushes(
    account: MarketplaceAccount, taken: dict[int, dict[str, Any]], began: datetime
) -> None:
    """What eMAG took; the next reading looks again, also where it shows what it showed before.

    eMAG may not have done it after all, or somebody may have set it back: then the same payload as
    before the push is news.
    """
    record_push(list(taken), taken, at=began)
    numbers = Offer.objects.filter(pk__in=taken).values_list("external_id", flat=True)
    forget(account, OFFER, list(numbers))
