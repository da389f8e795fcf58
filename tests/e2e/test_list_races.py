"""A person filters while the list re-reads itself: what the person asked for is what is shown."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.lists import URL

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


def hint(page):
    page.evaluate(
        "document.body.dispatchEvent(new CustomEvent('live:people', {detail: {ids: []}}))"
    )


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
    hint(page)
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
    hint(page)
    page.wait_for_timeout(400)  # longer than the delay of a hint
    route, answer = answers.pop()
    route.fulfill(response=answer)
    expect(rows(page)).to_have_count(11)
