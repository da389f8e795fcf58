"""The list of scheduled exports."""

from __future__ import annotations

from html import escape
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import export_words
from core.columns import CustomColumn, LinkColumn, TextColumn, WhenColumn
from core.filters import BaseFilterSet, Search
from core.html import EMPTY, badge, when
from core.models import ExportStatus, ScheduledExport
from core.tables import BaseTable

BADGES: dict[str, tuple[str, str]] = {
    ExportStatus.WAITING: ("grey", "clock"),
    ExportStatus.RUNNING: ("blue", "progress"),
    ExportStatus.DONE: ("green", "check"),
    ExportStatus.FAILED: ("red", "x"),
}
_LABELS = dict(ExportStatus.choices)


def cut(text: str) -> str:
    safe = escape(text)
    return f'<span class="cut" title="{safe}">{safe}</span>' if text else EMPTY


def last_html(export: Any) -> str:
    """How the latest file ended and when it was due."""
    if not export.last_status:
        return EMPTY
    tone, icon = BADGES[export.last_status]
    word = badge(_LABELS[export.last_status], tone, icon)
    title = f' title="{escape(export.last_error)}"' if export.last_error else ""
    return f"<span{title}>{word}</span> {when(export.last_at)}"


def next_html(export: ScheduledExport) -> str:
    if not export.is_paused:
        return str(when(export.next_at))
    word = badge(_now("Paused"), "amber", "player-pause")
    return f'<span title="{escape(export.pause_reason)}">{word}</span>'


class ScheduledExportTable(BaseTable):
    name = LinkColumn(_("Name"), view="core:scheduled_export_page", orderable=True)
    what = CustomColumn(
        pgettext_lazy("export", "What"), accessor="page", keep=True,
        html=lambda export: cut(export_words.what(export)), exclude_from_export=True,
    )  # fmt: skip
    every = CustomColumn(
        pgettext_lazy("export", "When"), keep=True, exclude_from_export=True,
        html=lambda export: escape(export_words.when(export)),
    )  # fmt: skip
    next_at = CustomColumn(_("Next"), html=next_html, orderable=True, keep=True, css="when")
    last_status = CustomColumn(
        pgettext_lazy("export", "Last"), html=last_html, keep=True,
        plain=lambda value: str(_LABELS.get(value, "")),
    )  # fmt: skip
    emails = CustomColumn(
        pgettext_lazy("export", "To"), html=lambda export: cut(export_words.where_to(export)),
        plain=", ".join,
    )  # fmt: skip
    owner = TextColumn(_("With the rights of"), accessor="owner__name")
    created_at = WhenColumn(_("Added"), start_hidden=True)

    class Meta:
        order_by = "name"


class ScheduledExportFilter(BaseFilterSet):
    q = Search(_("Name…"), columns=("name",))

    class Meta:
        model = ScheduledExport
        fields: tuple[str, ...] = ()
