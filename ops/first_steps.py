"""What still has to be set up before the first order can be sold, invoiced and shipped."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, MarketplaceAccount, User


@dataclass(frozen=True)
class Step:
    """One thing to do, where it is done, and whether it is done already."""

    label: str | Promise
    text: str | Promise
    url: str
    is_done: bool


def steps_for(person: User) -> list[Step]:
    """The steps this person may take; empty for those who set nothing up."""
    known = (
        ("accounts.change_company", _company),
        ("accounts.change_marketplaceaccount", _marketplace),
        ("accounts.invite_user", _people),
        ("", _second_factor),
    )
    if not person.has_perm("accounts.change_company"):
        return []
    return [
        make(person) for permission, make in known if not permission or person.has_perm(permission)
    ]


def _company(person: User) -> Step:
    return Step(
        _("Add your company"),
        _("Its name, tax number and bank account are printed on every invoice."),
        reverse("accounts:company_list"),
        Company.objects.exists(),
    )


def _marketplace(person: User) -> Step:
    return Step(
        _("Connect a marketplace account"),
        _("Orders then arrive by themselves."),
        reverse("accounts:marketplace_account_list"),
        MarketplaceAccount.objects.exists(),
    )


def _people(person: User) -> Step:
    return Step(
        _("Invite your colleagues"),
        _("Each with a role: pickers see what to pick, accountants see what to book."),
        reverse("accounts:person_list"),
        User.objects.exclude(pk=person.pk).filter(is_active=True).exists(),
    )


def _second_factor(person: User) -> Step:
    return Step(
        _("Protect your sign-in"),
        _("A second factor keeps others out even when they learn your password."),
        reverse("mfa_index"),
        person.has_mfa,
    )
