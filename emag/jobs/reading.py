"""The jobs that bring eMAG's data in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import MarketplaceAccount
from core.jobs import Run, job
from emag.models import Credential, Nudge
from emag.pulls import nudges, offers, orders, reference, reread
from emag.services.trouble import (
    resting,
    resting_on_refusal,
    resting_without_orders,
    words_for,
)

P = ParamSpec("P")
Plan = dict[str, Any]
Guard = Callable[[MarketplaceAccount], AbstractContextManager[None]]


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


def for_account(
    guard: Guard,
) -> Callable[
    [Callable[Concatenate[Run, MarketplaceAccount, P], None]],
    Callable[Concatenate[Run, str, P], None],
]:
    """Gives a job the account of its run, where eMAG may be asked for it, and minds refusals."""

    def decorate(
        work: Callable[Concatenate[Run, MarketplaceAccount, P], None],
    ) -> Callable[Concatenate[Run, str, P], None]:
        @wraps(work)
        def run_job(run: Run, key: str, /, *args: P.args, **kwargs: P.kwargs) -> None:
            if account := served(run, key):
                with guard(account):
                    work(run, account, *args, **kwargs)

        return run_job

    return decorate


@job(every="5m", per="account", title=gettext_lazy("Read new and changed orders"))
@for_account(resting_without_orders)
def pull_orders(run: Run, account: MarketplaceAccount, plan: Plan | None = None) -> None:
    """What changed since the last reading, of both kinds of orders."""
    if orders.pull(account, run, plan=plan):
        nudges.forget_before(account, run.row.started_at)


@job(per="account", title=gettext_lazy("Read one order"), manual=False)
@for_account(resting_without_orders)
def pull_order(
    run: Run, account: MarketplaceAccount, kind: str = "", external_id: str = ""
) -> None:
    """The order that eMAG or a person named, and all others that were named meanwhile."""
    if external_id:
        Nudge.objects.bulk_create(
            [Nudge(account=account, kind=kind, external_id=external_id)], ignore_conflicts=True
        )
    nudges.read_noted(account, run)


@job(every="1h", per="account", title=gettext_lazy("Look for new orders that were missed"))
@for_account(resting_without_orders)
def sweep_new_orders(run: Run, account: MarketplaceAccount, plan: Plan | None = None) -> None:
    """All orders that eMAG shows as new: whatever went wrong before, they are here afterwards."""
    orders.pull(account, run, status=orders.NEW, plan=plan)


@job(at="02:41:17", per="account", title=gettext_lazy("Read the last 30 days of orders again"))
@for_account(resting_without_orders)
def reread_orders(run: Run, account: MarketplaceAccount, plan: Plan | None = None) -> None:
    """Everything of 30 days, and whether eMAG counts as many orders as we have."""
    reread.pull(account, run, plan=plan)


@job(every="1h", per="account", title=gettext_lazy("Read products and offers"))
@for_account(resting_on_refusal)
def pull_offers(run: Run, account: MarketplaceAccount, plan: Plan | None = None) -> None:
    """All offers of the account: eMAG does not say which of them changed."""
    offers.pull(account, run, plan=plan)


@job(every="1h", per="account", title=gettext_lazy("Read categories, couriers and addresses"))
@for_account(resting_on_refusal)
def pull_reference_data(
    run: Run, account: MarketplaceAccount, step: int = 0, place: Any = None
) -> None:
    """What eMAG lets us choose from: couriers hourly, everything else once a day."""
    reference.pull(account, run, step=step, place=place)
