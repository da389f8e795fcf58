"""The control plane, its page, and the simulator as a program."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from emag.simulator import program
from emag.simulator.running import RunningSimulator

from .caller import Caller

ROOT = Path(__file__).resolve().parents[4]


class Plane:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, method, path, body=None, **headers):
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = self.connection.getresponse()
        text = reply.read().decode()
        return reply.status, json.loads(text) if text[:1] in '[{"' and text else text

    def post(self, path, **fields):
        body = urlencode(fields)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", path, body, kind)
        reply = self.connection.getresponse()
        reply.read()
        self.connection.request("GET", reply.headers["Location"])
        return self.connection.getresponse().read().decode()

    def page(self):
        self.connection.request("GET", "/")
        return self.connection.getresponse().read().decode()


@pytest.fixture
def plane(sim):
    return Plane(sim.control_port)


def test_it_works(sim, plane):
    status, ids = plane.ask("POST", "/__sim__/order", {"account": "main", "n": 2, "lines": 1})

    assert status == 200
    assert sorted(ids) == sorted(sim.truth("order", "main"))
    assert plane.ask("GET", "/__sim__/invariants") == (200, [])


def test_the_documented_paths(sim, plane, main):
    (id,) = sim.inject_orders(1, account="main")

    assert plane.ask("POST", "/__sim__/config", {"page.over": "error400"}) == (
        200,
        {"page.over": "clamp"},
    )
    assert main.read(itemsPerPage=101).status == 400
    assert (
        plane.ask("POST", "/__sim__/clock", {"advance": "PT6H"})[1]["now"] == "2026-03-03 18:00:00"
    )
    status, order = plane.ask("POST", f"/__sim__/orders/{id}/event", {"type": "customer_cancel"})
    assert (status, order["status"]) == (200, 0)
    status, rule = plane.ask("POST", "/__sim__/faults", {"name": "http_503", "match": {"page": 2}})
    assert status == 200
    assert plane.ask("GET", "/__sim__/faults")[1][0]["name"] == "http_503"
    plane.ask("DELETE", f"/__sim__/faults/{rule['id']}")
    assert plane.ask("GET", "/__sim__/faults") == (200, [])
    assert str(id) in plane.ask("GET", "/__sim__/state/order?account=main")[1]
    assert plane.ask("GET", "/__sim__/journal?last=1")[1][0]["route"] == "order/read"
    assert plane.ask("GET", "/__sim__/effects?kind=order.cancelled")[1][0]["subject"] == str(id)
    assert plane.ask("GET", "/__sim__/status")[1]["accounts"]["ro:main"] == {"orders": 1, "new": 0}


def test_a_new_world(sim, plane):
    sim.inject_orders(1, account="main")

    assert plane.ask("POST", "/__sim__/reset", {"seed": 9, "scenario": "demo"})[0] == 200

    accounts = plane.ask("GET", "/__sim__/status")[1]["accounts"]
    assert set(accounts) == {"ro:demo-main", "ro:demo-fbe"}
    assert accounts["ro:demo-main"]["orders"] == 150


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "nothing", {}, 404),
        ("GET", "nothing", None, 404),
        ("POST", "order", {"account": "nobody"}, 404),
        ("POST", "orders/5/event", {"type": "pay"}, 404),
        ("POST", "faults", {"name": "nonsense"}, 400),
        ("POST", "config", {"nonsense": 1}, 400),
        ("POST", "config", {"page.over": "sideways"}, 400),
        ("POST", "config", {"rate.scale": "much"}, 400),
        ("POST", "clock", {"advance": "soon"}, 400),
        ("POST", "clock", {"mode": "backwards"}, 400),
        ("POST", "reset", {"scenario": "nonsense"}, 400),
        ("POST", "order", [1], 400),
    ],
)
def test_mistakes_are_explained(plane, method, path, body, status):
    answered, told = plane.ask(method, f"/__sim__/{path}", body)

    assert answered == status
    assert told["error"]


def test_it_is_not_on_the_marketplaces_port(sim, main):
    assert main.call("__sim__/status", root=True).status == 404
    assert Plane(sim.port).ask("GET", "/__sim__/status")[0] == 404


def test_pages_from_elsewhere_cannot_use_it(plane):
    assert plane.ask("GET", "/__sim__/status", Host="evil.example:80")[0] == 403
    assert plane.ask("POST", "/__sim__/order", {}, Origin="http://evil.example")[0] == 403


def test_switches_have_scopes(sim, main, fbe):
    sim.config(page_over="error400", scope=main.account)

    assert main.read(itemsPerPage=101).status == 400
    assert fbe.read(itemsPerPage=101).status == 200
    sim.config(page_over="error400", scope="ro")
    assert fbe.read(itemsPerPage=101).status == 400
    sim.config({"page.over": None}, scope="ro")
    assert fbe.read(itemsPerPage=101).status == 200


# -- the page


def test_the_page_places_orders_and_moves_them(sim, plane):
    page = plane.post("/do/order", account="ro:main", kind="payment=3", n="2")

    assert "Placed 2" in page
    orders = sim.truth("order", "main")
    assert [order["payment_mode_id"] for order in orders.values()] == [3, 3]
    id = min(orders)
    assert str(id) in page
    page = plane.post("/do/order_event", id=str(id), account="ro:main", type="customer_cancel")
    assert f"Order {id} is cancelled now" in page
    page = plane.post("/do/order_event", id=str(id), account="ro:main", type="customer_cancel")
    assert "cannot customer_cancel" in page


def test_the_page_switches_faults_on_and_off(sim, plane, main):
    page = plane.post(
        "/do/fault", name="http_503", account="ro:main", route="order/*", count="", minutes=""
    )
    assert "http_503" in page
    assert main.read().status == 503
    assert "http_503" in plane.page().partition("Latest calls")[2]

    plane.post("/do/remove_fault")
    assert main.read().status == 200


def test_the_page_adds_an_account(sim, plane):
    page = plane.post(
        "/do/account", platform="bg", username="sofia", password="4711", kind="fbs", offers="3"
    )
    assert "sofia may call on bg now" in page
    assert "bg:sofia" in page
    assert sim.do("accounts")[-1]["password"] == "4711"
    assert len(sim.truth("offer", "bg:sofia")) == 3
    assert "Say what the user is called" in plane.post("/do/account", platform="bg", username="")


def test_the_page_moves_the_clock_and_changes_the_scenario(sim, plane):
    assert "2026-03-03 18:00:00" in plane.post("/do/clock", advance="PT6H")
    assert "The scenario is hostile now" in plane.post("/do/scenario", name="hostile")
    assert len(sim.do("faults")) > 10
    plane.post("/do/scenario", name="calm")
    assert sim.do("faults") == []
    assert "Everything is in order" in plane.post("/do/invariants")


def test_the_page_escapes_what_callers_send(sim, plane, main):
    main.call("order/read", {"x": "<script>alert(1)</script>"})

    page = plane.page()

    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_loads_nothing_from_elsewhere(plane):
    page = plane.page()

    assert "http://" not in page
    assert "https://" not in page
    assert "src=" not in page


# -- the program


def test_a_process_survives_being_killed(tmp_path):
    with RunningSimulator(
        seed=4, data=tmp_path / "world.db", process=True, rate_limits="off"
    ) as sim:
        account = sim.add_account(username="main")
        ids = sim.inject_orders(3, account="main")
        Caller(sim, account).call(f"order/acknowledge/{ids[0]}")

        sim.kill()
        sim.start()

        truth = sim.truth("order", "main")
        assert sorted(truth) == sorted(ids)
        assert truth[ids[0]]["status"] == 2
        assert sim.effects(kind="order.acknowledged")[0]["subject"] == str(ids[0])
        assert sim.invariants() == []
        assert Caller(sim, account).read().status == 200
        with pytest.raises(ValueError, match="no switch"):
            sim.config({"nonsense": 1})
        assert sim.interrupt(signal.SIGTERM) == 0


def test_a_busy_port_is_explained(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert program.main(["--port", str(port), "--control-port", "0"]) == 1

    assert f"127.0.0.1:{port} cannot be used: Address already in use" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["demo-main", "demo-main=ftp://x", "nobody=http://x/"])
def test_callbacks_that_make_no_sense(capsys, given):
    assert program.main(["--port", "0", "--control-port", "0", "--callback", given]) == 2
    assert "cannot start" in capsys.readouterr().err


def test_the_command_needs_no_database(tmp_path):
    command = [sys.executable, "manage.py", "emag_simulator", "--port", "0", "--control-port", "0"]
    command += [
        "--data",
        str(tmp_path / "deep" / "world.db"),
        "--callback",
        "demo-main=http://127.0.0.1:9/hooks/x/{kind}/",
    ]
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("eMAG simulator: http://127.0.0.1:")
        control = int(line.rpartition(":")[2].strip().strip("/"))
        status = Plane(control).ask("GET", "/__sim__/status")[1]
        assert status["scenario"] == "demo"
        accounts = {
            one["username"]: one for one in Plane(control).ask("GET", "/__sim__/accounts")[1]
        }
        assert accounts["demo-main"]["callbacks"]["cancel"] == "http://127.0.0.1:9/hooks/x/cancel/"
        assert accounts["demo-main"]["password"] == "demo"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert (tmp_path / "deep" / "world.db").exists()


def test_the_report_tells_how_a_client_did(sim, main):
    ids = sim.inject_orders(3, account="main")
    main.read(id=ids[0])
    main.read(id=ids[1])
    main.call(f"order/acknowledge/{ids[0]}")

    report = sim.report("main")

    assert (report["placed"], report["never_returned"]) == (3, [ids[2]])
    assert report["acknowledged"] == [ids[0]]
    assert report["buckets"] == {"orders": {"calls": 3, "limited": 0}}
    assert report["calls_per_order"] == 1.5
    assert 0 <= report["first_seen_after"]["longest"] < 5
