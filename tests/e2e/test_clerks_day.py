"""A clerk's morning and a call of a customer, with what they cost in clicks."""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from orders.choices import OrderStatus
from orders.models import Order
from tests.e2e.shop import OFFERS, follow, read, row_of, toast, work

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# Real clicks of a hand; a key that presses a button has no detail.
COUNT = """addEventListener("click", (event) => {
    if (event.isTrusted && event.detail) {
        sessionStorage.clicks = (Number(sessionStorage.clicks) || 0) + 1;
    }
}, true)"""
IN_WORK, CANCELLED = 2, 0


@contextmanager
def clicks(page, number):
    """What is done here costs so many clicks, and not one more."""
    page.add_init_script(COUNT)
    page.evaluate(COUNT + "; sessionStorage.clicks = 0")
    yield
    assert int(page.evaluate("sessionStorage.clicks")) == number


@pytest.fixture
def shop(connect, sim):
    """An account with offers, and fifty orders of the night."""
    account = connect(offers=60)
    read(account, OFFERS)
    sim.inject_orders(50, account=account.there, lines=1, in_stock=True, payment_mode_id=1)
    read(account)
    return account


def there(sim, shop, order):
    return sim.truth("order", shop.there)[int(order.external_id)]


def test_a_clerks_morning(visit, manager, sim, shop):
    """Fifty new orders: two are held, all that is in stock is accepted, one is cancelled."""
    page = visit(manager, "/orders/")
    with clicks(page, 11):
        page.get_by_role("link", name=re.compile("^New 50")).click()
        expect(page.locator("#results tr[data-pk]")).to_have_count(50)
        held = list(Order.objects.order_by("ship_by", "pk")[:2])
        for order in held:
            row_of(page, order.external_id).locator("input.row-check").click()
        page.locator("#bulk").get_by_role("button", name="Put on hold").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Why they wait").fill("The customer asks for a gift box")
        dialog.get_by_role("button", name="Put on hold").click()
        toast(page, "2 done")
        expect(page.get_by_role("link", name=re.compile("^On hold"))).to_contain_text("2")

        page.get_by_role("button", name=re.compile(r"Accept \d+ in stock")).click()
        said = page.locator(".toast", has_text="being accepted")
        in_stock = int(re.search(r"\d+", said.inner_text())[0])
        work()
        picking = page.get_by_role("link", name=re.compile("^To pick"))
        accepted = Order.objects.filter(status=OrderStatus.ACCEPTED)
        expect(picking).to_contain_text(str(accepted.count()))

        picking.click()
        unlucky = accepted.order_by("ship_by", "pk").first()
        follow(page, row_of(page, unlucky.external_id).get_by_role("link").first)
        page.locator("summary[aria-label='More actions']").click()
        page.get_by_role("button", name="Cancel order…").click()
        dialog.get_by_label("Reason").select_option("1")
        dialog.get_by_role("button", name="Cancel order", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("cancelling")
    work()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")

    assert Order.objects.filter(status=OrderStatus.ON_HOLD).count() == 2
    assert in_stock > 40
    assert accepted.count() == in_stock - 1, "all but the one that was cancelled"
    assert not Order.objects.filter(has_problem=True).exists()
    assert there(sim, shop, unlucky)["status"] == CANCELLED
    assert all(there(sim, shop, order)["status"] == IN_WORK for order in accepted)
    assert sim.invariants() == []


def test_a_call_of_a_customer(visit, manager, sim, shop):
    """ "It's about my order, the number ends in …": found, answered, noted."""
    order = Order.objects.select_related("customer").order_by("pk")[20]
    phone = order.customer.phones[0]
    page = visit(manager, "/orders/")
    with clicks(page, 1):
        page.keyboard.press("/")
        page.keyboard.type(phone[-6:])
        expect(page.locator("#results tr[data-pk]")).to_have_count(1)
        follow(page, row_of(page, order.external_id).get_by_role("link").first)

        main = page.locator("main")
        line = order.lines.first()
        address = order.addresses.get(kind="shipping")
        for answer in (
            order.customer.name,  # who
            phone,
            address.street,  # where to
            line.name,  # what
            line.sku,
            "Cash on delivery",  # how it is paid
            "Customer pays",
            "You receive",
            "New",  # how it stands
            "Order arrived",  # what happened so far
        ):
            expect(main).to_contain_text(answer)
        expect(main.locator("time.due").first).to_be_visible()

        page.get_by_placeholder("Write a note").focus()
        page.keyboard.type("Asks to be called before the courier comes")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".note", has_text="called before the courier")).to_be_visible()
    assert order.notes.get().author == manager


def test_two_clerks_on_one_order(visit, manager, owner, sim, shop):
    """The second is told what the first did, and loses nothing of what was typed."""
    order = Order.objects.order_by("pk").first()
    first, second = visit(manager, f"/orders/{order.pk}/"), visit(owner, f"/orders/{order.pk}/")
    second.locator("summary[aria-label='More actions']").click()
    second.get_by_role("button", name="Put on hold…").click()
    dialog = second.get_by_role("dialog")
    dialog.get_by_label("Why it waits").fill("Fraud check")

    first.locator("summary[aria-label='More actions']").click()
    first.get_by_role("button", name="Put on hold…").click()
    first.get_by_role("dialog").get_by_label("Why it waits").fill("Asked for a gift box")
    first.get_by_role("dialog").get_by_role("button", name="Put on hold").click()
    expect(first.get_by_role("heading", level=1)).to_contain_text("On hold")

    expect(second.get_by_role("heading", level=1, include_hidden=True)).to_contain_text("On hold")
    second.expects("422")
    dialog.get_by_role("button", name="Put on hold").click()
    expect(dialog).to_contain_text(re.compile("on hold already|changed|nothing left", re.I))
    order.refresh_from_db()
    assert (order.status, order.hold_reason) == (OrderStatus.ON_HOLD, "Asked for a gift box")
