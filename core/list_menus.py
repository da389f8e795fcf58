"""The menus of a list page: its saved views, and its columns and density.

They are parts of the page's own address (?_panel=views), so whoever may not see the page does not
see its views either. What they change is posted to core.views.saved_views with the signed state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext_lazy

from core import export_menu, live, preferences, registry, saved_views
from core.models import SavedView
from core.pages import AuthedRequest, is_partial, render_page
from core.saved_views import EVERYTHING, ListState

if TYPE_CHECKING:
    from core.filters import BaseFilterSet
    from core.tables import BaseTable

VIEW = "view"  # the parameter that says which view is open


@dataclass(frozen=True)
class ColumnChoice:
    """A line of the column menu."""

    name: str
    label: str
    is_shown: bool


def opening(request: AuthedRequest, page: str) -> HttpResponse | None:
    """Lead on to the person's default view, when they come to the page and ask for nothing else.

    Whoever is on the page already and asks for nothing wants everything: "Show everything", the
    tab of all rows and a second click on the navigation all do that.
    """
    if request.method != "GET" or request.GET or is_partial(request):
        return None
    if urlsplit(request.headers.get("Referer", "")).path == request.path:
        return None
    view = saved_views.default_for(request.user, page)
    if view is None:
        return None
    return HttpResponseRedirect(f"{request.path}?{saved_views.view_query(view)}")


def open_view(request: AuthedRequest, page: str) -> SavedView | None:
    """The view the address names. One query, and none where it names none."""
    wanted = request.GET.get(VIEW)
    return None if wanted == EVERYTHING else saved_views.find(request.user, page, wanted)


def answer(
    request: AuthedRequest,
    page: str,
    table: type[BaseTable],
    filterset: type[BaseFilterSet],
    query: QueryDict,
) -> HttpResponse | None:
    """The menu that ?_panel= asks for; None where it asks for something else."""
    panel = request.GET.get("_panel")
    if panel not in PANELS:
        return None
    view = open_view(request, page)
    shown = preferences.columns_for(request.user, page, view)
    state = ListState(
        page=page,
        path=request.path,
        query=saved_views.kept_query(query, {*filterset.base_filters, "sort"}),
        columns=[n for n in shown or () if n in table.choosable()] or table.default_columns(),
        view=view.pk if view else None,
    )
    context = {"state": state.sign(request.user), "view": view, "listed": state}
    template, more = PANELS[panel]
    return render_page(request, template, {**context, **more(request, state, view, table)})


def _views(
    request: AuthedRequest, state: ListState, view: SavedView | None, table: type[BaseTable]
) -> dict[str, Any]:
    views = list(saved_views.views_for(request.user, state.page))
    for each in views:
        each.url = state.url(each)  # type: ignore[attr-defined]
        each.may_change = saved_views.may_change(each, request.user)  # type: ignore[attr-defined]
    return {
        "mine": [each for each in views if each.owner_id == request.user.pk],
        "shared": [each for each in views if each.owner_id != request.user.pk],
        "everything_url": state.url(),
        "default_pk": preferences.default_view_for(request.user, state.page),
        "is_changed": view is not None and differs(view, state),
        "may_overwrite": view is not None and saved_views.may_change(view, request.user),
    }


def differs(view: SavedView, state: ListState) -> bool:
    """Whether the list shows something else than the view that is open."""
    return view.query != state.query or bool(view.columns and view.columns != state.columns)


def _form(
    request: AuthedRequest, state: ListState, view: SavedView | None, table: type[BaseTable]
) -> dict[str, Any]:
    edited = saved_views.find(request.user, state.page, request.GET.get("edit"))
    return {
        "edited": edited,
        "name": edited.name if edited else "",
        "is_shared": edited is not None and edited.is_shared,
        "may_share": request.user.has_perm(saved_views.SHARE),
    }


def _columns(
    request: AuthedRequest, state: ListState, view: SavedView | None, table: type[BaseTable]
) -> dict[str, Any]:
    labels = {
        name: str(column.verbose_name or name.replace("_", " ").capitalize())
        for name, column in table.choosable().items()
    }
    hidden = [name for name in labels if name not in state.columns]
    return {
        "choices": [
            *(ColumnChoice(name, labels[name], True) for name in state.columns),
            *(ColumnChoice(name, labels[name], False) for name in hidden),
        ],
        "density": preferences.density_for(request.user),
    }


def _export(
    request: AuthedRequest, state: ListState, view: SavedView | None, table: type[BaseTable]
) -> dict[str, Any]:
    query = QueryDict(state.query, mutable=True)
    if VIEW in request.GET:
        query[VIEW] = request.GET[VIEW]  # it brings columns along
    return export_menu.context(request.user, state.page, query)


PANELS = {
    "views": ("components/_saved_view_menu.html", _views),
    "view": ("components/_saved_view_form.html", _form),
    "columns": ("components/_column_menu.html", _columns),
    "export": ("components/_export_form.html", _export),
}


def register_own() -> None:
    """What happens to saved views, in words, and who may follow it live."""
    live.register_topic("views", None)
    registry.register_verbs(
        {
            "view.saved": gettext_lazy("View saved"),
            "view.changed": gettext_lazy("View changed"),
            "view.deleted": gettext_lazy("View deleted"),
        }
    )
