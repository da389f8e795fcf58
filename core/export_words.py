"""Scheduled exports in words: when they run, what a file holds, where it goes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from core import export_rows, export_sources
from core.models import Every, ExportRun, ScheduledExport


def when(export: ScheduledExport) -> str:
    """ "Every Monday at 06:00" """
    at = f"{dt.time(export.hour):%H:%M}"
    if export.every == Every.WEEK:
        return _("Every %(weekday)s at %(time)s") % {
            "weekday": WEEKDAYS[export.weekday], "time": at,
        }  # fmt: skip
    if export.every == Every.MONTH:
        return _("On day %(day)s of every month at %(time)s") % {
            "day": export.month_day, "time": at,
        }  # fmt: skip
    return _("Every day at %(time)s") % {"time": at}


def what(export: ScheduledExport) -> str:
    """ "Orders: Lines, Excel file" """
    source = export_sources.find(export.page)
    if source is None:
        return _("a list that no longer exists")
    details = source.details_called(export.details)
    rows = f"{source.title}: {details.label}" if details else str(source.title)
    return f"{rows}, {export.get_kind_display()}"


def filter_of(export: ScheduledExport) -> str:
    source = export_sources.find(export.page)
    if source is None:
        return ""
    return export_rows.in_words(source.filters(QueryDict(export.query), export.owner))


def columns_of(export: ScheduledExport) -> list[str]:
    source = export_sources.find(export.page)
    if source is None:
        return []
    known = source.table_for(export.owner).choosable()
    return [str(known[name].verbose_name or name) for name in export.columns if name in known]


def where_to(export: ScheduledExport) -> str:
    """ "ana@shop.ro, folder accounting/" """
    folder = [_("folder %(name)s") % {"name": f"{export.folder}/"}] if export.to_folder else []
    return ", ".join([*export.emails, *folder])


def outcome(run: ExportRun) -> str:
    """What became of a file, in one line: "312 rows, 48 KB, mailed, in the folder"."""
    parts: list[Any] = []
    if run.rows is not None:
        parts.append(_("%(n)s rows") % {"n": run.rows})
    if run.size is not None:
        parts.append(filesizeformat(run.size))
    if run.mailed_at:
        parts.append(_("a link mailed") if run.is_linked else _("mailed"))
    if run.filed_at:
        parts.append(_("in the folder"))
    return ", ".join(map(str, parts))
