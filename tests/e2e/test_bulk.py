"""Many rows at once, in the hands of a person: choose, look ahead, do it, read the result."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import User
from core import jobs
from core.models import BulkRun, JobRun
from tests.factories.accounts import UserFactory
from tests.lists import URL

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _lists(settings):
    settings.ROOT_URLCONF = "tests.lists"


@pytest.fixture
def people():
    return make(120)


def make(n, name="Person"):
    return User.objects.bulk_create(
        User(name=f"{name} {i:03}", email=f"{name}{i}@list.example".lower(), role="viewer")
        for i in range(n)
    )


def row(page, n):
    return page.locator("#results tbody tr").nth(n)


def box(page, n):
    return row(page, n).locator("input.row-check")


def bar(page):
    return page.locator("#bulk")


def dialog(page):
    return page.get_by_role("dialog")


def ticked(page):
    return page.locator("#results input.row-check:checked")


def hint(page, topic="people"):
    with page.expect_response(lambda response: URL in response.url):
        page.evaluate(
            f"document.body.dispatchEvent(new CustomEvent('live:{topic}', {{detail: {{ids: []}}}}))"
        )


def choose_role(page, role):
    """The list is there once it has answered, however busy the machine is."""
    with page.expect_response(lambda response: f"role={role}" in response.url):
        page.get_by_label("Role").select_option(role)


def effects():
    return User.objects.filter(session_epoch__gt=0).count()


def test_it_works(visit, manager, people):
    page = visit(manager, URL)
    expect(bar(page)).to_be_hidden()
    box(page, 0).check()
    box(page, 1).check()
    expect(bar(page)).to_contain_text("2 selected")
    bar(page).get_by_role("button", name="Touch").click()
    expect(dialog(page).get_by_role("heading")).to_have_text("Touch 2 people")
    dialog(page).get_by_role("button", name="Touch").click()
    expect(page.locator(".toast")).to_contain_text("Touch: 2 done")
    expect(dialog(page)).to_be_hidden()
    expect(bar(page)).to_be_hidden()
    expect(ticked(page)).to_have_count(0)
    assert effects() == 2


def test_all_that_match_goes_to_the_worker(visit, manager, people):
    make(1, "Refused")
    page = visit(manager, URL)
    page.locator("input.page-check").check()
    expect(bar(page)).to_contain_text("50 selected")
    bar(page).get_by_role("button", name="Select all 121 that match").click()
    expect(bar(page)).to_contain_text("All 121 that match are selected")
    bar(page).get_by_role("button", name="Touch").click()
    expect(dialog(page)).to_contain_text("1 will be refused")
    expect(dialog(page)).to_contain_text("Nobody may touch this one.")
    dialog(page).get_by_role("button", name="Touch").click()
    expect(dialog(page)).to_contain_text("0 of 121")

    queued = JobRun.objects.get(name="core.run_bulk")
    jobs.run_job(queued.name, queued.key, run_id=queued.pk)
    expect(dialog(page)).to_contain_text("120 done, 1 refused")
    assert effects() == 120
    dialog(page).get_by_role("link", name="Open on a page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Touch 121 people")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download every row as CSV").click()
    assert len(download.value.path().read_text(encoding="utf-8-sig").splitlines()) == 122


def test_all_that_match_is_the_filter_of_the_moment(visit, manager, people):
    """The bar was there before the filter; what counts is what the list shows now."""
    pickers = [UserFactory(email=f"a{i}@list.example", role="picker") for i in (1, 2)]
    page = visit(manager, URL)
    choose_role(page, "picker")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    page.locator("input.page-check").check()
    bar(page).get_by_role("button", name="Touch").click()
    expect(dialog(page).get_by_role("heading")).to_have_text("Touch 2 people")
    dialog(page).get_by_role("button", name="Touch").click()
    expect(page.locator(".toast")).to_contain_text("2 done")
    changed = User.objects.filter(session_epoch=1).values_list("pk", flat=True)
    assert set(changed) == {picker.pk for picker in pickers}


def test_a_selection_survives_hints_and_pages(visit, manager, people):
    page = visit(manager, URL)
    box(page, 3).check()
    hint(page)
    expect(box(page, 3)).to_be_checked()
    page.get_by_role("link", name="Next").click()
    expect(row(page, 0)).to_contain_text("Person 050")
    expect(ticked(page)).to_have_count(0)
    box(page, 0).check()
    expect(bar(page)).to_contain_text("2 selected")
    page.get_by_role("link", name="Previous").click()
    expect(row(page, 0)).to_contain_text("Person 000")
    expect(box(page, 3)).to_be_checked()
    page.get_by_role("link", name="Name").first.click()  # another order of the same rows
    expect(row(page, 0)).to_contain_text("Person 119")
    expect(bar(page)).to_contain_text("2 selected")


def test_another_filter_is_another_selection(visit, manager, people):
    page = visit(manager, URL)
    box(page, 0).check()
    choose_role(page, "viewer")
    expect(bar(page)).to_be_hidden()


def test_ranges_and_the_head(visit, manager, people):
    page = visit(manager, URL)
    box(page, 2).click()
    box(page, 6).click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("5 selected")
    head = page.locator("input.page-check")
    assert head.evaluate("box => box.indeterminate")
    box(page, 4).click()
    box(page, 2).click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("2 selected")
    head.check()
    expect(bar(page)).to_contain_text("50 selected")
    head.uncheck()
    expect(bar(page)).to_be_hidden()


def test_one_row_less_than_all(visit, manager, people):
    """Taking one away from "all that match" leaves the page's rows, which a person can see."""
    page = visit(manager, URL)
    box(page, 0).check()
    page.locator(".bulk-all").click()
    box(page, 1).uncheck()
    expect(bar(page)).to_contain_text("49 selected")


def test_with_the_keyboard_alone(visit, manager, people):
    page = visit(manager, URL)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(bar(page)).to_contain_text("2 selected")
    expect(page.locator("#bulk-said")).to_have_text("2 selected")
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()
    expect(page.locator("#bulk-said")).to_have_text("Nothing is selected")

    box(page, 0).focus()
    page.keyboard.press("Space")
    expect(bar(page)).to_contain_text("1 selected")
    page.keyboard.press(".")
    expect(bar(page).get_by_role("button", name="Select all")).to_be_focused()
    page.keyboard.press("Tab")
    expect(bar(page).get_by_role("button", name="Touch")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    expect(bar(page)).to_contain_text("1 selected"), "Esc in a dialog closes the dialog alone"


def test_a_number_is_typed_before_something_final(visit, manager, people):
    page = visit(manager, URL)
    page.locator("input.page-check").check()
    bar(page).get_by_role("button", name="Wipe").click()
    expect(dialog(page)).to_contain_text("50 people lose everything.")
    page.expects("422")
    dialog(page).get_by_label("Type 50 to confirm").fill("5")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_contain_text("Type 50 to confirm.")
    expect(dialog(page).locator("[aria-invalid]")).to_be_focused()
    expect(dialog(page).locator(".htmx-added, .htmx-settling")).to_have_count(0)
    assert effects() == 0
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("50 done")
    assert effects() == 50


def test_an_impatient_finger(visit, manager, people):
    page = visit(manager, URL)
    box(page, 0).check()
    bar(page).get_by_role("button", name="Touch").click()
    dialog(page).get_by_role("button", name="Touch").dblclick(no_wait_after=True)
    expect(page.locator(".toast")).to_contain_text("1 done")
    assert list(User.objects.filter(session_epoch__gt=0).values_list("session_epoch")) == [(1,)]


def test_cancel(visit, manager, people):
    page = visit(manager, URL)
    box(page, 0).check()
    page.locator(".bulk-all").click()
    bar(page).get_by_role("button", name="Touch").click()
    dialog(page).get_by_role("button", name="Touch").click()
    expect(dialog(page)).to_contain_text("0 of 120")
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(dialog(page)).to_contain_text("Cancelled. 0 done, 120 not started")
    assert BulkRun.objects.get().status == "cancelled"


def test_nobody_else_sees_a_bar(visit, owner, manager, people, settings):
    page = visit(manager, "/audit/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(bar(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_every_width_in_light_and_dark(
    visit, manager, people, check_axe, check_width, width, scheme
):
    make(2, "Refused")
    page = visit(manager, URL, width=width, height=844, color_scheme=scheme)
    box(page, 0).check()
    page.locator(".bulk-all").click()
    check_width(page)
    check_axe(page)
    bar(page).get_by_role("button", name="Write on").click()
    expect(dialog(page)).to_be_visible()
    check_axe(page)
    page.keyboard.press("Escape")
    bar(page).get_by_role("button", name="Touch").click()
    dialog(page).get_by_role("button", name="Touch").click()
    expect(dialog(page)).to_contain_text("of 122")
    check_axe(page)
    queued = JobRun.objects.get(name="core.run_bulk")
    jobs.run_job(queued.name, queued.key, run_id=queued.pk)
    expect(dialog(page)).to_contain_text("2 refused")
    expect(page.locator("#results.htmx-request")).to_have_count(0)
    check_axe(page)
    dialog(page).get_by_role("link", name="Open on a page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Touch"))
    check_width(page)
    check_axe(page)
