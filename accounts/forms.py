"""Forms of people, companies and marketplace accounts. Rules are in the services."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import holdings, legal, platforms, roles
from accounts.choices import COUNTRY_FACTS, Currency, Density, Role, Theme
from accounts.models import BankAccount, Company, MarketplaceAccount, User
from core.errors import RuleViolation

# Zones of one place under several names, and those that are not places, only lengthen the list.
ZONES = sorted(
    zone
    for zone in available_timezones()
    if zone.partition("/")[0]
    in {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
EXPIRIES = (
    ("30", _("In 30 days")),
    ("90", _("In 90 days")),
    ("365", _("In a year")),
    ("never", _("Never")),
)


def roles_that(by: User) -> list[tuple[str, Any]]:
    """The roles somebody may give."""
    return [choice for choice in Role.choices if by.role == Role.OWNER or choice[0] != Role.OWNER]


class RoleField(forms.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Role"), choices=Role.choices, **options)

    def limit_to(self, by: User) -> None:
        self.choices = roles_that(by)


class AutomaticField(forms.ChoiceField):
    """A choice that may be left to MagFlow, which is an empty text where it is stored."""

    AUTOMATIC = "auto"

    def __init__(
        self, *, automatic: Any, choices: Iterable[tuple[str, Any]], **options: Any
    ) -> None:
        super().__init__(choices=[(self.AUTOMATIC, automatic), *choices], **options)

    def prepare_value(self, value: Any) -> Any:
        return value or self.AUTOMATIC

    def clean(self, value: Any) -> Any:
        value = super().clean(value or self.AUTOMATIC)
        return "" if value == self.AUTOMATIC else value


class LanguageField(AutomaticField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            automatic=_("Like the browser"),
            choices=settings.LANGUAGES,
            label=_("Language"),
            **options,
        )


class ZoneField(AutomaticField):
    def __init__(self, *, automatic: Any, **options: Any) -> None:
        choices = [(zone, zone.replace("_", " ")) for zone in ZONES]
        super().__init__(automatic=automatic, choices=choices, label=_("Time zone"), **options)


class GroupedCheckboxes(forms.CheckboxSelectMultiple):
    """Tick boxes under the headings of their groups."""

    template_name = "accounts/_grouped_checkboxes.html"


class InviteForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Email"))
    role = RoleField(initial=Role.VIEWER)
    language = LanguageField(help_text=_("Of the invitation, until they choose one."))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        if isinstance(role, RoleField):
            role.limit_to(by)


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(
        label=_("Email"), help_text=_("They sign in with it. The old address is told.")
    )
    language = LanguageField()


class RoleForm(forms.Form):
    role = RoleField()

    def __init__(self, *args: Any, by: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        if by is not None and isinstance(role, RoleField):
            role.limit_to(by)


class PolicyForm(forms.Form):
    """What the button says, not the opposite of what is stored: two people may press at once."""

    require_mfa = forms.BooleanField(required=False, widget=forms.HiddenInput)


class JoinForm(forms.Form):
    """How an invited person comes in."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters. A few words work well."),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.person)
        return password


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    language = LanguageField()
    time_zone = ZoneField(automatic=_("Like the company"))
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(label=_("Lists"), choices=Density.choices, widget=forms.RadioSelect)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What is it for?"), max_length=80, help_text=_("For example: price export, till.")
    )
    expires = forms.ChoiceField(label=_("Expires"), choices=EXPIRIES, initial="90")
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        required=False,
        widget=GroupedCheckboxes,
        help_text=_("Choose nothing to let it do everything you may do."),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        if isinstance(scopes, forms.MultipleChoiceField):
            scopes.choices = list(_scopes_of(person))

    @property
    def expires_at(self) -> dt.datetime | None:
        days = self.cleaned_data["expires"]
        return None if days == "never" else timezone.now() + dt.timedelta(days=int(days))


def _scopes_of(person: User) -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
    """What a token of this person may be limited to, by group."""
    held = roles.permissions_of(person.role)
    for group in roles.GROUPS:
        offered = [(p.name, p.label) for p in group.permissions if p.name in held]
        if offered and group.is_for_programs:
            yield group.label, offered


class Versioned(forms.ModelForm):  # type: ignore[type-arg]
    """The edit form of a record that several people may have open: it knows what it shows."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["version"] = self.instance.version
        else:
            del self.fields["version"]


class CompanyForm(Versioned):
    class Meta:
        model = Company
        fields = (
            "name",
            "country",
            "tax_id",
            "is_vat_payer",
            "trade_register",
            "share_capital",
            "street",
            "city",
            "county",
            "postal_code",
            "contact_name",
            "email",
            "phone",
        )
        labels = {"tax_id": _("Tax number (CUI, EIK or adószám)")}

    template_name = "accounts/_sections_form.html"
    headings = {"name": _("Company"), "street": _("Address"), "contact_name": _("Contact")}

    def clean_tax_id(self) -> str:
        return _as_field_error(
            legal.tax_id, self.cleaned_data.get("country", ""), self.cleaned_data["tax_id"]
        )

    def clean_trade_register(self) -> str:
        text = self.cleaned_data["trade_register"]
        return _as_field_error(legal.trade_register, self.cleaned_data.get("country", ""), text)


class BankAccountForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = BankAccount
        fields = ("iban", "bank", "currency")

    def clean_iban(self) -> str:
        return _as_field_error(legal.iban, self.cleaned_data["iban"])


class MarketplaceAccountForm(Versioned):
    class Meta:
        model = MarketplaceAccount
        fields = (
            "name",
            "company",
            "platform",
            "country",
            "fulfilment",
            "currency",
            "time_zone",
            "accepts_automatically",
            "accept_after",
            "accepts_only_in_stock",
            "invoice_on",
        )
        help_texts = {
            "name": _("How you call it among yourselves, for example “RO main”."),
        }
        widgets = {
            "accept_after": forms.TextInput(attrs={"data-unit": _("min"), "inputmode": "numeric"})
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.instance.platform
        known = platforms.choices()
        gone = [(chosen, chosen)] if chosen and chosen not in dict(known) else []
        self.fields["platform"] = forms.ChoiceField(label=_("Marketplace"), choices=[*known, *gone])
        of_country = _("That of the country")
        self.fields["currency"] = AutomaticField(
            automatic=of_country, choices=Currency.choices, label=_("Currency")
        )
        self.fields["time_zone"] = ZoneField(automatic=of_country)
        if self.instance.pk and holdings.has_any(self.instance.pk):
            self._keep_what_is_here()

    def _keep_what_is_here(self) -> None:
        """Say before somebody tries what stays, and what a new currency does not reach."""
        fixed = _("Stays as it is: there are orders or offers from there already.")
        for name in holdings.FIXED:
            self.fields[name].disabled = True
            self.fields[name].help_text = fixed
        self.fields["currency"].help_text = _(
            "For what comes from now on. Orders, offers and documents that are here keep theirs."
        )

    def clean(self) -> dict[str, Any]:
        """Currency and zone of the country, where they were left open."""
        data = super().clean() or {}
        facts = COUNTRY_FACTS.get(data.get("country", ""))
        if facts:
            data["currency"] = data.get("currency") or facts.currency_on(timezone.localdate())
            data["time_zone"] = data.get("time_zone") or facts.time_zone
        return data


class PauseForm(forms.Form):
    reason = forms.CharField(
        label=_("Why?"), max_length=200, help_text=_("The others see it beside the account.")
    )


def _as_field_error(check: Any, *values: str) -> str:
    try:
        return str(check(*values))
    except RuleViolation as error:
        raise forms.ValidationError(str(error)) from error
