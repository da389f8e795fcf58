"""The jobs that bring eMAG's data in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import MarketplaceAccount
from core.jobs import Run, job
from emag.models import Credential, Nudge
from emag.pulls import nudges, offers, orders, reference, reread
from emag.services.trouble import resting, resting_on_refusal, words_for

Plan = dict[str, Any]


def served(run: Run, key: str) -> MarketplaceAccount | None:
    """The account of this run, where eMAG may be asked for it; the run says why not."""
    account = MarketplaceAccount.objects.working().filter(pk=key).first()
    if account is None or not Credential.objects.filter(account=account).exists():
        run.log(_("This account is not connected to eMAG, or it is paused."))
        return None
    if credential := resting(account):
        run.log(words_for(credential))
        return None
    return account


@job(every="5m", per="account", title=gettext_lazy("Read new and changed orders"))
def pull_orders(run: Run, key: str, plan: Plan | None = None) -> None:
    """What changed since the last reading, of both kinds of orders."""
    account = served(run, key)
    if account is None:
        return
    with resting_on_refusal(account):
        if orders.pull(account, run, plan=plan):
            nudges.forget_before(account, run.row.started_at)


@job(per="account", title=gettext_lazy("Read one order"), manual=False)
def pull_order(run: Run, key: str, kind: str = "", external_id: str = "") -> None:
    """The order that eMAG or a person named, and all others that were named meanwhile."""
    account = served(run, key)
    if account is None:
        return
    if external_id:
        Nudge.objects.bulk_create(
            [Nudge(account=account, kind=kind, external_id=external_id)], ignore_conflicts=True
        )
    with resting_on_refusal(account):
        nudges.read_noted(account, run)


@job(every="1h", per="account", title=gettext_lazy("Look for new orders that were missed"))
def sweep_new_orders(run: Run, key: str, plan: Plan | None = None) -> None:
    """All orders that eMAG shows as new: whatever went wrong before, they are here afterwards."""
    account = served(run, key)
    if account is None:
        return
    with resting_on_refusal(account):
        orders.pull(account, run, status=orders.NEW, plan=plan)


@job(at="02:41:17", per="account", title=gettext_lazy("Read the last 30 days of orders again"))
def reread_orders(run: Run, key: str, plan: Plan | None = None) -> None:
    """Everything of 30 days, and whether eMAG counts as many orders as we have."""
    account = served(run, key)
    if account is None:
        return
    with resting_on_refusal(account):
        reread.pull(account, run, plan=plan)


@job(every="1h", per="account", title=gettext_lazy("Read products and offers"))
def pull_offers(run: Run, key: str, plan: Plan | None = None) -> None:
    """All offers of the account: eMAG does not say which of them changed."""
    account = served(run, key)
    if account is None:
        return
    with resting_on_refusal(account):
        offers.pull(account, run, plan=plan)


@job(every="1h", per="account", title=gettext_lazy("Read categories, couriers and addresses"))
def pull_reference_data(run: Run, key: str, step: int = 0, place: Any = None) -> None:
    """What eMAG lets us choose from: couriers hourly, everything else once a day."""
    account = served(run, key)
    if account is None:
        return
    with resting_on_refusal(account):
        reference.pull(account, run, step=step, place=place)
