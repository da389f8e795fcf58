"""The list of offers and one of them: to whom, in full and in part, when refused, at what price."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.choices import Fulfilment, Role
from catalog.models import Offer
from catalog.search import find_offers
from catalog.services import change_offer, record_push
from core import paging
from core.registry import nav_for
from outbox.models import Command
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.catalog import OfferFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
D = Decimal


def text(response):
    return response.content.decode()


def names(client, query=""):
    page = text(client.get(f"/offers/?{query}", headers=HTMX))
    return {offer.name for offer in Offer.objects.all() if f">{offer.name}</" in page}


# --- The list ---------------------------------------------------------------------------------


def test_it_works(viewer_client):
    offer = OfferFactory(name="Pantofi sport Arvex")
    page = viewer_client.get("/offers/")
    assert "<html" in text(page)
    for words in (offer.name, offer.sku, offer.catalogue_key, offer.barcodes, offer.account.name):
        assert words in text(page)
    assert "165.28" in text(page)
    assert "1 / 3" in text(page)
    part = text(viewer_client.get("/offers/", headers=HTMX))
    assert offer.name in part
    assert "<html" not in part


@pytest.mark.parametrize("offers", [1, 60])
def test_the_list_has_a_price(manager_client, offers, django_assert_num_queries):
    OfferFactory.create_batch(offers, account=MarketplaceAccountFactory())
    # Session, person, counts of the tabs, rows, accounts to choose from; a long list is counted.
    with django_assert_num_queries(6 if offers > 50 else 5):
        manager_client.get("/offers/")


def test_an_empty_list_says_what_belongs_here(viewer_client):
    assert "No offers yet" in text(viewer_client.get("/offers/"))


def test_the_tabs(viewer_client):
    account = MarketplaceAccountFactory()
    OfferFactory(account=account, name="sells")
    OfferFactory(account=account, name="blocked", is_sellable=False, problems="Brand rejected")
    OfferFactory(account=account, name="empty", is_sellable=False, stock=0)
    OfferFactory(account=account, name="beaten", rank=4)
    OfferFactory(account=account, name="asleep", is_sellable=False, status="inactive")
    OfferFactory(account=account, name="gone", is_sellable=False, status="ended")
    assert names(viewer_client) == {"sells", "blocked", "empty", "beaten", "asleep", "gone"}
    assert names(viewer_client, "status=active") == {"sells", "blocked", "empty", "beaten"}
    assert names(viewer_client, "situation=blocked") == {"blocked"}
    assert names(viewer_client, "situation=out_of_stock") == {"empty"}
    assert names(viewer_client, "situation=beaten") == {"beaten"}
    assert names(viewer_client, "situation=problems") == {"blocked"}
    assert names(viewer_client, "situation=blocked&situation=beaten") == {"blocked", "beaten"}
    assert names(viewer_client, "status=inactive&status=ended") == {"asleep", "gone"}
    assert names(viewer_client, "stock=0") == {"empty"}
    counts = Offer.objects.what_waits()
    assert counts == {"blocked": 1, "out_of_stock": 1, "beaten": 1}


def test_filters_and_search(viewer_client):
    mine = OfferFactory(name="Șosete groase", sku="SOS-1", barcodes="5940000001041 5940000001058")
    OfferFactory(name="Pantofi", sku="PAN-1")
    for query in (
        "q=sosete", "q=SOS-1", "q=5940000001058", f"q={mine.catalogue_key}", "sku=SOS-1",
        f"account={mine.account.pk}",
    ):  # fmt: skip
        assert names(viewer_client, query) == {"Șosete groase"}, query


@pytest.mark.parametrize("column", ["name", "sku", "price", "stock", "rank", "read_at"])
def test_sorting(viewer_client, column):
    OfferFactory.create_batch(3)
    for sort in (column, f"-{column}"):
        assert viewer_client.get(f"/offers/?sort={sort}").status_code == 200


def test_the_list_as_a_file(viewer_client):
    offer = OfferFactory(rank=None, price_min=None)
    answer = viewer_client.get("/offers/?export=csv")
    assert offer.sku in b"".join(answer.streaming_content).decode()


# --- One offer --------------------------------------------------------------------------------


def test_an_offer(viewer_client):
    offer = OfferFactory(problems="Brand rejected\nToo dark", is_sellable=False, rank=2)
    page = text(viewer_client.get(f"/offers/{offer.pk}/"))
    for words in ("Brand rejected", "Too dark", offer.sku, "199.99", "21 %"):
        assert words in page
    assert 'name="price"' not in page, "who may not change it gets no form"
    part = text(viewer_client.get(f"/offers/{offer.pk}/", headers=HTMX))
    assert part.lstrip().startswith("<div")
    assert "<html" not in part
    assert viewer_client.get("/offers/999999/").status_code == 404


def test_an_offer_has_a_price(manager_client, django_assert_max_num_queries):
    offer = OfferFactory()
    with django_assert_max_num_queries(8):
        manager_client.get(f"/offers/{offer.pk}/")


def form(offer, **typed):
    return {
        "price": "165.2810", "stock": "20", "status": "active", "version": str(offer.version),
        **typed,
    }  # fmt: skip


def test_changing_an_offer(manager_client):
    offer = OfferFactory()
    answer = manager_client.post(f"/offers/{offer.pk}/change/", form(offer, price="149.99"))
    assert answer["Location"] == f"/offers/{offer.pk}/"
    offer.refresh_from_db()
    assert (offer.wanted_price, offer.wanted_stock, offer.wanted_status) == (D("149.99"), None, "")
    page = text(manager_client.get(f"/offers/{offer.pk}/"))
    assert "Waiting to be sent" in page
    assert "149.99" in page
    assert "→" in text(manager_client.get("/offers/", headers=HTMX))


def test_what_was_typed_is_still_there_when_it_is_refused(manager_client):
    offer = OfferFactory()
    answer = manager_client.post(f"/offers/{offer.pk}/change/", form(offer, price="99", stock="7"))
    assert answer.status_code == 422
    assert "at least 120" in text(answer)
    assert 'value="99"' in text(answer)
    assert 'value="7"' in text(answer)
    answer = manager_client.post(f"/offers/{offer.pk}/change/", form(offer, stock="many"))
    assert answer.status_code == 422
    offer.refresh_from_db()
    assert offer.wanted_at is None


def test_somebody_else_was_faster(manager_client):
    offer = OfferFactory()
    change_offer(offer, stock=5, by=None)
    answer = manager_client.post(f"/offers/{offer.pk}/change/", form(offer, stock="7"))
    assert answer.status_code == 409
    assert "somebody else" in text(answer)
    offer.refresh_from_db()
    assert offer.wanted_stock == 5


def test_a_sale_while_the_form_is_open_is_not_undone(manager_client):
    """Only what the person changed is sent: here the price, not the stock the form still shows."""
    offer = OfferFactory()
    Offer.objects.update(stock=19)
    manager_client.post(f"/offers/{offer.pk}/change/", form(offer, price="150") | {"stock": "19"})
    offer.refresh_from_db()
    assert (offer.wanted_price, offer.wanted_stock) == (150, None)


def test_of_what_the_marketplace_ships_only_the_price_is_asked(manager_client):
    offer = OfferFactory(account__fulfilment=Fulfilment.MARKETPLACE)
    page = text(manager_client.get(f"/offers/{offer.pk}/"))
    assert 'name="price"' in page
    assert 'name="stock"' not in page
    assert 'name="status"' not in page
    answer = {"price": "150", "version": "1", "stock": "3"}
    manager_client.post(f"/offers/{offer.pk}/change/", answer)
    offer.refresh_from_db()
    assert (offer.wanted_price, offer.wanted_stock) == (150, None)


def test_an_ended_offer_has_no_form(manager_client):
    offer = OfferFactory(status="ended")
    assert 'name="price"' not in text(manager_client.get(f"/offers/{offer.pk}/"))


def test_withdrawing_a_change(manager_client):
    offer = OfferFactory()
    change_offer(offer, stock=5, by=None)
    answer = manager_client.post(f"/offers/{offer.pk}/withdraw/")
    assert answer["Location"] == f"/offers/{offer.pk}/"
    offer.refresh_from_db()
    assert offer.wanted_at is None
    assert manager_client.get(f"/offers/{offer.pk}/withdraw/").status_code == 405


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_is_not_on_its_way_is_not_said_to_be(manager_client, status):
    offer = OfferFactory()
    change_offer(offer, stock=5, by=None)
    assert "Waiting to be sent" in text(manager_client.get(f"/offers/{offer.pk}/"))
    ended_at = timezone.now() if status == "cancelled" else None
    Command.objects.update(status=status, ended_at=ended_at, error="The stock is too high.")
    page = text(manager_client.get(f"/offers/{offer.pk}/"))
    assert "Waiting to be sent" not in page
    assert "The stock is too high." in page
    offer.refresh_from_db()
    manager_client.post(f"/offers/{offer.pk}/change/", form(offer, stock="5"))
    assert "Waiting to be sent" in text(manager_client.get(f"/offers/{offer.pk}/"))


def test_the_counts_of_the_tabs_are_bounded(monkeypatch):
    monkeypatch.setattr(paging, "EXACT_UP_TO", 2)
    OfferFactory.create_batch(5, is_sellable=False)
    assert Offer.objects.what_waits() == {"blocked": 3, "out_of_stock": 0, "beaten": 0}


def test_how_price_and_stock_moved(manager_client, manager):
    offer = OfferFactory()
    change_offer(offer, price=D(150), by=manager)
    record_push([offer.pk], {offer.pk: {"price": D(150)}})
    page = text(manager_client.get(f"/offers/{offer.pk}/"))
    assert "165.28" in page
    assert "150.00" in page
    assert manager.name in page


# --- Who may what -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role.values)
def test_roles(role):
    offer = OfferFactory()
    client = signed_in(UserFactory(role=role))
    assert client.get("/offers/").status_code == 200
    assert client.get(f"/offers/{offer.pk}/").status_code == 200
    may_change = role in (Role.OWNER, Role.MANAGER)
    for path, answer in (("change", form(offer, stock="5")), ("withdraw", {})):
        status = client.post(f"/offers/{offer.pk}/{path}/", answer).status_code
        assert status == (302 if may_change else 403)


def test_strangers_sign_in_first(client):
    assert client.get("/offers/")["Location"].startswith("/sign-in/")


def test_the_navigation(viewer):
    items = [item for _section, items in nav_for(viewer) for item in items]
    (item,) = [item for item in items if item.url_name == "catalog:offer_list"]
    assert item.key == "c"


def test_ctrl_k(viewer):
    offer = OfferFactory(name="Șosete groase", sku="SOS-1")
    OfferFactory(name="Pantofi")
    (hit,) = find_offers(viewer, "groase sosete")
    assert hit.url == offer.get_absolute_url()
    assert "SOS-1" in hit.detail
    assert not find_offers(UserFactory(role=""), "sosete")


@pytest.mark.parametrize("model", ["product", "offer", "pricechange", "stockchange"])
def test_the_records_are_only_read(owner_client, model):
    offer = OfferFactory()
    change_offer(offer, price=D(150), stock=3, by=None)
    record_push([offer.pk], {offer.pk: {"price": D(150), "stock": 3}})
    assert owner_client.get(f"/admin/catalog/{model}/").status_code == 200
    assert owner_client.get(f"/admin/catalog/{model}/?q=SKU").status_code == 200
    assert owner_client.get(f"/admin/catalog/{model}/add/").status_code == 403


def test_a_manager_reads_the_record_of_a_product(manager_client):
    product = OfferFactory().product
    product.barcodes.create(code="5940000001041")
    page = text(manager_client.get(f"/admin/catalog/product/{product.pk}/change/"))
    assert product.sku in page
    assert "5940000001041" in page


def test_the_address_of_the_form_leads_to_the_offer(manager_client):
    offer = OfferFactory()
    answer = manager_client.get(f"/offers/{offer.pk}/change/")
    assert (answer.status_code, answer["Location"]) == (302, offer.get_absolute_url())


def test_free_stock_is_told_as_long_as_it_is_true(viewer_client):
    words = "of them free"
    now = timezone.now()
    offer = OfferFactory(stock=77, stock_free=70, read_at=now)
    assert f"70 {words}" in text(viewer_client.get(offer.get_absolute_url()))
    later = now + timezone.timedelta(minutes=1)
    for facts in ({"stock_free": 108}, {"stock_free": 77}, {"stock_free": 70, "pushed_at": later}):
        Offer.objects.filter(pk=offer.pk).update(**facts)
        assert words not in text(viewer_client.get(offer.get_absolute_url())), facts


def test_a_file_has_the_currency_of_the_prices(viewer_client):
    OfferFactory(currency="HUF")
    data = b"".join(viewer_client.get("/offers/?export=csv").streaming_content).decode()
    assert data.splitlines()[0].endswith(",Currency")
    assert data.splitlines()[1].endswith(",HUF")
