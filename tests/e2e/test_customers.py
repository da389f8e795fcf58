"""A customer who refuses parcels is blocked, and the same person in two countries is linked."""

import pytest
from playwright.sync_api import expect

from orders.models import Customer, Order
from orders.services import customer_figures, import_orders
from tests.e2e.shop import follow, go, press, row_of
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import customer_in, order_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SHIPPED = {"status": "shipped", "remote_status": "4"}


@pytest.fixture
def account(transactional_db):
    return MarketplaceAccountFactory(name="RO main")


def bought(account, *ways, **facts):
    """Orders of one customer arrive and are counted, as the job does a second later."""
    told = customer_in(**facts)
    import_orders(account, [order_in(customer=told, **way) for way in ways or ({},)])
    while customer_figures.take_nudges(account) is not None:
        pass
    return Customer.objects.get(account=account, external_id=told.external_id)


def test_a_caller_is_found_and_blocked(visit, manager, account):
    customer = bought(account, SHIPPED, {})
    bought(account, external_id="2", name="Radu Matei", phones=("0722999888",))
    page = visit(manager, "/customers/")
    page.get_by_role("searchbox").first.fill("000 001")  # the end of a phone number
    expect(row_of(page, "Ioana Țepeș")).to_be_visible()
    expect(row_of(page, "Radu Matei")).to_have_count(0)
    follow(page, page.get_by_role("link", name="Ioana Țepeș"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ioana Țepeș")

    page.get_by_role("button", name="Block…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 order waits now")
    dialog.get_by_label("Why").fill("Refused three parcels")
    press(page, "Block", dialog)
    expect(page.get_by_role("status").filter(has_text="Refused three parcels")).to_be_visible()

    bought(account, {})  # and orders again
    go(page, "/orders/?has_problem=true")
    waiting = Order.objects.filter(customer=customer, problems=["blocked"])
    assert waiting.count() == 2
    for order in waiting:
        expect(row_of(page, order.external_id)).to_be_visible()
    go(page, waiting.first().get_absolute_url())
    expect(page.locator("#order-customer")).to_contain_text("Refused three parcels")

    go(page, customer.get_absolute_url())
    press(page, "Lift the block")
    expect(page.locator(".banner", has_text="Refused three parcels")).to_have_count(0)
    assert not Order.objects.filter(has_problem=True).exists()


def test_the_same_person_elsewhere_is_confirmed_and_taken_out_again(
    visit, manager, account, check_axe, check_width
):
    other = bought(MarketplaceAccountFactory(name="BG main", country="BG"), SHIPPED)
    customer = bought(account, SHIPPED, {})
    page = visit(manager, customer.get_absolute_url())
    perhaps = page.locator("#same-person")
    expect(perhaps).to_contain_text("BG main")
    expect(perhaps).to_contain_text("same email, phone")
    press(page, "Yes Ioana Țepeș", perhaps)
    follow(page, page.get_by_role("link", name="Everywhere"))
    expect(page.locator("#customer-orders tbody tr")).to_have_count(3)
    check_axe(page)
    check_width(page)

    order = customer.orders.first()
    go(page, order.get_absolute_url())
    expect(page.locator("#order-customer")).to_contain_text("2 orders, 0 returns")
    expect(page.locator("#order-customer").get_by_role("link", name="BG main")).to_have_attribute(
        "href", other.get_absolute_url()
    )
    go(page, customer.get_absolute_url())
    press(page, "Take this one out")
    press(page, "No Ioana Țepeș")
    expect(page.locator("#same-person")).to_have_count(0)


def test_on_a_phone(visit, manager, account, check_axe, check_width):
    customer = bought(account, *[SHIPPED] * 3, phones=("0700000001", "+40 733 123 456"))
    for path in ("/customers/", customer.get_absolute_url()):
        page = visit(manager, path, width=390, height=844, color_scheme="dark")
        check_width(page)
        check_axe(page)


def test_other_numbers_are_tried_before_they_are_saved(
    visit, owner, account, check_axe, check_width
):
    bought(account, *[SHIPPED] * 3)
    page = visit(owner, "/customers/scoring/")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Moves nobody")
    check_axe(page)
    check_width(page)
    page.get_by_label("Gold from").fill("3")
    page.get_by_label("Silver from").fill("2")
    page.get_by_label("Bronze from").fill("1")
    page.get_by_label("Bronze from").blur()
    expect(preview).to_contain_text("Moves 1 customer to another tier")
    press(page, "Save")
    expect(page.get_by_text("gold from: 70 → 3")).to_be_visible()
