"""List pages: columns declared the django-tables2 way, rows written in one loop, one view each.

    @permission_required("orders.view_order", raise_exception=True)
    def order_list(request: AuthedRequest) -> HttpResponse:
        return table_page(request, page="orders.order_list", title=_("Orders"), table=OrderTable,
                          filterset=OrderFilter, queryset=Order.objects.for_list(), live="orders")

The same address answers the page, its results alone (htmx), an export (?export=csv), the dialog of
all filters (?_panel=filters) and bulk actions (POST).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

from core import (
    actions,
    export_menu,
    filter_panel,
    list_menus,
    list_slots,
    paging,
    preferences,
    shared,
)
from core import tabs as tabs_of
from core.columns import Column, SelectColumn, url_around
from core.filters import BaseFilterSet, without
from core.html import EMPTY
from core.list_state import canonical
from core.listing import Empty, Listing
from core.pages import AuthedRequest, is_partial, render_page
from core.tabs import Tab

__all__ = ["BaseTable", "Empty", "Listing", "Tab", "canonical", "table_page"]
PER_PAGE = 50
Tabs = Sequence[Tab] | Callable[[BaseFilterSet], Sequence[Tab]]


@dataclass(frozen=True)
class Header:
    """One cell of the table's head; `query` sorts by it."""

    name: str
    label: str
    css: str
    query: str = ""
    sorted: str = ""  # "ascending", "descending" or ""


class BaseTable(tables.Table):  # type: ignore[misc]
    """A table of a list page. `Meta.order_by` is the order it opens with."""

    class Meta:
        order_by: str | tuple[str, ...] = "-pk"

    def __init__(self, queryset: QuerySet[Any], *, sort: str = "", **options: Any) -> None:
        order = self._known(sort)
        if order and (needed := self.base_columns[order[0].lstrip("-")].annotations):
            queryset = queryset.annotate(**needed)
        super().__init__(queryset, order_by=order or None, **options)

    def _known(self, sort: str) -> tuple[str, ...]:
        """One column, since no page offers more; the primary key settles what is equal."""
        column = self.base_columns.get(sort.lstrip("-"))
        return (sort,) if column is not None and column.orderable else ()

    @property
    def queryset(self) -> QuerySet[Any]:
        """The rows in the table's order, with what the shown columns need of their own."""
        ordered: QuerySet[Any] = self.data.data
        there = ordered.query.annotations
        needed = {
            name: value
            for _, column in self.shown_columns
            for name, value in column.annotations.items()
            if name not in there
        }
        return ordered.annotate(**needed) if needed else ordered

    @classmethod
    def on_page(cls, page: str, user: Any) -> type[BaseTable]:
        """This table with the columns that other apps add for this person."""
        columns = list_slots.columns_on(page, dict(cls.base_columns), user)
        if len(columns) == len(cls.base_columns):
            return cls
        return _extended(cls, tuple(columns.items()))  # type: ignore[arg-type]  # a class

    @classmethod
    def choosable(cls) -> dict[str, Column]:
        """The columns a person may show, hide and arrange."""
        return {n: c for n, c in cls.base_columns.items() if not isinstance(c, SelectColumn)}

    @classmethod
    def default_columns(cls) -> list[str]:
        return [name for name, column in cls.choosable().items() if not column.start_hidden]

    def show(self, names: Sequence[str] | None, *, selectable: bool) -> None:
        """Show these columns in this order; an unknown name is passed over."""
        known = [name for name in names or () if name in self.columns] or self.default_columns()
        shown = [n for n, c in self.base_columns.items() if isinstance(c, SelectColumn)]
        self.shown: list[str] = (shown if selectable else []) + known

    @property
    def shown_columns(self) -> list[tuple[str, Column]]:
        return [(name, self.columns[name].column) for name in self.shown]

    def related(self) -> list[str]:
        """What the shown columns need joined; hidden ones cost nothing."""
        return sorted({path for _, column in self.shown_columns for path in column.select_related})

    def headers(self, query: QueryDict) -> list[Header]:
        current = {str(alias).lstrip("-"): str(alias) for alias in self.order_by or ()}
        return [self._header(name, column, query, current) for name, column in self.shown_columns]

    def _header(
        self, name: str, column: Column, query: QueryDict, current: dict[str, str]
    ) -> Header:
        label = str(self.columns[name].header)
        if not column.orderable:
            return Header(name, label, column.classes)
        alias = current.get(name, "")
        state = "" if not alias else "descending" if alias.startswith("-") else "ascending"
        first = f"-{name}" if column.initial_sort_descending else name
        second = name if column.initial_sort_descending else f"-{name}"
        target = second if alias == first else first
        base = without(query, "sort")
        sort_query = f"{base}&sort={target}" if base else f"sort={target}"
        return Header(name, label, column.classes, sort_query, state)

    def row_class(self, record: Any) -> str:
        """Extra classes of a row, such as "late"."""
        return ""

    def rows_html(self, records: Iterable[Any]) -> SafeString:
        """Every row. This loop is the page's hot path: 50 rows × 10 columns in about two ms."""
        writers = [
            (
                _getter(str(bound.accessor)),
                bound.column.writer(),
                _opening(bound),
                bound.column.empty_values,
            )
            for bound in (self.columns[name] for name in self.shown)
        ]
        parts: list[str] = []
        write = parts.append
        for record in records:
            extra = self.row_class(record)
            css = f' class="{extra}"' if extra else ""
            write(f'<tr data-pk="{record.pk}"{css} tabindex="-1">')
            for get, cell, opening, empty in writers:
                value = get(record)
                write(opening)
                write(EMPTY if value in empty else cell(value, record))
            write("\n")
        return mark_safe("".join(parts))  # noqa: S308 - every cell() escapes what it is given


@lru_cache(maxsize=256)
def _extended(table: type[BaseTable], columns: tuple[tuple[str, Column], ...]) -> type[BaseTable]:
    made: type[BaseTable] = type(table.__name__, (table,), {})
    made.base_columns = OrderedDict(columns)
    return made


def _getter(accessor: str) -> Callable[[Any], Any]:
    """Reads "name" or "actor__name" from a row; a missing relation is an empty cell."""
    path = accessor.replace("__", ".").split(".")
    if len(path) == 1:
        return attrgetter(path[0])

    def follow(record: Any) -> Any:
        for name in path:
            if record is None:
                return None
            record = getattr(record, name)
        return record

    return follow


def _opening(bound: Any) -> str:
    column: Column = bound.column
    label = f' data-label="{escape(bound.header)}"' if column.keep else ""
    css = f' class="{column.classes}"' if column.classes else ""
    return f"<td{css}{label}>"


def table_page(
    request: AuthedRequest,
    *,
    page: str,
    title: Any,
    table: type[BaseTable],
    filterset: type[BaseFilterSet],
    queryset: QuerySet[Any],
    live: str = "",
    tabs: Tabs = (),
    empty: Empty | None = None,
    template: str = "core/list_page.html",
    peek: str = "",
    shares_rows: bool = False,  # nobody sees other rows than whoever else asks the same
    context: dict[str, Any] | None = None,
) -> HttpResponseBase:
    """Answer everything a list page is asked: see the top of this module.

    `peek` is the view that answers a look at one row, to be shown beside the list.
    """
    query = export_menu.narrowed(canonical(request.GET), request.GET, page)
    filterset = list_slots.filterset_on(page, filterset, request.user)
    table = table.on_page(page, request.user)
    filters = filterset(query, queryset, request=request)
    if request.method == "POST":
        return actions.handle_bulk(request, page=page, queryset=filters.qs)
    if "_panel" in request.GET:
        return list_menus.answer(request, page, table, filterset, query) or filter_panel.answer(
            request, filterset, query
        )
    if filters.search_is_too_short() and is_partial(request):
        return _third_letter(request)
    if (opening := list_menus.opening(request, page)) is not None:
        return opening

    bulk = actions.actions_for(page, request.user)
    view = list_menus.open_view(request, page)
    own_tabs = tabs(filters) if callable(tabs) else tabs
    all_tabs = list_slots.tabs_on(page, own_tabs, filters, request.user)
    tab = tabs_of.open_tab(all_tabs, query)
    rows = table(filters.qs, sort=query.get("sort") or (tab.sort if tab else ""))
    rows.show(preferences.columns_for(request.user, page, view), selectable=bool(bulk))
    if (file := export_menu.answer(request, page, rows, filters, str(title))) is not None:
        return file

    listing = Listing(
        page_id=page, title=title, url=request.path, query=query, table=rows, filters=filters,
        live=live, tabs=all_tabs, empty=empty, view=view, bulk_actions=bulk,
        density=preferences.density_for(request.user), peek=url_around(peek) if peek else None,
    )  # fmt: skip
    partial = is_partial(request)
    listing.page, listing.count = _read(listing, tab, request if shares_rows and partial else None)
    response = render_page(
        request,
        "components/_results.html" if partial else template,
        {"listing": listing, "title": title, "is_partial": partial, **(context or {})},
    )
    if partial and request.GET.urlencode() != query.urlencode() and "HX-Push-Url" not in response:
        response["HX-Push-Url"] = listing.full_url
    return response


def _third_letter(request: AuthedRequest) -> HttpResponseBase:
    """The list stays as it is until then; only the hint under the field appears."""
    response = render_page(request, "components/_search_hint.html", {"is_too_short": True})
    response["HX-Reswap"], response["HX-Push-Url"] = "none", "false"
    return response


def _question(listing: Listing) -> str:
    """All that decides which rows are read; some filters and columns only some people may use."""
    table = listing.table
    columns = [name for name in table.shown if name in table.choosable()]
    asked = [
        listing.full_url,
        *listing.filters.filters,
        get_language(),
        get_current_timezone_name(),
    ]
    return f"rows {asked} {columns} {table.order_by}"


def _read(
    listing: Listing, tab: Tab | None, sharing: AuthedRequest | None
) -> tuple[paging.Page, paging.Count]:
    """The rows of the page and how many there are, read once for all who ask the same."""
    if sharing is None:
        return _look(listing, tab)
    return shared.value(sharing, _question(listing), listing.live, lambda: _look(listing, tab))


def _look(listing: Listing, tab: Tab | None) -> tuple[paging.Page, paging.Count]:
    """Fetch them from the database."""
    related, filters = listing.table.related(), listing.filters
    rows = listing.table.queryset
    is_tab_alone = filters.filters.keys() <= tabs_of.own_filters(listing.tabs)
    page, count = paging.look(
        rows.select_related(*related) if related else rows,
        matching=filters.qs,
        size=PER_PAGE,
        at=listing.query.get("page", ""),
        hunt=filters.is_hunt,
        counted=tab.count if tab and tab.is_kept and is_tab_alone else None,
    )
    if page.start is None and not page.older and count.is_exact:
        page.end_at(count.number)
    return page, count
