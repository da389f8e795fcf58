"""The audit trail, job runs and what people keep, as records."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import registry
from core.models import AuditEntry, BulkRun, ExchangeRate, JobRun, SavedView
from core.records import ReadOnlyAdmin


class VerbFilter(admin.SimpleListFilter):
    """The verbs the code knows: reading them out of a million entries would take a second."""

    title = _("what")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = [(verb, str(label)) for verb, label in registry.verbs().items()]
        return sorted(known, key=lambda verb: verb[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "what", "subject_label", "source")
    list_filter = (VerbFilter, "source", "at")
    search_fields = ("search_text",)
    date_hierarchy = "at"
    exclude = ("search_text",)
    readonly_fields = ("what",)

    @admin.display(description=_("what"), ordering="verb")
    def what(self, entry: AuditEntry) -> str:
        return registry.verb_label(entry.verb)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "key", "status", "trigger", "started_at", "ended_at", "requested_by")
    list_filter = ("status", "trigger", "started_at", "name")
    list_select_related = ("requested_by",)
    search_fields = ("name", "key", "error", "log")
    date_hierarchy = "started_at"
    exclude = ("args", "chunk", "starts")


@admin.register(BulkRun)
class BulkRunAdmin(ReadOnlyAdmin):
    list_display = (
        "action",
        "page",
        "status",
        "total",
        "done",
        "refused",
        "requested_by",
        "created_at",
    )
    list_filter = ("status", "created_at")
    list_select_related = ("requested_by",)
    search_fields = ("action", "page", "requested_by__name")
    date_hierarchy = "created_at"
    exclude = (
        "pks",
        "form_data",
        "token",
        "page_url",
        "cursor",
        "takeover_cursor",
        "takeovers",
        "moved_at",
    )


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("name", "page", "owner", "is_shared", "created_at")
    list_filter = ("is_shared", "page", "created_at")
    list_select_related = ("owner",)
    search_fields = ("name", "page", "owner__name")
    date_hierarchy = "created_at"


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ReadOnlyAdmin):
    list_display = ("on", "currency", "rate", "read_at")
    list_filter = ("currency", "on")
    search_fields = ("currency",)
    date_hierarchy = "on"
