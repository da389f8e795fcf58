"""Scheduled work on orders."""

from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.jobs import Run, job
from orders import services


@job(every="10m", per="account", title=_("Accept new orders"))
def accept_new_orders(run: Run, key: str) -> None:
    """Accept what the account's rule lets through: old enough, complete, in stock."""
    account = MarketplaceAccount.objects.filter(pk=key).first()
    if account is None or not account.accepts_automatically:
        return
    accepted, waiting = services.accept_new_orders(account)
    run.count("accepted", accepted)
    run.count("waiting", waiting)
