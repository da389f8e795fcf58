"""The form of a scheduled export. Rules are in core.scheduled_exports."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.defaultfilters import yesno
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from core import saved_views
from core.export_sources import ListSource
from core.models import Covers, Every, FileKind, ScheduledExport
from core.text import truncate

HOURS = [(hour, f"{dt.time(hour):%H:%M}") for hour in range(24)]
AS_IT_IS = "as_it_is"
MAIN = "main"  # the rows of the list itself


class AddressesField(forms.CharField):
    """Email addresses, one a line or with commas between."""

    widget = forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        found = [each for each in re.split(r"[\s,;]+", super().clean(value) or "") if each]
        for each in found:
            try:
                validate_email(each)
            except ValidationError:
                raise ValidationError(
                    _("“%(address)s” is no email address."), params={"address": each}
                ) from None
        return found


class ScheduleForm(forms.Form):
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=60)
    selection = forms.ChoiceField(label=_("Filter"))
    details = forms.ChoiceField(label=_("Rows"), widget=forms.RadioSelect, initial=MAIN)
    covers = forms.ChoiceField(
        label=_("Days"), choices=Covers.choices, widget=forms.RadioSelect, initial=Covers.ALL
    )
    kind = forms.ChoiceField(
        label=_("File"), choices=FileKind.choices, widget=forms.RadioSelect, initial=FileKind.XLSX
    )
    every = forms.ChoiceField(
        label=_("How often"), choices=Every.choices, widget=forms.RadioSelect, initial=Every.DAY
    )
    weekday = forms.TypedChoiceField(
        label=_("Weekday"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        initial=0,
        help_text=_("Of what goes out every week."),
    )
    month_day = forms.TypedChoiceField(
        label=_("Day of the month"),
        choices=[(day, str(day)) for day in range(1, 32)],
        coerce=int,
        initial=1,
        help_text=_("Of what goes out every month; a shorter month has it on its last day."),
    )
    hour = forms.TypedChoiceField(
        label=_("Hour"), choices=HOURS, coerce=int, initial=6, help_text=_("In your time zone.")
    )
    emails = AddressesField(
        label=_("Email"),
        required=False,
        help_text=_("One address a line. They all see each other."),
    )
    to_folder = forms.BooleanField(label=_("Put it into a folder"), required=False)
    folder = forms.CharField(
        label=_("Folder"),
        required=False,
        max_length=200,
        help_text=_("Below the folder for exports. Empty: that folder itself."),
    )
    file_name = forms.CharField(
        label=_("File name"),
        max_length=100,
        initial="{name} {date}",
        help_text=_(
            "May have {name}, {date}, {time}, {week} and {month}. Without any day, each file"
            " replaces the one before."
        ),
    )

    def __init__(
        self,
        *args: Any,
        user: Any,
        source: ListSource,
        told: str,
        export: ScheduledExport | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.source, self.user, self.export = source, user, export
        views = saved_views.views_for(user, source.page)
        self._choose(
            "selection",
            [(AS_IT_IS, told or _("Everything")), *((str(view.pk), view.name) for view in views)],
        )
        self._choose(
            "details", [(MAIN, source.title), *((d.name, d.label) for d in source.details)]
        )
        if not source.details:
            del self.fields["details"]
        if not source.when:
            del self.fields["covers"]
        if not settings.EXPORT_DIR:
            del self.fields["to_folder"], self.fields["folder"]
        if export is not None:
            self.initial = {name: getattr(export, name, None) for name in self.fields}
            self.initial["selection"] = AS_IT_IS
            self.initial["details"] = export.details or MAIN
        else:
            del self.fields["stamp"]
            self.initial["name"] = truncate(": ".join(filter(None, (str(source.title), told))), 60)

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def show_conflict(self, error: str) -> None:
        """Keep what was typed, say beside it what is stored now, and let saving again mean it."""
        stored = ScheduledExport.objects.filter(pk=self.export.pk).first() if self.export else None
        self.add_error(None, error)
        if stored is None:
            return
        typed = {name: self.cleaned_data[name] for name in self.fields if name in stored.FACTS}
        for name, value in typed.items():
            now = getattr(stored, name)
            if value != now and (value, now) != (MAIN, ""):
                self.add_error(name, _("Stored now: %(value)s") % {"value": self._said(name, now)})
        self.data = {**self.data.dict(), "stamp": stored.stamp}  # type: ignore[attr-defined]

    def _said(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return str(yesno(value))
        choices = dict(getattr(self.fields[name], "choices", ()))
        words = ", ".join(value) if isinstance(value, list) else str(choices.get(value, value))
        return words or "–"

    def facts(self, query: str, columns: list[str]) -> dict[str, Any]:
        """What the service takes: the filter and columns of the chosen view, or those of now."""
        facts = {
            "details": "", "covers": Covers.ALL, "to_folder": False, "folder": "",
            **self.cleaned_data,
        }  # fmt: skip
        if facts["details"] == MAIN:
            facts["details"] = ""
        view = saved_views.find(self.user, self.source.page, facts.pop("selection"))
        facts["query"] = view.query if view else query
        facts["columns"] = list(view.columns) if view and view.columns else columns
        return facts
