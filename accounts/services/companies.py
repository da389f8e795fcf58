"""The companies that sell, and where they take their money."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import legal, locks
from accounts.models import BankAccount, Company, User
from accounts.services import rules
from core import audit, live
from core.errors import RuleViolation


@transaction.atomic
def create_company(*, by: User | None, **facts: object) -> Company:
    """Add a company; its numbers are checked and stored in their official form."""
    locks.hold(locks.COMPANIES)
    company = Company(**_checked(facts))
    _check_tax_id_is_new(company)
    company.save()
    audit.record("company.created", company, by=by)
    live.touch("accounts", company.pk)
    return company


@transaction.atomic
def change_company(
    company: Company, *, version: int | None = None, by: User | None, **facts: object
) -> Company:
    """Change what documents made from now on will say; issued documents keep their own copy."""
    locks.hold(locks.COMPANIES)
    company = Company.objects.locked().get(pk=company.pk)
    rules.check_version(company, version)
    country = str(facts.get("country", company.country))
    changes = rules.assign(company, _checked({**facts, "country": country}))
    if not changes:
        return company
    _check_tax_id_is_new(company)
    company.version += 1
    company.save(update_fields=[*changes, "version", "search_text"])
    audit.record("company.changed", company, by=by, changes=changes)
    live.touch("accounts", company.pk)
    return company


@transaction.atomic
def add_bank_account(
    company: Company, *, iban: str, bank: str, currency: str, by: User | None
) -> BankAccount:
    """Add an account; the first of its currency becomes the main one."""
    company = Company.objects.locked().get(pk=company.pk)
    iban = legal.iban(iban)
    if company.bank_accounts.filter(iban=iban).exists():
        raise RuleViolation(_("%(company)s already has this account.") % {"company": company})
    account = company.bank_accounts.create(
        iban=iban,
        bank=bank.strip(),
        currency=currency,
        is_main=not company.bank_accounts.filter(currency=currency, is_main=True).exists(),
    )
    audit.record("company.bank_account_added", company, by=by, note=account.pretty_iban)
    live.touch("accounts", company.pk)
    return account


@transaction.atomic
def choose_main_bank_account(account: BankAccount, *, by: User | None) -> BankAccount:
    """Print this account on documents in its currency from now on."""
    company = Company.objects.locked().get(pk=account.company_id)
    account = company.bank_accounts.get(pk=account.pk)
    if not account.is_main:
        company.bank_accounts.filter(currency=account.currency).update(is_main=False)
        account.is_main = True
        account.save(update_fields=["is_main"])
        audit.record("company.main_bank_account_chosen", company, by=by, note=account.pretty_iban)
        live.touch("accounts", company.pk)
    return account


@transaction.atomic
def remove_bank_account(account: BankAccount, *, by: User | None) -> None:
    """Take an account away; the main one only when it is the last of its currency."""
    company = Company.objects.locked().get(pk=account.company_id)
    account = company.bank_accounts.get(pk=account.pk)
    others = company.bank_accounts.filter(currency=account.currency).exclude(pk=account.pk)
    if account.is_main and others.exists():
        raise RuleViolation(
            _("This is the main account for %(currency)s. Make another one the main account first.")
            % {"currency": account.currency}
        )
    account.delete()
    audit.record("company.bank_account_removed", company, by=by, note=account.pretty_iban)
    live.touch("accounts", company.pk)


def _checked(facts: Mapping[str, object]) -> dict[str, object]:
    """The facts with their numbers in official form; refuses a number that cannot be right."""
    checked = {k: v.strip() if isinstance(v, str) else v for k, v in facts.items()}
    country = str(checked.get("country", ""))
    if "tax_id" in checked:
        checked["tax_id"] = legal.tax_id(country, str(checked["tax_id"]))
    if "trade_register" in checked:
        checked["trade_register"] = legal.trade_register(country, str(checked["trade_register"]))
    return checked


def _check_tax_id_is_new(company: Company) -> None:
    same = Company.objects.filter(country=company.country, tax_id=company.tax_id)
    if other := same.exclude(pk=company.pk).first():
        raise RuleViolation(
            _("%(name)s already has the number %(number)s.")
            % {"name": other, "number": company.tax_id}
        )
