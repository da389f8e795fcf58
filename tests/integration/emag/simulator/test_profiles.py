"""Values in the forms of the documentation, and callbacks of offers, parcels and returns."""

import time

import pytest

from .goods import UNKNOWN, parcel, save


@pytest.fixture
def order(sim, main):
    [id] = sim.inject_orders(1, account="main", payment="cod", locker=False)
    main.call(f"order/acknowledge/{id}")
    return id


def test_it_works(sim, main):
    save(main, UNKNOWN)
    sim.config(php_profile="documented")

    [offer] = main.call("product_offer/read", {}).results

    assert (offer["sale_price"], offer["ownership"]) == (165.281, 1)
    assert offer["validation_status"][0]["Description"] == "In Marketplace validation"


def test_parcels_and_returns_in_documented_form(sim, main, order):
    [issued] = main.call("awb/save", [parcel(order)]).results
    sim.do("rma", account="main", order_id=order, request_status=2)
    sim.config(php_profile="documented")

    awb = main.call("awb/read", {"emag_id": issued["awb"][0]["emag_id"]}).results
    [rma] = main.call("rma/read", {}).results

    assert (awb["order_id"], awb["cash_on_delivery"], awb["status"][0]["code"]) == (
        order,
        204.97,
        "REG",
    )
    assert rma["order_id"] == order
    assert type(rma["products"][0]["quantity"]) is int


def test_any_form_at_random(sim, main):
    sim.do("offers", account="main", n=60)
    sim.config(php_profile="random")

    kinds = {type(one["sale_price"]) for one in main.call("product_offer/read", {}).results}

    assert str in kinds
    assert float in kinds


def test_the_shop_is_told(sim, main, order):
    nowhere = "http://127.0.0.1:9/hook"
    kinds = ("documentation", "awb", "return")
    sim.do("account", username="main", callbacks={kind: nowhere for kind in kinds})
    save(main, UNKNOWN)
    sim.do("offer_event", account="main", id=1041, type="approve")
    main.call("awb/save", [parcel(order)])
    sim.do("awb_event", account="main", id=481000001, type="pick_up")
    sim.do("rma", account="main", order_id=order, request_status=2)

    until = time.monotonic() + 5
    while {one["kind"] for one in sim.callbacks()} < set(kinds) and time.monotonic() < until:
        time.sleep(0.02)

    told = {one["kind"]: one["subject"] for one in sim.callbacks()}
    assert told == {"documentation": "1041", "awb": "4EMGLN000000001", "return": "7000012"}
