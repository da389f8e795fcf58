"""The page of an order in the hands of clerks: notes, live changes, versions, paper."""

import re

import pytest
from playwright.sync_api import expect

from accounts.choices import Role
from emag.models import SnapshotVersion
from orders.models import Mention, Order, OrderNote
from orders.services import noting
from tests.browser import settle
from tests.e2e.shop import OFFERS, follow, go, press, read, work
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dan(db):
    return UserFactory(name="Dan Țurcanu", role=Role.PICKER)


@pytest.fixture
def order(sim, main):
    sim.inject_orders(1, account=main.there)
    read(main)
    return Order.objects.get()


def url(order):
    return order.get_absolute_url()


def reread(page):
    """What happened to the order just before makes its page read itself once more."""
    page.wait_for_timeout(500)
    settle(page)


def test_a_note_that_names_a_colleague(visit, manager, dan, order):
    UserFactory(name="Dana Pop", role=Role.MANAGER)
    theirs = visit(dan, "/")
    bell = theirs.get_by_role("link", name="Mentions of you")
    expect(bell.locator("em")).to_be_empty()

    page = visit(manager, url(order))
    page.keyboard.press("m")
    field = page.get_by_label("Note", exact=True)
    expect(field).to_be_focused()
    page.keyboard.type("Please call, @da")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Please call, @Dan Țurcanu ")
    expect(options).to_have_count(0)
    page.keyboard.type("today")
    page.keyboard.press("Control+Enter")
    note = page.locator(".note", has_text="Please call")
    expect(note.locator(".mention")).to_have_text("@Dan Țurcanu")
    expect(field).to_have_value("")
    assert Mention.objects.get().person == dan

    expect(bell.locator("em")).to_have_text("1")
    with theirs.expect_navigation():
        theirs.keyboard.press("g")
        theirs.keyboard.press("m")
    settle(theirs)
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Mentions of you")
    follow(theirs, theirs.get_by_role("button", name=re.compile(order.external_id)))
    expect(theirs.locator(".note", has_text="Please call")).to_be_in_viewport()
    expect(theirs.get_by_role("link", name="Mentions of you").locator("em")).to_be_empty()


def test_who_has_the_order_open_has_seen_the_note(visit, manager, dan, order):
    theirs = visit(dan, url(order))
    with theirs.expect_response("**/seen/"):
        noting.write_note(order, "@Dan look", by=manager)
    expect(theirs.locator(".note", has_text="look")).to_be_visible()
    assert Mention.objects.get().read_at
    expect(theirs.get_by_role("link", name="Mentions of you").locator("em")).to_be_empty()


def test_a_note_is_corrected_and_taken_away(visit, manager, order):
    noting.write_note(order, "Ring twixe", by=manager)
    page = visit(manager, url(order))
    page.get_by_role("button", name="Correct").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("Ring twice")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".note")).to_have_text("Ring twice")
    page.get_by_role("button", name="Correct").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".note:not(.gone)")).to_have_count(0)
    expect(page.locator("#order-timeline")).to_contain_text("Note removed")
    assert OrderNote.objects.get().removed_at


def test_what_is_typed_stays_while_the_order_changes(visit, manager, dan, sim, main, order):
    """Two at one order: each sees what the other does, nobody loses a letter."""
    page, theirs = visit(manager, url(order)), visit(dan, url(order))
    field = page.get_by_label("Note", exact=True)
    field.click()
    page.keyboard.type("Half a sen")
    page.evaluate("document.querySelector('#note-text').setSelectionRange(4, 4)")
    menu = page.locator("#order details.menu")
    menu.locator("summary").click()
    field.focus()

    theirs.get_by_label("Note", exact=True).fill("I am on it")
    theirs.keyboard.press("Control+Enter")
    news = page.locator(".banner", has_text="Changed while you had it open")
    expect(news).to_contain_text("Dan Țurcanu")
    expect(theirs.locator(".banner", has_text="Changed while")).to_have_count(0)
    expect(field).to_have_value("Half a sen")
    expect(field).to_be_focused()
    assert page.evaluate("document.querySelector('#note-text').selectionStart") == 4

    sim.order_event(int(order.external_id), "customer_cancel", account=main.there)
    read(main)
    loud = page.get_by_role("alert").filter(has_text="Cancelled while you had it open")
    expect(loud).to_contain_text("Do not pack or ship it.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Accept", exact=True)).to_have_count(0)
    expect(theirs.get_by_role("alert").filter(has_text="Cancelled while")).to_be_visible()
    expect(field).to_have_value("Half a sen")

    loud.get_by_role("button", name="I have seen it").click()
    expect(loud).to_have_count(0)
    expect(page.locator(".banner", has_text="Cancelled")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_label("Note", exact=True)).to_have_value("Half a sen")
    page.get_by_label("Note", exact=True).press("Control+Enter")
    expect(page.locator(".note", has_text="Half a sen")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_label("Note", exact=True)).to_have_value("")


def test_an_open_dialog_survives_and_is_told(visit, manager, dan, sim, main, order):
    """What was decided on an old picture is not done; the reason that was typed is still there."""
    page = visit(manager, url(order))
    page.locator("#order details.menu summary").click()
    page.get_by_role("button", name="Put on hold").click()
    dialog = page.get_by_role("dialog")
    reason = dialog.get_by_role("textbox").first
    reason.fill("Wrong address")
    sim.order_event(int(order.external_id), "customer_cancel", account=main.there)
    read(main)
    expect(page.get_by_role("alert").filter(has_text="Cancelled while")).to_be_attached()
    expect(reason).to_have_value("Wrong address")
    page.expects("409")
    page.expects("422")
    dialog.locator("[type=submit]").click()
    expect(
        page.locator("dialog, .toast").filter(has_text=re.compile("changed|Cancelled|“"))
    ).not_to_have_count(0)
    expect(reason).to_have_value("Wrong address")
    order.refresh_from_db()
    assert order.status == "cancelled"


def test_from_one_order_to_the_next(visit, manager, sim, main):
    sim.inject_orders(3, account=main.there)
    read(main)
    page = visit(manager, "/orders/?sort=external_id")
    numbers = sorted(Order.objects.values_list("external_id", flat=True))
    follow(page, page.locator(f"#results a:text-is('{numbers[0]}')"))
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text(numbers[0])
    beside = page.locator(".order-beside")
    expect(beside.get_by_role("link", name="Previous order")).to_have_count(0)
    follow(page, beside.get_by_role("link", name="Next order"))
    expect(title).to_contain_text(numbers[1])
    expect(beside.get_by_role("link", name="Next order")).to_be_visible()
    page.keyboard.press("j")
    expect(title).to_contain_text(numbers[2])
    expect(beside.get_by_role("link", name="Next order")).to_have_count(0)
    expect(beside.get_by_role("link", name="Previous order")).to_be_visible()
    page.keyboard.press("k")
    expect(title).to_contain_text(numbers[1])
    expect(page.locator(".crumbs a")).to_have_attribute("href", "/orders/?sort=external_id")


def test_pictures_stock_and_what_is_copied(visit, manager, sim, connect):
    account = connect("stocked", offers=5)
    read(account, OFFERS)
    sim.inject_orders(1, account=account.there)
    read(account)
    order = Order.objects.get()
    page = visit(manager, url(order), permissions=["clipboard-read", "clipboard-write"])
    reread(page)
    picture = page.locator(".order-lines img").first
    expect(picture).to_be_visible()
    assert page.evaluate("document.querySelector('.order-lines img').naturalWidth") > 0

    def copied(name):
        button = page.get_by_title(name).first
        button.click()
        expect(button).to_have_accessible_name("Copied")
        return page.evaluate("navigator.clipboard.readText()")

    assert copied("Copy the number") == order.external_id
    assert copied("Copy the address") in {one.as_text for one in order.addresses.all()}
    assert copied("Copy the SKU") == order.lines.order_by("position").first().sku

    page.expects("404")
    broken = re.sub(r"/r/\d+-\d+", "/r/none", picture.get_attribute("src"))
    picture.evaluate("(one, src) => (one.src = src)", broken)
    expect(page.locator(f"img[src='{broken}']")).to_have_count(0)


def test_the_difference_of_two_versions(visit, manager, sim, main, order):
    page = visit(manager, url(order))
    press(page, "Accept")
    work()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    sim.order_event(int(order.external_id), "cancel_request", account=main.there)
    read(main)
    assert SnapshotVersion.objects.count() == 2
    link = page.get_by_role("link", name="Compare the payloads")
    expect(link).to_have_count(2)
    follow(page, link.first)
    expect(page.get_by_role("row", name=re.compile("^Customer asks to cancel"))).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^Status"))
    expect(row).to_have_count(0)
    first = SnapshotVersion.objects.earliest("pk")
    page.get_by_label("Before").select_option(str(first.pk))
    follow(page, page.get_by_role("button", name="Compare"))
    expect(row).to_contain_text("New (1)")
    expect(row).to_contain_text("Accepted (2)")


def test_on_paper(visit, manager, sim, order):
    page = visit(manager, url(order), width=794, height=1123)
    page.emulate_media(media="print")
    for part in (".order-products", ".order-delivery", "#order-number", ".order-lines .box"):
        expect(page.locator(part).first).to_be_visible()
    for part in (".side", ".order-aside", ".order-money", ".acts", ".copy", "#panel-sent"):
        expect(page.locator(part).first).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("window.print = () => (window.printed = true)")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")


def test_it_is_accessible_and_narrow(visit, manager, order, check_axe, check_width):
    noting.write_note(order, "Ring twice", by=manager)
    page = visit(manager, url(order), width=390, height=844)
    check_width(page)
    check_axe(page)
    page = visit(manager, url(order), color_scheme="dark")
    page.get_by_label("Note", exact=True).press_sequentially("@")
    check_axe(page)
    go(page, "/orders/mentions/")
    check_width(page)
    check_axe(page)


def test_who_reads_what_happened_long_ago_stays_there(visit, manager, dan, order):
    for n in range(30):
        noting.write_note(order, f"number {n}.", by=dan)
    page = visit(manager, url(order))
    reread(page)
    timeline = page.locator("#order-timeline")
    older = timeline.get_by_role("button", name="older")
    older.scroll_into_view_if_needed()
    place = "document.querySelector('#order-timeline').scrollTop"
    before = page.evaluate(place)
    older.click()
    expect(timeline.get_by_text("number 0.")).to_be_attached()
    assert page.evaluate(place) == before > 0
    noting.write_note(order, "one more", by=dan)
    expect(timeline.get_by_text("one more")).to_be_attached()
    expect(timeline.get_by_text("number 0.")).to_be_attached()
    assert page.evaluate(place) == before


def test_who_only_looks(visit, viewer, order):
    page = visit(viewer, url(order))
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.external_id)
    expect(page.get_by_label("Note", exact=True)).to_have_count(0)
    expect(page.locator(".order-timeline")).to_contain_text("Order arrived")
    expect(page.locator(".toast")).to_have_count(0)
