"""What the templates of a list page need, under one name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.safestring import SafeString

from core import paging
from core import tabs as tabs_of
from core.filters import BaseFilterSet, Chip, without
from core.tabs import Tab

if TYPE_CHECKING:
    from core.tables import BaseTable, Header


@dataclass
class Empty:
    """What a list says when nothing is in it and no filter is to blame."""

    title: Any
    text: Any
    icon: str = "inbox"
    button: Any = ""
    url: str = ""


@dataclass
class Listing:
    """A list page as it is shown: its state, its rows, and where each of its links leads."""

    page_id: str
    title: Any
    url: str
    query: QueryDict
    table: BaseTable
    filters: BaseFilterSet
    live: str = ""
    tabs: Sequence[Tab] = ()
    empty: Empty | None = None
    density: str = ""
    view: Any = None  # the SavedView that is open
    bulk_actions: Sequence[Any] = ()
    peek: tuple[str, str] | None = None  # around the key of a row: the address of a look at it
    page: paging.Page = field(default_factory=paging.Page)
    count: paging.Count = field(default_factory=lambda: paging.Count(0))

    @property
    def full_url(self) -> str:
        query = self.query.urlencode()
        return f"{self.url}?{query}" if query else self.url

    @property
    def headers(self) -> list[Header]:
        return self.table.headers(self.query)

    @property
    def rows(self) -> SafeString:
        return self.table.rows_html(self.page.records)

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters.filters)

    @property
    def search(self) -> dict[str, Any] | None:
        """The search field: its name, what it says and what is in it."""
        if self.filters.search is None:
            return None
        name, criterion = self.filters.search
        return {
            "name": name,
            "label": criterion.label,
            "told": criterion.told,
            "value": self.query.get(name, ""),
        }

    def hidden(self) -> list[tuple[str, str]]:
        """What the filter form must carry along although it has no control for it."""
        own = {control["name"] for control in self.filters.main_controls()}
        own |= {"page", *([self.filters.search[0]] if self.filters.search else [])}
        shown = {n for n in own if n not in self.filters.filters or self.filters.has_control(n)}
        return [(n, v) for n, values in self.query.lists() if n not in shown for v in values]

    def link(self, **changes: str) -> str:
        """This state with something changed: link(page="last")."""
        query = self.query.copy()
        for name, value in changes.items():
            query[name] = value
        return f"?{query.urlencode()}"

    @property
    def newer(self) -> str:
        return self.link(page=self.page.newer) if self.page.newer else ""

    @property
    def older(self) -> str:
        return self.link(page=self.page.older) if self.page.older else ""

    @property
    def last(self) -> str:
        return self.link(page="last")

    @property
    def first(self) -> str:
        return f"?{without(self.query)}"

    @property
    def tab_links(self) -> list[tuple[Tab, str, bool]]:
        """Each tab, where it leads from here, and whether it is the open one."""
        active = tabs_of.open_tab(self.tabs, self.query)
        return [(tab, tabs_of.link(tab, self.tabs, self.query), tab is active) for tab in self.tabs]

    @property
    def chips(self) -> list[Chip]:
        """The filters that nothing else on the page shows; those of the open tab, its name does."""
        said = tabs_of.own_filters(self.tabs) if tabs_of.open_tab(self.tabs, self.query) else set()
        return [chip for chip in self.filters.chips() if chip.name not in said]

    @property
    def everywhere(self) -> str:
        """The same search in all tabs, for who finds nothing in this one."""
        return tabs_of.everywhere(self.tabs, self.query)
