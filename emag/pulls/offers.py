"""Reads all offers of an account: there is no "changed since", so every reading reads everything.

3 calls a second for 100 offers each: a large catalogue takes minutes, in chunks.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from catalog.services import import_offers, record_reading
from core.errors import SetupNeeded
from core.jobs import Run
from emag.client import EmagClient, client_for
from emag.mapping.offers import offer_in, offer_key
from emag.models import VatRate
from emag.pulls import reference
from emag.pulls.plans import Plan, Stage
from emag.pulls.stages import Lists, work_off
from emag.pulls.storing import Intake

PER_SECOND = 3.0
KIND = "offer"


def pull(account: MarketplaceAccount, run: Run, *, plan: dict[str, Any] | None = None) -> bool:
    """Read every offer; True when all of them are in, False when the run must hand over."""
    client = client_for(account)
    going = Plan.load(plan) if plan else Plan([Stage({})])
    lists = Lists(
        intake=intake_for(account, vat_rates_of(account, client)),
        page=lambda _stage, number: client.read_offers(number),
        count=lambda _stage: client.count_offers(),
        per_second=PER_SECOND,
        again=_("Fewer offers came than eMAG counts. Reading them once more."),
        is_in=partial(_stage_is_in, account),
    )
    return work_off(account, run, going, lists)


def _stage_is_in(account: MarketplaceAccount, stage: Stage) -> None:
    if (began := stage.moment("began")) is not None and not stage.is_short:
        record_reading(account, began)


def vat_rates_of(account: MarketplaceAccount, client: EmagClient) -> dict[int, Decimal]:
    """eMAG's number of a VAT rate → 0.21. An offer only carries the number."""
    rows = VatRate.objects.filter(account=account)
    if not rows.exists():
        reference.read_vat_rates(account, client)
    rates = {int(number): rate for number, rate in rows.values_list("external_id", "rate")}
    if not rates:
        raise SetupNeeded(_("eMAG names no VAT rates for this account."))
    return rates


def intake_for(account: MarketplaceAccount, vat_rates: dict[int, Decimal]) -> Intake:
    return Intake(
        key=lambda raw: (KIND, offer_key(raw)),
        map=lambda raw, read_at: offer_in(
            raw, account=account, vat_rates=vat_rates, read_at=read_at
        ),
        store=partial(import_offers, account),
        kind=KIND,
    )
