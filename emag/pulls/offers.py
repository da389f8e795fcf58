"""Reads all offers of an account: there is no "changed since", so every reading reads everything.

3 calls a second for 100 offers each: a large catalogue takes minutes, in chunks.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from catalog.services import import_offers
from core.errors import SetupNeeded
from core.jobs import Run
from emag.client import EmagClient, client_for
from emag.mapping.offers import offer_in, offer_key
from emag.models import VatRate
from emag.pulls import reference
from emag.pulls.orders import tell
from emag.pulls.paging import Place, Source, read_pages
from emag.pulls.plans import Plan, Stage
from emag.pulls.storing import Examined, Intake, examine, store

PER_SECOND = 3.0
KIND = "offer"


def pull(account: MarketplaceAccount, run: Run, *, plan: dict[str, Any] | None = None) -> bool:
    """Read every offer; True when all of them are in, False when the run must hand over."""
    client = client_for(account)
    going = Plan.load(plan) if plan else Plan([Stage({})])
    intake = intake_for(account, vat_rates_of(account, client))
    while going.stages:
        stage = going.stages[0]
        if not _read_stage(account, run, going, stage, client, intake):
            run.hand_over(going.dump())
            return False
        if stage.read_again():
            run.log(_("Fewer offers came than eMAG counts. Reading them once more."))
            going.done = 0
            continue
        going.stages.pop(0)
        run.progress(going.done, going.done)
    return True


def _read_stage(
    account: MarketplaceAccount,
    run: Run,
    plan: Plan,
    stage: Stage,
    client: EmagClient,
    intake: Intake,
) -> bool:
    place = Place.load(stage.place)
    source = Source(
        page=lambda number: examine(account, intake, client.read_offers(number)),
        count=client.count_offers,
        per_second=PER_SECOND,
    )
    keys: set[tuple[str, str]] = set()
    earlier = place.seen

    def handle(page: Examined) -> None:
        taken = store(account, intake, page)
        keys.update(taken.keys)
        place.seen = earlier + len(keys)
        stage.brought += taken.new + taken.changed
        tell(run, len(page.items), taken)
        plan.done += len(page.items)
        run.progress(plan.done, place.items)

    try:
        return read_pages(source, place, run, handle)
    finally:
        stage.place = place.dump()


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
