"""Forms of customers and of how they are scored. Rules are in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.errors import RuleViolation
from orders.models import Customer, ScoringRules
from orders.services.customer_rules import NAMES, check_rules


class ReasonForm(forms.Form):
    """Why a customer is blocked, or erased."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Colleagues read it. Leave names and numbers of people out."),
    )


class LinkForm(forms.Form):
    """Which other customer is the same person."""

    account = forms.ChoiceField(label=_("Account"))
    number = forms.CharField(
        label=_("Customer number there"),
        max_length=64,
        help_text=_("It stands on the other customer's page."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["account"].choices = MarketplaceAccount.objects.choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.errors:
            return found
        other = Customer.objects.filter(
            account=found["account"], external_id=found["number"].strip()
        ).first()
        if other is None:
            self.add_error("number", _("There is no customer with this number on this account."))
            return found
        return {"other": other}


class ScoringForm(forms.ModelForm):  # type: ignore[type-arg]
    """All numbers of the two scores."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = ScoringRules
        fields = NAMES

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors:
            try:
                check_rules(ScoringRules(**{name: found[name] for name in NAMES}))
            except RuleViolation as error:
                self.add_error(None, str(error))
        return found

    def _post_clean(self) -> None:
        """The database's own words come too late to be understood: clean() has said it."""

    @property
    def groups(self) -> list[tuple[Any, list[Any]]]:
        """The fields as the page shows them."""
        return [(title, [self[name] for name in names]) for title, names in _GROUPS.items()]


_GROUPS = {
    _("Loyalty"): (
        "weight_orders", "full_at_orders", "weight_recency", "recency_months", "weight_revenue",
        "full_at_revenue", "weight_kept",
    ),
    _("Risk"): (
        "weight_refused", "weight_cod_refused", "weight_returns", "weight_called_off", "risky_from",
    ),
    _("Tiers by loyalty"): ("gold_from", "silver_from", "bronze_from"),
}  # fmt: skip
