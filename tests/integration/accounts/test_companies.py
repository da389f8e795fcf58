import pytest

from accounts.models import Company
from accounts.services import companies
from core import live
from core.errors import RuleViolation, StaleData
from core.models import AuditEntry
from tests.factories.accounts import BankAccountFactory, CompanyFactory

pytestmark = pytest.mark.django_db

FACTS = {
    "name": "Comerț Bun SRL",
    "country": "RO",
    "tax_id": "RO 14399840",
    "is_vat_payer": True,
    "trade_register": "j40/1234/2016",
    "street": "Strada Lungă 1",
    "city": "Cluj-Napoca",
}
IBAN = "RO49 AAAA 1B31 0075 9384 0000"
OTHER_IBAN = "DE89 3704 0044 0532 0130 00"


def test_it_works(owner):
    company = companies.create_company(**FACTS, by=owner)
    company.refresh_from_db()
    assert (company.tax_id, company.vat_number) == ("14399840", "RO14399840")
    assert company.trade_register == "J40/1234/2016"
    assert "comert bun" in company.search_text
    assert AuditEntry.objects.get().verb == "company.created"
    assert any(h.topic == "accounts" and company.pk in h.ids for h in live.waiting())


def test_without_vat_the_number_stands_alone(owner):
    company = companies.create_company(**{**FACTS, "is_vat_payer": False}, by=owner)
    assert company.vat_number == "14399840"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"tax_id": "14399841"}, "not a valid CUI"),
        ({"trade_register": "nonsense"}, "trade register number"),
        ({"country": "HU", "tax_id": "14399840", "trade_register": ""}, "not a valid adószám"),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(owner, facts, words):
    with pytest.raises(RuleViolation, match=words):
        companies.create_company(**{**FACTS, **facts}, by=owner)
    assert not Company.objects.exists()


def test_a_company_is_added_once(owner):
    companies.create_company(**FACTS, by=owner)
    with pytest.raises(RuleViolation, match="Comerț Bun SRL already has the number 14399840"):
        companies.create_company(**{**FACTS, "name": "Again SRL"}, by=owner)


def test_changing_a_company(owner):
    company = companies.create_company(**FACTS, by=owner)
    companies.change_company(company, version=1, city="Sibiu", tax_id="14399840", by=owner)
    company.refresh_from_db()
    assert (company.city, company.version) == ("Sibiu", 2)
    assert "sibiu" in company.search_text
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry.changes == {"city": ["Cluj-Napoca", "Sibiu"]}


def test_changing_nothing_is_no_change(owner):
    company = companies.create_company(**FACTS, by=owner)
    companies.change_company(company, version=1, **FACTS, by=owner)
    company.refresh_from_db()
    assert company.version == 1
    assert AuditEntry.objects.count() == 1


def test_an_old_form_changes_nothing(owner):
    company = companies.create_company(**FACTS, by=owner)
    companies.change_company(company, version=1, city="Sibiu", by=owner)
    with pytest.raises(StaleData, match="changed by somebody else"):
        companies.change_company(company, version=1, city="Arad", by=owner)
    company.refresh_from_db()
    assert company.city == "Sibiu"


def test_changing_to_a_number_that_another_has_is_refused(owner):
    other = CompanyFactory()
    company = companies.create_company(**FACTS, by=owner)
    with pytest.raises(RuleViolation, match="already has the number"):
        companies.change_company(company, tax_id=other.tax_id, by=owner)


# --- Bank accounts ----------------------------------------------------------------------------


def add(company, iban=IBAN, currency="RON"):
    return companies.add_bank_account(company, iban=iban, bank=" BT ", currency=currency, by=None)


def test_the_first_account_of_a_currency_is_the_main_one():
    company = CompanyFactory()
    first, second = add(company), add(company, OTHER_IBAN)
    euro = add(company, "BG80 BNBG 9661 1020 3456 78", "EUR")
    assert (first.is_main, second.is_main, euro.is_main) == (True, False, True)
    assert (first.iban, first.bank) == ("RO49AAAA1B31007593840000", "BT")
    assert first.pretty_iban == IBAN


def test_an_account_is_added_once():
    company = CompanyFactory()
    add(company)
    with pytest.raises(RuleViolation, match="already has this account"):
        add(company, IBAN.replace(" ", ""))


def test_a_wrong_iban_is_refused():
    with pytest.raises(RuleViolation, match="not a valid IBAN"):
        add(CompanyFactory(), IBAN.replace("49", "48"))


def test_choosing_another_main_account():
    company = CompanyFactory()
    first, second = add(company), add(company, OTHER_IBAN)
    companies.choose_main_bank_account(second, by=None)
    companies.choose_main_bank_account(second, by=None)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_main, second.is_main) == (False, True)
    verb = "company.main_bank_account_chosen"
    assert AuditEntry.objects.filter(verb=verb).count() == 1


def test_the_main_account_is_not_removed_while_there_are_others():
    company = CompanyFactory()
    first, second = add(company), add(company, OTHER_IBAN)
    with pytest.raises(RuleViolation, match="main account for RON"):
        companies.remove_bank_account(first, by=None)
    companies.remove_bank_account(second, by=None)
    companies.remove_bank_account(first, by=None)
    assert not company.bank_accounts.exists()


def test_the_database_knows_one_main_account():
    from django.db import IntegrityError, transaction

    company = CompanyFactory()
    BankAccountFactory(company=company)
    with pytest.raises(IntegrityError), transaction.atomic():
        BankAccountFactory(company=company, iban="DE89370400440532013000")
