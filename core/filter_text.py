"""Filters written out, for commands: "status=new&total__gt=50", the query string of a list page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from core.errors import RuleViolation
from core.filters import BaseFilterSet


class BadFilter(RuleViolation):
    """The text names a filter that does not exist, or a value it does not take."""

    code = "bad_filter"


def matching(filterset: type[BaseFilterSet], text: str, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that the text leaves; BadFilter says what is wrong with it."""
    data = QueryDict(text)
    known = filterset.base_filters
    for name in data:
        if name not in known:
            raise BadFilter(
                _("There is no filter “%(name)s”. There are: %(known)s.")
                % {"name": name, "known": ", ".join(sorted(known))}
            )
    if any(not value.strip() for values in dict(data.lists()).values() for value in values):
        raise BadFilter(_("Write a filter as name=value; several are joined with &."))
    filters = filterset(data, queryset, request=HttpRequest())
    if filters.search_is_too_short():
        raise BadFilter(_("Search for three letters or more."))
    if not filters.is_valid():
        raise BadFilter(
            " ".join(f"{name}: {' '.join(said)}" for name, said in filters.form.errors.items())
        )
    return filters.qs
