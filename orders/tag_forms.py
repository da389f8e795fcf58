"""Forms of tags. Rules are in the services."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from orders import tagging
from orders.models import Order, Tag, TagColour

NONE_YET = _("There are no tags yet. Managers add them under “Tags of orders” above the list.")


class TagForm(forms.Form):
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=_("Name"), max_length=30, help_text=_("Short: it stands in every row of the list.")
    )
    colour = forms.ChoiceField(label=_("Colour"), choices=TagColour.choices)
    position = forms.IntegerField(
        label=_("Place"), min_value=0, max_value=999, initial=0,
        help_text=_("Lower numbers come first."),
    )  # fmt: skip

    @staticmethod
    def values_of(tag: Tag) -> dict[str, Any]:
        return {
            "stamp": tag.stamp, "name": tag.name, "colour": tag.colour, "position": tag.position,
        }  # fmt: skip

    def show_conflict(self, tag: Tag, error: str) -> None:
        """Keep what was typed, say beside it what is stored now, and let saving again mean it."""
        self.add_error(None, error)
        words = {"name": tag.name, "colour": tag.get_colour_display(), "position": tag.position}
        for name, said in words.items():
            if self.cleaned_data[name] != getattr(tag, name):
                self.add_error(name, _("Stored now: %(value)s") % {"value": said})
        self.data = {**self.data.dict(), "stamp": tag.stamp}  # type: ignore[attr-defined]


class TagsField(forms.MultipleChoiceField):
    """Tags by their names now, also where the page was drawn before one was renamed."""

    def to_python(self, value: Any) -> list[str]:
        return tagging.current_names(super().to_python(value))


class SeenField(TagsField):
    """The tags that the order had when the page was drawn; they may be gone meanwhile."""

    widget = forms.MultipleHiddenInput

    def valid_value(self, value: Any) -> bool:
        return True


class TagsForm(forms.Form):
    """Some of the tags there are, which are read only where the form is shown or filled in."""

    tags = TagsField(label=_("Tags"), widget=forms.CheckboxSelectMultiple, choices=tagging.choices)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Asked only by who draws the form: lists make one to know that an action has a form.
        self.fields["tags"].help_text = lazy(cache(self._help), str)()

    def _help(self) -> str:
        is_empty = not list(self.fields["tags"].choices)  # type: ignore[attr-defined]
        return str(NONE_YET) if is_empty else ""


class OrderTagsForm(TagsForm):
    """All tags, ticked where the order has them. None at all is an answer, too.

    It also posts what it was drawn with, so that only what this person ticked is changed.
    """

    tags = TagsField(
        label=_("Tags"),
        widget=forms.CheckboxSelectMultiple,
        choices=tagging.choices,
        required=False,
    )
    seen = SeenField(required=False)

    def __init__(self, data: Any = None, *, order: Order, **options: Any) -> None:
        tags = tagging.current_names(order.tags)
        super().__init__(data, initial={"tags": tags, "seen": tags}, **options)

    def difference(self) -> tuple[list[str], list[str]]:
        """What this person put on the order, and what they took off it."""
        tags, seen = self.cleaned_data["tags"], self.cleaned_data["seen"]
        return (
            [name for name in tags if name not in seen],
            [name for name in seen if name not in tags],
        )
