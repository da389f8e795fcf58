"""The list of customers."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.columns import (
    BadgeColumn,
    CustomColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    TextColumn,
    WhenColumn,
)
from core.html import EMPTY, badge, icon
from core.tables import BaseTable
from orders.choices import TIER_BADGES, CustomerTier
from orders.models import Customer


class NameColumn(LinkColumn):
    """Who it is, with what one must know before dealing with them."""

    def writer(self) -> Callable[[Any, Any], str]:
        link = super().writer()
        blocked, linked = _now("Blocked"), _now("Linked with another account")

        def cell(value: str, record: Customer) -> str:
            html = link(str(record), record)
            if record.blocked_at is not None:
                why = escape(record.block_reason)
                html += f' <span title="{why}">{badge(blocked, "red", "ban")}</span>'
            if record.person_id is not None:
                html += f' <span class="faint">{icon("link", "", linked)}</span>'
            below = record.company if record.company and record.company != record.name else ""
            return f'{html}<div class="sub">{escape(below)}</div>' if below else html

        return cell


class FewColumn(NumberColumn):
    """A count that is mostly nothing: a faint dash then."""

    def cell(self, value: Any, record: Customer) -> str:
        return super().cell(value, record) if value else EMPTY


class ReturnsColumn(FewColumn):
    """Orders that came back, whole or in part."""

    def cell(self, value: Any, record: Customer) -> str:
        return super().cell(record.all_returned_count, record)


class RiskColumn(NumberColumn):
    """The risk, in amber from where it is one and in red from halfway to the worst."""

    def writer(self) -> Callable[[Any, Any], str]:
        plain = super().cell

        def cell(value: int, record: Any) -> str:
            text = plain(value, record)
            if value < record.risky_from:
                return text
            tone = "red" if 2 * value >= record.risky_from + 100 else "amber"
            return f'<span class="tone-{tone}">{icon("alert-triangle")} {text}</span>'

        return cell


def account_html(customer: Customer) -> str:
    account = customer.account
    return f'<span class="cc">{escape(account.country)}</span> {escape(account.name)}'


def phone_html(customer: Customer) -> str:
    if not customer.phones:
        return EMPTY
    more = len(customer.phones) - 1
    also = f' <span class="sub">+{more}</span>' if more else ""
    title = escape(", ".join(customer.phones))
    return f'<span title="{title}">{escape(customer.phones[0])}</span>{also}'


class CustomerTable(BaseTable):
    name = NameColumn(
        pgettext_lazy("one customer", "Customer"), view="orders:customer_detail", empty_values=(),
        also_exports=((_("Company name"), "company"),),
    )  # fmt: skip
    account = CustomColumn(
        _("Account"), html=account_html, accessor="account__name", keep=True,
        select_related=("account",),
    )  # fmt: skip
    phones = CustomColumn(_("Phone"), html=phone_html, plain=lambda v: ", ".join(v or ()))
    tier = BadgeColumn(_("Tier"), choices=CustomerTier.choices, badges=TIER_BADGES, keep=True)
    orders_count = NumberColumn(
        _("Orders"), orderable=True, initial_sort_descending=True, keep=True
    )
    revenue = MoneyColumn(
        _("Revenue"), orderable=True, initial_sort_descending=True, keep=True,
        order_by=("currency", "revenue"),
    )  # fmt: skip
    returned_count = ReturnsColumn(
        _("Returns"), also_exports=((_("Returned in part"), "partly_returned_count"),)
    )
    refused_count = FewColumn(_("Not taken"), start_hidden=True)
    cancelled_count = FewColumn(_("Cancelled"), start_hidden=True)
    loyalty = NumberColumn(_("Loyalty"), orderable=True, initial_sort_descending=True)
    risk = RiskColumn(_("Risk"), orderable=True, initial_sort_descending=True, keep=True)
    last_order_at = WhenColumn(
        _("Last order"), orderable=True, initial_sort_descending=True, keep=True
    )
    first_order_at = WhenColumn(_("First order"), start_hidden=True)
    email = TextColumn(_("Email"), start_hidden=True)
    tax_id = TextColumn(_("Tax number"), start_hidden=True)
    external_id = TextColumn(_("Number there"), start_hidden=True)
    block_reason = TextColumn(_("Why blocked"), start_hidden=True)

    class Meta:
        order_by = "-last_order_at"

    def row_class(self, record: Customer) -> str:
        return "late" if record.blocked_at is not None else ""
