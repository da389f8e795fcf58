"""Filters written out for commands."""

import pytest

from core.filter_text import BadFilter, matching
from orders.filters import OrderFilter
from orders.models import Order
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db


def test_it_works():
    one, two = OrderFactory(status="new"), OrderFactory(status="shipped")
    every = Order.objects.order_by("pk")
    assert list(matching(OrderFilter, "", every)) == [one, two]
    assert list(matching(OrderFilter, "status=shipped", every)) == [two]
    assert list(matching(OrderFilter, f"q={one.external_id}", every)) == [one]


@pytest.mark.parametrize("text", ["colour=red", "status=odd", "total__between=9", "status=", "q=a"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(BadFilter):
        matching(OrderFilter, text, Order.objects.all())
