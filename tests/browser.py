"""The Chromium of the browser tests: the system's own, nothing is downloaded."""

import os
import shutil
from pathlib import Path

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
