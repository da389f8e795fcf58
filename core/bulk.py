"""Bulk runs: prepared with the preview, started once, cancelled, finished, handed to a worker.

How the rows are worked through is core.bulk_worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import audit, jobs, live
from core.bulk_report import may_cancel, summary, title_of
from core.errors import RuleViolation
from core.html import number
from core.locks import held, lock_id
from core.models import BulkRefusal, BulkRun, BulkStatus, JobRun, RefusalKind
from core.models.jobs import JobStatus

if TYPE_CHECKING:
    from accounts.models import User

RUN_BULK = "core.run_bulk"  # the job in core.bulk_jobs, which stands above this module
MOST_ROWS = 100_000  # in one run; the selection is kept in one row of the database
SETTLING = timedelta(seconds=10)  # between the start of a run and the lock on it
KEEP = timedelta(days=90)
KEEP_DRAFTS = timedelta(days=1)

GONE = gettext_lazy("This row is no longer in this list.")


def prepare(
    *,
    token: UUID,
    page: str,
    action: str,
    pks: Sequence[int],
    gone: Iterable[int] = (),
    by: User,
    page_url: str = "",
    form_data: str = "",
) -> BulkRun:
    """Remember exactly which rows a person is about to act on. The same token is the same run."""
    if len(pks) > MOST_ROWS:
        raise RuleViolation(
            _("At most {most} rows can be changed in one go. Narrow the filter.").format(
                most=number(MOST_ROWS)
            )
        )
    gone = list(dict.fromkeys(gone))
    with transaction.atomic():
        run, is_new = BulkRun.objects.get_or_create(
            token=token,
            defaults={
                "page": page,
                "action": action,
                "requested_by": by,
                "page_url": page_url,
                "form_data": form_data,
                "pks": list(pks),
                "total": len(pks),
                "gone": len(gone),
            },
        )
        if is_new:
            _note_gone(run, gone)
    if (run.requested_by_id, run.page, run.action) != (by.pk, page, action):
        raise RuleViolation(_("This form belongs to something else. Open it again."))
    return run


def start(run: BulkRun, *, within: QuerySet[Any], form_data: str) -> bool:
    """Set a prepared run going, once. False where it was going already.

    Rows that left the list since the preview are taken out; rows that came are not added, since
    nobody has seen them.
    """
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=run.pk)
        if run.status != BulkStatus.DRAFT:
            return False
        chosen = RawSQL("SELECT unnest(pks) FROM core_bulkrun WHERE id = %s", [run.pk])
        present = set(within.order_by().filter(pk__in=chosen).values_list("pk", flat=True))
        left = [pk for pk in run.pks if pk not in present]
        if left:
            run.pks = [pk for pk in run.pks if pk in present]
            run.total = len(run.pks)
            run.gone += _note_gone(run, left)
        run.form_data = form_data
        run.status = BulkStatus.RUNNING
        run.started_at = timezone.now()
        run.save()
    return True


def _note_gone(run: BulkRun, pks: Iterable[int]) -> int:
    noted = BulkRefusal.objects.bulk_create(
        [
            BulkRefusal(
                run=run, object_id=pk, label=f"#{pk}", kind=RefusalKind.GONE, reason=str(GONE)
            )
            for pk in pks
        ],
        batch_size=1000,
    )
    return len(noted)


def cancel(run: BulkRun, *, by: User) -> bool:
    """Stop after the row that is being worked on; what is done stays done."""
    if not may_cancel(run, by):
        raise RuleViolation(_("Only the person who started this may cancel it."))
    return finish(run.pk, BulkStatus.CANCELLED, by=by)


def finish(pk: int, status: BulkStatus, *, by: User | None, note: str = "") -> bool:
    """End a run once, with its one entry in the audit trail."""
    with transaction.atomic():
        ended = BulkRun.objects.filter(pk=pk, status=BulkStatus.RUNNING).update(
            status=status, note=note, ended_at=timezone.now()
        )
        if not ended:
            return False
        run = BulkRun.objects.defer("pks").get(pk=pk)
        audit.record(
            f"bulk.{status}",
            run,
            by=by,
            label=title_of(run),
            note=" ".join(filter(None, (summary(run), note))),
        )
        live.touch("bulk", pk)
    return True


def hand_over(pk: int, *, trigger: str, by: User | None = None) -> None:
    """Let a worker go on with the run."""
    jobs.enqueue(RUN_BULK, pk, key=str(pk), by=by, trigger=trigger)


def page_of(job: JobRun) -> str:
    """The address of the bulk run that a job works on; empty for other jobs."""
    return reverse("core:bulk_run_page", args=[job.key]) if job.name == RUN_BULK else ""


def abandoned() -> list[int]:
    """Running on paper, but nobody holds their lock and no job for them waits in the queue."""
    before = timezone.now() - SETTLING
    runs = BulkRun.objects.filter(status=BulkStatus.RUNNING, started_at__lt=before)
    open_pks = list(runs.order_by("pk").values_list("pk", flat=True))
    waiting = set(
        JobRun.objects.filter(
            name=RUN_BULK, key__in=map(str, open_pks), status=JobStatus.QUEUED
        ).values_list("key", flat=True)
    )
    at_work = held(lock_id("bulk", str(pk)) for pk in open_pks)
    return [
        pk for pk in open_pks if str(pk) not in waiting and lock_id("bulk", str(pk)) not in at_work
    ]


def prune() -> int:
    """Forget previews nobody confirmed, and runs of last season."""
    now = timezone.now()
    drafts = BulkRun.objects.filter(status=BulkStatus.DRAFT, created_at__lt=now - KEEP_DRAFTS)
    ended = BulkRun.objects.filter(ended_at__lt=now - KEEP)
    return drafts.delete()[0] + ended.delete()[0]
