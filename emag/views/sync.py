"""The Sync page: what is read from eMAG by itself, how it went, and the buttons for it."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import jobs
from core.pages import AuthedRequest, done, is_partial, render_page, toast
from emag import sync_state


@require_safe
@permission_required("core.view_jobrun", raise_exception=True)
def sync_page(request: AuthedRequest) -> HttpResponse:
    context = {"state": sync_state.state(), "may_run": request.user.has_perm("core.run_job")}
    return render_page(
        request, "emag/_sync.html" if is_partial(request) else "emag/sync_page.html", context
    )


@require_POST
@permission_required("core.run_job", raise_exception=True)
def sync_run(request: AuthedRequest, name: str) -> HttpResponse:
    """Start a job now, for the account in `key` or for all of them."""
    spec, key = _sync_job(name), request.POST.get("key", "")
    if key and key not in sync_state.keys():
        raise Http404(key)
    runs = jobs.run_now(name, key=key, by=request.user)
    if not runs:
        return _say(request, _("There is no account to run it for."), "warning")
    return _say(request, _("“%(job)s” is queued.") % {"job": spec.title})


@require_POST
@permission_required("core.run_job", raise_exception=True)
def sync_pause(request: AuthedRequest, name: str) -> HttpResponse:
    spec = _sync_job(name)
    jobs.pause(name, by=request.user)
    return _say(request, _("“%(job)s” rests until it is resumed.") % {"job": spec.title})


@require_POST
@permission_required("core.run_job", raise_exception=True)
def sync_resume(request: AuthedRequest, name: str) -> HttpResponse:
    spec = _sync_job(name)
    jobs.resume(name, by=request.user)
    return _say(request, _("“%(job)s” runs again.") % {"job": spec.title})


def _sync_job(name: str) -> jobs.JobSpec:
    spec = next((spec for spec in sync_state.specs() if spec.name == name), None)
    if spec is None:
        raise Http404(name)
    return spec


def _say(request: AuthedRequest, words: str, level: str = "success") -> HttpResponse:
    """The page re-reads itself by the hint; only without scripts it has to be opened again."""
    if is_partial(request):
        return toast(HttpResponse(status=204), words, level)
    return done(request, words, reverse("emag:sync_page"), level=level)
