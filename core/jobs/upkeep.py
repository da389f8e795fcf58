"""The jobs that keep jobs honest: a heartbeat through the queue, the dead found, old rows gone."""

import logging
import os
import socket
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_q.models import OrmQ, Schedule, Task

from core import partitions, rates
from core.jobs.queue import RUN_JOB, mark_dead, push
from core.jobs.runs import Run
from core.jobs.specs import job
from core.locks import held, lock_id
from core.models import Heartbeat, JobRun, JobStatus
from core.registry import Level, Probe

log = logging.getLogger("magflow.jobs")

WORKER = "worker"
LATE = timedelta(minutes=3)
VERY_LATE = timedelta(minutes=10)
LOST_AFTER = timedelta(minutes=15)
FETCHED_AFTER = timedelta(seconds=20)  # what a worker took off the queue has begun by then
KEEP_DONE = timedelta(days=7)
KEEP_FAILED = timedelta(days=90)


@job(every="1m", title=gettext_lazy("Sign of life"), hidden=True, manual=False)
def beat(run: Run) -> None:
    """Proves the scheduler, the queue and a worker by having come through all of them."""
    info = {"host": socket.gethostname(), "pid": os.getpid(), "version": settings.VERSION}
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"at": timezone.now(), "info": info})


@job(every="1m", title=gettext_lazy("Find runs whose worker died"), hidden=True, manual=False)
def sweep_dead_runs(run: Run) -> None:
    """A row that is running while its lock is free has no worker any more."""
    dead = find_dead_runs()
    lost = requeue_lost_runs()
    if dead or lost:
        log.warning("Runs whose worker died: %s; that were lost from the queue: %s", dead, lost)


def find_dead_runs() -> list[int]:
    """Mark the running rows that nobody works on as died; the queue delivers them again."""
    # Rows first, locks second: a worker writes how a run ended before it lets go of the lock.
    locks = {run: lock_id("job", run.name, run.key) for run in JobRun.objects.running()}
    alive = held(locks.values())
    dead = [run for run, number in locks.items() if number not in alive]
    for run in dead:
        mark_dead(run)
    return [run.pk for run in dead]


def requeue_lost_runs() -> list[int]:
    """Queue waiting runs again that no worker will begin.

    Some are in no queue, as after a change of SECRET_KEY. Others were fetched by a worker that died
    before it began with them: the queue itself would give them out again only after ten minutes.
    Where that worker was merely busy, the run is delivered twice, and done once.
    """
    with transaction.atomic():
        now = timezone.now()
        waiting = JobRun.objects.filter(status=JobStatus.QUEUED, started_at__lt=now - FETCHED_AFTER)
        rows = list(waiting.select_for_update(skip_locked=True))
        if not rows:
            return []
        queued = _latest_deliveries()
        lost = [run for run in rows if _is_lost(run, queued.get(run.pk), now)]
        for run in lost:
            push(run)
    return [run.pk for run in lost]


def _latest_deliveries() -> dict[int, datetime]:
    """Run → until when its youngest entry is reserved for who fetched it; past: nobody did."""
    found: dict[int, datetime] = {}
    for entry in OrmQ.objects.iterator():
        run = (entry.kwargs() or {}).get("run_id")
        if run is not None:
            found[run] = min(entry.lock, found.get(run, entry.lock))
    return found


def _is_lost(run: JobRun, reserved_until: datetime | None, now: datetime) -> bool:
    if reserved_until is None:
        return run.started_at < now - LOST_AFTER
    fetched_at = reserved_until - timedelta(seconds=settings.Q_CLUSTER["retry"])
    return now < reserved_until and fetched_at < now - FETCHED_AFTER


@job(at="03:40", title=gettext_lazy("Remove old job runs"))
def purge_runs(run: Run) -> None:
    """Keep what went well for a week and what failed for three months."""
    now = timezone.now()
    well = [JobStatus.DONE, JobStatus.SKIPPED]
    failed = [JobStatus.FAILED, JobStatus.DIED]
    old = JobRun.objects.filter(status__in=well, ended_at__lt=now - KEEP_DONE)
    run.count("runs", old.delete()[0])
    old = JobRun.objects.filter(status__in=failed, ended_at__lt=now - KEEP_FAILED)
    run.count("failed runs", old.delete()[0])
    run.count("queue results", Task.objects.filter(stopped__lt=now - KEEP_DONE).delete()[0])


def worker_probe() -> Probe:
    """Is there a worker, and does it keep up?"""
    label = gettext_lazy("Background worker")
    now = timezone.now()
    beat = Heartbeat.objects.filter(name=WORKER).first()
    if beat is None:
        message = gettext_lazy("The worker has not started yet. Background work waits.")
        return Probe(WORKER, label, Level.WARN, message, banner=True)
    if beat.at < now - LATE:
        level = Level.BAD if beat.at < now - VERY_LATE else Level.WARN
        message = gettext_lazy(
            "The worker does not answer. Background work waits until it is back."
        )
        return Probe(WORKER, label, level, message, beat.at, banner=True)
    late = (
        Schedule.objects.filter(func=RUN_JOB, next_run__lt=now - LATE).order_by("next_run").first()
    )
    if late:
        message = gettext_lazy("The worker is alive, but its schedule is late.")
        return Probe(WORKER, label, Level.WARN, message, late.next_run, banner=True)
    return Probe(WORKER, label, Level.OK, gettext_lazy("Answers every minute."), beat.at)


@job(at="02:25", title=gettext_lazy("Care for the big tables"))
def keep_partitions(run: Run) -> None:
    """Make the parts of the coming months and days, drop those that are too old."""
    for change in partitions.ensure_all():
        run.log(change)
        run.count("changes")


@job(every="1h", title=gettext_lazy("Read exchange rates"))
def pull_exchange_rates(run: Run) -> None:
    """Ask BNR in the afternoon of bank days, hour by hour until its new rates are there."""
    if not rates.is_due(timezone.now()):
        return
    run.count("new rates", rates.read_rates())
