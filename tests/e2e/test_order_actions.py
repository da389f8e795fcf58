"""What a clerk does to an order on its page: buttons, dialogs, refusals, somebody being first."""

import re

import pytest
from playwright.sync_api import expect

from accounts.choices import Role
from emag.client import client_for
from emag.handlers import there
from orders import services
from orders.models import Order
from tests.browser import settle
from tests.e2e.shop import press, read, toast, work
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _look_soon(monkeypatch):
    monkeypatch.setattr(there, "LOOK_AGAIN", (0.01, 0.01))


@pytest.fixture
def order(sim, main):
    sim.inject_orders(1, account=main.there, lines=2, payment=1, voucher="none", complete=True)
    read(main)
    order = Order.objects.get()
    client_for(main).acknowledge_order(int(order.external_id))
    read(main)
    order.refresh_from_db()
    return order


@pytest.fixture
def page(visit, manager, order):
    return visit(manager, order.get_absolute_url())


def choose(page, name):
    """Open the menu behind the dots, and take one of its lines."""
    page.get_by_label("More actions").click()
    page.locator(".menu-list").get_by_role("button", name=name).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def status(page):
    return page.locator("h1 .badge").first


def test_what_is_pressed_without_a_connection_says_so(page):
    page.expects("ERR_INTERNET_DISCONNECTED")
    page.expects("htmx:")
    page.get_by_label("More actions").click()
    page.context.set_offline(True)
    page.locator(".menu-list").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("No connection")


@pytest.mark.parametrize("outcome", ["failed", "no connection"])
def test_what_fails_says_so_although_its_button_was_replaced_meanwhile(page, outcome):
    for word in ("500", "ERR_FAILED", "htmx:"):
        page.expects(word)
    held = []
    page.route(
        re.compile("/orders/"),
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_role("button", name="Start picking").click()
    old = page.locator("#order").element_handle()
    page.evaluate("document.body.dispatchEvent(new CustomEvent('order:changed'))")
    while old.evaluate("order => order.isConnected"):
        page.wait_for_timeout(20)
    (request,) = held
    if outcome == "failed":
        request.fulfill(status=500, body="")
    else:
        request.abort()
    words = {"failed": "Something went wrong", "no connection": "No connection"}[outcome]
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_it_works(page, order):
    """One click a step: picked, packed, shipped."""
    press(page, "Start picking")
    expect(status(page)).to_have_text("Picking")
    press(page, "Mark as packed")
    expect(page.locator("h1")).to_contain_text("marking as packed…")
    work()
    expect(status(page)).to_have_text("Packed")
    press(page, "Mark as shipped")
    work()
    expect(status(page)).to_have_text("Shipped")


def test_cancelling_says_what_comes_of_it(page, order):
    dialog = choose(page, "Cancel order")
    expect(dialog).to_contain_text("can be undone for 48 hours")
    expect(dialog).to_contain_text("would have paid on delivery")
    page.expects("422")
    dialog.get_by_role("button", name="Cancel order").click()
    expect(dialog).to_contain_text("needs another look")
    dialog.get_by_label("Reason").select_option("1")
    press(page, "Cancel order", dialog)
    expect(page.locator("h1")).to_contain_text("cancelling…")
    work()
    expect(status(page)).to_have_text("Cancelled")
    dialog = choose(page, "Undo cancellation")
    press(page, "Undo cancellation", dialog)
    work()
    expect(status(page)).to_have_text("Accepted")


def test_who_was_second_is_told_and_what_was_typed_stays(page, order, owner):
    dialog = choose(page, "Put on hold")
    dialog.get_by_label("Why it waits").fill("The customer rings back")
    services.move_order(order, "picking", by=owner)
    page.expects("422")
    dialog.get_by_role("button", name="Put on hold").click()
    expect(dialog).to_contain_text("changed while you were looking")
    expect(dialog).to_contain_text(owner.name)
    expect(dialog.get_by_label("Why it waits")).to_have_value("The customer rings back")
    press(page, "Put on hold", dialog)
    expect(status(page)).to_have_text("On hold")
    order.refresh_from_db()
    assert (order.hold_reason, order.held_from) == ("The customer rings back", "picking")


def test_quantities(page, order):
    line = order.lines.order_by("position").first()
    dialog = choose(page, "Change quantities")
    dialog.get_by_label(line.name).fill(str(line.quantity + 1))
    press(page, "Change quantities", dialog)
    expect(page.locator("h1")).to_contain_text("changing quantities…")
    work()
    line.refresh_from_db()
    assert line.quantity == line.initial_quantity


def test_a_document(page, order, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "f.pdf").write_bytes(b"%PDF-1.7 and so on")
    (tmp_path / "f.txt").write_bytes(b"not one")
    dialog = choose(page, "Attach document")
    dialog.get_by_label("Name").fill("Factura 7")
    dialog.get_by_label("PDF").set_input_files(tmp_path / "f.txt")
    page.expects("422")
    dialog.get_by_role("button", name="Attach document").click()
    expect(dialog).to_contain_text("This is no PDF")
    expect(dialog.get_by_label("Name")).to_have_value("Factura 7")
    dialog.get_by_label("PDF").set_input_files(tmp_path / "f.pdf")
    press(page, "Attach document", dialog)
    work()
    expect(page.get_by_role("link", name="Factura 7").first).to_be_visible()


def test_why_not(page, order):
    dialog = choose(page, "Why can't I")
    expect(dialog).to_contain_text("Only a shipped order is returned")


def test_on_a_telephone(visit, manager, order):
    page = visit(manager, order.get_absolute_url(), width=390, height=844)
    dialog = choose(page, "Cancel order")
    assert dialog.bounding_box()["width"] <= 390
    button = dialog.get_by_role("button", name="Cancel order")
    expect(button).to_be_in_viewport()


def test_all_in_stock(visit, sim, connect, manager):
    account = connect("stock", offers=30)
    sim.inject_orders(4, account=account.there, lines=1, complete=True)
    read(account, "emag.pull_offers")
    read(account)
    page = visit(manager, "/orders/")
    button = page.get_by_role("button", name="in stock")
    expect(button).to_be_visible()
    button.click()
    toast(page, "being accepted")
    work()
    settle(page)
    assert Order.objects.filter(status="accepted").exists()


@pytest.mark.parametrize("role", [Role.PICKER, Role.VIEWER])
def test_who_may_only_look_sees_no_buttons(visit, order, role):
    page = visit(UserFactory(role=role), order.get_absolute_url())
    expect(page.get_by_role("button", name="Start picking")).to_have_count(0)
    page.get_by_label("More actions").click()
    expect(page.locator(".acts .menu-item")).to_have_count(1)
