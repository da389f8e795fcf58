"""What a person says about a message that nobody knew the outcome of."""

from django import forms
from django.utils.translation import gettext_lazy as _


class HappenedForm(forms.Form):
    note = forms.CharField(
        label=_("How do you know?"),
        max_length=200,
        required=False,
        help_text=_("Kept with the message, for whoever asks later."),
    )


class NotHappenedForm(HappenedForm):
    again = forms.BooleanField(label=_("Send it again now"), required=False, initial=True)

    field_order = ("again", "note")
