"""What people do again and again in the browser tests of a shop that sells on eMAG."""

from playwright.sync_api import Page, expect

from core import jobs
from core.models import JobRun
from tests.browser import settle
from tests.work import drain

PULL, OFFERS = "emag.pull_orders", "emag.pull_offers"


def read(account, name=PULL):
    """What the schedule would do: read what is new, to its end."""
    run = jobs.run_here(name, str(account.pk))
    return JobRun.objects.get(pk=run.pk)


def go(page: Page, path: str) -> None:
    """Open a page and wait until it is done with itself."""
    page.goto(path)
    settle(page)


def follow(page: Page, link) -> None:
    """Click what leads to another page, and wait until that one is done with itself."""
    with page.expect_navigation():
        link.click()
    settle(page)


def press(page: Page, name: str, within=None) -> None:
    """Press a button that sends a form and leads to a page."""
    follow(page, (within or page).get_by_role("button", name=name, exact=True))


def work(page: Page | None = None) -> int:
    """The worker does all that waits for it."""
    return drain()


def row_of(page: Page, number):
    """The line of an order, an offer or a message in a list."""
    return page.locator("#results tr[data-pk]", has_text=str(number))


def toast(page: Page, words: str) -> None:
    expect(page.locator(".toast", has_text=words)).to_be_visible()
