"""What did not go through: seen in plain words, tried again, or settled by a person."""

import re

import pytest
from playwright.sync_api import expect

from accounts.choices import Role
from emag.handlers import there as order_there
from orders.models import Order
from orders.services import accept_order
from outbox.choices import CommandStatus, ErrorKind
from outbox.models import Command
from tests.e2e.shop import follow, go, press, read, row_of, toast, work
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ACKNOWLEDGE = "order/acknowledge/{id:int}"
IN_WORK = 2


@pytest.fixture(autouse=True)
def _look_soon(monkeypatch):
    monkeypatch.setattr(order_there, "LOOK_AGAIN", (0.01, 0.01))


@pytest.fixture
def order(sim, main):
    sim.inject_orders(1, account=main.there)
    read(main)
    return Order.objects.get()


@pytest.fixture
def refused(sim, main, order, manager):
    """eMAG said no once; asked again it would say yes."""
    sim.fault(
        "iserror_200", match={"route": ACKNOWLEDGE}, count=1, message="Order is being edited."
    )
    accept_order(order, by=manager)
    work()
    command = Command.objects.get()
    assert (command.status, command.error_kind) == (CommandStatus.FAILED, ErrorKind.VALIDATION)
    return command


@pytest.fixture
def uncertain(sim, main, order, manager):
    """The reply was lost, and nobody could look it up: a person has to say what happened."""
    accept_order(order, by=manager)
    sim.fault("drop", match={"route": ACKNOWLEDGE}, count=1, applied=True)
    sim.fault("outage", match={"route": "order/read"}, count=50)
    work()
    Command.objects.update(next_attempt_at=None)  # all looks of some hours are used up
    sim.clear_faults()
    command = Command.objects.get()
    assert command.status == CommandStatus.UNCERTAIN
    return command


def there(sim, order):
    return sim.truth("order", f"ro:{order.account.name}")[int(order.external_id)]["status"]


def acceptances(sim):
    return [call for call in sim.journal() if "acknowledge" in call["path"]]


def heading(page):
    return page.get_by_role("heading", level=1)


def test_what_was_refused_is_tried_again(visit, manager, sim, order, refused):
    page = visit(manager, "/")
    banner = page.locator("#banners .banner", has_text="refused 1 message")
    follow(page, banner.get_by_role("link"))
    row = row_of(page, order.external_id)
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("Accept order")
    follow(page, row.get_by_role("link", name="Accept order"))
    expect(page.get_by_text("Order is being edited.").first).to_be_visible()
    expect(page.get_by_text("Correct what the marketplace names, then retry.")).to_be_visible()
    follow(page, page.get_by_role("link", name="The call").first)
    expect(page.locator("#results tr[data-pk]")).to_have_count(1)
    follow(page, page.get_by_role("link", name="order/acknowledge"))
    expect(page.locator("#said")).to_contain_text("Order is being edited.")
    expect(page.get_by_role("button", name="Repeat this reading")).to_have_count(0)
    go(page, f"/outbox/{refused.pk}/")
    press(page, "Retry")
    toast(page, "It is sent again now")
    work()
    expect(heading(page)).to_contain_text("Done")
    expect(page.locator("#banners .banner", has_text="refused")).to_have_count(0)
    assert there(sim, order) == IN_WORK
    follow(page, page.get_by_role("link", name=order.external_id))
    expect(heading(page)).to_contain_text("Accepted")


def test_what_was_refused_is_left(visit, manager, sim, order, refused):
    page = visit(manager, f"/outbox/{refused.pk}/")
    page.get_by_role("button", name="Do not send").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The marketplace will not be told")
    press(page, "Do not send", within=dialog)
    expect(heading(page)).to_contain_text("Cancelled")
    assert work() == 0
    assert there(sim, order) != IN_WORK
    go(page, f"/orders/{order.pk}/")
    expect(heading(page)).to_contain_text("Accept order Cancelled")
    press(page, "Ask again")
    work()
    expect(heading(page)).to_contain_text("Accepted")
    assert there(sim, order) == IN_WORK


def test_the_page_of_an_order_says_that_it_was_refused(visit, manager, sim, order):
    page = visit(manager, f"/orders/{order.pk}/")
    sim.fault("iserror_200", match={"route": ACKNOWLEDGE}, count=1, message="Try later.")
    press(page, "Accept")
    expect(heading(page)).to_contain_text("accepting")
    work()
    expect(heading(page)).to_contain_text("Accept order Failed")
    follow(page, heading(page).get_by_role("link"))
    expect(page.get_by_text("Try later.").first).to_be_visible()


def test_what_nobody_knows_is_settled_by_a_person(visit, manager, sim, order, uncertain):
    page = visit(manager, "/outbox/")
    expect(page.locator("#banners .banner.tone-red")).to_contain_text("no clear answer")
    row = row_of(page, order.external_id)
    expect(row).to_contain_text("Uncertain")
    expect(row).to_contain_text("It may have gone through")
    follow(page, row.get_by_role("link", name="Accept order"))
    expect(page.get_by_text("Sending it again could do it twice.")).to_be_visible()
    expect(page.get_by_role("button", name="Retry", exact=True)).to_have_count(0)
    page.get_by_role("button", name="It did happen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("does not send it again")
    dialog.get_by_role("textbox").first.fill("Seen in the seller interface")
    press(page, "It did happen", within=dialog)
    toast(page, "it did happen")
    expect(heading(page)).to_contain_text("Done")
    work()
    assert len(acceptances(sim)) == 1, "once, and not a second time"
    go(page, f"/orders/{order.pk}/")
    expect(heading(page)).to_contain_text("Accepted")


def test_the_queue_changes_by_itself(visit, manager, sim, order):
    page = visit(manager, "/outbox/list/")
    expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
    accept_order(order, by=manager)
    expect(row_of(page, order.external_id)).to_contain_text("Queued")
    work()
    expect(row_of(page, order.external_id)).to_contain_text("Done")
    expect(page.get_by_role("link", name=re.compile("^Resolved"))).to_contain_text("1")


def test_who_may_only_look_has_no_buttons(visit, order, refused):
    page = visit(UserFactory(role=Role.ACCOUNTANT), f"/outbox/{refused.pk}/")
    expect(page.get_by_text("Order is being edited.").first).to_be_visible()
    for name in ("Retry", "Do not send"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="The call")).to_have_count(0)
    go(page, "/outbox/list/")
    expect(row_of(page, order.external_id)).to_be_visible()
    expect(page.locator("input.row-check")).to_have_count(0)
