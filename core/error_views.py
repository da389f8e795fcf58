"""The answers to what went wrong: toasts for htmx, pages for everybody else."""

import logging
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.cache import patch_vary_headers
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from core.errors import MagFlowError, RemoteError, RemoteUnavailable, SetupNeeded, StaleData
from core.pages import trigger

log = logging.getLogger("magflow.errors")


def refusal(request: HttpRequest, error: MagFlowError) -> HttpResponse:
    """Tell the person what the error says, and where it can be put right."""
    response = (
        _refusal_toast(request, error) if _is_htmx(request) else _refusal_page(request, error)
    )
    if isinstance(error, RemoteUnavailable) and error.retry_after:
        response["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def _refusal_toast(request: HttpRequest, error: MagFlowError) -> HttpResponse:
    detail = {"message": str(error), "level": "error", "ref": _number(request, error)}
    if isinstance(error, SetupNeeded) and error.url:
        detail |= {"url": error.url, "link": _("Set it up")}
    response = _toast(detail, error.status)
    if isinstance(error, StaleData):
        trigger(response, "live:resync")  # what the person sees is old: show what is true
    return response


def _refusal_page(request: HttpRequest, error: MagFlowError) -> HttpResponse:
    context = {
        "title": _title(error),
        "message": str(error),
        "number": _number(request, error),
        "status": error.status,
        "fix_url": error.url if isinstance(error, SetupNeeded) else "",
        "back_url": _back_url(request),
    }
    response = render(request, "core/error_page.html", context, status=error.status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a bug of ours, already logged under the number that the person gets to quote."""
    number = _number(request)
    if _is_htmx(request):
        message = _("Something went wrong on our side. It has been noted.")
        return _toast({"message": message, "level": "error", "ref": number}, 500)
    # Whatever broke may break the page's shell too (its navigation, the database), so this page is
    # made without request and context processors, and in the worst case without a template.
    try:
        page = str(loader.render_to_string("500.html", {"number": number}))
    except Exception:
        log.exception("The error page itself is broken")
        page = f"<!doctype html><title>MagFlow</title><h1>{escape(number)}</h1>"
    return HttpResponse(page, status=500)


def _toast(detail: dict[str, str], status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    response["HX-Reswap"] = "none"  # the page behind the toast stays as it is
    patch_vary_headers(response, ["HX-Request"])
    return trigger(response, "toast", {name: value for name, value in detail.items() if value})


def _title(error: MagFlowError) -> str:
    if isinstance(error, StaleData):
        return _("Somebody was faster")
    if isinstance(error, SetupNeeded):
        return _("Something is not set up yet")
    if isinstance(error, RemoteError):
        return _("Another system did not do what we asked")
    return _("That is not possible")


def _back_url(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours and not this very address."""
    referer = request.META.get("HTTP_REFERER", "")
    secure = request.is_secure()
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=secure):
        return "/"
    came_from = urlsplit(referer)
    back = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return "/" if request.method == "GET" and back == request.get_full_path() else back


def _is_htmx(request: HttpRequest) -> bool:
    # From the header: the error may have come before HtmxMiddleware. A boosted link wants a page.
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def _number(request: HttpRequest, error: MagFlowError | None = None) -> str:
    """What to quote. A refusal by our own rules needs none: it says all there is to know."""
    if error is not None and not isinstance(error, RemoteError):
        return ""
    return str(getattr(request, "id", ""))
