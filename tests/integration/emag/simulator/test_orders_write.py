"""acknowledge, unlock-courier, order/save: matrix, windows, lines, storno; attachments."""

import pytest

from emag.simulator.orders.edits import MATRIX
from emag.simulator.orders.reasons import REASONS

FORTY_NINE_HOURS = "P2DT1H"


@pytest.fixture
def make(sim, main):
    """An order in a status, brought there the way orders get there; as the client reads it."""

    def order(status, **wish):
        wish = {"lines": 2, "payment": 1, "voucher": "none", **wish}
        (id,) = sim.inject_orders(1, account="main", **wish)
        if status == 1:
            return main.order(id)
        assert main.call(f"order/acknowledge/{id}").json["isError"] is False
        steps = {2: [], 3: [3], 4: [4], 0: [0], 5: [4, 5]}[status]
        for step in steps:
            assert main.save(main.order(id), status=step).messages == []
        return main.order(id)

    return order


def lines(order, **changes):
    """The first line changed, the others as they are."""
    first, *others = order["products"]
    return [{**first, **changes}, *others]


def test_acknowledge(sim, main, make):
    order = make(1)
    reply = main.call(f"order/acknowledge/{order['id']}")

    assert reply.json == {"isError": False, "messages": [], "errors": [], "results": []}
    assert main.order(order["id"])["status"] == 2


def test_acknowledging_twice(main, make):
    reply = main.call(f"order/acknowledge/{make(2)['id']}")

    assert (reply.status, reply.messages) == (400, ["ERROR: Order is already in progress."])


def test_acknowledging_what_cannot_be(sim, main, fbe, make):
    assert main.call("order/acknowledge/77").messages == ["ERROR: Order not found"]
    (theirs,) = sim.inject_orders(1, account="fbe")
    assert main.call(f"order/acknowledge/{theirs}").messages == ["ERROR: Order not found"]
    assert "eMAG" in fbe.call(f"order/acknowledge/{theirs}").messages[0]
    assert sim.truth("order", "fbe")[theirs]["status"] == 1
    cancelled = make(1)
    sim.order_event(cancelled["id"], "customer_cancel")
    assert main.call(f"order/acknowledge/{cancelled['id']}").status == 400


@pytest.mark.parametrize("target", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5])
def test_the_matrix(main, make, status, target):
    order = make(status)

    reply = main.save(order, status=target)

    allowed = target in MATRIX[status]
    assert reply.json["isError"] is not allowed
    assert main.order(order["id"])["status"] == (target if allowed else status)
    if not allowed:
        assert reply.messages == ["ERROR: Invalid status transition"]


@pytest.mark.parametrize(("status", "target"), [(4, 3), (4, 0), (0, 2), (0, 3), (0, 4)])
def test_after_two_days_it_is_too_late(sim, main, make, status, target):
    order = make(status)
    sim.clock(advance=FORTY_NINE_HOURS)

    reply = main.save(main.order(order["id"]), status=target)

    assert reply.messages == ["ERROR: Status change period expired"]


def test_returns_are_taken_for_thirty_five_days(sim, main, make):
    late, early = make(4), make(4)
    sim.clock(advance="P34D")
    assert main.save(main.order(early["id"]), status=5).messages == []
    sim.clock(advance="P2D")
    expired = main.save(main.order(late["id"]), status=5)
    assert expired.messages == ["ERROR: Status change period expired"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": None}, "ERROR: type has an invalid value"),
        ({"type": 2}, "ERROR: type has an invalid value"),
        ({"status": 9}, "ERROR: status has an invalid value"),
        ({"status": "x"}, "ERROR: status has an invalid value"),
        ({"payment_mode_id": 7}, "ERROR: payment_mode_id has an invalid value"),
        ({"products": "x"}, "ERROR: products has an invalid value"),
        ({"is_storno": "x"}, "ERROR: is_storno has an invalid value"),
        ({"reason_cancellation": 5}, "ERROR: reason_cancellation has an invalid value"),
        ({"shipping_tax": "free"}, "ERROR: shipping_tax has an invalid value"),
        ({"customer": {"name": "x" * 256}}, "ERROR: customer.name has an invalid value"),
    ],
)
def test_values_that_a_strict_server_refuses(main, make, changes, message):
    order = make(2)

    assert main.save(order, **changes).messages == [f"{message} - Order id: {order['id']}"]


@pytest.mark.parametrize("key", ["status", "payment_mode_id", "products"])
def test_keys_that_must_be_there(main, make, key):
    order = make(2)
    del order[key]

    assert f"ERROR: {key} is mandatory - Order id: {order['id']}" in main.save(order).messages


def test_the_type_must_be_there(main, make):
    order = make(2)
    del order["type"]

    assert main.save(order).messages == ["ERROR: Order type is mandatory"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sale_price": "1.0000"}, "ERROR: Updating product prices is not allowed"),
        ({"id": 999}, "ERROR: Invalid product line"),
        ({"product_id": 7}, "ERROR: Invalid product line"),
        ({"quantity": 0}, "ERROR: Quantity must be positive"),
        ({"quantity": -1}, "ERROR: Negative quantities are not allowed"),
        ({"part_number": "OTHER"}, "ERROR: part_number cannot be changed"),
        ({"ext_part_number": "OTHER"}, "ERROR: ext_part_number cannot be changed"),
        ({"currency": "USD"}, "ERROR: products.currency has an invalid value"),
        ({"status": 3}, "ERROR: products.status has an invalid value"),
        ({"quantity": "many"}, "ERROR: products.quantity has an invalid value"),
    ],
)
def test_lines_that_a_strict_server_refuses(main, make, changes, message):
    order = make(2)

    reply = main.save(order, products=lines(order, **changes))

    assert reply.messages[0].startswith(message)
    assert main.order(order["id"]) == order


def test_numbers_may_come_as_text(main, make):
    order = make(2)
    sent = lines(
        order, product_id=int(order["products"][0]["product_id"]), quantity="3", status="1"
    )

    assert main.save(order, status="3", type="3", products=sent).messages == []
    assert main.order(order["id"])["products"][0]["quantity"] == 3


def test_a_missing_currency_is_a_remark(main, make):
    order = make(2)
    for line in order["products"]:
        del line["currency"]

    reply = main.save(order)

    assert reply.json["isError"] is False
    assert "Default currency RON" in reply.messages[0]


def test_lines_can_be_changed_removed_and_added(sim, main, make):
    order = make(2)
    first, second = order["products"]

    assert main.save(order, products=[{**first, "quantity": 5}, second]).messages == []
    assert main.order(order["id"])["products"][0]["quantity"] == 5

    order = main.order(order["id"])
    assert main.save(order, products=[{**order["products"][0], "status": 0}, second]).messages == []
    assert [line["status"] for line in main.order(order["id"])["products"]] == [0, 1]

    order = main.order(order["id"])
    new = {
        "product_id": 1003,
        "name": "Discount",
        "status": 1,
        "sale_price": "10",
        "currency": "RON",
    }
    assert main.save(order, products=[*order["products"], new]).messages == []
    assert len(main.order(order["id"])["products"]) == 3

    order = main.order(order["id"])
    assert main.save(order, products=order["products"][:2]).messages == []  # omitted is removed
    assert len(main.order(order["id"])["products"]) == 2


def test_a_new_line_needs_its_keys(main, make):
    order = make(2)

    messages = main.save(order, products=[*order["products"], {"product_id": 5}]).messages

    assert [text.split()[1] for text in messages] == [
        "products.name", "products.status", "products.sale_price",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:1],
        lambda lines: [{**lines[0], "status": 0}, lines[1]],
        lambda lines: [{**lines[0], "quantity": 1}, lines[1]],
    ],
    ids=["omitted", "removed", "reduced"],
)
def test_card_orders_cannot_be_reduced(sim, main, make, change):
    order = make(2, payment=3)
    order["products"][0]["quantity"] += 2
    assert main.save(order).messages == []  # more is allowed
    order = main.order(order["id"])

    reply = main.save(order, products=change(order["products"]))

    assert reply.messages == ["ERROR: Products cannot be reduced for online payment orders"]


def test_orders_of_others(sim, main, fbe):
    (theirs,) = sim.inject_orders(1, account="fbe")

    assert main.save({"id": theirs, "type": 3}).messages == ["ERROR: Order not found"]
    order = fbe.order(theirs)
    assert fbe.save(order, status=2).messages == [
        "ERROR: Orders fulfilled by eMAG cannot be edited"
    ]
    assert fbe.order(theirs) == order


def test_cancelling(sim, main, make):
    order = make(2)

    assert main.save(order, status=0, reason_cancellation=1).messages == []
    assert main.order(order["id"])["reason_cancellation"] == {"id": 1, "name": "Out of stock"}
    assert len(REASONS) == 32
    back = main.save(main.order(order["id"]), status=2)
    assert back.messages == []
    assert main.order(order["id"])["reason_cancellation"] is None


def test_finalising_stamps_the_moment(sim, main, make):
    order = make(4)

    assert order["finalization_date"] == "2026-03-03 12:00:00"
    assert order["has_editable_products"] == 0


# -- storno: the documented table, an order at status 4 with A×2, B×2


@pytest.fixture
def finalized(sim, main, make):
    order = make(2)
    for line in order["products"]:
        line["quantity"] = 2
    assert main.save(order, status=4).messages == []
    return main.order(order["id"])


def quantities(order):
    return [
        (line["quantity"], line["storno_qty"], line["initial_qty"]) for line in order["products"]
    ]


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ({"quantity": 1}, {}, [(1, 1, 2), (2, 0, 2)]),
        ({}, {"quantity": 0}, [(2, 0, 2), (0, 2, 2)]),
        ({}, {"status": 0}, [(2, 0, 2), (0, 2, 2)]),
    ],
)
def test_partial_storno(sim, main, finalized, first, second, result):
    a, b = finalized["products"]

    reply = main.save(finalized, is_storno=True, products=[{**a, **first}, {**b, **second}])

    assert reply.json["isError"] is False
    order = main.order(finalized["id"])
    assert order["status"] == 4
    assert order["is_storno"] is True
    assert quantities(order) == result


def test_a_change_without_the_flag_is_refused(main, finalized):
    a, b = finalized["products"]

    reply = main.save(finalized, products=[a, {**b, "quantity": 1}])

    assert reply.messages == ["ERROR: Order cannot be modified in status 4 without is_storno"]
    assert main.order(finalized["id"]) == finalized


def test_the_flag_without_a_change_is_refused(main, finalized):
    assert main.save(finalized, is_storno=True).json["isError"] is True


def test_the_flag_in_another_status_is_refused(main, make):
    order = make(3)

    assert (
        main.save(order, is_storno=True, products=lines(order, quantity=1)).json["isError"] is True
    )


def test_a_negative_extra_line_is_refused(main, finalized):
    extra = {**finalized["products"][0], "id": 0, "quantity": -1}

    reply = main.save(finalized, is_storno=True, products=[*finalized["products"], extra])

    assert reply.messages == ["ERROR: Negative quantities are not allowed"]
    assert main.order(finalized["id"]) == finalized


def test_storno_cannot_add(main, finalized):
    more = lines(finalized, quantity=3)

    assert main.save(finalized, is_storno=True, products=more).json["isError"] is True


def test_storno_of_everything_is_a_return(sim, main, finalized):
    none = [{**line, "quantity": 0} for line in finalized["products"]]

    assert main.save(finalized, is_storno=True, products=none).messages == []
    assert main.order(finalized["id"])["status"] == 5
    assert main.save(main.order(finalized["id"]), status=4).json["isError"] is True


def test_full_reversal(main, finalized):
    assert main.save(finalized, status=5).messages == []
    order = main.order(finalized["id"])
    assert (order["status"], quantities(order)) == (5, [(0, 2, 2), (0, 2, 2)])


def test_several_orders_are_judged_alone(main, make):
    good, bad = make(2), make(1)
    sent = [{**good, "status": 3}, {**bad, "status": 3}]

    reply = main.call("order/save", {"data": sent})

    assert reply.messages == [f"ERROR: Invalid status transition - Order id: {bad['id']}"]
    assert main.order(good["id"])["status"] == 3


def test_not_strict(sim, main, make):
    sim.config(strict="off")
    order = make(2)

    assert (
        main.save(order, products=lines(order, sale_price="1.0000"), status=3).json["isError"]
        is False
    )


def test_vouchers_go_with_their_lines(sim, main, make):
    """The invariant of the world checks the sums; here that something was taken off at all."""
    order = make(2, voucher="emag", lines=3)
    total = sum(float(one["sale_price"]) for one in order["vouchers"])

    assert main.save(order, products=order["products"][:2]).messages == []
    left = sum(float(one["sale_price"]) for one in main.order(order["id"])["vouchers"])
    assert total < left < 0


# -- courier and attachments


def test_unlock_courier(sim, main, make):
    (id,) = sim.inject_orders(1, account="main", status=2, enforced_vendor_courier_accounts=[7])

    assert main.call(f"order/{id}/unlock-courier").json["isError"] is False
    assert main.order(id)["enforced_vendor_courier_accounts"] is None
    assert main.call("order/77/unlock-courier").messages == ["ERROR: Order not found"]
    assert main.call(f"order/{make(4)['id']}/unlock-courier").json["isError"] is True


INVOICE = {
    "order_type": 3,
    "name": "Factura 1",
    "url": "https://docs.example.ro/f/1.pdf",
    "type": 1,
}


def attach(caller, **entity):
    return caller.call("order/attachments/save", {"data": [entity]})


def test_a_document_on_the_same_machine_can_be_fetched(main, make):
    sent = {**INVOICE, "order_id": make(4)["id"], "url": "http://localhost:8000/documents/x.pdf"}
    assert attach(main, **sent).json["isError"] is False


def test_attachments(main, make):
    order = make(4)
    sent = {**INVOICE, "order_id": order["id"], "force_download": 0}

    assert attach(main, **sent).json == {
        "isError": False,
        "messages": [],
        "errors": [],
        "results": [],
    }
    attach(main, **sent)

    (found,) = main.call("order/attachments/read", {"order_id": order["id"]}).results
    assert {**found, **sent} == found
    assert main.order(order["id"])["attachments"][0]["url"] == INVOICE["url"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"order_type": None}, "order_type is mandatory"),
        ({"order_type": 2}, "order_type has an invalid value"),
        ({"url": None}, "url is mandatory"),
        ({"url": "ftp://x/y.pdf"}, "url has an invalid value"),
        ({"url": "https://docs.example.ro/f/1.doc"}, "url: only PDF files are accepted"),
        ({"url": "https://docs.example.ro/" + "x" * 1020 + ".pdf"}, "url has an invalid value"),
        ({"name": "x" * 61}, "name has an invalid value"),
        ({"type": 2}, "type has an invalid value"),
        ({"force_download": 5}, "force_download has an invalid value"),
        ({"type": 3}, "order_product_id is mandatory"),
        ({"type": 3, "order_product_id": 1}, "order_product_id has an invalid value"),
    ],
)
def test_attachments_that_a_strict_server_refuses(main, make, changes, message):
    id = make(2)["id"]

    reply = attach(main, **{**INVOICE, "order_id": id, **changes})

    assert reply.messages == [f"ERROR: {message} - Order id: {id}"]
    assert main.order(id)["attachments"] == []


def test_one_warranty_for_a_line(main, make):
    order = make(2)
    sent = {
        **INVOICE,
        "order_id": order["id"],
        "type": 3,
        "order_product_id": order["products"][0]["id"],
    }

    assert attach(main, **sent).messages == []
    second = attach(main, **{**sent, "url": "https://docs.example.ro/f/2.pdf"})
    assert "has a warranty already" in second.messages[0]
    assert len(main.order(order["id"])["products"][0]["attachments"]) == 1


def test_attachments_are_the_one_write_of_fbe_orders(sim, main, fbe):
    (id,) = sim.inject_orders(1, account="fbe")

    assert attach(fbe, **{**INVOICE, "order_id": id, "order_type": 2}).messages == []
    assert attach(main, **{**INVOICE, "order_id": id}).messages == ["ERROR: Order not found"]
    assert attach(main, **{key: value for key, value in INVOICE.items()}).messages == [
        "ERROR: order_id is mandatory - Order id: "
    ]


def test_an_attachment_that_cannot_be_fetched(sim, main, make):
    id = make(2)["id"]
    sim.fault("image_unreachable")

    assert attach(main, **{**INVOICE, "order_id": id}).messages == []
    assert main.order(id)["attachments"]
    sim.clock(advance="PT10M")
    assert main.order(id)["attachments"] == []
