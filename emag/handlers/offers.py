"""Prices and stock of offers, up to fifty at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from catalog.intents import PushOffer
from catalog.models import Offer
from catalog.services import record_push
from core import failpoints
from core.errors import RemoteOutcomeUnknown, RuleViolation
from emag.client import EmagClient, client_for
from emag.client.answers import ItemOutcome
from emag.mapping.offers import offer_body, warehouses_of
from emag.models import Snapshot
from emag.pulls.offers import KIND as OFFER
from emag.pulls.storing import forget
from emag.services.trouble import resting_on_refusal
from emag.sites import PLATFORMS
from outbox.registry import Done, Refused, handles

Told = Done | Refused | RemoteOutcomeUnknown | RuleViolation


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
