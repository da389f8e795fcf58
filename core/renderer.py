"""How forms look: {{ form }} prints components/form.html, a field components/field.html."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

CHECKS = (forms.CheckboxInput, forms.CheckboxSelectMultiple, forms.RadioSelect)


class Field(BoundField):
    """A bound field whose widget carries the classes of the design."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        widget = widget or self.field.widget
        built = super().build_widget_attrs(attrs, widget)
        if not widget.is_hidden and "class" not in widget.attrs:
            built.setdefault("class", _css(widget))
        return built

    @property
    def is_checkbox(self) -> bool:
        """A single tick box: its label stands behind it."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def unit(self) -> str:
        """What stands inside the field's end: TextInput(attrs={"data-unit": "lei"})."""
        return str(self.field.widget.attrs.get("data-unit", ""))


def _css(widget: forms.Widget) -> str:
    if isinstance(widget, CHECKS):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


class FormRenderer(TemplatesSetting):
    """settings.FORM_RENDERER."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
    bound_field_class = Field
