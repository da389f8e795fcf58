"""Tables of the control room's lists."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import jobs, registry
from core.audit_words import told
from core.columns import BadgeColumn, Column, CustomColumn, LinkColumn, TextColumn, WhenColumn
from core.html import duration
from core.models import AuditEntry
from core.models.jobs import JobStatus
from core.tables import BaseTable

JOB_BADGES: dict[str, tuple[str, str]] = {
    JobStatus.QUEUED: ("grey", "clock"),
    JobStatus.RUNNING: ("blue", "progress"),
    JobStatus.DONE: ("green", "check"),
    JobStatus.FAILED: ("red", "x"),
    JobStatus.SKIPPED: ("grey", "player-skip-forward"),
    JobStatus.DIED: ("red", "skull"),
}


SOURCES = {"page": _("Page"), "job": _("Job"), "command": _("Command"), "api": _("API")}


class SourceColumn(Column):
    """By which door the change came."""

    def cell(self, value: Any, record: Any) -> str:
        return super().cell(self.plain(value), record)

    def plain(self, value: Any) -> Any:
        return str(SOURCES.get(value, value))


class VerbColumn(LinkColumn):
    """What was done, in words; leads to the entry."""

    def text(self, value: Any) -> str:
        return super().text(registry.verb_label(value))

    def plain(self, value: Any) -> Any:
        return registry.verb_label(value)

    def exporter(self) -> Callable[[Any], Any]:
        return cache(registry.verb_label)  # in one language, for one file


class ChangesColumn(Column):
    """ "role: picker → packer", the first few of them."""

    def cell(self, value: Any, record: AuditEntry) -> str:
        lines = told(record.subject_type, value)
        text = ", ".join(f"{field}: {before} → {after}" for field, before, after in lines)
        return super().cell(text, record)

    def plain(self, value: Any) -> Any:
        return changes_text(value)


def changes_text(changes: dict[str, list[Any]]) -> str:
    parts = (f"{name}: {shown(old)} → {shown(new)}" for name, (old, new) in changes.items())
    return ", ".join(parts)


def shown(value: Any) -> str:
    return "–" if value in (None, "") else str(value)


class AuditTable(BaseTable):
    at = WhenColumn(_("When"), orderable=True, initial_sort_descending=True, keep=True)
    actor_name = TextColumn(_("Who"), keep=True)
    verb = VerbColumn(_("What"), view="ops:audit_entry")
    subject_label = TextColumn(pgettext_lazy("audit", "On"), keep=True)
    changes = ChangesColumn(_("Changes"))
    note = TextColumn(_("Note"), start_hidden=True)
    source = SourceColumn(_("Source"), start_hidden=True)

    class Meta:
        order_by = "-at"


class JobColumn(LinkColumn):
    """A job by its title; leads to the run."""

    def text(self, value: Any) -> str:
        return super().text(jobs.title_of(value))

    def plain(self, value: Any) -> Any:
        return jobs.title_of(value)


def job_took(run: Any) -> str:
    return str(escape(duration(run.took)))


class JobRunTable(BaseTable):
    name = JobColumn(_("Job"), view="ops:job_run_page")
    key = TextColumn(_("For"), keep=True)
    status = BadgeColumn(_("Status"), choices=JobStatus.choices, badges=JOB_BADGES, keep=True)
    started_at = WhenColumn(_("Started"), orderable=True, initial_sort_descending=True, keep=True)
    took = CustomColumn(_("Took"), html=job_took, accessor="length", plain=duration, css="num")
    error = TextColumn(_("Error"))
    worker = TextColumn(_("Worker"), start_hidden=True)

    class Meta:
        order_by = "-started_at"
