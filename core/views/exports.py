"""Scheduled exports: the list, one of them, adding and changing, and the file of a mailed link.

Whoever may have at least one list sent comes in, and sees those of the lists they may have sent
(core.scheduled_exports.visible_to).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import export, export_delivery, export_files, export_rows, export_sources, export_words
from core import scheduled_exports as services
from core.errors import RuleViolation, SetupNeeded, StaleData
from core.export_forms import ScheduleForm
from core.export_sources import ListSource
from core.export_tables import BADGES, ScheduledExportFilter, ScheduledExportTable
from core.models import ExportRun, ScheduledExport
from core.pages import AuthedRequest, done, is_partial, render_page
from core.saved_views import ListState
from core.streaming import streamed
from core.tables import Empty, table_page

SHOWN_RUNS = 30


def scheduled_export_list(request: AuthedRequest) -> HttpResponseBase:
    services.require_scheduler(request.user)
    latest = ExportRun.objects.filter(export=OuterRef("pk"))
    return table_page(
        request,
        page="core.scheduled_export_list",
        title=_("Scheduled exports"),
        table=ScheduledExportTable,
        filterset=ScheduledExportFilter,
        queryset=services.visible_to(request.user).annotate(
            last_status=Subquery(latest.values("status")[:1]),
            last_at=Subquery(latest.values("slot")[:1]),
            last_error=Subquery(latest.values("error")[:1]),
        ),
        live="exports",
        template="core/scheduled_export_list.html",
        empty=Empty(
            _("Nothing is sent at set times"),
            _("A list can be sent as a file again and again, by mail or into a folder."),
            icon="calendar-repeat",
            button=_("Add one"),
            url=reverse("core:scheduled_export_add"),
        ),
    )


def scheduled_export_add(request: AuthedRequest) -> HttpResponse:
    """From the export menu of a list, with what it shows; or from scratch."""
    services.require_scheduler(request.user)
    signed = request.POST.get("state") or request.GET.get("state", "")
    state = ListState.read(request.user, signed) if signed else None
    source = _source(request, state)
    query = state.query if state else ""
    columns = state.columns if state else source.table_for(request.user).default_columns()
    form = ScheduleForm(
        request.POST or None, user=request.user, source=source, told=_told(source, query, request)
    )
    return _edit(
        request,
        form,
        lambda: services.schedule(source.page, by=request.user, **form.facts(query, columns)),
        {"title": _("Schedule an export"), "state": signed, "source": source,
         "cancel": reverse(source.url_name)},
    )  # fmt: skip


def scheduled_export_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    plan = _export(request, pk)
    source = services.source_of(plan)
    form = ScheduleForm(
        request.POST or None, user=request.user, source=source,
        told=_told(source, plan.query, request), export=plan,
    )  # fmt: skip
    return _edit(
        request,
        form,
        lambda: services.change(plan, by=request.user, **form.facts(plan.query, plan.columns)),
        {"title": _("Change %(name)s") % {"name": plan.name}, "source": source, "plan": plan,
         "cancel": plan.get_absolute_url(), "is_taken_over": plan.owner_id != request.user.pk},
    )  # fmt: skip


@require_safe
def scheduled_export_page(request: AuthedRequest, pk: int) -> HttpResponse:
    """What is sent, when and where to, and what became of the latest files."""
    plan = _export(request, pk)
    source = export_sources.find(plan.page)
    runs = list(plan.runs.select_related("asked_by")[:SHOWN_RUNS])
    for run in runs:
        run.badge = BADGES[run.status]  # type: ignore[attr-defined]
        run.told = export_words.outcome(run)  # type: ignore[attr-defined]
    context = {
        "plan": plan,
        "runs": runs,
        "what": export_words.what(plan),
        "when": export_words.when(plan),
        "told": export_words.filter_of(plan),
        "columns": export_words.columns_of(plan),
        "list_url": f"{reverse(source.url_name)}?{plan.query}" if source else "",
        "trouble": services.why_it_cannot_run(plan),
        "has_open_run": any(not run.is_over for run in runs),
    }
    part = "core/_scheduled_export.html"
    return render_page(
        request, part if is_partial(request) else "core/scheduled_export_page.html", context
    )


@require_POST
def scheduled_export_run(request: AuthedRequest, pk: int) -> HttpResponse:
    plan = _export(request, pk)
    services.run_now(plan, by=request.user)
    return done(request, _("The file is being made."), plan.get_absolute_url())


@require_POST
def scheduled_export_pause(request: AuthedRequest, pk: int) -> HttpResponse:
    plan = _export(request, pk)
    services.pause(plan, by=request.user)
    return done(request, _("Nothing is sent until you resume it."), plan.get_absolute_url())


@require_POST
def scheduled_export_resume(request: AuthedRequest, pk: int) -> HttpResponse:
    plan = _export(request, pk)
    services.resume(plan, by=request.user)
    return done(request, _("It goes on at its next time."), plan.get_absolute_url())


@require_POST
def scheduled_export_remove(request: AuthedRequest, pk: int) -> HttpResponse:
    plan = _export(request, pk)
    services.remove(plan, by=request.user)
    message = _("“%(name)s” is removed. Files that were sent stay.") % {"name": plan.name}
    return done(request, message, reverse("core:scheduled_export_list"))


@login_not_required
@require_safe
def export_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file that was too large for a mail: its signed link is the key to it.

    It is the one that was made then, however often and by whomever it is opened.
    """
    run = export_delivery.linked(token)
    path = export_files.linked_path(run.pk) if run else None
    if run is None or path is None or not path.is_file():
        raise Http404
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    else:
        response = StreamingHttpResponse(
            streamed(request, lambda: export_files.read_linked(run.pk))
        )
    response["Content-Type"] = export.TYPES[run.file_name.rpartition(".")[2]]
    response["Content-Length"] = str(path.stat().st_size)
    response["Content-Disposition"] = f'attachment; filename="{_ascii(run.file_name)}"'
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace("?", "-")


def _export(request: AuthedRequest, pk: int) -> ScheduledExport:
    services.require_scheduler(request.user)
    return get_object_or_404(services.visible_to(request.user), pk=pk)


def _source(request: AuthedRequest, state: ListState | None) -> ListSource:
    """The list that the state is of, or the first that this person may have sent."""
    sources = {source.page: source for source in export_sources.schedulable(request.user)}
    if state is None:
        return next(iter(sources.values()))
    if state.page not in sources:
        raise Http404
    return sources[state.page]


def _told(source: ListSource, query: str, request: AuthedRequest) -> str:
    return export_rows.in_words(source.filters(QueryDict(query), request.user))


def _edit(
    request: AuthedRequest, form: ScheduleForm, save: Any, context: dict[str, Any]
) -> HttpResponse:
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            plan = save()
        except (RuleViolation, SetupNeeded) as error:
            form.add_error(None, str(error))
        except StaleData as error:
            status = error.status
            form.show_conflict(str(error))
        else:
            return done(request, _("Saved."), plan.get_absolute_url())
    page = {"form": form, "zone": request.user.time_zone, **context}
    return render_page(request, "core/scheduled_export_form.html", page, status=status)
