"""What Ctrl+K finds here, and what it offers to do."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Company, MarketplaceAccount, User
from core.registry import Command, Hit, register_command, register_search
from core.text import fold

MOST = 6


def find_people(user: Any, text: str) -> Sequence[Hit]:
    if not user.has_perm("accounts.view_user"):
        return ()
    found = User.objects.filter(search_text__contains=fold(text))[:MOST]
    return [
        Hit(str(person), person.get_absolute_url(), "user", _("Person"), person.get_role_display())
        for person in found
    ]


def find_companies(user: Any, text: str) -> Sequence[Hit]:
    if not user.has_perm("accounts.view_company"):
        return ()
    found = Company.objects.filter(search_text__contains=fold(text))[:MOST]
    return [
        Hit(company.name, company.get_absolute_url(), "building", _("Company"), company.vat_number)
        for company in found
    ]


def find_accounts(user: Any, text: str) -> Sequence[Hit]:
    if not user.has_perm("accounts.view_marketplaceaccount"):
        return ()
    found = MarketplaceAccount.objects.filter(search_text__contains=fold(text))[:MOST]
    return [
        Hit(
            account.name,
            account.get_absolute_url(),
            "building-store",
            _("Marketplace"),
            f"{account.platform_label} {account.country}",
        )
        for account in found
    ]


COMMANDS = (
    Command(
        name="accounts.invite",
        label=gettext_lazy("Invite somebody"),
        url_name="accounts:person_invite",
        icon="user-plus",
        permission="accounts.invite_user",
        keywords=gettext_lazy("add person user colleague"),
    ),
    Command(
        name="accounts.company",
        label=gettext_lazy("Add a company"),
        url_name="accounts:company_add",
        icon="building",
        permission="accounts.change_company",
    ),
    Command(
        name="accounts.marketplace",
        label=gettext_lazy("Add a marketplace account"),
        url_name="accounts:marketplace_account_add",
        icon="building-store",
        permission="accounts.change_marketplaceaccount",
    ),
    Command(
        name="accounts.security",
        label=gettext_lazy("Your security: password, two-factor, devices"),
        url_name="accounts:security",
        icon="shield-lock",
        keywords=gettext_lazy("passkey session sign out token"),
    ),
    Command(
        name="accounts.roles",
        label=gettext_lazy("Roles and permissions"),
        url_name="accounts:role_list",
        icon="shield-check",
        permission="accounts.view_user",
    ),
)


def register() -> None:
    for provider in (find_people, find_companies, find_accounts):
        register_search(provider)
    for command in COMMANDS:
        register_command(command)
