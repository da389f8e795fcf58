"""The Chromium of the browser tests: the system's own, nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

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


def settle(page: Page) -> None:
    """Wait until a page is done with itself: its scripts run, it is live, and nothing is re-read.

    A page re-reads itself once when its socket opens. Keys pressed before that may meet rows that
    are about to be replaced, and keys pressed before the scripts run meet nobody.
    """
    page.wait_for_load_state("load")
    page.locator("#live-state[data-state=live]").wait_for(state="attached")
    expect(page.locator(BUSY)).to_have_count(0)
