"""Filters of the list of offers."""

from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from catalog.choices import OfferStatus
from catalog.models import Offer
from core.filters import BaseFilterSet, Choice, Number, Search, Text, When


class Situation(Choice):
    """What is the matter with an offer; the questions themselves are those of OfferQuerySet."""

    CHOICES: ClassVar = (
        ("blocked", _("Not sellable")),
        ("out_of_stock", _("Out of stock")),
        ("beaten", _("Lost the buy button")),
        ("problems", _("With problems")),
        ("waiting", _("Waiting to be sent")),
    )

    def condition(self, value: list[str]) -> Q:
        found = Q()
        for name in value:
            found |= CONDITIONS[name]
        return found


CONDITIONS: dict[str, Q] = {
    "blocked": Offer.BLOCKED,
    "out_of_stock": Offer.OUT_OF_STOCK,
    "beaten": Offer.BEATEN,
    "problems": ~Q(problems=""),
    "waiting": Offer.WAITING,
}


class OfferFilter(BaseFilterSet):
    q = Search(_("Name, SKU, barcode…"))
    account = Choice(_("Account"), choices=MarketplaceAccount.objects.choices, is_main=True)
    status = Choice(_("Status"), choices=OfferStatus.choices, is_main=True)
    situation = Situation(_("Situation"), choices=Situation.CHOICES, is_main=True, field_name="pk")
    sku = Text(_("SKU"), within="search_text")
    brand = Text(_("Brand"), within="search_text")
    price = Number(_("Price"))
    stock = Number(_("Stock"))
    rank = Number(_("Rank"))
    read_at = When(_("Changed there"))

    class Meta:
        model = Offer
        fields: tuple[str, ...] = ()
