"""The slots of list pages: columns, filters and tabs that other apps add from AppConfig.ready().

    list_slots.register_column("orders.order_list", "parcel", ParcelColumn(...), after="courier")
    list_slots.register_filter("orders.order_list", "parcel", Text(_("Parcel"), field_name=...))
    list_slots.register_tab("orders.order_list", "to_label", to_label, after="to_ship")

What is added behaves like what the page has of its own: it is chosen and hidden, saved in views,
exported, and costs nothing where it is not shown. Panels and bulk actions: see core.registry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeAlias, TypeVar

from core.columns import Column
from core.filters import BaseFilterSet, Criterion
from core.registry import DuplicateRegistration, Person, may
from core.tabs import Tab

T = TypeVar("T")
TabFactory: TypeAlias = Callable[[BaseFilterSet], Tab]


@dataclass(frozen=True, eq=False, slots=True)
class Added(Generic[T]):
    """What another app adds to a list page: behind the one called `after`, or at the end."""

    name: str
    what: T
    after: str = ""
    permission: str = ""


class _Additions(Generic[T]):
    """What was added to every page, by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._of: dict[str, dict[str, Added[T]]] = {}

    def add(self, page: str, added: Added[T]) -> None:
        on_page = self._of.setdefault(page, {})
        if added.name in on_page:
            raise DuplicateRegistration(f"The page {page} already has a {self.kind} {added.name}.")
        on_page[added.name] = added

    def of(self, page: str, user: Person) -> tuple[Added[T], ...]:
        found = self._of.get(page)
        return tuple(a for a in found.values() if may(user, a.permission)) if found else ()

    def forget(self, page: str, name: str) -> None:
        self._of.get(page, {}).pop(name, None)


columns: _Additions[Column] = _Additions("column")
filters: _Additions[Criterion] = _Additions("filter")
tabs: _Additions[TabFactory] = _Additions("tab")


def register_column(
    page: str, name: str, column: Column, *, after: str = "", permission: str = ""
) -> None:
    """Adds a column. What it shows and the rows do not have, it brings along as `annotations`."""
    columns.add(page, Added(name, column, after, permission))


def register_filter(page: str, name: str, criterion: Criterion, *, permission: str = "") -> None:
    """Adds a filter to the dialog of the page and to its address: ?name=…"""
    filters.add(page, Added(name, criterion, "", permission))


def register_tab(
    page: str, name: str, factory: TabFactory, *, after: str = "", permission: str = ""
) -> None:
    """Adds a tab. `factory(filters)` makes it, with its count, for each answer of the page."""
    tabs.add(page, Added(name, factory, after, permission))


def columns_on(page: str, own: dict[str, Column], user: Person) -> dict[str, Column]:
    """The columns of a list page with those that other apps add for this person."""
    added = columns.of(page, user)
    known = own | {one.name: one.what for one in added}
    return {name: known[name] for name in placed(list(own), added)}


def filterset_on(page: str, own: type[BaseFilterSet], user: Person) -> type[BaseFilterSet]:
    """The filters of a list page with those that other apps add for this person."""
    added = filters.of(page, user)
    return _with_filters(own, added) if added else own  # type: ignore[arg-type]  # a class


@lru_cache(maxsize=256)
def _with_filters(
    own: type[BaseFilterSet], added: tuple[Added[Criterion], ...]
) -> type[BaseFilterSet]:
    return type(own.__name__, (own,), {one.name: one.what for one in added})


def tabs_on(page: str, own: Sequence[Tab], filterset: BaseFilterSet, user: Person) -> list[Tab]:
    """The tabs of a list page with those that other apps add for this person."""
    added = tabs.of(page, user)
    known = {tab.name or str(place): tab for place, tab in enumerate(own)}
    order = placed(list(known), added)
    known |= {one.name: one.what(filterset) for one in added}
    return [known[name] for name in order]


def placed(names: Sequence[str], added: Sequence[Added[Any]]) -> list[str]:
    """The names with the added ones in their places, those of one place as they were added."""
    order = list(names)
    for one in reversed(added):
        order.insert(order.index(one.after) + 1 if one.after in order else len(names), one.name)
    return order
