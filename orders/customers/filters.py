"""What the list of customers can be filtered by."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.choices import Country
from accounts.models import MarketplaceAccount
from core.filters import BaseFilterSet, Choice, Flag, Number, Text, When
from orders.choices import CustomerTier
from orders.customers.search import CustomerSearch
from orders.models import Customer


class Filled(Flag):
    """Whether a column that may be empty holds anything."""

    def condition(self, value: Any) -> Q:
        return Q((f"{self.field_name}__isnull", not value))


class CustomerFilter(BaseFilterSet):
    q = CustomerSearch(
        _("Name, phone, email, number…"),
        told=_(
            "Searched are: name, company, phone in any writing, email, tax number, and the"
            " marketplace's number of the customer."
        ),
    )
    account = Choice(_("Account"), choices=MarketplaceAccount.objects.choices, is_main=True)
    tier = Choice(_("Tier"), choices=CustomerTier.choices, is_main=True)
    country = Choice(
        _("Country"), field_name="account__country", choices=Country.choices, is_main=True
    )
    is_blocked = Filled(_("Blocked"), field_name="blocked_at")
    is_linked = Filled(_("Linked"), field_name="person")
    is_company = Flag(_("Company"))
    orders_count = Number(_("Orders"))
    revenue = Number(_("Revenue"))
    currency = Text(_("Currency"))
    returned_count = Number(_("Returns"))
    refused_count = Number(_("Not taken"))
    cancelled_count = Number(_("Cancelled"))
    loyalty = Number(_("Loyalty"))
    risk = Number(_("Risk"))
    first_order_at = When(_("First order"))
    last_order_at = When(_("Last order"))
    name = Text(_("Name"), within="search_text")
    company = Text(_("Company name"), within="search_text")
    tax_id = Text(_("Tax number"), within="search_text")

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()
