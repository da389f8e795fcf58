"""The Chromium of the browser tests: the system's own, nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BUSY = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
MISSING = (
    "no Chromium or Chrome was found (looked for "
    f"{', '.join(NAMES)}); on Debian and Ubuntu: sudo apt install chromium"
)


def find() -> str | None:
    """The path of a browser, or None. CHROMIUM=/path chooses one."""
    chosen = os.environ.get("CHROMIUM", "")
    found = [chosen, *(shutil.which(name) or "" for name in NAMES), *ON_MACOS]
    return next((path for path in found if path and Path(path).exists()), None)


def must_exist() -> bool:
    """On a build machine a skipped browser test is a hole nobody sees."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


# Remembers when a page was last told of something: it reads itself again a moment later.
EAR = "addEventListener('live', () => { window.toldAt = performance.now(); }, true)"
SETTLED = f"performance.now() - (window.toldAt ?? -1e6) > 400 && !document.querySelector('{BUSY}')"
PATIENCE = 15.0


def settle(page: Page) -> None:
    """Wait until a page is done with itself: its scripts run, it is live, and nothing is re-read.

    A page re-reads itself when its socket opens and tells it that something may have changed since
    it was asked for (always so for the first page of a web process). Keys pressed before that may
    meet rows that are about to be replaced, and keys pressed before the scripts run meet nobody.
    """
    page.wait_for_load_state("load")
    page.locator("#live-state[data-state=live]").wait_for(state="attached")
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(SETTLED):  # wait_for_function needs what our CSP forbids
        assert time.monotonic() < deadline, f"{page.url} does not come to rest"
        page.wait_for_timeout(20)
