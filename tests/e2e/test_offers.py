"""An offer in the hands of a person: typed, saved with a key, seen by a colleague."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from catalog.models import Offer
from catalog.services import import_offers, record_push
from tests.e2e.shop import OFFERS, press, read, work
from tests.factories.catalog import OfferFactory, offer_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_price_is_typed_and_saved_with_a_key(visit, manager):
    offer = OfferFactory(name="Pantofi sport Arvex")
    page = visit(manager, "/offers/")
    page.get_by_role("link", name="Pantofi sport Arvex").click()
    price = page.get_by_label("Price without VAT")
    expect(price).to_have_value("165.281")
    page.expects("422")
    price.fill("99")
    page.keyboard.press("Control+s")
    expect(page.locator("form.form")).to_contain_text("at least 120")
    page.get_by_label("Price without VAT").fill("149.99")
    page.keyboard.press("Control+s")
    expect(page.locator(".banner", has_text="Waiting to be sent")).to_contain_text("149.99")
    offer.refresh_from_db()
    assert (str(offer.wanted_price), offer.wanted_stock) == ("149.9900", None)


def test_what_arrives_appears_by_itself_and_typing_survives(visit, manager):
    offer = OfferFactory(name="Pantofi sport Arvex", wanted_stock=None)
    page = visit(manager, f"/offers/{offer.pk}/")
    page.get_by_label("Stock", exact=True).fill("7")
    reading = offer_in(external_id=offer.external_id, sku=offer.sku, stock=3)
    offer.__class__.objects.update(read_at=reading.read_at)
    import_offers(offer.account, [reading])
    expect(page.locator("#offer .facts").first).to_contain_text(re.compile(r"Stock\s*3"))
    expect(page.get_by_label("Stock", exact=True)).to_have_value("7")
    record_push([offer.pk], {offer.pk: {"stock": 5, "status": "inactive"}})
    expect(page.locator("#offer .facts").first).to_contain_text(re.compile(r"Stock\s*5"))
    expect(page.locator("#offer-head .badge")).to_have_text("Inactive")
    expect(page.locator("header.head")).to_have_count(1)
    expect(page.get_by_label("Stock", exact=True)).to_have_value("7")


def test_the_list_is_live(visit, manager):
    offer = OfferFactory(name="Pantofi sport Arvex")
    page = visit(manager, "/offers/")
    expect(page.get_by_role("row", name=re.compile("Pantofi"))).to_contain_text("20")
    record_push([offer.pk], {offer.pk: {"stock": 4321}})
    expect(page.get_by_role("row", name=re.compile("Pantofi"))).to_contain_text("4,321")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(visit, manager, width, scheme, check_axe, check_width):
    title = "Pantofi sport Arvex Runner Pro, talpă din spumă, respirabili, negru, mărimea 42, " * 3
    offer = OfferFactory(name=title[:200], problems="Documentation rejected", is_sellable=False)
    for path in ("/offers/", f"/offers/{offer.pk}/"):
        page = visit(manager, path, width=width, color_scheme=scheme)
        check_axe(page)
        check_width(page)


def test_a_price_that_is_typed_arrives_at_emag(visit, manager, sim, connect):
    account = connect("shop", offers=3)
    read(account, OFFERS)
    offer = Offer.objects.filter(is_sellable=True, stock__gt=0).order_by("pk").first()
    wanted = round(offer.price * Decimal("1.01"), 2)
    page = visit(manager, f"/offers/{offer.pk}/")
    page.get_by_label("Price without VAT").fill(str(wanted))
    press(page, "Save")
    expect(page.locator(".banner", has_text="Waiting to be sent")).to_be_visible()
    work()
    expect(page.locator(".banner", has_text="Waiting to be sent")).to_have_count(0)
    expect(page.locator("#offer .facts").first).to_contain_text(f"{wanted:,.2f}")
    expect(page.locator("#main")).to_contain_text("Send price and stock")
    there = sim.truth("offer", account.there)[int(offer.external_id)]
    assert Decimal(str(there["sale_price"])) == wanted
    assert sim.invariants() == []
