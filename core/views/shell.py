"""What the shell asks for while a page is open: switches, counters, the palette, panels."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import palette as palette_search
from core import registry, shared
from core.context import STATE_SECONDS, THEMES, counts_key
from core.html import when
from core.preferences import remember
from core.registry import NavItem
from core.templatetags.magflow import render_panel

if TYPE_CHECKING:
    from core.pages import AuthedRequest

YEAR = 365 * 24 * 3600


# --- Switches ---------------------------------------------------------------------------------


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system: kept with the person, before sign-in in a cookie."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        raise Http404
    if request.user.is_authenticated:
        _save(request.user, "theme", theme)
    response = _answer(request, {"theme": theme})
    _remember(response, settings.THEME_COOKIE_NAME, theme)
    return response


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The language of every text from now on; the page is loaded again to show it."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES) or not check_for_language(language):
        raise Http404
    if request.user.is_authenticated:
        _save(request.user, "language", language)
    response = _answer(request, {}, refresh=True)
    _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@require_POST
def set_nav(request: AuthedRequest) -> HttpResponse:
    """The navigation wide or narrow, as the person left it."""
    remember(request.user, nav=request.POST.get("nav", ""))
    return _answer(request, {})


def _remember(response: HttpResponse, name: str, value: str) -> None:
    """A cookie for those who are not signed in, or not yet."""
    response.set_cookie(
        name,
        value,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _save(user: Any, field: str, value: str) -> None:
    setattr(user, field, value)
    user.save(update_fields=[field])


def _answer(request: HttpRequest, events: dict[str, str], *, refresh: bool = False) -> HttpResponse:
    """Nothing to swap for htmx; without JavaScript, back to the page it came from."""
    if not getattr(request, "htmx", False):
        back = request.POST.get("next") or request.headers.get("Referer", "/")
        safe = url_has_allowed_host_and_scheme(
            back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return HttpResponseRedirect(back if safe else "/")
    response = HttpResponse(status=204)
    if events:
        response["HX-Trigger"] = json.dumps(events)
    if refresh:
        response["HX-Refresh"] = "true"
    return response


# --- Counters and banners ---------------------------------------------------------------------


@require_GET
def shell_state(request: AuthedRequest) -> HttpResponse:
    """Counters of the navigation and banners, asked for after the page and when told."""
    # All of it was counted then or later; what came in between is told again.
    state = {
        "at": shared.told_at(request),
        "counts": _counts(request),
        "banners": _banners(request),
    }
    caches["local"].set(counts_key(request.user), state, STATE_SECONDS)
    return render(request, "components/_shell_state.html", {"state": state})


def _counts(request: AuthedRequest) -> dict[str, int]:
    items = [item for _section, members in registry.nav_for(request.user) for item in members]
    return {item.id: _count(request, item, item.counter) for item in items if item.counter}


def _count(request: AuthedRequest, item: NavItem, counter: Callable[[Any], int]) -> int:
    if item.is_ones_own:
        return counter(request.user)
    return shared.value(request, f"count {item.id}", item.topic, lambda: counter(request.user))


def _banners(request: AuthedRequest) -> list[dict[str, str]]:
    """What every page should say on top, because something it relies on is not well."""
    probes = shared.value(request, f"banners {get_language()}", "", registry.banners)
    return [
        {
            "level": probe.level.value,
            "message": str(probe.message),
            "since": when(probe.since) if probe.since else "",
            "url": probe.url if registry.may(request.user, probe.permission) else "",
        }
        for probe in probes
    ]


# --- Palette, keys, panels --------------------------------------------------------------------


@require_GET
def palette(request: AuthedRequest) -> HttpResponse:
    """Results of the command palette: pages, things to do, and what the apps find."""
    text = request.GET.get("q", "").strip()[:100]
    groups = palette_search.search(request.user, text)
    return render(request, "components/_palette_results.html", {"groups": groups, "text": text})


@require_GET
def shortcut_list(request: AuthedRequest) -> HttpResponse:
    """Every key and what it does, for the dialog behind "?"."""
    groups = palette_search.keys(request.user)
    return render(request, "components/_shortcut_list.html", {"groups": groups})


@require_GET
def panel(request: AuthedRequest, page: str, panel_id: str, pk: int) -> HttpResponse:
    """One panel of a page, fetched after it or again when something changed."""
    found = registry.panel(page, panel_id)
    if found is None or found.model is None:
        raise Http404
    if not registry.may(request.user, found.permission):
        raise PermissionDenied
    subject = get_object_or_404(found.model, pk=pk)
    return HttpResponse(render_panel(request, found, subject, is_fetched=True))


# --- When things go wrong ---------------------------------------------------------------------


@login_not_required
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """The page the browser keeps for when MagFlow cannot be reached. It names no one."""
    return render(request, "offline.html")


@login_not_required
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that shows it. It stands at the root, because that is how far it may reach."""
    language = get_language() or settings.LANGUAGE_CODE
    version = f"{language}-{static('css/magflow.css').rpartition('/')[2]}"
    response = render(
        request, "core/service_worker.js", {"version": version}, content_type="text/javascript"
    )
    response["Cache-Control"] = "no-cache"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or came from somewhere else: nothing was changed."""
    if getattr(request, "htmx", False):
        response = HttpResponse(status=403)
        detail = {
            "message": _("This page is too old. Reload it and try again; nothing was changed."),
            "level": "error",
        }
        response["HX-Trigger"] = json.dumps({"toast": detail})
        return response
    return render(request, "403_csrf.html", status=403)
