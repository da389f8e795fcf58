"""Running jobs: what the queue calls, how a run starts and ends, and who finds the dead.

The queue delivers at least once: late, twice, or again because a worker died. So everything that
decides whether to work is in our own rows and locks:

- a session lock for each (job, key) lets one run work at a time and frees itself with its worker;
- a row says which chunk is next, so an old delivery of an earlier chunk does nothing;
- a scheduled delivery does nothing when the job has run since it was due.
"""

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_q.exceptions import TimeoutException
from django_q.tasks import async_task

from core import audit, live
from core.errors import MagFlowError
from core.jobs import specs
from core.jobs.queue import RUN_JOB, is_paused, mark_dead, mark_over, push
from core.jobs.runs import Run
from core.jobs.schedules import set_next
from core.locks import session_lock
from core.models import JobRun
from core.models.jobs import JobStatus, JobTrigger

log = logging.getLogger("magflow.jobs")

MOST_DEATHS = 3  # a chunk that took this many workers with it is not tried again
WORKABLE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DIED})


def run_job(
    name: str, key: str = "", run_id: int | None = None, chunk: int = 0, due: str = ""
) -> str:
    """The queue's one entry: do this run, or this scheduled job. Returns what became of it."""
    if run_id is not None:
        return _run_queued(run_id, chunk)
    return _run_scheduled(name, key, due)


def _run_scheduled(name: str, key: str, due: str) -> str:
    spec = specs.find(name)
    if spec is None:
        log.error("The schedule asks for %s, which no code provides.", name)
        return JobStatus.FAILED
    if spec.at is not None and not key:
        set_next(spec)
    if is_paused(name):
        return "paused"
    if spec.per and not key:
        return _fan_out(spec, due)
    if due and JobRun.objects.of(name, key).whole().filter(started_at__gt=due).exists():
        return "late"  # delivered again after its worker died, and done since
    return _attempt(spec, JobRun(name=name, key=key))


def _fan_out(spec: specs.JobSpec, due: str) -> str:
    options = {"save": False, "timeout": spec.timeout}
    with transaction.atomic():
        for key in specs.keys_of(spec):
            async_task(RUN_JOB, spec.name, key, due=due, task_name=spec.name, q_options=options)
    return JobStatus.DONE


def _run_queued(run_id: int, chunk: int) -> str:
    row = JobRun.objects.select_related("requested_by").filter(pk=run_id).first()
    if row is None or row.chunk != chunk or row.status not in WORKABLE:
        return "over"  # an old delivery: the run went on or ended without it
    spec = specs.find(row.name)
    if spec is None:
        mark_over(row, JobStatus.FAILED, _("This job no longer exists."))
        return JobStatus.FAILED
    if row.trigger == JobTrigger.NUDGE and row.starts == 0 and is_paused(row.name):
        mark_over(row, JobStatus.SKIPPED, _("The job is paused."))
        return JobStatus.SKIPPED
    if row.starts - row.chunk >= MOST_DEATHS:
        mark_over(
            row, JobStatus.FAILED, _("Its worker died %d times, so it was given up.") % MOST_DEATHS
        )
        return JobStatus.FAILED
    return _attempt(spec, row)


def run_here(name: str, key: str = "") -> JobRun:
    """Run a job in this process to its end, chunk after chunk, for a person at a terminal."""
    spec = specs.get(name)
    row = JobRun(name=name, key=key, trigger=JobTrigger.COMMAND)
    _attempt(spec, row, here=True)
    while row.status == JobStatus.QUEUED:
        _attempt(spec, row, here=True)
    return row


def _attempt(spec: specs.JobSpec, row: JobRun, *, here: bool = False) -> str:
    """Do the next chunk of this run if nobody else works on the same job and key.

    With `here` a person watches: lines are printed, and the next chunk is the caller's.
    """
    with session_lock("job", spec.name, row.key) as ours:
        if ours and (row.chunk or not _chunk_waits(row)):
            return _perform(spec, row, here=here)
    if row.status == JobStatus.RUNNING and row.pk:
        return "over"  # delivered twice; the other one is at it
    if row.pk and row.status == JobStatus.QUEUED:
        # Asked for, perhaps for something else than what is running: it waits its turn. So does the
        # next chunk of a long run, when somebody took the lock in between.
        time.sleep(0.5)
        if not here:
            push(row)
        return JobStatus.QUEUED
    return _skip(row)


def _chunk_waits(row: JobRun) -> bool:
    """Between two chunks of a long run the lock is free, but the job is not."""
    waiting = JobRun.objects.of(row.name, row.key).filter(status=JobStatus.QUEUED, chunk__gt=0)
    return waiting.exclude(pk=row.pk).exists()


def _skip(row: JobRun) -> str:
    reason = _("The same job was still running.")
    if row.pk:
        mark_over(row, JobStatus.SKIPPED, reason)
    else:
        row.status, row.error, row.ended_at = JobStatus.SKIPPED, reason, timezone.now()
        row.save()
        live.touch("jobs", row.pk)
    return JobStatus.SKIPPED


def _perform(spec: specs.JobSpec, row: JobRun, *, here: bool) -> str:
    for other in JobRun.objects.of(spec.name, row.key).running().exclude(pk=row.pk):
        mark_dead(other)  # we hold its lock
    _begin(spec, row)
    run = Run(row, echo=here)
    with _acting(spec, row):
        try:
            specs.call(spec, run, row.key, row.args)
        except Exception as problem:
            _end(spec, row, run, _explain(spec, row, problem), here=here)
        except BaseException as problem:  # a timeout ends this worker, Ctrl+C ends the command
            _end(spec, row, run, _explain(spec, row, problem), here=here)
            raise
        else:
            _end(spec, row, run, "", here=here)
    return row.status


@contextmanager
def _acting(spec: specs.JobSpec, row: JobRun) -> Iterator[None]:
    """In the language of whom it is for, and known to log and audit trail.

    A shared job stores what everybody reads: who pressed its button does not choose the words.
    """
    asked_in = "" if spec.is_shared else getattr(row.requested_by, "language", "")
    language = asked_in or settings.LANGUAGE_CODE
    number = f"job-{row.pk or spec.name}"
    with translation.override(language), audit.acting(source="job", request_id=number):
        yield


def _begin(spec: specs.JobSpec, row: JobRun) -> None:
    if row.starts > row.chunk:
        row.log = "\n".join(filter(None, [row.log, _("— started again: its worker died —")]))
    if row.starts == 0:
        row.started_at = timezone.now()
    row.starts += 1
    row.status, row.ended_at, row.error = JobStatus.RUNNING, None, ""
    row.worker = f"{socket.gethostname()}:{os.getpid()}"[:80]
    if row.pk or not spec.hidden:
        row.save()
        live.touch("jobs", row.pk)


def _explain(spec: specs.JobSpec, row: JobRun, problem: BaseException) -> str:
    """Words for people; what nobody foresaw goes into the log."""
    if isinstance(problem, MagFlowError):
        log.warning("%s %s failed: %s", spec.name, row.key, problem, extra={"job_run": row.pk})
        return str(problem) or problem.code
    if _is_timeout(problem):
        if not connection.in_atomic_block:
            connection.close()  # the alarm may have struck in the middle of a query
        log.error("%s %s took longer than %s s", spec.name, row.key, spec.timeout)
        return _("It took longer than %d seconds and was stopped.") % spec.timeout
    if isinstance(problem, KeyboardInterrupt):
        return _("It was interrupted.")
    log.error("%s %s failed", spec.name, row.key, exc_info=problem, extra={"job_run": row.pk})
    return _("Something unexpected went wrong. The log has the details under “%s”.") % (
        f"job-{row.pk or spec.name}"
    )


def _is_timeout(problem: BaseException | None) -> bool:
    # Closing a transaction that the alarm cut may raise an error of its own on top.
    while problem is not None:
        if isinstance(problem, TimeoutException):
            return True
        problem = problem.__context__
    return False


def _end(spec: specs.JobSpec, row: JobRun, run: Run, error: str, *, here: bool) -> None:
    run.keep()
    row.error = error
    if run.next_args is not None and not error:
        row.status, row.args, row.chunk = JobStatus.QUEUED, run.next_args, row.chunk + 1
        with transaction.atomic():
            row.save()
            if not here:
                push(row)
    else:
        row.status = JobStatus.FAILED if error else JobStatus.DONE
        row.ended_at = timezone.now()
        if row.pk or error or not spec.hidden:
            row.save()
    if row.pk:
        live.touch("jobs", row.pk)
