"""The watchdog on a clock of its own, and its questions on the database."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from core.jobs.upkeep import WORKER
from core.models import Heartbeat
from ops.watchdog import BEAT, Signs, Unknown, Watchdog, read_signs


class World:
    """The heartbeat as the watchdog sees it, and the time on its wrist."""

    def __init__(self):
        self.now = 0.0
        self.beat = datetime(2026, 1, 1, tzinfo=UTC)
        self.unanswered = 0
        self.is_known = True
        self.dog = Watchdog(180, read=self.read, clock=lambda: self.now)

    def read(self, started, patience):
        if not self.is_known:
            raise Unknown
        return Signs(self.beat, self.unanswered)

    def after(self, seconds, *, beats=False):
        self.now += seconds
        if beats:
            self.beat += timedelta(seconds=seconds)
        return self.dog.complaint()


@pytest.fixture
def world():
    return World()


def test_it_works(world):
    for _minute in range(10):
        assert world.after(60, beats=True) == ""
    assert world.after(179) == ""
    assert world.after(2) == "gave no sign of life for 180 s"


def test_a_worker_that_never_beats_is_found(world):
    world.beat = None
    assert world.after(180) == ""
    assert world.after(1) != ""


def test_a_restart_gives_fresh_time(world):
    world.after(0)
    assert world.after(200) != ""
    world.dog.restart()
    assert world.after(179) == ""
    assert world.after(2) != ""


def test_clocks_that_jump_kill_nobody(world):
    world.after(0)
    world.beat += timedelta(days=-400)  # the worker's clock was set back
    assert world.after(100) == ""
    world.beat += timedelta(days=800)
    assert world.after(100) == ""
    assert world.after(100, beats=True) == ""


def test_an_unreachable_database_says_nothing_about_the_worker(world):
    world.after(0)
    world.is_known = False
    for _ in range(10):
        assert world.after(100) == ""
    world.is_known = True
    assert world.after(170) == ""


def test_a_deaf_monitor_is_found(world):
    world.unanswered = 1
    assert world.after(60, beats=True) == ""
    world.unanswered = 2
    assert "does not hear" in world.after(60, beats=True)


def taken(name, age):
    """A task that a worker took `age` ago and has not acknowledged."""
    lock = timezone.now() - age + timedelta(seconds=settings.Q_CLUSTER["retry"])
    task = {"id": "1", "name": name, "func": "core.jobs.run_job", "args": (name,), "kwargs": {}}
    OrmQ.objects.create(key="magflow", payload=SignedPackage.dumps(task), lock=lock)


@pytest.mark.django_db
def test_heartbeats_behind_long_jobs_are_no_complaint():
    """Taken, but not done yet: both workers are busy, and neither deaf nor dead."""
    at = timezone.now() - timedelta(minutes=4)
    Heartbeat.objects.create(name=WORKER, at=at)
    for minutes in (3, 2, 1):
        taken(BEAT, timedelta(minutes=minutes))
    started = timezone.now() - timedelta(hours=1)
    assert read_signs(started, timedelta(seconds=90)) == Signs(at, 0)


@pytest.mark.django_db
def test_signs_are_read_from_the_queue():
    started = timezone.now() - timedelta(minutes=5)
    at = timezone.now() - timedelta(seconds=30)
    Heartbeat.objects.create(name=WORKER, at=at)
    taken(BEAT, timedelta(minutes=3))
    taken(BEAT, timedelta(minutes=2))
    taken(BEAT, timedelta(seconds=5))  # just at it
    taken(BEAT, timedelta(minutes=6))  # by a worker before this one
    taken("core.purge_runs", timedelta(minutes=3))  # died in mid-task; runs again after `retry`
    OrmQ.objects.create(key="magflow", payload="", lock=timezone.now())  # waits
    assert read_signs(started, timedelta(seconds=90)) == Signs(at, 2)


def test_the_beat_is_a_job():
    from core.jobs import specs

    assert specs.find(BEAT) is not None
