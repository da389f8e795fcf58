"""The export menu of a list page: which file, of which rows and days; or at set times.

It is a part of the page's own address (?_panel=export), and so is the file it asks for:
?export=csv, &export_rows=lines for what hangs on the rows, &export_from= and &export_to= for days.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from core import export, export_rows, export_sources
from core.errors import MagFlowError, RuleViolation
from core.filters import BETWEEN

if TYPE_CHECKING:
    from core.export_sources import Details
    from core.filters import BaseFilterSet
    from core.pages import AuthedRequest
    from core.tables import BaseTable

KIND, ROWS, FIRST, LAST = "export", "export_rows", "export_from", "export_to"
ASKED = frozenset({KIND, ROWS, FIRST, LAST})


def narrowed(query: QueryDict, asked: QueryDict, page: str) -> QueryDict:
    """The state of the page, for the days that the menu was filled in with."""
    source = export_sources.find(page)
    if KIND not in asked or source is None or not source.when:
        return query
    return with_days(query, source.when, asked.get(FIRST, ""), asked.get(LAST, ""))


def with_days(query: QueryDict, when: str, first: str, last: str) -> QueryDict:
    """The same filter for another range of days; without any day it stays what it is."""
    if not (first.strip() or last.strip()):
        return query
    changed = query.copy()
    for name in [name for name in changed if name == when or name.startswith(f"{when}__")]:
        del changed[name]
    changed[f"{when}__{BETWEEN}"] = f"{first.strip()}..{last.strip()}"
    return changed


def answer(
    request: AuthedRequest, page: str, table: BaseTable, filters: BaseFilterSet, title: str
) -> HttpResponseBase | None:
    """The file that the address asks for; None where it asks for none."""
    kind = request.GET.get(KIND, "")
    if kind not in export.TYPES:
        return None
    try:
        details = _details(page, request.GET.get(ROWS, ""))
        if not filters.is_valid():  # a file without rows would be taken for the truth
            raise RuleViolation(_("No file was made. %(why)s") % {"why": _why(filters)})
        content = export_rows.content_of(table, title=title, filters=filters, details=details)
        return export.export_response(request, content, kind=kind)
    except MagFlowError as error:
        # The address of a file has no page to show it on: back to the list, which says so.
        messages.error(request, str(error))
        rest = {n: v for n, v in request.GET.lists() if n not in ASKED}
        return HttpResponseRedirect(f"{request.path}?{_query(rest)}")


def _details(page: str, name: str) -> Details | None:
    """What hangs on the rows and is asked for instead of them."""
    source = export_sources.find(page)
    details = source.details_called(name) if source else None
    if name and details is None:
        raise RuleViolation(_("No file was made. There are no such rows in this list."))
    return details


def _why(filters: BaseFilterSet) -> str:
    return " ".join(chip.error for chip in filters.chips() if chip.error)


def _query(values: dict[str, list[str]]) -> str:
    query = QueryDict(mutable=True)
    for name, each in values.items():
        query.setlist(name, each)
    return query.urlencode()


def context(user: Any, page: str, query: QueryDict) -> dict[str, Any]:
    """What components/_export_form.html shows."""
    source = export_sources.find(page)
    first, last = _days(query, source.when) if source and source.when else ("", "")
    return {
        "source": source,
        "hidden": [(name, v) for name, values in query.lists() for v in values],
        "first": first,
        "last": last,
        "may_schedule": source is not None and source.may_schedule(user),
    }


def _days(query: QueryDict, when: str) -> tuple[str, str]:
    """The range that filters the list now, where it is one of two days."""
    low, _dots, high = query.get(f"{when}__{BETWEEN}", "").partition("..")
    try:
        return tuple(day and dt.date.fromisoformat(day).isoformat() for day in (low, high))  # type: ignore[return-value]
    except ValueError:
        return "", ""
