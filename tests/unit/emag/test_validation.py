"""What eMAG refuses is refused here first (emag-api §12.3, §14, §23, §24)."""

import datetime as dt
from decimal import Decimal

import pytest

from emag.validation import check_offer, check_offers, check_order
from tests.contract.payloads import offer, order

D = Decimal
HOUR = dt.timedelta(hours=1)


def test_it_works():
    assert check_offer({"id": 1041, "sale_price": D("149.9900")}, stored=offer()) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"sale_price": 0}, "more than 0"), ({"sale_price": D("150.00001")}, "decimals"),
     ({"sale_price": 119}, "lower"), ({"sale_price": D("250.01")}, "higher"),
     ({"sale_price": 200, "recommended_price": 200}, "crossed-out"),
     ({"min_sale_price": 300}, "lower"),
     ({"min_sale_price": 160, "max_sale_price": 160}, "highest"),
     ({"sale_price": None}, "more than 0"),
     ({"sale_price": "abc"}, "number"), ({"sale_price": True}, "number"),
     ({"stock": [{"warehouse_id": 1, "value": -1}]}, "stock"), ({"stock": 5}, "stock"),
     ({"stock": [{"value": 5}]}, "stock"),
     ({"stock": [{"warehouse_id": 1, "value": 65_536}]}, "stock"),
     ({"stock": [{"warehouse_id": 1, "value": D("1.5")}]}, "stock"), ({"stock": []}, "stock"),
     ({"handling_time": [{"warehouse_id": 1, "value": 256}]}, "handling_time"),
     ({"status": 3}, "status"), ({"currency_type": "USD"}, "currency"), ({"name": "x"}, "name"),
     ({"id": None}, "number"), ({"id": "1041"}, "number")],
)  # fmt: skip
def test_offers_that_would_be_refused(changes, word):
    (message, *_more) = check_offer({"id": 1041} | changes, stored=offer())
    assert word in message


def test_of_what_emag_ships_only_prices_are_ours():
    assert check_offer({"id": 1041, "sale_price": 150}, stored=offer(), is_fbe=True) == []
    for key, value in (("stock", [{"warehouse_id": 1, "value": 1}]), ("status", 1), ("vat_id", 9)):
        assert key in check_offer({"id": 1041, key: value}, is_fbe=True)[0]


def test_batches():
    assert check_offers([{"id": n} for n in range(50)]) == []
    assert check_offers([{"id": n} for n in range(51)])
    assert check_offers([{"id": 1}, {"id": "1"}])
    assert check_offers([{"id": n, "stock": [{"value": 1}] * 100} for n in range(40)])


# --- Orders -----------------------------------------------------------------------------------


def saved(status=2, *, to=None, line=None, closed_for=None, stored=None, **changes):
    """What is wrong with saving the documented order from one status to another."""
    before = order(status=status, **(stored or {}))
    after = order(status=status if to is None else to, **(stored or {}))
    after["products"] = [after["products"][0] | (line or {})]
    return check_order(after | changes, stored=before, closed_for=closed_for)


ALWAYS = {(2, 2), (2, 3), (2, 4), (2, 0), (3, 3), (3, 4), (3, 0), (4, 4), (0, 0)}
TWO_DAYS = {(4, 3), (4, 0), (0, 2), (0, 3), (0, 4)}


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("after", range(6))
def test_the_whole_matrix(before, after):
    soon, late = (
        saved(before, to=after, closed_for=HOUR),
        saved(before, to=after, closed_for=49 * HOUR),
    )
    if (before, after) in ALWAYS or (before, after) == (4, 5):
        assert soon == late == []
    elif (before, after) in TWO_DAYS:
        assert soon == []
        assert late
    else:
        assert soon
        assert late


def test_returned_within_the_time_for_returns_and_five_days():
    assert saved(4, to=5, closed_for=dt.timedelta(days=35)) == []
    assert saved(4, to=5, closed_for=dt.timedelta(days=35, hours=1))
    assert saved(4, to=3, closed_for=None) == [], "nobody knows when: eMAG decides"


def test_the_type_is_needed_and_what_emag_ships_is_not_ours():
    assert saved(type=None)
    assert saved(stored={"type": 2})
    assert saved(id=5)


def test_lines_of_an_order_in_progress():
    assert saved(line={"quantity": 1}) == []
    assert saved(line={"quantity": 3}) == []
    assert saved(line={"status": 0}) == []
    assert saved(products=[]) == [], "leaving a line out takes it away"
    assert saved(line={"quantity": 0})
    assert saved(line={"quantity": -1})
    assert saved(line={"sale_price": "82.6300"})
    assert saved(line={"sale_price": "82.63640"}) == [], "the same price, written otherwise"
    assert saved(line={"product_id": 1042})
    assert saved(line={"product_id": 1041}) == []


def test_nothing_is_taken_off_what_is_paid_by_card():
    card = {"payment_mode_id": 3}
    assert saved(line={"quantity": 1}, stored=card)
    assert saved(products=[], stored=card)
    assert saved(stored=card) == []
    assert saved(line={"quantity": 3}, stored=card) == []


def test_a_line_may_be_added_while_the_order_is_open():
    added = {"product_id": 7, "name": "x", "status": 1, "quantity": 1, "sale_price": 1}
    assert saved(products=[*order()["products"], added]) == []
    assert saved(products=[*order()["products"], added | {"quantity": 0}])
    assert saved(4, products=[*order()["products"], added])
    assert saved(0, to=0, products=[*order()["products"], added])


def test_partial_reversals_of_a_finalised_order():
    assert saved(4, line={"quantity": 1}, is_storno=True) == []
    assert saved(4, line={"quantity": 0}, is_storno=True) == []
    assert saved(4, line={"status": 0}, is_storno=True) == []
    assert saved(4, line={"quantity": 1}), "without the flag"
    assert saved(4, is_storno=True), "nothing changed"
    assert saved(3, line={"quantity": 1}, is_storno=True), "not finalised"
    minus = {"product_id": 7, "status": 1, "quantity": -1, "sale_price": 1}
    assert saved(4, products=[*order()["products"], minus], is_storno=True)


def test_an_order_that_cannot_be_read_is_not_saved():
    assert saved(line={"quantity": {"a": 1}})
    assert saved(status=None)
