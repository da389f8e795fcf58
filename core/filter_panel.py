"""The dialog with every filter of a list page: field, operator, value."""

from __future__ import annotations

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
        operator = form.get(f"{name}-op", criterion.operators[0])
        values = [value.strip() for value in form.getlist(name) if value.strip()]
        if operator not in criterion.operators:
            continue
        if operator == BETWEEN:
            low, high = form.get(name, "").strip(), form.get(f"{name}-to", "").strip()
            values = [f"{low}..{high}"] if low or high else []
        if values:
            wanted.setlist(name if operator == IS else f"{name}__{operator}", values)
    return wanted


def _render(
    request: AuthedRequest,
    filterset: type[BaseFilterSet],
    query: QueryDict,
    *,
    errors: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    rows = [
        _row(name, criterion, query, errors)
        for name, criterion in filterset.criteria.items()
        if not isinstance(criterion, Search)
    ]
    template = "components/_filter_panel.html" if is_partial(request) else "core/filter_page.html"
    context = {"rows": rows, "state": query.urlencode(), "path": request.path}
    return render_page(request, template, context, status=status)


def _row(
    name: str, criterion: Criterion, query: QueryDict, errors: dict[str, Any]
) -> dict[str, Any]:
    """One line of the dialog, filled with what filters the list now."""
    row: dict[str, Any] = {
        "name": name,
        "label": criterion.label,
        "operators": [(each, criterion.words[each]) for each in criterion.operators],
        "input": criterion.input_type,
        "choices": getattr(criterion, "choices", ()),
        "operator": criterion.operators[0],
        "values": [],
        "to": "",
        "error": "",
    }
    for key, twin in criterion.expand(name):
        if key not in query:
            continue
        row |= {"operator": twin.operator, "values": query.getlist(key)}
        row["error"] = " ".join(errors.get(key, []))
        if twin.operator == BETWEEN:
            low, _dots, row["to"] = str(query[key]).partition("..")
            row["values"] = [low]
    row["value"] = row["values"][0] if row["values"] else ""
    return row
