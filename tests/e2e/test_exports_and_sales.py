"""The export menu, an export that is sent by itself, and the sales figures above the orders."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from core.models import ScheduledExport
from tests.browser import settle
from tests.e2e.shop import follow, press, work
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory, line_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
ORDERS = "/orders/?view=all"


@pytest.fixture
def orders(transactional_db):
    account = MarketplaceAccountFactory(name="RO main")
    hungarian = MarketplaceAccountFactory(name="HU main", country="HU", currency="HUF")
    now = timezone.now()
    made = [
        OrderFactory(account=account, lines=2, ordered_at=now - dt.timedelta(days=day))
        for day in (0, 1, 9)
    ]
    OrderFactory(
        account=hungarian, currency="HUF", ordered_at=now, lines=(line_in(currency="HUF"),)
    )
    return made


def test_the_export_menu(visit, viewer, orders):
    page = visit(viewer, ORDERS)
    page.get_by_label("Account").select_option(label="RO main")
    settle(page)
    page.locator("#export-menu summary").click()
    menu = page.locator("#export-menu .menu-list")
    menu.get_by_label("Lines").check()
    menu.get_by_label("From").fill(f"{timezone.localdate() - dt.timedelta(days=3)}")
    menu.get_by_label("To").fill(f"{timezone.localdate()}")
    with page.expect_download() as download:
        menu.get_by_role("button", name="CSV file").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Order"] for row in rows] == [n for o in orders[:2] for n in [o.external_id] * 2]
    page.route(re.compile("_panel=export"), lambda route: None)  # whoever is quicker than the menu
    page.locator("#export-menu summary").click()
    with page.expect_download(timeout=10_000) as download:
        menu.get_by_role("button", name="PDF file").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")


def test_an_export_that_is_sent_by_itself(visit, orders, check_axe, check_width):
    accountant = UserFactory(role=Role.ACCOUNTANT)
    page = visit(accountant, f"{ORDERS}&status=new")
    page.locator("#export-menu summary").click()
    follow(page, page.get_by_role("button", name="Send it at set times…"))
    expect(page.get_by_label("Name", exact=True)).to_have_value("Orders: Status New")
    expect(page.get_by_label("Weekday")).to_be_hidden()
    page.get_by_label("Every week").check()
    page.get_by_label("Weekday").select_option(label="Friday")
    check_axe(page)
    page.expects("422")
    press(page, "Save")  # nowhere to go
    expect(page.get_by_role("alert")).to_contain_text("Say where it goes")
    page.get_by_label("Email").fill("boss@shop.ro")
    press(page, "Save")
    expect(page.get_by_text("Every Friday at 06:00").first).to_be_visible()
    check_axe(page)
    press(page, "Run now")
    work()
    expect(page.get_by_text("Delivered")).to_be_visible()  # told live
    [message] = mail.outbox
    assert message.to == ["boss@shop.ro"]
    [(name, _data, _kind)] = message.attachments
    assert name.endswith(".xlsx")
    phone = visit(accountant, ScheduledExport.objects.get().get_absolute_url(), width=390)
    check_width(phone)


def test_sales_figures_follow_the_list(visit, viewer, orders, check_axe, check_width):
    page = visit(viewer, ORDERS)
    sales = page.locator("#sales")
    expect(sales).to_be_hidden()
    page.get_by_role("button", name="Sales").click()
    stat = sales.locator(".sales-stats dd > b")
    expect(stat.nth(1)).to_have_text("3")
    expect(sales.locator("canvas")).to_be_visible()
    page.wait_for_function("() => window.Chart && Object.keys(window.Chart.instances).length === 1")
    check_axe(page)
    sales.get_by_role("button", name="HUF").click()
    expect(stat.nth(0)).to_have_text("200 Ft")
    page.get_by_label("Account").select_option(label="RO main")
    expect(stat.nth(1)).to_have_text("3")
    follow(page, sales.get_by_role("link", name="7 days"))
    expect(stat.nth(1)).to_have_text("2")
    expect(sales.locator(".sales-stats")).to_contain_text("before: 1")
    sales.get_by_text("As a table").click()
    expect(sales.locator("#sales-days tbody tr")).to_have_count(7)
    phone = visit(viewer, ORDERS, width=390)
    expect(phone.locator("#sales .sales-stats dd > b").nth(1)).to_have_text("3")
    check_width(phone)
