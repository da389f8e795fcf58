"""The dialog with every filter of a list page: field, operator, value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict

from core.filters import BETWEEN, IS, BaseFilterSet, Criterion, Search
from core.pages import AuthedRequest, is_partial, render_page


def answer(
    request: AuthedRequest, filterset: type[BaseFilterSet], query: QueryDict
) -> HttpResponse:
    """Show the dialog, or turn what was filled in into the address of the filtered list."""
    if request.GET["_panel"] != "apply":
        return _render(request, filterset, query, errors={})
    state = QueryDict(request.GET.get("_state", ""), mutable=True)
    wanted = apply(filterset, state, request.GET)
    filters = filterset(wanted, filterset._meta.model._default_manager.none(), request=request)
    if not filters.is_valid():
        return _render(request, filterset, wanted, errors=filters.form.errors, status=422)
    url = f"{request.path}?{wanted.urlencode()}"
    if not is_partial(request):
        return HttpResponseRedirect(url)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response


def apply(filterset: type[BaseFilterSet], state: QueryDict, form: QueryDict) -> QueryDict:
    """The state with all its filters replaced by those of the form."""
    wanted = state.copy()
    for name in [*filterset.base_filters, "page"]:
        if not isinstance(filterset.base_filters.get(name), Search):
            wanted.pop(name, None)
    for name, criterion in filterset.criteria.items():
        for operator, values in _filled_in(name, criterion, form):
            wanted.setlist(name if operator == IS else f"{name}__{operator}", values)
    return wanted


def _filled_in(name: str, criterion: Criterion, form: QueryDict) -> Iterator[tuple[str, list[str]]]:
    """What the lines of one criterion say: an operator and its values, for each that has any."""
    if criterion.input_type == "select":
        if chosen := [value for value in form.getlist(name) if value.strip()]:
            yield IS, chosen
        return
    lows, highs = form.getlist(name), form.getlist(f"{name}-to")
    operators = form.getlist(f"{name}-op") or [criterion.operators[0]] * len(lows)
    for operator, low, high in zip_longest(operators, lows, highs, fillvalue=""):
        low, high = low.strip(), high.strip()
        if operator not in criterion.operators:
            continue
        if operator == BETWEEN and (low or high):
            yield operator, [f"{low}..{high}"]
        elif operator != BETWEEN and low:
            yield operator, [low]


def _render(
    request: AuthedRequest,
    filterset: type[BaseFilterSet],
    query: QueryDict,
    *,
    errors: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    rows = [
        row
        for name, criterion in filterset.criteria.items()
        if not isinstance(criterion, Search)
        for row in _rows(name, criterion, query, errors)
    ]
    template = "components/_filter_panel.html" if is_partial(request) else "core/filter_page.html"
    context = {"rows": rows, "state": query.urlencode(), "path": request.path}
    return render_page(request, template, context, status=status)


def _rows(
    name: str, criterion: Criterion, query: QueryDict, errors: dict[str, Any]
) -> list[dict[str, Any]]:
    """A line of the dialog for each operator that filters the list now, or an empty one."""
    empty: dict[str, Any] = {
        "name": name,
        "label": criterion.label,
        "operators": [(each, criterion.words[each]) for each in criterion.operators],
        "input": criterion.input_type,
        "choices": getattr(criterion, "choices", ()),
        "operator": criterion.operators[0],
        "values": [],
        "value": "",
        "to": "",
        "error": "",
    }
    rows = []
    for key, twin in criterion.expand(name):
        if key not in query:
            continue
        low, high = str(query[key]), ""
        if twin.operator == BETWEEN:
            low, _dots, high = low.partition("..")
        filled = {"operator": twin.operator, "values": query.getlist(key), "value": low, "to": high}
        rows.append(empty | filled | {"error": " ".join(errors.get(key, []))})
    return rows or [empty]
