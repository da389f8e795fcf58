"""Answers a page may give: whole or partial, with a toast, or done and gone elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from accounts.models import User

LEVELS = {
    "success": messages.SUCCESS,
    "info": messages.INFO,
    "warning": messages.WARNING,
    "error": messages.ERROR,
}


class AuthedRequest(HttpRequest):
    """The request of a signed-in person, which is every request but those of a few listed views."""

    user: User
    htmx: HtmxDetails


def is_partial(request: HttpRequest) -> bool:
    """True where htmx asks for a part of the page rather than the page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if htmx is None or not htmx:
        return False
    return not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Render, and let caches know that a part and a whole live under the same address."""
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def trigger(response: HttpResponse, event: str, detail: object = "") -> HttpResponse:
    """Fire an event in the browser once htmx has the response; several events may be added."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    events[event] = detail
    response["HX-Trigger"] = json.dumps(events)
    return response


def toast(
    response: HttpResponse, message: str, level: str = "success", *, url: str = "", link: str = ""
) -> HttpResponse:
    """Show a short message over the page; `link` is the text that leads to `url`."""
    detail = {"message": str(message), "level": level}
    if url:
        detail |= {"url": url, "link": str(link)}
    return trigger(response, "toast", detail)


def done(request: HttpRequest, message: str, url: str, *, level: str = "success") -> HttpResponse:
    """The change is made: say so on the page at `url`; beside a list, which stays, at once."""
    if getattr(request, "htmx", False) and request.htmx.target == "peek":  # type: ignore[attr-defined]
        return toast(HttpResponse(status=204), message, level)
    messages.add_message(request, LEVELS[level], message)
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)
