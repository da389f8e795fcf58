"""Runs the benchmarks that are named, or all of them, and keeps one table."""

import sys

from django.core.management import call_command

from benchmarks import (
    boot,
    crowd,
    customers,
    exports,
    ingest,
    limits,
    lists,
    live,
    nudges,
    offers,
    orders,
    sync,
)
from benchmarks.report import Report

PARTS = {
    "customers": customers.run,
    "lists": lists.run,
    "orders": orders.run,
    "crowd": crowd.run,
    "exports": exports.run,
    "live": live.run,
    "ingest": ingest.run,
    "offers": offers.run,
    "sync": sync.run,
    "limits": limits.run,
    "nudges": nudges.run,
    "boot": boot.run,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
        return 2
    call_command("migrate", verbosity=0)
    report = Report()
    for name in names or PARTS:
        print(f"… {name}", file=sys.stderr, flush=True)
        PARTS[name](report)
    print(report.text())
    path = report.write("-".join(names) or "all")
    print(f"\nWritten to {path.relative_to(path.parents[2])}; {len(report.missed)} bars missed.")
    return 1 if report.missed else 0
