"""Collects the static files for the web process, and only when one of them has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from magflow.refusal import disk_troubles


def collect() -> bool:
    """Bring STATIC_ROOT up to date; False when nothing had to be done."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    now = fingerprint()
    if stamp.is_file() and stamp.read_text() == now and (root / "staticfiles.json").is_file():
        return False
    with disk_troubles(root):
        root.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(now)
    return True


def fingerprint() -> str:
    """Of every source file: its name, size and time of change."""
    facts = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts_of = Path(storage.path(name)).stat()
            facts.append(f"{name} {facts_of.st_size} {facts_of.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(facts)).encode()).hexdigest()
