"""Schedules: rows of django-q2 that are made to match the code, never edited by hand.

Daily jobs are reckoned here and not by django-q2. Its cron schedules compare wall clocks: in the
night when the clocks go back, one between 03:00 and 04:00 keeps its scheduler, and with it every
other schedule, in an endless loop for most of an hour; its daily ones drift when they go forward.
So a daily row only says "about a day later", and the run that it starts sets the exact time.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import Schedule

from core.jobs import specs
from core.jobs.queue import RUN_JOB
from core.locks import hold_in_transaction


def reconcile_schedules() -> list[str]:
    """Make the schedules what the code says, and tell what was changed.

    Runs after every migrate. A schedule that is right keeps its next time, so a deployment neither
    skips a nightly job nor starts everything at once.
    """
    now, changes = timezone.now(), list[str]()
    if Schedule._meta.db_table not in connection.introspection.table_names():
        return changes  # only some of the apps were migrated
    with transaction.atomic():
        hold_in_transaction("schedules")  # two hosts may migrate at once
        wanted = {spec.name: spec for spec in specs.all_jobs() if spec.is_scheduled}
        for row in Schedule.objects.filter(func=RUN_JOB).order_by("pk"):
            spec = wanted.pop(row.name or "", None)
            if spec is None:  # its code is gone, or it is there twice
                row.delete()
                changes.append(f"- {row.name}")
            elif not _is_right(row, spec, now):
                fields = _fields(spec) | {"next_run": first_time(spec, now)}
                Schedule.objects.filter(pk=row.pk).update(**fields)
                changes.append(f"~ {row.name}")
        for spec in wanted.values():
            Schedule.objects.create(**_fields(spec), next_run=first_time(spec, now))
            changes.append(f"+ {spec.name}")
    return changes


def _fields(spec: specs.JobSpec) -> dict[str, Any]:
    options = {"q_options": {"save": False, "timeout": spec.timeout}, "task_name": spec.name}
    return {
        "name": spec.name,
        "func": RUN_JOB,
        "args": repr((spec.name,)),
        "kwargs": repr(options),
        "schedule_type": Schedule.MINUTES if spec.every else Schedule.DAILY,
        "minutes": spec.every // timedelta(minutes=1) if spec.every else None,
        "repeats": -1,
        "intended_date_kwarg": "due",
        "cron": None,
        "cluster": None,
        "hook": None,
    }


def _is_right(row: Schedule, spec: specs.JobSpec, now: datetime) -> bool:
    if any(getattr(row, name) != value for name, value in _fields(spec).items()):
        return False
    is_due = row.next_run is not None and row.next_run <= now  # it runs soon, and then is set
    return bool(spec.every or is_due or row.next_run == next_at(spec, now))


def first_time(spec: specs.JobSpec, now: datetime) -> datetime:
    """When a new schedule fires first.

    What repeats starts soon, at an offset of its own: jobs would otherwise all wake at the same
    moment, and marketplaces ask not to be called on the round minute.
    """
    if spec.every is None:
        return next_at(spec, now)
    digest = blake2b(spec.name.encode(), digest_size=4).digest()
    window = int(min(spec.every, timedelta(minutes=10)).total_seconds())
    offset = timedelta(seconds=5 + int.from_bytes(digest) % (window - 10))
    first = now.replace(second=0, microsecond=0) + offset
    return first if first > now else first + timedelta(minutes=1)


def next_at(spec: specs.JobSpec, after: datetime) -> datetime:
    """The next time of a daily job: once on every day of the company's calendar.

    When the clocks go back, the first of the two times counts. A time that the clocks leave out is
    taken as if they had not moved, so 03:15 is 04:15 on that day.
    """
    assert spec.at is not None  # noqa: S101 - scheduled, and not `every`
    zone = ZoneInfo(settings.TIME_ZONE)
    day = after.astimezone(zone).date()
    while True:
        # Compared in UTC: Python compares two times of the same zone by their wall clocks.
        time = datetime.combine(day, spec.at, zone).astimezone(UTC)
        if time > after.astimezone(UTC):
            return time
        day += timedelta(days=1)


def set_next(spec: specs.JobSpec) -> None:
    """Called when a daily job has just been started by its schedule."""
    Schedule.objects.filter(func=RUN_JOB, name=spec.name).update(
        next_run=next_at(spec, timezone.now())
    )


def next_run(name: str) -> datetime | None:
    """When the schedule fires next."""
    row = Schedule.objects.filter(func=RUN_JOB, name=name).only("next_run").first()
    return row.next_run if row else None
