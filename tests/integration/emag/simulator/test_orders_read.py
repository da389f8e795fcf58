"""order/read and order/count: filters, pages, and the forms values come in."""

from decimal import Decimal

import pytest

from emag.simulator.orders.sums import amount_due, exact, line_gross, splits


def ids(reply):
    return [order["id"] for order in reply.results]


def test_it_works(sim, main):
    (id,) = sim.inject_orders(1, account="main")

    (order,) = main.read(currentPage=1, itemsPerPage=100, status=[1], type=3).results

    assert order["id"] == id
    assert order["status"] == 1
    assert set(order) >= {
        "vendor_name", "parent_id", "type", "date", "modified", "payment_mode", "payment_mode_id",
        "detailed_payment_method", "delivery_mode", "delivery_payment_mode", "observation",
        "payment_status", "is_complete", "customer", "products", "shipping_tax",
        "shipping_tax_voucher_split", "vouchers", "proforms", "attachments", "cashed_co",
        "cashed_cod", "cancellation_request", "has_editable_products", "refunded_amount",
        "refund_status", "reason_cancellation", "maximum_date_for_shipment", "late_shipment",
        "flags", "emag_club", "finalization_date", "details", "weekend_delivery",
        "enforced_vendor_courier_accounts", "currency",
    }  # fmt: skip
    assert not [key for key in order if key.startswith("_")]


def test_forms_seen_live(sim, main):
    sim.inject_orders(1, account="main", locker=False, voucher="emag", lines=1)
    reply = main.read()
    (order,) = reply.results
    (line,) = order["products"]

    assert isinstance(order["id"], int)
    assert isinstance(line["product_id"], str)
    assert line["vat"] in ("0.2100", "0.1100", "0.0000")
    assert len(line["sale_price"].partition(".")[2]) == 4
    assert isinstance(order["shipping_tax"], int | float)
    assert order["details"] == []
    assert order["reason_cancellation"] is None
    assert (order["vouchers"][0]["status"], order["refunded_amount"]) == ("1", "0")
    assert b"\\/" in reply.body or b"/" not in reply.body


def test_diacritics_come_in_both_writings(sim, main):
    sim.inject_orders(30, account="main")
    body = main.read().body

    assert b"\\u0" in body
    assert any(byte > 127 for byte in body)


@pytest.mark.parametrize("profile", ["documented", "random"])
def test_other_forms_say_the_same(sim, main, profile):
    sim.inject_orders(20, account="main", voucher="mixed")
    usual = {order["id"]: order for order in main.read().results}

    sim.config(php_profile=profile)
    for order in main.read().results:
        known = usual[int(order["id"])]
        assert Decimal(str(order["shipping_tax"])) == Decimal(str(known["shipping_tax"]))
        for line, other in zip(order["products"], known["products"], strict=True):
            assert int(line["product_id"]) == int(other["product_id"])
            assert Decimal(str(line["sale_price"])) == Decimal(other["sale_price"])
    if profile == "documented":
        assert isinstance(order["products"][0]["product_id"], int)
        assert isinstance(order["shipping_tax"], str)


def test_types_are_apart(sim, main, fbe):
    sim.inject_orders(2, account="main")
    sim.inject_orders(3, account="fbe")

    assert len(main.read().results) == 2
    assert fbe.read().results == []  # nobody asked for type 2
    assert len(fbe.read(type=2).results) == 3
    assert min(ids(fbe.read(type=2))) > 2**31
    assert fbe.read(type=[2, 3]).messages == ["ERROR: type has an invalid value"]


def test_filters(sim, main):
    new = sim.inject_orders(2, account="main", payment=1, complete=True)
    taken = sim.inject_orders(1, account="main", status=2, payment=3, complete=True)
    partly = sim.inject_orders(1, account="main", payment=1, complete=False)

    assert sorted(ids(main.read(status=1))) == sorted(new + partly)
    assert ids(main.read(status=[2, 3])) == taken
    assert ids(main.read(payment_mode_id=3)) == taken
    assert ids(main.read(payment_mode_id=[2, 3])) == taken
    assert ids(main.read(is_complete=0)) == partly
    assert ids(main.read(id=taken[0])) == taken
    assert ids(main.read(id=str(taken[0]))) == taken
    assert len(ids(main.read(nonsense=7, Status=2))) == 4


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"id": 0}, "ERROR: id has an invalid value"),
        ({"id": "x"}, "ERROR: id has an invalid value"),
        ({"id": 4_294_967_296}, "ERROR: id has an invalid value"),
        ({"status": 6}, "ERROR: status has an invalid value"),
        ({"status": [1, 9]}, "ERROR: status has an invalid value"),
        ({"payment_mode_id": 4}, "ERROR: payment_mode_id has an invalid value"),
        ({"is_complete": 2}, "ERROR: is_complete has an invalid value"),
        ({"createdAfter": "2026-03-01T00:00:00"}, "ERROR: createdAfter has an invalid value"),
        ({"createdAfter": "2026-03-01 00:00:00.5"}, "ERROR: createdAfter has an invalid value"),
        ({"createdAfter": "2026-03-01 00:00:00Z"}, "ERROR: createdAfter has an invalid value"),
        ({"createdAfter": "2026-03-01"}, "ERROR: createdAfter has an invalid value"),
        ({"createdAfter": 20260301}, "ERROR: createdAfter has an invalid value"),
        (
            {"createdBefore": "2026-03-01 00:00:00"},
            "ERROR: createdAfter is mandatory when createdBefore is used",
        ),
        (
            {"modifiedBefore": "2026-03-01 00:00:00"},
            "ERROR: modifiedAfter is mandatory when modifiedBefore is used",
        ),
        (
            {"createdAfter": "2026-01-01 00:00:00", "createdBefore": "2026-02-05 00:00:00"},
            "ERROR: maximum interval is 1 month",
        ),
        ({"itemsPerPage": 0}, "ERROR: itemsPerPage has an invalid value"),
        ({"currentPage": 65_536}, "ERROR: currentPage has an invalid value"),
    ],
)
def test_filters_that_a_strict_server_refuses(main, filters, message):
    reply = main.read(**filters)

    assert (reply.status, reply.messages) == (200, [message])
    assert reply.json["isError"] is True


def test_intervals(sim, main):
    sim.inject_orders(1, account="main", at="2026-02-01 10:00:00")
    late = sim.inject_orders(1, account="main", at="2026-03-02 10:00:00")

    assert ids(main.read(createdAfter="2026-02-10 00:00:00")) == late
    assert len(ids(main.read(createdAfter="2025-01-01 00:00:00"))) == 2  # open-ended may be long
    window = {"createdAfter": "2026-03-02 10:00:00", "createdBefore": "2026-03-02 10:00:00"}
    assert ids(main.read(**window)) == late
    assert ids(main.read(modifiedAfter="2026-03-02 10:00:01")) == []

    sim.config(orders_window_error="400")
    wide = {"modifiedAfter": "2026-01-01 00:00:00", "modifiedBefore": "2026-03-01 00:00:00"}
    assert main.read(**wide).status == 400


def test_pages(sim, main):
    placed = sim.inject_orders(25, account="main", over="PT1H")

    first = ids(main.read(itemsPerPage=10))
    third = ids(main.read(itemsPerPage=10, currentPage=3))
    assert first == placed[::-1][:10]  # newest first
    assert third == placed[::-1][20:]
    assert ids(main.read(itemsPerPage=10, currentPage=4)) == []
    assert ids(main.read(itemsPerPage=10, currentPage=-1)) == first


def test_more_than_a_hundred_a_page(sim, main):
    sim.inject_orders(120, account="main")

    assert len(main.read(itemsPerPage=1000).results) == 100
    sim.config(page_over="error400")
    assert main.read(itemsPerPage=101).status == 400
    assert len(main.read(itemsPerPage=100).results) == 100


@pytest.mark.parametrize("order", ["newest", "oldest", "modified", "random"])
def test_any_order_of_results(sim, main, order):
    placed = sim.inject_orders(40, account="main", over="PT1H")
    sim.config(read_order=order)

    found = ids(main.read())

    assert sorted(found) == sorted(placed)
    assert (found == placed) is (order == "oldest")
    assert (found == ids(main.read())) is (order != "random")


def test_pages_shift_under_ones_hands_unless_they_are_snapshots(sim, main):
    placed = sim.inject_orders(20, account="main", over="PT1H")
    main.read(itemsPerPage=10)
    sim.inject_orders(1, account="main")
    assert ids(main.read(itemsPerPage=10, currentPage=2))[0] == placed[10]  # seen before

    sim.config(page_snapshot="on")
    first = ids(main.read(itemsPerPage=10))
    sim.inject_orders(1, account="main")
    assert not set(first) & set(ids(main.read(itemsPerPage=10, currentPage=2)))


def test_count(sim, main):
    sim.inject_orders(25, account="main")

    reply = main.call("order/count", {"itemsPerPage": 10})
    assert reply.results == {"noOfItems": 25, "noOfPages": 3, "itemsPerPage": 10}

    sim.config(count_as_strings="on")
    assert main.call("order/count", {}).results["noOfItems"] == "25"
    alone = main.call("order/count", {"createdAfter": "2026-03-01 00:00:00"})
    assert alone.messages == ["ERROR: createdBefore is mandatory when createdAfter is used"]


def test_money_is_in_balance(sim, main):
    sim.inject_orders(200, account="main", voucher="mixed", deposit=True)

    for order in main.read().results:
        total = sum((line_gross(line) for line in order["products"]), Decimal(0))
        vouchers = sum(
            (exact(one["sale_price"]) + exact(one["sale_price_vat"]) for one in order["vouchers"]),
            Decimal(0),
        )
        shares = sum(
            (exact(one["value"]) + exact(one["vat_value"]) for one in splits(order)), Decimal(0)
        )
        assert vouchers == shares
        assert vouchers == vouchers.quantize(Decimal("0.01"))
        assert Decimal(0) < amount_due(order) <= total + exact(order["shipping_tax"]) + 20
        assert {one["offered_by"] for one in splits(order)} <= {"eMAG", order["vendor_name"]}


def test_what_a_world_contains(sim, main):
    sim.inject_orders(300, account="main")
    orders = list(sim.truth("order", "main").values())

    assert {order["payment_mode_id"] for order in orders} == {1, 2, 3}
    assert {order["delivery_mode"] for order in orders} == {"courier", "pickup"}
    assert {order["customer"]["legal_entity"] for order in orders} == {0, 1}
    assert any(line["recycle_warranties"] for order in orders for line in order["products"])
    assert any(order["vouchers"] for order in orders)
    assert any(order["emag_club"] for order in orders)
    locker = next(order for order in orders if order["delivery_mode"] == "pickup")
    assert "[EasyBox #" in locker["customer"]["shipping_street"]
    assert locker["details"]["locker_id"]
    transfer = next(order for order in orders if order["payment_mode_id"] == 2)
    assert Decimal(str(transfer["proforms"][0]["gross_value"])) == amount_due(transfer)
    assert any(
        "ș" in order["customer"]["name"] or "ă" in order["customer"]["name"] for order in orders
    )


def test_one_cart_in_two_accounts(sim):
    sim.add_account(username="second")
    sim.inject_orders(4, account="main")
    sim.config(orders_shared_ids="on")
    sim.inject_orders(4, account="second")

    assert set(sim.truth("order", "main")) & set(sim.truth("order", "second"))


def test_volumetry(sim, main):
    (id,) = sim.inject_orders(1, account="main", lines=2)

    (found,) = main.call("order/volumetry/read", {"order_id": id}).results
    assert found["order_id"] == id
    assert len(found["volumetric_data"]) == 2
    assert set(found["volumetric_data"][0]) == {"product_id", "weight", "length", "width", "height"}
    again = main.call("order/volumetry/read", {"order_id": id}).results
    assert again == [found]
    assert main.call("order/volumetry/read", {}).messages == ["ERROR: order_id is mandatory"]
    assert main.call("order/volumetry/read", {"order_id": id, "type": 2}).json["isError"]
