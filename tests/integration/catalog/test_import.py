"""Offers as a marketplace shows them become ours: once, never older over newer, set by set."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.events import offers_changed
from catalog.models import Barcode, Offer, PriceChange, Product, ProductImage, StockChange
from catalog.services import import_offers, importing
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.catalog import READ_AT, OfferFactory, ProductFactory, offer_in

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def account():
    return MarketplaceAccountFactory()


def stored(account, external_id="1041"):
    return Offer.objects.get(account=account, external_id=external_id)


def test_it_works(account):
    report = import_offers(account, [offer_in()])
    assert (report.new, report.changed, report.unchanged, report.stale) == (["1041"], [], [], [])
    offer = stored(account)
    assert (offer.price, offer.stock, offer.status) == (D("165.2810"), 20, "active")
    assert (offer.product.sku, offer.product.brand) == ("ARX-36N", "Arvex")
    assert offer.barcode_list == ["5940000001041"]
    assert list(offer.product.barcodes.values_list("code", flat=True)) == ["5940000001041"]
    assert offer.product.images.get().url == offer.image_url == "https://pictures.example/1.jpg"
    assert "arvex runner" in offer.search_text


def test_nothing_to_import(account):
    assert import_offers(account, []).new == []


def test_the_same_again_writes_nothing(account):
    import_offers(account, [offer_in()])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = import_offers(account, [offer_in(60)])
    assert report.unchanged == ["1041"]
    writes = [q["sql"] for q in queries if q["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert writes == []
    assert stored(account).read_at == READ_AT


def test_what_changed_is_overwritten_and_remembered(account):
    import_offers(account, [offer_in()])
    report = import_offers(account, [offer_in(60, price=D(150), stock=17, rank=2)])
    assert report.changed == ["1041"]
    offer = stored(account)
    assert (offer.price, offer.stock, offer.rank) == (150, 17, 2)
    assert offer.read_at == READ_AT + dt.timedelta(hours=1)
    price = PriceChange.objects.get()
    assert (price.before, price.after, price.by) == (D("165.2810"), 150, None)
    stock = StockChange.objects.get()
    assert (stock.before, stock.after) == (20, 17)


def test_a_new_name_is_found_by(account):
    import_offers(account, [offer_in()])
    import_offers(account, [offer_in(60, name="Șosete groase")])
    assert Offer.objects.get(search_text__contains="sosete groase").name == "Șosete groase"


def test_older_is_never_written_over_newer(account):
    import_offers(account, [offer_in(60, price=D(150))])
    report = import_offers(account, [offer_in(0)])
    assert report.stale == ["1041"]
    assert stored(account).price == 150


def test_what_was_written_since_we_looked_is_looked_at_again(account, monkeypatch):
    """Rows are compared without a lock; those that differ once more under it."""
    import_offers(account, [offer_in()])
    newer = READ_AT + dt.timedelta(hours=1)
    create = importing._create

    def while_somebody_else_writes(*args):
        Offer.objects.update(price=D(150), read_at=newer)
        return create(*args)

    monkeypatch.setattr(importing, "_create", while_somebody_else_writes)
    report = import_offers(account, [offer_in(30, price=D(140))])
    assert report.stale == ["1041"]
    assert (stored(account).price, stored(account).read_at) == (150, newer)


def test_one_offer_twice_on_shifted_pages(account):
    """The later of the two readings counts, in whatever order they come."""
    report = import_offers(account, [offer_in(1, stock=5), offer_in(0, stock=9)])
    assert report.new == ["1041"]
    assert stored(account).stock == 5


def test_statements_do_not_grow_with_the_offers(account):
    def statements(offers):
        with CaptureQueriesContext(connection) as queries:
            import_offers(account, offers)
        return len(queries)

    def page(n, minutes=0, **facts):
        return [
            offer_in(minutes, external_id=str(k), sku=f"S{k}", barcodes=(f"59{k:011d}",), **facts)
            for k in range(n, n + 100)
        ]

    one = statements([offer_in(external_id="7", sku="S7", barcodes=("1234567",))])
    assert statements(page(100)) <= one
    assert statements(page(100, minutes=5, price=D(130))) <= one + 2
    assert statements(page(100, minutes=9, price=D(130))) <= 4


# --- Products ---------------------------------------------------------------------------------


def test_two_accounts_of_a_company_offer_one_product(account):
    other = MarketplaceAccountFactory(company=account.company)
    import_offers(account, [offer_in()])
    import_offers(other, [offer_in(external_id="77", name="Arvex, alt nume")])
    assert stored(account).product == stored(other, "77").product
    assert Barcode.objects.count() == 1
    assert ProductImage.objects.count() == 1


def test_another_company_has_its_own_products(account):
    import_offers(account, [offer_in()])
    import_offers(MarketplaceAccountFactory(), [offer_in()])
    assert Product.objects.count() == 2


def test_the_barcode_matches_where_the_sku_does_not(account):
    other = MarketplaceAccountFactory(company=account.company)
    import_offers(account, [offer_in()])
    import_offers(other, [offer_in(sku="OTHER-1")])
    assert stored(account).product == stored(other).product


def test_the_sku_wins_over_the_barcode(account):
    mine = ProductFactory(company=account.company, sku="ARX-36N")
    strange = ProductFactory(company=account.company, sku="X")
    Barcode.objects.create(product=strange, code="5940000001041")
    import_offers(account, [offer_in()])
    assert stored(account).product == mine


def test_two_offers_on_one_account_are_two_products_whatever_is_printed_on_them(account):
    import_offers(account, [offer_in(), offer_in(external_id="2", sku="B")])
    assert stored(account).product != stored(account, "2").product
    import_offers(account, [offer_in(external_id="3", sku="C")])
    assert Product.objects.count() == 3


def test_two_new_offers_do_not_share_a_product_by_their_barcode(account):
    import_offers(MarketplaceAccountFactory(company=account.company), [offer_in()])
    import_offers(account, [offer_in(sku="A"), offer_in(external_id="2", sku="B")])
    assert stored(account).product.sku == "ARX-36N"
    assert stored(account, "2").product.sku == "B"


def test_a_barcode_of_two_products_matches_neither(account):
    for sku in ("A", "B"):
        product = ProductFactory(company=account.company, sku=sku)
        Barcode.objects.create(product=product, code="5940000001041")
    import_offers(account, [offer_in()])
    assert stored(account).product.sku == "ARX-36N"


def test_offers_without_a_sku_are_products_of_their_own(account):
    nameless = [offer_in(external_id=str(n), sku="", barcodes=()) for n in range(3)]
    import_offers(account, nameless)
    assert Product.objects.filter(sku="").count() == 3


def test_new_pictures_replace_the_old_and_barcodes_are_added(account):
    import_offers(account, [offer_in()])
    pictures = ("https://pictures.example/2.jpg", "https://pictures.example/3.jpg")
    import_offers(account, [offer_in(5, images=pictures, barcodes=("123456",))])
    product = Product.objects.get()
    assert tuple(product.images.values_list("url", flat=True)) == pictures
    assert set(product.barcodes.values_list("code", flat=True)) == {"5940000001041", "123456"}
    assert stored(account).barcodes == "123456"


# --- Our own wishes ---------------------------------------------------------------------------


def test_a_pending_wish_is_never_touched(account):
    import_offers(account, [offer_in()])
    Offer.objects.update(wanted_price=D(140), wanted_stock=3, wanted_at=READ_AT)
    import_offers(account, [offer_in(60, price=D(150), stock=1)])
    offer = stored(account)
    assert (offer.price, offer.stock) == (150, 1)
    assert (offer.wanted_price, offer.wanted_stock) == (140, 3)


def test_a_reading_that_began_before_the_push_does_not_know_of_it(account):
    import_offers(account, [offer_in()])
    pushed = READ_AT + dt.timedelta(minutes=10)
    Offer.objects.update(price=D(140), stock=3, status="inactive", pushed_at=pushed)
    import_offers(account, [offer_in(9, name="Nume nou", rank=2)])
    offer = stored(account)
    assert (offer.price, offer.stock, offer.status) == (140, 3, "inactive"), "what was pushed"
    assert (offer.name, offer.rank) == ("Nume nou", 2), "all else is news"
    import_offers(account, [offer_in(11)])
    offer = stored(account)
    assert (offer.price, offer.stock, offer.status) == (D("165.2810"), 20, "active")


# --- Telling ----------------------------------------------------------------------------------


def test_only_what_changed_is_told(account):
    told = []

    def hear(sender, account, pks, **kwargs):
        told.append((account, pks))

    offers_changed.connect(hear)
    try:
        import_offers(account, [offer_in()])
        import_offers(account, [offer_in(1)])
        import_offers(account, [offer_in(2, stock=1), offer_in(2, external_id="2", sku="B")])
    finally:
        offers_changed.disconnect(hear)
    first, second = stored(account).pk, stored(account, "2").pk
    assert told == [(account, [first]), (account, [second, first])]


def test_texts_longer_than_their_columns_are_cut(account):
    import_offers(account, [offer_in(name="x" * 900, brand="y" * 900, validation_text="z" * 900)])
    offer = stored(account)
    assert (len(offer.name), len(offer.brand), len(offer.validation_text)) == (500, 255, 255)


def test_another_accounts_offer_of_the_same_number_is_another(account):
    OfferFactory(external_id="1041")
    import_offers(account, [offer_in()])
    assert Offer.objects.count() == 2
