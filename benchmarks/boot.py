"""How long a start takes: the first one of a fresh checkout's data, and every later one."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.live import free_port
from benchmarks.report import Report

SECTION = "Start of everything (up)"
ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", "results")


def run(report: Report) -> None:
    """The environment of packages is shared: installing it depends on the network, not on us."""
    with tempfile.TemporaryDirectory(prefix="magflow-boot-") as folder:
        checkout = Path(folder) / "magflow"
        shutil.copytree(ROOT, checkout, ignore=LEFT_OUT)
        first = seconds_until_ready(checkout)
        again = seconds_until_ready(checkout)
        report.add(SECTION, "first start: database made, migrated, demo world, ready", first, "s")
        report.add(SECTION, "second start: ready", again, "s", 5)


def seconds_until_ready(checkout: Path) -> float:
    """Start `up` as a person would, wait for its last line, end it with Ctrl+C."""
    command = [sys.executable, "manage.py", "up", "--port", str(free_port())]
    started = time.perf_counter()
    left_out = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    process = subprocess.Popen(
        command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        seen = []
        for line in process.stdout:
            seen.append(line)
            if re.search(READY, line):
                return time.perf_counter() - started
        raise RuntimeError(f"up ended early: {''.join(seen)}")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


READY = r"https?://"
