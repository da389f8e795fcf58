"""What eMAG sent, as it sent it; and what of it could not be read."""

from collections.abc import Sequence

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.pages import AuthedRequest, done, render_page
from core.tables import Empty, Tab, table_page
from emag.field_words import told
from emag.models import PayloadStatus, RejectedPayload, Snapshot, calls
from emag.rejected import PAYLOAD_BADGES, RejectedPayloadFilter, RejectedPayloadTable
from emag.services import payloads
from emag.services.payloads import Version


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
    context = {
        "kept": kept,
        "text": shown(kept.text),
        "subject": payloads.subject_of(kept),
        "has_versions": kept.versions.exists(),
    }
    return render_page(request, "emag/payload_page.html", context)


@require_safe
@permission_required("emag.view_payload", raise_exception=True)
def payload_versions(request: AuthedRequest, pk: int) -> HttpResponse:
    """What differs between any two things that eMAG said of an order."""
    kept = get_object_or_404(Snapshot.objects.select_related("account").defer("text"), pk=pk)
    versions = payloads.versions_of(kept)
    before, after = _chosen(versions, request.GET)
    old, new = (payloads.payload_at(kept, one.pk) if one else None for one in (before, after))
    context = {
        "kept": kept,
        "versions": versions,
        "before": before,
        "after": after,
        "changes": told(old, new) if old is not None and new is not None else [],
        "is_removed": new is None,
        "subject": payloads.subject_of(kept),
    }
    return render_page(request, "emag/payload_versions.html", context)


def _chosen(versions: Sequence[Version], query: QueryDict) -> tuple[Version | None, Version | None]:
    """The two that were asked for; else one with the one that came after it, or the latest two."""
    by_name = {str(one.pk or 0): at for at, one in enumerate(versions)}
    before = by_name.get(query.get("before", ""))
    if before is None:
        before = 1 if len(versions) > 1 else None
    after = by_name.get(query.get("after", ""), max(0, (before or 0) - 1))
    return None if before is None else versions[before], versions[after]


def shown(text: str) -> str:
    """Readable JSON; half a surrogate pair, which no page can hold, as a question mark."""
    return calls.pretty(text).encode("utf-8", "replace").decode()
