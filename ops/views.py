"""The control room: home, audit trail, job runs."""

from django.apps import apps
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import bulk, jobs, registry
from core.audit_words import told
from core.jobs import counters
from core.models import AuditEntry, JobRun
from core.models.jobs import JobStatus
from core.pages import AuthedRequest, is_partial, render_page
from core.tables import Empty, Tab, table_page
from ops.filters import AuditFilter, JobRunFilter
from ops.first_steps import steps_for
from ops.tables import JOB_BADGES, SOURCES, AuditTable, JobRunTable


@require_safe
def home(request: AuthedRequest) -> HttpResponse:
    """Where everybody lands."""
    steps = steps_for(request.user)
    open_steps = [step for step in steps if not step.is_done]
    wrong = [] if open_steps else registry.banners()
    return render_page(
        request, "ops/home.html", {"steps": steps, "open_steps": open_steps, "wrong": wrong}
    )


@permission_required("core.view_auditentry", raise_exception=True)
def audit_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="ops.audit_list",
        title=_("Audit trail"),
        table=AuditTable,
        filterset=AuditFilter,
        queryset=AuditEntry.objects.all(),
        live="audit",
        empty=Empty(
            _("Nothing has been changed yet"),
            _("Every change by a person or a job is written here: who, when, before and after."),
            icon="history",
        ),
    )


@require_safe
@permission_required("core.view_auditentry", raise_exception=True)
def audit_entry(request: AuthedRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(AuditEntry, pk=pk)
    context = {
        "entry": entry,
        "changes": told(entry.subject_type, entry.changes),
        "source": SOURCES.get(entry.source, entry.source),
        "subject_url": subject_url(entry),
    }
    template = "ops/_audit_entry.html" if is_partial(request) else "ops/audit_entry_page.html"
    return render_page(request, template, context)


def subject_url(entry: AuditEntry) -> str:
    """The page of what was changed, as long as it exists and has one."""
    try:
        model = apps.get_model(entry.subject_type)
    except (LookupError, ValueError):
        return ""
    if not hasattr(model, "get_absolute_url"):
        return ""
    subject = model._default_manager.filter(pk=entry.subject_id).first()
    return str(subject.get_absolute_url()) if subject else ""


@permission_required("core.view_jobrun", raise_exception=True)
def job_run_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="ops.job_run_list",
        title=_("Job runs"),
        table=JobRunTable,
        filterset=JobRunFilter,
        queryset=JobRun.objects.with_length().defer("log", "args"),
        live="jobs",
        tabs=(
            Tab(_("All"), ""),
            Tab(_("Running"), f"status={JobStatus.RUNNING}"),
            Tab(_("Failed"), f"status={JobStatus.FAILED}&status={JobStatus.DIED}"),
        ),
        empty=Empty(
            _("No job has run yet"),
            _("The worker starts scheduled jobs within a minute. Each run appears here by itself."),
            icon="clock-play",
        ),
    )


@require_safe
@permission_required("core.view_jobrun", raise_exception=True)
def job_run_page(request: AuthedRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(JobRun.objects.select_related("requested_by"), pk=pk)
    context = {
        "run": run,
        "title": jobs.title_of(run.name),
        "counted": counters.told(run.counters),
        "badge": JOB_BADGES[JobStatus(run.status)],
        "bulk_url": bulk.page_of(run),
    }
    template = "ops/_job_run.html" if is_partial(request) else "ops/job_run_page.html"
    return render_page(request, template, context)
