"""Finds a worker that looks alive and does nothing.

Two ways in which django-q2 falls silent when one of its processes is killed:

- an idle worker takes the lock of the task queue with it, and no task ever starts again;
- the monitor takes the lock of the results with it: tasks run, but none is ever acknowledged, so
  each runs again and again.

A heartbeat passes through the queue once a minute and shows both. Its age is measured on our own
steady clock from the last change: no clock that was set, and no two hosts that disagree, can make a
living worker dead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ

from core.jobs.upkeep import WORKER
from core.models import Heartbeat

BEAT = "core.beat"
# A heartbeat is done within a moment. Two that stay unacknowledged for half the time of a silence
# are no accident of one worker process, but a monitor that does not hear.
DEAF_BEATS = 2


@dataclass(frozen=True)
class Signs:
    """What the database knows of the worker."""

    beat: datetime | None  # when its last heartbeat was
    unanswered: int  # heartbeats it did since it started, a while ago, and never acknowledged


class Unknown(Exception):
    """The database could not be asked, which says nothing about the worker."""


def read_signs(started: datetime, patience: timedelta) -> Signs:
    """Ask the database about a worker that started then and may take so long to acknowledge."""
    try:
        beat = Heartbeat.objects.filter(name=WORKER).values_list("at", flat=True).first()
        unanswered = unanswered_beats(started, min(beat, timezone.now() - patience)) if beat else 0
        return Signs(beat, unanswered)
    except OperationalError as error:
        raise Unknown from error
    finally:
        connection.close()  # asked every few seconds; nothing needs to stay open in between


def unanswered_beats(started: datetime, until: datetime) -> int:
    """The heartbeats that were taken in this time and are still in the queue.

    Asked up to the last heartbeat that was done: those before it must have been done as well, while
    later ones may wait behind long jobs.
    """
    # A task is locked until `retry` seconds after it was taken.
    retry = timedelta(seconds=settings.Q_CLUSTER["retry"])
    taken = OrmQ.objects.filter(lock__gt=started + retry, lock__lt=until + retry)
    return sum(BEAT in (row.args() or ()) for row in taken)


class Watchdog:
    """Remembers when the heartbeat last changed, and says when that is too long ago."""

    def __init__(
        self,
        silence: float,
        read: Callable[[datetime, timedelta], Signs] = read_signs,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.silence = silence
        self.read = read
        self.clock = clock
        self.beat: datetime | None = None
        self.restart()

    def restart(self) -> None:
        """The worker starts afresh, and so does its time."""
        self.started = timezone.now()
        self.since = self.clock()

    def complaint(self) -> str:
        """What is wrong with the worker; empty while it is alive."""
        try:
            signs = self.read(self.started, timedelta(seconds=self.silence / 2))
        except Unknown:
            self.since = self.clock()
            return ""
        if signs.beat != self.beat:
            self.beat = signs.beat
            self.since = self.clock()
        if self.clock() - self.since > self.silence:
            return f"gave no sign of life for {self.silence:.0f} s"
        if signs.unanswered >= DEAF_BEATS:
            return "does its jobs but does not hear that they are done"
        return ""
