import datetime as dt
from dataclasses import replace
from decimal import Decimal

import factory
from django.utils import timezone

from catalog.choices import OfferStatus
from catalog.intake import OfferIn
from catalog.models import Offer, Product
from tests.factories.accounts import CompanyFactory, MarketplaceAccountFactory


class ProductFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Product

    company = factory.SubFactory(CompanyFactory)
    sku = factory.Sequence(lambda n: f"SKU-{n}")
    name = factory.Sequence(lambda n: f"Pantofi sport {n}")
    brand = "Arvex"


class OfferFactory(factory.django.DjangoModelFactory):
    """An offer that sells: active, in stock, first at the buy button."""

    class Meta:
        model = Offer

    account = factory.SubFactory(MarketplaceAccountFactory)
    product = factory.SubFactory(ProductFactory, company=factory.SelfAttribute("..account.company"))
    external_id = factory.Sequence(lambda n: str(1000 + n))
    name = factory.SelfAttribute("product.name")
    sku = factory.SelfAttribute("product.sku")
    brand = factory.SelfAttribute("product.brand")
    catalogue_key = factory.Sequence(lambda n: f"DXK{n}BBM")
    barcodes = factory.Sequence(lambda n: f"59400{n:08d}")
    currency = "RON"
    price = Decimal("165.2810")
    price_min = Decimal(120)
    price_max = Decimal(250)
    vat_rate = Decimal("0.21")
    stock = 20
    status = OfferStatus.ACTIVE
    remote_status = "1"
    is_sellable = True
    rank = 1
    rivals = 3
    read_at = factory.LazyFunction(timezone.now)


READ_AT = dt.datetime(2026, 3, 3, 12, 0, tzinfo=dt.UTC)
PLAIN = OfferIn(
    external_id="1041",
    read_at=READ_AT,
    name="Pantofi sport Arvex Runner",
    sku="ARX-36N",
    currency="RON",
    price=Decimal("165.2810"),
    status=OfferStatus.ACTIVE,
    remote_status="1",
    price_min=Decimal(120),
    price_max=Decimal(250),
    vat_rate=Decimal("0.21"),
    catalogue_key="DXK7T2BBM",
    barcodes=("5940000001041",),
    brand="Arvex",
    images=("https://pictures.example/1.jpg",),
    stock=20,
    is_sellable=True,
    rank=1,
    rivals=3,
)


def offer_in(minutes=0, **facts):
    """A reading of an offer, so many minutes after the first."""
    return replace(PLAIN, **{"read_at": READ_AT + dt.timedelta(minutes=minutes), **facts})
