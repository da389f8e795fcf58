"""How records are shown in the Django admin: to be searched and read, never to be changed there."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core.text import fold


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Search, filter, look; nothing else, whatever somebody's role."""

    list_per_page = 50
    show_full_result_count = False  # counting a million rows is not worth "of 1,000,000"
    actions = None

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search as the list pages do, where there is a folded text: with or without diacritics."""
        if not self._has_folded_text():
            return super().get_search_results(request, queryset, search_term)
        for word in fold(search_term).split():
            queryset = queryset.filter(search_text__contains=word)
        return queryset, False

    def _has_folded_text(self) -> bool:
        try:
            self.opts.get_field("search_text")
        except FieldDoesNotExist:
            return False
        return True
