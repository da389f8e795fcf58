"""What is wrong with an order that a marketplace tells of, in plain words."""

from decimal import Decimal as D

import pytest

from orders.intake import VoucherIn
from orders.validation import validate_order
from tests.factories.orders import customer_in, line_in, order_in


def test_it_works():
    assert validate_order(order_in(lines=3)) == []


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"external_id": ""}, "number"),
        ({"external_id": "9" * 65}, "too long"),
        ({"fulfilment": "pigeon"}, "pigeon"),
        ({"status": "lost"}, "lost"),
        ({"currency": "lei", "lines": (), "is_complete": False}, "lei"),
        ({"payment": "shells"}, "shells"),
        ({"delivery": "drone"}, "drone"),
        ({"lines": ()}, "no products"),
        ({"shipping_price": D("NaN")}, "amount"),
        ({"refunded": D("1e308")}, "amount"),
        ({"customer": customer_in(external_id="1" * 60)}, "customer"),
        ({"vouchers": (VoucherIn("1", D("Infinity"), D(0)),)}, "voucher"),
        ({"cancel_code": "x" * 33}, "reason"),
    ],
)
def test_an_order_that_cannot_be_stored(facts, word):
    [message] = validate_order(order_in(**facts))
    assert word in message


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"quantity": -1}, "quantity"),
        ({"price": D("-0.01")}, "price"),
        ({"price": D("sNaN")}, "price"),
        ({"vat_rate": D(19)}, "VAT"),
        ({"currency": "EUR"}, "EUR"),
        ({"external_id": ""}, "number"),
    ],
)
def test_a_line_that_cannot_be_stored(facts, word):
    [message] = validate_order(order_in(lines=(line_in(), line_in(1, **facts))))
    assert message.startswith("Line ")
    assert word in message


def test_a_line_listed_twice():
    [message] = validate_order(order_in(lines=(line_in(external_id="7"), line_in(external_id="7"))))
    assert "7" in message


def test_an_order_without_products_may_be_one_that_is_not_complete():
    assert validate_order(order_in(lines=(), is_complete=False)) == []
