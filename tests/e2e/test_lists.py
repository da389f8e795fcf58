"""A list page in the hands of a person: search, filter, keep the view, take it away as a file."""

import csv
import io
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from core.models import AuditEntry
from tests.browser import settle

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def entries():
    now = timezone.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=now - timezone.timedelta(minutes=n),
            actor_name="Ana Țurcanu" if n % 2 else "Dan Ștefănescu",
            verb="person.changed" if n % 3 else "person.invited",
            subject_label=f"Person {n:03} with a rather long name, as Romanian product titles have "
            * 2,
            changes={"role": ["picker", "packer"]},
            search_text=f"{'ana turcanu' if n % 2 else 'dan stefanescu'} person {n:03}",
        )
        for n in range(120)
    )


HINT = "document.body.dispatchEvent(new CustomEvent('live:audit', {detail: {ids: 'many'}}))"


def rows(page):
    return page.locator("#results tbody tr")


def test_filter_then_saved_view_then_export(visit, manager, entries):
    page = visit(manager, "/audit/")
    expect(rows(page)).to_have_count(50)

    page.get_by_role("searchbox").first.fill("țurc")
    expect(page.locator("#results .foot")).to_contain_text("of 60")
    page.get_by_role("combobox", name="What").select_option("person.invited")
    expect(page.locator("#results .foot")).to_contain_text("of 20")
    expect(page).to_have_url(re.compile(r"\?q=%C8%9Burc&verb=person\.invited$"))

    page.locator("#view-menu summary").click()
    page.get_by_text(re.compile("Save")).first.click()
    page.get_by_label("Name").fill("Ana invites")
    page.get_by_role("button", name=re.compile("^Save")).last.click()
    expect(page.locator("#view-menu summary")).to_contain_text("Ana invites")

    page.goto("/audit/?view=all")
    expect(rows(page)).to_have_count(50)
    page.locator("#view-menu summary").click()
    page.get_by_role("link", name="Ana invites").click()
    expect(rows(page)).to_have_count(20)

    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_text("CSV file").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    head, *body = csv.reader(io.StringIO(text))
    assert head[:3] == ["When", "Who", "What"]
    assert len(body) == 20
    assert {row[1] for row in body} == {"Ana Țurcanu"}


def test_the_filter_dialog_and_its_chips(visit, manager, entries):
    page = visit(manager, "/audit/")
    page.get_by_role("button", name="Filter").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Who").fill("Dan")
    dialog.get_by_role("button", name="Show results").click()
    chip = page.locator(".chip")
    expect(chip).to_contain_text("Who “Dan”")
    expect(page.locator("#results .foot")).to_contain_text("of 60")
    chip.click()
    expect(page.locator("#results .foot")).to_contain_text("of 120")
    page.evaluate("history.back()")
    expect(page.locator("#results .foot")).to_contain_text("of 60")


def test_paging_and_the_way_back(visit, manager, entries):
    page = visit(manager, "/audit/")
    first = rows(page).first.get_attribute("data-pk")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#results .foot")).to_contain_text("51–100 of 120")
    page.get_by_role("link", name="Last").click()
    expect(page.locator("#results .foot")).to_contain_text("71–120 of 120")
    settle(page)
    page.evaluate("history.back()")
    expect(page.locator("#results .foot")).to_contain_text("51–100 of 120")
    settle(page)
    page.evaluate("history.back()")
    expect(rows(page).first).to_have_attribute("data-pk", first)


def test_with_the_keyboard_alone(visit, manager, entries):
    page = visit(manager, "/audit/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).to_be_focused()
    page.keyboard.type("person 007")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Person changed")
    page.evaluate("history.back()")
    expect(rows(page)).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440, 2560])
def test_every_width_in_light_and_dark(
    visit, manager, entries, check_axe, check_width, width, scheme
):
    page = visit(manager, "/audit/", width=width, height=844, color_scheme=scheme)
    expect(rows(page)).to_have_count(50)
    check_width(page)
    check_axe(page)


def test_on_a_phone_rows_are_cards_of_what_matters(visit, manager, entries):
    page = visit(manager, "/audit/", width=390, height=844)
    first = rows(page).first
    expect(first.locator("td.keep").first).to_be_visible()
    expect(first.locator("td:not(.keep)").first).to_be_hidden()


def test_half_typed_search_and_focus_survive_a_live_hint(visit, manager, entries):
    page = visit(manager, "/audit/")
    search = page.get_by_role("searchbox").first
    search.press_sequentially("ana tu")
    expect(page.locator("#results .foot")).to_contain_text("of 60")
    with page.expect_response(lambda response: "/audit/" in response.url):
        page.evaluate(HINT)
    expect(search).to_be_focused()
    expect(search).to_have_value("ana tu")
    expect(page.locator("#results .foot")).to_contain_text("of 60")
