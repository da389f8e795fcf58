"""Saved views and columns in the hands of a person."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import User
from core import saved_views
from core.models import SavedView
from core.saved_views import ListState
from tests.lists import PAGE, URL

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _lists(settings):
    settings.ROOT_URLCONF = "tests.lists"
    User.objects.bulk_create(
        User(
            name=f"Person {i:02}", email=f"p{i}@list.example", role="picker" if i % 2 else "viewer"
        )
        for i in range(20)
    )


def make(by, name="Pickers", query="role=picker", **fields):
    columns = ["name", "email", "role"]
    state = ListState(page=PAGE, path=URL, query=query, columns=columns)
    return saved_views.save_view(state, by=by, name=name, **fields)


def rows(page):
    return page.locator("#results tbody tr")


def heads(page):
    return page.locator("#results thead th")


def menu(page, which="view"):
    opened = page.locator(f"#{which}-menu")
    if opened.get_attribute("open") is None:
        opened.locator("summary").focus()
        page.keyboard.press("Enter")
    expect(opened.locator(".menu-list")).not_to_contain_text("Loading")
    return opened


def test_save_open_change_and_delete(visit, manager):
    page = visit(manager, URL)
    page.get_by_label("Role").select_option("picker")
    expect(rows(page)).to_have_count(10)
    menu(page).get_by_role("button", name="Save as a new view").click()
    page.get_by_label("Name").fill("My morning")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#view-menu summary")).to_have_text("My morning")

    page.get_by_label("Role").select_option("viewer")
    expect(rows(page).first).to_contain_text("Person 00")
    expect(menu(page)).to_contain_text("“My morning” has been changed")
    with page.expect_navigation():
        menu(page).get_by_role("button", name="Save the changes").click()
    assert SavedView.objects.get().query == "role=viewer"

    menu(page).get_by_role("link", name="Everything").click()
    expect(rows(page)).to_have_count(20)
    menu(page).get_by_role("button", name="Edit My morning").click()
    page.get_by_label("Name").fill("Evening")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("“Evening” is saved.")
    menu(page).get_by_role("link", name="Evening").click()
    expect(rows(page)).to_have_count(10)
    menu(page).get_by_role("button", name="Edit Evening").click()
    page.get_by_role("dialog").get_by_text("Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete this view").click()
    page.wait_for_url(re.compile("view=all"))
    assert not SavedView.objects.exists()


def test_a_name_that_is_taken(visit, manager):
    make(manager)
    page = visit(manager, URL)
    page.expects("422")
    menu(page).get_by_role("button", name="Save as a new view").click()
    page.get_by_label("Name").fill("Pickers")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("There is already a view named “Pickers”")
    expect(page.get_by_label("Name")).to_be_focused()


def test_the_star_opens_the_list_and_the_tab_of_all_still_shows_all(visit, manager):
    view = make(manager)
    page = visit(manager, URL)
    star = menu(page).get_by_role("button", name="Open this list with Pickers")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.goto("/audit/")
    page.goto(URL)
    expect(page).to_have_url(re.compile(rf"view={view.pk}&role=picker$"))
    expect(rows(page)).to_have_count(10)
    page.get_by_role("link", name="All", exact=True).click()
    expect(rows(page)).to_have_count(20)
    page.reload()
    expect(rows(page)).to_have_count(20)


def test_a_view_that_a_colleague_shares_appears_in_the_open_menu(visit, manager, owner):
    page = visit(manager, URL)
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    opened = menu(page)
    expect(opened).not_to_contain_text("From the owner")
    make(owner, "From the owner", is_shared=True)
    expect(opened).to_contain_text("From the owner", timeout=2000)


def test_columns(visit, manager):
    page = visit(manager, URL)
    expect(heads(page)).to_have_text(["", "Name", "Email", "Role"])
    columns = menu(page, "column")
    columns.get_by_role("checkbox", name="Email").uncheck()
    expect(heads(page)).to_have_text(["", "Name", "Role"])
    columns.get_by_role("checkbox", name="Added").check()
    expect(heads(page)).to_have_text(["", "Name", "Role", "Added"])
    columns.get_by_role("button", name="Move Added up").click()
    columns.get_by_role("checkbox", name="Name").focus()
    page.keyboard.press("Alt+ArrowDown")  # past Email, which is hidden
    page.keyboard.press("Alt+ArrowDown")
    expect(columns.get_by_role("checkbox", name="Name")).to_be_focused()
    expect(columns.get_by_role("status")).to_contain_text("is now number")
    expect(heads(page)).to_have_text(["", "Added", "Name", "Role"])
    page.reload()
    expect(heads(page)).to_have_text(["", "Added", "Name", "Role"])
    menu(page, "column").get_by_role("button", name="Back to the usual columns").click()
    expect(heads(page)).to_have_text(["", "Name", "Email", "Role"])


def test_the_last_column_stays(visit, manager):
    page = visit(manager, URL)
    page.expects("422")
    columns = menu(page, "column")
    for name in ("Email", "Role"):
        columns.get_by_role("checkbox", name=name).uncheck()
        expect(heads(page)).not_to_contain_text([name])
    columns.get_by_role("checkbox", name="Name").uncheck()
    expect(page.locator(".toast")).to_contain_text("Leave at least one column.")
    expect(columns.get_by_role("checkbox", name="Name")).to_be_checked()


def test_dragging_a_column(visit, manager):
    page = visit(manager, URL)
    lines = menu(page, "column").locator("ol li")
    lines.nth(2).drag_to(lines.nth(0), target_position={"x": 40, "y": 2})
    expect(heads(page)).to_have_text(["", "Role", "Name", "Email"])


def test_density(visit, manager):
    page = visit(manager, URL)
    before = rows(page).first.bounding_box()["height"]
    menu(page, "column").get_by_label("Compact").check()
    expect(page.locator("#results")).to_have_class(re.compile("compact"))
    assert rows(page).first.bounding_box()["height"] < before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_menus_at_every_width(visit, manager, check_axe, check_width, width, scheme):
    make(manager, "A name as long as the name of a view may be: sixty letters", is_shared=True)
    page = visit(manager, URL, width=width, height=844, color_scheme=scheme)
    for which in ("view", "column"):
        menu(page, which)
        check_width(page)
        check_axe(page)
    menu(page).get_by_role("button", name="Save as a new view").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check_axe(page)
