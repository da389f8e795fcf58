"""The state of a list page: what of its address says which rows it shows, and how."""

from __future__ import annotations

from django.http import QueryDict

from core import export_menu

# Names that ask for another answer of the same state, and are no part of it.
NOT_STATE = frozenset({*export_menu.ASKED, "_panel", "csrfmiddlewaretoken"})


def canonical(data: QueryDict) -> QueryDict:
    """The state a query string stands for: no empty values, nothing that is not state."""
    clean = QueryDict(mutable=True)
    for name, values in data.lists():
        kept = [value for value in values if value.strip()]
        if kept and name not in NOT_STATE:
            clean.setlist(name, kept)
    return clean
