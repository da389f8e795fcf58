"""A bulk run while a worker is on it and afterwards: progress, refusals, result, cancel.

These are for anybody who is signed in, but a run is shown only to the person who started it and to
those who may see background jobs.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import bulk, export
from core.bulk_report import may_see, report, results, title_of
from core.models import BulkRun, BulkStatus
from core.pages import AuthedRequest, is_partial, render_page
from core.streaming import streamed


@require_GET
def bulk_run_page(request: AuthedRequest, pk: int) -> HttpResponse:
    """How far a run is, how it ended, and which rows were left as they were."""
    run = _run(request, pk)
    return render_page(request, "core/bulk_run_page.html", report(run, request.user))


@require_GET
def bulk_run_progress(request: AuthedRequest, pk: int) -> HttpResponse:
    """The part of the page that changes; it re-reads itself while the run goes on."""
    return _progress(request, pk)


@require_POST
def bulk_run_cancel(request: AuthedRequest, pk: int) -> HttpResponse:
    """Stop after the row that is being worked on."""
    run = _run(request, pk)
    bulk.cancel(run, by=request.user)
    if not is_partial(request):
        return HttpResponseRedirect(run.get_absolute_url())
    return _progress(request, pk)


@require_GET
def bulk_run_csv(request: AuthedRequest, pk: int) -> StreamingHttpResponse:
    """Every row with what came of it."""
    run = _run(request, pk)
    head = (_("Number"), _("Row"), _("Result"), _("Reason"))
    response = StreamingHttpResponse(
        streamed(request, lambda: export.write_csv(head, results(run))),
        content_type=export.TYPES["csv"],
    )
    name = slugify(title_of(run)) or "bulk"
    response["Content-Disposition"] = f'attachment; filename="{name}-{run.pk}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _progress(request: AuthedRequest, pk: int) -> HttpResponse:
    is_dialog = "dialog" in (request.POST or request.GET)
    context = {**report(_run(request, pk), request.user), "is_dialog": is_dialog}
    return render_page(request, "core/_bulk_progress.html", context)


def _run(request: AuthedRequest, pk: int) -> BulkRun:
    """The run, where this person may see it. A preview that nobody confirmed is not a run yet."""
    runs = BulkRun.objects.defer("pks").select_related("requested_by")
    run = get_object_or_404(runs.exclude(status=BulkStatus.DRAFT), pk=pk)
    if not may_see(run, request.user):
        raise Http404
    return run
