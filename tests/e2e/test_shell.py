"""The frame round every page, as people meet it: by mouse, by keyboard, on a phone, in the dark."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import settle

pytestmark = [pytest.mark.e2e]

KIT = "/ui-kit/"


@pytest.fixture(autouse=True)
def _kit(settings):
    settings.ROOT_URLCONF = "tests.kit_urls"


def nav(page: Page):
    return page.get_by_role("navigation", name="Main")


def test_it_works(visit, owner):
    page = visit(owner)
    expect(page).to_have_title(re.compile("MagFlow$"))
    expect(nav(page).get_by_role("link", name="Home")).to_have_attribute("aria-current", "page")
    nav(page).get_by_role("link", name="Audit trail").click()
    expect(page).to_have_url(re.compile("/audit/$"))
    expect(nav(page).get_by_role("link", name="Audit trail")).to_have_attribute(
        "aria-current", "page"
    )
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    expect(page.locator("[data-live-banner]")).to_be_hidden()


def test_the_navigation_is_the_roles(visit, viewer):
    page = visit(viewer)
    expect(nav(page).get_by_role("link", name="Home")).to_be_visible()
    expect(nav(page).get_by_role("link", name="Audit trail")).to_have_count(0)


class TestPalette:
    def test_it_finds_a_page_and_goes_there(self, visit, owner):
        page = visit(owner)
        page.keyboard.press("Control+k")
        field = page.get_by_role("combobox", name="Search")
        expect(field).to_be_focused()
        page.keyboard.type("job ru")
        option = page.get_by_role("option", name="Job runs")
        expect(option).to_have_attribute("aria-selected", "true")
        expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/jobs/$"))

    def test_what_was_opened_last_comes_first(self, visit, owner):
        page = visit(owner)
        page.keyboard.press("Control+k")
        page.keyboard.type("audit")
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/audit/$"))
        settle(page)
        page.keyboard.press("Control+k")
        recent = page.get_by_role("group", name="Recent")
        expect(recent.get_by_role("option", name="Audit trail")).to_have_attribute(
            "aria-selected", "true"
        )

    def test_arrows_go_round_and_escape_gives_focus_back(self, visit, owner):
        page = visit(owner)
        opener = page.get_by_role("button", name="Search or jump to")
        opener.focus()
        page.keyboard.press("Enter")
        options = page.get_by_role("option")
        expect(options.first).to_have_attribute("aria-selected", "true")
        page.keyboard.press("ArrowUp")
        expect(options.last).to_have_attribute("aria-selected", "true")
        page.keyboard.press("ArrowDown")
        expect(options.first).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Escape")
        expect(page.locator("#palette")).to_be_hidden()
        expect(opener).to_be_focused()

    def test_it_does_things_too(self, visit, owner):
        page = visit(owner, color_scheme="light")
        page.keyboard.press("Control+k")
        page.keyboard.type("dark")
        expect(page.get_by_role("option", name="Use the dark theme")).to_have_attribute(
            "aria-selected", "true"
        )
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")

    def test_nothing_found_says_so(self, visit, owner):
        page = visit(owner)
        page.keyboard.press("Control+k")
        page.keyboard.type("zzzz")
        expect(page.get_by_text("Nothing found for “zzzz”")).to_be_visible()


class TestKeys:
    def test_g_and_a_letter_go_somewhere(self, visit, owner):
        page = visit(owner)
        page.keyboard.press("g")
        page.keyboard.press("a")
        expect(page).to_have_url(re.compile("/audit/$"))
        settle(page)

    def test_question_mark_shows_them_all(self, visit, owner):
        page = visit(owner)
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_text("Search or jump to a page")).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()

    def test_slash_and_ctrl_f_search_and_escape_empties(self, visit, owner):
        page = visit(owner, KIT)
        field = page.get_by_role("searchbox", name="Search this list")
        page.keyboard.press("/")
        expect(field).to_be_focused()
        page.keyboard.type("g a /?")
        expect(field).to_have_value("g a /?")
        expect(page).to_have_url(re.compile(KIT))
        settle(page)
        page.keyboard.press("Escape")
        expect(field).to_have_value("")
        page.keyboard.press("Escape")
        expect(field).not_to_be_focused()
        page.keyboard.press("Control+f")
        expect(field).to_be_focused()

    def test_ctrl_s_saves_the_form(self, visit, owner):
        page = visit(owner, KIT)
        page.get_by_label("Company name").fill("Magflow SRL")
        with page.expect_request(lambda request: request.method == "POST") as sent:
            page.keyboard.press("Control+s")
        assert "Magflow+SRL" in sent.value.post_data

    def test_a_menu_by_keyboard(self, visit, owner):
        page = visit(owner)
        button = page.locator("summary", has_text="P")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".menu-list :focus")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
        expect(button).to_be_focused()

    def test_rows_by_keyboard(self, visit, owner):
        page = visit(owner, KIT)
        rows = page.locator("tbody tr")
        page.keyboard.press("ArrowDown")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("Space")
        expect(rows.nth(1).get_by_role("checkbox")).to_be_checked()
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("End")
        expect(rows.last).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"#287%20431%20702$"))
        page.keyboard.press("Escape")
        expect(page.locator("tbody tr:focus")).to_have_count(0)

    def test_the_whole_page_by_tab(self, visit, owner):
        """The first stop skips the navigation, every stop is visible, none is a trap."""
        page = visit(owner, KIT)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        seen = []
        for _ in range(60):
            page.keyboard.press("Tab")
            stop = page.evaluate(
                """() => { const e = document.activeElement, box = e.getBoundingClientRect();
                     const style = getComputedStyle(e), html = e.outerHTML.slice(0, 90);
                     return e === document.body ? null : {html, size: box.width * box.height,
                       ring: style.outlineStyle !== "none" || style.boxShadow !== "none"}; }"""
            )
            if stop is None:
                break
            assert stop["size"], stop
            assert stop["ring"], f"no visible focus: {stop}"
            seen.append(stop["html"])
        assert len(seen) > 20
        assert len(seen) < 60, "focus never leaves the page"


class TestSwitches:
    def test_the_theme_changes_at_once_and_stays(self, visit, owner):
        page = visit(owner, color_scheme="light")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.locator("summary.avatar").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark != light
        page.reload()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
        owner.refresh_from_db()
        assert owner.theme == "dark"

    def test_without_a_choice_the_system_decides(self, visit, owner):
        backgrounds = {
            scheme: visit(owner, color_scheme=scheme).evaluate(
                "getComputedStyle(document.body).backgroundColor"
            )
            for scheme in ("light", "dark")
        }
        assert backgrounds["light"] != backgrounds["dark"]

    def test_a_choice_beats_the_system(self, visit, owner):
        owner.theme = "light"
        owner.save()
        page = visit(owner, color_scheme="dark")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"

    def test_a_narrow_navigation_is_remembered(self, visit, owner):
        page = visit(owner)
        wide = page.locator("#side").bounding_box()["width"]
        toggle = page.get_by_role("button", name="Narrow navigation")
        with page.expect_response("**/shell/nav/") as answer:
            toggle.click()
        assert answer.value.status == 204
        expect(toggle).to_have_attribute("aria-pressed", "true")
        page.reload()
        assert page.locator("#side").bounding_box()["width"] < wide / 2
        link = nav(page).get_by_role("link", name="Audit trail")
        link.focus()
        expect(link.locator("span")).to_be_visible()

    def test_the_language_changes(self, visit, owner):
        page = visit(owner)
        page.locator("summary.avatar").click()
        page.get_by_role("button", name="Romanian").click()
        expect(page.locator("html")).to_have_attribute("lang", "ro")
        owner.refresh_from_db()
        assert owner.language == "ro"

    def test_a_stranger_may_switch_too(self, visit):
        page = visit(None, "/sign-in/", color_scheme="light")
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.get_by_role("button", name="Romanian").click()
        expect(page.locator("html")).to_have_attribute("lang", "ro")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


class TestTrouble:
    def test_a_failed_click_says_what_and_stays_until_closed(self, visit, owner):
        page = visit(owner, KIT)
        page.expects("500")
        page.evaluate("htmx.ajax('GET', '/broken/', {target: '#tones', swap: 'innerHTML'})")
        toast = page.get_by_role("alert")
        expect(toast).to_contain_text("Something went wrong on our side")
        expect(toast).to_contain_text(re.compile(r"Number to quote: \w{5}-\w{5}"))
        expect(page.locator("#tones")).to_contain_text("amber")
        toast.get_by_role("button", name="Close").click()
        expect(toast).to_have_count(0)

    def test_no_connection_says_so(self, visit, owner):
        page = visit(owner, KIT)
        page.expects("ERR_INTERNET_DISCONNECTED")
        page.expects("htmx:")
        expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
        page.context.set_offline(True)
        page.evaluate(
            "htmx.ajax('GET', '/', {target: '#tones', swap: 'innerHTML'}).catch(() => {}) && 0"
        )
        expect(page.get_by_role("alert")).to_contain_text("No connection")

    def test_a_page_that_cannot_be_reached_is_still_ours(self, visit, owner):
        page = visit(owner)
        page.expects("ERR_INTERNET_DISCONNECTED")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.context.set_offline(True)
        page.goto("/audit/")
        expect(page.get_by_role("heading", level=1)).to_have_text("MagFlow cannot be reached")
        drawn = page.evaluate("getComputedStyle(document.body).display")
        assert drawn == "grid", "its styles were not kept"
        page.context.set_offline(False)
        page.get_by_role("link", name="Try again").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Audit trail")

    def test_messages_are_toasts(self, visit, owner):
        page = visit(owner, f"{KIT}?toasts")
        toasts = page.locator("#toasts .toast")
        expect(toasts).to_have_count(4)
        expect(toasts.nth(0).locator(".when-success")).to_be_visible()
        expect(toasts.nth(0).locator(".when-error")).to_be_hidden()

    @pytest.mark.parametrize(("path", "status", "says"), [
        ("/nowhere/", 404, "There is nothing here"),
        ("/broken/", 500, "Something went wrong on our side"),
        ("/audit/", 403, "This page is not for your role"),
    ])  # fmt: skip
    def test_error_pages_are_ours(self, visit, viewer, check_axe, path, status, says):
        page = visit(viewer, "")
        page.expects(str(status))
        assert page.goto(path).status == status
        expect(page.get_by_role("heading", level=1)).to_have_text(says)
        check_axe(page)

    def test_a_refused_form_leads_to_the_field_and_keeps_what_was_typed(
        self, visit, owner, check_axe
    ):
        page = visit(owner, f"{KIT}?wrong")
        expect(page.get_by_label("Lowest price")).to_have_value("abc")
        page.get_by_role("alert").get_by_role("link", name="Company name").click()
        expect(page.get_by_label("Company name")).to_be_focused()
        expect(page.get_by_label("Company name")).to_have_accessible_description(
            re.compile("required")
        )
        check_axe(page)


class TestEveryWidth:
    @pytest.mark.parametrize("width", [390, 768, 1024, 2560])
    def test_nothing_scrolls_sideways(self, visit, owner, check_width, width):
        page = visit(owner, "", width=width, height=844)
        for path in ("/", "/audit/", "/jobs/", "/people/", KIT):
            page.goto(path)
            check_width(page)

    def test_the_navigation_of_a_phone(self, visit, owner, check_width, check_axe):
        page = visit(owner, width=390, height=844, has_touch=True)
        link = nav(page).get_by_role("link", name="Audit trail")
        expect(link).to_be_hidden()
        page.get_by_role("button", name="Open the navigation").tap()
        expect(link).to_be_in_viewport()
        check_axe(page)
        link.tap()
        expect(page).to_have_url(re.compile("/audit/$"))
        settle(page)

    def test_a_table_becomes_cards(self, visit, owner):
        page = visit(owner, KIT, width=390, height=844)
        first = page.locator("tbody tr").first
        expect(first.get_by_text("287 431 902")).to_be_visible()
        expect(first.locator("td.when")).to_be_hidden()
        assert (
            first.locator("td.num").evaluate("e => getComputedStyle(e, '::before').content")
            == '"Customer pays"'
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(visit, owner, check_axe, scheme, width):
    page = visit(owner, KIT, width=width, height=900, color_scheme=scheme)
    check_axe(page)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [role=option]").first).to_be_visible()
    check_axe(page)


def test_navigation_and_search_stay_in_sight(visit, owner):
    page = visit(owner, KIT)
    page.get_by_role("heading", name="Waiting").scroll_into_view_if_needed()
    page.mouse.wheel(0, 5000)
    expect(page.get_by_role("heading", level=1)).not_to_be_in_viewport()
    expect(page.get_by_role("button", name="Search or jump to")).to_be_in_viewport(ratio=1)
    expect(nav(page).get_by_role("link", name="Home")).to_be_in_viewport(ratio=1)


def test_how_long_ago_does_not_stand_still(visit, owner):
    """Also on a device whose clock is wrong."""
    page = visit(owner, "")
    page.clock.install(time="2019-05-01T08:00:00Z")
    page.goto(KIT)
    moment = page.locator(".tl time").last
    expect(moment).to_have_text("just now")
    exact = moment.get_attribute("title")
    page.clock.run_for("05:00")
    expect(moment).to_have_text("5 min ago")
    expect(page.locator(".tl time").first).to_have_text("2 h ago")
    page.clock.run_for("04:00:00")
    expect(moment).to_have_text("4 h ago")
    assert moment.get_attribute("title") == exact


def test_on_paper_only_the_content(visit, owner):
    page = visit(owner, KIT)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for part in ("#side", ".top", ".filters", ".acts"):
        expect(page.locator(part).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
