"""Four processes on one account: how much of eMAG's limits they use, and whether they keep them.

They do nothing but call, on the order routes and on the others at once. In the middle one of them
is killed and another starts. The simulator counts what arrived in any second and any minute.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks import stage
from benchmarks.report import Report
from emag.simulator.running import RunningSimulator

PROCESSES = 4
WARM_UP, SECONDS = 8.0, 70.0
LIMITS = {"orders": (12, 720), "rest": (3, 180)}
LEAST = 95.0  # per cent of the limit
SECTION = f"{PROCESSES} processes on one account, {SECONDS:.0f} s, one killed in the middle"
CALLER = """
import sys, threading, django
django.setup()
from accounts.models import MarketplaceAccount
from emag.client import client_for
account = MarketplaceAccount.objects.get(pk=int(sys.argv[1]))
client = client_for(account, patience=60)
def calls(what):
    while True:
        what()
for what in [lambda: client.read_orders(per_page=1)] * 3 + [client.read_vat]:
    threading.Thread(target=calls, args=(what,)).start()
"""


def run(report: Report) -> None:
    with stage.simulator() as sim, stage.account(sim, "limits") as credential:
        sim.inject_orders(3, account="ro:limits", quiet=True)
        began, ended = call_side_by_side(str(credential.account_id))
        arrived = [(call["bucket"], call["wall"]) for call in sim.journal(account="ro:limits")]
        judge(report, sim)
    for bucket, (per_second, _per_minute) in LIMITS.items():
        calls = sum(began <= at < ended for name, at in arrived if name == bucket)
        share = calls / (ended - began) / per_second * 100
        report.add(SECTION, f"{bucket}: limit not used", 100 - share, "%", 100 - LEAST)


def call_side_by_side(account: str) -> tuple[float, float]:
    """Returns when all were at it, and when it ended."""
    callers = [caller(account) for _ in range(PROCESSES)]
    try:
        time.sleep(WARM_UP)
        began = time.time()
        time.sleep(SECONDS / 2)
        callers[0].kill()
        callers.append(caller(account))
        time.sleep(SECONDS / 2)
        return began, time.time()
    finally:
        for one in callers:
            one.kill()
            one.wait()


def caller(account: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CALLER, account], env=stage.environment())


def judge(report: Report, sim: RunningSimulator) -> None:
    for name, seen in sim.referee(account="ro:limits").items():
        bucket = name.split()[-1]
        second, minute = LIMITS[bucket]
        report.add(SECTION, f"{bucket}: widest second", seen["second"], "calls", second)
        report.add(SECTION, f"{bucket}: widest minute", seen["minute"], "calls", minute)
        report.add(SECTION, f"{bucket}: turned away", seen["limited"], "calls", 0)
