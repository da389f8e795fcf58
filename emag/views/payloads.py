"""What eMAG sent, as it sent it; and what of it could not be read."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.pages import AuthedRequest, done, render_page
from core.tables import Empty, Tab, table_page
from emag.models import PayloadStatus, RejectedPayload, Snapshot, calls
from emag.rejected import PAYLOAD_BADGES, RejectedPayloadFilter, RejectedPayloadTable
from emag.services import payloads


@permission_required("emag.view_payload", raise_exception=True)
def rejected_payload_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="emag.rejected_payload_list",
        title=_("Rejected payloads"),
        table=RejectedPayloadTable,
        filterset=RejectedPayloadFilter,
        queryset=RejectedPayload.objects.select_related("account").defer("payload"),
        live="payloads",
        tabs=(
            Tab(
                _("Open"),
                f"status={PayloadStatus.OPEN}",
                count=RejectedPayload.objects.open().count(),
                level="bad",
            ),
            Tab(_("All"), ""),
        ),
        empty=Empty(
            _("Everything could be read"),
            _(
                "An order or offer that MagFlow cannot read is kept here, with the reason, while"
                " all others go on."
            ),
            icon="circle-check",
        ),
    )


@require_safe
@permission_required("emag.view_payload", raise_exception=True)
def rejected_payload_page(request: AuthedRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(RejectedPayload.objects.select_related("account"), pk=pk)
    context = {
        "row": row,
        "badge": PAYLOAD_BADGES[row.status],
        "text": shown(row.payload),
        "may_settle": request.user.has_perm("emag.resolve_payload"),
    }
    return render_page(request, "emag/rejected_payload_page.html", context)


@require_POST
@permission_required("emag.resolve_payload", raise_exception=True)
def rejected_payload_read(request: AuthedRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(RejectedPayload, pk=pk)
    payloads.read_again(row, by=request.user)
    return done(request, _("It is read again now."), row.get_absolute_url())


@require_POST
@permission_required("emag.resolve_payload", raise_exception=True)
def rejected_payload_ignore(request: AuthedRequest, pk: int) -> HttpResponse:
    row = payloads.ignore(get_object_or_404(RejectedPayload, pk=pk), by=request.user)
    return done(request, _("It is ignored until it changes."), row.get_absolute_url())


@require_POST
@permission_required("emag.resolve_payload", raise_exception=True)
def rejected_payload_reopen(request: AuthedRequest, pk: int) -> HttpResponse:
    row = payloads.reopen(get_object_or_404(RejectedPayload, pk=pk), by=request.user)
    return done(request, _("It is open again."), row.get_absolute_url())


@require_safe
@permission_required("emag.view_payload", raise_exception=True)
def payload_page(request: AuthedRequest, pk: int) -> HttpResponse:
    """The raw payload of an order or offer, as it was taken in last."""
    kept = get_object_or_404(Snapshot.objects.select_related("account"), pk=pk)
    context = {"kept": kept, "text": shown(kept.text), "subject": payloads.subject_of(kept)}
    return render_page(request, "emag/payload_page.html", context)


def shown(text: str) -> str:
    """Readable JSON; half a surrogate pair, which no page can hold, as a question mark."""
    return calls.pretty(text).encode("utf-8", "replace").decode()
