"""Asking for a run: enqueue(), the buttons of the jobs page, and the pause flag."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from core import audit, live
from core.errors import RuleViolation
from core.jobs import specs
from core.models import JobPause, JobRun
from core.models.jobs import JobStatus, JobTrigger

RUN_JOB = "core.jobs.run_job"  # what the queue calls


def enqueue(
    job: str | Callable[..., object],
    *args: Any,
    key: str = "",
    by: AbstractBaseUser | None = None,
    trigger: str = JobTrigger.NUDGE,
    total: int | None = None,
) -> JobRun:
    """Queue a run within this transaction; it starts after the commit, never before.

    `args` are ids and plain values. The same job with the same key and arguments that still waits
    is not queued twice: its row is returned. One that already runs may have read the old state, so
    behind that one a new run does queue.
    """
    spec = specs.get(job)
    with transaction.atomic():
        waiting = _waiting_twin(spec, key, list(args))
        # A nudge may find its job paused and be skipped; a person means it.
        if waiting and (waiting.trigger == trigger or trigger == JobTrigger.NUDGE):
            return waiting
        run = JobRun.objects.create(
            name=spec.name,
            key=key,
            args=list(args),
            status=JobStatus.QUEUED,
            trigger=trigger,
            requested_by_id=by.pk if by else None,
            total=total,
        )
        push(run)
        live.touch("jobs", run.pk)
    return run


def _waiting_twin(spec: specs.JobSpec, key: str, args: list[Any]) -> JobRun | None:
    # The row lock keeps a worker from starting the twin before this transaction's changes are
    # visible to it. A twin that is locked already is about to start: it does not count.
    return (
        JobRun.objects.of(spec.name, key)
        .filter(status=JobStatus.QUEUED, starts=0, args=args)
        .select_for_update(skip_locked=True)
        .first()
    )


# What enqueue() looks for where a job has no arguments, for who asks within a statement of its own.
# A row that is found is locked: that run will see what this transaction commits.
WAITING = """
    SELECT id FROM core_jobrun
     WHERE name = %s AND key = %s AND status = 'queued' AND starts = 0 AND args = '[]'
     LIMIT 1 FOR UPDATE SKIP LOCKED
"""


def push(run: JobRun) -> None:
    """Put the next chunk of a run into the queue, in this transaction."""
    spec = specs.find(run.name)
    options = {"save": False, "timeout": spec.timeout if spec else specs.longest()}
    async_task(
        RUN_JOB,
        run.name,
        run.key,
        run_id=run.pk,
        chunk=run.chunk,
        task_name=run.name,
        q_options=options,
    )


@transaction.atomic
def run_now(name: str, *, by: AbstractBaseUser | None, key: str = "") -> list[JobRun]:
    """Start a job because a person said so: for this key, or for every key it has."""
    spec = _known(name)
    if not spec.manual:
        raise RuleViolation(_("This job cannot be started by hand."))
    keys = [key] if key else specs.keys_of(spec)
    runs = [enqueue(spec.name, key=one, by=by, trigger=JobTrigger.PERSON) for one in keys]
    for run in runs:
        audit.record("job.started", run, by=by, label=specs.title_of(name))
    return runs


@transaction.atomic
def pause(name: str, *, by: AbstractBaseUser | None, reason: str = "") -> None:
    """Let a job rest: neither its schedule nor nudges start it until it is resumed."""
    spec = _known(name)
    if spec.hidden:
        raise RuleViolation(_("MagFlow itself needs this job; it cannot be paused."))
    _pause, is_new = JobPause.objects.get_or_create(
        name=name, defaults={"by_id": by.pk if by else None, "reason": reason}
    )
    if is_new:
        audit.record("job.paused", None, by=by, note=reason, label=specs.title_of(name))
        live.touch("jobs")


@transaction.atomic
def resume(name: str, *, by: AbstractBaseUser | None) -> None:
    """Let a paused job run again, from its next time on."""
    gone, _by_model = JobPause.objects.filter(name=name).delete()
    if gone:
        audit.record("job.resumed", None, by=by, label=specs.title_of(name))
        live.touch("jobs")


def is_paused(name: str) -> bool:
    return JobPause.objects.filter(name=name).exists()


def _known(name: str) -> specs.JobSpec:
    spec = specs.find(name)
    if spec is None:
        raise RuleViolation(_("There is no job called “%(name)s”.") % {"name": name})
    return spec


def mark_over(run: JobRun, status: JobStatus, error: str = "") -> None:
    """End a run that is not being worked on; a no-op when somebody ended it first."""
    run.status, run.error, run.ended_at = status, error, timezone.now()
    not_over = [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DIED]
    changed = JobRun.objects.filter(pk=run.pk, starts=run.starts, status__in=not_over).update(
        status=status, error=error, ended_at=run.ended_at
    )
    if changed:
        live.touch("jobs", run.pk)


def mark_dead(run: JobRun) -> None:
    """Its lock is free though it is running. The queue delivers it again by itself."""
    mark_over(run, JobStatus.DIED, _("Its worker died."))
