"""The queue as records: what waits for a worker, and when each job runs."""

from django.contrib import admin
from django_q.models import Schedule

from core.records import ReadOnlyAdmin


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """Schedules are written from the code after every migration; here one sees them."""

    list_display = ("name", "schedule_type", "minutes", "cron", "next_run")
    list_filter = ("schedule_type", "next_run")
    search_fields = ("name", "func")
    date_hierarchy = "next_run"
