"""Browser tests: a real Chromium against the application over the test's own database.

    def test_something(visit, owner):
        page = visit(owner, "/audit/", width=390, height=844)
        expect(page.get_by_role("heading", level=1)).to_have_text("Audit trail")

Whatever a page writes to the console as an error fails the test, unless the test says before that
it is meant: page.expects("404").
"""

from __future__ import annotations

import os
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.browser import EAR, settle
from tests.integration.emag.conftest import connect, little_waiting, main, sim  # noqa: F401
from tests.live import Server, session_of

MATERIAL = ("error", "warning")
# What Chromium says when a page is left while something is under way, and its advice.
NOISE = (
    "WebSocket is closed before the connection is established",
    "net::ERR_ABORTED",
    "htmx:sendAbort",
    "htmx:afterRequest",  # what failed is said as htmx:sendError or htmx:responseError too
    "[DOM] Input elements should have autocomplete",
)


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_playwright():
    """Playwright's sync API keeps an event loop in this thread, in which Django refuses queries."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def live_app(transactional_db):
    """The application on a port of its own: live_app.url."""
    with Server() as server:
        yield server


class Visitor:
    """Opens windows, each with its own cookies, and watches what their consoles say."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.browser = browser
        self.server = server
        self.trouble: list[str] = []
        self.contexts = []
        self.under_way: set[Request] = set()  # pages that are being asked for

    def __call__(self, user=None, path="/", *, width=1440, height=900, **options) -> Page:
        """A window of this person, or of nobody. Options are those of browser.new_context."""
        if not self.contexts:
            self.server.listen()
        options = {"reduced_motion": "reduce", "base_url": self.server.url, **options}
        context = self.browser.new_context(viewport={"width": width, "height": height}, **options)
        self.contexts.append(context)
        if user is not None:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(user)}
            context.add_cookies([{**cookie, "url": self.server.url}])
        context.add_init_script(EAR)
        page = context.new_page()
        self._watch(page)
        if path:
            page.goto(path)
            if page.locator("#live-state").count():
                settle(page)
        return page

    def _watch(self, page: Page) -> None:
        meant: list[str] = []
        page.expects = meant.append

        def note(text: str) -> None:
            if not any(part in text for part in (*meant, *NOISE)):
                self.trouble.append(f"{page.url}: {text}")

        page.on("console", lambda said: said.type in MATERIAL and note(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: note(f"error: {error}"))
        page.on("request", lambda one: one.is_navigation_request() and self.under_way.add(one))
        page.on("requestfinished", lambda one: self.under_way.discard(one))
        page.on("requestfailed", lambda one: self.under_way.discard(one))

    def close(self) -> None:
        for context in self.contexts:
            self._arrive(context)
            context.close()

    def _arrive(self, context: BrowserContext) -> None:
        """Chromium now and then never closes a window that is about to show another page."""
        deadline = time.monotonic() + 5
        for page in context.pages:
            while self.under_way and time.monotonic() < deadline:
                page.wait_for_timeout(20)
            page.wait_for_load_state()


@pytest.fixture
def visit(live_app, browser):
    visitor = Visitor(browser, live_app)
    yield visitor
    visitor.close()
    assert not visitor.trouble, "the console of a page said:\n" + "\n".join(visitor.trouble)


@pytest.fixture(scope="session")
def check_axe():
    """check_axe(page) fails on any accessibility violation axe finds, and says where."""
    axe = Axe()

    def check(page: Page) -> None:
        found = axe.run(page)
        assert not found.violations_count, found.generate_report()

    return check


@pytest.fixture(scope="session")
def check_width():
    """check_width(page) fails when the page itself scrolls sideways, and says what is too wide."""

    def check(page: Page) -> None:
        too_wide = page.evaluate(
            """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
                 [...document.body.querySelectorAll("*")]
                   .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)
                   .map((e) => e.outerHTML.slice(0, 120))"""
        )
        assert not too_wide, "\n".join(too_wide[:5])

    return check
