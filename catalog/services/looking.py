"""When we last looked at what the marketplace has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from accounts.models import MarketplaceAccount
from catalog.models import Offer, OfferReading


def record_reading(account: MarketplaceAccount, began_at: dt.datetime) -> None:
    """Every offer of the account has been looked at in a reading that began then."""
    OfferReading.objects.update_or_create(account=account, defaults={"began_at": began_at})


def stock_known(
    wanted: Collection[tuple[int, str]],
) -> dict[tuple[int, str], tuple[int, dt.datetime]]:
    """What the marketplace has of these offers, and as of when that is known: we read or set it.

    Offers are (pk of the account, number there), so that many accounts are asked for at once.
    """
    accounts, numbers = {key[0] for key in wanted}, {key[1] for key in wanted}
    readings = OfferReading.objects.filter(account__in=accounts)
    whole = dict(readings.values_list("account_id", "began_at"))
    offers = Offer.objects.filter(account__in=accounts, external_id__in=numbers)
    return {
        (account, number): (stock, max(filter(None, (read_at, pushed_at, whole.get(account)))))
        for account, number, stock, read_at, pushed_at in offers.values_list(
            "account_id", "external_id", "stock", "read_at", "pushed_at"
        )
        if (account, number) in wanted
    }
