"""The lists of people, companies and marketplace accounts."""

from collections.abc import Callable
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import platforms
from accounts.choices import PERSON_STATUS_BADGES, Fulfilment, PersonStatus, Role
from accounts.connections import PAUSED, Connections
from accounts.models import Company, MarketplaceAccount, User
from core.columns import (
    BadgeColumn,
    Column,
    CustomColumn,
    LinkColumn,
    SelectColumn,
    TextColumn,
    WhenColumn,
)
from core.html import EMPTY, badge
from core.tables import BaseTable


def role_label(role: str) -> str:
    return str(Role(role).label)


def two_factor(person: User) -> str:
    """On, missing although the role demands it, or simply not there."""
    if person.has_mfa:
        return str(badge(_now("On"), "green", "shield-check"))
    if person.must_enroll_mfa:
        return str(badge(_now("Missing"), "amber", "shield-x"))
    return str(EMPTY)


def country_code(row: Company | MarketplaceAccount) -> str:
    title = escape(row.get_country_display())
    return f'<span class="cc" title="{title}">{escape(row.country)}</span>'


class PersonTable(BaseTable):
    select = SelectColumn()
    name = LinkColumn(_("Name"), view="accounts:person_detail", orderable=True)
    email = TextColumn(_("Email"), orderable=True, keep=True)
    role = CustomColumn(
        _("Role"),
        html=lambda person: escape(role_label(person.role)),
        plain=role_label,
        orderable=True,
        keep=True,
    )
    has_mfa = CustomColumn(_("Two-factor"), html=two_factor, orderable=True)
    last_seen_at = WhenColumn(
        _("Last seen"), orderable=True, initial_sort_descending=True, keep=True
    )
    state = BadgeColumn(
        _("Status"), choices=PersonStatus.choices, badges=PERSON_STATUS_BADGES, keep=True
    )
    created_at = WhenColumn(_("Added"), orderable=True, start_hidden=True)

    class Meta:
        model = User
        order_by = "name"
        fields: tuple[str, ...] = ()


class CompanyTable(BaseTable):
    name = LinkColumn(_("Name"), view="accounts:company_detail", orderable=True)
    country = CustomColumn(_("Country"), html=country_code, orderable=True, keep=True)
    tax_id = CustomColumn(_("Tax number"), html=lambda c: escape(c.vat_number), keep=True)
    trade_register = TextColumn(_("Trade register"))
    city = TextColumn(_("Town"), orderable=True, keep=True)
    email = TextColumn(_("Email"), start_hidden=True)
    phone = TextColumn(_("Phone"), start_hidden=True)

    class Meta:
        model = Company
        order_by = "name"
        fields: tuple[str, ...] = ()


class StateColumn(Column):
    """Paused by a person, or how the connection is."""

    def cell(self, value: bool, record: MarketplaceAccount) -> str:
        return self.writer()(value, record)

    def writer(self) -> Callable[[Any, Any], str]:
        connections = Connections()

        def cell(is_paused: bool, account: MarketplaceAccount) -> str:
            state = PAUSED if is_paused else connections.of(account.pk, account.platform)
            shown = badge(str(state.word), state.tone, state.icon)
            return f'<span title="{escape(state.title)}">{shown}</span>' if state.title else shown

        return cell

    def plain(self, value: bool) -> str:
        return _now("Paused") if value else ""


def fulfilment_label(fulfilment: str) -> str:
    return str(Fulfilment(fulfilment).label)


class MarketplaceAccountTable(BaseTable):
    name = LinkColumn(_("Name"), view="accounts:marketplace_account_detail", orderable=True)
    platform = CustomColumn(
        _("Marketplace"),
        html=lambda account: escape(account.platform_label),
        plain=platforms.label,
        keep=True,
    )
    country = CustomColumn(_("Country"), html=country_code, orderable=True, keep=True)
    fulfilment = CustomColumn(
        _("Who ships"),
        html=lambda account: escape(account.fulfilment_label),
        plain=fulfilment_label,
    )
    company = TextColumn(_("Company"), accessor="company__name", select_related=("company",))
    currency = TextColumn(_("Currency"))
    is_paused = StateColumn(_("State"), keep=True)

    class Meta:
        model = MarketplaceAccount
        order_by = "name"
        fields: tuple[str, ...] = ()
