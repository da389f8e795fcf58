"""Schedules follow the code, fire when they should, and survive both clock changes."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from core import jobs
from core.jobs import specs
from core.jobs.schedules import first_time, next_at
from core.models import JobRun
from tests.work import drain, tasks

pytestmark = pytest.mark.django_db

BUCHAREST = ZoneInfo("Europe/Bucharest")


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch):
    """Two jobs, and no other schedules."""
    Schedule.objects.all().delete()
    # It would close the connection that holds this test's transaction.
    monkeypatch.setattr("django_q.scheduler.close_old_django_connections", lambda: None)
    monkeypatch.setattr(specs, "_jobs", {})

    def often(run):
        run.count("times")

    def nightly(run):
        run.count("nights")

    def by_hand(run):
        """Has no schedule."""

    often.__module__ = nightly.__module__ = "shop.jobs"
    jobs.job(every="5m", title="Often")(often)
    jobs.job(at="03:15", title="Nightly", timeout=60)(nightly)
    by_hand.__module__ = "shop.jobs"
    jobs.job(title="By hand")(by_hand)


def rows():
    return {row.name: row for row in Schedule.objects.all()}


def test_it_works():
    assert jobs.reconcile_schedules() == ["+ shop.nightly", "+ shop.often"]
    assert jobs.reconcile_schedules() == []
    often, nightly = rows()["shop.often"], rows()["shop.nightly"]
    assert (often.schedule_type, often.minutes) == (Schedule.MINUTES, 5)
    assert nightly.schedule_type == Schedule.DAILY
    assert timezone.now() < often.next_run < timezone.now() + timedelta(minutes=6)
    assert jobs.next_run("shop.often") == often.next_run
    assert jobs.next_run("shop.by_hand") is None


def test_a_right_schedule_keeps_its_next_time():
    jobs.reconcile_schedules()
    soon = timezone.now() + timedelta(minutes=3)
    Schedule.objects.filter(name="shop.often").update(next_run=soon)
    before = rows()
    assert jobs.reconcile_schedules() == []
    assert {name: row.next_run for name, row in rows().items()} == {
        "shop.often": soon, "shop.nightly": before["shop.nightly"].next_run,
    }  # fmt: skip


def test_schedules_that_people_or_old_code_left_are_put_right():
    jobs.reconcile_schedules()
    Schedule.objects.filter(name="shop.often").update(minutes=1, repeats=0)
    Schedule.objects.create(name="shop.gone", func="core.jobs.run_job", args="('shop.gone',)")
    Schedule.objects.create(name="shop.often", func="core.jobs.run_job")
    foreign = Schedule.objects.create(name="somebody else's", func="math.sqrt")
    assert sorted(jobs.reconcile_schedules()) == ["- shop.gone", "- shop.often", "~ shop.often"]
    assert set(rows()) == {"shop.often", "shop.nightly", foreign.name}
    assert (rows()["shop.often"].minutes, rows()["shop.often"].repeats) == (5, -1)


def test_what_the_scheduler_queues_is_what_the_runner_takes():
    jobs.reconcile_schedules()
    due = timezone.now() - timedelta(seconds=5)
    Schedule.objects.update(next_run=due)
    scheduler()
    assert {task["name"] for task in tasks()} == {"shop.often", "shop.nightly"}
    [nightly] = [task for task in tasks() if task["name"] == "shop.nightly"]
    assert nightly["timeout"] == 60
    assert nightly["kwargs"] == {"due": due.isoformat()}
    assert not nightly["save"], "our own rows tell what ran"
    drain()
    assert {run.name: run.counters for run in JobRun.objects.all()} == {
        "shop.often": {"times": 1}, "shop.nightly": {"nights": 1},
    }  # fmt: skip
    scheduler()
    assert not OrmQ.objects.exists(), "not due again yet"
    assert rows()["shop.often"].next_run == due + timedelta(minutes=5)


def test_missed_times_are_made_up_for_once():
    jobs.reconcile_schedules()
    Schedule.objects.update(next_run=timezone.now() - timedelta(hours=7))
    scheduler()
    scheduler()
    assert OrmQ.objects.count() == 2


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-01-10 21:00+02:00", "2026-01-11 03:15+02:00"),
        ("2026-01-11 03:14+02:00", "2026-01-11 03:15+02:00"),
        ("2026-01-11 03:15+02:00", "2026-01-12 03:15+02:00"),
        ("2026-03-28 21:00+02:00", "2026-03-29 04:15+03:00"),  # 03:15 does not exist on that day
        ("2026-03-29 04:15+03:00", "2026-03-30 03:15+03:00"),
        ("2026-10-24 21:00+03:00", "2026-10-25 03:15+03:00"),  # 03:15 comes twice
        ("2026-10-25 03:15+03:00", "2026-10-26 03:15+02:00"),
        ("2026-10-25 03:10+02:00", "2026-10-26 03:15+02:00"),
    ],
)
def test_the_next_night(after, expected):
    spec = specs.get("shop.nightly")
    found = next_at(spec, datetime.fromisoformat(after).astimezone(BUCHAREST))
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize("start", ["2026-03-26", "2026-10-22"])
def test_every_night_once_also_when_the_clocks_change(start):
    """Walks through a week as scheduler and worker do, half an hour at a time."""
    jobs.reconcile_schedules()
    Schedule.objects.filter(name="shop.often").delete()
    first = datetime.fromisoformat(f"{start} 12:00").replace(tzinfo=BUCHAREST)
    ran_at = []
    with time_machine.travel(first.astimezone(UTC), tick=False) as clock:
        Schedule.objects.update(next_run=next_at(specs.get("shop.nightly"), timezone.now()))
        for _ in range(7 * 48):
            scheduler()
            if drain():
                ran_at.append(timezone.localtime(timezone=BUCHAREST))
            clock.shift(timedelta(minutes=30))
    assert [moment.date() for moment in ran_at] == [
        first.date() + timedelta(days=day) for day in range(1, 8)
    ]
    assert {f"{moment:%H:%M}" for moment in ran_at} <= {"03:30", "04:30"}
    assert JobRun.objects.filter(name="shop.nightly", status="done").count() == 7


def test_another_time_of_day_takes_effect_at_once():
    jobs.reconcile_schedules()
    spec = specs.get("shop.nightly")
    specs._jobs[spec.name] = replace(spec, at=time(4, 45))
    assert jobs.reconcile_schedules() == ["~ shop.nightly"]
    assert f"{rows()['shop.nightly'].next_run.astimezone(BUCHAREST):%H:%M}" == "04:45"


def test_a_night_that_was_missed_is_not_lost_by_a_deployment():
    jobs.reconcile_schedules()
    missed = timezone.now() - timedelta(hours=2)
    Schedule.objects.filter(name="shop.nightly").update(next_run=missed)
    assert jobs.reconcile_schedules() == []
    assert rows()["shop.nightly"].next_run == missed


def test_a_database_that_is_only_half_migrated(monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", lambda: ["core_jobrun"])
    assert jobs.reconcile_schedules() == []


def test_jobs_do_not_start_all_at_once():
    now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    times = set()
    for number in range(20):
        spec = specs.JobSpec(f"shop.job{number}", print, "", every=timedelta(minutes=10))
        times.add(first_time(spec, now))
    assert len(times) > 15
    assert all(now < moment < now + timedelta(minutes=11) for moment in times)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"every": "5x"}, "no interval"),
        ({"every": "5m", "at": "03:00"}, "both"),
        ({"every": timedelta(seconds=30)}, "whole minutes"),
        ({"every": timedelta(seconds=90)}, "whole minutes"),
        ({"every": "60d"}, "whole minutes"),
        ({"timeout": 500}, "hand_over"),
    ],
)
def test_a_job_that_cannot_be_is_refused_at_the_start(options, words):
    with pytest.raises(ImproperlyConfigured, match=words):
        jobs.job(title="Wrong", **options)(lambda run: None)


def test_two_jobs_of_one_name_are_refused():
    def often(run):
        """The same name from another module of the app."""

    def by_hand(run):
        """Has no schedule."""

    often.__module__ = "shop.other"
    with pytest.raises(ImproperlyConfigured, match="two jobs"):
        jobs.job(title="Often")(often)


def test_a_scope_nobody_knows():
    jobs.job(title="Each", per="planet", every="1h")(lambda run, key: None)
    spec = next(spec for spec in jobs.all_jobs() if spec.per)
    with pytest.raises(ImproperlyConfigured, match="planet"):
        jobs.keys_of(spec)
