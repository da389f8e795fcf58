"""When we last looked at what the marketplace has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from accounts.models import MarketplaceAccount
from catalog.models import Offer, OfferReading


def record_reading(account: MarketplaceAccount, began_at: dt.datetime) -> None:
    """Every offer of the account has been looked at in a reading that began then."""
    OfferReading.objects.update_or_create(account=account, defaults={"began_at": began_at})


def stock_known(
    account: MarketplaceAccount, external_ids: Iterable[str]
) -> dict[str, tuple[int, dt.datetime]]:
    """What the marketplace has of these offers, and as of when that is known: we read or set it."""
    whole = OfferReading.objects.filter(account=account).values_list("began_at", flat=True).first()
    offers = Offer.objects.filter(account=account, external_id__in=external_ids)
    return {
        number: (stock, max(filter(None, (read_at, pushed_at, whole))))
        for number, stock, read_at, pushed_at in offers.values_list(
            "external_id", "stock", "read_at", "pushed_at"
        )
    }
