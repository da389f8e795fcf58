"""What can be exported without anybody looking at the page: a slot that list pages fill.

    export_sources.register(ListSource(page="orders.order_list", title=_("Orders"), …))

A page that is registered here is exported at set times too, by a range of days, and with what hangs
on its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, QueryDict

from core import list_slots
from core.html import StrOrPromise
from core.registry import DuplicateRegistration

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User
    from core.filters import BaseFilterSet
    from core.tables import BaseTable


@dataclass(frozen=True, slots=True)
class DetailColumn:
    """A column of what hangs on a row; `plain` makes of a value what a file has.

    An amount names the `currency` path beside it.
    """

    label: StrOrPromise
    path: str
    plain: Callable[[Any], Any] | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What hangs on the rows of a list, such as the lines of orders: a row of a file for each.

    `queryset(pks)` answers them for these rows, in order; `parent` is the path to the row's key.
    """

    name: str
    label: StrOrPromise
    columns: Sequence[DetailColumn]
    queryset: Callable[[Sequence[int]], QuerySet[Any]]
    parent: str


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list page as data. `when` names the criterion by which a range of days is asked for.

    Whoever holds `permission` may export; `schedule_permission` lets them do it at set times.
    """

    page: str
    title: StrOrPromise
    url_name: str
    table: type[BaseTable]
    filterset: type[BaseFilterSet]
    queryset: Callable[[User], QuerySet[Any]]
    permission: str
    schedule_permission: str
    when: str = ""
    details: tuple[Details, ...] = ()

    def may_schedule(self, user: Any) -> bool:
        return bool(user.has_perm(self.permission) and user.has_perm(self.schedule_permission))

    def filterset_for(self, user: User) -> type[BaseFilterSet]:
        """With the filters that other apps add for this person."""
        return list_slots.filterset_on(self.page, self.filterset, user)

    def table_for(self, user: User) -> type[BaseTable]:
        """With the columns that other apps add for this person."""
        return self.table.on_page(self.page, user)

    def filters(self, query: QueryDict, user: User) -> BaseFilterSet:
        """The rows this person may see, filtered."""
        return self.filterset_for(user)(query, self.queryset(user), request=HttpRequest())

    def details_called(self, name: str) -> Details | None:
        return next((one for one in self.details if one.name == name), None)


_sources: dict[str, ListSource] = {}


def register(source: ListSource) -> None:
    if source.page in _sources:
        raise DuplicateRegistration(f"The page {source.page} is already a source of exports.")
    _sources[source.page] = source


def find(page: str) -> ListSource | None:
    return _sources.get(page)


def get(page: str) -> ListSource:
    """The source of a page that registers itself; a KeyError means that it did not."""
    return _sources[page]


def schedulable(user: Any) -> list[ListSource]:
    """The lists whose exports this person may have sent at set times."""
    return [source for source in _sources.values() if source.may_schedule(user)]
