"""Returns: how they come, what may be saved, and where each status leads."""

import pytest

from emag.simulator import rma_life
from emag.simulator.seeds.return_reasons import LAST_LEVEL, REASONS

from .goods import order_of, without

NEW, ACKNOWLEDGED, REJECTED, CANCELLED, RECEIVED, FINALIZED = range(2, 8)
MATRIX = {
    NEW: {NEW, ACKNOWLEDGED, CANCELLED},
    ACKNOWLEDGED: {ACKNOWLEDGED, CANCELLED, RECEIVED},
    REJECTED: {REJECTED},
    CANCELLED: {CANCELLED},
    RECEIVED: {REJECTED, RECEIVED, FINALIZED},
    FINALIZED: {FINALIZED},
}
# A way from New to each status.
WAY = {
    NEW: (),
    ACKNOWLEDGED: ("acknowledge",),
    REJECTED: ("acknowledge", "receive", "reject"),
    CANCELLED: ("cancel",),
    RECEIVED: ("acknowledge", "receive"),
    FINALIZED: ("acknowledge", "receive", "finalize"),
}


@pytest.fixture
def order(sim, main):
    """A finalised order of one line with two pieces."""
    id = order_of(sim, quantity=2)
    main.call(f"order/acknowledge/{id}")
    sim.order_event(id, "finalize", account="main")
    return id


@pytest.fixture
def rma(sim, main, order):
    sim.do("rma", account="main", order_id=order, reason=51, quantity=1, request_status=NEW)
    return read(main)[0]


def read(caller, **filters):
    return caller.call("rma/read", filters).results


def save(caller, rma, **changes):
    return caller.call("rma/save", {"data": [{**rma, **changes}]})


def now(caller, rma):
    [found] = read(caller, emag_id=rma["emag_id"])
    return found


def test_it_works(sim, main, order, rma):
    line = sim.truth("order", "main")[order]["products"][0]

    assert rma["order_id"] == str(order)
    assert rma["products"] == [
        {
            "id": 1057001,
            "product_emag_id": line["mkt_id"],
            "product_id": line["product_id"],
            "quantity": "1",
            "product_name": line["name"],
            "return_reason": 51,
            "observations": rma["observations"],
            "diagnostic": None,
            "reject_reason": None,
            "retained_amount": None,
        }
    ]
    assert rma["date"] == "2026-03-03 12:00:00"
    assert rma["return_tax_value"] in ("0.0000", "14.9900")
    assert rma["locker"] == [] or rma["locker"]["locker_pin"]
    assert rma["request_history"][0]["date"] == "03 Mar 2026, 12:00"
    assert rma["is_full_fbe"] == 0
    assert not {"id", "invoice_number", "customer_email"} & rma.keys()


def test_the_official_tree_of_reasons():
    assert len(REASONS) == 182
    assert {39, 134, 135, 175} <= LAST_LEVEL
    assert not {30, 31, 46} & LAST_LEVEL
    assert all(reason.parent in REASONS for reason in REASONS.values() if reason.parent)
    assert REASONS[111].remark == 2


def test_none(main):
    reply = main.call("rma/read", {"request_status": 2, "type": 3, "currentPage": 1})

    assert reply.json == {"isError": False, "messages": [], "errors": [], "results": []}


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 1),
        ({"type": 3}, 1),
        ({"type": 2}, 0),
        ({"request_status": 2}, 1),
        ({"request_status": 3}, 0),
        ({"date_start": "2026-03-03 00:00:00", "date_end": "2026-03-04 00:00:00"}, 1),
        ({"date_start": "2026-03-03 12:00:01"}, 0),
        ({"product_id": 7}, 0),
        ({"order_id": 7}, 0),
        ({"emag_id": 7}, 0),
    ],
)
def test_filters(main, rma, filters, count):
    assert len(read(main, **filters)) == count
    assert main.call("rma/count", filters).results["noOfItems"] == count


def test_filters_by_what_it_is_about(main, rma):
    product = rma["products"][0]

    assert read(main, order_id=int(rma["order_id"])) == [rma]
    assert read(main, product_id=int(product["product_id"])) == [rma]
    assert read(main, product_emag_id=product["product_emag_id"]) == [rma]


def test_dates_are_strict(main):
    reply = main.call("rma/read", {"date_start": "2026-03-03T00:00:00"})

    assert reply.messages == ["ERROR: date_start has an invalid value"]


def test_the_documented_error_echoes_what_was_sent(main, rma):
    reply = save(main, rma, customer_name="", request_status="3")

    assert reply.json["isError"] is True
    assert reply.messages == [f"ERROR: please provide the customer name - Rma id: {rma['emag_id']}"]
    [[echoed]] = reply.results
    assert (echoed["emag_id"], echoed["customer_name"]) == (rma["emag_id"], "")
    assert now(main, rma)["request_status"] == NEW


@pytest.mark.parametrize("before", sorted(MATRIX))
def test_each_status_leads_where_the_matrix_says(sim, main, order, before):
    for after in range(1, 8):
        sim.do("rma", account="main", order_id=order, reason=51, quantity=1, request_status=NEW)
        rma = read(main)[0]
        for step in WAY[before]:
            sim.do("rma_event", account="main", id=rma["emag_id"], type=step)

        reply = save(main, now(main, rma), request_status=after)

        allowed = after in MATRIX[before]
        assert reply.json["isError"] is not allowed
        assert now(main, rma)["request_status"] == (after if allowed else before)
        if not allowed:
            text = f"ERROR: status change not permitted - Rma id: {rma['emag_id']}"
            assert text in reply.messages
        # So that units are left for the next.
        docs = sim.world.docs("rma", "main")
        docs.delete(rma["emag_id"])


@pytest.mark.parametrize(
    "key",
    [
        "order_id", "type", "customer_phone", "products", "pickup_country", "pickup_suburb",
        "pickup_city", "pickup_address", "pickup_locality_id", "pickup_method", "return_reason",
        "return_type", "date", "request_status",
    ],
)  # fmt: skip
def test_what_is_required(main, rma, key):
    reply = main.call("rma/save", [without(rma, key)])

    assert f"ERROR: {key} is mandatory - Rma id: {rma['emag_id']}" in reply.messages


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"return_reason": 31}, "return_reason"),
        ({"return_reason": 8}, "return_reason"),
        ({"return_type": 6}, "return_type"),
        ({"pickup_method": 4}, "pickup_method"),
        ({"type": 2}, "type"),
        ({"order_id": "5"}, "order_id"),
        ({"date": "20.03.2026"}, "date"),
        ({"return_tax_value": -1}, "return_tax_value"),
    ],
)
def test_what_is_checked(main, rma, changes, key):
    assert (
        f"ERROR: {key} has an invalid value - Rma id: {rma['emag_id']}"
        in save(main, rma, **changes).messages
    )


def test_some_reasons_want_a_remark(main, rma):
    reply = save(main, rma, return_reason=111, observations="")

    assert f"ERROR: observations is mandatory - Rma id: {rma['emag_id']}" in reply.messages
    assert save(main, rma, return_reason=111, observations="Prea mic").json["isError"] is False


def test_no_more_comes_back_than_was_bought(main, rma):
    line = {**rma["products"][0], "quantity": "3"}

    reply = save(main, rma, products=[line])

    assert f"ERROR: quantity has an invalid value - Rma id: {rma['emag_id']}" in reply.messages
    assert save(main, rma, products=[{**line, "quantity": "2"}]).json["isError"] is False
    assert now(main, rma)["products"][0]["quantity"] == "2"


def test_lines_are_known(main, rma):
    for harm in ({"id": 5}, {"product_id": "5"}, {"product_name": ""}):
        reply = save(main, rma, products=[{**rma["products"][0], **harm}])

        assert f"ERROR: products has an invalid value - Rma id: {rma['emag_id']}" in reply.messages


def test_missing_currency_is_a_warning(main, rma):
    reply = main.call("rma/save", [without(rma, "currency")])

    assert reply.json["isError"] is False
    assert "RON" in reply.messages[0]


def test_somebody_elses_return(main):
    assert main.call("rma/save", [{"emag_id": 5}]).messages == [
        "ERROR: return not found - Rma id: 5"
    ]


def test_returns_of_the_marketplace_move_alone(sim, fbe):
    sim.config(rma_life="on")
    [id] = sim.inject_orders(1, account="fbe", payment="cod")
    for _ in range(3):
        sim.order_event(id, "progress", account="fbe")
    sim.do("rma", account="fbe", order_id=id, request_status=NEW)
    [rma] = read(fbe, type=2)
    assert read(fbe) == []
    assert save(fbe, rma).json["isError"] is True

    sim.clock(advance="P5D")

    [rma] = read(fbe, emag_id=rma["emag_id"], type=2)
    assert (rma["is_full_fbe"], rma["request_status"]) == (1, FINALIZED)


def test_money_goes_back_and_the_order_with_it(sim, main, order):
    line = main.order(order)["products"][0]
    whole = {"quantity": line["quantity"], "return_type": 3, "request_status": NEW}
    sim.do("rma", account="main", order_id=order, **whole)
    rma = read(main)[0]
    for step in ("acknowledge", "receive", "finalize"):
        sim.do("rma_event", account="main", id=rma["emag_id"], type=step)

    [entry] = now(main, rma)["status_history"]
    assert entry["code"] == "refund"
    assert entry["requests"][0]["refund_status"] == "finalized"
    assert main.order(order)["status"] == 5


def test_part_of_an_order_leaves_it_finalised(sim, main, order, rma):
    for step in ("acknowledge", "receive", "finalize"):
        sim.do("rma_event", account="main", id=rma["emag_id"], type=step)

    assert main.order(order)["status"] == 4


def test_returns_arrive_by_themselves(sim, main):
    sim.config(rma_life="on", rma_rate="1", orders_refuse_rate=0.0)
    sim.do("offers", account="main", n=30)
    ids = sim.inject_orders(20, account="main", payment="cod")
    for id in ids:
        main.call(f"order/acknowledge/{id}")
        sim.order_event(id, "finalize", account="main")

    sim.clock(advance="P40D")

    found = read(main)
    assert len(found) >= 20
    assert {one["return_reason"] for one in found} <= LAST_LEVEL
    for one in found:
        if REASONS[one["return_reason"]].remark == 2:
            assert one["observations"]


def test_no_units_are_left(sim, main, order):
    line = main.order(order)["products"][0]
    sim.do("rma", account="main", order_id=order, quantity=line["quantity"])

    with pytest.raises(LookupError, match="units to return"):
        sim.do("rma", account="main", order_id=order)


def test_an_incomplete_return_is_new_in_seconds(sim, main, order):
    rma = sim.do("rma", account="main", order_id=order)
    attempts = 0
    while rma["request_status"] != 1 and attempts < 40:
        sim.world.docs("rma", "main").delete(rma["emag_id"])
        rma = sim.do("rma", account="main", order_id=order)
        attempts += 1
    assert now(main, rma)["request_status"] == 1

    sim.clock(advance="PT1M")

    assert now(main, rma)["request_status"] == NEW


def test_the_couriers_pickup_is_in_the_history(sim, main, order, rma):
    account = sim.world.account("main")
    rma_life.parcel_moved(sim.world, account, rma["emag_id"], "PCK")

    assert now(main, rma)["status_history"][0]["code"] == "picked_by_courier"


def test_a_trainer_hears_what_is_impossible(sim, main, rma):
    with pytest.raises(ValueError, match="cannot be moved"):
        sim.do("rma_event", account="main", id=rma["emag_id"], type="finalize")
