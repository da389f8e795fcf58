"""Orders as a marketplace tells them, and orders that have arrived."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal as D
from itertools import count

import factory

from accounts.choices import Fulfilment
from orders.intake import AddressIn, CustomerIn, LineIn, OrderIn
from orders.models import Order
from orders.services import import_orders
from tests.factories.accounts import MarketplaceAccountFactory

_numbers = count(512_340_001)
_line_numbers = count(315_800_001)
NOW = dt.datetime(2026, 3, 3, 12, 22, 9, tzinfo=dt.UTC)
PRODUCTS = (
    ("HUS-S24-BK", "Husă silicon Galaxy S24, negru"),
    ("FOL-S24-2", "Folie sticlă Galaxy S24, set 2 bucăți"),
    ("GAN-65", "Încărcător GaN 65 W, USB-C"),
)


def line_in(number: int = 0, **facts) -> LineIn:
    sku, name = PRODUCTS[number % len(PRODUCTS)]
    return LineIn(
        **{
            "external_id": str(next(_line_numbers)),
            "offer_external_id": str(1041 + number),
            "name": name,
            "sku": sku,
            "quantity": 2,
            "price": D("82.6364"),
            "vat_rate": D("0.2100"),
            "currency": "RON",
            **facts,
        }
    )


def address_in(**facts) -> AddressIn:
    return AddressIn(
        **{
            "name": "Ioana Țepeș",
            "phone": "0700000001",
            "country": "RO",
            "county": "Iași",
            "city": "Iași",
            "street": "Str. Exemplu nr. 3",
            "postal_code": "700001",
            "locality_external_id": "8801",
            **facts,
        }
    )


def customer_in(**facts) -> CustomerIn:
    return CustomerIn(
        **{
            "external_id": "20411873",
            "name": "Ioana Țepeș",
            "email": "c0ffee5eed@example.com",
            "phones": ("0700000001",),
            **facts,
        }
    )


def order_in(*, lines: int | tuple[LineIn, ...] = 1, **facts) -> OrderIn:
    """A new cash-on-delivery order of today with so many lines."""
    if isinstance(lines, int):
        lines = tuple(line_in(n) for n in range(lines))
    return OrderIn(
        **{
            "external_id": str(next(_numbers)),
            "fulfilment": Fulfilment.OWN.value,
            "remote_status": "1",
            "status": "new",
            "read_at": NOW,
            "ordered_at": NOW - dt.timedelta(minutes=5),
            "changed_at": NOW - dt.timedelta(minutes=4),
            "currency": "RON",
            "customer": customer_in(),
            "billing": address_in(),
            "shipping": address_in(),
            "lines": lines,
            "payment": "cod",
            "delivery": "courier",
            "ship_by": NOW + dt.timedelta(days=2),
            **facts,
        }
    )


def later(order: OrderIn, minutes: int = 5, **facts) -> OrderIn:
    """The same order as a later look shows it, changed there."""
    after = dt.timedelta(minutes=minutes)
    seen = {"read_at": order.read_at + after, "changed_at": (order.changed_at or NOW) + after}
    return replace(order, **{**seen, **facts})


class OrderFactory(factory.Factory):
    """An order that has arrived, as OrderIn says it; `ours` are columns that are ours to set."""

    class Meta:
        model = Order

    @classmethod
    def _create(cls, model_class, account=None, ours=None, **facts):
        account = account or MarketplaceAccountFactory()
        told = order_in(**facts)
        report = import_orders(account, [told])
        order = Order.objects.get(pk=report.pks[told.fulfilment, told.external_id])
        if ours:
            Order.objects.filter(pk=order.pk).update(**ours)
            order.refresh_from_db()
        return order
