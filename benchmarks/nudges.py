"""From eMAG's callback to an open screen: web, worker and simulator, each in its own process.

An order is placed at the simulator, and the callback made as eMAG makes it. The clock stops when
the socket of an open page has the hint and the list, read again, shows the order.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
import urllib.request
from collections.abc import Iterator

from django.conf import settings

from benchmarks import stage
from benchmarks.live import Crowd, people, web_server
from benchmarks.measure import Browser, percentile
from benchmarks.report import Report
from emag.models import Credential
from emag.simulator.running import RunningSimulator
from ops import launch
from orders.models import Order

SECTION = "Callback of a new order → open screen"
CALLBACKS = 30
MOST_P95 = 1000.0
PATIENCE = 20.0
PAUSE = 1.0  # between two orders; a person's shop, not a rush


def run(report: Report) -> None:
    with (
        stage.simulator() as sim,
        stage.account(sim, "nudged") as credential,
        people(1) as cookies,
        web_server("") as web,
        worker(),
    ):
        sim.inject_orders(5, account="ro:nudged", over="P1D", quiet=True)
        stage.run_job("emag.pull_orders", credential.account)
        crowd, browser = Crowd(web.port, "orders"), Browser(sign_in(cookies[0]))
        crowd.open(cookies)
        times = [shown_after(sim, credential, web.port, crowd, browser) for _ in range(CALLBACKS)]
        crowd.close()
    report.add(SECTION, "p50", percentile(times, 50), "ms")
    report.add(SECTION, "p95", percentile(times, 95), "ms", MOST_P95)


def shown_after(
    sim: RunningSimulator, credential: Credential, port: int, crowd: Crowd, browser: Browser
) -> float:
    time.sleep(PAUSE)
    (number,) = sim.inject_orders(1, account="ro:nudged", quiet=True)
    hints = len(crowd.arrivals)
    began = time.monotonic()
    address = f"http://127.0.0.1:{port}/hooks/emag/{credential.hook_token}/order/"
    urllib.request.urlopen(f"{address}?order_id={number}").close()
    until = began + PATIENCE
    while time.monotonic() < until:
        if len(crowd.arrivals) > hints and Order.objects.filter(external_id=str(number)).exists():
            shown = browser.get("/orders/", partial=True)
            if str(number).encode() in shown:
                return (time.monotonic() - began) * 1000
            hints = len(crowd.arrivals)
        time.sleep(0.002)
    raise RuntimeError(f"Order {number} did not appear within {PATIENCE:.0f} s")


@contextlib.contextmanager
def worker() -> Iterator[None]:
    child = launch.worker(stage.environment())
    child.before_start()
    process = subprocess.Popen(child.command, env=dict(child.environment), start_new_session=True)
    try:
        time.sleep(3)
        yield
    finally:
        process.terminate()
        process.wait(30)


def sign_in(session: str) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={session}"
