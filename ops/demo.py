"""A small world to look at on the first run: a shop, its people, and a few days of their work.

Everything is made by the same services that people use, so it is as true as the real thing: it
has an audit trail, and it can be changed or deactivated like any other row.
"""

from django.db import transaction

from accounts.choices import Country, Currency, Role
from accounts.models import Company, User
from accounts.services import companies, people
from core import companions

COMPANY = {
    "name": "Exemplu Comerț SRL",
    "country": Country.ROMANIA,
    "tax_id": "12345607",
    "trade_register": "J40/1234/2015",
    "street": "Str. Aurel Vlaicu 182",
    "city": "Cluj-Napoca",
    "county": "Cluj",
    "postal_code": "400581",
    "email": "birou@exemplu.example",
}
IBAN = "RO34DEMO0000000000000001"
PEOPLE = (
    ("Ana-Maria Țurcanu", "ana@exemplu.example", Role.MANAGER),
    ("Dan Ștefănescu", "dan@exemplu.example", Role.PICKER),
    ("Mihai Dănilă", "mihai@exemplu.example", Role.PICKER),
    ("Cristina Pârvu", "cristina@exemplu.example", Role.PACKER),
    ("Elena Dumitrașcu", "elena@exemplu.example", Role.ACCOUNTANT),
    ("Nagy Eszter", "eszter@exemplu.example", Role.VIEWER),
    ("Мария Георгиева", "maria@exemplu.example", Role.VIEWER),
)


def fill(*, by: User) -> None:
    """Make the demo world once: where there is a company already, nothing is added."""
    if Company.objects.exists():
        return
    with transaction.atomic():
        company = companies.create_company(by=by, **COMPANY)
        companies.add_bank_account(
            company, iban=IBAN, bank="Banca Exemplu", currency=Currency.RON, by=by
        )
        invited = [
            people.invite_person(email=email, name=name, role=role, language="ro", by=by)
            for name, email, role in PEOPLE
            if not User.objects.filter(email=email).exists()
        ]
        companions.fill_demo(company, by)
    if len(invited) == len(PEOPLE):
        people.change_role(invited[2], role=Role.PACKER, by=by)
        people.deactivate_person(invited[5], by=by)
