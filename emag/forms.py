"""Forms of the connection to eMAG. Rules are in the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from emag.models.credentials import Credential
from emag.sites import SITES

ROLES = (
    ("main", _("MAIN (FBS): you ship from your own stock")),
    ("fbe", _("FBE: eMAG ships from its warehouse")),
)


class CredentialForm(forms.Form):
    """The user that eMAG gave rights to, and its password, which is never shown again."""

    username = forms.CharField(
        label=_("User"),
        max_length=150,
        help_text=_("A user of the seller interface that has the right to use the API."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted, never shown, never written to a log."),
    )
    base_url = forms.URLField(
        label=_("Another address"),
        required=False,
        assume_scheme="https",
        help_text=_("Leave it empty for eMAG itself. For tests: the address of another server."),
    )

    def __init__(self, *args: Any, credential: Credential | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if credential is not None:
            self.initial = {"username": credential.username, "base_url": credential.base_url}
            self.fields["password"].required = False
            self.fields["password"].help_text = _(
                "Leave it empty to keep the one that is stored, unless the address changes."
            )


class ConnectForm(CredentialForm):
    """A new account, from nothing to its first call."""

    site = forms.ChoiceField(
        label=_("Marketplace"), choices=lambda: [(site.name, site.label) for site in SITES]
    )
    role = forms.ChoiceField(
        label=_("Who ships"), choices=ROLES, widget=forms.RadioSelect, initial="main"
    )
    company = forms.ModelChoiceField(label=_("Company"), queryset=Company.objects.order_by("name"))
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("How you call it among yourselves, for example “RO main”."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(Company.objects.all()[:2])
        if len(known) == 1:
            self.initial["company"] = known[0].pk

    field_order = ("site", "role", "company", "name", "username", "password", "base_url")
