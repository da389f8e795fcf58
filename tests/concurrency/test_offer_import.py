"""Offers that are read by several workers at once."""

import pytest

from catalog.models import Barcode, Offer, Product
from catalog.services import change_offer, import_offers, record_push
from tests.concurrency.test_people import at_once
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.catalog import OfferFactory, offer_in

pytestmark = pytest.mark.django_db(transaction=True)


def page(minutes=0, **facts):
    return [
        offer_in(minutes, external_id=str(n), sku=f"S{n}", barcodes=(f"594{n:010d}",), **facts)
        for n in range(40)
    ]


def test_it_works():
    """The same page by four workers: every offer and every product once."""
    account = MarketplaceAccountFactory()
    at_once(*[lambda: import_offers(account, page())] * 4)
    assert Offer.objects.count() == Product.objects.count() == Barcode.objects.count() == 40


def test_two_accounts_of_a_company_make_one_product_of_each():
    one = MarketplaceAccountFactory()
    other = MarketplaceAccountFactory(company=one.company)
    at_once(lambda: import_offers(one, page()), lambda: import_offers(other, page()))
    assert Offer.objects.count() == 80
    assert Product.objects.count() == 40


@pytest.mark.parametrize("round_", range(3))
def test_the_newest_reading_stays_whoever_writes_last(round_):
    account = MarketplaceAccountFactory()
    import_offers(account, page())
    jobs = [lambda n=n: import_offers(account, page(n, stock=n)) for n in (3, 1, 4, 2)]
    at_once(*jobs)
    assert set(Offer.objects.values_list("stock", flat=True)) == {4}


@pytest.mark.parametrize("round_", range(3))
def test_a_wish_a_push_and_a_reading_at_once(round_):
    """Whatever the order: the wish is either still there or has become true, never lost."""
    offer = OfferFactory(wanted_stock=5, wanted_at="2026-03-03T12:00:00Z")
    reading = offer_in(external_id=offer.external_id, sku=offer.sku, read_at=offer.read_at, stock=1)
    at_once(
        lambda: change_offer(offer, stock=7, by=None),
        lambda: record_push([offer.pk], {offer.pk: {"stock": 5}}),
        lambda: import_offers(offer.account, [reading]),
    )
    offer.refresh_from_db()
    assert offer.wanted_stock == 7
    assert offer.stock == 5
