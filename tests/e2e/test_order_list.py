"""The list of orders in a browser: the look beside it, tabs, tags, at a desk and on a phone."""

import datetime as dt
import re
import threading
from functools import partial

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from orders import services
from orders.models import Order
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory, customer_in
from tests.live import elsewhere

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clerk():
    return UserFactory(role=Role.MANAGER, name="Ioana Pop")


@pytest.fixture
def orders(clerk):
    """New ones to the right and left of their hour, and one of each other kind."""
    account = MarketplaceAccountFactory(name="MAIN")
    now = timezone.now()
    tag = services.create_tag(name="gift", colour="blue", by=clerk)
    found = [
        OrderFactory(
            account=account, external_id=f"51234{n:04}", lines=1 + n % 3,
            ordered_at=now - dt.timedelta(minutes=7 * n),
            customer=customer_in(external_id=str(n), name=name, phones=(f"07661000{n:02}",)),
            ship_by=now + dt.timedelta(minutes=47 * n - 60), payment=("cod", "card")[n % 2],
        )
        for n, name in enumerate(
            ("Ana-Maria Țurcanu", "SC Brâncoveanu Trade Solutions SRL", "Gheorghe Ștefănescu",
             "Иван Петров", "Ioana Mureșan", "Nagy Eszter")
        )
    ]  # fmt: skip
    for n, status in enumerate(("accepted", "packed", "shipped", "cancelled", "unknown")):
        OrderFactory(
            account=account, status=status, ordered_at=now - dt.timedelta(hours=2 + n),
            cancel_code="31" if status == "cancelled" else "",
            cancel_requested="M-am răzgândit" if n == 0 else "",
            locker_name="easybox Mărăști" if n == 1 else "",
        )  # fmt: skip
    services.tag_order(found[0], [tag.name], by=clerk)
    shipped = Order.objects.get(status="shipped")
    services.note_shipment(shipped, courier="Sameday", awb="1ONB2418893", by=clerk)
    return found


def rows(page):
    return page.locator("#results tbody tr")


def peek(page):
    return page.locator("#peek")


def test_look_at_one_row_after_the_other(visit, clerk, orders, check_axe):
    page = visit(clerk, "/orders/")
    expect(rows(page)).to_have_count(11)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("p")
    expect(peek(page)).to_be_visible()
    expect(peek(page)).to_contain_text("Ana-Maria Țurcanu")
    expect(peek(page)).to_contain_text("0766100000")
    page.keyboard.press("ArrowDown")
    expect(peek(page)).to_contain_text("Brâncoveanu")
    expect(rows(page).nth(1)).to_be_focused()
    check_axe(page)
    page.keyboard.press("Escape")
    expect(peek(page)).to_be_hidden()
    expect(rows(page).nth(1)).to_be_focused()
    expect(page).to_have_url(re.compile("/orders/$"))


def test_it_follows_what_happens(visit, clerk, orders):
    page = visit(clerk, "/orders/")
    page.get_by_role("button", name="Look at rows beside the list").click()
    expect(peek(page)).to_contain_text("Ana-Maria Țurcanu")
    elsewhere(partial(services.hold_order, orders[0], "Sună înainte", by=clerk))
    expect(peek(page)).to_contain_text("Sună înainte")
    expect(rows(page).first).to_have_class(re.compile("peeked"))


def test_act_without_leaving_the_list(visit, clerk, orders):
    page = visit(clerk, "/orders/?status=new&fulfilment=own")
    expect(rows(page)).to_have_count(6)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    peek(page).get_by_role("button", name="Accept").click()
    expect(page.locator(".toast")).to_contain_text("The marketplace is being told")
    expect(peek(page)).to_contain_text("accepting…")
    expect(page).to_have_url(re.compile(r"/orders/\?status=new"))


def test_tabs_keep_the_search(visit, clerk, orders):
    page = visit(clerk, "/orders/")
    expect(page.locator("#list-tabs a", has_text="New")).to_contain_text("6")
    page.locator("#search").fill("0766100003")
    expect(rows(page)).to_have_count(1)
    page.locator("#list-tabs a", has_text="To pick").click()
    expect(page.locator("#results")).to_contain_text("Nothing matches")
    page.get_by_role("link", name="Search in all tabs").click()
    expect(rows(page)).to_have_count(1)


def test_tag_the_selected(visit, clerk, orders):
    page = visit(clerk, "/orders/")
    rows(page).nth(1).locator(".row-check").check()
    rows(page).nth(2).locator(".row-check").check()
    page.locator("#bulk summary").click()
    page.locator("#bulk").get_by_role("button", name="Tag", exact=False).first.click()
    page.locator("#modal").get_by_label("gift").check()
    page.locator("#modal").get_by_role("button", name=re.compile("^Tag")).click()
    expect(rows(page).locator(".tag")).to_have_count(3)


def test_on_a_phone_it_is_a_sheet(visit, clerk, orders, check_width, check_axe):
    page = visit(clerk, "/orders/", width=390, height=844)
    page.get_by_role("button", name="Look at rows beside the list").click()
    expect(peek(page)).to_contain_text("Ana-Maria Țurcanu")
    box = peek(page).bounding_box()
    assert box["width"] == 390
    assert box["y"] > 100, "the list can be seen above it"
    check_width(page)
    check_axe(page)
    peek(page).get_by_role("button", name="Close").click()
    expect(peek(page)).to_be_hidden()


def test_it_keeps_up_while_orders_pour_in(visit, clerk, orders):
    """A page that waited for quiet would show nothing until the last of them has come."""
    page = visit(clerk, "/orders/")
    account = orders[0].account
    stop = threading.Event()

    def pour():
        number = 0
        while not stop.wait(0.09):
            number += 1
            facts = {"external_id": f"9{number:08}", "ordered_at": timezone.now()}
            OrderFactory(account=account, **facts)

    pouring = threading.Thread(target=lambda: elsewhere(pour))
    pouring.start()
    try:
        expect(rows(page).first).to_contain_text("90000", timeout=2500)
        expect(rows(page).nth(20)).to_contain_text("90000", timeout=6000)
        assert pouring.is_alive(), "it was seen while they came in"
    finally:
        stop.set()
        pouring.join()


OPEN_TAB_IS_SEEN = """() => {
    const tab = document.querySelector("#list-tabs [aria-current]").getBoundingClientRect();
    const row = document.querySelector("#list-tabs").getBoundingClientRect();
    return tab.left >= row.left && tab.right <= row.right;
}"""


def test_the_open_tab_is_in_sight_where_there_is_no_room_for_all(visit, clerk, orders):
    page = visit(clerk, "/orders/")
    page.set_viewport_size({"width": 500, "height": 800})
    page.goto("/orders/?tab=all")
    assert page.evaluate(OPEN_TAB_IS_SEEN)
    services.hold_order(orders[0], reason="called", by=UserFactory(role=Role.MANAGER))
    expect(page.locator("#list-tabs")).to_contain_text(re.compile(r"On hold\s*1"))
    assert page.evaluate(OPEN_TAB_IS_SEEN), "nor is it lost when the list reads itself again"
