"""A world that lives: the clock, orders that come and move by themselves, callbacks."""

import threading
import time
from collections import Counter
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from emag.simulator.accounts import currency_of
from emag.simulator.clock import VirtualClock, duration
from emag.simulator.running import RunningSimulator

from .caller import Caller


def until(true, seconds=3.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return False


# -- the clock


def test_it_works(sim):
    assert sim.clock(at="2026-03-03 12:00:00") == datetime.fromisoformat("2026-03-03 12:00:00")
    assert sim.clock(advance="PT1H30M") == datetime.fromisoformat("2026-03-03 13:30:00")
    assert sim.clock() == datetime.fromisoformat("2026-03-03 13:30:00")


def test_modes_of_the_clock():
    clock = VirtualClock()
    clock.set(mode="frozen", at=datetime.fromisoformat("2026-03-03 12:00:00"))
    time.sleep(0.02)
    assert clock.now() == datetime.fromisoformat("2026-03-03 12:00:00")
    clock.set(mode="speed", speed=3600)
    time.sleep(0.05)
    assert (
        datetime.fromisoformat("2026-03-03 12:03:00")
        <= clock.now()
        < datetime.fromisoformat("2026-03-03 13:00:00")
    )
    clock.set(mode="real")
    assert abs(clock.instant() - time.time()) < 1
    with pytest.raises(ValueError, match="Unknown clock mode"):
        clock.set(mode="backwards")


def test_the_hour_that_comes_twice():
    clock = VirtualClock()
    clock.set(mode="frozen", at=datetime.fromisoformat("2026-10-25 03:30:00"))
    clock.set(at=clock.instant() + 3600)
    assert clock.now() == datetime.fromisoformat("2026-10-25 03:30:00")
    clock.set(at=datetime.fromisoformat("2027-03-28 02:59:00"))
    clock.set(at=clock.instant() + 120)
    assert clock.now() == datetime.fromisoformat("2027-03-28 04:01:00")


@pytest.mark.parametrize("text", ["", "P", "6H", "PT", "PTH"])
def test_durations_that_are_none(text):
    with pytest.raises(ValueError, match="Not a duration"):
        duration(text)


def test_currencies_change_with_the_year():
    assert currency_of("bg", "2025-12-31 23:59:59") == "BGN"
    assert currency_of("bg", "2026-01-01 00:00:00") == "EUR"
    assert currency_of("hu", "2026-01-01") == "HUF"
    with RunningSimulator(scenario="bg_euro") as sim:
        sim.clock(mode="frozen")
        sim.add_account("bg", "main")
        before, after = sim.inject_orders(1, account="main")[0], None
        sim.clock(advance="PT15M")
        after = sim.inject_orders(1, account="main")[0]
        orders = sim.truth("order", "main")
        assert (orders[before]["currency"], orders[after]["currency"]) == ("BGN", "EUR")


# -- orders by themselves


def test_orders_arrive_at_an_even_pace(sim):
    sim.config(orders_every=25)

    sim.clock(advance="PT1H")

    assert 115 <= len(sim.truth("order", "main")) <= 185
    sim.config(orders_every=0)
    before = len(sim.truth("order", "main"))
    sim.clock(advance="PT1H")
    assert len(sim.truth("order", "main")) == before


def test_orders_arrive_by_the_hour_of_the_day(sim):
    sim.do("account", platform="ro", username="fbe", weight=0)
    sim.config(orders_per_day=300)

    sim.clock(advance="P3D")

    hours = Counter(order["date"][11:13] for order in sim.truth("order", "main").values())
    assert 700 <= sum(hours.values()) <= 1200
    assert sum(hours[f"{hour:02}"] for hour in range(1, 6)) < hours["19"] + hours["20"]
    assert sim.truth("order", "fbe") == {}


def test_new_orders_have_a_life(sim, main):
    sim.config(orders_life="on", orders_autocancel_hours=72, orders_staff_edit_rate=0.1)
    sim.inject_orders(120, account="main")

    sim.clock(advance="PT1H")
    orders = sim.truth("order", "main").values()
    paid = [order for order in orders if order["payment_mode_id"] == 3 and order["payment_status"]]
    assert paid
    assert all(order["cashed_co"] for order in paid)
    assert all(order["is_complete"] for order in orders)
    assert any(order["modified"] > order["date"] for order in orders)

    sim.clock(advance="P2D")
    assert {order["late_shipment"] for order in sim.truth("order", "main").values()} == {0, 1}
    sim.clock(advance="P2D")
    orders = sim.truth("order", "main").values()
    assert {order["status"] for order in orders} == {0}  # nobody acknowledged any
    assert {2, 22, 26} <= {order["reason_cancellation"]["id"] for order in orders}


def test_late_orders_may_be_cancelled(sim, main):
    sim.config(orders_life="on", orders_late_cancel="on", orders_cancel_hazard=0)
    (id,) = sim.inject_orders(1, account="main", payment=1)
    main.call(f"order/acknowledge/{id}")

    sim.clock(advance="P2DT1H")
    assert main.order(id)["late_shipment"] == 1
    sim.clock(advance="P1D")
    assert main.order(id)["reason_cancellation"]["id"] == 26


def test_another_zone(sim):
    assert sim.clock(zone="Europe/Budapest") == datetime.fromisoformat("2026-03-03 11:00:00")


def test_fbe_orders_move_by_themselves(sim):
    sim.config(orders_life="on", orders_cancel_hazard=0)
    sim.inject_orders(5, account="fbe", payment=1)

    sim.clock(advance="P2D")

    assert {order["status"] for order in sim.truth("order", "fbe").values()} == {4}


def test_dates_that_lie(sim, main):
    sim.config(orders_modified_lies="on")
    ids = sim.inject_orders(40, account="main", payment=1)
    sim.clock(advance="PT1H")
    for id in ids:
        sim.order_event(id, "staff_edit")

    modified = Counter(order["modified"] for order in sim.truth("order", "main").values())

    assert len(modified) == 2  # some were changed and do not say so


@pytest.mark.parametrize(
    ("status", "type", "result"),
    [
        (1, "customer_cancel", {"status": 0}),
        (1, "staff_edit", {"status": 1}),
        (1, "pay", {"payment_status": 1}),
        (1, "auto_cancel", {"status": 0}),
        (1, "late", {"late_shipment": 1}),
        (1, "progress", {"status": 2}),
        (2, "cancel_request", {"status": 2, "cancellation_request": "2026-03-03 12:00:00"}),
        (2, "finalize", {"status": 4, "finalization_date": "2026-03-03 12:00:00"}),
    ],
)
def test_moves_on_command(sim, main, status, type, result):
    (id,) = sim.inject_orders(1, account="main", payment=1)
    if status == 2:
        main.call(f"order/acknowledge/{id}")

    order = sim.order_event(id, type)

    assert {**order, **result} == order


def test_moves_that_cannot_be(sim, main):
    (id,) = sim.inject_orders(1, account="main")

    with pytest.raises(ValueError, match="in status 1 cannot deliver"):
        sim.order_event(id, "deliver")
    with pytest.raises(LookupError, match="no order 5"):
        sim.order_event(5, "pay")


def test_an_event_that_fails_is_seen_and_stops_nothing(sim, monkeypatch):
    from emag.simulator.events import EVENTS

    monkeypatch.setitem(EVENTS, "order_moves", lambda world, account, payload: 1 / 0)
    sim.world.schedule(60.0, "order_moves", {}, "ro:main")
    sim.clock(advance="PT1H")

    assert "order_moves failed" in sim.invariants()[0]
    sim.world.store.db.execute("DELETE FROM effects")


def test_the_demo_is_a_living_shop():
    with RunningSimulator(scenario="demo") as sim:
        orders = sim.truth("order", "demo-main").values()
        assert len(orders) == 150
        assert {order["status"] for order in orders} == {0, 1, 2, 3, 4, 5}
        assert sum(order["status"] == 1 for order in orders) >= 3
        assert min(sim.truth("order", "demo-fbe")) > 2**31
        offers = sim.truth("offer", "demo-main")
        sold = {int(line["product_id"]) for order in orders for line in order["products"]}
        assert sold <= set(offers)
        names = {offers[id]["part_number"] for id in sold}
        assert names == {line["ext_part_number"] for order in orders for line in order["products"]}
        before = len(orders)
        sim.clock(advance="PT1M")
        assert len(sim.truth("order", "demo-main")) in (before + 2, before + 3)
        assert sim.invariants() == []


def test_orders_come_without_anybody_asking():
    with RunningSimulator() as sim:
        sim.add_account(username="main")
        sim.config(orders_every=0.1)
        assert until(lambda: len(sim.truth("order", "main")) >= 3)


def test_stock_follows_the_orders():
    with RunningSimulator(
        scenario="demo", rate_limits="off", orders_every=0, orders_life="off"
    ) as sim:
        caller = Caller(sim, sim.world.account("demo-main"))
        (id,) = sim.inject_orders(1, account="demo-main", lines=1)
        line = sim.truth("order", "demo-main")[id]["products"][0]
        offer = sim.truth("offer", "demo-main")[int(line["product_id"])]
        caller.call(f"order/acknowledge/{id}")
        after = sim.truth("offer", "demo-main")[int(line["product_id"])]
        assert after["general_stock"] == max(0, offer["general_stock"] - line["quantity"])


# -- callbacks


@pytest.fixture
def shop(sim):
    """The seller's side: collects what it is told, and can be told to fail."""
    heard, answers = [], {"status": 200}

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(f"{self.command} {self.path}")
            self.send_response(answers["status"])
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    ).start()
    url = f"http://127.0.0.1:{server.server_port}/hooks/abc"
    sim.do(
        "account",
        platform="ro",
        username="main",
        callbacks={
            kind: f"{url}/{kind}/" for kind in ("order", "cancel", "return", "awb", "documentation")
        },
    )
    yield heard, answers
    server.shutdown()
    server.server_close()


def test_a_new_order_is_announced_until_it_is_acknowledged(sim, main, shop):
    heard, _ = shop
    started = time.monotonic()
    (id,) = sim.inject_orders(1, account="main")
    assert until(lambda: heard)
    assert time.monotonic() - started < 0.5
    assert heard == [f"GET /hooks/abc/order/?order_id={id}"]

    sim.clock(advance="PT5M")
    assert until(lambda: len(heard) == 2)
    main.call(f"order/acknowledge/{id}")
    sim.clock(advance="PT20M")
    assert not until(lambda: len(heard) > 2, 0.1)
    assert until(lambda: [one["status"] for one in sim.callbacks()] == [200, 200])


def test_cancellations_are_announced_three_times_at_most(sim, main, shop):
    heard, answers = shop
    sim.config(cb_retry=0)
    (id,) = sim.inject_orders(1, account="main")
    assert until(lambda: heard)
    heard.clear()
    answers["status"] = 500
    sim.order_event(id, "customer_cancel")

    for count in (1, 2, 3):
        assert until(lambda count=count: len(heard) == count)
        until(lambda count=count: len(sim.callbacks()) == count + 1)
        time.sleep(0.02)
        sim.clock(advance="PT2M")
    assert not until(lambda: len(heard) > 3, 0.1)
    assert heard[0] == f"GET /hooks/abc/cancel/?order_id={id}"


def test_other_forms_of_a_callback(sim, shop):
    heard, _ = shop
    sim.config(cb_method="post_json", cb_params="id")
    sim.inject_orders(1, account="main")

    assert until(lambda: heard == ["POST /hooks/abc/order/"])


def test_a_callback_nobody_hears_is_journaled(sim):
    sim.do("account", platform="ro", username="main", callbacks={"order": "http://127.0.0.1:9/x"})
    sim.inject_orders(1, account="main")

    assert until(sim.callbacks)
    assert (sim.callbacks()[0]["status"], "Refused" in sim.callbacks()[0]["error"]) == (None, True)


@pytest.mark.parametrize(
    ("fault", "params", "count"),
    [
        ("callback_lost", {}, 0),
        ("callback_dup", {"times": 3}, 3),
        ("callback_late", {"seconds": 60}, 0),
    ],
)
def test_callbacks_go_astray(sim, shop, fault, params, count):
    heard, _ = shop
    sim.config(cb_retry=0)
    sim.fault(fault, match={"route": "callback/order", "account": "main"}, **params)
    sim.inject_orders(1, account="main")

    until(lambda: len(heard) >= 3, 0.15)
    assert len(heard) == count
    if fault == "callback_late":
        sim.clock(advance="PT2M")
        assert until(lambda: len(heard) == 1)


def test_callbacks_out_of_order(sim, shop):
    heard, _ = shop
    sim.config(cb_retry=0)
    sim.fault("callback_ooo", seconds=60)
    ids = sim.inject_orders(12, account="main")
    sim.clock(advance="PT2M")

    assert until(lambda: len(heard) >= 12)
    told = [int(line.rpartition("=")[2]) for line in heard]
    assert set(ids) <= set(told)
    assert [id for id in told if id in ids] != ids
    assert set(told) - set(ids)  # of orders that do not exist
