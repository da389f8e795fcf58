"""What is wrong with an order, or with a change of one, in plain words."""

from decimal import Decimal as D

import pytest

from orders.intake import VoucherIn
from orders.validation import validate_bulk, validate_cancel, validate_order, validate_update
from tests.factories.orders import customer_in, line_in, order_in


def test_it_works():
    assert validate_order(order_in(lines=3)) == []
    assert validate_update(status="accepted", target="packed") == []
    assert validate_cancel(status="accepted", reason="1", reasons={"1", "2"}) == []
    assert validate_bulk([{"external_id": "1", "status": "accepted", "target": "packed"}]) == []


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


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"status": "new", "target": "shipped"}, "cannot become"),
        ({"status": "packed", "target": "packed"}, "already"),
        ({"status": "packed", "target": "lost"}, "no such status"),
        ({"status": "accepted", "target": "packed", "fulfilment": "marketplace"}, "marketplace"),
        ({"status": "accepted", "target": "packed", "is_complete": False}, "may change"),
    ],
)
def test_an_update_that_is_not_allowed(facts, word):
    assert any(word in message for message in validate_update(**facts))


def test_cancelling():
    assert any("Accept" in m for m in validate_cancel(status="new", reason="1"))
    assert any("why" in m for m in validate_cancel(status="accepted", reason=""))
    assert any("99" in m for m in validate_cancel(status="packed", reason="99", reasons={"1"}))
    assert validate_cancel(status="returned", reason="1")


def test_many_at_once():
    one = {"external_id": "1", "status": "accepted", "target": "packed"}
    assert validate_bulk([])
    assert any("twice" in message for message in validate_bulk([one, one]))
    assert any("no number" in m for m in validate_bulk([{**one, "external_id": ""}]))
    [message] = validate_bulk([one, {"external_id": "2", "status": "new", "target": "packed"}])
    assert message.startswith("2: ")
    assert any(
        "at most" in m
        for m in validate_bulk([{**one, "external_id": str(n)} for n in range(10_001)])
    )
