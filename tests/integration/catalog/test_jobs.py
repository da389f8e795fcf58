import datetime as dt

import pytest
from django.utils import timezone

from catalog.jobs import PRICES_ARE_KEPT, STOCK_IS_KEPT, remove_changes
from tests.factories.catalog import OfferFactory
from tests.integration.accounts.conftest import work

pytestmark = pytest.mark.django_db


def test_it_works():
    """Old changes go, each kind after its own time; the offer stays as it is."""
    offer, now, day = OfferFactory(), timezone.now(), dt.timedelta(days=1)
    for age in (STOCK_IS_KEPT - day, STOCK_IS_KEPT + day, PRICES_ARE_KEPT + day):
        offer.stock_changes.create(before=1, after=2, at=now - age)
        offer.price_changes.create(before=1, after=2, currency="RON", at=now - age)
    work(remove_changes)
    assert [now - change.at for change in offer.stock_changes.all()] == [STOCK_IS_KEPT - day]
    assert offer.price_changes.count() == 2
    offer.refresh_from_db()
    assert offer.stock == 20
