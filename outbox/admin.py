"""The outbox as records: search and look. Decisions are made on its pages."""

from django.contrib import admin

from core.records import ReadOnlyAdmin
from outbox.models import Command


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin):
    list_display = ("kind", "subject_label", "executor", "status", "attempts", "created_at")
    list_filter = ("status", "error_kind", "executor", "kind")
    search_fields = ("subject_label",)
    date_hierarchy = "created_at"
    fields = (
        "kind",
        "executor",
        "account",
        "subject_label",
        "payload",
        "priority",
        "status",
        "attempts",
        "next_attempt_at",
        "requested_by",
        "is_awaited",
        "result",
        "error_kind",
        "error",
        "messages",
        "created_at",
        "ended_at",
    )
