"""What a job gets in its hand: a place to log, count, show progress and ask for more time."""

import time
from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from core import live
from core.models import JobRun
from core.text import truncate

SAVE_EVERY = 1.0  # seconds; people look at progress, they do not measure it
LOG_LINES = 200
LONGEST_LINE = 500
CHUNK_SECONDS = 20.0  # then a job should hand over, so that a stop never waits long


class Run:
    """One chunk of a job, while it runs. Nothing here fails the job it reports on."""

    def __init__(self, row: JobRun, *, echo: bool = False) -> None:
        self.row = row
        self.key = row.key
        self.by = row.requested_by
        self.next_args: list[Any] | None = None
        self._counters = Counter(row.counters)
        self._lines = row.log.splitlines()
        self._began = time.monotonic()
        self._saved = 0.0
        self._echo = echo

    def log(self, text: object) -> None:
        """Add a line to what people see of this run; only the last 200 are kept."""
        now = datetime.now(ZoneInfo(settings.TIME_ZONE))
        line = truncate(" ".join(str(text).replace("\x00", "").split()), LONGEST_LINE)
        self._lines.append(f"{now:%H:%M:%S} {line}")
        del self._lines[:-LOG_LINES]
        if self._echo:
            print(self._lines[-1], flush=True)  # noqa: T201 - a person watches this very run
        self._save_soon()

    def count(self, name: str, n: int = 1) -> None:
        """Add to a named number: run.count("imported")."""
        self._counters[name] += n
        self._save_soon()

    def counted(self, name: str) -> int:
        return self._counters[name]

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how far it is, over all chunks together."""
        self.row.done = done
        if total is not None:
            self.row.total = total
        self._save_soon()

    @property
    def is_time_up(self) -> bool:
        """True when a job with more to do should hand over and return."""
        return time.monotonic() - self._began >= CHUNK_SECONDS

    def hand_over(self, *args: Any) -> None:
        """Go on later: after this function returns, the job is queued again with these arguments.

        It stays the same run for people: counters, log and progress continue.
        """
        self.next_args = list(args)

    def save(self) -> None:
        """Write down where it is, now."""
        self._saved = time.monotonic()
        self.row.counters = dict(self._counters)
        self.row.log = "\n".join(self._lines)
        self.row.save(update_fields=["counters", "log", "done", "total"])
        live.touch("jobs", self.row.pk)

    def keep(self) -> None:
        """Put counters and log into the row without writing it."""
        self.row.counters = dict(self._counters)
        self.row.log = "\n".join(self._lines)

    def _save_soon(self) -> None:
        if self.row.pk is None or time.monotonic() - self._saved < SAVE_EVERY:
            return
        if connection.in_atomic_block and connection.needs_rollback:
            return  # the job's own transaction is lost; what it says is saved at the end
        self.save()
