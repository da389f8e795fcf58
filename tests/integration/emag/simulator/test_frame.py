"""The gateway: paths, methods, sign-in, bodies, envelopes, and a journal that knows it all."""

import http.client
import json
import threading
import time

import pytest

from emag.simulator.running import RunningSimulator

from .caller import Caller


def test_it_works(main):
    reply = main.read()

    assert reply.status == 200
    assert reply.body == b'{"isError":false,"messages":[],"errors":[],"results":[]}'
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Server"] == "nginx"


@pytest.mark.parametrize("path", ["order/nothing", "api-3/order/read", "nothing"])
def test_unknown_paths_do_not_exist(main, path):
    reply = main.call(path, {})

    assert (reply.status, reply.json) == (404, {"message": "Invalid URL"})


def test_unknown_paths_may_be_a_page(sim, main):
    sim.config(errors_404="html")

    assert main.call("nothing", {}).body.startswith(b"<html>")


def test_wrong_methods_are_refused(sim, main):
    assert main.call("order/read", method="GET").status == 405

    sim.config(errors_405="off")
    assert main.call("order/read", method="GET").status == 200


@pytest.mark.parametrize(
    ("shape", "status", "text"),
    [
        ("403json", 403, "You are not allowed to use this API."),
        ("401json", 401, "You are not allowed to use this API."),
        ("200json", 200, "ERROR: You are not allowed to use this API"),
    ],
)
def test_a_wrong_password(sim, main, shape, status, text):
    sim.config(auth_bad=shape)

    reply = main.call("order/read", {}, password="wrong")

    assert reply.status == status
    assert reply.json == {"isError": True, "messages": [text], "errors": [], "results": []}


def test_an_account_without_the_right(sim, main):
    sim.do("account", platform="ro", username="main", api_right=False)

    assert main.read().status == 403


def test_addresses_that_may_not_call(sim, main):
    sim.do("account", platform="ro", username="main", ips=["10.1.2.3"])

    assert main.read().messages == ["ERROR: Invalid vendor ip [127.0.0.1]"]
    assert main.read().status == 200

    sim.config(net_trust_xff="on", auth_ip="403json")
    allowed = main.call("order/read", {}, headers={"X-Forwarded-For": "10.1.2.3"})
    assert allowed.json["isError"] is False
    assert main.call("order/read", {}, headers={"X-Forwarded-For": "10.9.9.9"}).status == 403


def test_a_body_that_is_no_json(sim, main):
    assert main.call("order/read", b"{broken").status == 400

    sim.config(parse_bad="200json")
    assert main.call("order/read", b"{broken").json["isError"] is True


def test_an_empty_body_is_legal(main):
    assert main.call("order/read").json["isError"] is False
    assert main.call("order/read", b"").json["isError"] is False


def test_too_many_elements(sim, main):
    status = list(range(6)) * 700

    assert main.read(status=status[:3999]).json["isError"] is False
    assert main.read(status=status[:4001]).messages == ["Maximum input vars of 4000 exceeded"]

    sim.config(vars_key="message")
    assert main.read(status=status[:4001]).json["message"] == "Maximum input vars of 4000 exceeded"


def test_filters_inside_data_are_ignored(sim, main):
    ids = sim.inject_orders(3, account="main")

    assert len(main.read(data={"id": ids[0]}).results) == 3

    sim.config(read_data_filters="honour")
    assert len(main.read(data={"id": ids[0]}).results) == 1


def test_the_historical_form_notation(sim, main):
    sim.inject_orders(3, account="main")

    reply = main.call(
        "order/read",
        b"data[currentPage]=2&data[itemsPerPage]=2&data[status][]=1",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert len(reply.results) == 1


@pytest.mark.parametrize(
    ("switch", "accepted"),
    [
        ("lenient", (True, True, True)),
        ("data_only", (True, False, False)),
        ("bare_only", (False, True, True)),
    ],
)
def test_envelopes_of_a_save(sim, main, switch, accepted):
    sim.config(save_envelope=switch)
    unknown = {"id": 1, "type": 3}

    for body, is_taken in zip(({"data": [unknown]}, [unknown], unknown), accepted, strict=True):
        taken = main.call("order/save", body).messages == ["ERROR: Order not found"]
        assert taken is is_taken


def test_more_than_fifty_entities(main):
    messages = main.call("order/save", {"data": [{"id": 1}] * 51}).messages

    assert messages == ["ERROR: maximum 50 entities per request"]


def test_platforms_by_path_and_by_host(sim):
    account = sim.add_account("bg", "main-bg")
    assert Caller(sim, account).read().json["isError"] is False

    connection = http.client.HTTPConnection("127.0.0.1", sim.port)
    connection.request("POST", "/api-3/order/read", b"{}", {"Host": "marketplace-api.emag.bg"})
    assert connection.getresponse().status == 403
    assert sim.journal()[-1]["account"] == "bg:"


def test_the_journal_knows_calls_replies_and_effects(sim, main):
    (id,) = sim.inject_orders(1, account="main")

    main.read(status=[1])
    main.call(f"order/acknowledge/{id}")

    read, acknowledge = sim.journal()
    assert read["route"] == "order/read"
    assert read["request"] == '{"status": [1]}'
    assert read["ids"] == [id]
    assert (read["account"], read["bucket"], read["limited"]) == ("ro:main", "orders", False)
    assert read["reply"].startswith('{"isError":false')
    assert acknowledge["applied"] is True
    assert [(one["kind"], one["subject"]) for one in acknowledge["effects"]] == [
        ("order.acknowledged", str(id))
    ]
    assert sim.journal(route="order/read") == [read]


def test_a_route_that_breaks_is_seen(sim, main, monkeypatch):
    from emag.simulator.routes import orders

    def broken(*args):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(orders.reading, "index_of", broken)

    assert main.read().status == 500
    assert "failed inside the simulator" in sim.invariants()[0]
    sim.world.store.db.execute("DELETE FROM journal")


def test_many_threads_at_once(sim):
    sim.inject_orders(20, account="main")
    seen = []

    def work():
        caller = Caller(sim, sim.world.account("main"))
        seen.extend(len(caller.read().results) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [20] * 80
    assert len(sim.journal()) == 80


def test_the_same_seed_tells_the_same_story():
    def story(seed):
        with RunningSimulator(seed=seed) as sim:
            sim.clock(mode="frozen", at="2026-03-03 12:00:00")
            sim.add_account(username="main")
            sim.inject_orders(20, account="main")
            return sim.truth("order", "main")

    def told(orders):
        return json.dumps([{**one, "_placed": 0} for one in orders.values()])

    assert told(story(5)) == told(story(5))
    assert told(story(5)) != told(story(6))


def test_draws_of_one_stream_leave_the_others_alone(sim, main):
    sim.fault("null_fields", probability=0.5)
    sim.inject_orders(1, account="main")
    for _ in range(5):
        main.read()
    (second,) = sim.inject_orders(1, account="main")
    with RunningSimulator(seed=7) as other:
        other.clock(mode="frozen", at="2026-03-03 12:00:00")
        other.add_account(username="main")
        other.inject_orders(1, account="main")
        assert other.inject_orders(1, account="main") == [second]
        theirs = other.truth("order", "main")[second]
    mine = sim.truth("order", "main")[second]
    assert mine["customer"] == theirs["customer"]


def test_a_restart_keeps_the_world(tmp_path):
    with RunningSimulator(seed=3, data=tmp_path / "world.db") as sim:
        account = sim.add_account(username="main")
        ids = sim.inject_orders(5, account="main")
        sim.clock(mode="frozen", at="2026-03-03 12:00:00")
        sim.config(page_over="error400")
        sim.fault("http_503", match={"route": "nothing"})

        sim.restart()

        assert sorted(sim.truth("order", "main")) == sorted(ids)
        assert sim.clock().isoformat() == "2026-03-03T12:00:00"
        assert Caller(sim, account).read(itemsPerPage=101).status == 400
        assert [rule["name"] for rule in sim.do("faults")] == ["http_503"]
        assert sim.inject_orders(1, account="main")[0] > max(ids)


def test_a_page_costs_next_to_nothing(sim, main):
    sim.inject_orders(300, account="main", lines=2)
    main.read()

    started = time.process_time()
    for page in (1, 2, 3) * 5:
        assert len(main.read(currentPage=page).results) == 100
    spent = (time.process_time() - started) / 15

    assert spent < 0.03  # a third of it is the parsing in this very test


def test_thousands_of_orders_are_placed_quickly(sim):
    started = time.process_time()
    assert len(set(sim.inject_orders(2000, account="main", lines=3, over="P3D"))) == 2000
    assert time.process_time() - started < 2
