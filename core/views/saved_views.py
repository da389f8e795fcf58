"""What the menus of a list page keep: saved views, columns, density.

Every one of these is for anybody who is signed in; the signed state proves that the person was
shown the page. Who may share a view or change a shared one, core.saved_views decides.
"""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import preferences, saved_views
from core.errors import RuleViolation
from core.models import SavedView
from core.pages import AuthedRequest, is_partial, render_page, toast, trigger
from core.saved_views import ListState


@require_POST
def saved_view_save(request: AuthedRequest) -> HttpResponse:
    """Name what the list shows, and open it under that name."""
    state = _state(request)
    try:
        view = saved_views.save_view(
            state,
            by=request.user,
            name=request.POST.get("name", ""),
            is_shared="is_shared" in request.POST,
            is_default="is_default" in request.POST,
        )
    except RuleViolation as error:
        return _form_again(request, None, str(error))
    return _go(request, state.url(view))


@require_POST
def saved_view_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    """Rename a view, share it or take it back."""
    state, view = _state(request), _view(request, pk)
    try:
        view = saved_views.edit_view(
            view,
            by=request.user,
            name=request.POST.get("name", ""),
            is_shared="is_shared" in request.POST,
        )
    except RuleViolation as error:
        return _form_again(request, view, str(error))
    return _changed(request, state, view, _("“{name}” is saved.").format(name=view.name))


@require_POST
def saved_view_overwrite(request: AuthedRequest, pk: int) -> HttpResponse:
    """Let a view show what the list shows now."""
    state = _state(request)
    view = saved_views.overwrite_view(_view(request, pk), state, by=request.user)
    return _go(request, state.url(view))


@require_POST
def saved_view_delete(request: AuthedRequest, pk: int) -> HttpResponse:
    state, view = _state(request), _view(request, pk)
    saved_views.delete_view(view, by=request.user)
    if state.view == pk:
        return _go(request, state.url())
    return _changed(request, state, None, _("“{name}” is deleted.").format(name=view.name))


@require_POST
def saved_view_default(request: AuthedRequest) -> HttpResponse:
    """The page opens with this view from now on, or with everything."""
    state = _state(request)
    view = saved_views.find(request.user, state.page, request.POST.get("view"))
    preferences.save_default_view(request.user, state.page, view.pk if view else None)
    message = _("This list now opens with “{name}”.").format(name=view.name) if view else ""
    return _changed(request, state, None, message or _("This list now opens with everything."))


@require_POST
def preferences_save(request: AuthedRequest) -> HttpResponse:
    """The columns of a list, in order, and its density; `reset` goes back to the page's own."""
    state = _state(request)
    view = saved_views.find(request.user, state.page, state.view)
    columns = None if "reset" in request.POST else request.POST.getlist("columns")
    preferences.save_columns(request.user, state.page, columns, view)
    if density := request.POST.get("density"):
        preferences.remember(request.user, density=density)
    if not is_partial(request):
        return HttpResponseRedirect(state.url(view))
    response = HttpResponse(status=204)
    return trigger(response, "columns:saved", {"reset": columns is None})


def _state(request: AuthedRequest) -> ListState:
    return ListState.read(request.user, request.POST.get("state", ""))


def _view(request: AuthedRequest, pk: int) -> SavedView:
    """Somebody else's personal view is not there at all."""
    state = _state(request)
    return get_object_or_404(saved_views.views_for(request.user, state.page), pk=pk)


def _form_again(request: AuthedRequest, view: SavedView | None, error: str) -> HttpResponse:
    """The form as it was filled in, with what is wrong."""
    context = {
        "state": request.POST["state"],
        "edited": view,
        "name": request.POST.get("name", ""),
        "is_shared": "is_shared" in request.POST,
        "is_default": "is_default" in request.POST,
        "may_share": request.user.has_perm(saved_views.SHARE),
        "error": error,
    }
    return render_page(request, "components/_saved_view_form.html", context, status=422)


def _changed(
    request: AuthedRequest, state: ListState, view: SavedView | None, message: str
) -> HttpResponse:
    """Say so, let the open menu read itself again; the page too, where it shows the view's name."""
    if not is_partial(request) or (view is not None and view.pk == state.view):
        return _go(request, state.url(view))
    response = HttpResponse(status=204)
    trigger(response, "modal:close")
    trigger(response, "views:changed")
    return toast(response, message)


def _go(request: AuthedRequest, url: str) -> HttpResponse:
    if not is_partial(request):
        return HttpResponseRedirect(url)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response
