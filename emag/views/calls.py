"""The call log: what was said between MagFlow and eMAG."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.pages import AuthedRequest, is_partial, render_page
from core.tables import Empty, Tab, table_page
from emag.call_log import ApiCallFilter, ApiCallTable
from emag.client.routes import Bucket
from emag.models.calls import OUTCOME_BADGES, ApiCall, Outcome, pretty
from emag.services import replay
from emag.services.outcomes import explain
from emag.services.usage import LABELS

NOT_WELL = (Outcome.REFUSED, Outcome.ACCESS, Outcome.UNKNOWN, Outcome.DRIFT, Outcome.PARTLY)


@permission_required("emag.view_apicall", raise_exception=True)
def api_call_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="emag.api_call_list",
        title=_("Call log"),
        table=ApiCallTable,
        filterset=ApiCallFilter,
        queryset=ApiCall.objects.without_bodies(),
        tabs=(
            Tab(_("All"), ""),
            Tab(_("Went wrong"), "&".join(f"outcome={one}" for one in NOT_WELL)),
            Tab(_("Too many calls"), f"outcome={Outcome.LIMITED}"),
            Tab(_("Changes"), "is_read=false"),
        ),
        empty=Empty(
            _("No call yet"),
            _("Every call to eMAG and its reply is kept here for 30 days, without secrets."),
            icon="activity",
        ),
    )


@require_safe
@permission_required("emag.view_apicall", raise_exception=True)
def api_call_page(request: AuthedRequest, pk: int) -> HttpResponse:
    call = get_object_or_404(ApiCall.objects.select_related("account"), pk=pk)
    return render_page(request, "emag/api_call_page.html", _facts(call))


@require_POST
@permission_required("emag.replay_apicall", raise_exception=True)
def api_call_replay(request: AuthedRequest, pk: int) -> HttpResponse:
    """Read the same once more, now, and show both replies."""
    call = get_object_or_404(ApiCall.objects.select_related("account"), pk=pk)
    again = replay.repeat(call, by=request.user)
    context = _facts(call) | {"again": again, "again_facts": _facts(again)}
    template = "emag/_api_call_said.html" if is_partial(request) else "emag/api_call_page.html"
    return render_page(request, template, context)


def _facts(call: ApiCall) -> dict[str, object]:
    return {
        "call": call,
        "badge": OUTCOME_BADGES[Outcome(call.outcome)],
        "bucket_label": LABELS[Bucket(call.bucket)],
        "explanation": explain(call),
        "request_text": pretty(call.request_text),
        "reply_text": pretty(call.reply_text),
        "may_repeat": replay.is_repeatable(call),
    }
