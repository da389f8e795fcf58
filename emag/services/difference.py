"""What eMAG has of an account against what MagFlow has, to see that a reading is whole."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount
from catalog.models import Offer
from emag.client import EmagClient, client_for
from orders.models import Order

DAYS = 28  # the longest stretch that eMAG counts
KINDS = ((3, Fulfilment.OWN), (2, Fulfilment.MARKETPLACE))


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the report."""

    label: str | Promise
    there: int
    here: int

    @property
    def is_equal(self) -> bool:
        return self.there == self.here

    @property
    def missing(self) -> int:
        return max(0, self.there - self.here)


def difference(account: MarketplaceAccount) -> list[Difference]:
    """Count there and here, just now. Raises the client's errors."""
    client = client_for(account, quick=True)
    now = timezone.now().replace(microsecond=0)
    start = now - dt.timedelta(days=DAYS)
    lines = [_orders(client, account, kind, who, start, now) for kind, who in KINDS]
    here = Offer.objects.filter(account=account).count()
    return [*lines, Difference(_("Offers"), client.count_offers().items, here)]


def _orders(
    client: EmagClient,
    account: MarketplaceAccount,
    kind: int,
    fulfilment: str,
    start: dt.datetime,
    end: dt.datetime,
) -> Difference:
    there = client.count_orders(type=kind, created_after=start, created_before=end).items
    here = Order.objects.filter(
        account=account, fulfilment=fulfilment, ordered_at__gte=start, ordered_at__lte=end
    ).count()
    label = {
        Fulfilment.OWN: _("Orders of 28 days that you ship"),
        Fulfilment.MARKETPLACE: _("Orders of 28 days that eMAG ships"),
    }[Fulfilment(fulfilment)]
    return Difference(label, there, here)
