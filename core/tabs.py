"""Tabs of list pages: named states of the list, which keep the filters that are not theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from core.filters import without


@dataclass(frozen=True)
class Tab:
    """A named state of the list: `query` is its filter, `count` what waits there.

    A search or another filter stays when a person goes from tab to tab. `sort` is the order the
    tab opens with, where it is not the table's own. `is_kept` says that the count is exact, so that
    nothing has to be counted again. `name` is for those who add a tab behind it.
    """

    label: Any
    query: str
    count: int | None = None
    level: str = ""  # "bad" draws the count in red
    name: str = ""
    sort: str = ""
    is_kept: bool = False


def own_filters(tabs: Sequence[Tab]) -> set[str]:
    """The filters that make the difference between the tabs."""
    return {name for tab in tabs for name in QueryDict(tab.query)}


def open_tab(tabs: Sequence[Tab], query: QueryDict) -> Tab | None:
    """The tab whose filter is set, whatever else filters the list."""
    own = own_filters(tabs)
    mine = {name: values for name, values in query.lists() if name in own}
    return next((tab for tab in tabs if dict(QueryDict(tab.query).lists()) == mine), None)


def link(tab: Tab, tabs: Sequence[Tab], query: QueryDict) -> str:
    """Where a tab leads from here: the other filters stay, page, order and saved view do not."""
    rest = without(query, *own_filters(tabs), "sort", "view")
    return "&".join(filter(None, (tab.query, rest)))


def everywhere(tabs: Sequence[Tab], query: QueryDict) -> str:
    """What is searched and filtered now, in all tabs; empty where no tab narrows it."""
    narrowing = own_filters(tabs) & set(query)
    return without(query, *narrowing, "sort", "view") if narrowing else ""
