"""A person filters while the list re-reads itself: what the person asked for is what is shown."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import User
from core import preferences
from tests.lists import PAGE, URL

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _lists(settings):
    settings.ROOT_URLCONF = "tests.lists"
    User.objects.bulk_create(
        User(name=f"Person {i:02}", email=f"p{i}@list.example", role=("viewer", "picker")[i % 2])
        for i in range(20)
    )


def hold(page, pattern):
    """Requests that match are kept back until held.pop()()."""
    held = []
    page.route(pattern, lambda route: held.append(route.continue_))
    return held


def told(page):
    """What live.js does with a hint."""
    page.evaluate("""() => {
        const detail = { topic: "people", ids: [] };
        document.body.dispatchEvent(new CustomEvent("live", { detail }));
        document.body.dispatchEvent(new CustomEvent("live:people", { detail }));
    }""")


def rows(page):
    return page.locator("#results tbody tr")


def arrived(page, held, n):
    for _wait in range(100):
        if len(held) == n:
            return
        page.wait_for_timeout(20)  # lets the browser's own events in
    raise AssertionError(f"{len(held)} requests instead of {n}")


def test_filter_overtakes_a_reread(visit, manager):
    page = visit(manager, URL)
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    rereads = hold(page, re.compile(rf"{URL}$"))
    told(page)
    arrived(page, rereads, 1)
    page.get_by_label("Role").select_option("picker")
    expect(rows(page)).to_have_count(10)
    for let_go in rereads:
        let_go()
    page.unroute_all()
    expect(page.locator("#results")).to_have_attribute("data-url", re.compile("role=picker"))
    expect(rows(page)).to_have_count(10)


def test_a_hint_waits_for_the_filter_and_is_not_lost(visit, manager):
    page = visit(manager, URL)
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    answers = []  # made before the change that the hint tells of, and held back until after it
    page.route(
        re.compile("role=picker"), lambda route: answers.append((route, route.fetch())), times=1
    )
    page.get_by_label("Role").select_option("picker")
    arrived(page, answers, 1)
    User.objects.create(name="A newcomer", email="new@list.example", role="picker")
    told(page)
    page.wait_for_timeout(400)  # longer than the delay of a hint
    route, answer = answers.pop()
    route.fulfill(response=answer)
    expect(rows(page)).to_have_count(11)


def test_a_hint_that_comes_just_before_an_older_answer_is_not_lost(visit, manager):
    page = visit(manager, URL)
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    before, answers = rows(page).count(), []
    page.route(
        re.compile(rf"{URL}$"), lambda route: answers.append((route, route.fetch())), times=1
    )
    told(page)
    arrived(page, answers, 1)
    User.objects.create(name="A newcomer", email="new@list.example", role="picker")
    told(page)  # the list waits a moment before it reads itself, and is replaced meanwhile
    route, answer = answers.pop()
    route.fulfill(response=answer)
    expect(rows(page)).to_have_count(before + 1)


def test_of_two_presses_in_the_list_the_last_one_counts(visit, manager):
    page = visit(manager, f"{URL}?name__contains=Person&sort=name")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    held = hold(page, re.compile("sort=-name"))
    page.locator("#results thead a").click()
    arrived(page, held, 1)
    page.locator("#results .chip").click()  # removes the filter
    expect(page.locator("#results")).not_to_have_attribute("data-url", re.compile("Person"))
    held.pop()()
    page.wait_for_timeout(300)
    expect(page.locator("#results")).not_to_have_attribute("data-url", re.compile("Person"))
    expect(page).not_to_have_url(re.compile("Person"))


def test_of_two_changes_of_columns_the_last_one_is_shown(visit, manager):
    """The first is asked for the moment the rows are replaced, and its answer comes late."""
    page = visit(manager, URL)
    given_up = []
    page.on("requestfailed", lambda request: given_up.append(request))
    page.evaluate("""() => document.body.addEventListener("htmx:afterOnLoad", () =>
        document.body.dispatchEvent(new CustomEvent("columns:saved")), { once: true })""")
    answers = []
    page.route(re.compile(rf"{URL}$"), lambda route: answers.append((route, route.fetch())))
    columns_saved = "document.body.dispatchEvent(new CustomEvent('columns:saved'))"
    page.evaluate(columns_saved)
    arrived(page, answers, 1)
    route, answer = answers.pop()
    route.fulfill(response=answer)
    arrived(page, answers, 1)
    preferences.save_columns(manager, PAGE, ["name"])
    page.evaluate(columns_saved)
    arrived(page, answers, 2)
    assert len(given_up) == 1, "the older request is called off"
    route, answer = answers.pop()
    route.fulfill(response=answer)
    expect(page.locator("#results thead th")).to_have_text(["", "Name"])


def test_columns_that_are_changed_while_a_filter_is_on_its_way_are_shown(visit, manager):
    page = visit(manager, URL)
    page.wait_for_timeout(5_500)  # a new address is told what happened in the last 5 s
    answers = []
    page.route(
        re.compile("role=picker"), lambda route: answers.append((route, route.fetch())), times=1
    )
    page.get_by_label("Role").select_option("picker")
    arrived(page, answers, 1)
    preferences.save_columns(manager, PAGE, ["name"])
    page.evaluate("document.body.dispatchEvent(new CustomEvent('columns:saved'))")
    route, answer = answers.pop()
    route.fulfill(response=answer)
    expect(page.locator("#results thead th")).to_have_text(["", "Name"])


@pytest.mark.parametrize("is_under_way", [True, False])
@pytest.mark.parametrize(
    "answer",
    [{"status": 500}, {"status": 200, "headers": {"HX-Reswap": "none", "HX-Push-Url": "false"}}],
    ids=["refused", "too short"],
)
def test_a_hint_is_not_lost_when_what_was_asked_brings_no_rows(
    visit, manager, answer, is_under_way
):
    """The person's request calls the re-read off, or makes it wait, and then fails."""
    page = visit(manager, URL)
    for word in ("500", "htmx:responseError"):
        page.expects(word)
    before = rows(page).count()
    asked, rereads = [], []
    page.route(re.compile("role=picker"), lambda route: asked.append(route), times=1)
    if is_under_way:
        page.route(re.compile(rf"{URL}$"), lambda route: rereads.append(route), times=1)
        told(page)
        arrived(page, rereads, 1)
    page.get_by_label("Role").select_option("picker")
    arrived(page, asked, 1)
    User.objects.create(name="A newcomer", email="new@list.example", role="picker")
    if not is_under_way:
        told(page)
        page.wait_for_timeout(400)  # longer than the delay of a hint
    asked.pop().fulfill(**answer)
    expect(rows(page)).to_have_count(before + 1)


def press_across_a_reread(page, element):
    box = element.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    with page.expect_response(re.compile(rf"{URL}$")):
        told(page)
    page.wait_for_timeout(100)
    page.mouse.up()


def test_a_press_across_a_reread_counts_and_the_reread_follows(visit, manager):
    page = visit(manager, URL)
    page.expects("500")  # a person has no page here
    before = rows(page).count()
    User.objects.create(name="A newcomer", email="new@list.example", role="picker")
    box = rows(page).nth(3).locator(".row-check")
    press_across_a_reread(page, box)
    expect(page.locator("#results .row-check:checked")).to_have_count(1)
    expect(rows(page)).to_have_count(before + 1)
    expect(page.locator("#results .row-check:checked")).to_have_count(1)
    press_across_a_reread(page, page.locator("#results td.id a, #results td a").nth(2))
    expect(page).to_have_url(re.compile(r"/tests/people/\d+/"))


def test_who_presses_for_long_is_told_all_the_same(visit, manager):
    """The end of a press outside of the window is not heard."""
    page = visit(manager, URL)
    before = rows(page).count()
    User.objects.create(name="A newcomer", email="new@list.example", role="picker")
    page.mouse.move(300, 300)
    page.mouse.down()
    told(page)
    page.wait_for_timeout(600)
    expect(rows(page)).to_have_count(before, timeout=100)
    expect(rows(page)).to_have_count(before + 1)
