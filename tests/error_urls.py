"""Addresses that go wrong in every way, beside those of the application."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import include, path
from django.utils import timezone, translation
from django.views.generic import RedirectView

from core import audit, errors

KINDS = {
    "rule": errors.RuleViolation("Only open orders can be cancelled."),
    "stale": errors.StaleData("Maria changed it first."),
    "setup": errors.SetupNeeded("There is no invoice series.", "/set-up/series/"),
    "setup-nowhere": errors.SetupNeeded("There is no invoice series."),
    "unavailable": errors.RemoteUnavailable("eMAG is busy.", remote="eMAG", retry_after=12.4),
    "rejected": errors.RemoteRejected("eMAG says no.", remote="eMAG", messages=["nu"]),
    "unknown": errors.RemoteOutcomeUnknown("eMAG did not answer.", remote="eMAG"),
}


def fails(request, kind):
    raise KINDS[kind]


@login_not_required
def fails_openly(request, kind):
    raise KINDS[kind]


def bug(request):
    raise ZeroDivisionError("a detail nobody should read")


def tells(request):
    """What the middleware made of this request."""
    return HttpResponse(
        "|".join(
            [
                request.id,
                translation.get_language(),
                timezone.get_current_timezone_name(),
                audit.current().source,
                audit.current().request_id,
                request.LANGUAGE_CODE,
            ]
        )
    )


urlpatterns = [
    path("fails/<slug:kind>/", fails),
    path("fails-openly/<slug:kind>/", fails_openly),
    path("bug/", bug),
    path("tells/", tells),
    path("moves/", RedirectView.as_view(url="/tells/")),
    path("", include("magflow.urls")),
]
handler500 = "core.error_views.server_error"
