import factory
from django.utils import timezone

from accounts.choices import Country, Currency, Fulfilment, Role
from accounts.models import BankAccount, Company, MarketplaceAccount, User

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    """Somebody who has joined, without a password unless one is given."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    role = Role.VIEWER
    joined_at = factory.LazyFunction(timezone.now)

    class Params:
        invited = factory.Trait(joined_at=None, invited_at=factory.LazyFunction(timezone.now))

    @factory.post_generation
    def password(self, create, extracted, **kwargs):
        self.set_password(extracted)
        if create:
            self.save(update_fields=["password"])


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Comerț {n} SRL")
    country = Country.ROMANIA
    tax_id = factory.Sequence(lambda n: romanian_tax_id(1_000_000 + n))
    trade_register = "J40/1234/2016"
    street = "Strada Lungă 1"
    city = "Cluj-Napoca"
    county = "Cluj"


class BankAccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = BankAccount

    company = factory.SubFactory(CompanyFactory)
    iban = "RO49AAAA1B31007593840000"
    bank = "Banca Exemplu"
    currency = Currency.RON
    is_main = True


class MarketplaceAccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MarketplaceAccount

    name = factory.Sequence(lambda n: f"RO {n}")
    company = factory.SubFactory(CompanyFactory)
    platform = "bazaar"
    country = Country.ROMANIA
    fulfilment = Fulfilment.OWN
    currency = Currency.RON
    time_zone = "Europe/Bucharest"


def romanian_tax_id(number: int) -> str:
    """The number with its check digit, as the tax office would give it out."""
    digits = f"{number:09d}"
    total = sum(int(a) * b for a, b in zip(digits, (7, 5, 3, 2, 1, 7, 5, 3, 2), strict=True))
    return f"{number}{total * 10 % 11 % 10}"
