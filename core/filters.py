"""Filters of list pages: one declared criterion understands several operators.

    class OrderFilter(BaseFilterSet):
        q = Search(_("Order, phone, name…"))
        status = Choice(_("Status"), choices=OrderStatus.choices, is_main=True)
        total = Number(_("Total"))
        sku = Text(_("SKU"), field_name="lines__sku")

gives ?q=…, ?status=new, ?total=50, ?total__gt=50, ?total__between=10..20, ?sku__contains=cabl:
every state of a list is a link. What cannot be read filters everything out and says why, since a
filter that is silently dropped would let "all matching" mean more than a person saw.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from core.criteria import (
    BETWEEN,
    CONTAINS,
    GREATER,
    IS,
    LESS,
    SEARCH_FROM,
    Choice,
    Criterion,
    Flag,
    Number,
    Search,
    Text,
    When,
    days_of,
)
from core.text import fold

__all__ = [
    "BETWEEN", "CONTAINS", "GREATER", "IS", "LESS", "SEARCH_FROM", "BaseFilterSet", "Chip",
    "Choice", "Criterion", "Flag", "Number", "Search", "Text", "When", "days_of", "without",
]  # fmt: skip


@dataclass(frozen=True)
class Chip:
    """One active filter that can be taken away by its link."""

    text: str
    remove_query: str
    error: str = ""
    name: str = ""


class BaseFilterSet(django_filters.FilterSet):  # type: ignore[misc]
    """The filters of one list page. Only what the address names is built and paid for."""

    criteria: ClassVar[dict[str, Criterion]]

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], *, request: HttpRequest) -> None:
        self.is_bound = True
        self.data = data
        self.queryset = queryset
        self.request = request
        self.form_prefix = None
        self.filters = OrderedDict()
        self._controls: list[dict[str, Any]] | None = None  # asked for twice, read once
        for name in data:
            if name in self.base_filters and any(data.getlist(name)):
                self.filters[name] = copy.copy(self.base_filters[name])
                self.filters[name].parent, self.filters[name].model = self, queryset.model

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Any]:
        cls.criteria = dict(cls.declared_filters)
        return OrderedDict(
            pair for name, criterion in cls.criteria.items() for pair in criterion.expand(name)
        )

    @property
    def qs(self) -> QuerySet[Any]:
        if not self.filters:
            return self.queryset
        if self.search_is_too_short() or not self.is_valid():
            return self.queryset.none()
        matching: QuerySet[Any] = super().qs
        return matching

    @property
    def search(self) -> tuple[str, Criterion] | None:
        return next(((n, c) for n, c in self.criteria.items() if isinstance(c, Search)), None)

    def search_is_too_short(self) -> bool:
        """One or two letters match half of everything and no index: wait for the third."""
        if self.search is None:
            return False
        return 0 < len(fold(self.data.get(self.search[0], "")).strip()) < SEARCH_FROM

    @property
    def is_hunt(self) -> bool:
        """Whether what matches has to be looked for: see core.paging.read()."""
        return any(criterion.hunts for criterion in self.filters.values())

    def main_controls(self) -> list[dict[str, Any]]:
        """The few filters that have their own control beside the search field."""
        if self._controls is None:
            self._controls = [
                {
                    "name": name,
                    "label": criterion.label,
                    "choices": choices,
                    "value": self.data.get(name, ""),
                }
                for name, criterion in self.criteria.items()
                if criterion.is_main and (choices := self.filters.get(name, criterion).choices)
            ]
        return self._controls

    def chips(self) -> list[Chip]:
        """Everything that filters and has no control of its own on the page."""
        return [
            Chip(self._chip_text(name), without(self.data, name), self._error(name), name)
            for name in self.filters
            if not self.has_control(name)
        ]

    def words(self) -> list[str]:
        """Everything that filters, in words: for files, which have no controls to look at."""
        return [self._chip_text(name) for name in self.filters]

    def has_control(self, name: str) -> bool:
        """True where the page shows this active filter in a control of its own."""
        criterion = self.filters[name]
        if isinstance(criterion, Search):
            return True
        if not criterion.is_main or criterion.operator != IS:
            return False
        values = self.data.getlist(name)
        return len(values) == 1 and values[0] in dict(criterion.choices)

    def _chip_text(self, name: str) -> str:
        if name in self.form.errors:
            return f"{self.filters[name].label}: {self.data.get(name)}"
        return str(self.filters[name].describe(self.form.cleaned_data[name]))

    def _error(self, name: str) -> str:
        return " ".join(self.form.errors.get(name, []))


def without(data: QueryDict, *names: str) -> str:
    """The query string without these names, and on the first page again."""
    rest = data.copy()
    for name in (*names, "page"):
        rest.pop(name, None)
    return rest.urlencode()
