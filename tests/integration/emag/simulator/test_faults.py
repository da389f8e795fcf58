"""Everything that may go wrong, with the truth of it in the journal."""

import http.client
import json
import socket
import time
from email.utils import parsedate_to_datetime

import pytest

from emag.simulator.faults import FAULTS
from emag.simulator.running import RunningSimulator
from emag.simulator.scenarios import SCENARIOS

from .caller import Caller

DOCUMENTED = """
http_429 http_500 http_502 http_503 http_504 flap outage timeout_before timeout_after drop
truncate slow_body slow_page html_200 no_iserror iserror_200 doc_error_saved
refused_as_doc_error partial_bulk messages_objects warning_ok page_shift_new page_shift_gone
mutate_between repeat_page short_page unordered stale_read status1_again ack_400 null_fields
type_drift unknown_fields unknown_enums unicode big_ids big_errors clock_dst clock_skew
ip_revoked creds_revoked callback_lost callback_dup callback_late callback_ooo label_json
label_empty image_unreachable awb_duplicate
""".split()


def test_it_works(sim, main):
    rule = sim.fault("http_500", count=1)

    assert main.read().status == 500
    assert main.read().status == 200
    assert sim.do("faults")[0]["strikes"] == 1
    sim.remove_fault(rule)
    assert sim.do("faults") == []


def test_every_documented_fault_exists():
    assert set(DOCUMENTED) - FAULTS.keys() == set()


def test_unknown_faults_are_refused(sim):
    with pytest.raises(ValueError, match="no fault 'nonsense'"):
        sim.fault("nonsense")


# -- whom a rule strikes


def test_rules_choose_by_route_account_page_and_method(sim, main, fbe):
    sim.fault("http_503", match={"route": "order/read", "account": "main", "page": 2})

    assert main.read(currentPage=2).status == 503
    assert main.read(currentPage=1).status == 200
    assert fbe.read(currentPage=2).status == 200
    assert main.call("order/count", {"currentPage": 2}).status == 200

    sim.clear_faults()
    sim.fault("http_503", match={"route": "order/*", "method": "GET"})
    assert main.read().status == 200


def test_rules_choose_by_number_and_count(sim, main):
    sim.fault("http_503", match={"nth": [2, 4]})
    assert [main.read().status for _ in range(5)] == [200, 503, 200, 503, 200]

    sim.clear_faults()
    sim.fault("http_503", count=2)
    assert [main.read().status for _ in range(3)] == [503, 503, 200]


def test_rules_choose_by_time(sim, main):
    sim.fault("http_503", match={"after": "2026-03-03 13:00:00", "until": "2026-03-03 14:00:00"})
    assert main.read().status == 200
    sim.clock(advance="PT1H")
    assert main.read().status == 503
    sim.clock(advance="PT1H")
    assert main.read().status == 200

    sim.fault("outage", duration=600)
    assert main.read().body.startswith(b"<html>")
    sim.clock(advance="PT11M")
    assert main.read().status == 200


def test_rules_choose_by_chance(sim, main):
    sim.fault("http_503", probability=0.5)

    struck = sum(main.read().status == 503 for _ in range(100))

    assert 30 < struck < 70


def test_one_call_may_ask_for_a_fault(sim, main):
    named = {"X-Sim-Fault": "http_502"}
    assert main.call("order/read", {}, headers=named).status == 200

    sim.config(faults_header="on")
    assert main.call("order/read", {}, headers=named).status == 502
    assert main.read().status == 200


# -- the gateway


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("body", "start"), [("html", b"<html>"), ("json", b'{"message"'), ("empty", b"")]
)
def test_statuses(sim, main, status, body, start):
    sim.fault(f"http_{status}", body=body)

    reply = main.read()

    assert reply.status == status
    assert reply.body.startswith(start)
    assert b"isError" not in reply.body
    assert bool(reply.body) is (body != "empty")


def test_a_silly_retry_after(sim, main):
    sim.fault("http_429", retry_after=-1)

    reply = main.read()

    assert (reply.status, reply.headers["Retry-After"]) == (429, "-1")
    assert sim.journal()[-1]["limited"] is False


def test_flap_comes_in_a_sequence_and_ends(sim, main):
    sim.fault("flap")

    assert [main.read().status for _ in range(6)] == [504, 504, 502, 500, 200, 200]


@pytest.mark.parametrize("name", ["creds_revoked", "ip_revoked"])
def test_accounts_that_lose_their_right(sim, main, name):
    sim.fault(name)

    assert main.read().json["isError"] is True
    assert (
        "not allowed" in main.read().messages[0] or "Invalid vendor ip" in main.read().messages[0]
    )


# -- was it applied?


def write_under(sim, main, name, **params):
    """Acknowledge under a fault: (what the client saw, what the journal says, the truth)."""
    (id,) = sim.inject_orders(1, account="main")
    sim.fault(name, count=1, **params)
    main.timeout = 1.5 if name.startswith("timeout") else 10  # busy machines answer late, too
    try:
        seen = main.call(f"order/acknowledge/{id}").status
    except (OSError, http.client.HTTPException) as error:
        seen = type(error).__name__
    main.timeout = 10
    time.sleep(0.02)
    return seen, sim.journal()[-1], sim.truth("order", "main")[id]["status"] == 2


@pytest.mark.parametrize(
    ("name", "params", "seen", "applied"),
    [
        ("timeout_before", {"seconds": 2.5}, "TimeoutError", False),
        ("timeout_after", {"seconds": 2.5}, "TimeoutError", True),
        ("drop", {}, "ConnectionResetError", False),
        ("drop", {"applied": True}, "ConnectionResetError", True),
        ("http_504", {}, 504, False),
        ("http_504", {"applied": True}, 504, True),
        ("http_500", {"applied": True}, 500, True),
        ("html_200", {}, 200, True),
        ("html_200", {"applied": False}, 200, False),
        ("empty_200", {}, 200, True),
        ("empty_200", {"applied": False}, 200, False),
        ("iserror_200", {}, 200, False),
        ("iserror_200", {"applied": True}, 200, True),
        ("truncate", {}, "IncompleteRead", True),
        ("no_iserror", {}, 200, True),
        ("http_429", {}, 429, False),
        ("outage", {}, 503, False),
        ("flap", {}, 504, False),
        ("creds_revoked", {}, 403, False),
        ("ack_400", {}, 400, True),
        ("ack_400", {"applied": False}, 400, False),
        ("status1_again", {"lost": True}, 200, False),
    ],
)
def test_the_truth_of_a_write(sim, main, name, params, seen, applied):
    what, call, is_applied = write_under(sim, main, name, **params)

    assert (what, is_applied) == (seen, applied)
    assert call["faults"] == [name]
    assert bool(call["effects"]) is applied
    assert call["applied"] is applied


# -- the line


def test_a_body_that_breaks_off(sim, main):
    sim.inject_orders(5, account="main")
    sim.fault("truncate", percent=30)

    with pytest.raises(http.client.IncompleteRead) as raised:
        main.read()
    assert 0 < len(raised.value.partial) < raised.value.expected + len(raised.value.partial)

    sim.clear_faults()
    sim.fault("truncate", at=10, chunked=True)
    with pytest.raises(http.client.IncompleteRead):
        main.read()


def test_a_body_that_drips(sim, main):
    sim.fault("slow_body", rate=200)

    started = time.monotonic()
    assert main.read().json["isError"] is False
    assert time.monotonic() - started > 0.15


def test_a_page_that_takes_its_time(sim, main):
    sim.fault("slow_page", match={"page": 2}, seconds=0.2)

    started = time.monotonic()
    main.read(currentPage=2)
    slow = time.monotonic() - started
    main.read(currentPage=1)
    assert slow > 0.2 > time.monotonic() - started - slow


def test_bad_gzip(sim, main):
    sim.fault("bad_gzip", count=1)
    reply = main.read()
    assert (reply.headers["Content-Encoding"], reply.body[:1]) == ("gzip", b"{")

    sim.fault("bad_gzip", count=1, cut=True)
    assert main.read().body[:2] == b"\x1f\x8b"


def test_good_gzip(sim, main):
    import gzip

    sim.inject_orders(3, account="main")
    sim.config(http_gzip="on")

    reply = main.call("order/read", {}, headers={"Accept-Encoding": "gzip"})

    assert len(json.loads(gzip.decompress(reply.body))["results"]) == 3


def test_wrong_content_type_and_date(sim, main):
    sim.fault("wrong_content_type")
    sim.fault("clock_skew", seconds=900)

    reply = main.read()

    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.json["isError"] is False
    assert parsedate_to_datetime(reply.headers["Date"]).timestamp() - time.time() > 800


# -- the content


def test_envelopes(sim, main):
    sim.fault("no_iserror", count=1)
    assert set(main.read().json) == {"messages", "errors", "results"}

    sim.fault("iserror_200", count=1, message="ERROR: Something")
    assert main.read().json == {
        "isError": True, "messages": ["ERROR: Something"], "errors": [], "results": [],
    }  # fmt: skip

    sim.fault("warning_ok", count=1)
    reply = main.read()
    assert (reply.json["isError"], len(reply.messages)) == (False, 1)

    sim.fault("messages_objects", count=1)
    assert set(main.read(id=0).messages[0]) == {"field", "message"}


def flat(parts):
    return [id for part in parts for id in part]


def pages(main, size=10, **filters):
    found, page = [], 1
    while True:
        part = [
            order["id"]
            for order in main.read(currentPage=page, itemsPerPage=size, **filters).results
        ]
        if not part:
            return found
        found.append(part)
        page += 1


def test_page_shift_new_repeats_items(sim, main):
    sim.inject_orders(30, account="main", over="PT1H")
    sim.fault("page_shift_new", match={"page": 1}, count=1, n=4)

    found = flat(pages(main))

    assert len(found) == 34
    assert len(set(found)) == 30


def test_page_shift_gone_skips_items(sim, main):
    placed = sim.inject_orders(30, account="main", over="PT1H")
    sim.fault("page_shift_gone", match={"page": 1}, count=1, n=4)

    found = flat(pages(main, status=[1]))

    assert len(found) == 26
    assert len(set(placed) - set(found)) == 4
    assert sum(order["status"] == 0 for order in sim.truth("order", "main").values()) == 4


def test_mutate_between(sim, main):
    (id,) = sim.inject_orders(1, account="main")
    sim.fault("mutate_between", count=1, fields={"observation": "Sunați întâi"})

    before, after = main.order(id), main.order(id)

    assert (before["observation"], after["observation"]) != (after["observation"], "")
    assert after["observation"] == "Sunați întâi"


def test_repeat_page(sim, main):
    placed = sim.inject_orders(20, account="main", over="PT1H")
    sim.fault("repeat_page", match={"page": 2}, count=1)

    first, second = pages(main)[:2]

    assert first == second == placed[::-1][:10]


def test_short_pages_are_not_the_last(sim, main):
    placed = sim.inject_orders(25, account="main", over="PT1H")
    sim.fault("short_page", n=3)

    found = pages(main)

    assert [len(part) for part in found] == [7, 7, 7, 4]
    assert flat(found) == placed[::-1]


def test_unordered(sim, main):
    placed = sim.inject_orders(30, account="main", over="PT1H")
    sim.fault("unordered")

    found = [order["id"] for order in main.read().results]
    assert found != placed[::-1]
    assert sorted(found) == placed


def test_stale_reads(sim, main):
    old, changed = sim.inject_orders(2, account="main", payment=1)
    sim.clock(advance="PT1H")
    (new,) = sim.inject_orders(1, account="main")
    main.call(f"order/acknowledge/{changed}")
    sim.fault("stale_read", lag=600)

    found = {order["id"]: order["status"] for order in main.read().results}

    assert found == {old: 1, changed: 1}
    sim.clock(advance="PT20M")
    assert {order["id"]: order["status"] for order in main.read().results} == {
        old: 1,
        changed: 2,
        new: 1,
    }


def test_an_acknowledged_order_looks_new_for_a_while(sim, main):
    (id,) = sim.inject_orders(1, account="main")
    sim.fault("status1_again", seconds=300)

    main.call(f"order/acknowledge/{id}")

    assert main.order(id)["status"] == 1
    assert [order["id"] for order in main.read(status=[1]).results] == [id]
    assert main.call(f"order/acknowledge/{id}").status == 400
    sim.clock(advance="PT6M")
    assert main.order(id)["status"] == 2
    assert main.read(status=[1]).results == []


def test_null_fields(sim, main):
    sim.inject_orders(20, account="main", payment=1)
    sim.fault("null_fields", rate=0.5, fields=["payment_mode_id", "details", "product_id"])

    orders = main.read().results

    seen = {str(order.get("payment_mode_id", "missing")) for order in orders}
    assert {"1", "None", "missing"} <= seen
    assert all(order["id"] and order["products"] for order in orders)


def test_type_drift(sim, main):
    sim.inject_orders(30, account="main", payment=1)
    usual = {order["id"]: order for order in main.read().results}
    sim.fault("type_drift", rate=0.5)

    for order in main.read().results:
        assert str(order["payment_mode_id"]) == "1"
        assert int(order["id"]) in usual
    types = {type(order["emag_club"]) for order in main.read().results}
    assert bool in types or str in types


def test_unknown_fields_and_values(sim, main):
    sim.inject_orders(10, account="main")
    sim.fault("unknown_fields", rate=1)
    sim.fault("unknown_enums", rate=1)

    (order, *_) = main.read().results

    assert any(key.startswith("future_") for key in order)
    assert any(key.startswith("future_") for key in order["products"][0])
    assert (order["status"], order["payment_mode_id"]) == (6, 4)


def test_strange_text_and_big_numbers(sim, main):
    sim.inject_orders(20, account="main")
    sim.fault("unicode", rate=1)
    sim.fault("big_ids")

    orders = main.read().results

    names = {order["customer"]["name"] for order in orders}
    assert any("\r\n" in name for name in names)
    assert any("🛒" in name for name in names)
    assert all(order["customer"]["id"] > 2**31 for order in orders)


def test_times_rendered_an_hour_off(sim, main):
    (id,) = sim.inject_orders(1, account="main")
    sim.fault("clock_dst", before="2026-03-29 00:00:00")

    assert main.order(id)["date"] == "2026-03-03 13:00:00"


def test_mangle_makes_any_reply(sim, main):
    sim.inject_orders(2, account="main")
    sim.fault(
        "mangle",
        set={"results.0.products.0.sale_price": "NaN"},
        remove=["results.*.customer"],
        count=1,
    )
    reply = main.read()
    assert reply.results[0]["products"][0]["sale_price"] == "NaN"
    assert "customer" not in reply.results[1]

    sim.fault("mangle", replace=[['"isError":false', '"isError":false,"isError":true']], count=1)
    assert b'"isError":false,"isError":true' in main.read().body


def test_wordings_cannot_be_relied_upon(sim, main):
    sim.config(errors_scramble="on")
    (id,) = sim.inject_orders(1, account="main")

    assert main.read(status=9).messages != ["ERROR: status has an invalid value"]
    main.call(f"order/acknowledge/{id}")
    real = main.call(f"order/acknowledge/{id}").messages
    assert real == ["ERROR: Order is already in progress."]


def test_a_fault_of_minutes_does_not_keep_the_simulator_from_stopping():
    with RunningSimulator() as sim:
        account = sim.add_account(username="main")
        sim.fault("timeout_before", seconds=100)
        line = socket.create_connection(("127.0.0.1", sim.port))
        line.sendall(b"POST /ro/api-3/order/read HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n")
        secret = b"Authorization: Basic bWFpbjpzZWNyZXQ=\r\n\r\n"
        line.sendall(secret)
        time.sleep(0.1)
        started = time.monotonic()
    line.close()
    assert account.username == "main"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"big_catalogue", "fbe", "black_friday"}))
def test_scenarios(name):
    """Every world can be made, answers, and is sound."""
    with RunningSimulator(seed=2, scenario=name, rate_limits="off", latency_profile="off") as sim:
        account = sim.world.accounts.get("ro:demo-main") or sim.add_account(username="main")
        sim.clock(advance="PT1H")
        for rule in sim.do("faults"):
            if rule["name"] in ("timeout_before", "timeout_after", "slow_page"):
                sim.remove_fault(rule["id"])
        caller = Caller(sim, account, timeout=5)
        for _ in range(3):
            try:
                caller.read()
            except (OSError, http.client.HTTPException):
                continue
        assert sim.invariants() == []
