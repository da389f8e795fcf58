"""From an account that was just connected to orders that are accepted, in the hands of a person."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import MarketplaceAccount
from orders.models import Order
from outbox.choices import CommandStatus
from outbox.models import Command
from tests.e2e.shop import PULL, follow, go, press, read, row_of, toast, work
from tests.factories.accounts import CompanyFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

IN_WORK = 2  # what eMAG calls an order that was accepted


def there(sim, account, number):
    """The order as it really is at eMAG."""
    return sim.truth("order", account)[int(number)]


def acceptances(sim):
    return [call for call in sim.journal() if "acknowledge" in call["path"]]


@pytest.fixture
def orders(sim, main):
    """Three new orders that were read."""
    sim.inject_orders(3, account=main.there)
    read(main)
    return list(Order.objects.order_by("pk"))


def test_from_nothing_to_an_accepted_order(visit, manager, sim):
    account = sim.add_account("ro", username="ana@magazin.ro", password="the right one")
    CompanyFactory(name="Magazin SRL")
    page = visit(manager, "/connect/emag/")
    page.get_by_label("Marketplace").select_option("emag-ro")
    page.get_by_label("Company").select_option(label="Magazin SRL")
    page.get_by_label("Name").fill("RO main")
    page.get_by_label("User", exact=True).fill("ana@magazin.ro")
    page.get_by_label("Password").fill("a wrong one")
    page.get_by_label("Another address").fill(sim.url("ro"))
    press(page, "Next: test the connection")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Not tested yet")

    press(page, "Test the connection")
    expect(page.get_by_role("heading", level=1)).to_contain_text("password")
    said = page.locator(":not(#banners) > .banner.tone-red", has_text="Type the password again")
    expect(said).to_be_visible()
    expect(page.get_by_text("as soon as a test of the connection succeeds")).to_be_visible()
    expect(page.get_by_role("button", name="Read orders and offers now")).to_have_count(0)

    follow(page, page.get_by_role("link", name="Change", exact=True))
    page.get_by_label("Password").fill("the right one")
    press(page, "Next: test the connection")
    press(page, "Test again")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Works")
    difference = page.locator("#difference")
    expect(difference.get_by_role("row", name=re.compile("ship"))).to_have_count(2)

    (number,) = sim.inject_orders(1, account=account)
    go(page, "/orders/")
    expect(page.get_by_text("No orders yet")).to_be_visible()
    press(page, "Sync now")
    toast(page, "Orders are being read")
    work()
    expect(row_of(page, number)).to_contain_text("New")

    follow(page, row_of(page, number).get_by_role("link"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(number))
    press(page, "Accept")
    expect(page.get_by_role("heading", level=1)).to_contain_text("accepting")
    assert there(sim, account, number)["status"] != IN_WORK, "the page did not wait for eMAG"
    work()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    expect(page.get_by_role("button", name="Accept", exact=True)).to_have_count(0)
    assert there(sim, account, number)["status"] == IN_WORK
    assert MarketplaceAccount.objects.get().name == "RO main"


def test_a_new_order_appears_on_an_open_list(visit, manager, sim, main, orders):
    page = visit(manager, "/orders/")
    expect(page.locator("#results tr[data-pk]")).to_have_count(3)
    counter = page.get_by_role("navigation", name="Main").get_by_role("link", name="Orders")
    expect(counter).to_contain_text("3")
    (number,) = sim.inject_orders(1, account=main.there)
    read(main)
    expect(row_of(page, number)).to_be_visible()
    expect(counter).to_contain_text("4")
    expect(page.get_by_role("link", name=re.compile("^New"))).to_contain_text("4")


def test_many_are_accepted_at_once(visit, manager, sim, main, orders):
    page = visit(manager, "/orders/")
    for order in orders[:2]:
        row_of(page, order.external_id).locator("input.row-check").check()
    bar = page.locator("#bulk")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Accept").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Accept 2 orders")
    dialog.get_by_role("button", name="Accept").click()
    toast(page, "2 on their way")
    expect(row_of(page, orders[0].external_id)).to_contain_text("accepting")
    work()
    for order in orders[:2]:
        expect(row_of(page, order.external_id)).to_contain_text("Accepted")
        assert there(sim, main.there, order.external_id)["status"] == IN_WORK
    expect(row_of(page, orders[2].external_id)).to_contain_text("New")
    assert there(sim, main.there, orders[2].external_id)["status"] != IN_WORK
    assert len(acceptances(sim)) == 2
    assert sim.invariants() == []


def test_an_order_is_read_again(visit, manager, sim, main, orders):
    """What changed at eMAG is seen without waiting for the schedule."""
    order = orders[0]
    page = visit(manager, f"/orders/{order.pk}/")
    sim.order_event(int(order.external_id), "customer_cancel", account=main.there)
    press(page, "Read again")
    work()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
    expect(page.locator(".banner", has_text="Cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Accept", exact=True)).to_have_count(0)


def test_a_viewer_sees_and_changes_nothing(visit, viewer, sim, main, orders):
    page = visit(viewer, "/orders/")
    expect(page.locator("#results tr[data-pk]")).to_have_count(3)
    expect(page.get_by_role("button", name="Sync now")).to_have_count(0)
    expect(page.locator("input.row-check")).to_have_count(0)
    go(page, f"/orders/{orders[0].pk}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(orders[0].external_id)
    for name in ("Accept", "Read again"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_a_wrong_password_stops_one_account_and_is_put_right(
    visit, manager, sim, main, connect, orders
):
    other = connect("second")
    (number,) = sim.inject_orders(1, account=other.there)
    read(other)
    theirs = Order.objects.get(external_id=str(number))
    credential = main.emag_credential
    credential.password = "was changed there"
    credential.save()

    page = visit(manager, f"/orders/{orders[0].pk}/")
    press(page, "Accept")
    work()
    banner = page.locator("#banners .banner", has_text="does not let us in")
    expect(banner).to_contain_text("main")
    expect(banner).to_contain_text("password")
    expect(banner).not_to_contain_text("second")
    assert Command.objects.get().status == CommandStatus.QUEUED, "it keeps its place"

    go(page, f"/orders/{theirs.pk}/")
    press(page, "Accept")
    work()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    assert read(other, PULL).status == "done"
    assert there(sim, main.there, orders[0].external_id)["status"] != IN_WORK

    go(page, f"/connect/emag/{main.pk}/credentials/")
    page.get_by_label("Password").fill("secret")
    press(page, "Next: test the connection")
    work()
    expect(page.locator("#banners .banner", has_text="does not let us in")).to_have_count(0)
    go(page, f"/orders/{orders[0].pk}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    assert there(sim, main.there, orders[0].external_id)["status"] == IN_WORK
    assert len(acceptances(sim)) >= 2
