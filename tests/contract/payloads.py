"""The live shapes that the reference documents, letter by letter (emag-api §21.7, §17.3)."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

from accounts.models import MarketplaceAccount
from emag.sites import site

READ_AT = dt.datetime(2026, 3, 3, 13, 0, tzinfo=dt.UTC)

DOCUMENTED = Path(__file__).parent / "documented"
ORDER_PAGE = (DOCUMENTED / "order.json").read_text(encoding="utf-8")
OFFER_PAGE = (DOCUMENTED / "offer.json").read_text(encoding="utf-8")


def decoded(text):
    """JSON as the client decodes it: no amount ever becomes a binary fraction."""
    return json.loads(text, parse_float=Decimal)


def order(**changes):
    """The documented order; a change to ... takes the key away."""
    return _changed(decoded(ORDER_PAGE)["results"][0], changes)


def line(**changes):
    return _changed(order()["products"][0], changes)


def offer(**changes):
    return _changed(decoded(OFFER_PAGE)["results"][0], changes)


def _changed(raw, changes):
    return {key: value for key, value in (raw | changes).items() if value is not ...}


def account(place="emag-ro", **facts):
    """An account that is stored nowhere."""
    here = site(place)
    given = {
        "name": place, "platform": here.platform, "country": here.country,
        "currency": here.currency_on(dt.date(2026, 3, 3)), "time_zone": here.time_zone,
    }  # fmt: skip
    return MarketplaceAccount(**given | facts)
