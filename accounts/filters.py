"""What the lists of people, companies and accounts can be filtered by."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import platforms
from accounts.choices import Country, Fulfilment, PersonStatus, Role
from accounts.models import Company, MarketplaceAccount, User
from accounts.models.people import STATUS_CONDITIONS
from core.filters import BaseFilterSet, Choice, Flag, Search, When


class StatusChoice(Choice):
    """Somebody's status is read from several columns."""

    def condition(self, value: list[str]) -> Q:
        condition = Q()
        for status in value:
            condition |= STATUS_CONDITIONS[status]
        return condition


class PersonFilter(BaseFilterSet):
    q = Search(_("Name or email"))
    role = Choice(_("Role"), choices=Role.choices, is_main=True)
    has_mfa = Flag(_("Two-factor"), is_main=True)
    status = StatusChoice(_("Status"), choices=PersonStatus.choices)
    last_seen_at = When(_("Last seen"))
    created_at = When(_("Added"))

    class Meta:
        model = User
        fields: tuple[str, ...] = ()


class CompanyFilter(BaseFilterSet):
    q = Search(_("Name, number or town"))
    country = Choice(_("Country"), choices=Country.choices, is_main=True)
    is_vat_payer = Flag(_("Registered for VAT"))

    class Meta:
        model = Company
        fields: tuple[str, ...] = ()


def _companies() -> list[tuple[str, Any]]:
    return [(str(pk), name) for pk, name in Company.objects.values_list("pk", "name")]


class MarketplaceAccountFilter(BaseFilterSet):
    q = Search(_("Name"))
    platform = Choice(_("Marketplace"), choices=platforms.choices, is_main=True)
    country = Choice(_("Country"), choices=Country.choices, is_main=True)
    fulfilment = Choice(_("Who ships"), choices=Fulfilment.choices)
    company = Choice(_("Company"), choices=_companies)
    is_paused = Flag(_("Paused"))

    class Meta:
        model = MarketplaceAccount
        fields: tuple[str, ...] = ()
