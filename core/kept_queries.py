"""Filters that are kept beyond a visit: those of saved views and of scheduled exports."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.http import QueryDict

from core import live
from core.models import SavedView, ScheduledExport


@transaction.atomic
def rename_value(page: str, name: str, old: Collection[str], new: str) -> None:
    """Let everything that is kept of a page say `new` where its filter `name` says `old`."""
    for model in (SavedView, ScheduledExport):
        kept = model._default_manager.select_for_update().order_by("pk")
        for one in kept.filter(page=page, query__contains=f"{name}="):
            query = _renamed(one.query, name, old, new)
            if query != one.query:
                one.query = query
                one.save(update_fields=["query"])
    live.touch("views")


def _renamed(text: str, name: str, old: Collection[str], new: str) -> str:
    query = QueryDict(text, mutable=True)
    values = query.getlist(name)
    if not set(values) & set(old):
        return text
    query.setlist(name, list(dict.fromkeys(new if value in old else value for value in values)))
    return query.urlencode()
