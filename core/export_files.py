"""Files of scheduled exports: what they are called, and where they may be written.

Those that people fetch lie below EXPORT_DIR. Those that mailed links lead to lie beside the
documents, below MEDIA_ROOT, under the number of their run; they end with their links.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import RuleViolation, SetupNeeded

LONGEST_NAME = 100
LINKED = "exports"  # below MEDIA_ROOT
PIECE = 256 * 1024
TOKENS = ("name", "date", "time", "week", "month")
_TOKEN = re.compile(r"\{(\w*)\}")
# Letters of every alphabet, digits, and a few signs that no file system minds.
_PART = re.compile(r"[\w][\w .,+()&-]*")
# Windows keeps these for devices, with any ending.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def file_name(pattern: str, *, name: str, day: dt.datetime, kind: str) -> str:
    """The pattern with its tokens filled in; letters that a file cannot carry become a dash.

    >>> file_name("{name} {date}", name="Orders: RO/BG", day=dt.datetime(2026, 3, 2), kind="csv")
    'Orders- RO-BG 2026-03-02.csv'
    """
    year, week, _day = day.isocalendar()
    values = {
        "name": name,
        "date": f"{day:%Y-%m-%d}",
        "time": f"{day:%H%M}",
        "week": f"{year}-W{week:02}",
        "month": f"{day:%Y-%m}",
    }
    filled = _TOKEN.sub(lambda found: values.get(found[1], ""), pattern)
    safe = re.sub(r"[^\w .,+()&-]", "-", filled).strip(" .-")[:LONGEST_NAME].strip(" .-")
    return f"{safe or 'export'}.{kind}"


def refuse_bad_pattern(pattern: str) -> None:
    plain = _TOKEN.sub(lambda found: "x" if found[1] in TOKENS else "{", pattern)
    if not re.fullmatch(r"[\w .,+()&-]+", plain):
        raise RuleViolation(
            _("A file name has letters, digits, spaces and dashes, and may have %(tokens)s.")
            % {"tokens": ", ".join(f"{{{token}}}" for token in TOKENS)}
        )


def clean_folder(folder: str) -> str:
    """The folder as it is kept: parts below EXPORT_DIR, joined with slashes."""
    parts = [part.strip() for part in folder.strip().strip("/").split("/") if part.strip()]
    for part in parts:
        if not _PART.fullmatch(part) or part.endswith(".") or _DEVICES.fullmatch(part):
            raise RuleViolation(_("“%(part)s” cannot be the name of a folder.") % {"part": part})
    return "/".join(parts)


def folder_of(folder: str) -> Path:
    """The folder, made where it is missing; never one outside EXPORT_DIR, whatever links say."""
    if not settings.EXPORT_DIR:
        raise SetupNeeded(_("No folder for exports is set up (EXPORT_DIR)."))
    root = Path(settings.EXPORT_DIR).resolve()
    target = (root / clean_folder(folder)).resolve()
    if not target.is_relative_to(root):
        raise RuleViolation(_("This folder leads out of the one that is meant for exports."))
    target.mkdir(parents=True, exist_ok=True)
    return target


def write(folder: str, name: str, pieces: Iterable[bytes]) -> int:
    """Write the file; it appears under its name once it is whole. Answers its size."""
    return _put(folder_of(folder) / name, pieces)


# --- Those that links lead to -----------------------------------------------------------------


def linked_path(run: int) -> Path:
    return Path(settings.MEDIA_ROOT) / LINKED / str(run)


def keep_linked(run: int, pieces: Iterable[bytes]) -> int:
    """Keep the file that the link of this run leads to; made anew, it replaces the one before."""
    path = linked_path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    return _put(path, pieces)


def read_linked(run: int) -> Iterator[bytes]:
    with linked_path(run).open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def purge_linked(older_than: dt.timedelta) -> int:
    """Remove those whose links are over, and what is left of those that broke off."""
    oldest, removed = time.time() - older_than.total_seconds(), 0
    folder = Path(settings.MEDIA_ROOT) / LINKED
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _put(target: Path, pieces: Iterable[bytes]) -> int:
    """Write beside the target, then give it its name: nobody ever sees half of it."""
    part = target.with_name(f".{uuid4().hex}.part")
    size = 0
    try:
        with part.open("wb") as file:
            for piece in pieces:
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size
