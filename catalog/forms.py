"""The form of an offer. Rules are in the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.choices import MAX_STOCK
from catalog.models import Offer
from core.html import number


class OfferForm(forms.Form):
    """What we want of an offer; of goods the marketplace keeps itself, only the price."""

    price = forms.DecimalField(
        label=_("Price without VAT"), min_value=0, max_digits=14, decimal_places=4, localize=True
    )
    stock = forms.IntegerField(
        label=_("Stock"), min_value=0, max_value=MAX_STOCK, localize=True,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    status = forms.ChoiceField(label=_("Status"))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "price": offer.price_to_be.normalize(),
            "stock": offer.stock_to_be,
            "status": offer.status_to_be,
            "version": offer.version,
        }
        super().__init__(*args, **kwargs)
        self.fields["price"].widget = forms.TextInput(
            attrs={"data-unit": offer.currency, "inputmode": "decimal"}
        )
        self.fields["price"].widget.is_localized = True
        self.fields["price"].help_text = limits_text(offer)
        settable = offer.settable_statuses
        if settable:
            self.fields["status"].choices = [(one.value, one.label) for one in settable]  # type: ignore[attr-defined]
        else:
            del self.fields["status"]
        if not offer.is_stock_ours:
            del self.fields["stock"]

    @property
    def wishes(self) -> dict[str, Any]:
        """What the person has changed; the rest stays as it is, also where it moves meanwhile."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in self.changed_data and name != "version"
        }


def limits_text(offer: Offer) -> Any:
    """Between what the price may lie, where the marketplace knows."""
    if offer.price_min is None or offer.price_max is None:
        return ""
    return _("Between %(least)s and %(most)s.") % {
        "least": number(offer.price_min, 2),
        "most": number(offer.price_max, 2),
    }
